package rule

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// batchMost is how many customers a transaction judges, and lookEvery how often open runs are looked for.
const (
	batchMost = 1000
	lookEvery = 2 * time.Second
)

// self is the caller of what a rule does.
var self = account.System("rule")

const runColumns = `r.id, r.kind, r.version, r.dry, r.actor, r.state, r.reached, r.upto, r.customers, r.held, r.refused, r.trouble, r.started_at, r.finished_at`

// runsOf reads runs with what they move, the most frequent steps first.
func runsOf(ctx context.Context, tx pg.Tx, which string, args ...any) ([]Run, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+runColumns+` FROM crm.rule_run r WHERE `+which, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return nil, err
	}
	places, ids := map[int64]int{}, make([]int64, len(list))
	for i, r := range list {
		places[r.ID], ids[i] = i, r.ID
	}
	const moves = `SELECT run_id, value_from, value_to, customers FROM crm.rule_run_change WHERE run_id = ANY ($1) ORDER BY customers DESC, value_from, value_to`
	if rows, err = tx.PGX().Query(ctx, moves, ids); err != nil {
		return nil, err
	}
	var id int64
	var m Move
	_, err = pgx.ForEachRow(rows, []any{&id, &m.From, &m.To, &m.Customers}, func() error {
		r := &list[places[id]]
		r.Moves = append(r.Moves, m)
		return nil
	})
	return list, err
}

func runOf(ctx context.Context, tx pg.Tx, which string, args ...any) (Run, error) {
	list, err := runsOf(ctx, tx, which, args...)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "rule.run.unknown")
	}
	if err != nil {
		return Run{}, err
	}
	return list[0], nil
}

// Begin begins a run over all customers by a version; one that is not dry only by the version in force. Faults: Denied,
// NotFound, Rule for a version that is not in force or while a run of the kind is under way.
func (s *Store) Begin(ctx context.Context, caller account.Caller, kind Kind, version int32, dry bool) (r Run, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return Run{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.hold(ctx, tx, kind); err != nil {
			return err
		}
		if _, err := one(ctx, tx, kind, version); err != nil {
			return err
		}
		current, err := inForce(ctx, tx, kind)
		if err != nil {
			return err
		}
		if !dry && current.Version != version {
			return fault.New(fault.Rule, "rule.not_in_force")
		}
		r, err = begin(ctx, tx, caller, kind, version, dry)
		return err
	})
	s.awake()
	return r, err
}

// BeginAll begins a run of every kind by the version in force, as every night; a kind of which a run is under way, or
// without a version in force, is passed over, and so are the rosters that are closed.
func (s *Store) BeginAll(ctx context.Context) error {
	defer s.awake()
	const filled = `SELECT DISTINCT s.kind FROM crm.rule_set s JOIN crm.roster r ON r.id = s.roster_id WHERE NOT r.closed AND s.put_at IS NOT NULL ORDER BY s.kind`
	rows, err := s.db.Query(ctx, filled)
	if err != nil {
		return err
	}
	rosters, err := pgx.CollectRows(rows, pgx.RowTo[Kind])
	if err != nil {
		return err
	}
	for _, kind := range append([]Kind{Lifecycle, Grade}, rosters...) {
		err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
			v, err := inForce(ctx, tx, kind)
			if err != nil || v.Version == 0 {
				return err
			}
			_, err = begin(ctx, tx, self, kind, v.Version, false)
			return err
		})
		if err != nil && !fault.Is(err, fault.Rule) {
			return err
		}
	}
	return nil
}

func begin(ctx context.Context, tx pg.Tx, caller account.Caller, kind Kind, version int32, dry bool) (Run, error) {
	const insert = `INSERT INTO crm.rule_run AS r (kind, version, dry, actor, upto)
		VALUES ($1, $2, $3, $4, (SELECT coalesce(max(id), 0) FROM crm.customer)) ON CONFLICT DO NOTHING RETURNING r.id`
	var id int64
	err := tx.PGX().QueryRow(ctx, insert, kind, version, dry, caller.Actor()).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Run{}, fault.New(fault.Rule, "rule.run.under_way")
	}
	if err != nil {
		return Run{}, err
	}
	if err := record(ctx, tx, caller, "rule.run", kind, id, map[string]any{"version": version, "dry": dry}); err != nil {
		return Run{}, err
	}
	return runOf(ctx, tx, `r.id = $1`, id)
}

// Cancel ends a run; what it has moved stays moved. Faults: Denied, NotFound, Rule for one that has ended.
func (s *Store) Cancel(ctx context.Context, caller account.Caller, id int64) (r Run, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return Run{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if r, err = runOf(ctx, tx, `r.id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		if r.State != Running {
			return fault.New(fault.Rule, "rule.run.ended")
		}
		if _, err := tx.PGX().Exec(ctx, `UPDATE crm.rule_run SET state = 'cancelled', finished_at = now() WHERE id = $1`, id); err != nil {
			return err
		}
		if r, err = runOf(ctx, tx, `r.id = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, "rule.run.cancel", r.Kind, id, map[string]any{"version": r.Version})
	})
	return r, err
}

func (s *Store) awake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// Keep carries runs on until ctx ends.
func (s *Store) Keep(ctx context.Context, log *slog.Logger) {
	clock := time.NewTicker(lookEvery)
	defer clock.Stop()
	for {
		if err := s.Advance(ctx, time.Now()); err != nil && ctx.Err() == nil {
			log.Error("customers not judged by rule", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		case <-s.wake:
		}
	}
}

// Advance carries all runs to their ends, as of a moment.
func (s *Store) Advance(ctx context.Context, now time.Time) error {
	for {
		open := false
		err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
			r, err := runOf(ctx, tx, `r.state = 'running' ORDER BY r.id LIMIT 1 FOR UPDATE`)
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if open = true; err != nil {
				return err
			}
			return s.batch(ctx, tx, r, now.In(s.zone))
		})
		if err != nil {
			_, noted := s.db.Exec(ctx, `UPDATE crm.rule_run SET trouble = left($1, 500) WHERE state = 'running'`, err.Error())
			return errors.Join(err, noted)
		}
		if !open {
			return nil
		}
	}
}

// batch judges the next customers of a run.
func (s *Store) batch(ctx context.Context, tx pg.Tx, r Run, today time.Time) error {
	v, err := one(ctx, tx, r.Kind, r.Version)
	if err != nil {
		return err
	}
	values, err := following(ctx, tx, r, batchMost, today)
	if err != nil {
		return err
	}
	t := tally{moves: map[Move]int{}}
	list := v.elsewhere(values, today)
	if r.Kind == Lifecycle {
		err = s.move(ctx, tx, r, v, list, today, &t)
	} else {
		err = s.propose(ctx, tx, r, v, values, list, &t)
	}
	if err != nil {
		return err
	}
	if r.Customers, r.Reached = r.Customers+len(values), r.Upto; len(values) == batchMost {
		r.Reached = values[len(values)-1].ID
	}
	const place = `UPDATE crm.rule_run SET reached = $2, customers = $3, held = held + $4, refused = refused + $5, trouble = '',
		state = CASE WHEN $2 = upto THEN 'done' ELSE state END, finished_at = CASE WHEN $2 = upto THEN now() END WHERE id = $1`
	if _, err := tx.PGX().Exec(ctx, place, r.ID, r.Reached, r.Customers, t.held, t.refused); err != nil {
		return err
	}
	var from, to []string
	var n []int
	for m, customers := range t.moves {
		from, to, n = append(from, m.From), append(to, m.To), append(n, customers)
	}
	const moves = `INSERT INTO crm.rule_run_change AS c (run_id, value_from, value_to, customers) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::integer[])
		ON CONFLICT ON CONSTRAINT rule_run_change_is_one_per_step DO UPDATE SET customers = c.customers + excluded.customers`
	_, err = tx.PGX().Exec(ctx, moves, r.ID, from, to, n)
	return err
}

// tally counts what a batch does.
type tally struct {
	held, refused int
	moves         map[Move]int
}

// move moves customers in the life cycle.
func (s *Store) move(ctx context.Context, tx pg.Tx, r Run, v Version, list []proposed, today time.Time, t *tally) error {
	if len(list) == 0 {
		return nil
	}
	numbers := make([]string, len(list))
	for i, p := range list {
		numbers[i] = p.Number
	}
	// What was read is read again of those that are to be moved, now that nobody else can change them.
	found, err := s.customers.Match(ctx, tx, self, customer.ByNumber, numbers, !r.Dry)
	if err != nil {
		return err
	}
	held, err := holding(ctx, tx, found, today)
	if err != nil {
		return err
	}
	var asked []customer.Asked
	for _, p := range list {
		for _, c := range found[p.Number] {
			switch {
			case c.MergedInto != 0 || string(c.Lifecycle) == p.Outcome:
			case held[c.ID]:
				t.held++
			default:
				why, err := json.Marshal(v.grounds(p.Verdict))
				if err != nil {
					return err
				}
				a := customer.Asked{Before: c, Facts: c.Facts, Grounds: why}
				a.Facts.Lifecycle = codes.Lifecycle(p.Outcome)
				asked = append(asked, a)
			}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	saved, err := s.customers.SaveAll(ctx, tx, self, asked, customer.How{Dry: r.Dry})
	for i, result := range saved {
		if result.Err != nil {
			t.refused++
			continue
		}
		t.moves[Move{From: string(asked[i].Before.Lifecycle), To: string(asked[i].Facts.Lifecycle)}]++
	}
	return err
}

// holding are those of some customers whose stage a person has set and that no rule may move on a day.
func holding(ctx context.Context, tx pg.Tx, found map[string][]customer.Customer, today time.Time) (map[int64]bool, error) {
	var ids []int64
	for _, list := range found {
		for _, c := range list {
			ids = append(ids, c.ID)
		}
	}
	rows, err := tx.PGX().Query(ctx, `SELECT customer_id FROM crm.lifecycle_hold WHERE customer_id = ANY ($1) AND until >= $2`, ids, today.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	held := map[int64]bool{}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { held[id] = true; return nil })
	return held, err
}
