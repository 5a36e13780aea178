package exporting

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

const requestColumns = `r.id, r.requester_id, r.requester, r.ordered, r.customers, r.reason,
	CASE WHEN r.state = 'waiting' AND r.expires_at <= now() THEN 'expired' ELSE r.state END AS state,
	r.created_at, r.expires_at, r.decided_by, r.decided_at, r.answer, coalesce(r.job_id, 0) AS job_id`

// deciding is the condition that the caller reaches all that the requester of a row r reached, as far as units tell.
// Of sensitive customers, and of what has changed since, the approval itself looks at every one.
func deciding(caller account.Caller, args pgx.NamedArgs) string {
	scope := caller.Scope()
	switch {
	case !caller.May(account.ExportApprove):
	case scope.Reach >= account.ReachProvince:
		return `true`
	case scope.Reach == account.ReachDepartment:
		args["path"] = scope.Path
		return `(r.reach IN ('own', 'department') AND r.path LIKE @path || '%')`
	}
	return `false`
}

// seen is the condition that the caller may see a row r.
func seen(caller account.Caller, args pgx.NamedArgs) string {
	args["account"] = caller.AccountID
	return `(r.requester_id = @account OR ` + deciding(caller, args) + `)`
}

// Ask makes a request of an export that the caller may not make alone. Faults: those of Start, no reason, an export
// that needs no second person.
func (s *Store) Ask(ctx context.Context, caller account.Caller, o Order, reason string) (Request, error) {
	found, err := s.find(ctx, caller, o)
	if err != nil {
		return Request{}, err
	}
	if reason, err = tidyReason(reason); err != nil {
		return Request{}, err
	}
	var r Request
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rule, err := readRule(ctx, tx, ``)
		if err != nil {
			return err
		}
		if rule.alone(len(found.Lines)) == nil {
			return fault.New(fault.Rule, "export.needs_no_approval", "max", rule.MostAlone)
		}
		scope := caller.Scope()
		const insert = `INSERT INTO crm.export_request AS r (requester_id, requester, reach, path, ordered, customers, reason, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(hours => $8)) RETURNING ` + requestColumns
		rows, err := tx.PGX().Query(ctx, insert, caller.AccountID, caller.Login, scope.Reach.String(), scope.Path, o, len(found.Lines), reason, rule.WaitHours)
		if err != nil {
			return err
		}
		if r, err = oneRequest(rows); err != nil {
			return err
		}
		return record(ctx, tx, caller, "export.ask", r.ID, nil, map[string]any{"customers": r.Customers, "reason": reason, "ordered": o})
	})
	return r, err
}

// Requests reads a page of the caller's own requests and of those that the caller may decide, the newest first, and
// how many there are; an empty state is any.
func (s *Store) Requests(ctx context.Context, caller account.Caller, state State, page, size int) (list []Request, total int, err error) {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return nil, 0, err
	}
	args := pgx.NamedArgs{"state": string(state), "size": size, "skip": (page - 1) * size}
	from := ` FROM (SELECT ` + requestColumns + ` FROM crm.export_request r WHERE ` + seen(caller, args) + `) r WHERE @state IN ('', r.state)`
	if err := s.db.QueryRow(ctx, `SELECT count(*)`+from, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, `SELECT r.*`+from+` ORDER BY r.id DESC LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Request])
	return list, total, err
}

// Notices reads the caller's own requests that were decided and that the caller has not acknowledged, the last decided
// first. It needs customer.export.
func (s *Store) Notices(ctx context.Context, caller account.Caller) ([]Request, error) {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+requestColumns+` FROM crm.export_request r WHERE r.requester_id = $1 AND NOT r.requester_told
		ORDER BY r.decided_at DESC LIMIT 20`, caller.AccountID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Request])
}

// Acknowledge takes a request of the caller's own off the notices. Faults: Denied without customer.export, NotFound.
func (s *Store) Acknowledge(ctx context.Context, caller account.Caller, id int64) error {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		tag, err := tx.PGX().Exec(ctx, `UPDATE crm.export_request SET requester_told = true WHERE id = $1 AND requester_id = $2`, id, caller.AccountID)
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.NotFound, "export.request.unknown")
		}
		return err
	})
}

// Approve starts the export of another person's request, which the caller has seen with so many customers. callerOf
// gives the requester's rights of the moment. Faults: Denied without the right, for one's own request, or if it has a customer that
// the caller does not reach; NotFound; a request that is decided or has expired, or whose requester is gone; those of
// Start. A *ChangedError has the request as it is to be approved now.
func (s *Store) Approve(ctx context.Context, caller account.Caller, callerOf func(context.Context, int64) (account.Caller, error), id int64, customers int) (Request, error) {
	var changed error
	r, err := s.decide(ctx, caller, id, func(tx pg.Tx, r Request) (Request, error) {
		if customers != r.Customers {
			changed = &ChangedError{r}
			return r, nil
		}
		requester, err := callerOf(ctx, r.RequesterID)
		if errors.Is(err, account.ErrNoAccount) {
			return r, fault.New(fault.Rule, "export.request.requester_gone")
		} else if err != nil {
			return r, err
		}
		found, err := s.find(ctx, requester, r.Ordered)
		if err != nil {
			return r, err
		}
		if grown(len(found.Lines), r.Customers) {
			r, err = updated(ctx, tx, `UPDATE crm.export_request AS r SET customers = $2 WHERE id = $1 RETURNING `, r.ID, len(found.Lines))
			changed = &ChangedError{r}
			return r, errors.Join(err, record(ctx, tx, caller, "export.grow", r.ID, map[string]any{"customers": customers}, map[string]any{"customers": r.Customers}))
		}
		return s.approve(ctx, tx, caller, requester, r, found)
	})
	if err == nil && changed == nil {
		s.jobs.Wake()
	}
	return r, errors.Join(err, changed)
}

// approve starts the job of what was found for a request.
func (s *Store) approve(ctx context.Context, tx pg.Tx, caller, requester account.Caller, r Request, found findings) (Request, error) {
	reached, err := s.customers.Reached(ctx, tx, caller, found.ids)
	if err != nil {
		return r, err
	}
	if beyond := len(found.ids) - reached; beyond > 0 {
		return r, fault.New(fault.Denied, "export.request.beyond_reach", "customers", beyond)
	}
	j, err := s.jobs.StartIn(ctx, tx, requester, found.Order)
	if err != nil {
		return r, err
	}
	const update = `UPDATE crm.export_request AS r SET state = 'approved', decided_by_id = $2, decided_by = $3, decided_at = now(), job_id = $4, requester_told = false
		WHERE id = $1 RETURNING `
	if r, err = updated(ctx, tx, update, r.ID, caller.AccountID, caller.Login, j.ID); err != nil {
		return r, err
	}
	return r, record(ctx, tx, caller, "export.approve", r.ID, nil, map[string]any{"requester": r.Requester, "customers": len(found.ids), "jobId": j.ID})
}

// Decline answers another person's request with no, and why. Faults: those of Approve, no reason.
func (s *Store) Decline(ctx context.Context, caller account.Caller, id int64, reason string) (Request, error) {
	return s.decide(ctx, caller, id, func(tx pg.Tx, r Request) (Request, error) {
		reason, err := tidyReason(reason)
		if err != nil {
			return r, err
		}
		const update = `UPDATE crm.export_request AS r SET state = 'declined', decided_by_id = $2, decided_by = $3, decided_at = now(), answer = $4, requester_told = false
			WHERE id = $1 RETURNING `
		if r, err = updated(ctx, tx, update, r.ID, caller.AccountID, caller.Login, reason); err != nil {
			return r, err
		}
		return r, record(ctx, tx, caller, "export.decline", r.ID, nil, map[string]any{"requester": r.Requester, "reason": reason})
	})
}

// decide holds a request that the caller may decide, and has do decide it.
func (s *Store) decide(ctx context.Context, caller account.Caller, id int64, do func(pg.Tx, Request) (Request, error)) (r Request, err error) {
	if err := caller.Demand(account.ExportApprove); err != nil {
		return Request{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		args := pgx.NamedArgs{"id": id}
		rows, err := tx.PGX().Query(ctx, `SELECT `+requestColumns+` FROM crm.export_request r WHERE r.id = @id AND `+seen(caller, args)+` FOR UPDATE`, args)
		if err != nil {
			return err
		}
		if r, err = oneRequest(rows); err != nil {
			return err
		}
		if err := r.decidable(caller.AccountID); err != nil {
			return err
		}
		r, err = do(tx, r)
		return err
	})
	return r, err
}

func updated(ctx context.Context, tx pg.Tx, update string, args ...any) (Request, error) {
	rows, err := tx.PGX().Query(ctx, update+requestColumns, args...)
	if err != nil {
		return Request{}, err
	}
	return oneRequest(rows)
}

func oneRequest(rows pgx.Rows) (Request, error) {
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Request])
	if errors.Is(err, pgx.ErrNoRows) {
		return Request{}, fault.New(fault.NotFound, "export.request.unknown")
	}
	return r, err
}

// Rule reads the rule. It needs customer.export.
func (s *Store) Rule(ctx context.Context, caller account.Caller) (r Rule, err error) {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return Rule{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err = readRule(ctx, tx, ``)
		return err
	})
	return r, err
}

func readRule(ctx context.Context, tx pg.Tx, lock string) (Rule, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT most_alone, wait_hours, version, author, changed_at FROM crm.export_rule`+lock)
	if err != nil {
		return Rule{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Rule])
}

// State replaces the rule that the caller saw in the given version; requests that wait stay as they are. Faults:
// Denied without rule.manage, numbers out of bounds, a *fault.StaleError.
func (s *Store) State(ctx context.Context, caller account.Caller, version int32, to Rule) (r Rule, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return Rule{}, err
	}
	if err := to.check(); err != nil {
		return Rule{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := readRule(ctx, tx, ` FOR UPDATE`)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("export.rule.conflict", before.Version, before)
		}
		const update = `UPDATE crm.export_rule SET most_alone = $1, wait_hours = $2, version = version + 1, author = $3, changed_at = now()`
		if _, err := tx.PGX().Exec(ctx, update, to.MostAlone, to.WaitHours, caller.Actor()); err != nil {
			return err
		}
		was, is := audit.Differences(
			map[string]any{"mostAlone": before.MostAlone, "waitHours": before.WaitHours}, map[string]any{"mostAlone": to.MostAlone, "waitHours": to.WaitHours})
		if err := record(ctx, tx, caller, "export.rule", 0, was, is); err != nil {
			return err
		}
		r, err = readRule(ctx, tx, ``)
		return err
	})
	return r, err
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, id int64, before, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "export_request", ObjectID: id, Before: before, After: after,
	})
}
