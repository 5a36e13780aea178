package member

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Store keeps the members.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const columns = `m.id, m.customer_id, m.phone, m.joined_on, m.left_on, m.name, m.department, m.duty, m.short_number, m.version, m.updated_at`

// Page is one page of a customer's members.
type Page struct {
	Items  []Member
	Total  int // that the filter lets pass
	Joined int // that are members
	Stated Count
}

// List reads the members of a customer that the filter lets pass, in the order of their phones. One
// that the caller may not see is a NotFound fault, a wrong filter a fault about a field.
func (s *Store) List(ctx context.Context, caller account.Caller, customerID int64, f Filter) (Page, error) {
	var page Page
	if err := errors.Join(caller.Demand(account.CustomerRead), f.check()); err != nil {
		return page, err
	}
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.db, moment, func(t pgx.Tx) (err error) {
		tx := pg.AsTx(t)
		if _, err = s.customers.GetIn(ctx, tx, caller, customerID); err != nil {
			return err
		}
		if page.Stated, err = s.Stated(ctx, tx, customerID); err != nil {
			return err
		}
		const joined = `SELECT count(*) FROM crm.member WHERE customer_id = $1 AND left_on IS NULL`
		if err = t.QueryRow(ctx, joined, customerID).Scan(&page.Joined); err != nil {
			return err
		}
		where, args := conditions(customerID, f)
		if page.Total = page.Joined; f.State != Joined || f.Text != "" {
			if err = t.QueryRow(ctx, `SELECT count(*) FROM crm.member m WHERE `+where, args).Scan(&page.Total); err != nil {
				return err
			}
		}
		rows, err := t.Query(ctx, `SELECT `+columns+` FROM crm.member m WHERE `+where+` ORDER BY m.phone, m.id LIMIT @size OFFSET @skip`, args)
		if err != nil {
			return err
		}
		page.Items, err = pgx.CollectRows(rows, pgx.RowToStructByName[Member])
		return err
	})
	return page, err
}

// conditions are those of a filter on the rows m of a customer. Phones are ASCII and the database
// sorts by code point, so a range of the index finds a beginning.
func conditions(customerID int64, f Filter) (string, pgx.NamedArgs) {
	args := pgx.NamedArgs{"customer": customerID, "size": f.Size, "skip": (f.Page - 1) * f.Size}
	where := `m.customer_id = @customer AND m.left_on IS NULL`
	if f.State == Left {
		where = `m.customer_id = @customer AND m.left_on IS NOT NULL`
	}
	text := strings.ToLower(strings.TrimSpace(f.Text))
	if text == "" {
		return where, args
	}
	args["text"], args["text_end"] = text, text+"\x7f"
	return where + ` AND (m.phone >= @text AND m.phone < @text_end OR m.short_number = @text
		OR strpos(lower(m.name), @text) > 0 OR strpos(lower(m.department), @text) > 0)`, args
}

// Join makes a line a member of a customer within the caller's scope. Faults: NotFound, wrong facts
// (joined), a phone that is a member of some customer or a short number that is taken (Exists).
func (s *Store) Join(ctx context.Context, caller account.Caller, customerID int64, phone codes.Phone, day time.Time, f Facts) (Member, error) {
	var joined Member
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.MemberWrite); err != nil {
			return err
		}
		if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
			return err
		}
		f, err := f.check()
		if phone == "" {
			err = errors.Join(fault.Field(fault.TooShort, "phone", "input.required"), err)
		}
		if err != nil {
			return err
		}
		const insert = `INSERT INTO crm.member AS m (customer_id, phone, joined_on, name, department, duty, short_number)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ` + columns
		joined, err = one(tx.PGX().Query(ctx, insert, customerID, phone, day, f.Name, f.Department, f.Duty, f.ShortNumber))
		if err != nil {
			return taken(err)
		}
		return record(ctx, tx, caller, "member.join", joined, nil, described(joined))
	})
	return joined, err
}

// Change replaces the facts of a member that the caller saw in the given version. Faults are those of
// Join, a Rule fault for one that has left, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (Member, error) {
	var changed Member
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id, version)
		if err != nil {
			return err
		}
		if f, err = f.check(); err != nil {
			return err
		}
		if before.LeftOn != nil {
			return fault.New(fault.Rule, "member.has_left")
		}
		if changed = before; f == before.Facts {
			return nil
		}
		const update = `UPDATE crm.member AS m SET name = $2, department = $3, duty = $4, short_number = $5, version = version + 1, updated_at = now()
			WHERE id = $1 RETURNING ` + columns
		if changed, err = one(tx.PGX().Query(ctx, update, id, f.Name, f.Department, f.Duty, f.ShortNumber)); err != nil {
			return taken(err)
		}
		return record(ctx, tx, caller, "member.change", changed, described(before), described(changed))
	})
	return changed, err
}

// Leave ends the membership of a line, as the caller saw it in the given version, with the day. Faults:
// NotFound, one that has left or a day before the one of joining (Rule), a *fault.StaleError.
func (s *Store) Leave(ctx context.Context, caller account.Caller, id int64, version int32, day time.Time) (Member, error) {
	var gone Member
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id, version)
		if err != nil {
			return err
		}
		if err := before.leave(day); err != nil {
			return err
		}
		const update = `UPDATE crm.member AS m SET left_on = $2, version = version + 1, updated_at = now() WHERE id = $1 RETURNING ` + columns
		if gone, err = one(tx.PGX().Query(ctx, update, id, day)); err != nil {
			return err
		}
		return record(ctx, tx, caller, "member.leave", gone, nil, map[string]any{"phone": gone.Phone, "leftOn": day.Format(time.DateOnly)})
	})
	return gone, err
}

// lock reads a member of a customer within the caller's scope and keeps others from changing it; the
// customer is held first, as everywhere, so that nobody waits in a circle.
func (s *Store) lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, version int32) (Member, error) {
	if err := caller.Demand(account.MemberWrite); err != nil {
		return Member{}, err
	}
	var customerID int64
	if err := tx.PGX().QueryRow(ctx, `SELECT customer_id FROM crm.member WHERE id = $1`, id).Scan(&customerID); err != nil {
		return Member{}, unknown(err)
	}
	if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil {
		if fault.Is(err, fault.NotFound) {
			return Member{}, unknown(pgx.ErrNoRows)
		}
		return Member{}, err
	}
	m, err := one(tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.member m WHERE m.id = $1 FOR UPDATE`, id))
	if err != nil {
		return Member{}, unknown(err)
	}
	if m.Version != version {
		return Member{}, fault.Stale("member.version.conflict", m.Version, m)
	}
	return m, nil
}

func one(rows pgx.Rows, err error) (Member, error) {
	if err != nil {
		return Member{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Member])
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, m Member, before, after map[string]any) error {
	e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "member", ObjectID: m.ID, CustomerID: m.CustomerID, After: after}
	if before != nil {
		e.Before = before
	}
	return audit.Record(ctx, tx, e)
}

// described is a member as the audit trail keeps it, without what is empty.
func described(m Member) map[string]any {
	doc := map[string]any{"phone": m.Phone}
	for name, value := range map[string]string{"name": m.Name, "department": m.Department, "duty": m.Duty, "shortNumber": m.ShortNumber} {
		if value != "" {
			doc[name] = value
		}
	}
	return doc
}

// taken turns PostgreSQL's refusal of a unique value into an Exists fault.
func taken(err error) error {
	switch {
	case pg.Violates(err, "member_phone_is_of_one_customer"):
		return fault.Field(fault.Exists, "phone", "member.phone.exists")
	case pg.Violates(err, "member_short_number_is_unique"):
		return fault.Field(fault.Exists, "shortNumber", "member.short_number.exists")
	}
	return err
}

// unknown turns "no row" into a NotFound fault.
func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "member.unknown")
	}
	return err
}
