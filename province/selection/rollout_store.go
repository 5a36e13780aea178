package selection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
)

// BatchSize is how many customers a batch goes over at most.
const BatchSize = 1000

// batchWait is how long a batch waits for a customer that somebody holds: less than PostgreSQL's
// deadlock_timeout of a second, so that the batch gives way and never a save.
const batchWait = "500ms"

// progress is what one step did.
type progress struct {
	version  int32 // 0: no rollout is under way
	state    State
	paused   bool
	judged   int64
	finished bool
}

// condition is the SQL of "the rule selects c"; c is a row of crm.customer. It says what Judge says.
func (r Rule) condition(args pgx.NamedArgs) string {
	texts := func(name string, list []string) {
		if list == nil {
			list = []string{}
		}
		args[name] = list
	}
	texts("classes", textsOf(r.Classes))
	texts("industries", textsOf(r.Industries))
	texts("cities", textsOf(r.Cities))
	texts("named", r.Named)
	texts("excluded", r.Excluded)
	args["cross"] = r.CrossProvince
	return `(NOT c.sensitive
		AND NOT (c.number = ANY(@excluded::text[]) OR coalesce(c.credit_code = ANY(@excluded::text[]), false))
		AND (c.number = ANY(@named::text[]) OR coalesce(c.credit_code = ANY(@named::text[]), false)
			OR c.class = ANY(@classes::text[]) OR (@cross::bool AND c.cross_province)
			OR c.industry = ANY(@industries::text[]) OR c.city = ANY(@cities::text[])))`
}

func textsOf[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return texts
}

// begin starts the rollout of the approved version whose time has come first, unless one is under
// way, and gives its number, 0 for none.
func (s *Store) begin(ctx context.Context) (int32, error) {
	const due = `SELECT p.version FROM crm.selection_policy p WHERE p.state = 'approved' AND coalesce(p.effective_at, p.approved_at) <= now()
		AND NOT EXISTS (SELECT FROM crm.selection_policy o WHERE o.state IN ('applying', 'returning'))
		ORDER BY coalesce(p.effective_at, p.approved_at), p.version LIMIT 1`
	var version int32
	err := s.db.QueryRow(ctx, due).Scan(&version) // without locks: there is nearly always none
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	err = s.decide(ctx, true, func(tx pg.Tx) error {
		if err := tx.PGX().QueryRow(ctx, due).Scan(&version); err != nil {
			return err
		}
		if _, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET state = 'applying' WHERE version = $1`, version); err != nil {
			return err
		}
		// A statement of its own: it sees what committed before the lock was had.
		const insert = `INSERT INTO crm.selection_rollout (version, reached, upto, total)
			SELECT $1, coalesce(min(id), 1) - 1, coalesce(max(id), 0), count(*) FROM crm.customer`
		if _, err := tx.PGX().Exec(ctx, insert, version); err != nil {
			return err
		}
		return record(ctx, tx, account.System("selection"), "selection.begin", version, map[string]any{"state": Applying})
	})
	if errors.Is(err, pgx.ErrNoRows) { // cancelled meanwhile, or another node was quicker
		return 0, nil
	}
	return version, err
}

// again lets a rollout go over all customers once more.
func again(ctx context.Context, tx pg.Tx, version int32) error {
	_, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_rollout SET passes = passes + 1, paused = false, trouble = '', updated_at = now(),
		(reached, upto, total) = (SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0), count(*) FROM crm.customer) WHERE version = $1`, version)
	return err
}

// step makes one batch of the rollout that is under way, or ends it when all were gone over.
func (s *Store) step(ctx context.Context) (p progress, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		p = progress{}
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(rollLock)); err != nil {
			return err
		}
		// A returning version is undone by what is in force.
		const query = `SELECT p.version, p.state, r.paused, r.reached, r.upto, j.version, j.rule FROM crm.selection_policy p
			JOIN crm.selection_rollout r USING (version)
			JOIN crm.selection_policy j ON j.version = p.version AND p.state = 'applying' OR j.state = 'in_force' AND p.state = 'returning'
			WHERE p.state IN ('applying', 'returning')`
		var reached, upto int64
		var judge Policy
		err := tx.PGX().QueryRow(ctx, query).Scan(&p.version, &p.state, &p.paused, &reached, &upto, &judge.Version, &judge.Rule)
		if errors.Is(err, pgx.ErrNoRows) || p.paused {
			return nil
		}
		if err != nil {
			return err
		}
		const next = `SELECT coalesce(max(id), 0), count(*) FROM
			(SELECT id FROM crm.customer WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) n`
		var last int64
		if err := tx.PGX().QueryRow(ctx, next, reached, upto, BatchSize).Scan(&last, &p.judged); err != nil {
			return err
		}
		if p.judged == 0 {
			p.finished, err = finish(ctx, tx, p, judge)
			return err
		}
		return batch(ctx, tx, p, judge, reached, last)
	})
	return p, err
}

// batch goes over the customers after one id up to another.
func batch(ctx context.Context, tx pg.Tx, p progress, judge Policy, after, last int64) error {
	if _, err := tx.PGX().Exec(ctx, `SET LOCAL lock_timeout = '`+batchWait+`'`); err != nil {
		return err
	}
	reason := RolledOut
	if p.state == Returning {
		reason = RolledBack
	}
	flips, err := flip(ctx, tx, judge, `c.id > @after AND c.id <= @last`, pgx.NamedArgs{"after": after, "last": last}, reason)
	if err != nil {
		return err
	}
	_, err = tx.PGX().Exec(ctx, `UPDATE crm.selection_rollout SET reached = $2, judged = judged + $3, entered = entered + $4, gone = gone + $5,
		trouble = '', updated_at = now() WHERE version = $1`, p.version, last, p.judged, flips.Enter, flips.Leave)
	return err
}

// flip makes the customers of a condition what a policy says, and notes who moved.
func flip(ctx context.Context, tx pg.Tx, judge Policy, which string, args pgx.NamedArgs, reason Reason) (Side, error) {
	selects := judge.Rule.condition(args)
	rows, err := tx.PGX().Query(ctx, `UPDATE crm.customer c SET national = `+selects+`
		WHERE `+which+` AND c.national <> `+selects+`
		RETURNING c.id, c.number, coalesce(c.credit_code, ''), c.class, c.industry, c.city, c.cross_province, c.sensitive, c.national`, args)
	if err != nil {
		return Side{}, err
	}
	var lines [][]any
	var moved Side
	var id int64
	var f Facts
	var national bool
	_, err = pgx.ForEachRow(rows, []any{&id, &f.Number, &f.CreditCode, &f.Class, &f.Industry, &f.City, &f.CrossProvince, &f.Sensitive, &national}, func() error {
		judged, by := judge.Rule.Judge(f)
		if judged != national {
			return fmt.Errorf("selection: customer %d: the database judges %t by version %d, this program %t by %s", id, national, judge.Version, judged, by)
		}
		if national {
			moved.Enter++
		} else {
			moved.Leave++
		}
		lines = append(lines, []any{id, national, judge.Version, string(by), string(reason)})
		return nil
	})
	if err != nil {
		return Side{}, err
	}
	columns := []string{"customer_id", "entered", "version", "clause", "reason"}
	_, err = tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "selection_flip"}, columns, pgx.CopyFromRows(lines))
	return moved, err
}

// finish puts the version in force, or cancels it, if every customer is as the judging policy says.
// Otherwise somebody wrote the flag past the policy, and all are gone over once more.
func finish(ctx context.Context, tx pg.Tx, p progress, judge Policy) (bool, error) {
	wrong, err := countWrong(ctx, tx.PGX(), judge.Rule)
	if err != nil {
		return false, err
	}
	if wrong > 0 {
		return false, again(ctx, tx, p.version)
	}
	end := []string{`UPDATE crm.selection_policy SET state = 'cancelled' WHERE version = $1`}
	if p.state == Applying {
		end = []string{
			`UPDATE crm.selection_policy SET state = 'superseded' WHERE state = 'in_force' AND version <> $1`,
			`UPDATE crm.selection_policy SET state = 'in_force' WHERE version = $1`,
		}
	}
	for _, sql := range append(end, `UPDATE crm.selection_rollout SET finished_at = now(), updated_at = now() WHERE version = $1`) {
		if _, err := tx.PGX().Exec(ctx, sql, p.version); err != nil {
			return false, err
		}
	}
	return true, record(ctx, tx, account.System("selection"), "selection.end", p.version, map[string]any{"wasState": p.state})
}

// countWrong counts the customers whose flag is not what the rule says, at one moment.
func countWrong(ctx context.Context, tx pgx.Tx, rule Rule) (wrong int64, err error) {
	args := pgx.NamedArgs{}
	query := `SELECT count(*) FROM crm.customer c WHERE c.national <> ` + rule.condition(args)
	err = tx.QueryRow(ctx, query, args).Scan(&wrong)
	return wrong, err
}

// Proof is how many customers are not as the version in force says.
type Proof struct {
	Version   int32
	At        time.Time
	Customers int64
	Wrong     int64
}

// Prove counts, at one moment, the customers whose flag is not what the version in force says: 0
// unless somebody wrote the flag past the policy. While a rollout is under way there is nothing to
// prove: a Conflict fault.
func (s *Store) Prove(ctx context.Context, caller account.Caller) (Proof, error) {
	if err := caller.Demand(account.SelectionRead); err != nil {
		return Proof{}, err
	}
	var proof Proof
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		var state State
		var rule Rule
		const query = `SELECT version, state, rule, now(), (SELECT count(*) FROM crm.customer) FROM crm.selection_policy
			WHERE state IN ('applying', 'returning', 'in_force') ORDER BY state = 'in_force' LIMIT 1`
		if err := tx.QueryRow(ctx, query).Scan(&proof.Version, &state, &rule, &proof.At, &proof.Customers); err != nil {
			return err
		}
		if state != InPower {
			return fault.New(fault.Conflict, "selection.rollout.under_way", "version", proof.Version)
		}
		var err error
		proof.Wrong, err = countWrong(ctx, tx, rule)
		return err
	})
	return proof, err
}

// trouble shows why a batch was not made.
func (s *Store) trouble(ctx context.Context, cause error) error {
	_, err := s.db.Exec(ctx, `UPDATE crm.selection_rollout SET trouble = $1, updated_at = now() WHERE finished_at IS NULL`, cause.Error())
	return err
}
