package reference

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Store keeps the reference data.
type Store struct{ db *pgxpool.Pool }

// NewStore makes the store; db is connected as jike_app.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// Create adds a row and gives it. Faults: Denied, wrong values (joined), Exists.
func (s *Store) Create(ctx context.Context, caller account.Caller, k Kind, d Draft) (Row, error) {
	var row Row
	err := s.change(ctx, caller, func(tx pg.Tx, version func() (int64, error)) error {
		checked, err := k.check(d)
		if err != nil {
			return err
		}
		now, err := version()
		if err != nil {
			return err
		}
		id, err := k.insert(ctx, tx, now, checked)
		if err != nil {
			return err
		}
		if row, err = k.get(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, k, "reference.create", id, nil, row.document())
	})
	return row, err
}

// Change replaces the values of a row that the caller saw in the given version. Faults: those of
// Create, NotFound, Conflict if the row has another version now, Rule for another province or a row
// that has expired.
func (s *Store) Change(ctx context.Context, caller account.Caller, k Kind, id, seen int64, d Draft) (Row, error) {
	var row Row
	err := s.change(ctx, caller, func(tx pg.Tx, version func() (int64, error)) error {
		checked, err := k.check(d)
		if err != nil {
			return err
		}
		now, err := version()
		if err != nil {
			return err
		}
		before, err := k.holding(ctx, tx, id, seen)
		if err != nil {
			return err
		}
		if before.Province != d.Province {
			return fault.Field(fault.Rule, "province", "reference.province.fixed")
		}
		if err := k.update(ctx, tx, now, id, checked); err != nil {
			return err
		}
		if row, err = k.get(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, k, "reference.change", id, before.document(), row.document())
	})
	return row, err
}

// Expire says that a row no longer holds. Faults are those of Change.
func (s *Store) Expire(ctx context.Context, caller account.Caller, k Kind, id, seen int64) error {
	return s.change(ctx, caller, func(tx pg.Tx, version func() (int64, error)) error {
		now, err := version()
		if err != nil {
			return err
		}
		before, err := k.holding(ctx, tx, id, seen)
		if err != nil {
			return err
		}
		_, err = tx.PGX().Exec(ctx, fmt.Sprintf(`UPDATE ref.%s SET expired_at = now(), version = $1, changed_at = now() WHERE id = $2`, k.Table), now, id)
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, k, "reference.expire", id, before.document(), nil)
	})
}

// errNothing ends a transaction that is to leave nothing behind.
var errNothing = errors.New("reference: nothing is written")

// Import adds and changes rows from a text, all in one version, or only says what it would do. A row
// is found by its key; a kind without a key only grows. When one line is refused, nothing is
// written. Faults: Denied, a text that cannot be read.
func (s *Store) Import(ctx context.Context, caller account.Caller, k Kind, format, text string, dry bool) (Report, error) {
	var report Report
	if err := caller.Demand(account.NationReferenceChange); err != nil {
		return report, err
	}
	lines, err := k.parse(format, text)
	if err != nil {
		return report, err
	}
	good, results := k.checked(lines)
	report.Lines, report.Refused = results, len(lines)-len(good)
	err = s.change(ctx, caller, func(tx pg.Tx, version func() (int64, error)) error {
		var now int64
		if now, err = version(); err != nil {
			return err
		}
		next := 0
		for i := range results {
			if len(results[i].Faults) > 0 {
				continue
			}
			if results[i].Outcome, err = k.put(ctx, tx, now, good[next]); err != nil {
				return err
			}
			next++
			report.count(results[i].Outcome)
		}
		if dry || report.Refused > 0 || report.Created+report.Changed == 0 {
			return errNothing
		}
		report.Version = now
		return record(ctx, tx, caller, k, "reference.import", 0, nil, map[string]any{
			"version": now, "created": report.Created, "changed": report.Changed, "same": report.Same,
		})
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return report, err
}

func (r *Report) count(o Outcome) {
	switch o {
	case Created:
		r.Created++
	case Changed:
		r.Changed++
	case Same:
		r.Same++
	}
}

// change runs f in a transaction that may raise the version: by that it waits for every other
// change, so that versions are committed in their order.
func (s *Store) change(ctx context.Context, caller account.Caller, f func(tx pg.Tx, version func() (int64, error)) error) error {
	if err := caller.Demand(account.NationReferenceChange); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		return f(tx, func() (version int64, err error) {
			err = tx.PGX().QueryRow(ctx, `UPDATE sync.master SET version = version + 1, changed_at = now() RETURNING version`).Scan(&version)
			return version, err
		})
	})
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, k Kind, action string, id int64, before, after any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "reference." + k.Name, ObjectID: id, Before: before, After: after,
	})
}

// document is what the trail shows of a row.
func (r Row) document() map[string]any {
	return map[string]any{"province": r.Province, "values": r.Values}
}

// holding locks a row that holds in the version that the caller saw.
func (k Kind) holding(ctx context.Context, tx pg.Tx, id, seen int64) (Row, error) {
	row, err := k.get(ctx, tx, id)
	switch {
	case err != nil:
		return row, err
	case row.ExpiredAt != nil:
		return row, fault.New(fault.Rule, "reference.expired")
	case row.Version != seen:
		return row, fault.New(fault.Conflict, "reference.version.conflict", "version", row.Version)
	}
	return row, nil
}

// put brings a row to what was stated: it is found by its key, or added.
func (k Kind) put(ctx context.Context, tx pg.Tx, version int64, s stated) (Outcome, error) {
	if len(k.Key) > 0 {
		conditions, args := []string{"province = $1", "expired_at IS NULL"}, []any{int16(s.province)}
		for i, f := range k.Fields {
			for _, name := range k.Key {
				if name == f.Name {
					args = append(args, s.values[i])
					conditions = append(conditions, fmt.Sprintf("%s = $%d::text::%s", f.Column, len(args), f.sqlType()))
				}
			}
		}
		var same []string
		for i, f := range k.Fields {
			args = append(args, s.values[i])
			same = append(same, fmt.Sprintf("%s IS NOT DISTINCT FROM $%d::text::%s", f.Column, len(args), f.sqlType()))
		}
		var id int64
		var equal bool
		err := tx.PGX().QueryRow(ctx, fmt.Sprintf(`SELECT id, %s FROM ref.%s WHERE %s`, strings.Join(same, " AND "), k.Table, strings.Join(conditions, " AND ")),
			args...).Scan(&id, &equal)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return Refused, err
		case equal:
			return Same, nil
		default:
			return Changed, k.update(ctx, tx, version, id, s)
		}
	}
	_, err := k.insert(ctx, tx, version, s)
	return Created, err
}

func (k Kind) insert(ctx context.Context, tx pg.Tx, version int64, s stated) (id int64, err error) {
	names, places, args := []string{"province", "version"}, []string{"$1", "$2"}, []any{int16(s.province), version}
	for i, f := range k.Fields {
		args = append(args, s.values[i])
		names, places = append(names, f.Column), append(places, fmt.Sprintf("$%d::text::%s", len(args), f.sqlType()))
	}
	err = tx.PGX().QueryRow(ctx, fmt.Sprintf(`INSERT INTO ref.%s (%s) VALUES (%s) RETURNING id`,
		k.Table, strings.Join(names, ", "), strings.Join(places, ", ")), args...).Scan(&id)
	return id, k.taken(err)
}

func (k Kind) update(ctx context.Context, tx pg.Tx, version, id int64, s stated) error {
	sets, args := []string{"version = $1", "changed_at = now()"}, []any{version, id}
	for i, f := range k.Fields {
		args = append(args, s.values[i])
		sets = append(sets, fmt.Sprintf("%s = $%d::text::%s", f.Column, len(args), f.sqlType()))
	}
	_, err := tx.PGX().Exec(ctx, fmt.Sprintf(`UPDATE ref.%s SET %s WHERE id = $2`, k.Table, strings.Join(sets, ", ")), args...)
	return k.taken(err)
}

// taken turns PostgreSQL's refusal of a second row with the same key into an Exists fault.
func (k Kind) taken(err error) error {
	if pg.Violates(err, k.Table+"_is_one") {
		return fault.Field(fault.Exists, k.Key[len(k.Key)-1], "reference.exists")
	}
	return err
}

func (f Field) sqlType() string {
	return map[Type]string{Count: "bigint", Date: "date", Time: "timestamptz", Document: "jsonb"}[f.Type] + map[Type]string{
		Text: "text", Choice: "text", CreditCode: "text",
	}[f.Type]
}
