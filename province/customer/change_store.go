package customer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/reference"
	"jike/province/selection"
)

// treeLock is the advisory lock that a change of a parent takes, so that two changes at the same
// time cannot close a circle that neither of them sees.
const treeLock = 0x6a696b6501

// Create adds a customer with a number of the province's own. Faults: wrong or forbidden facts
// (joined), a parent or manager that is unknown to the caller, a credit code that is taken (Exists).
func (s *Store) Create(ctx context.Context, caller account.Caller, f Facts) (Customer, error) {
	var c Customer
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		c, err = s.CreateIn(ctx, tx, caller, f, "")
		return err
	})
	return c, err
}

// CreateIn is Create in a transaction. number is the one that BOSS issued for the province, or ""
// for the next of our own.
func (s *Store) CreateIn(ctx context.Context, tx pg.Tx, caller account.Caller, f Facts, number string) (Customer, error) {
	f = f.tidy()
	if err := errors.Join(caller.Demand(account.CustomerCreate), f.check(s.province), begin(caller, f)); err != nil {
		return Customer{}, err
	}
	if err := s.checkReferences(ctx, tx, caller, Customer{}, f); err != nil {
		return Customer{}, err
	}
	policy, err := selection.InForce(ctx, tx)
	if err != nil {
		return Customer{}, err
	}
	listed, err := reference.KeyAccountOf(ctx, tx, string(f.CreditCode))
	if err != nil {
		return Customer{}, err
	}
	if number == "" {
		var n int64
		if err := tx.PGX().QueryRow(ctx, `SELECT nextval('crm.customer_number')`).Scan(&n); err != nil {
			return Customer{}, err
		}
		number = NumberOf(s.province, n)
	}
	row := newcomer(number, f, policy, listed)
	names := row.columns()
	var id int64
	insert := `INSERT INTO crm.customer (` + strings.Join(names, ", ") + `) VALUES (@` + strings.Join(names, ", @") + `) RETURNING id`
	if err := taken(tx.PGX().QueryRow(ctx, insert, row.args).Scan(&id)); err != nil {
		return Customer{}, err
	}
	if err := recordClass(ctx, tx, caller, id, "", f.Class, ""); err != nil {
		return Customer{}, err
	}
	if f.ManagerID != 0 {
		if err := recordManager(ctx, tx, caller, id, 0, f.ManagerID); err != nil {
			return Customer{}, err
		}
	}
	if err := keepNames(ctx, tx, id, f.Name); err != nil {
		return Customer{}, err
	}
	if row.national {
		if err := selection.Note(ctx, tx, id, true, policy, row.clause, selection.Created); err != nil {
			return Customer{}, err
		}
	}
	err = audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.create", ObjectKind: "customer", ObjectID: id, CustomerID: id, After: row.after,
	})
	if err != nil {
		return Customer{}, err
	}
	return one(ctx, tx.PGX(), account.System("create"), `c.id = @id`, pgx.NamedArgs{"id": id}, ``)
}

// newRow is a customer that is going to be written: its columns, what the trail keeps, whether it goes up.
type newRow struct {
	args  pgx.NamedArgs
	after map[string]any
	verdict
}

func (r newRow) columns() []string { return slices.Sorted(maps.Keys(r.args)) }

// newcomer is the row of a new customer with facts that were checked, and with what follows from them.
func newcomer(number string, f Facts, policy selection.Policy, listed reference.KeyAccount) newRow {
	crosses := f.CrossProvince || listed.ID != 0
	r := newRow{after: map[string]any{"number": number}, verdict: verdict{policy: policy}}
	r.national, r.clause = policy.Rule.Judge(judged(number, f, crosses))
	r.args = pgx.NamedArgs{
		"number": number, "national": r.national, "name_terms": Terms(f.Name), "cross_province": crosses, "key_account_id": unlessZero(listed.ID),
	}
	if listed.ID != 0 {
		r.after["keyAccount"] = listed.Name
	}
	for _, a := range attributes {
		v := a.value(&f)
		r.args[a.column] = v
		if v != nil && v != "" {
			r.after[a.name] = v
		}
	}
	return r
}

// Change replaces the facts of a customer that the caller saw in the given version. Faults are
// those of Create, and a *fault.StaleError if the customer has another version now.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Customer, error) {
	var c Customer
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := holdTree(ctx, tx, id, f.ParentID); err != nil {
			return err
		}
		before, err := s.Lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("customer.version.conflict", before.Version, before)
		}
		c, err = s.ChangeIn(ctx, tx, caller, before, f)
		return err
	})
	return c, err
}

// ChangeIn replaces the facts of a customer that the transaction has locked (Lock, LockByNumber).
// Facts that are the same already change nothing: no version, no audit line.
func (s *Store) ChangeIn(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, f Facts) (Customer, error) {
	return s.changeIn(ctx, tx, caller, before, f, reasons{})
}

// reasons are those that a person states for another class or another place in the life cycle, if any.
type reasons struct{ class, stage string }

// changeIn is ChangeIn with reasons.
func (s *Store) changeIn(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, f Facts, why reasons) (Customer, error) {
	f = f.tidy()
	if err := errors.Join(caller.Demand(account.CustomerChange), f.check(s.province), change(caller, before.Facts, f)); err != nil {
		return Customer{}, err
	}
	return s.save(ctx, tx, caller, caller, before, f, why)
}

// Refresh brings what follows from lists and policies up to date, in a customer that the transaction
// has locked and of which nobody changes a fact.
func (s *Store) Refresh(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer) (Customer, error) {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return Customer{}, err
	}
	return s.save(ctx, tx, caller, caller, before, before.Facts, reasons{})
}

// save writes facts that were checked and what follows from them, if anything differs. A new parent or
// manager must be within the scope of the caller named within.
func (s *Store) save(ctx context.Context, tx pg.Tx, caller, within account.Caller, before Customer, f Facts, why reasons) (Customer, error) {
	d, verdict, err := s.follow(ctx, tx, before, f)
	if err != nil {
		return Customer{}, err
	}
	if len(d.columns) == 0 {
		return before, nil
	}
	if err := s.checkReferences(ctx, tx, within, before, f); err != nil {
		return Customer{}, err
	}
	if f.Name != before.Name {
		d.columns, d.args["name_terms"] = append(d.columns, "name_terms = @name_terms"), Terms(f.Name)
	}
	d.args["id"] = before.ID
	update := `UPDATE crm.customer SET ` + strings.Join(d.columns, ", ") + `, version = version + 1, updated_at = now() WHERE id = @id`
	if _, err := tx.PGX().Exec(ctx, update, d.args); err != nil {
		return Customer{}, taken(err)
	}
	if f.Name != before.Name {
		if err := keepNames(ctx, tx, before.ID, f.Name); err != nil {
			return Customer{}, err
		}
	}
	if verdict.national != before.National {
		if err := selection.Note(ctx, tx, before.ID, verdict.national, verdict.policy, verdict.clause, selection.Changed); err != nil {
			return Customer{}, err
		}
	}
	if f.ManagerID != before.ManagerID {
		if err := recordManager(ctx, tx, caller, before.ID, before.ManagerID, f.ManagerID); err != nil {
			return Customer{}, err
		}
	}
	if f.Class != before.Class {
		if err := recordClass(ctx, tx, caller, before.ID, before.Class, f.Class, why.class); err != nil {
			return Customer{}, err
		}
	}
	if f.Lifecycle != before.Lifecycle {
		if err := recordStage(ctx, tx, caller, before, f.Lifecycle, why.stage); err != nil {
			return Customer{}, err
		}
	}
	err = audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.change",
		ObjectKind: "customer", ObjectID: before.ID, CustomerID: before.ID, Before: d.before, After: d.after,
	})
	if err != nil {
		return Customer{}, err
	}
	return one(ctx, tx.PGX(), account.System("change"), `c.id = @id`, pgx.NamedArgs{"id": before.ID}, ``)
}

// judged are the facts that a selection policy looks at; crosses is what it goes by, see Customer.
func judged(number string, f Facts, crosses bool) selection.Facts {
	return selection.Facts{
		Number: number, CreditCode: f.CreditCode, Class: f.Class, Industry: f.Industry, City: f.City,
		CrossProvince: crosses, Sensitive: f.Sensitive,
	}
}

// verdict is whether a customer goes up, and by what.
type verdict struct {
	national bool
	policy   selection.Policy
	clause   selection.Clause
}

// follow is the difference between a customer and new facts, with what follows from these: whether
// the list of key accounts names it, whether it spans provinces, whether it goes up.
func (s *Store) follow(ctx context.Context, tx pg.Tx, before Customer, f Facts) (delta, verdict, error) {
	policy, err := selection.InForce(ctx, tx)
	if err != nil {
		return delta{}, verdict{}, err
	}
	listed, err := reference.KeyAccountOf(ctx, tx, string(f.CreditCode))
	if err != nil {
		return delta{}, verdict{}, err
	}
	d, v := consequences(before, f, policy, listed)
	return d, v, nil
}

// consequences is what follow finds, once policy and list are known.
func consequences(before Customer, f Facts, policy selection.Policy, listed reference.KeyAccount) (delta, verdict) {
	d := difference(&before.Facts, &f)
	if listed.ID != before.KeyAccountID {
		d.set("keyAccount", "key_account_id", unlessZero(before.KeyAccountID), unlessZero(listed.ID))
		d.before["keyAccount"], d.after["keyAccount"] = before.KeyAccountName, listed.Name // a person reads the trail
	}
	crosses := f.CrossProvince || listed.ID != 0
	if crosses != before.CrossesProvinces {
		d.set("crossesProvinces", "cross_province", before.CrossesProvinces, crosses)
	}
	v := verdict{policy: policy}
	if v.national, v.clause = policy.Rule.Judge(judged(before.Number, f, crosses)); v.national != before.National {
		d.set("national", "national", before.National, v.national)
	}
	return d, v
}

// checkReferences gives faults for a new parent that the caller cannot see or that stands below the
// customer itself, and for a new manager who is no person within the caller's scope.
func (s *Store) checkReferences(ctx context.Context, tx pg.Tx, caller account.Caller, before Customer, f Facts) error {
	if f.ParentID != 0 && f.ParentID != before.ParentID {
		if err := s.checkParent(ctx, tx, caller, before.ID, f.ParentID); err != nil {
			return err
		}
	}
	if f.ManagerID == 0 || f.ManagerID == before.ManagerID {
		return nil
	}
	var path string
	err := tx.PGX().QueryRow(ctx, `SELECT path FROM crm.organisation WHERE id = $1 AND kind = 'person' AND active FOR KEY SHARE`, f.ManagerID).Scan(&path)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if err != nil || !caller.Scope().Covers(f.ManagerID, path) {
		return fault.Field(fault.Rule, "managerId", "customer.manager.unknown")
	}
	return nil
}

// holdTree takes treeLock for a save that changes the parent. That comes before the locks of rows, as in
// a merge, so that neither waits for what the other holds.
func holdTree(ctx context.Context, tx pg.Tx, id, parent int64) error {
	const hold = `SELECT pg_advisory_xact_lock($1) FROM crm.customer WHERE id = $2 AND parent_id IS DISTINCT FROM nullif($3::bigint, 0)`
	_, err := tx.PGX().Exec(ctx, hold, int64(treeLock), id, parent)
	return err
}

func (s *Store) checkParent(ctx context.Context, tx pg.Tx, caller account.Caller, id, parent int64) error {
	if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(treeLock)); err != nil {
		return err
	}
	if _, err := s.GetIn(ctx, tx, caller, parent); fault.Is(err, fault.NotFound) {
		return fault.Field(fault.Rule, "parentId", "customer.parent.unknown")
	} else if err != nil {
		return err
	}
	circle, err := standsBelow(ctx, tx, parent, id)
	if err == nil && circle {
		return fault.Field(fault.Rule, "parentId", "customer.parent.circle")
	}
	return err
}

// standsBelow reports whether a customer is another or stands below it. The caller holds treeLock.
func standsBelow(ctx context.Context, tx pg.Tx, id, above int64) (below bool, err error) {
	const query = `WITH RECURSIVE above AS (
			SELECT id, parent_id FROM crm.customer WHERE id = $1
			UNION SELECT c.id, c.parent_id FROM crm.customer c JOIN above a ON c.id = a.parent_id)
		SELECT EXISTS (SELECT FROM above WHERE id = $2)`
	err = tx.PGX().QueryRow(ctx, query, id, above).Scan(&below)
	return below, err
}

// taken turns PostgreSQL's refusal of a unique value into an Exists fault.
func taken(err error) error {
	switch {
	case pg.Violates(err, "customer_credit_code_is_unique"):
		return fault.Field(fault.Exists, "creditCode", "customer.credit_code.exists")
	case pg.Violates(err, "customer_number_is_unique"):
		return fault.Field(fault.Exists, "number", "customer.number.exists")
	}
	return err
}
