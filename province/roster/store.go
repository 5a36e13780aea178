package roster

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the rosters.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const rosterColumns = `r.id, r.name, r.purpose, r.closed, r.author, r.created_at, r.version,
	coalesce((SELECT s.version FROM crm.rule_set s WHERE s.roster_id = r.id AND s.put_at IS NOT NULL ORDER BY s.put_at DESC LIMIT 1), 0) AS rule`

// List reads the rosters, those that are open first, the newest first among them.
func (s *Store) List(ctx context.Context, caller account.Caller) ([]Roster, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+rosterColumns+` FROM crm.roster r ORDER BY r.closed, r.id DESC LIMIT $1`, mostListed)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Roster])
}

// Make makes a roster. Faults: Denied, a name or purpose that is not allowed, a name that is taken (Exists).
func (s *Store) Make(ctx context.Context, caller account.Caller, f Facts) (r Roster, err error) {
	if err := caller.Demand(account.RosterManage); err != nil {
		return Roster{}, err
	}
	if f, err = f.check(); err != nil {
		return Roster{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const insert = `INSERT INTO crm.roster AS r (name, purpose, closed, author) VALUES ($1, $2, $3, $4) RETURNING ` + rosterColumns
		if r, err = one(tx.PGX().Query(ctx, insert, f.Name, f.Purpose, f.Closed, caller.Actor())); err != nil {
			return taken(err)
		}
		return record(ctx, tx, caller, "roster.create", r.ID, nil, f.described())
	})
	return r, err
}

// Change changes a roster that the caller saw in the given version. Faults: those of Make, NotFound, a *fault.StaleError.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (r Roster, err error) {
	if err := caller.Demand(account.RosterManage); err != nil {
		return Roster{}, err
	}
	if f, err = f.check(); err != nil {
		return Roster{}, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		before, err := hold(ctx, tx, id, ` FOR UPDATE`)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("roster.version.conflict", before.Version, before)
		}
		const update = `UPDATE crm.roster AS r SET name = $2, purpose = $3, closed = $4, version = version + 1 WHERE id = $1 RETURNING ` + rosterColumns
		if r, err = one(tx.PGX().Query(ctx, update, id, f.Name, f.Purpose, f.Closed)); err != nil {
			return taken(err)
		}
		was, is := audit.Differences(before.described(), f.described())
		return record(ctx, tx, caller, "roster.change", id, was, is)
	})
	return r, err
}

// Put puts customers in the caller's charge into a roster by hand, for a reason, and gives how many were not in it by
// hand yet. Those that were keep the reason that they have, and those that a rule has put in stay whatever it says.
// Faults: Denied, NotFound, no reason, Rule for a roster that is closed,
// no customer or too many.
func (s *Store) Put(ctx context.Context, caller account.Caller, id int64, choice customer.Choice, reason string) (added int, err error) {
	if err := caller.Demand(account.RosterManage); err != nil {
		return 0, err
	}
	if reason, err = fault.Text("reason", reason, maxReason); err != nil {
		return 0, err
	}
	chosen, err := s.customers.Chosen(ctx, caller, choice, mostAtOnce)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(chosen))
	for i, c := range chosen {
		ids[i] = c.ID
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err := opened(ctx, tx, id)
		if err != nil {
			return err
		}
		const insert = `INSERT INTO crm.roster_entry AS e (roster_id, customer_id, reason, added_by)
			SELECT $1, id, $3, $4 FROM unnest($2::bigint[]) AS u (id) ORDER BY id
			ON CONFLICT ON CONSTRAINT roster_entry_is_once_in_its_roster DO UPDATE
			SET reason = excluded.reason, added_by = excluded.added_by, at = excluded.at, grounds = NULL WHERE e.grounds IS NOT NULL RETURNING customer_id`
		rows, err := tx.PGX().Query(ctx, insert, id, ids, reason, caller.Actor())
		if err != nil {
			return err
		}
		fresh, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		added = len(fresh)
		return recordEach(ctx, tx, caller, "roster.put", r, fresh, nil, reason)
	})
	return added, err
}

// Take takes customers in the caller's charge out of a roster and gives how many were in it. Faults: Denied, NotFound.
func (s *Store) Take(ctx context.Context, caller account.Caller, id int64, customers []int64) (taken int, err error) {
	if err := caller.Demand(account.RosterManage); err != nil {
		return 0, err
	}
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		r, err := hold(ctx, tx, id, ` FOR SHARE`)
		if err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": id, "customers": customers}
		rows, err := tx.PGX().Query(ctx, `DELETE FROM crm.roster_entry e USING crm.customer c
			WHERE e.roster_id = @id AND e.customer_id = ANY (@customers) AND c.id = e.customer_id AND `+customer.Within(caller.InCharge(), args)+` RETURNING e.customer_id`, args)
		if err != nil {
			return err
		}
		gone, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		taken = len(gone)
		return recordEach(ctx, tx, caller, "roster.take", r, gone, nil, "")
	})
	return taken, err
}

// Of reads the rosters in which a customer is, the newest entry first. A customer that does not exist or that the caller
// may not see is a NotFound fault.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) ([]Entry, error) {
	if _, err := s.customers.Get(ctx, caller, customerID); err != nil {
		return nil, err
	}
	const query = `SELECT r.id AS roster_id, r.name, r.purpose, r.closed, e.reason, e.grounds, e.added_by, e.at
		FROM crm.roster_entry e JOIN crm.roster r ON r.id = e.roster_id WHERE e.customer_id = $1 ORDER BY e.at DESC, r.id DESC LIMIT $2`
	rows, err := s.db.Query(ctx, query, customerID, mostListed)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
}

func hold(ctx context.Context, tx pg.Tx, id int64, lock string) (Roster, error) {
	r, err := one(tx.PGX().Query(ctx, `SELECT `+rosterColumns+` FROM crm.roster r WHERE r.id = $1`+lock, id))
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "roster.unknown")
	}
	return r, err
}

func one(rows pgx.Rows, err error) (Roster, error) {
	if err != nil {
		return Roster{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Roster])
}

// taken turns PostgreSQL's refusal of a name into an Exists fault.
func taken(err error) error {
	if pg.Violates(err, "roster_name_is_unique") {
		return fault.Field(fault.Exists, "name", "roster.name.exists")
	}
	return err
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, id int64, before, after map[string]any) error {
	e := audit.Entry{Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "roster", ObjectID: id, After: after}
	if before != nil {
		e.Before = before
	}
	return audit.Record(ctx, tx, e)
}

// recordEach keeps in the trail of each customer that it was put into a roster, or taken out; grounds are those of a rule.
func recordEach(ctx context.Context, tx pg.Tx, caller account.Caller, action string, r Roster, customers []int64, grounds map[int64][]byte, reason string) error {
	trail := make([]audit.Entry, len(customers))
	for i, id := range customers {
		after := map[string]any{"name": r.Name}
		if reason != "" {
			after["reason"] = reason
		}
		if document, byRule := grounds[id]; byRule {
			after["grounds"] = json.RawMessage(document)
		}
		trail[i] = audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "roster", ObjectID: r.ID, CustomerID: id, After: after,
		}
	}
	return audit.RecordAll(ctx, tx, trail)
}

func (f Facts) described() map[string]any {
	return map[string]any{"name": f.Name, "purpose": f.Purpose, "closed": f.Closed}
}
