package rule

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/job"
)

// Store keeps the rule sets and runs them.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	jobs      *job.Store
	rosters   Rosters
	zone      *time.Location // in which days begin
	wake      chan struct{}  // a run has begun
}

// Rosters puts customers, which the transaction holds, into a roster as its rules propose, with the grounds by customer, and
// takes out those that rules have put in. It gives a Rule fault for a roster that is closed. Package roster does so, which
// shows the grounds and therefore comes after this one.
type Rosters interface {
	Enter(ctx context.Context, tx pg.Tx, caller account.Caller, roster int64, grounds map[int64][]byte, reason string) error
	Leave(ctx context.Context, tx pg.Tx, caller account.Caller, roster int64, customers []int64, reason string) error
}

// NewStore makes the store of a province in a time zone and offers its kind of job.
func NewStore(db *pgxpool.Pool, customers *customer.Store, rosters Rosters, jobs *job.Store, zone *time.Location) *Store {
	s := &Store{db: db, customers: customers, rosters: rosters, jobs: jobs, zone: zone, wake: make(chan struct{}, 1)}
	jobs.Offer(job.Kind{Name: JobKind, Batch: s.decideLines, Lines: jobLines, Texts: words})
	return s
}

// How many versions and runs are read, the newest first.
const (
	versionsMost = 50
	runsMost     = 20
)

const versionColumns = `s.kind, s.version, s.lines, s.strategies, s.author, s.created_at, s.put_by, s.put_at`

func versions(ctx context.Context, tx pg.Tx, kind Kind, which string, args ...any) ([]Version, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+versionColumns+` FROM crm.rule_set s WHERE s.kind = $1 AND `+which, append([]any{kind}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Version])
}

// inForce reads the version of a kind that is in force; without one its version is 0.
func inForce(ctx context.Context, tx pg.Tx, kind Kind) (Version, error) {
	list, err := versions(ctx, tx, kind, `s.put_at IS NOT NULL ORDER BY s.put_at DESC LIMIT 1`)
	if err != nil || len(list) == 0 {
		return Version{Kind: kind}, err
	}
	return list[0], nil
}

func one(ctx context.Context, tx pg.Tx, kind Kind, version int32) (Version, error) {
	list, err := versions(ctx, tx, kind, `s.version = $2`, version)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "rule.version.unknown")
	}
	if err != nil {
		return Version{}, err
	}
	return list[0], nil
}

// Versions reads the versions of a kind, the newest first, the number of the one in force, 0 if none is, and the
// newest runs. Who may not state rules is Denied; a roster that does not exist is NotFound.
func (s *Store) Versions(ctx context.Context, caller account.Caller, kind Kind) (list []Version, current int32, runs []Run, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return nil, 0, nil, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := exists(ctx, tx, kind, false); err != nil {
			return err
		}
		v, err := inForce(ctx, tx, kind)
		if err != nil {
			return err
		}
		current = v.Version
		if list, err = versions(ctx, tx, kind, `true ORDER BY s.version DESC LIMIT $2`, versionsMost); err != nil {
			return err
		}
		runs, err = runsOf(ctx, tx, `r.kind = $1 ORDER BY r.id DESC LIMIT $2`, kind, runsMost)
		return err
	})
	return list, current, runs, err
}

// Draft adds a version to those that the caller saw, of which base was the newest. Faults: Denied, what is wrong with
// the set (joined), a *fault.StaleError, NotFound and Rule for a roster that does not exist or is closed.
func (s *Store) Draft(ctx context.Context, caller account.Caller, kind Kind, base int32, set Set) (v Version, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return Version{}, err
	}
	if err := set.check(kind); err != nil {
		return Version{}, err
	}
	set = set.tidy()
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		newest, err := s.hold(ctx, tx, kind)
		if err != nil {
			return err
		}
		if newest.Version != base {
			return fault.Stale("rule.version.conflict", newest.Version, newest)
		}
		const insert = `INSERT INTO crm.rule_set (kind, version, lines, strategies, author) VALUES ($1, $2, $3, $4, $5)`
		if _, err := tx.PGX().Exec(ctx, insert, kind, base+1, set.Lines, set.Strategies, caller.Actor()); err != nil {
			return err
		}
		if v, err = one(ctx, tx, kind, base+1); err != nil {
			return err
		}
		return record(ctx, tx, caller, "rule.draft", kind, int64(v.Version), map[string]any{"lines": set.Lines, "strategies": set.Strategies})
	})
	return v, err
}

// Put puts a version in force: the next run is by it. Faults: Denied, NotFound, Rule for one that no dry run has tried
// and for a roster that is closed.
func (s *Store) Put(ctx context.Context, caller account.Caller, kind Kind, version int32) (v Version, err error) {
	if err := caller.Demand(account.RuleManage); err != nil {
		return Version{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if _, err := s.hold(ctx, tx, kind); err != nil {
			return err
		}
		if _, err := one(ctx, tx, kind, version); err != nil {
			return err
		}
		var tried bool
		const try = `SELECT EXISTS (SELECT FROM crm.rule_run WHERE kind = $1 AND version = $2 AND dry AND state = 'done')`
		if err := tx.PGX().QueryRow(ctx, try, kind, version).Scan(&tried); err != nil {
			return err
		}
		if !tried {
			return fault.New(fault.Rule, "rule.untried")
		}
		before, err := inForce(ctx, tx, kind)
		if err != nil {
			return err
		}
		const put = `UPDATE crm.rule_set SET put_by = $3, put_at = clock_timestamp() WHERE kind = $1 AND version = $2`
		if _, err := tx.PGX().Exec(ctx, put, kind, version, caller.Actor()); err != nil {
			return err
		}
		if v, err = one(ctx, tx, kind, version); err != nil {
			return err
		}
		return record(ctx, tx, caller, "rule.put", kind, int64(version), map[string]any{"version": version, "versionBefore": before.Version})
	})
	return v, err
}

// exists gives the NotFound fault of a roster that does not exist and, where it is to be open, the Rule fault of one that
// is closed. Of the other kinds there are rules always.
func exists(ctx context.Context, tx pg.Tx, kind Kind, open bool) error {
	if kind == Lifecycle || kind == Grade {
		return nil
	}
	var closed bool
	err := tx.PGX().QueryRow(ctx, `SELECT closed FROM crm.roster WHERE id = $1`, kind.roster()).Scan(&closed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, "roster.unknown")
	case err == nil && open && closed:
		return fault.New(fault.Rule, "roster.closed")
	}
	return err
}

// hold keeps others from changing the sets of a kind until the transaction ends, and gives the newest version, of a
// roster version 0 where it has no rules yet. Faults: those of a roster that does not exist or is closed.
func (s *Store) hold(ctx context.Context, tx pg.Tx, kind Kind) (Version, error) {
	if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('crm.rule_set.' || $1))`, string(kind)); err != nil {
		return Version{}, err
	}
	if err := exists(ctx, tx, kind, true); err != nil {
		return Version{}, err
	}
	list, err := versions(ctx, tx, kind, `true ORDER BY s.version DESC LIMIT 1`)
	if err != nil || len(list) == 0 {
		return Version{Kind: kind}, err
	}
	return list[0], nil
}

// record keeps what was done with a version, or a run, of a kind in the trail.
func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, kind Kind, id int64, after map[string]any) error {
	after["kind"] = kind
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "rule", ObjectID: id, After: after,
	})
}
