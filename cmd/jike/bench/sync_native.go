package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// native is PostgreSQL's own logical replication, given what it runs best with: binary rows, a
// plain table instead of a partition, and a worker that looks for work ten times a second. Its
// worker commits durably, which is not its default.
type native struct{ rig *rig }

func (n native) name() string { return "native" }

func (n native) start(ctx context.Context, database string) error {
	if err := execAt(ctx, n.rig.national, database, fmt.Sprintf(target, province, "id, national", "")); err != nil {
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
	subscription := fmt.Sprintf(`CREATE SUBSCRIPTION bench CONNECTION 'host=%s user=%s dbname=%s' PUBLICATION bench
		WITH (copy_data = false, binary = true, synchronous_commit = 'on')`, config.Host, config.User, database)
	if err := execAt(ctx, n.rig.national, database, subscription); err != nil {
		return fmt.Errorf("subscription: %w", err)
	}
	// None of its start is measured.
	return awaitAt(ctx, n.rig.province, "postgres", `SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = 'bench' AND state = 'streaming')`)
}

func (n native) stop(ctx context.Context, database string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return execAt(ctx, n.rig.national, database, `DROP SUBSCRIPTION bench`) // and its slot
}
