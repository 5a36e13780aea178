package contact

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// maxBirthdays is how many birthdays a list holds.
const maxBirthdays = 200

// Birthdays lists the key persons at the customers in the caller's own care whose birthday comes
// within days from today (0 < days <= 90), the next first. It needs the right to private facts.
func (s *Store) Birthdays(ctx context.Context, caller account.Caller, today time.Time, days int) ([]BirthdaySoon, error) {
	if err := caller.Demand(account.ContactPrivate); err != nil {
		return nil, err
	}
	list, on := daysOf(today, min(max(days, 1), 90))
	const query = `SELECT p.id, p.customer_id, c.name, p.name, p.title, p.do_not_contact, p.birthday
		FROM crm.customer c JOIN crm.contact p ON p.customer_id = c.id
		WHERE c.manager_id = @unit AND (extract(month FROM p.birthday) * 100 + extract(day FROM p.birthday))::int = ANY(@days)
		ORDER BY p.id LIMIT @most`
	rows, err := s.db.Query(ctx, query, pgx.NamedArgs{"unit": caller.UnitID, "days": list, "most": maxBirthdays})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (BirthdaySoon, error) {
		var b BirthdaySoon
		err := row.Scan(&b.ContactID, &b.CustomerID, &b.CustomerName, &b.Name, &b.Title, &b.DoNotContact, &b.Born)
		b.On = on[monthDay(b.Born)]
		return b, err
	})
	slices.SortStableFunc(found, func(a, b BirthdaySoon) int { return a.On.Compare(b.On) })
	return found, err
}
