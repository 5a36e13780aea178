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
// numbers are refused. A database that is already there is left alone.
func Migrate(ctx context.Context, ownerURL string, level Level) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // the work is committed or reported by now
	for _, part := range []string{"shared", string(level)} {
		if err := migratePart(ctx, conn, part); err != nil {
			return fmt.Errorf("migrate %s: %w", part, err)
		}
	}
	return nil
}

func migratePart(ctx context.Context, conn *pgx.Conn, part string) error {
	m, err := migrate.NewMigrator(ctx, conn, "public.schema_version_"+part)
	if err != nil {
		return err
	}
	files, err := fs.Sub(sql.Files, part)
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(files); err != nil {
		return err
	}
	return m.Migrate(ctx)
}
