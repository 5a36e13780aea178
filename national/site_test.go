package national_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg/pgtest"
	"jike/internal/portal"
	"jike/internal/portal/portaltest"
	"jike/national"
	"jike/national/reconciliation"
	"jike/schemas/codes"
	"jike/sync/reconcile"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a national portal over a database with two provinces.
type site struct {
	*portal.Server
	url    string
	stores *national.Stores
	owner  *pgxpool.Pool
	asked  []codes.Province // reconciliations that were begun
	last   reconciliation.Request
}

// filled has rows of two provinces: a family, the same company in both, and summaries.
const filled = `
	SELECT sync.add_province(591::smallint), sync.add_province(571::smallint);
	UPDATE sync.position SET epoch = 3, lsn = '0/5000', applied_at = now() WHERE province = 591;
	UPDATE sync.province_state SET state = 'running', heard_at = now(), heartbeat_at = now() - interval '4 seconds',
		committed_at = now() - interval '9 seconds', head_lsn = '0/5100', backlog_messages = 2 WHERE province = 591;
	INSERT INTO crm.customer (province, id, number, credit_code, name, industry, city, class, lifecycle, parent_id, cross_province, version, updated_at) VALUES
		(591, 1, '5910000000001', '91000000MA00000157', '澄川集团有限公司', '65', '350100', 'A1', 'active', NULL, true, 1, '2026-01-01'),
		(591, 2, '5910000000002', '91000000MA00000A9W', '福州澄川信息有限公司', '65', '350100', 'B1', 'active', 1, false, 1, '2026-01-02'),
		(591, 3, '5910000000003', NULL, '厦门霁野100%食品（集团）公司', '14', '350200', 'B2', 'lost', 99, false, 1, '2026-01-03'),
		(571, 1, '5710000000001', '91000000MA00000157', '澄川集团有限公司', '65', '330100', 'A2', 'active', NULL, true, 1, '2026-01-04'),
		(571, 2, '5710000000002', NULL, 'ＡＢＣ Metal有限公司', '33', '330200', 'A2', 'suspended', NULL, false, 1, '2026-01-05'),
		(571, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	INSERT INTO crm.contact (province, id, customer_id, role, name, work_phone) VALUES
		(591, 1, 1, 'decision', '王若䶮', '0591-00000001'), (591, 2, 2, 'other', '李一', ''), (571, 1, 1, 'liaison', '张二', '');
	INSERT INTO crm.contract (province, id, customer_id, number, name, signed_on, effective_on, expires_on, auto_renew, amount_fen, status) VALUES
		(591, 1, 1, 'HT1', '框架协议', '2025-12-20', '2026-01-01', '2026-12-31', true, 123456, 'active');
	INSERT INTO crm.subscription (province, id, customer_id, product_code, product_name, quantity, monthly_fee_fen, status, started_on) VALUES
		(591, 1, 1, 'IDL100', '互联网专线 100M', 2, 128000, 'active', '2026-01-01');
	INSERT INTO crm.bill (province, id, customer_id, month, amount_fen, paid_fen) VALUES
		(591, 1, 1, '2026-09-01', 100, 100), (591, 2, 1, '2026-10-01', 120, 0), (571, 1, 1, '2026-10-01', 7, 7);
	INSERT INTO crm.monthly_summary (province, id, month, city, class, industry, customers, members, income_fen, updated_at) VALUES
		(591, 1, '2025-10-01', '350100', 'A1', 'I', 1, 10, 1000, now()), (591, 2, '2026-09-01', '350100', 'A1', 'I', 1, 12, 1600, now()),
		(591, 3, '2026-10-01', '350100', 'A1', 'I', 2, 14, 1500, now()), (591, 4, '2026-10-01', '350200', 'D', 'C', 5, 20, 500, now()),
		(571, 1, '2026-09-01', '330100', 'A1', 'I', 3, 30, 400, now()), (571, 2, '2026-10-01', '330100', 'A1', 'I', 4, 33, 600, now());
	INSERT INTO sync.divergence (province, relation, key, kind, epoch, lsn, repaired_at) VALUES
		(591, 'crm.bill', 7, 'update', 3, '0/4000', NULL), (591, 'crm.bill', 8, 'update', 3, '0/4000', now());
	INSERT INTO sync.reconciliation (province, state, trigger, requested_by, result, epoch, point, rows, differences, repaired, started, ended, certificate) VALUES
		(591, 'done', 'schedule', 'schedule', 'repaired', 3, '0/4500', 17, 2, 2, now(), now(), '{}');
	INSERT INTO sync.reconciliation (province, state, trigger, requested_by, progress) VALUES
		(571, 'running', 'demand', 'analyst', '{"phase": "compare", "table": "crm.bill", "tablesDone": 3, "tables": 6}');
	INSERT INTO account.account (id, login, name, password_hash, role) SELECT n, 'somebody' || n, '某', '', 'headquarters_analyst' FROM generate_series(100, 105) n;
	INSERT INTO ref.notice (title, body, level, valid_from, valid_to, version) VALUES
		('一', '正文', 'info', now(), now(), 1), ('二', '正文', 'info', now(), now(), 1);
	INSERT INTO sync.difference (reconciliation, recheck, table_name, key, kind, columns, cause) VALUES
		(1, false, 'crm.bill', 7, 'missing', '{}', 'known-divergence'), (1, false, 'crm.customer', 2, 'different', '{name,class}', 'outside-stream');
`

func newSite(t *testing.T) *site {
	t.Helper()
	database := pgtest.National(t)
	s := &site{owner: database.Owner(t)}
	if _, err := s.owner.Exec(t.Context(), filled); err != nil {
		t.Fatal(err)
	}
	certify(t, s.owner)
	db := database.App(t)
	s.Server = newPortal(t, db)
	s.stores = national.NewStores(db, time.UTC, reconciliation.Runner{Begin: s.begin, BeginAll: s.beginAll, Cancel: s.cancel})
	s.stores.Register(s.Server)
	s.url = portaltest.Serve(t, s.Handler())
	return s
}

// certify puts the certificate into run 1 of sync/reconcile's testdata, which a real run made.
func certify(t *testing.T, owner *pgxpool.Pool) {
	t.Helper()
	raw, err := os.ReadFile("../sync/reconcile/testdata/certificates.json")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := reconcile.ReadChain(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chain {
		body, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		s := c.Statement
		if _, err := owner.Exec(t.Context(), `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, result, at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, s.Province, s.Sequence, s.Reconciliation, []byte(c.Digest), s.Result, s.Ended, body); err != nil {
			t.Fatal(err)
		}
		if _, err := owner.Exec(t.Context(), `UPDATE sync.reconciliation SET certificate = $2, causes = $3 WHERE id = $1`,
			s.Reconciliation, body, s.Found.Causes); err != nil {
			t.Fatal(err)
		}
	}
}

// begin stands for sync/reconcile.
func (s *site) begin(_ context.Context, _ string, r reconciliation.Request) (int64, error) {
	if r.Province == 571 && !r.Approve {
		return 0, fault.New(fault.Conflict, "reconciliation.running", "province", r.Province)
	}
	s.asked = append(s.asked, r.Province)
	s.last = r
	return int64(len(s.asked)), nil
}

func (s *site) beginAll(context.Context, string) ([]int64, error) { return []int64{7, 8}, nil }

func (s *site) cancel(_ context.Context, _ string, id int64) error {
	if id != 1 {
		return fault.New(fault.NotFound, "reconciliation.unknown", "id", id)
	}
	return nil
}

func newPortal(t *testing.T, db *pgxpool.Pool) *portal.Server {
	t.Helper()
	accounts, err := account.NewStore(db, portaltest.Settings(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range account.Roles() {
		if _, err := accounts.Create(t.Context(), account.System("test"), account.NewAccount{
			Login: string(role), Name: "测试", Role: role, UnitID: 1, Password: portaltest.Password,
		}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := portal.New(portal.Options{
		Title: "Jike, national node", Version: "1", Logger: slog.New(slog.DiscardHandler), Accounts: accounts,
		Sessions: account.NewSessions(db, time.Hour, false),
		Node:     func(context.Context) portal.Node { return portal.Node{Level: "national"} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signIn opens a browser as a role; the zero role is somebody without a session.
func (s *site) signIn(t *testing.T, role account.Role) *portaltest.Browser {
	t.Helper()
	return portaltest.New(t, s.url, string(role))
}

// session opens another session of a role and gives its path.
func (s *site) session(t *testing.T, role account.Role) string {
	t.Helper()
	var id int64
	const insert = `INSERT INTO account.sessions (token, data, expiry, account_id)
		SELECT gen_random_uuid()::text, '', now() + interval '1 hour', coalesce((SELECT id FROM account.account WHERE login = $1), 0) RETURNING id`
	if err := s.owner.QueryRow(t.Context(), insert, string(role)).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("/api/session/all/", id)
}

// get is a call that must answer 200.
func get(t *testing.T, b *portaltest.Browser, path string) map[string]any {
	t.Helper()
	status, doc := b.Call(t, http.MethodGet, path, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d %v", path, status, doc)
	}
	return doc
}

// texts collects one field of the documents in a list.
func texts(t *testing.T, list any, field string) string {
	t.Helper()
	var all []string
	for _, item := range list.([]any) {
		value, err := json.Marshal(item.(map[string]any)[field])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Trim(string(value), `"`))
	}
	return strings.Join(all, " ")
}
