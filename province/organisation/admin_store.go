package organisation

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// treeLock is the advisory lock of whoever changes the tree: one at a time, so that nothing is put below what another
// one moves or closes.
const treeLock = 0x6f7267 // "org"

// Tree lists all units with what hangs on them, those above first. It needs organisation.edit, else Denied.
func (s *Store) Tree(ctx context.Context, caller account.Caller) ([]Node, error) {
	if err := caller.Demand(account.OrganisationEdit); err != nil {
		return nil, err
	}
	const query = `SELECT ` + columns + `, 0 AS people, coalesce(a.accounts, 0)::int AS accounts, coalesce(t.customers, 0)::int AS customers
		FROM crm.organisation o
			LEFT JOIN (SELECT unit_id, count(*) AS accounts FROM account.account WHERE active GROUP BY 1) a ON a.unit_id = o.id
			LEFT JOIN (SELECT manager_id, sum(customers) AS customers FROM crm.completeness_tally GROUP BY 1) t ON t.manager_id = o.id
		ORDER BY array_length(string_to_array(path, '/'), 1), name, id`
	rows, err := s.db.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Node])
	gather(list)
	return list, err
}

// Create puts a unit below another one. Faults: Denied, those of Add.
func (s *Store) Create(ctx context.Context, caller account.Caller, parentID int64, code, name string) (added Unit, err error) {
	err = s.change(ctx, caller, parentID, func(tx pg.Tx, parent Unit) error {
		u := Unit{ParentID: parent.ID, Code: strings.TrimSpace(code), Name: strings.TrimSpace(name)}
		for kind, above := range below {
			if above == parent.Kind {
				u.Kind = kind
			}
		}
		added, err = s.Add(ctx, tx, caller, u)
		return err
	})
	return added, err
}

// Rename gives a unit, which the caller saw with the name before, another one. Faults: Denied, NotFound, a name that is not
// allowed, a Conflict if it has another name meanwhile.
func (s *Store) Rename(ctx context.Context, caller account.Caller, id int64, before, name string) error {
	return s.change(ctx, caller, id, func(tx pg.Tx, u Unit) error {
		if u.Name != before {
			return fault.New(fault.Conflict, "organisation.changed")
		}
		u.Name = strings.TrimSpace(name)
		if err := u.checkName(); err != nil || u.Name == before {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `UPDATE crm.organisation SET name = $2 WHERE id = $1`, id, u.Name); err != nil {
			return err
		}
		return record(ctx, tx, caller, "organisation.rename", id, map[string]any{"name": before}, map[string]any{"name": u.Name})
	})
}

// Move puts a unit with all below it under another one of the same level as before. Whoever reaches it by the one above
// reaches it so from the next request on. Faults: Denied, NotFound, Rule for one that it cannot stand below.
func (s *Store) Move(ctx context.Context, caller account.Caller, id, parentID int64) error {
	return s.change(ctx, caller, id, func(tx pg.Tx, u Unit) error {
		parent, err := s.Unit(ctx, tx, parentID)
		if fault.Is(err, fault.NotFound) {
			return fault.Field(fault.Rule, "parentId", "organisation.unknown")
		}
		if err != nil {
			return err
		}
		if err := u.check(&parent); err != nil || u.ParentID == parentID {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `UPDATE crm.organisation SET parent_id = $2 WHERE id = $1`, id, parentID); err != nil {
			return err
		}
		const paths = `UPDATE crm.organisation SET path = $2 || substr(path, length($1) + 1) WHERE path LIKE $1 || '%'`
		if _, err := tx.PGX().Exec(ctx, paths, u.Path, fmt.Sprint(parent.Path, u.ID, "/")); err != nil {
			return err
		}
		return record(ctx, tx, caller, "organisation.move", id, map[string]any{"parentId": u.ParentID}, map[string]any{"parentId": parentID})
	})
}

// Close takes a unit out of service, on which nobody and nothing may hang any more. Faults: Denied, NotFound, Rule for the
// province and for what hangs on it.
func (s *Store) Close(ctx context.Context, caller account.Caller, id int64) error {
	return s.change(ctx, caller, id, func(tx pg.Tx, u Unit) error {
		if u.Kind == KindProvince {
			return fault.New(fault.Rule, "organisation.close.province")
		}
		const hangs = `WITH unit AS (SELECT id, active FROM crm.organisation WHERE path LIKE $2 || '%')
			SELECT (SELECT count(*) FROM unit WHERE active AND id <> $1), (SELECT count(*) FROM account.account WHERE unit_id = $1 AND active),
				(SELECT count(*) FROM crm.customer WHERE manager_id IN (SELECT id FROM unit))`
		var l Load
		if err := tx.PGX().QueryRow(ctx, hangs, id, u.Path).Scan(&l.Units, &l.Accounts, &l.Customers); err != nil {
			return err
		}
		if err := l.check(); err != nil {
			return err
		}
		return s.serve(ctx, tx, caller, u, false)
	})
}

// Open puts a closed unit back into service. Faults: Denied, NotFound, Rule where the one above is closed.
func (s *Store) Open(ctx context.Context, caller account.Caller, id int64) error {
	return s.change(ctx, caller, id, func(tx pg.Tx, u Unit) error {
		if u.ParentID != 0 {
			parent, err := s.Unit(ctx, tx, u.ParentID)
			if err != nil {
				return err
			}
			if err := u.check(&parent); err != nil {
				return err
			}
		}
		return s.serve(ctx, tx, caller, u, true)
	})
}

func (s *Store) serve(ctx context.Context, tx pg.Tx, caller account.Caller, u Unit, active bool) error {
	if u.Active == active {
		return nil
	}
	if _, err := tx.PGX().Exec(ctx, `UPDATE crm.organisation SET active = $2 WHERE id = $1`, u.ID, active); err != nil {
		return err
	}
	action := map[bool]string{true: "organisation.open", false: "organisation.close"}[active]
	return record(ctx, tx, caller, action, u.ID, map[string]any{"active": u.Active}, map[string]any{"active": active})
}

// change does something to a unit that it holds, also against those who are just giving it a customer.
func (s *Store) change(ctx context.Context, caller account.Caller, id int64, do func(pg.Tx, Unit) error) error {
	if err := caller.Demand(account.OrganisationEdit); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(treeLock)); err != nil {
			return err
		}
		u, err := s.one(ctx, tx, `SELECT `+columns+` FROM crm.organisation WHERE id = $1 FOR UPDATE`, id)
		if err != nil {
			return err
		}
		return do(tx, u)
	})
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, id int64, before, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "organisation", ObjectID: id, Before: before, After: after,
	})
}
