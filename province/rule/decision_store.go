package rule

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/job"
	"jike/schemas/codes"
)

// Decide confirms or declines proposals for customers within the caller's scope. Faults: Denied, no customers or too
// many, no reason.
func (s *Store) Decide(ctx context.Context, caller account.Caller, d Decision) (done Decided, err error) {
	if err := caller.Demand(d.Kind.right()); err != nil {
		return Decided{}, err
	}
	if d, err = d.check(); err != nil {
		return Decided{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rows, err := tx.PGX().Query(ctx, `SELECT number FROM crm.customer WHERE id = ANY ($1)`, d.Customers)
		if err != nil {
			return err
		}
		numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		open, err := s.held(ctx, tx, caller, d.Kind, numbers)
		if err != nil {
			return err
		}
		faults, err := s.decide(ctx, tx, caller, d.Kind, open, d.Answer)
		for _, f := range faults {
			if f != nil {
				done.Refused++
			} else {
				done.Done++
			}
		}
		return err
	})
	return done, err
}

// standing is an open proposal with its customer, both of which the transaction has locked.
type standing struct {
	customer.Customer
	to      string
	grounds []byte
}

// held reads the open proposals of a kind for customers in the caller's charge and keeps both as they are until the
// transaction ends.
func (s *Store) held(ctx context.Context, tx pg.Tx, caller account.Caller, kind Kind, numbers []string) ([]standing, error) {
	found, err := s.customers.Match(ctx, tx, caller, customer.ByNumber, numbers, true)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(found))
	for _, list := range found {
		ids = append(ids, list[0].ID)
	}
	// A run may write others meanwhile, and locks no customers for that.
	const query = `SELECT c.number, p.value_to, p.grounds FROM crm.proposal p JOIN crm.customer c ON c.id = p.customer_id` + rosterOf + `
		WHERE p.kind = $1 AND p.customer_id = ANY ($2) AND ` + stands + ` ORDER BY p.customer_id FOR UPDATE OF p`
	rows, err := tx.PGX().Query(ctx, query, kind, ids)
	if err != nil {
		return nil, err
	}
	var list []standing
	var number, to string
	var grounds []byte
	_, err = pgx.ForEachRow(rows, []any{&number, &to, &grounds}, func() error {
		list = append(list, standing{found[number][0], to, slices.Clone(grounds)})
		return nil
	})
	return list, err
}

// decide gives an answer to proposals that the transaction holds. Each has its own fault, of what the file of its
// customer does not allow, in the order of open; an error is none of them and must undo the transaction.
func (s *Store) decide(ctx context.Context, tx pg.Tx, caller account.Caller, kind Kind, open []standing, a Answer) ([]error, error) {
	if len(open) == 0 {
		return nil, nil
	}
	faults := make([]error, len(open)) // none
	var err error
	switch {
	case !a.Confirm:
		err = decline(ctx, tx, caller, kind, open, a.Reason)
	case kind == Grade:
		faults, err = s.reclass(ctx, tx, caller, open, a.Reason)
	default:
		err = s.enrol(ctx, tx, caller, kind.roster(), open, a.Reason)
	}
	if err != nil {
		return nil, err
	}
	var done []int64
	for i, f := range faults {
		if f == nil {
			done = append(done, open[i].ID)
		}
	}
	const decided = `UPDATE crm.proposal SET decided_by = $3, decided_at = now(), reason = $4 WHERE kind = $1 AND customer_id = ANY ($2)`
	_, err = tx.PGX().Exec(ctx, decided, kind, done, caller.Actor(), a.Reason)
	return faults, err
}

// reclass gives customers the classes that are proposed.
func (s *Store) reclass(ctx context.Context, tx pg.Tx, caller account.Caller, open []standing, reason string) ([]error, error) {
	asked := make([]customer.Asked, len(open))
	for i, p := range open {
		asked[i] = customer.Asked{Before: p.Customer, Facts: p.Facts, ClassReason: reason}
		asked[i].Facts.Class = codes.Class(p.to)
	}
	saved, err := s.customers.SaveAll(ctx, tx, caller, asked, customer.How{})
	faults := make([]error, len(saved))
	for i, result := range saved {
		faults[i] = result.Err
	}
	return faults, err
}

// enrol puts customers into a roster and takes others out, as is proposed.
func (s *Store) enrol(ctx context.Context, tx pg.Tx, caller account.Caller, roster int64, open []standing, reason string) error {
	in := map[int64][]byte{}
	var out []int64
	for _, p := range open {
		if p.to == Out {
			out = append(out, p.ID)
		} else {
			in[p.ID] = p.grounds
		}
	}
	if err := s.rosters.Enter(ctx, tx, caller, roster, in, reason); err != nil {
		return err
	}
	return s.rosters.Leave(ctx, tx, caller, roster, out, reason)
}

// decline keeps in the trail of customers that what is proposed for them was declined.
func decline(ctx context.Context, tx pg.Tx, caller account.Caller, kind Kind, open []standing, reason string) error {
	trail := make([]audit.Entry, len(open))
	for i, p := range open {
		trail[i] = audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.class.decline", ObjectKind: "proposal", ObjectID: p.ID, CustomerID: p.ID,
			After: map[string]any{"from": p.Class, "to": p.to, "reason": reason},
		}
		if kind != Grade {
			trail[i].Action, trail[i].ObjectKind, trail[i].ObjectID = "roster.decline", "roster", kind.roster()
			trail[i].After = map[string]any{"to": p.to, "reason": reason}
		}
	}
	return audit.RecordAll(ctx, tx, trail)
}

// Count counts the open proposals that a question means, for customers within the caller's scope. Faults: Denied, a
// value that the kind does not have, a roster that does not exist, more than a job can decide.
func (s *Store) Count(ctx context.Context, caller account.Caller, q Question) (n int, err error) {
	if err := s.ask(ctx, caller, q); err != nil {
		return 0, err
	}
	args := pgx.NamedArgs{"most": job.MaxLines + 1}
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM (SELECT`+q.open(caller, args)+` LIMIT @most) p`, planned, args).Scan(&n)
	if err == nil && n > job.MaxLines {
		err = tooMany()
	}
	return n, err
}

// tooMany is the fault of more proposals than a job can decide.
func tooMany() error {
	return fault.New(fault.TooLong, "rule.decision.too_many", "max", job.MaxLines)
}

// DecideAll has a job answer all open proposals that a question means, for customers within the caller's scope. Faults:
// Denied, those of Count, no reason, none that is open, and a Conflict if there are not as many as the person saw.
func (s *Store) DecideAll(ctx context.Context, caller account.Caller, o Order) (j job.Job, err error) {
	if err := caller.Demand(o.Kind.right()); err != nil {
		return job.Job{}, err
	}
	if o.Answer, err = o.Answer.check(); err != nil {
		return job.Job{}, err
	}
	if err := s.ask(ctx, caller, o.Question); err != nil {
		return job.Job{}, err
	}
	args := pgx.NamedArgs{"most": job.MaxLines + 1}
	rows, err := s.db.Query(ctx, `SELECT ARRAY[c.number, c.name, p.value_from, p.value_to]`+o.open(caller, args)+` ORDER BY p.customer_id LIMIT @most`, planned, args)
	if err != nil {
		return job.Job{}, err
	}
	cells, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	switch {
	case err != nil:
		return job.Job{}, err
	case len(cells) == 0:
		return job.Job{}, fault.New(fault.TooShort, "rule.proposal.none")
	case len(cells) > job.MaxLines:
		return job.Job{}, tooMany()
	case len(cells) != o.Expected:
		return job.Job{}, fault.New(fault.Conflict, "choice.changed", "count", len(cells))
	}
	language := 0
	if caller.Language == "en" {
		language = 1
	}
	lines := make([]job.Line, len(cells))
	for i, line := range cells {
		line[cellFrom], line[cellTo] = saying(line[cellFrom], language), saying(line[cellTo], language)
		lines[i].Cells = line
	}
	return s.jobs.Start(ctx, caller, job.Order{Kind: JobKind, Parameters: o.parameters(), Columns: heads[language], Lines: lines})
}

// decideLines answers the proposals of a job's lines, of which those that are not as the person was told are refused.
func (s *Store) decideLines(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	kind, answer := orderOf(j)
	if err := caller.Demand(kind.right()); err != nil {
		return err
	}
	numbers := make([]string, len(lines))
	for i, l := range lines {
		numbers[i] = l.Cells[cellNumber]
	}
	held, err := s.held(ctx, tx, caller, kind, numbers)
	if err != nil {
		return err
	}
	var open []standing
	var of []*job.Line // of those that are open
	for i := range lines {
		l := &lines[i]
		place := slices.IndexFunc(held, func(p standing) bool { return p.Number == l.Cells[cellNumber] })
		if place < 0 || !says(l.Cells[cellTo], held[place].to) {
			l.Refuse("rule.proposal.gone")
			continue
		}
		open, of = append(open, held[place]), append(of, l)
	}
	faults, err := s.decide(ctx, tx, caller, kind, open, answer)
	for i, f := range faults {
		if !of[i].RefuseBy(f) {
			of[i].Outcome = answer.outcome()
		}
	}
	return err
}
