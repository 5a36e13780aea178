package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the pool's rule, and moves customers out of the pool and into it.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

// Rule reads the rule. It needs customer.claim, else Denied.
func (s *Store) Rule(ctx context.Context, caller account.Caller) (r Rule, err error) {
	if err := caller.Demand(account.CustomerClaim); err != nil {
		return Rule{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err = rule(ctx, tx, ``)
		return err
	})
	return r, err
}

func rule(ctx context.Context, tx pg.Tx, lock string) (r Rule, err error) {
	rows, err := tx.PGX().Query(ctx, `SELECT most_held, cooling_days, idle_days, idle_states, version, author, changed_at FROM crm.pool_rule`+lock)
	if err != nil {
		return Rule{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Rule])
}

// State replaces the rule, which the caller saw in the version that to has. Faults: Denied, numbers out of bounds (joined), a
// *fault.StaleError.
func (s *Store) State(ctx context.Context, caller account.Caller, to Rule) (r Rule, err error) {
	if err := errors.Join(caller.Demand(account.RuleManage), to.check()); err != nil {
		return Rule{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := rule(ctx, tx, ` FOR UPDATE`)
		if err != nil {
			return err
		}
		if before.Version != to.Version {
			return fault.Stale("pool.version.conflict", before.Version, before)
		}
		const update = `UPDATE crm.pool_rule SET most_held = $1, cooling_days = $2, idle_days = $3, idle_states = $4,
			version = version + 1, author = $5, changed_at = now()`
		if _, err := tx.PGX().Exec(ctx, update, to.MostHeld, to.CoolingDays, to.IdleDays, to.IdleStates, caller.Actor()); err != nil {
			return err
		}
		if r, err = rule(ctx, tx, ``); err != nil {
			return err
		}
		was, is := audit.Differences(described(before), described(r))
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "pool.rule.change", ObjectKind: "pool", Before: was, After: is,
		})
	})
	return r, err
}

func described(r Rule) map[string]any {
	return map[string]any{"mostHeld": r.MostHeld, "coolingDays": r.CoolingDays, "idleDays": r.IdleDays, "idleStates": fmt.Sprint(r.IdleStates)}
}

// held is how many customers a manager has.
func held(ctx context.Context, tx pg.Tx, manager int64) (n int, err error) {
	err = tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.customer WHERE manager_id = $1 AND merged_into IS NULL`, manager).Scan(&n)
	return n, err
}

// Claim gives a customer of the caller's pool into the care of a person in the caller's scope, 0 for the caller
// themself. Faults: Denied, NotFound for a customer that is not in the pool, a Conflict for one that somebody has just
// taken, Rule for a person who is no account manager in reach, who has as many customers as allowed, or who has
// returned this one not long ago.
func (s *Store) Claim(ctx context.Context, caller account.Caller, id, toID int64) error {
	if err := caller.Demand(account.CustomerClaim); err != nil {
		return err
	}
	if toID == 0 {
		toID = caller.UnitID
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		to, err := receiver(ctx, tx, caller, toID)
		if err != nil {
			return err
		}
		c, err := s.customers.HoldPooled(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := mayTake(ctx, tx, to.ID, c.ID); err != nil {
			return err
		}
		return s.customers.Claim(ctx, tx, caller, customer.Assignment{CustomerID: c.ID, To: to})
	})
}

// receiver reads the person who is to have a customer, and holds their row: what they take at once is counted one by one.
func receiver(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (p customer.Person, err error) {
	var path string
	const query = `SELECT id, code, name, path FROM crm.organisation WHERE id = $1 AND kind = 'person' AND active FOR NO KEY UPDATE`
	err = tx.PGX().QueryRow(ctx, query, id).Scan(&p.ID, &p.Code, &p.Name, &path)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !caller.Scope().Covers(p.ID, path) {
		err = fault.Field(fault.Rule, "toId", "pool.to.unknown")
	}
	return p, err
}

// mayTake gives a Rule fault for a person who has as many customers as allowed, or who has returned this one not long ago.
func mayTake(ctx context.Context, tx pg.Tx, person, id int64) error {
	r, err := rule(ctx, tx, ``)
	if err != nil {
		return err
	}
	n, err := held(ctx, tx, person)
	if err != nil {
		return err
	}
	if n >= r.MostHeld {
		return fault.New(fault.Rule, "pool.full", "most", r.MostHeld)
	}
	var until *time.Time
	const returned = `SELECT max(at) + make_interval(days => $3) FROM crm.responsibility WHERE customer_id = $1 AND from_id = $2 AND to_id IS NULL`
	if err := tx.PGX().QueryRow(ctx, returned, id, person, r.CoolingDays).Scan(&until); err != nil {
		return err
	}
	if until != nil && until.After(time.Now()) {
		return fault.New(fault.Rule, "pool.cooling", "until", until.Format(time.RFC3339))
	}
	return nil
}

// Return gives a customer in the caller's own care, or with customer.assign one in scope, back into the pool. One that is
// there already stays there. Faults: Denied, NotFound, no reason.
func (s *Store) Return(ctx context.Context, caller account.Caller, id int64, reason string) error {
	if err := caller.Demand(account.CustomerClaim); err != nil {
		return err
	}
	reason, err := fault.Text("reason", reason, maxReason)
	if err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		c, err := s.customers.Lock(ctx, tx, caller, id)
		if err != nil || c.ManagerID == 0 {
			return err
		}
		if c.ManagerID != caller.UnitID { // nor does who stands in for the manager
			if err := caller.Demand(account.CustomerAssign); err != nil {
				return err
			}
		}
		from := customer.Person{ID: c.ManagerID, Name: c.ManagerName}
		return s.customers.Return(ctx, tx, caller, []customer.Assignment{{CustomerID: c.ID, From: from}}, reason)
	})
}

// idleBatch is how many customers a transaction of ReturnIdle looks at.
const idleBatch = 500

// ReturnIdle gives back into the pool what the rule says, and says how many customers that were.
func (s *Store) ReturnIdle(ctx context.Context, now time.Time) (returned int, err error) {
	var after customer.Moment
	for more := true; more && err == nil; {
		err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
			r, err := rule(ctx, tx, ``)
			if err != nil || r.IdleDays == 0 {
				more = false
				return err
			}
			list, last, err := s.customers.Idle(ctx, tx, r.IdleStates, now.AddDate(0, 0, -r.IdleDays), after, idleBatch)
			if err != nil {
				return err
			}
			reason := fmt.Sprintf("%d 天无变更和互动，自动退回 (returned after %d idle days)", r.IdleDays, r.IdleDays)
			if err := s.customers.Return(ctx, tx, account.System("pool"), list, reason); err != nil {
				return err
			}
			after, more, returned = last, len(list) == idleBatch, returned+len(list)
			return nil
		})
	}
	return returned, err
}
