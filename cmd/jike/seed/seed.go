// Package seed is the command `jike seed`: it fills a province with a fictional, deterministic
// population of group customers with their families and two years of bills.
//
// It writes to the province only, by COPY in transactions of some hundred customers with their
// whole family, so that everything reaches headquarters by the stream like any other change. It
// refuses to start before publication and slot exist, and refuses a province that holds data. A
// seed that was interrupted goes on where it stopped when it is started again.
//
// The same number of customers, seed, province and day give the same rows. Provinces of the same
// seed share some companies: same name and credit code, marked as crossing provinces.
package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/audit"
	"jike/internal/pg"
	"jike/province/selection"
	"jike/province/summary"
	"jike/schemas/codes"
)

// Options say what to make.
type Options struct {
	Province  codes.Province
	Customers int
	Seed      uint64
	Today     time.Time                 // what contracts and bills lie around; zero: the current day, UTC
	Progress  func(done, customers int) // called after each transaction; nil: nobody
	Staff     Staff                     // zero: one account manager for 80 customers
	// Unstreamed allows a province without publication and slot: for tests and measurements of a
	// province alone. A node must not be seeded so, headquarters would never see the rows.
	Unstreamed bool
}

// Report says what was made.
type Report struct {
	Customers, National, Contacts, Contracts, Subscriptions, Bills int
	SummaryRows                                                    int
	Took                                                           time.Duration
}

// The reasons for which Fill refuses; test with errors.Is.
var (
	ErrFilled   = errors.New("the province already holds data")
	ErrNoStream = errors.New("publication or replication slot is missing: start the province node once before seeding, " +
		"so that what is seeded flows to headquarters")
)

// perTransaction is how many customers are written in one transaction, with their families.
const perTransaction = 400

// caller is whom the audit trail names.
const caller = "system:seed"

// Fill fills the province at db, connected as jike_app or jike_owner. Errors: ErrFilled, ErrNoStream,
// an unknown province, or what the database says.
func Fill(ctx context.Context, db *pgxpool.Pool, o Options) (Report, error) {
	began := time.Now()
	if !o.Province.Known() {
		return Report{}, fmt.Errorf("seed: %s is not a province", o.Province)
	}
	if o.Customers < 1 || o.Customers >= codesPerProvince {
		return Report{}, fmt.Errorf("seed: %d customers: from 1 to %d", o.Customers, codesPerProvince-1)
	}
	if o.Today.IsZero() {
		o.Today = time.Now()
	}
	if o.Staff == (Staff{}) {
		o.Staff = ordinary
	}
	o.Today = time.Date(o.Today.Year(), o.Today.Month(), o.Today.Day(), 0, 0, 0, 0, time.UTC)
	if !o.Unstreamed {
		if err := Streamed(ctx, db); err != nil {
			return Report{}, err
		}
	}
	from, policy, err := begin(ctx, db, &o)
	if err != nil {
		return Report{}, err
	}
	report, err := fill(ctx, db, newGenerator(o, policy), o, from)
	if err != nil {
		return report, fmt.Errorf("seed: %w (start it again with the same options to go on)", err)
	}
	if report.SummaryRows, err = end(ctx, db, o); err != nil {
		return report, fmt.Errorf("seed: %w", err)
	}
	report.Took = time.Since(began)
	return report, nil
}

// Streamed returns ErrNoStream unless the province's database has a publication of customers and
// a logical slot: only then does what is written travel to headquarters.
func Streamed(ctx context.Context, db *pgxpool.Pool) error {
	const query = `SELECT
		EXISTS (SELECT FROM pg_publication_tables WHERE schemaname = 'crm' AND tablename = 'customer') AND
		EXISTS (SELECT FROM pg_replication_slots
			WHERE slot_type = 'logical' AND plugin = 'pgoutput' AND database = current_database() AND NOT temporary)`
	var there bool
	if err := db.QueryRow(ctx, query).Scan(&there); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if !there {
		return ErrNoStream
	}
	return nil
}

// order is what the audit trail keeps of a seed, and what an interrupted one is continued by.
type order struct {
	Province  codes.Province `json:"province"`
	Customers int            `json:"customers"`
	Seed      uint64         `json:"seed"`
	Today     time.Time      `json:"today"`
}

// begin claims an empty province, or finds where an interrupted seed stopped: it returns how many
// customers are there, and the selection policy in force. Organisation and numbers are made with
// the claim, so that whoever writes meanwhile gets numbers of their own.
func begin(ctx context.Context, db *pgxpool.Pool, o *Options) (from int, policy selection.Policy, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('jike seed'))`); err != nil {
			return err
		}
		var err error
		if policy, err = selection.InForce(ctx, pg.AsTx(tx)); err != nil {
			return err
		}
		var empty bool
		const query = `SELECT NOT EXISTS (SELECT FROM crm.customer) AND NOT EXISTS (SELECT FROM crm.organisation)`
		if err := tx.QueryRow(ctx, query).Scan(&empty); err != nil {
			return err
		}
		if !empty {
			from, err = interrupted(ctx, tx, o)
			return err
		}
		if err := copyOrganisation(ctx, tx, newOrganisation(o.Seed, o.Province, o.Customers, o.Staff)); err != nil {
			return err
		}
		for _, sequence := range []string{"crm.customer_id_seq", "crm.customer_number"} {
			if _, err := tx.Exec(ctx, `SELECT nextval($1::regclass) FROM generate_series(1, $2::int)`, sequence, o.Customers); err != nil {
				return err
			}
		}
		return audit.Record(ctx, pg.AsTx(tx), audit.Entry{
			Actor: caller, Action: "seed.begin", ObjectKind: "province", ObjectID: int64(o.Province),
			After: order{o.Province, o.Customers, o.Seed, o.Today},
		})
	})
	if err != nil {
		return 0, policy, fmt.Errorf("seed: %w", err)
	}
	return from, policy, nil
}

// interrupted finds how far a seed with the same options came. A finished one, another one or
// foreign data give ErrFilled.
func interrupted(ctx context.Context, tx pgx.Tx, o *Options) (int, error) {
	var was order
	const begun = `SELECT after FROM audit.line l WHERE action = 'seed.begin'
		AND NOT EXISTS (SELECT FROM audit.line WHERE action = 'seed.end')`
	err := tx.QueryRow(ctx, begun).Scan(&was)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrFilled
	}
	if err != nil {
		return 0, err
	}
	if was.Province != o.Province || was.Customers != o.Customers || was.Seed != o.Seed {
		return 0, fmt.Errorf("%w: a seed of %d customers with seed %d was interrupted", ErrFilled, was.Customers, was.Seed)
	}
	o.Today = was.Today
	var from int
	err = tx.QueryRow(ctx, `SELECT coalesce(max(id), 0)::int FROM crm.customer WHERE id <= $1`, o.Customers).Scan(&from)
	return from, err
}

// fill writes the customers from+1 to the last. The next transaction's rows are made while the
// one before is written.
func fill(ctx context.Context, db *pgxpool.Pool, g *generator, o Options, from int) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *batch, 1)
	go func() {
		defer close(batches)
		for n := 1; n <= o.Customers; n += perTransaction {
			b := g.batch(n, min(n+perTransaction-1, o.Customers), from)
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	var r Report
	for b := range batches {
		if b.last <= from {
			continue
		}
		if err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { return b.copy(ctx, tx) }); err != nil {
			return r, err
		}
		b.count(&r)
		if o.Progress != nil {
			o.Progress(b.last, o.Customers)
		}
	}
	return r, ctx.Err()
}

// end makes the monthly summary and says in the audit trail that the seed is whole.
func end(ctx context.Context, db *pgxpool.Pool, o Options) (int, error) {
	if _, err := summary.NewStore(db, time.UTC).Refresh(ctx, o.Today); err != nil {
		return 0, err
	}
	var rows int
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM crm.monthly_summary`).Scan(&rows); err != nil {
			return err
		}
		return audit.Record(ctx, pg.AsTx(tx), audit.Entry{
			Actor: caller, Action: "seed.end", ObjectKind: "province", ObjectID: int64(o.Province),
		})
	})
	return rows, err
}
