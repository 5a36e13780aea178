package member

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Found is a member that a text found.
type Found struct {
	Member
	CustomerName string
}

// fewestDigits is how many digits of a phone find members: fewer would be tens of thousands.
const fewestDigits = 7

// Find gives at most most members of customers within the caller's scope whose short number the text is,
// or whose phone it is or begins with its digits, seven or more.
func (s *Store) Find(ctx context.Context, tx pg.Tx, caller account.Caller, text string, most int) ([]Found, error) {
	args := pgx.NamedArgs{"most": most}
	scope := customer.Within(caller, args)
	var hits []string
	find := func(hit, order string) {
		hits = append(hits, `(SELECT m.id FROM crm.member m JOIN crm.customer c ON c.id = m.customer_id
			WHERE m.left_on IS NULL AND `+hit+` AND `+scope+` ORDER BY `+order+` LIMIT @most)`)
	}
	text = strings.TrimSpace(text)
	if shortNumber.MatchString(text) {
		args["short"] = text
		find(`m.short_number = @short AND m.short_number <> ''`, `m.customer_id`)
	}
	if phone, err := codes.ParsePhone(text); err == nil {
		args["phone"] = string(phone)
		find(`m.phone = @phone`, `m.phone`)
	} else if len(text) >= fewestDigits && strings.Trim(text, "0123456789-") == "" {
		args["phone"], args["phone_end"] = text, text+"\x7f"
		find(`m.phone >= @phone AND m.phone < @phone_end`, `m.phone`)
	}
	if len(hits) == 0 {
		return nil, nil
	}
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+`, c.name AS customer_name FROM (`+strings.Join(hits, ` UNION `)+`) h
		JOIN crm.member m ON m.id = h.id JOIN crm.customer c ON c.id = m.customer_id ORDER BY m.phone LIMIT @most`, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Found])
}
