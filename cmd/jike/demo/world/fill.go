package world

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"jike/cmd/jike/seed"
	"jike/internal/account"
	"jike/internal/pg"
	"jike/schemas/codes"
	"jike/schemas/replica"
)

// Password is that of every demo account. The data is fictional and everything is on loopback, so
// that a known password is a convenience and no risk.
const Password = "Jike-2026-Demo"

// progressEvery is how often Fill and AwaitArrival say how far they are.
const progressEvery = 2 * time.Second

// Fill seeds the provinces, both at a time, and makes the accounts. On a world that is filled it
// only finds the accounts; an interrupted one it goes on filling. All nodes must be ready.
func (w *World) Fill(ctx context.Context) error {
	done := make([]atomic.Int64, len(w.Provinces))
	group, working := errgroup.WithContext(ctx)
	for i, n := range w.Provinces {
		group.Go(func() error {
			return w.fillProvince(working, n, func(customers, _ int) { done[i].Store(int64(customers)) })
		})
	}
	watch, stop := context.WithCancel(ctx)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		every(watch, progressEvery, func() { w.sayFilled(watch, done) })
	}()
	err := group.Wait()
	stop()
	<-watching
	if err != nil {
		return err
	}
	return w.fillHeadquarters(ctx)
}

func (w *World) fillProvince(ctx context.Context, n *Node, progress func(done, customers int)) error {
	db, err := pg.Open(ctx, n.AppURL, 4)
	if err != nil {
		return err
	}
	defer db.Close()
	report, err := seed.Fill(ctx, db, seed.Options{
		Province: n.Code, Customers: w.state.Customers, Seed: w.state.Seed, Progress: progress,
	})
	switch {
	case errors.Is(err, seed.ErrFilled):
		w.say("%s is filled already", n.Title())
	case err != nil:
		return fmt.Errorf("%s: %w", n.Title(), err)
	default:
		w.say("%s is filled: %s", n.Title(), report)
	}
	store, err := openAccounts(db)
	if err != nil {
		return err
	}
	made, err := seed.Accounts(ctx, db, store, Password)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Title(), err)
	}
	n.Accounts = demoAccounts(made)
	return nil
}

func (w *World) fillHeadquarters(ctx context.Context) error {
	db, err := pg.Open(ctx, w.National.AppURL, 2)
	if err != nil {
		return err
	}
	defer db.Close()
	store, err := openAccounts(db)
	if err != nil {
		return err
	}
	made, err := seed.HeadquartersAccounts(ctx, store, Password)
	if err != nil {
		return fmt.Errorf("%s: %w", w.National.Title(), err)
	}
	w.National.Accounts = demoAccounts(made)
	if _, err := seed.Reference(ctx, db, w.state.Seed); err != nil {
		return fmt.Errorf("%s: %w", w.National.Title(), err)
	}
	return nil
}

func openAccounts(db *pgxpool.Pool) (*account.Store, error) {
	return account.NewStore(db, account.DefaultSettings(), nil)
}

func demoAccounts(made []seed.Account) []Account {
	list := make([]Account, len(made))
	for i, a := range made {
		list[i] = Account{Login: a.Login, Password: Password, Name: a.Name, Role: a.Role, UnitID: a.UnitID}
	}
	return list
}

func (w *World) sayFilled(ctx context.Context, done []atomic.Int64) {
	var parts []string
	for i, n := range w.Provinces {
		parts = append(parts, fmt.Sprintf("%s %d of %d customers", n.Title(), done[i].Load(), w.state.Customers))
	}
	arrivals, err := w.Arrivals(ctx)
	if err != nil {
		return // progress is for people; what matters fails elsewhere
	}
	var rows int64
	for _, a := range arrivals {
		rows += a.Rows
	}
	w.say("%s; %d rows have arrived at headquarters", strings.Join(parts, ", "), rows)
}

// Arrival is how far headquarters is with a province.
type Arrival struct {
	Province codes.Province
	Rows     int64     // selected rows at headquarters
	DataTime time.Time // what the province committed before is at headquarters; zero: nothing has arrived
}

// Arrivals reads at headquarters what has arrived of each province.
func (w *World) Arrivals(ctx context.Context) ([]Arrival, error) {
	db, err := pg.Open(ctx, w.National.AppURL, 2)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var counts []string
	for _, t := range replica.Up {
		counts = append(counts, fmt.Sprintf("(SELECT count(*) FROM %s WHERE province = $1)", t.Qualified()))
	}
	var all []Arrival
	for _, n := range w.Provinces {
		a := Arrival{Province: n.Code}
		var at *time.Time
		query := "SELECT " + strings.Join(counts, " + ") + ", (SELECT data_time FROM sync.freshness WHERE province = $1)"
		if err := db.QueryRow(ctx, query, int16(n.Code)).Scan(&a.Rows, &at); err != nil {
			return nil, fmt.Errorf("headquarters: %w", err)
		}
		if at != nil {
			a.DataTime = *at
		}
		all = append(all, a)
	}
	return all, nil
}

// AwaitArrival waits until everything that the provinces committed before the call is at
// headquarters.
func (w *World) AwaitArrival(ctx context.Context) error {
	since := time.Now() // one machine, one clock
	said := since
	tick := time.NewTicker(10 * pollEvery)
	defer tick.Stop()
	for {
		arrivals, err := w.Arrivals(ctx)
		if err != nil {
			return err
		}
		var rows int64
		arrived := true
		for _, a := range arrivals {
			rows += a.Rows
			arrived = arrived && !a.DataTime.Before(since)
		}
		if arrived {
			w.say("headquarters has everything: %d rows", rows)
			return nil
		}
		if time.Since(said) > progressEvery {
			said = time.Now()
			w.say("%d rows have arrived at headquarters", rows)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// every calls f again and again until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f()
		}
	}
}
