package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/demo/world"
	"jike/internal/account"
	"jike/internal/pg"
)

// begin starts the world, listens from the first message, and lets the seed flow.
func (s *scene) begin(ctx context.Context) (string, error) {
	w, err := world.New(world.Options{
		Dir: s.dir, Customers: s.cmd.Customers, Seed: s.cmd.Seed, FreePorts: true, Separate: true, Say: s.report.say,
	})
	if err != nil {
		return "", err
	}
	s.world = w
	if err := w.Start(ctx); err != nil {
		return "", err
	}
	go s.watch(ctx)
	if s.tap, err = listen(ctx, w, s.finder); err != nil {
		return "", err
	}
	s.onClose(s.tap.stop)
	if s.headquarters, err = s.look(ctx, w.National); err != nil {
		return "", err
	}
	for _, n := range w.Provinces {
		db, err := s.look(ctx, n)
		if err != nil {
			return "", err
		}
		s.sites = append(s.sites, &site{node: n, db: db})
	}
	if err := s.durable(ctx); err != nil {
		return "", err
	}
	if err := s.untouched(ctx); err != nil {
		return "", err
	}
	if err := w.Fill(ctx); err != nil {
		return "", err
	}
	if err := s.arrived(ctx); err != nil {
		return "", err
	}
	if err := s.signIn(ctx); err != nil {
		return "", err
	}
	rows, err := s.rowsAtHeadquarters(ctx)
	if err == nil && rows == 0 {
		err = errors.New("headquarters is empty after the seed")
	}
	return fmt.Sprintf("%d processes; fsync on, sync_interval always; %d customers in each province, %d rows arrived",
		len(w.Parts()), w.Customers(), rows), err
}

// watch fails the running step when a part ends that nobody killed.
func (s *scene) watch(ctx context.Context) {
	select {
	case err := <-s.world.Ended():
		s.fail(err)
	case <-ctx.Done():
	}
}

// look opens a database to verify what is in it.
func (s *scene) look(ctx context.Context, n *world.Node) (*pgxpool.Pool, error) {
	db, err := pg.Open(ctx, n.SuperuserURL, 4)
	if err != nil {
		return nil, err
	}
	s.onClose(func() error { db.Close(); return nil })
	return db, nil
}

// durable fails unless every database and both kinds of NATS server write to disk before they
// answer: kills would prove nothing otherwise.
func (s *scene) durable(ctx context.Context) error {
	databases := []*pgxpool.Pool{s.headquarters}
	files := []string{filepath.Join(s.world.HubDir, "hub.conf")}
	for _, at := range s.sites {
		databases = append(databases, at.db)
		files = append(files, filepath.Join(at.node.LeafDir, "leaf.conf"))
	}
	for i, db := range databases {
		settings, err := one[string](ctx, db, `SELECT concat_ws(' ', current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'))`)
		if err != nil {
			return err
		}
		if settings != "on on on" {
			return fmt.Errorf("%s: fsync, full_page_writes and synchronous_commit are %s", s.world.Nodes()[i].Title(), settings)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), "sync_interval: always") {
			return fmt.Errorf("%s does not say sync_interval: always", file)
		}
	}
	return nil
}

// untouched fails unless publication and slot are there before the first row.
func (s *scene) untouched(ctx context.Context) error {
	for _, at := range s.sites {
		ready, err := one[bool](ctx, at.db, `SELECT NOT EXISTS (SELECT FROM crm.customer)
			AND (SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'crm') = $1
			AND EXISTS (SELECT FROM pg_replication_slots WHERE plugin = 'pgoutput' AND NOT temporary)`, len(shapes))
		if err != nil {
			return err
		}
		if !ready {
			return fmt.Errorf("%s holds rows already, or has no publication or slot", at.node.Title())
		}
	}
	return nil
}

func (s *scene) signIn(ctx context.Context) (err error) {
	for _, at := range s.sites {
		if at.admin, err = signIn(ctx, at.node, account.ProvinceAdministrator); err != nil {
			return err
		}
		if at.manager, err = signIn(ctx, at.node, account.AccountManager); err != nil {
			return err
		}
	}
	s.analyst, err = signIn(ctx, s.world.National, account.HeadquartersAnalyst)
	return err
}

func (s *scene) rowsAtHeadquarters(ctx context.Context) (int64, error) {
	var counts []string
	for _, t := range shapes {
		counts = append(counts, "(SELECT count(*) FROM crm."+t.name+")")
	}
	return one[int64](ctx, s.headquarters, "SELECT "+strings.Join(counts, " + "))
}

// logs lists the log files of all processes.
func (s *scene) logs() []string {
	files := []string{filepath.Join(s.dir, "hub.log")}
	for _, n := range s.world.Nodes() {
		files = append(files, n.LogFiles...)
	}
	return files
}
