package rule

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Stage says where a customer stands in the life cycle and why. One that does not exist or that the caller may not see
// is a NotFound fault.
func (s *Store) Stage(ctx context.Context, caller account.Caller, customerID int64) (of StageOf, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		of, err = s.stage(ctx, tx, caller, customerID)
		return err
	})
	return of, err
}

func (s *Store) stage(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64) (of StageOf, err error) {
	c, err := s.customers.GetIn(ctx, tx, caller, customerID)
	if err != nil {
		return of, err
	}
	of.Stage, of.Since = c.Lifecycle, c.CreatedAt
	if of.History, err = s.customers.StageHistory(ctx, tx, customerID); err != nil {
		return of, err
	}
	if len(of.History) > 0 {
		of.Since = of.History[0].At
	}
	v, err := inForce(ctx, tx, Lifecycle)
	if err != nil {
		return of, err
	}
	of.Strategy = v.Strategies[string(c.Lifecycle)]
	var h Hold
	err = tx.PGX().QueryRow(ctx, `SELECT until, reason, actor, at FROM crm.lifecycle_hold WHERE customer_id = $1 AND until >= $2`,
		customerID, time.Now().In(s.zone).Format(time.DateOnly)).Scan(&h.Until, &h.Reason, &h.Actor, &h.At)
	if err == nil {
		of.Hold = &h
	} else if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return of, err
}

// Set sets a customer's stage as a person wants it, and keeps rules from changing it up to a day. Faults: Denied,
// NotFound, what is wrong with the wish, a step that the life cycle does not have.
func (s *Store) Set(ctx context.Context, caller account.Caller, customerID int64, w Wish) (of StageOf, err error) {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return StageOf{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.customers.Lock(ctx, tx, caller, customerID)
		if err != nil {
			return err
		}
		w, err := w.check(time.Now().In(s.zone))
		if err != nil {
			return err
		}
		if before.Lifecycle != w.Stage {
			if _, err := s.customers.Move(ctx, tx, caller, before, w.Stage, w.Reason); err != nil {
				return err
			}
		}
		const hold = `INSERT INTO crm.lifecycle_hold (customer_id, until, reason, actor) VALUES ($1, $2, $3, $4)
			ON CONFLICT (customer_id) DO UPDATE SET until = excluded.until, reason = excluded.reason, actor = excluded.actor, at = now()`
		if _, err := tx.PGX().Exec(ctx, hold, customerID, w.Until, w.Reason, caller.Actor()); err != nil {
			return err
		}
		if err := recordHold(ctx, tx, caller, "customer.stage.hold", customerID, map[string]any{
			"stage": w.Stage, "until": w.Until.Format(time.DateOnly), "reason": w.Reason,
		}); err != nil {
			return err
		}
		of, err = s.stage(ctx, tx, caller, customerID)
		return err
	})
	return of, err
}

// Release lets rules move a customer again. Faults: Denied, NotFound, also for a customer whose stage nobody holds.
func (s *Store) Release(ctx context.Context, caller account.Caller, customerID int64) (of StageOf, err error) {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return StageOf{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.customers.Lock(ctx, tx, caller, customerID); err != nil {
			return err
		}
		tag, err := tx.PGX().Exec(ctx, `DELETE FROM crm.lifecycle_hold WHERE customer_id = $1`, customerID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "rule.hold.none")
		}
		if err := recordHold(ctx, tx, caller, "customer.stage.release", customerID, nil); err != nil {
			return err
		}
		of, err = s.stage(ctx, tx, caller, customerID)
		return err
	})
	return of, err
}

func recordHold(ctx context.Context, tx pg.Tx, caller account.Caller, action string, customerID int64, after map[string]any) error {
	e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "stage", ObjectID: customerID, CustomerID: customerID}
	if after != nil {
		e.After = after
	}
	return audit.Record(ctx, tx, e)
}
