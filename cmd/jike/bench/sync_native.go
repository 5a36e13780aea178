package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// native is PostgreSQL's own logical replication, given what it runs best with: binary rows, a
// plain table instead of a partition, and a worker that looks for work ten times a second. Its
// worker commits durably, which is not its default.
//
// Each province has a database of its own at headquarters: its worker shares a table with nobody.
type native struct{ rig *rig }

const nativeName = "native"

func (n native) name() string { return nativeName }

func (n native) nation(sources []string, source int) string { return sources[source] }

func (n native) start(ctx context.Context, sources []string) error {
	for i, database := range sources {
		if err := n.subscribe(ctx, database, firstProvince+i); err != nil {
			return err
		}
	}
	// None of its start is measured.
	return awaitAt(ctx, n.rig.province, "postgres",
		`SELECT count(*) = $1 FROM pg_stat_replication WHERE application_name LIKE 'bench_%' AND state = 'streaming'`, len(sources))
}

// subscribe names the subscription, and with it the slot, after the database: slots belong to the
// whole server.
func (n native) subscribe(ctx context.Context, database string, code int) error {
	if err := execAt(ctx, n.rig.national, database, fmt.Sprintf(target, code, "id, national", "")); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	publication := fmt.Sprintf(`CREATE PUBLICATION bench FOR TABLE bench.row (national, %s) WHERE (national)`, columns())
	if err := execAt(ctx, n.rig.province, database, publication); err != nil {
		return fmt.Errorf("publication: %w", err)
	}
	config, err := pgx.ParseConfig(n.rig.province.SuperuserURL(database))
	if err != nil {
		return err
	}
	subscription := fmt.Sprintf(`CREATE SUBSCRIPTION %s CONNECTION 'host=%s user=%s dbname=%[1]s' PUBLICATION bench
		WITH (copy_data = false, binary = true, synchronous_commit = 'on')`, database, config.Host, config.User)
	if err := execAt(ctx, n.rig.national, database, subscription); err != nil {
		return fmt.Errorf("subscription: %w", err)
	}
	return nil
}

func (n native) stop(ctx context.Context, sources []string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var errs []error
	for _, database := range sources {
		errs = append(errs, execAt(ctx, n.rig.national, database, "DROP SUBSCRIPTION IF EXISTS "+database)) // and its slot
	}
	return errors.Join(errs...)
}
