package contact

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
)

// Store keeps the contacts.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
	zone      *time.Location
}

// NewStore makes the store; zone is the province's, in which days begin.
func NewStore(db *pgxpool.Pool, customers *customer.Store, zone *time.Location) *Store {
	return &Store{db, customers, zone}
}

const columns = `id, customer_id, source, role, name, work_phone, title, email, mobile,
	coalesce(to_char(birthday, 'YYYY-MM-DD'), '') AS birthday, family, hobbies, decision_role, influence, attitude, channel,
	hours_from, hours_to, do_not_contact, version, updated_at`

// List reads a customer's contacts. The caller must have been shown the customer; what it may read
// of the personal facts is Facts.Shown's matter.
func (s *Store) List(ctx context.Context, tx pg.Tx, customerID int64) ([]Contact, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.contact WHERE customer_id = $1 ORDER BY id LIMIT 500`, customerID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Contact])
}

// Add adds a contact of the portal to a customer within the caller's scope. Faults: NotFound, wrong
// facts (joined), private facts without the permission (Denied).
func (s *Store) Add(ctx context.Context, caller account.Caller, customerID int64, f Facts) (Contact, error) {
	var added Contact
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.ContactChange); err != nil {
			return err
		}
		national, err := s.customers.Serve(ctx, tx, caller, customerID)
		if err != nil {
			return err
		}
		f, denied := f.stated(caller, Facts{}, nil)
		f, wrong := f.check()
		if err := errors.Join(denied, wrong); err != nil {
			return err
		}
		added, err = s.insert(ctx, tx, customerID, national, FromPortal, f)
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, "contact.create", added.ID, customerID, nil, described(f))
	})
	return added, err
}

// Change replaces the facts of a contact that the caller saw in the given version, but for the
// personal facts in keep, which stay as they are stored. Faults are those of Add, a Rule fault for
// what BOSS keeps, and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts, keep ...Field) (Contact, error) {
	var changed Contact
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id, version)
		if err != nil {
			return err
		}
		f, denied := f.stated(caller, before.Facts, keep)
		f, wrong := f.check()
		if err := errors.Join(denied, wrong, change(before, f)); err != nil {
			return err
		}
		changed, err = s.update(ctx, tx, before, f)
		if err != nil || changed.Version == before.Version {
			return err
		}
		was, is := differences(described(before.Facts), described(f))
		return record(ctx, tx, caller, "contact.change", id, before.CustomerID, was, is)
	})
	return changed, err
}

// Remove deletes a contact of the portal that the caller saw in the given version. Faults: NotFound,
// a Rule fault for a contact that BOSS keeps, a *fault.StaleError for another version.
func (s *Store) Remove(ctx context.Context, caller account.Caller, id int64, version int32) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := s.lock(ctx, tx, caller, id, version)
		if err != nil {
			return err
		}
		if before.Source == FromBOSS {
			return fault.New(fault.Rule, "contact.kept_by_boss")
		}
		if _, err := tx.PGX().Exec(ctx, `DELETE FROM crm.contact WHERE id = $1`, id); err != nil {
			return err
		}
		return record(ctx, tx, caller, "contact.remove", id, before.CustomerID, described(before.Facts), nil)
	})
}

// Reveal reads one personal fact of a contact for a reason, which goes into the audit trail with who
// asked. Faults: a field that is none or a reason that says nothing (joined), NotFound, Denied.
func (s *Store) Reveal(ctx context.Context, caller account.Caller, id int64, field Field, reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if err := mayReveal(caller, field); err != nil {
		return "", err
	}
	if err := checkReveal(field, reason); err != nil {
		return "", err
	}
	var value string
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		c, err := s.get(ctx, tx, caller, id, ``)
		if err != nil {
			return err
		}
		value = c.get(field)
		return record(ctx, tx, caller, "contact.reveal", id, c.CustomerID, nil, map[string]any{"field": string(field), "reason": reason})
	})
	if err != nil {
		return "", err // the trail has no line of it, so that nobody may know it
	}
	return value, nil
}

// own reports whether the customer is in the caller's own care.
func (s *Store) own(ctx context.Context, caller account.Caller, customerID int64) (own bool, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		own, err = s.customers.Own(ctx, tx, caller, customerID)
		return err
	})
	return own, err
}

// lock reads a contact of a customer within the caller's scope and keeps others from changing it;
// the customer is held first, as everywhere, so that nobody waits in a circle.
func (s *Store) lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, version int32) (Contact, error) {
	if err := caller.Demand(account.ContactChange); err != nil {
		return Contact{}, err
	}
	c, err := s.get(ctx, tx, caller, id, ` FOR UPDATE`)
	if err != nil {
		return Contact{}, err
	}
	if c.Version != version {
		return Contact{}, fault.Stale("contact.version.conflict", c.Version, c)
	}
	return c, nil
}

// get reads a contact of a customer within the caller's scope, whom it holds.
func (s *Store) get(ctx context.Context, tx pg.Tx, caller account.Caller, id int64, lock string) (Contact, error) {
	var customerID int64
	if err := tx.PGX().QueryRow(ctx, `SELECT customer_id FROM crm.contact WHERE id = $1`, id).Scan(&customerID); err != nil {
		return Contact{}, unknown(err)
	}
	if _, err := s.customers.Serve(ctx, tx, caller, customerID); err != nil {
		if fault.Is(err, fault.NotFound) {
			return Contact{}, unknown(pgx.ErrNoRows)
		}
		return Contact{}, err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.contact WHERE id = $1`+lock, id)
	if err != nil {
		return Contact{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact])
	return c, unknown(err)
}

func (s *Store) insert(ctx context.Context, tx pg.Tx, customerID int64, national bool, source Source, f Facts) (Contact, error) {
	const insert = `INSERT INTO crm.contact (customer_id, national, source, role, name, work_phone, title, email, mobile, birthday, family, hobbies,
			decision_role, influence, attitude, channel, hours_from, hours_to, do_not_contact)
		VALUES (@customer_id, @national, @source, @role, @name, @work_phone, @title, @email, @mobile, nullif(@birthday, '')::date, @family, @hobbies,
			@decision_role, @influence, @attitude, @channel, @hours_from, @hours_to, @do_not_contact)
		RETURNING ` + columns
	args := arguments(f)
	args["customer_id"], args["national"], args["source"] = customerID, national, string(source)
	rows, err := tx.PGX().Query(ctx, insert, args)
	if err != nil {
		return Contact{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact])
}

// update stores facts that differ; the same facts change nothing.
func (s *Store) update(ctx context.Context, tx pg.Tx, before Contact, f Facts) (Contact, error) {
	if f == before.Facts {
		return before, nil
	}
	const update = `UPDATE crm.contact SET role = @role, name = @name, work_phone = @work_phone, title = @title, email = @email,
			mobile = @mobile, birthday = nullif(@birthday, '')::date, family = @family, hobbies = @hobbies, decision_role = @decision_role,
			influence = @influence, attitude = @attitude, channel = @channel, hours_from = @hours_from, hours_to = @hours_to,
			do_not_contact = @do_not_contact, version = version + 1, updated_at = now()
		WHERE id = @id RETURNING ` + columns
	args := arguments(f)
	args["id"] = before.ID
	rows, err := tx.PGX().Query(ctx, update, args)
	if err != nil {
		return Contact{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Contact])
}

func arguments(f Facts) pgx.NamedArgs {
	return pgx.NamedArgs{
		"role": string(f.Role), "name": f.Name, "work_phone": string(f.WorkPhone), "title": f.Title,
		"email": f.Email, "mobile": f.Mobile, "birthday": f.Birthday, "family": f.Family, "hobbies": f.Hobbies,
		"decision_role": string(f.DecisionRole), "influence": f.Influence, "attitude": string(f.Attitude), "channel": string(f.Channel),
		"hours_from": f.HoursFrom, "hours_to": f.HoursTo, "do_not_contact": f.DoNotContact,
	}
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, id, customerID int64, before, after map[string]any) error {
	e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "contact", ObjectID: id, CustomerID: customerID}
	if before != nil {
		e.Before = before
	}
	if after != nil {
		e.After = after
	}
	return audit.Record(ctx, tx, e)
}

// described is a contact as the audit trail keeps it: the whole, without what is empty or not known.
func described(f Facts) map[string]any {
	m := map[string]any{}
	for name, value := range map[string]any{
		"role": string(f.Role), "name": f.Name, "workPhone": string(f.WorkPhone), "title": f.Title, "email": f.Email,
		"mobile": f.Mobile, "birthday": f.Birthday, "family": f.Family, "hobbies": f.Hobbies,
		"decisionRole": string(f.DecisionRole), "influence": f.Influence, "attitude": string(f.Attitude), "channel": string(f.Channel),
		"hoursFrom": f.HoursFrom, "hoursTo": f.HoursTo, "doNotContact": f.DoNotContact,
	} {
		switch value {
		case "", int16(0), false, string(Unstated), string(AttitudeUnknown), string(AnyChannel):
		default:
			m[name] = value
		}
	}
	return m
}

// differences keeps of both states what differs.
func differences(before, after map[string]any) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, value := range before {
		if after[name] != value {
			was[name], is[name] = value, after[name]
		}
	}
	for name, value := range after {
		if _, known := before[name]; !known {
			was[name], is[name] = nil, value
		}
	}
	return was, is
}

// unknown turns "no row" into a NotFound fault.
func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "contact.unknown")
	}
	return err
}
