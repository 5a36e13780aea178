package customer

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/organisation"
)

// Viewers lists who is named for a customer, those too whose last day is past, by login; and who can be named. Faults:
// Denied, and NotFound.
func (s *Store) Viewers(ctx context.Context, caller account.Caller, id int64) (list []Viewer, candidates []Candidate, err error) {
	if err := caller.Demand(account.CustomerSensitive); err != nil {
		return nil, nil, err
	}
	if _, err := s.Get(ctx, caller, id); err != nil {
		return nil, nil, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		list, candidates, err = viewers(ctx, tx, id)
		return err
	})
	return list, candidates, err
}

func viewers(ctx context.Context, tx pg.Tx, id int64) ([]Viewer, []Candidate, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT v.account_id, a.login, a.name, v.until, v.reason, v.named_by, v.named_at
		FROM crm.sensitive_viewer v JOIN account.account a ON a.id = v.account_id WHERE v.customer_id = $1 ORDER BY a.login LIMIT 200`, id)
	if err != nil {
		return nil, nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Viewer])
	if err != nil {
		return nil, nil, err
	}
	rows, err = tx.PGX().Query(ctx, `SELECT a.id, a.login, a.name FROM account.account a WHERE `+nameable+` ORDER BY a.login LIMIT 1000`, id, account.DepartmentHead)
	if err != nil {
		return nil, nil, err
	}
	candidates, err := pgx.CollectRows(rows, pgx.RowToStructByName[Candidate])
	return list, candidates, err
}

// nameable is the condition that an account a can be named for the customer $1; the role $2 is head of a department.
const nameable = `a.active AND (a.role = $2 OR EXISTS (SELECT FROM crm.deputy d JOIN crm.customer c ON c.manager_id = d.absent_id
	WHERE c.id = $1 AND d.account_id = a.id AND ` + organisation.DeputyRuns + `)
	OR EXISTS (SELECT FROM crm.team_member t WHERE t.customer_id = $1 AND t.account_id = a.id AND ` + organisation.TeamServes + `))`

// Name names a person for a customer, up to a day, or anew with another day and reason. Faults: Denied, NotFound,
// a reason or day that is not allowed, and Rule for who is no active head of a department, does not stand in for the
// customer's manager and is not in its team.
func (s *Store) Name(ctx context.Context, caller account.Caller, id, accountID int64, until time.Time, reason string) error {
	return s.changeViewers(ctx, caller, id, func(tx pg.Tx) (audit.Entry, error) {
		reason, err := naming(reason, until, time.Now())
		if err != nil {
			return audit.Entry{}, err
		}
		var login string
		const insert = `WITH named AS (
				INSERT INTO crm.sensitive_viewer (customer_id, account_id, until, reason, named_by)
				SELECT $1, a.id, $4, $5, $6 FROM account.account a WHERE a.id = $3 AND ` + nameable + `
				ON CONFLICT ON CONSTRAINT sensitive_viewer_is_named_once DO UPDATE
				SET until = excluded.until, reason = excluded.reason, named_by = excluded.named_by, named_at = now()
				RETURNING account_id)
			SELECT a.login FROM named JOIN account.account a ON a.id = named.account_id`
		err = tx.PGX().QueryRow(ctx, insert, id, account.DepartmentHead, accountID, until, reason, caller.Actor()).Scan(&login)
		if errors.Is(err, pgx.ErrNoRows) {
			err = fault.New(fault.Rule, "customer.viewer.head")
		}
		after := map[string]any{"viewer": login, "until": until.Format(time.DateOnly), "reason": reason}
		return audit.Entry{Action: "customer.viewer.name", After: after}, err
	})
}

// Unname ends that a person is named for a customer. Faults: Denied, and NotFound, also for who is not named.
func (s *Store) Unname(ctx context.Context, caller account.Caller, id, accountID int64) error {
	return s.changeViewers(ctx, caller, id, func(tx pg.Tx) (audit.Entry, error) {
		var login string
		const remove = `DELETE FROM crm.sensitive_viewer v USING account.account a
			WHERE v.customer_id = $1 AND v.account_id = $2 AND a.id = v.account_id RETURNING a.login`
		err := tx.PGX().QueryRow(ctx, remove, id, accountID).Scan(&login)
		if errors.Is(err, pgx.ErrNoRows) {
			err = fault.New(fault.NotFound, "customer.viewer.unknown")
		}
		return audit.Entry{Action: "customer.viewer.unname", Before: map[string]any{"viewer": login}}, err
	})
}

// changeViewers does a change of who is named for a customer and records it.
func (s *Store) changeViewers(ctx context.Context, caller account.Caller, id int64, change func(pg.Tx) (audit.Entry, error)) error {
	if err := caller.Demand(account.CustomerSensitive); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.Lock(ctx, tx, caller, id); err != nil {
			return err
		}
		e, err := change(tx)
		if err != nil {
			return err
		}
		e.Actor, e.ActorID, e.ObjectKind, e.ObjectID, e.CustomerID = caller.Actor(), caller.AccountID, "customer", id, id
		return audit.Record(ctx, tx, e)
	})
}
