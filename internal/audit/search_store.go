package audit

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Filter says which lines of the trail are looked for. The zero value of a field restricts nothing.
type Filter struct {
	Actor      string // as a whole
	Action     string // as a whole
	ObjectKind string
	ObjectID   int64 // of the kind
	CustomerID int64 // whose file it concerns
	From, To   time.Time
}

// Place is where a page of lines ended.
type Place struct {
	At time.Time
	ID int64
}

// Search reads lines, the newest first, that come after a place, nil for the first page. Each of who,
// what, record and period has an index in this order: a page costs the same however long the trail is.
func Search(ctx context.Context, db *pgxpool.Pool, f Filter, after *Place, limit int) ([]Line, error) {
	conditions, args := []string{"true"}, pgx.NamedArgs{"limit": limit}
	add := func(given bool, condition, name string, value any) {
		if given {
			conditions, args[name] = append(conditions, condition), value
		}
	}
	add(f.Actor != "", `actor = @actor`, "actor", f.Actor)
	add(f.Action != "", `action = @action`, "action", f.Action)
	add(f.ObjectKind != "", `object_kind = @kind`, "kind", f.ObjectKind)
	add(f.ObjectID != 0, `object_id = @object`, "object", f.ObjectID)
	add(f.CustomerID != 0, `customer_id = @customer`, "customer", f.CustomerID)
	add(!f.From.IsZero(), `at >= @from`, "from", f.From)
	add(!f.To.IsZero(), `at < @to`, "to", f.To)
	if after != nil {
		conditions, args["after_at"], args["after_id"] = append(conditions, `(at, id) < (@after_at, @after_id)`), after.At, after.ID
	}
	rows, err := db.Query(ctx, `SELECT `+lineColumns+` FROM audit.line WHERE `+strings.Join(conditions, ` AND `)+`
		ORDER BY at DESC, id DESC LIMIT @limit`, args)
	if err != nil {
		return nil, err
	}
	return collectLines(rows)
}
