// Package audit keeps the trail of who changed what, and seals it.
//
// Record writes one line in the transaction of the change: if the line cannot be written, the
// change rolls back. Lines are only ever added; the application's role may neither change nor
// delete them. A sealer chains the lines of finished transactions every second (sealer.go), so
// that a later change, removal or insertion of a line is found by Verify. A chain inside each
// transaction would make all writers wait for each other.
package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
)

// Entry is one line of the trail.
type Entry struct {
	Actor      string // login, "partner:" and a domain, or "system:" and a task
	ActorID    int64  // the account, 0 if none
	Action     string // such as "customer.change"
	ObjectKind string // such as "contact"
	ObjectID   int64  // 0 if it concerns no single object
	CustomerID int64  // whose file it concerns, 0 if none
	Before     any    // what changed, as it was; nil if nothing was there. Marshalled to JSON
	After      any    // as it is now
}

// Differences keeps of two states of an object, by the names of its fields, what is not the same in both.
// A field that one of them lacks is lacking there.
func Differences(before, after map[string]any) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, value := range before {
		other, there := after[name]
		if there && other == value {
			continue
		}
		was[name] = value
		if there {
			is[name] = other
		}
	}
	for name, value := range after {
		if _, there := before[name]; !there {
			is[name] = value
		}
	}
	return was, is
}

// Record writes the line in tx. Its error must make the change roll back.
func Record(ctx context.Context, tx pg.Tx, e Entry) error {
	before, err := document(e.Before)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	after, err := document(e.After)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	const insert = `INSERT INTO audit.line (actor, actor_id, action, object_kind, object_id, customer_id, before, after)
		VALUES ($1, nullif($2, 0), $3, $4, nullif($5, 0), nullif($6, 0), $7, $8)`
	_, err = tx.PGX().Exec(ctx, insert, e.Actor, e.ActorID, e.Action, e.ObjectKind, e.ObjectID, e.CustomerID, before, after)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

// RecordAll writes many lines in tx at once. Its error must make the change roll back.
func RecordAll(ctx context.Context, tx pg.Tx, entries []Entry) error {
	rows := pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) {
		e := entries[i]
		before, err := document(e.Before)
		if err != nil {
			return nil, err
		}
		after, err := document(e.After)
		if err != nil {
			return nil, err
		}
		return []any{e.Actor, orNull(e.ActorID), e.Action, e.ObjectKind, orNull(e.ObjectID), orNull(e.CustomerID), before, after}, nil
	})
	columns := []string{"actor", "actor_id", "action", "object_kind", "object_id", "customer_id", "before", "after"}
	if _, err := tx.PGX().CopyFrom(ctx, pgx.Identifier{"audit", "line"}, columns, rows); err != nil {
		return fmt.Errorf("audit of %d: %w", len(entries), err)
	}
	return nil
}

// orNull is nil, NULL in the database, for no id.
func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// document is the JSON of v, nil for nil.
func document(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}
