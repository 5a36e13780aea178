package pg

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"

	"jike/schemas/sql"
)

// Level is which of the two nodes a database belongs to.
type Level string

// The two levels.
const (
	Province Level = "province"
	National Level = "national"
)

// Migrate brings the database at ownerURL to the newest schema of its level: first what both
// levels share, then the level's own, each with its own version table. Missing or repeated
// numbers are refused. A database that is already there is left alone. One that held an older schema is
// analyzed: new columns and the expressions of new indexes have no statistics, and without them a search
// among two million contacts was planned as a walk through all of them. Autovacuum would not see to it, since
// no row has changed.
func Migrate(ctx context.Context, ownerURL string, level Level) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // the work is committed or reported by now
	older := false
	for _, part := range []string{"shared", string(level)} {
		from, to, err := migratePart(ctx, conn, part)
		if err != nil {
			return fmt.Errorf("migrate %s: %w", part, err)
		}
		older = older || 0 < from && from < to
	}
	if !older {
		return nil
	}
	if _, err := conn.Exec(ctx, `ANALYZE`); err != nil {
		return fmt.Errorf("migrate: statistics: %w", err)
	}
	return nil
}

// migratePart brings one part of the schema from the version that the database has to the newest one.
func migratePart(ctx context.Context, conn *pgx.Conn, part string) (from, to int32, err error) {
	m, err := migrate.NewMigrator(ctx, conn, "public.schema_version_"+part)
	if err != nil {
		return 0, 0, err
	}
	files, err := fs.Sub(sql.Files, part)
	if err != nil {
		return 0, 0, err
	}
	if err := m.LoadMigrations(files); err != nil {
		return 0, 0, err
	}
	if from, err = m.GetCurrentVersion(ctx); err != nil {
		return 0, 0, err
	}
	return from, int32(len(m.Migrations)), m.Migrate(ctx)
}
