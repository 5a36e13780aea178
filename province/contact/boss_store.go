package contact

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
)

// person is by what a contact of BOSS is known again.
type person struct {
	role Role
	name string
}

// ReplaceFromBOSS makes the contacts that BOSS keeps at a customer those of the list: known ones
// (by role and name) are changed, new ones added, missing ones removed. Private facts that the list
// leaves empty stay as the portal has them, and contacts of the portal are not touched. The
// transaction must hold the customer (customer.Store.Lock or LockByNumber); national is its flag.
// Wrong facts are faults, joined.
func (s *Store) ReplaceFromBOSS(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, national bool, list []Facts) error {
	list, err := checked(list)
	if err != nil {
		return errors.Join(caller.Demand(account.ContactChange), err)
	}
	if err := caller.Demand(account.ContactChange); err != nil {
		return err
	}
	kept, order, err := s.keptByBOSS(ctx, tx, customerID)
	if err != nil {
		return err
	}
	var was, is []map[string]any
	for _, f := range list {
		key := person{f.Role, f.Name}
		if len(kept[key]) == 0 {
			if _, err := s.insert(ctx, tx, customerID, national, FromBOSS, f); err != nil {
				return err
			}
			is = append(is, described(f))
			continue
		}
		before := kept[key][0]
		kept[key] = kept[key][1:]
		f.Private = f.completed(before.Private)
		f.Email, f.KeyPerson = before.Email, before.KeyPerson // BOSS knows nothing of it
		after, err := s.update(ctx, tx, before, f)
		if err != nil {
			return err
		}
		if after.Version != before.Version {
			was, is = append(was, described(before.Facts)), append(is, described(f))
		}
	}
	for _, key := range order {
		for _, gone := range kept[key] {
			if _, err := tx.PGX().Exec(ctx, `DELETE FROM crm.contact WHERE id = $1`, gone.ID); err != nil {
				return err
			}
			was = append(was, described(gone.Facts))
		}
		delete(kept, key) // a name that occurs twice is in the order twice
	}
	if len(was)+len(is) == 0 {
		return nil
	}
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "contact.replace", ObjectKind: "contact", CustomerID: customerID,
		Before: map[string]any{"contacts": was}, After: map[string]any{"contacts": is},
	})
}

// keptByBOSS reads and locks the contacts that BOSS keeps at a customer, with their order.
func (s *Store) keptByBOSS(ctx context.Context, tx pg.Tx, customerID int64) (map[person][]Contact, []person, error) {
	const query = `SELECT ` + columns + ` FROM crm.contact WHERE customer_id = $1 AND source = 'boss' ORDER BY id FOR UPDATE`
	rows, err := tx.PGX().Query(ctx, query, customerID)
	if err != nil {
		return nil, nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Contact])
	kept, order := map[person][]Contact{}, make([]person, 0, len(list))
	for _, c := range list {
		key := person{c.Role, c.Name}
		kept[key], order = append(kept[key], c), append(order, key)
	}
	return kept, order, err
}

// checked gives the facts of a list in their stored form, and their faults joined.
func checked(list []Facts) ([]Facts, error) {
	out, faults := make([]Facts, 0, len(list)), []error(nil)
	for _, f := range list {
		f, err := f.check()
		out, faults = append(out, f), append(faults, err)
	}
	return out, errors.Join(faults...)
}

// completed fills what is empty from before.
func (p Private) completed(before Private) Private {
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.Mobile, before.Mobile}, {&p.Birthday, before.Birthday}, {&p.Family, before.Family}, {&p.Hobbies, before.Hobbies}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	return p
}
