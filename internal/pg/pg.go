// Package pg is how both levels reach PostgreSQL: a launcher for private clusters made from the
// locally installed binaries, connection pools, transactions that pass between capabilities
// without showing the driver, and numbered migrations.
package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The roles of a node's database, least rights each; schemas/sql/roles.sql makes them.
const (
	RoleOwner = "jike_owner" // migrations
	RoleApp   = "jike_app"   // portal and partner messages
	RoleSync  = "jike_sync"  // replication
)

// Database is the name of a node's database.
const Database = "jike"

// Tx is a transaction that spans capabilities. Business files pass it on without looking inside;
// only store files open it with PGX.
type Tx struct{ tx pgx.Tx }

// PGX gives the driver's transaction, for store files.
func (t Tx) PGX() pgx.Tx { return t.tx }

// AsTx wraps a transaction that the caller began itself.
func AsTx(tx pgx.Tx) Tx { return Tx{tx} }

// Open makes a pool. max is the most connections it holds; 0 leaves the driver's default. The
// pool connects lazily: Open fails only for a malformed URL.
func Open(ctx context.Context, url string, max int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	if max > 0 {
		cfg.MaxConns = max
	}
	return pgxpool.NewWithConfig(ctx, cfg)
}

// InTx runs f in a read-committed transaction and commits, or rolls back if f fails or panics.
func InTx(ctx context.Context, db *pgxpool.Pool, f func(Tx) error) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { return f(Tx{tx}) })
}

// InSavepoint runs f in a savepoint of tx: if f fails only its own effects are undone.
func InSavepoint(ctx context.Context, tx Tx, f func(Tx) error) error {
	return pgx.BeginFunc(ctx, tx.tx, func(inner pgx.Tx) error { return f(Tx{inner}) })
}

// LockRefused reports whether err is PostgreSQL saying that a lock was not to be had in time, or that
// waiting for it made a deadlock.
func LockRefused(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "55P03" || pe.Code == "40P01")
}

// Violates reports whether err is PostgreSQL refusing a row for the named constraint.
func Violates(err error, constraint string) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.ConstraintName == constraint
}
