package customer

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Found is a customer that a text found.
type Found struct {
	Named
	Lifecycle codes.Lifecycle
	City      codes.City
}

// Candidates is among how many hits of a text the best are looked for. They are taken in no order: an order by
// id would have PostgreSQL walk a whole table in search of a text that hardly occurs.
const Candidates = 60

// Find gives at most most customers within the caller's scope that a text of two characters or more
// finds as it does in a list, or by the pinyin initials that the name, or its part behind the place,
// begins with. The best come first: those that are called so, that begin so, and of a high class.
// Merged customers are found as in lists.
func (s *Store) Find(ctx context.Context, tx pg.Tx, caller account.Caller, text string, most int) ([]Found, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) < shortest {
		return nil, nil
	}
	where, args := conditions(caller, Filter{Text: text})
	args["candidates"], args["most"], args["text"] = Candidates, most, text
	hits := `(SELECT c.id FROM crm.customer c WHERE ` + where + ` LIMIT @candidates)`
	if initials := asInitials(text); initials != "" {
		args["initials"], args["initials_end"] = initials, initials+"\x7f"
		for _, column := range []string{"initials", "core_initials"} {
			hits += ` UNION (SELECT c.id FROM crm.customer_name n JOIN crm.customer c ON c.id = n.customer_id
				WHERE NOT n.former AND n.` + column + ` >= @initials AND n.` + column + ` < @initials_end
					AND c.merged_into IS NULL AND ` + Within(caller, args) + ` ORDER BY n.` + column + `, n.customer_id LIMIT @candidates)`
		}
	}
	rows, err := tx.PGX().Query(ctx, `SELECT c.id, c.number, c.name, c.class, c.lifecycle, c.city FROM crm.customer c JOIN (`+hits+`) h ON h.id = c.id
		ORDER BY c.name = @text DESC, starts_with(c.name, @text) DESC, c.class, c.id LIMIT @most`, planned, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Found])
}
