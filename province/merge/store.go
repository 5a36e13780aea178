package merge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// families are the tables whose rows move with their customer, with what is set in each. Those that go up
// follow it to headquarters by (customer_id, national).
var families = []struct{ table, set string }{
	{"contact", "customer_id = @to, national = @national"},
	{"contract", "customer_id = @to, national = @national"},
	{"subscription", "customer_id = @to, national = @national"},
	{"member", "customer_id = @to"},
	{"site", "customer_id = @to"},
	{"interaction", "customer_id = @to"},
	{"situation", "customer_id = @to"},
	{"wish", "customer_id = @to"},
}

// child is a moved customer: the merged one was its parent.
const child = "child"

// Store keeps the merges.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

// Make merges two customers within the caller's scope. Faults: Denied, NotFound, Conflict for a version
// that is no longer the newest, Rule for customers of which one is merged already or of which the
// survivor stands below the other, and those of the facts that are taken.
func (s *Store) Make(ctx context.Context, caller account.Caller, o Order) (Merge, error) {
	if err := caller.Demand(account.CustomerMerge); err != nil {
		return Merge{}, err
	}
	o, err := o.check()
	if err != nil {
		return Merge{}, err
	}
	var made Merge
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		survivor, merged, err := s.pair(ctx, tx, caller, o)
		if err != nil {
			return err
		}
		of, rest, err := outcome(survivor, merged.Facts, o.Take)
		if err != nil {
			return err
		}
		id, err := insert(ctx, tx, caller, o, survivor.Facts, merged.Facts)
		if err != nil {
			return err
		}
		if _, err := s.customers.ChangeIn(ctx, tx, caller, merged, rest); err != nil {
			return err
		}
		after, err := s.customers.ChangeIn(ctx, tx, caller, survivor, of)
		if err != nil {
			return err
		}
		if err := s.move(ctx, tx, id, merged.ID, after); err != nil {
			return err
		}
		if err := s.customers.Point(ctx, tx, merged.ID, survivor.ID); err != nil {
			return err
		}
		if made, err = one(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, "customer.merge", made)
	})
	return made, err
}

// pair locks both customers and gives the faults of merging them.
func (s *Store) pair(ctx context.Context, tx pg.Tx, caller account.Caller, o Order) (survivor, merged customer.Customer, err error) {
	// Whether one stands below the other is asked first: its lock comes before those of rows, as in a save.
	below, err := s.customers.Below(ctx, tx, o.SurvivorID, o.MergedID)
	if err != nil {
		return survivor, merged, err
	}
	survivor, merged, err = s.customers.LockPair(ctx, tx, caller, o.SurvivorID, o.MergedID)
	switch {
	case err != nil:
	case below:
		err = fault.Field(fault.Rule, "mergedId", "merge.below")
	case survivor.MergedInto != 0 || merged.MergedInto != 0:
		err = fault.Field(fault.Rule, "mergedId", "merge.again")
	case survivor.Version != o.SurvivorVersion || merged.Version != o.MergedVersion:
		err = fault.New(fault.Conflict, "merge.version.conflict")
	}
	return survivor, merged, err
}

// move takes the family to the survivor and notes each row.
func (s *Store) move(ctx context.Context, tx pg.Tx, id, from int64, survivor customer.Customer) error {
	args := pgx.NamedArgs{"merge": id, "from": from, "to": survivor.ID, "national": survivor.National}
	for _, f := range families {
		move := `WITH moved AS (UPDATE crm.` + f.table + ` SET ` + f.set + ` WHERE customer_id = @from RETURNING id)
			INSERT INTO crm.customer_merge_row (merge_id, relation, row_id) SELECT @merge, '` + f.table + `', id FROM moved`
		if _, err := tx.PGX().Exec(ctx, move, args); pg.Violates(err, "member_short_number_is_unique") {
			return fault.Field(fault.Rule, "mergedId", "merge.short_number")
		} else if err != nil {
			return fmt.Errorf("%s: %w", f.table, err)
		}
	}
	const children = `WITH moved AS (
			UPDATE crm.customer SET parent_id = $3, version = version + 1, updated_at = now()
			WHERE parent_id = $2 AND id <> $3 AND merged_into IS NULL RETURNING id)
		INSERT INTO crm.customer_merge_row (merge_id, relation, row_id) SELECT $1, 'child', id FROM moved`
	if _, err := tx.PGX().Exec(ctx, children, id, from, survivor.ID); err != nil {
		return err
	}
	// Its names lead to the survivor from now on.
	const names = `INSERT INTO crm.customer_name (customer_id, name, core, place, former, initials, core_initials)
		SELECT $2, name, core, place, true, initials, core_initials FROM crm.customer_name WHERE customer_id = $1 ON CONFLICT DO NOTHING`
	_, err := tx.PGX().Exec(ctx, names, from, survivor.ID)
	return err
}

// Undo makes two of the customers again. Faults: Denied, NotFound, and Rule with what stands against it.
func (s *Store) Undo(ctx context.Context, caller account.Caller, id int64) (Merge, error) {
	if err := caller.Demand(account.CustomerMerge); err != nil {
		return Merge{}, err
	}
	var undone Merge
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		m, err := one(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := s.customers.Below(ctx, tx, m.SurvivorID, m.MergedID); err != nil { // its lock first, as in Make
			return err
		}
		survivor, merged, err := s.customers.LockPair(ctx, tx, caller, m.SurvivorID, m.MergedID)
		if err != nil {
			return err
		}
		if err := standing(survivor, merged, m); err != nil {
			return err
		}
		if merged, err = s.giveBack(ctx, tx, caller, m, survivor, merged); err != nil {
			return err
		}
		if err := s.moveBack(ctx, tx, m, merged); err != nil {
			return err
		}
		// The one above it may have gone below one of its own, which had left it.
		if circle, err := s.customers.Below(ctx, tx, merged.ParentID, merged.ID); err != nil || circle {
			return cmp.Or(err, error(fault.New(fault.Rule, "merge.undo.circle")))
		}
		const end = `UPDATE crm.customer_merge SET undone_at = now(), undone_by = $2 WHERE id = $1`
		if _, err := tx.PGX().Exec(ctx, end, id, caller.Actor()); err != nil {
			return err
		}
		if undone, err = one(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, "customer.unmerge", undone)
	})
	return undone, err
}

// standing gives the fault of a merge that no longer stands as it was made.
func standing(survivor, merged customer.Customer, m Merge) error {
	switch {
	case merged.MergedInto != m.SurvivorID:
		return fault.New(fault.Rule, "merge.undo.undone")
	case survivor.MergedInto != 0:
		return fault.New(fault.Rule, "merge.undo.survivor_merged", "number", survivor.MergedIntoNumber)
	}
	return nil
}

// giveBack puts the facts of both back, the survivor's first: it may hold the other's credit code.
func (s *Store) giveBack(ctx context.Context, tx pg.Tx, caller account.Caller, m Merge, survivor, merged customer.Customer) (customer.Customer, error) {
	before, was, err := facts(ctx, tx, m.ID)
	if err != nil {
		return merged, err
	}
	of, err := reversal(survivor.Facts, before, was, m.Taken)
	if err != nil {
		return merged, err
	}
	if _, err := s.customers.Restore(ctx, tx, caller, survivor, of); err != nil {
		return merged, err
	}
	if err := s.customers.Point(ctx, tx, merged.ID, 0); err != nil {
		return merged, err
	}
	return s.customers.Restore(ctx, tx, caller, merged, was)
}

// moveBack takes exactly the rows back that moved. One that is no longer with the survivor stands against
// the undo.
func (s *Store) moveBack(ctx context.Context, tx pg.Tx, m Merge, merged customer.Customer) error {
	args := pgx.NamedArgs{"merge": m.ID, "from": m.SurvivorID, "to": merged.ID, "national": merged.National}
	for _, f := range families {
		back := `UPDATE crm.` + f.table + ` f SET ` + f.set + ` FROM crm.customer_merge_row r
			WHERE r.merge_id = @merge AND r.relation = '` + f.table + `' AND f.id = r.row_id AND f.customer_id = @from`
		tag, err := tx.PGX().Exec(ctx, back, args)
		if err := missing(m, f.table, tag.RowsAffected(), err); err != nil {
			return err
		}
	}
	const children = `UPDATE crm.customer c SET parent_id = $2, version = version + 1, updated_at = now() FROM crm.customer_merge_row r
		WHERE r.merge_id = $1 AND r.relation = 'child' AND c.id = r.row_id AND c.parent_id = $3 AND c.merged_into IS NULL`
	tag, err := tx.PGX().Exec(ctx, children, m.ID, merged.ID, m.SurvivorID)
	if err := missing(m, child, tag.RowsAffected(), err); err != nil {
		return err
	}
	const names = `DELETE FROM crm.customer_name WHERE customer_id = $1 AND former
		AND name IN (SELECT name FROM crm.customer_name WHERE customer_id = $2)`
	_, err = tx.PGX().Exec(ctx, names, m.SurvivorID, m.MergedID)
	return err
}

func missing(m Merge, relation string, back int64, err error) error {
	if gone := m.Moved[relation] - int(back); err == nil && gone > 0 {
		return fault.New(fault.Rule, "merge.undo.gone", "relation", relation, "count", gone)
	}
	return err
}

// Of lists the merges that a customer was part of, the newest first, as far as the caller may see both
// customers.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) ([]Merge, error) {
	var list []Merge
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		all, err := read(ctx, tx, `g.survivor_id = @id OR g.merged_id = @id`, customerID)
		for _, m := range all {
			other := m.SurvivorID
			if other == customerID {
				other = m.MergedID
			}
			if _, err := s.customers.GetIn(ctx, tx, caller, other); fault.Is(err, fault.NotFound) {
				continue
			} else if err != nil {
				return err
			}
			list = append(list, m)
		}
		return err
	})
	return list, err
}

func insert(ctx context.Context, tx pg.Tx, caller account.Caller, o Order, survivor, merged customer.Facts) (id int64, err error) {
	before, err := json.Marshal(survivor)
	if err != nil {
		return 0, err
	}
	other, err := json.Marshal(merged)
	if err != nil {
		return 0, err
	}
	const query = `INSERT INTO crm.customer_merge (survivor_id, merged_id, actor, reason, taken, survivor, merged)
		VALUES ($1, $2, $3, $4, coalesce($5, '{}'::text[]), $6, $7) RETURNING id`
	err = tx.PGX().QueryRow(ctx, query, o.SurvivorID, o.MergedID, caller.Actor(), o.Reason, o.Take, before, other).Scan(&id)
	return id, err
}

// facts reads what both customers were before a merge.
func facts(ctx context.Context, tx pg.Tx, id int64) (survivor, merged customer.Facts, err error) {
	var before, other []byte
	if err = tx.PGX().QueryRow(ctx, `SELECT survivor, merged FROM crm.customer_merge WHERE id = $1`, id).Scan(&before, &other); err != nil {
		return survivor, merged, err
	}
	return survivor, merged, errors.Join(json.Unmarshal(before, &survivor), json.Unmarshal(other, &merged))
}

func one(ctx context.Context, tx pg.Tx, id int64) (Merge, error) {
	list, err := read(ctx, tx, `g.id = @id`, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "merge.unknown")
	}
	if err != nil {
		return Merge{}, err
	}
	return list[0], nil
}

func read(ctx context.Context, tx pg.Tx, which string, id int64) ([]Merge, error) {
	query := `SELECT g.id, g.survivor_id, g.merged_id, s.name AS survivor_name, m.name AS merged_name, s.number AS survivor_number,
			m.number AS merged_number, g.taken, g.reason, g.actor, g.at, g.undone_at, g.undone_by,
			coalesce((SELECT jsonb_object_agg(relation, n) FROM (
				SELECT relation, count(*) AS n FROM crm.customer_merge_row r WHERE r.merge_id = g.id GROUP BY relation) AS by_relation), '{}') AS moved
		FROM crm.customer_merge g JOIN crm.customer s ON s.id = g.survivor_id JOIN crm.customer m ON m.id = g.merged_id
		WHERE ` + which + ` ORDER BY g.id DESC LIMIT 100`
	rows, err := tx.PGX().Query(ctx, query, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Merge])
}

// record keeps a line in the file of each of the two.
func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, m Merge) error {
	moved, err := json.Marshal(m.Moved)
	if err != nil {
		return err
	}
	for _, of := range []int64{m.SurvivorID, m.MergedID} {
		err := audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "merge", ObjectID: m.ID, CustomerID: of,
			After: map[string]any{"survivor": m.SurvivorNumber, "merged": m.MergedNumber, "reason": m.Reason, "moved": string(moved)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
