package contact

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/mask"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Found is a contact that a text found.
type Found struct {
	ID           int64
	CustomerID   int64
	CustomerName string
	Role         Role
	Name         string
	Title        string
	Phone        string // by which it was found, as the caller may read it; empty: by its name
}

// Find gives at most most contacts at customers within the caller's scope whose name has the text in it,
// two characters or more, or who have exactly this phone. Who may not read phones finds by one too, since
// they know it already, and reads it masked.
func (s *Store) Find(ctx context.Context, tx pg.Tx, caller account.Caller, text string, most int) ([]Found, error) {
	needle, terms := customer.Needle(text)
	hit := `strpos(lower(normalize(p.name, NFKC)), @needle) > 0`
	phone, wrong := codes.ParsePhone(text)
	if wrong == nil {
		hit, needle, terms = `(p.mobile = @needle OR p.work_phone = @needle)`, string(phone), []string{string(phone)}
	}
	if len(terms) == 0 {
		return nil, nil
	}
	args := pgx.NamedArgs{"needle": needle, "terms": terms, "most": most, "candidates": customer.Candidates}
	// The first condition costs less than the second, which is the index's.
	query := `SELECT p.id, p.customer_id, c.name, p.role, p.name, p.title, coalesce(c.manager_id, 0)
		FROM (SELECT p.id FROM crm.contact p JOIN crm.customer c ON c.id = p.customer_id
			WHERE ` + hit + ` AND crm.pairs(p.name) || ARRAY[p.mobile, p.work_phone] @> @terms::text[] AND ` + customer.Within(caller, args) + `
			LIMIT @candidates) h
		JOIN crm.contact p ON p.id = h.id JOIN crm.customer c ON c.id = p.customer_id ORDER BY p.id LIMIT @most`
	rows, err := tx.PGX().Query(ctx, query, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Found, error) {
		var f Found
		var manager int64
		err := row.Scan(&f.ID, &f.CustomerID, &f.CustomerName, &f.Role, &f.Name, &f.Title, &manager)
		if f.Phone = string(phone); !SightOf(caller, caller.CaresFor(manager)).Phones {
			f.Phone = mask.Phone(f.Phone)
		}
		return f, err
	})
}
