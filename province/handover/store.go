package handover

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/job"
	"jike/province/team"
)

// Store keeps the hand-overs.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	jobs      *job.Store
	teams     *team.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store, jobs *job.Store, teams *team.Store) *Store {
	return &Store{db, customers, jobs, teams}
}

// choose reads the customers that are meant.
func (s *Store) choose(ctx context.Context, caller account.Caller, c customer.Choice) ([]customer.Care, error) {
	if err := caller.Demand(account.CustomerAssign); err != nil {
		return nil, err
	}
	return s.customers.Chosen(ctx, caller, c, job.MaxLines)
}

// Preview says what a hand-over of customers within the caller's scope would be about. Faults: no customer, or
// too many.
func (s *Store) Preview(ctx context.Context, caller account.Caller, c customer.Choice) (Preview, error) {
	list, err := s.choose(ctx, caller, c)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Customers: len(list)}
	ids, loads := make([]int64, len(list)), map[customer.Person]int{}
	for i, c := range list {
		ids[i] = c.ID
		loads[c.Manager]++
	}
	for person, n := range loads {
		p.Managers = append(p.Managers, Load{person, n})
	}
	slices.SortFunc(p.Managers, func(a, b Load) int {
		return cmp.Or(cmp.Compare(b.Customers, a.Customers), cmp.Compare(a.Manager.ID, b.Manager.ID))
	})
	const open = `SELECT (SELECT count(*) FROM crm.contract WHERE customer_id = ANY ($1) AND status = 'active'
			AND expires_on BETWEEN crm.today() AND crm.today() + 90),
		(SELECT count(*) FROM crm.job WHERE finished_at IS NULL AND customer_id = ANY ($1))`
	if err := s.db.QueryRow(ctx, open, ids).Scan(&p.Contracts, &p.Jobs); err != nil {
		return Preview{}, err
	}
	p.Team, err = s.teams.Count(ctx, ids)
	return p, err
}

// Make queues the hand-over of customers within the caller's scope to a person there. Faults: Denied, no
// reason, no customer or too many, a Conflict if there are not as many as the person saw, a person who is
// unknown to the caller.
func (s *Store) Make(ctx context.Context, caller account.Caller, o Order) (Handover, error) {
	o, err := o.check()
	if err != nil {
		return Handover{}, err
	}
	list, err := s.choose(ctx, caller, o.Choice)
	if err != nil {
		return Handover{}, err
	}
	if err := customer.Seen(list, o.Expected); err != nil {
		return Handover{}, err
	}
	parameters := map[string]string{parameterReason: o.Reason}
	if o.Release {
		parameters[parameterTeams] = released
	}
	return s.start(ctx, caller, parameters, 0, func(tx pg.Tx) ([]job.Line, error) {
		to, err := s.receiver(ctx, tx, caller, o.ToID)
		lines := make([]job.Line, len(list))
		for i, c := range list {
			lines[i] = lineOf(c, c.Manager, to)
		}
		return lines, err
	})
}

func (s *Store) receiver(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (customer.Person, error) {
	var code string
	err := tx.PGX().QueryRow(ctx, `SELECT code FROM crm.organisation WHERE id = $1 AND kind = 'person'`, id).Scan(&code)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return customer.Person{}, err
	}
	persons, err := s.customers.Assignable(ctx, tx, caller, []string{code})
	to, known := persons[code]
	if err == nil && !known {
		err = fault.Field(fault.Rule, "toId", "handover.to.unknown")
	}
	return to, err
}

// Undo queues the hand-over in the other direction of what a hand-over that the caller may see handed over.
// Faults: Denied, no reason, NotFound, Rule for one that runs or of which nothing was handed over, Exists
// for one that was handed back already.
func (s *Store) Undo(ctx context.Context, caller account.Caller, id int64, reason string) (Handover, error) {
	if err := caller.Demand(account.CustomerAssign); err != nil {
		return Handover{}, err
	}
	reason, err := checkReason(reason)
	if err != nil {
		return Handover{}, err
	}
	before, err := s.Get(ctx, caller, id)
	if err != nil {
		return Handover{}, err
	}
	jobs, err := s.jobs.ByID(ctx, []int64{before.JobID})
	if err != nil {
		return Handover{}, err
	}
	if j, there := jobs[before.JobID]; there && j.FinishedAt == nil {
		return Handover{}, fault.New(fault.Rule, "handover.runs")
	}
	return s.start(ctx, caller, map[string]string{parameterReason: reason}, id, func(tx pg.Tx) ([]job.Line, error) {
		const query = `SELECT c.number, c.name, coalesce(t.code, ''), coalesce(t.name, ''), coalesce(f.code, ''), coalesce(f.name, '')
			FROM crm.responsibility r JOIN crm.customer c ON c.id = r.customer_id
				LEFT JOIN crm.organisation t ON t.id = r.to_id LEFT JOIN crm.organisation f ON f.id = r.from_id
			WHERE r.handover_id = $1 ORDER BY c.id`
		rows, err := tx.PGX().Query(ctx, query, id)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, func(row pgx.CollectableRow) (job.Line, error) {
			cells := make([]string, len(heads[0]))
			return job.Line{Cells: cells}, row.Scan(&cells[0], &cells[1], &cells[2], &cells[3], &cells[4], &cells[5])
		})
	})
}

// start writes a hand-over with its parties and queues its job.
func (s *Store) start(ctx context.Context, caller account.Caller, parameters map[string]string, undoes int64, linesOf func(pg.Tx) ([]job.Line, error)) (Handover, error) {
	var id int64
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		lines, err := linesOf(tx)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fault.New(fault.Rule, "handover.none")
		}
		const insert = `INSERT INTO crm.handover (actor_id, actor, reason, customers, undoes_id) VALUES ($1, $2, $3, $4, nullif($5, 0)) RETURNING id`
		err = tx.PGX().QueryRow(ctx, insert, caller.AccountID, caller.Actor(), parameters[parameterReason], len(lines), undoes).Scan(&id)
		if pg.Violates(err, "handover_is_undone_once") {
			return fault.New(fault.Exists, "handover.undone")
		}
		if err != nil {
			return err
		}
		parameters[parameterHandover] = strconv.FormatInt(id, 10)
		if undoes != 0 {
			parameters[parameterUndoes] = strconv.FormatInt(undoes, 10)
		}
		columns := heads[0]
		if caller.Language == "en" {
			columns = heads[1]
		}
		j, err := s.jobs.StartIn(ctx, tx, caller, job.Order{Kind: Kind, Parameters: parameters, Columns: columns, Lines: lines})
		if err != nil {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `UPDATE crm.handover SET job_id = $2 WHERE id = $1`, id, j.ID); err != nil {
			return err
		}
		if err := addParties(ctx, tx, id, lines); err != nil {
			return err
		}
		after := map[string]any{"customers": len(lines), "reason": parameters[parameterReason]}
		if undoes != 0 {
			after["undoes"] = undoes
		}
		if parameters[parameterTeams] != "" {
			after["teams"] = parameters[parameterTeams]
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "handover.start", ObjectKind: "handover", ObjectID: id, After: after,
		})
	})
	if err != nil {
		return Handover{}, err
	}
	s.jobs.Wake()
	return s.Get(ctx, caller, id)
}

// addParties notes who gives and who receives, before anything is handed over.
func addParties(ctx context.Context, tx pg.Tx, id int64, lines []job.Line) error {
	sides := map[string]map[string]bool{Giver: {}, Receiver: {}}
	for _, l := range lines {
		sides[Giver][l.Cells[cellFromCode]], sides[Receiver][l.Cells[cellToCode]] = true, true
	}
	const insert = `INSERT INTO crm.handover_party (handover_id, unit_id, side)
		SELECT $1, id, $2 FROM crm.organisation WHERE kind = 'person' AND code = ANY ($3)`
	for side, codes := range sides {
		list := make([]string, 0, len(codes))
		for code := range codes {
			list = append(list, code)
		}
		if _, err := tx.PGX().Exec(ctx, insert, id, side, list); err != nil {
			return err
		}
	}
	return nil
}

// Handing is the kind of job that Make and Undo queue.
func (s *Store) Handing() job.Kind {
	return job.Kind{Name: Kind, Batch: s.batch, Lines: batchLines, Texts: texts}
}

// batch hands the customers of some lines over.
func (s *Store) batch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	if err := caller.Demand(account.CustomerAssign); err != nil {
		return err
	}
	id, err := strconv.ParseInt(j.Parameters[parameterHandover], 10, 64)
	if err != nil {
		return err
	}
	p, err := s.planned(ctx, tx, caller, j, lines)
	if err != nil {
		return err
	}
	var list []customer.Assignment
	for i := range lines {
		if a, moves := p.decide(&lines[i]); moves {
			list = append(list, a)
		}
	}
	if err := s.customers.Assign(ctx, tx, caller, list, customer.Cause{HandoverID: id, Reason: j.Parameters[parameterReason]}); err != nil {
		return err
	}
	ids, from, to := make([]int64, len(list)), make([]int64, len(list)), make([]int64, len(list))
	for i, a := range list {
		ids[i], from[i], to[i] = a.CustomerID, a.From.ID, a.To.ID
	}
	if err := s.jobs.Entrust(ctx, tx, caller, ids, from, to); err != nil {
		return err
	}
	if j.Parameters[parameterTeams] == released {
		if err := s.teams.Release(ctx, tx, caller, id, ids); err != nil {
			return err
		}
	}
	const count = `UPDATE crm.handover_party AS p SET customers = p.customers + u.n
		FROM (SELECT id, side, count(*) AS n FROM (
			SELECT unnest($2::bigint[]) AS id, 'from' AS side UNION ALL SELECT unnest($3::bigint[]), 'to') both_sides GROUP BY id, side) u
		WHERE p.handover_id = $1 AND p.unit_id = u.id AND p.side = u.side`
	_, err = tx.PGX().Exec(ctx, count, id, from, to)
	return err
}

// planned reads and holds what a batch is decided by.
func (s *Store) planned(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) (p *plan, err error) {
	p = &plan{nobody: caller.Scope().Covers(0, ""), last: map[int64]int64{}}
	numbers, codes := make([]string, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		numbers[i], codes[i] = l.Cells[cellNumber], l.Cells[cellToCode]
	}
	if p.held, err = s.customers.HoldCare(ctx, tx, caller, numbers); err != nil {
		return nil, err
	}
	if p.persons, err = s.customers.Assignable(ctx, tx, caller, codes); err != nil || j.Parameters[parameterUndoes] == "" {
		return p, err
	}
	if p.undoes, err = strconv.ParseInt(j.Parameters[parameterUndoes], 10, 64); err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(p.held))
	for _, c := range p.held {
		ids = append(ids, c.ID)
	}
	const last = `SELECT DISTINCT ON (customer_id) customer_id, coalesce(handover_id, 0) FROM crm.responsibility
		WHERE customer_id = ANY ($1) ORDER BY customer_id, id DESC`
	rows, err := tx.PGX().Query(ctx, last, ids)
	if err != nil {
		return nil, err
	}
	var customerID, handoverID int64
	_, err = pgx.ForEachRow(rows, []any{&customerID, &handoverID}, func() error {
		p.last[customerID] = handoverID
		return nil
	})
	return p, err
}
