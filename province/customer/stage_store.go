package customer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/schemas/codes"
)

// StageCount is how many customers of a class are at a stage of the life cycle.
type StageCount struct {
	Class     codes.Class
	Lifecycle codes.Lifecycle
	Customers int64
}

// CountByStage counts the customers within the caller's scope that a list shows, by class and stage.
func (s *Store) CountByStage(ctx context.Context, caller account.Caller) ([]StageCount, error) {
	l := newListing(caller, Filter{})
	count := `count(*) AS customers FROM crm.customer c WHERE ` + l.where
	if l.tallied {
		count = `sum(c.customers)::bigint AS customers FROM ` + tally + ` WHERE ` + l.facets
	}
	rows, err := s.db.Query(ctx, `SELECT * FROM (SELECT c.class, c.lifecycle, `+count+` GROUP BY 1, 2) c WHERE c.customers > 0 ORDER BY 1, 2`, planned, l.args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[StageCount])
}
