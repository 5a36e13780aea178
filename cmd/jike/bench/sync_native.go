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
		if err := n.subscribe(ctx, database, i); err != nil {
			return err
		}
		// None of its start is measured.
		err := awaitAt(ctx, n.rig.source(i), "postgres",
			`SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming')`, database)
		if err != nil {
			return err
		}
	}
	return nil
}

// subscribe names the subscription after the database: headquarters' server has one for each.
func (n native) subscribe(ctx context.Context, database string, source int) error {
	if err := execAt(ctx, n.rig.national, database, fmt.Sprintf(target, province+source, "id, national", "")); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	publication := fmt.Sprintf(`CREATE PUBLICATION bench FOR TABLE bench.row (national, %s) WHERE (national)`, columns())
	if err := execAt(ctx, n.rig.source(source), database, publication); err != nil {
		return fmt.Errorf("publication: %w", err)
	}
	config, err := pgx.ParseConfig(n.rig.source(source).SuperuserURL(database))
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
