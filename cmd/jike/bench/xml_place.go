package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/seed"
	"jike/internal/account"
	"jike/internal/pg"
	node "jike/province"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
)

// place is a temporary provincial node with a seeded database, a partner and a browser at it.
type place struct {
	dir, portal, version string
	db                   *pgxpool.Pool
	partner              client.Client
	browser              *http.Client
	serial               atomic.Int64
	end                  context.CancelFunc
	ended                chan error
}

const partnerKey = "bench"

// openPlace starts the node, seeds it and signs in.
func openPlace(ctx context.Context, dir string, customers int) (p *place, err error) {
	p = &place{ended: make(chan error, 1)}
	if p.dir, err = os.MkdirTemp(dir, "jike-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := os.Chmod(p.dir, 0o711); err != nil { // the database's user must be able to enter
		return nil, err
	}
	config, secret, err := p.config()
	if err != nil {
		return nil, err
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	p.end = end
	go func() { p.ended <- node.Run(running, config, nil) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p.portal, p.browser = "http://"+config.HTTP.Listen, &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}
	p.partner = client.Client{
		URL: "http://" + config.XML.Listen + "/interboss", KeyID: partnerKey, Secret: secret,
		HTTP: &http.Client{Transport: transport, Timeout: time.Minute},
	}
	if err := p.await(ctx); err != nil {
		return nil, err
	}
	return p, p.fill(ctx, config, customers)
}

// config is that of a node on free ports.
func (p *place) config() (node.Config, []byte, error) {
	secret := []byte("0123456789abcdef0123456789abcdef") // of a node that only this process can reach for a minute
	file := filepath.Join(p.dir, "secret")
	c := node.NewConfig()
	c.Code, c.Data, c.Log = province, filepath.Join(p.dir, "node"), "error"
	c.XML.Partners = []node.Partner{{KeyID: partnerKey, SecretFile: file, Domain: "BOSS", Activities: []string{"T4990001"}}}
	for _, listen := range []*string{&c.HTTP.Listen, &c.XML.Listen} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return c, nil, err
		}
		*listen = l.Addr().String()
		if err := l.Close(); err != nil {
			return c, nil, err
		}
	}
	return c, secret, os.WriteFile(file, secret, 0o600)
}

// await returns when the node is ready.
func (p *place) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if status, _, err := p.get(ctx, "/readyz"); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return errors.Join(errors.New("the node ended"), err)
		case <-ctx.Done():
			return errors.New("the node does not become ready")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// fill seeds the node and signs in as its administrator.
func (p *place) fill(ctx context.Context, config node.Config, customers int) (err error) {
	if p.db, err = pg.Open(ctx, pg.ClusterURL(filepath.Join(config.Data, "pg"), pg.RoleApp, pg.Database), 4); err != nil {
		return err
	}
	if err := p.db.QueryRow(ctx, `SHOW server_version`).Scan(&p.version); err != nil {
		return err
	}
	if _, err := seed.Fill(ctx, p.db, seed.Options{Province: province, Customers: customers, Seed: 1}); err != nil {
		return err
	}
	accounts, err := account.NewStore(p.db, config.Account, nil)
	if err != nil {
		return err
	}
	made, err := seed.Accounts(ctx, p.db, accounts, "")
	if err != nil {
		return err
	}
	admin := made[len(made)-1]
	body := fmt.Sprintf(`{"login":%q,"password":%q}`, admin.Login, admin.Password)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.portal+"/api/session", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	status, answer, err := p.do(req)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("sign in: %d %s", status, answer)
	}
	return err
}

// pick chooses customers of whom both sides are told the same: neither they nor a relative are
// sensitive, which a partner is not told about.
func (p *place) pick(ctx context.Context, n int) ([]asked, error) {
	rows, err := p.db.Query(ctx, `SELECT c.id, c.number FROM crm.customer c WHERE NOT c.sensitive AND NOT EXISTS (
			SELECT FROM crm.customer r WHERE r.sensitive AND (r.parent_id = c.id OR r.id = c.parent_id)) ORDER BY hashint8(c.id), c.id LIMIT $1`, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[asked])
}

// query asks as a partner.
func (p *place) query(ctx context.Context, a asked) error {
	raw, err := p.queryXML(ctx, a)
	if err == nil && !bytes.Contains(raw, []byte("<RspCode>"+envelope.CodeOK+"</RspCode>")) {
		err = fmt.Errorf("%s: %s", a.Number, raw)
	}
	return err
}

func (p *place) queryXML(ctx context.Context, a asked) ([]byte, error) {
	id := fmt.Sprintf("Q%012d", p.serial.Add(1))
	contentType, body := p.partner.Pack(envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: "BIP4Z001", ActivityCode: "T4990001", OrigDomain: "BOSS", RouteType: "00",
		HomeDomain: "BBSS", RouteValue: fmt.Sprint(province), SessionID: id, TransIDO: id, TransIDOTime: "20261122101500",
	}, queryDocument(a.Number), nil)
	r, err := p.partner.Post(ctx, contentType, body)
	return r.Raw, err
}

// overview asks as a browser.
func (p *place) overview(ctx context.Context, a asked) error {
	status, answer, err := p.get(ctx, fmt.Sprintf("/api/customers/%d/overview", a.ID))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", a.Number, status, answer)
	}
	return err
}

func (p *place) get(ctx context.Context, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.portal+path, nil)
	if err != nil {
		return 0, nil, err
	}
	return p.do(req)
}

func (p *place) do(req *http.Request) (int, []byte, error) {
	resp, err := p.browser.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// close ends the node and removes its files.
func (p *place) close() error {
	if p.db != nil {
		p.db.Close()
	}
	var err error
	if p.end != nil {
		p.end()
		err = <-p.ended
	}
	if failed := os.RemoveAll(p.dir); !errors.Is(failed, fs.ErrNotExist) {
		err = errors.Join(err, failed)
	}
	return err
}
