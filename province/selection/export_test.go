package selection

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Condition is the SQL of a rule.
func (r Rule) Condition(args pgx.NamedArgs) string { return r.condition(args) }

// Advance begins what is due, or makes one batch, and reports whether there is more to do.
func (s *Store) Advance(ctx context.Context) (bool, error) {
	pause, err := s.advance(ctx, Settings{Rate: 1_000_000})
	return pause != idle, err
}
