package customer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/reference"
	"jike/province/selection"
	"jike/schemas/codes"
)

// Match finds customers in the caller's charge by a key, and with lock keeps others from changing them
// until the transaction ends. Two may have the same name; those that were merged into another have none here,
// and are found by number and credit code.
func (s *Store) Match(ctx context.Context, tx pg.Tx, caller account.Caller, key Key, values []string, lock bool) (map[string][]Customer, error) {
	args := pgx.NamedArgs{"values": values}
	which := map[Key]string{
		ByNumber: `c.number = ANY (@values)`, ByCreditCode: `c.credit_code = ANY (@values)`, ByName: `c.name = ANY (@values) AND c.merged_into IS NULL`,
	}[key]
	query := `SELECT ` + columns + ` FROM ` + tables + ` WHERE ` + which + ` AND ` + Within(caller.InCharge(), args) + ` ORDER BY c.id`
	if lock {
		query += ` FOR NO KEY UPDATE OF c`
	}
	rows, err := tx.PGX().Query(ctx, query, planned, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
	found := map[string][]Customer{}
	for _, c := range list {
		value := map[Key]string{ByNumber: c.Number, ByCreditCode: string(c.CreditCode), ByName: c.Name}[key]
		found[value] = append(found[value], c)
	}
	return found, err
}

// HoldTree keeps the tree of parents as it is until the transaction ends. Whoever is going to change parents
// calls it before Match locks rows: see holdTree.
func (s *Store) HoldTree(ctx context.Context, tx pg.Tx) error {
	_, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(treeLock))
	return err
}

// SaveAll creates and changes many customers as Create and Change do one, with a few statements for all of
// them; who changes parents holds the tree. Each has its own faults, in the order of asked; an error is none of them and must undo the transaction.
// Of two that enter the same company at the same moment both may be told of no near-equal one: 2,000 locks on
// names would be too many to hold.
func (s *Store) SaveAll(ctx context.Context, tx pg.Tx, caller account.Caller, asked []Asked, how How) ([]Saved, error) {
	b := &batch{s: s, tx: tx, caller: caller, asked: slices.Clone(asked), saved: make([]Saved, len(asked)), how: how}
	b.check()
	for _, step := range []func(context.Context) error{b.checkCodes, b.checkManagers, b.checkParents, b.judge, b.compare} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if how.Dry {
		return b.saved, nil
	}
	for _, step := range []func(context.Context) error{b.create, b.change, b.record} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.saved, nil
}

// RestoreAll is Restore for many customers; it needs no dry run.
func (s *Store) RestoreAll(ctx context.Context, tx pg.Tx, caller account.Caller, asked []Asked) ([]Saved, error) {
	return s.SaveAll(ctx, tx, caller, asked, How{restoring: true})
}

// batch is SaveAll at work. What is refused has a fault in saved and is passed over by later steps.
type batch struct {
	s      *Store
	tx     pg.Tx
	caller account.Caller
	asked  []Asked
	saved  []Saved
	how    How

	rows    []newRow // by index: as each is going to be
	changes []delta  // by index, for those that are there
	policy  selection.Policy
	trail   []audit.Entry
}

// live goes over those that are not refused.
func (b *batch) live(f func(i int, a *Asked)) {
	for i := range b.asked {
		if b.saved[i].Err == nil {
			f(i, &b.asked[i])
		}
	}
}

// check tidies the facts and checks each by itself, with what the caller may decide.
func (b *batch) check() {
	b.live(func(i int, a *Asked) {
		if b.how.restoring {
			b.saved[i].Err = b.caller.Demand(account.CustomerChange)
			return
		}
		a.Facts = a.Facts.tidy()
		switch {
		case a.Before.ID == 0:
			b.saved[i].Err = errors.Join(b.caller.Demand(account.CustomerCreate), a.Facts.check(b.s.province), begin(b.caller, a.Facts))
		case a.Before.MergedInto != 0:
			b.saved[i].Err = merged(a.Before.MergedIntoNumber)
		default:
			b.saved[i].Err = errors.Join(b.caller.Demand(account.CustomerChange), a.Facts.check(b.s.province), change(b.caller, a.Before.Facts, a.Facts))
		}
	})
}

// checkCodes refuses credit codes that others have, here or earlier in the batch.
func (b *batch) checkCodes(ctx context.Context) error {
	var stated []string
	b.live(func(_ int, a *Asked) {
		if a.Facts.CreditCode != a.Before.CreditCode {
			stated = append(stated, string(a.Facts.CreditCode))
		}
	})
	takenBy := map[codes.CreditCode]bool{"": false}
	if len(stated) > 0 {
		rows, err := b.tx.PGX().Query(ctx, `SELECT credit_code FROM crm.customer WHERE credit_code = ANY ($1)`, planned, stated)
		if err != nil {
			return err
		}
		var code codes.CreditCode
		if _, err := pgx.ForEachRow(rows, []any{&code}, func() error { takenBy[code] = true; return nil }); err != nil {
			return err
		}
	}
	b.live(func(i int, a *Asked) {
		if code := a.Facts.CreditCode; code != "" && code != a.Before.CreditCode {
			if takenBy[code] {
				b.saved[i].Err = fault.Field(fault.Exists, "creditCode", "customer.credit_code.exists")
			}
			takenBy[code] = true
		}
	})
	return nil
}

// checkManagers refuses new managers who are no person within the caller's scope.
func (b *batch) checkManagers(ctx context.Context) error {
	var stated []int64
	b.live(func(_ int, a *Asked) {
		if a.Facts.ManagerID != 0 && a.Facts.ManagerID != a.Before.ManagerID {
			stated = append(stated, a.Facts.ManagerID)
		}
	})
	if len(stated) == 0 || b.how.restoring {
		return nil
	}
	rows, err := b.tx.PGX().Query(ctx, `SELECT id, path FROM crm.organisation WHERE id = ANY ($1) AND kind = 'person' AND active FOR KEY SHARE`, stated)
	if err != nil {
		return err
	}
	covered := map[int64]bool{0: true}
	var id int64
	var path string
	if _, err := pgx.ForEachRow(rows, []any{&id, &path}, func() error { covered[id] = b.caller.Scope().Covers(id, path); return nil }); err != nil {
		return err
	}
	b.live(func(i int, a *Asked) {
		if a.Facts.ManagerID != a.Before.ManagerID && !covered[a.Facts.ManagerID] {
			b.saved[i].Err = fault.Field(fault.Rule, "managerId", "customer.manager.unknown")
		}
	})
	return nil
}

// checkParents refuses new parents that the caller cannot see, and those that stand below the customer, by
// what the tree is after the lines before.
func (b *batch) checkParents(ctx context.Context) error {
	var stated []int64
	b.live(func(_ int, a *Asked) {
		if a.Facts.ParentID != 0 && a.Facts.ParentID != a.Before.ParentID {
			stated = append(stated, a.Facts.ParentID)
		}
	})
	if len(stated) == 0 {
		return nil
	}
	above, err := b.tree(ctx, stated)
	if err != nil {
		return err
	}
	caller, args := b.caller, pgx.NamedArgs{"ids": stated}
	if b.how.restoring {
		caller = account.System("restore")
	}
	rows, err := b.tx.PGX().Query(ctx, `SELECT c.id FROM crm.customer c WHERE c.id = ANY (@ids) AND `+Within(caller, args), planned, args)
	if err != nil {
		return err
	}
	visible, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	slices.Sort(visible)
	b.live(func(i int, a *Asked) {
		parent := a.Facts.ParentID
		if parent == 0 || parent == a.Before.ParentID {
			return
		}
		if _, seen := slices.BinarySearch(visible, parent); !seen {
			b.saved[i].Err = fault.Field(fault.Rule, "parentId", "customer.parent.unknown")
			return
		}
		for up := parent; up != 0 && a.Before.ID != 0; up = above[up] {
			if up == a.Before.ID {
				b.saved[i].Err = fault.Field(fault.Rule, "parentId", "customer.parent.circle")
				return
			}
		}
		if a.Before.ID != 0 {
			above[a.Before.ID] = parent
		}
	})
	return nil
}

// tree reads who stands above the customers, all the way up. The transaction holds the tree (HoldTree) unless
// nothing is written.
func (b *batch) tree(ctx context.Context, ids []int64) (above map[int64]int64, err error) {
	const query = `WITH RECURSIVE above AS (
			SELECT id, parent_id FROM crm.customer WHERE id = ANY ($1)
			UNION SELECT c.id, c.parent_id FROM crm.customer c JOIN above a ON c.id = a.parent_id)
		SELECT id, coalesce(parent_id, 0) FROM above`
	rows, err := b.tx.PGX().Query(ctx, query, planned, ids)
	if err != nil {
		return nil, err
	}
	above = map[int64]int64{}
	var id, parent int64
	_, err = pgx.ForEachRow(rows, []any{&id, &parent}, func() error { above[id] = parent; return nil })
	return above, err
}

// judge finds what follows from the facts, and what is to be written.
func (b *batch) judge(ctx context.Context) (err error) {
	if b.policy, err = selection.InForce(ctx, b.tx); err != nil {
		return err
	}
	var stated []string
	fresh := 0
	b.live(func(_ int, a *Asked) {
		stated = append(stated, string(a.Facts.CreditCode))
		if a.Before.ID == 0 {
			fresh++
		}
	})
	listed, err := reference.KeyAccountsOf(ctx, b.tx, stated)
	if err != nil {
		return err
	}
	issued, err := b.issue(ctx, fresh)
	if err != nil {
		return err
	}
	b.rows, b.changes = make([]newRow, len(b.asked)), make([]delta, len(b.asked))
	b.live(func(i int, a *Asked) {
		entry, s := listed[string(a.Facts.CreditCode)], &b.saved[i]
		s.ID, s.Number, s.Version = a.Before.ID, a.Before.Number, a.Before.Version
		if a.Before.ID == 0 {
			s.Created, s.Version = true, 1
			if !b.how.Dry {
				s.ID, s.Number, issued = issued[0].id, NumberOf(b.s.province, issued[0].number), issued[1:]
			}
		} else {
			b.changes[i], _ = consequences(a.Before, a.Facts, b.policy, entry)
			if s.Changed = len(b.changes[i].columns) > 0; s.Changed {
				s.Version++
			}
		}
		b.rows[i] = newcomer(s.Number, a.Facts, b.policy, entry)
	})
	return nil
}

type issue struct{ id, number int64 }

// issue takes ids and numbers for n customers.
func (b *batch) issue(ctx context.Context, n int) ([]issue, error) {
	if n == 0 || b.how.Dry {
		return nil, nil
	}
	const query = `SELECT nextval(pg_get_serial_sequence('crm.customer', 'id')), nextval('crm.customer_number') FROM generate_series(1, $1)`
	rows, err := b.tx.PGX().Query(ctx, query, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (one issue, err error) {
		return one, row.Scan(&one.id, &one.number)
	})
}

// named are those that need to be compared with others by name.
func (b *batch) named(i int) bool {
	return b.saved[i].Created || b.saved[i].Changed && b.asked[i].Facts.Name != b.asked[i].Before.Name
}

// document gives the columns of a row that a change of the batch touches, for jsonb_populate_recordset.
func (b *batch) document(touched []string) (string, error) {
	var list []map[string]any
	b.live(func(i int, _ *Asked) {
		if b.saved[i].Changed {
			one := map[string]any{"id": b.saved[i].ID}
			for _, column := range touched {
				one[column] = b.rows[i].args[column]
			}
			list = append(list, one)
		}
	})
	text, err := json.Marshal(list)
	return string(text), err
}

func sets(touched []string) string {
	list := make([]string, len(touched))
	for i, column := range touched {
		list[i] = column + " = u." + column
	}
	return strings.Join(list, ", ")
}
