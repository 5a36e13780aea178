package audit

import (
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// Line is a line of the trail as it was written.
type Line struct {
	ID         int64
	At         time.Time
	Actor      string
	Action     string
	ObjectKind string
	ObjectID   int64
	CustomerID int64          // whose file it concerns, 0 if none
	Before     map[string]any // nil if nothing was there
	After      map[string]any // nil if nothing is left
}

const lineColumns = `id, at, actor, action, object_kind, coalesce(object_id, 0), coalesce(customer_id, 0), before, after`

func collectLines(rows pgx.Rows) ([]Line, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Line, error) {
		var l Line
		var before, after []byte
		if err := row.Scan(&l.ID, &l.At, &l.Actor, &l.Action, &l.ObjectKind, &l.ObjectID, &l.CustomerID, &before, &after); err != nil {
			return l, err
		}
		for _, d := range []struct {
			from []byte
			to   *map[string]any
		}{{before, &l.Before}, {after, &l.After}} {
			if d.from == nil {
				continue
			}
			if err := json.Unmarshal(d.from, d.to); err != nil {
				return l, err
			}
		}
		return l, nil
	})
}
