package member

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/job"
	"jike/schemas/codes"
)

// Import queues the job that takes a list of members into a customer in the caller's charge; day counts
// where a line states none. Faults: NotFound, a list that cannot be read, one without lines or with too
// many.
func (s *Store) Import(ctx context.Context, caller account.Caller, jobs *job.Store, customerID int64, text string, day time.Time) (job.Job, error) {
	if err := caller.Demand(account.MemberWrite); err != nil {
		return job.Job{}, err
	}
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error { return s.customers.InCharge(ctx, tx, caller, customerID) })
	if err != nil {
		return job.Job{}, err
	}
	columns, lines, err := readList(text)
	if err != nil {
		return job.Job{}, err
	}
	return jobs.Start(ctx, caller, job.Order{
		Kind: ImportKind, CustomerID: customerID, Columns: columns, Lines: lines,
		Parameters: map[string]string{parameterDay: day.Format(time.DateOnly)},
	})
}

// Importing is the kind of job that Import queues.
func (s *Store) Importing() job.Kind {
	return job.Kind{Name: ImportKind, Batch: s.importBatch, Texts: importTexts}
}

// importBatch takes lines of a list in, with a few statements for all of them.
func (s *Store) importBatch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	if err := caller.Demand(account.MemberWrite); err != nil {
		return err
	}
	if _, err := s.customers.Family(ctx, tx, caller, j.CustomerID); err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, j.Parameters[parameterDay])
	if err != nil {
		return err
	}
	places, wishes := placesOf(j.Columns), make([]wish, len(lines))
	var phones []codes.Phone
	var numbers []string
	for i := range lines {
		w, err := wishOf(lines[i].Cells, places, day)
		if err != nil {
			refuse(&lines[i], err)
			continue
		}
		wishes[i], phones, numbers = w, append(phones, w.phone), append(numbers, w.facts.ShortNumber)
	}
	p, err := planned(ctx, tx, j.CustomerID, phones, numbers)
	if err != nil {
		return err
	}
	for i := range lines {
		if lines[i].Outcome != "" {
			continue
		}
		if lines[i].Outcome, err = p.decide(wishes[i]); err != nil {
			refuse(&lines[i], err)
		}
	}
	return p.write(ctx, tx, caller, j)
}

// refuse gives a line the first fault of an error as its reason.
func refuse(l *job.Line, err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		l.Refuse(f.Code)
	}
}

// planned reads and locks the rows that a batch may touch, in the order of the phones. Those of the
// short numbers are looked for apart: each question has an index of its own. Both are
// planned anew for each batch, since a plan for the table as the first batch found it can be a poor one for
// what the import has made of it.
func planned(ctx context.Context, tx pg.Tx, customerID int64, phones []codes.Phone, numbers []string) (*plan, error) {
	p := &plan{customerID: customerID, members: map[codes.Phone]Member{}, numbers: map[string]codes.Phone{}}
	const read = `SELECT ` + columns + ` FROM crm.member m WHERE m.left_on IS NULL AND m.phone = ANY ($1) ORDER BY m.phone FOR UPDATE`
	rows, err := tx.PGX().Query(ctx, read, pgx.QueryExecModeCacheDescribe, phones)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Member])
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		p.members[m.Phone] = m
	}
	const holders = `SELECT m.short_number, m.phone FROM unnest($2::text[]) AS n (number)
		JOIN crm.member m ON m.customer_id = $1 AND m.short_number = n.number AND m.left_on IS NULL AND m.short_number <> ''`
	if rows, err = tx.PGX().Query(ctx, holders, pgx.QueryExecModeCacheDescribe, customerID, numbers); err != nil {
		return nil, err
	}
	var number string
	var phone codes.Phone
	_, err = pgx.ForEachRow(rows, []any{&number, &phone}, func() error {
		p.numbers[number] = phone
		return nil
	})
	return p, err
}

// write writes a plan: who leaves first, so that their short numbers are free for the others. The trail
// has a line for each member, and one for the batch in the customer's own history.
func (p *plan) write(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job) error {
	var trail []audit.Entry
	note := func(action string, id int64, before, after map[string]any) {
		e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "member", ObjectID: id, After: after}
		if before != nil {
			e.Before = before
		}
		trail = append(trail, e)
	}
	if err := p.writeLeaves(ctx, tx, note); err != nil {
		return err
	}
	if err := p.writeChanges(ctx, tx, note); err != nil {
		return err
	}
	if err := p.writeJoins(ctx, tx, note); err != nil {
		return err
	}
	if len(trail) == 0 {
		return nil
	}
	trail = append(trail, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "member.batch", ObjectKind: "job", ObjectID: j.ID, CustomerID: p.customerID,
		After: map[string]any{"joined": len(p.joins), "changed": len(p.changes), "left": len(p.leaves)},
	})
	return audit.RecordAll(ctx, tx, trail)
}

type noting func(action string, id int64, before, after map[string]any)

func (p *plan) writeLeaves(ctx context.Context, tx pg.Tx, note noting) error {
	ids, days := make([]int64, len(p.leaves)), make([]time.Time, len(p.leaves))
	for i, m := range p.leaves {
		ids[i], days[i] = m.ID, *m.LeftOn
		note("member.leave", m.ID, nil, map[string]any{"phone": m.Phone, "leftOn": m.LeftOn.Format(time.DateOnly)})
	}
	const update = `UPDATE crm.member AS m SET left_on = u.day, version = version + 1, updated_at = now()
		FROM unnest($1::bigint[], $2::date[]) AS u (id, day) WHERE m.id = u.id`
	_, err := tx.PGX().Exec(ctx, update, ids, days)
	return err
}

func (p *plan) writeChanges(ctx context.Context, tx pg.Tx, note noting) error {
	ids, facts := make([]int64, len(p.changes)), newColumns(len(p.changes))
	for i, m := range p.changes {
		ids[i] = m.ID
		facts.add(m.Facts)
		note("member.change", m.ID, described(p.members[m.Phone]), described(m))
	}
	const update = `UPDATE crm.member AS m SET name = u.name, department = u.department, duty = u.duty, short_number = u.short_number,
			version = version + 1, updated_at = now()
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS u (id, name, department, duty, short_number) WHERE m.id = u.id`
	_, err := tx.PGX().Exec(ctx, update, ids, facts.name, facts.department, facts.duty, facts.short)
	return err
}

func (p *plan) writeJoins(ctx context.Context, tx pg.Tx, note noting) error {
	phones, days, facts := make([]codes.Phone, len(p.joins)), make([]time.Time, len(p.joins)), newColumns(len(p.joins))
	for i, w := range p.joins {
		phones[i], days[i] = w.phone, w.day
		facts.add(w.facts)
	}
	const insert = `INSERT INTO crm.member AS m (customer_id, phone, joined_on, name, department, duty, short_number)
		SELECT $1, u.* FROM unnest($2::text[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[]) AS u
		RETURNING ` + columns
	rows, err := tx.PGX().Query(ctx, insert, p.customerID, phones, days, facts.name, facts.department, facts.duty, facts.short)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Member])
	for _, m := range list {
		note("member.join", m.ID, nil, described(m))
	}
	return err
}

// factColumns are the facts of many members, as arrays for unnest.
type factColumns struct{ name, department, duty, short []string }

func newColumns(n int) *factColumns {
	return &factColumns{make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n)}
}

func (c *factColumns) add(f Facts) {
	c.name, c.department = append(c.name, f.Name), append(c.department, f.Department)
	c.duty, c.short = append(c.duty, f.Duty), append(c.short, f.ShortNumber)
}
