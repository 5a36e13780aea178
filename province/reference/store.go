package reference

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/selection"
)

// Store reads the reference data and keeps the province's extensions.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store; db is connected as jike_app.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// State reads version and age.
func (s *Store) State(ctx context.Context) (State, error) {
	const query = `SELECT coalesce(b.state, 'waiting') AS state, coalesce(b.error, '') AS error, coalesce(p.epoch, 0) AS epoch,
			coalesce((p.lsn - '0/0')::bigint, 0) AS version, coalesce((b.head_lsn - '0/0')::bigint, 0) AS head,
			b.committed_at AS changed_at, CASE WHEN p.epoch > 0 THEN p.applied_at END AS applied_at, b.heard_at, now() AS read_at
		FROM (SELECT) one LEFT JOIN sync.position p ON true LEFT JOIN sync.province_state b ON b.province = p.province`
	rows, err := s.db.Query(ctx, query)
	if err != nil {
		return State{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[State])
}

// KeyAccountOf finds the entry of the national list with a credit code in the transaction that is
// going to act by it; the zero KeyAccount if there is none.
func KeyAccountOf(ctx context.Context, tx pg.Tx, creditCode string) (KeyAccount, error) {
	if creditCode == "" {
		return KeyAccount{}, nil
	}
	rows, err := tx.PGX().Query(ctx, `SELECT id, name, since FROM ref.key_account WHERE credit_code = $1 AND expired_at IS NULL
		ORDER BY province DESC, id LIMIT 1`, creditCode)
	if err != nil {
		return KeyAccount{}, err
	}
	k, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[KeyAccount])
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return k, err
}

// KeyAccountsOf is KeyAccountOf for many credit codes at once, by credit code; those that are not on the
// list are not in the answer.
func KeyAccountsOf(ctx context.Context, tx pg.Tx, creditCodes []string) (map[string]KeyAccount, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT DISTINCT ON (credit_code) credit_code, id, name, since FROM ref.key_account
		WHERE credit_code = ANY ($1) AND expired_at IS NULL ORDER BY credit_code, province DESC, id`, creditCodes)
	if err != nil {
		return nil, err
	}
	listed := map[string]KeyAccount{}
	var code string
	var k KeyAccount
	_, err = pgx.ForEachRow(rows, []any{&code, &k.ID, &k.Name, &k.Since}, func() error {
		listed[code] = k
		return nil
	})
	return listed, err
}

// Policies lists all selection policies that headquarters ever sent here, in the order in which it
// changed them.
func (s *Store) Policies(ctx context.Context) ([]selection.Delivered, error) {
	rows, err := s.db.Query(ctx, `SELECT number, rule, coalesce(effective_at, changed_at), coalesce(note, ''), expired_at IS NOT NULL
		FROM ref.selection_policy ORDER BY version, id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[selection.Delivered])
}

// MaxPageSize is the most rows of a page.
const MaxPageSize = 200

// List gives one page of the rows of a kind that hold, in the order of their own columns, and how
// many there are. Faults: Denied, NotFound for an unknown kind.
func (s *Store) List(ctx context.Context, caller account.Caller, kind, text string, page, size int) (rows []Row, total int, err error) {
	own, err := fields(kind)
	if err = errors.Join(caller.Demand(account.ReferenceRead), err); err != nil {
		return nil, 0, err
	}
	var pairs, searched, order []string
	for _, c := range own {
		expression := "t." + c.Name
		if c.Type == "timestamptz" {
			expression = fmt.Sprintf(`to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`, expression)
		}
		pairs = append(pairs, fmt.Sprintf("'%s', %s", camel(c.Name), expression))
		searched = append(searched, fmt.Sprintf("t.%s::text ILIKE @text", c.Name))
		order = append(order, "t."+c.Name)
	}
	from := ` FROM ref.` + kinds[kind] + ` t`
	if kind == "products" {
		from += ` JOIN crm.product e ON e.id = t.id`
		pairs = append(pairs, `'localName', e.local_name, 'available', e.available, 'note', e.note, 'extensionVersion', e.extension_version`)
		searched = append(searched, `e.local_name ILIKE @text`)
	}
	from += ` WHERE t.expired_at IS NULL AND (@text = '%%' OR ` + strings.Join(searched, " OR ") + `)`
	args := pgx.NamedArgs{
		"text": "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%", "size": size, "skip": (page - 1) * size,
	}
	if err := s.db.QueryRow(ctx, `SELECT count(*)`+from, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	found, err := s.db.Query(ctx, `SELECT t.id, t.province, t.version, t.changed_at, jsonb_build_object(`+strings.Join(pairs, ", ")+`) AS values`+from+
		` ORDER BY `+strings.Join(order[:min(2, len(order))], ", ")+`, t.id LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	rows, err = pgx.CollectRows(found, pgx.RowToStructByName[Row])
	return rows, total, err
}

// Notices lists the notices that are valid now, the gravest first. Faults: Denied.
func (s *Store) Notices(ctx context.Context, caller account.Caller) ([]Notice, error) {
	if err := caller.Demand(account.ReferenceRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT id, title, body, level, valid_to FROM ref.notice
		WHERE expired_at IS NULL AND now() BETWEEN valid_from AND valid_to
		ORDER BY array_position('{urgent,warning,info}', level), valid_from DESC, id LIMIT 20`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Notice])
}

// Extend replaces what the province says of the product with a code, which the caller saw in the
// given version; 0: nothing was said yet. Faults: Denied, NotFound for a code that the catalogue
// does not have, Conflict, TooLong.
func (s *Store) Extend(ctx context.Context, caller account.Caller, code string, version int32, e Extension) error {
	e.LocalName, e.Note = strings.TrimSpace(e.LocalName), strings.TrimSpace(e.Note)
	if err := errors.Join(caller.Demand(account.ReferenceExtend),
		short("localName", e.LocalName, maxLocalName), short("note", e.Note, maxNote)); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		var known bool
		if err := tx.PGX().QueryRow(ctx, `SELECT EXISTS (SELECT FROM crm.product WHERE code = $1)`, code).Scan(&known); err != nil {
			return err
		}
		if !known {
			return fault.New(fault.NotFound, "reference.unknown")
		}
		var before struct {
			Extension
			Version int32
		}
		err := tx.PGX().QueryRow(ctx, `SELECT local_name, available, note, version FROM crm.product_extension WHERE code = $1 FOR UPDATE`, code).
			Scan(&before.LocalName, &before.Available, &before.Note, &before.Version)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if before.Version != version {
			return fault.New(fault.Conflict, "reference.version.conflict", "version", before.Version)
		}
		tag, err := tx.PGX().Exec(ctx, `INSERT INTO crm.product_extension AS x (code, local_name, available, note) VALUES ($1, $2, $3, $4)
			ON CONFLICT (code) DO UPDATE SET local_name = EXCLUDED.local_name, available = EXCLUDED.available, note = EXCLUDED.note,
				version = x.version + 1, updated_at = now() WHERE x.version = $5`, code, e.LocalName, e.Available, e.Note, version)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 { // somebody was first to say something
			return fault.New(fault.Conflict, "reference.version.conflict", "version", 1)
		}
		var was any
		if before.Version > 0 {
			was = before.Extension
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "reference.extend", ObjectKind: "product." + code, Before: was, After: e,
		})
	})
}

func short(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return fault.Field(fault.TooLong, field, "input.too_long", "max", most)
	}
	return nil
}
