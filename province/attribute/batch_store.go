package attribute

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/pg"
)

// OfAll reads what is stated of customers that the caller has been shown; those of whom nothing was ever stated
// are left out.
func (s *Store) OfAll(ctx context.Context, tx pg.Tx, customerIDs []int64) (map[int64]Stated, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT customer_id, stated AS values, version, updated_at FROM crm.customer_attributes WHERE customer_id = ANY ($1)`, customerIDs)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Stated])
	all := make(map[int64]Stated, len(list))
	for _, one := range list {
		all[one.CustomerID] = one
	}
	return all, err
}

// Values counts customers that the caller has been shown by what is stated of them under an attribute.
func (s *Store) Values(ctx context.Context, code string, customerIDs []int64) (map[string]int, error) {
	const query = `SELECT coalesce(a.stated->>$2, ''), count(*) FROM unnest($1::bigint[]) c (id)
		LEFT JOIN crm.customer_attributes a ON a.customer_id = c.id GROUP BY 1`
	rows, err := s.db.Query(ctx, query, customerIDs, code)
	if err != nil {
		return nil, err
	}
	values := map[string]int{}
	var value string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&value, &n}, func() error { values[value] = n; return nil })
	return values, err
}

// AmendIn states some attributes anew of a customer whose row the transaction keeps from others: see Amend. Who states
// them, such as a partner, may not know of the required ones: of these only those that it names are required. Faults:
// Denied, and those of Amend.
func (s *Store) AmendIn(ctx context.Context, tx pg.Tx, caller account.Caller, customerID int64, stated map[string]string) error {
	_, err := s.AmendAll(ctx, tx, caller, []int64{customerID}, stated)
	return err
}

// AmendAll is AmendIn for many customers, and gives of which of them another thing is stated now.
func (s *Store) AmendAll(ctx context.Context, tx pg.Tx, caller account.Caller, customerIDs []int64, stated map[string]string) (changed map[int64]bool, err error) {
	definitions, err := s.ListIn(ctx, tx, caller)
	if err != nil {
		return nil, err
	}
	for i, d := range definitions {
		_, named := stated[d.Code]
		definitions[i].Required = d.Required && named
	}
	before, err := s.OfAll(ctx, tx, customerIDs)
	if err != nil {
		return nil, err
	}
	var list []Amended
	changed = map[int64]bool{}
	for _, id := range customerIDs {
		amended := Amended{Before: before[id]}
		amended.Before.CustomerID = id
		if amended.After, err = Amend(definitions, amended.Before.Values, stated); err != nil {
			return nil, err
		}
		if amended.Differs() {
			list, changed[id] = append(list, amended), true
		}
	}
	return changed, s.SaveAll(ctx, tx, caller, list)
}

// SaveAll writes what is to be stated of customers whose rows the transaction keeps from others, with a line in the
// trail for each. Each has the next version then. Fault: Denied.
func (s *Store) SaveAll(ctx context.Context, tx pg.Tx, caller account.Caller, list []Amended) error {
	if len(list) == 0 {
		return nil
	}
	if err := caller.Demand(account.CustomerChange); err != nil {
		return err
	}
	ids, documents, trail := make([]int64, len(list)), make([]string, len(list)), make([]audit.Entry, len(list))
	for i, a := range list {
		document, err := json.Marshal(a.After)
		if err != nil {
			return err
		}
		ids[i], documents[i] = a.Before.CustomerID, string(document)
		was, is := audit.Differences(anyOf(a.Before.Values), anyOf(a.After))
		trail[i] = audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.attributes", ObjectKind: "attributes", ObjectID: ids[i], CustomerID: ids[i],
			Before: was, After: is,
		}
	}
	const upsert = `INSERT INTO crm.customer_attributes AS a (customer_id, stated) SELECT u.id, u.stated::jsonb FROM unnest($1::bigint[], $2::text[]) AS u (id, stated)
		ON CONFLICT (customer_id) DO UPDATE SET stated = excluded.stated, version = a.version + 1, updated_at = now()`
	if _, err := tx.PGX().Exec(ctx, upsert, ids, documents); err != nil {
		return err
	}
	return audit.RecordAll(ctx, tx, trail)
}
