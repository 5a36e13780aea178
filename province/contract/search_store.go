package contract

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
)

// Found is a contract that a text found.
type Found struct {
	ID           int64
	CustomerID   int64
	CustomerName string
	Number       string
	Name         string
	Status       Status
	ExpiresOn    time.Time // the day
}

// Find gives at most most contracts with customers within the caller's scope whose number begins with the
// text, of two characters or more, or whose name has it in it.
func (s *Store) Find(ctx context.Context, tx pg.Tx, caller account.Caller, text string, most int) ([]Found, error) {
	needle, terms := customer.Needle(text)
	if len(terms) == 0 {
		return nil, nil
	}
	number := strings.TrimSpace(text)
	args := pgx.NamedArgs{"needle": needle, "terms": terms, "most": most, "candidates": customer.Candidates, "number": number, "number_end": number + "\U0010ffff"}
	scope := customer.Within(caller, args)
	find := func(hit, order string) string {
		return `(SELECT k.id FROM crm.contract k JOIN crm.customer c ON c.id = k.customer_id
			WHERE ` + hit + ` AND ` + scope + order + ` LIMIT @candidates)`
	}
	query := `SELECT k.id, k.customer_id, c.name AS customer_name, k.number, k.name, k.status, k.expires_on
		FROM (` + find(`k.number >= @number AND k.number < @number_end`, ` ORDER BY k.number`) + ` UNION ` +
		find(`strpos(lower(normalize(k.name, NFKC)), @needle) > 0 AND crm.pairs(k.name) @> @terms::text[]`, ``) + `) h
		JOIN crm.contract k ON k.id = h.id JOIN crm.customer c ON c.id = k.customer_id ORDER BY k.id LIMIT @most`
	rows, err := tx.PGX().Query(ctx, query, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Found])
}
