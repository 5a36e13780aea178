package attribute

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the attributes and what is stated under them.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const columns = `a.id, a.code, a.name_zh, a.name_en, a.kind, a.required, a.retired, a.position, a.longest, a.least, a.most, a.unit, a.choices,
	a.version, a.updated_at`

// List gives all attributes in the order of the form, retired ones too.
func (s *Store) List(ctx context.Context, caller account.Caller) (list []Definition, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		list, err = s.ListIn(ctx, tx, caller)
		return err
	})
	return list, err
}

// ListIn is List in a transaction.
func (s *Store) ListIn(ctx context.Context, tx pg.Tx, caller account.Caller) ([]Definition, error) {
	if err := caller.Demand(account.CustomerRead); err != nil {
		return nil, err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.attribute a ORDER BY a.position, a.id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Definition])
}

// Add defines an attribute. Faults: Denied, wrong facts (joined), a code that is taken (Rule).
func (s *Store) Add(ctx context.Context, caller account.Caller, f Facts) (added Definition, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.AttributeManage); err != nil {
			return err
		}
		f, err := f.check()
		if err != nil {
			return err
		}
		added, err = one(ctx, tx, `INSERT INTO crm.attribute AS a (code, name_zh, name_en, kind, required, retired, position, longest, least, most, unit, choices)
			VALUES (@code, @name_zh, @name_en, @kind, @required, @retired, @position, @longest, @least, @most, @unit, @choices) RETURNING `+columns, arguments(f))
		if pg.Violates(err, "attribute_code_is_unique") {
			return fault.Field(fault.Rule, "code", "attribute.code.taken")
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, "attribute.create", added, nil, described(added.Facts))
	})
	return added, err
}

// Change replaces the facts of an attribute that the caller saw in the given version. Faults are those of Add,
// NotFound, what a change must leave (Rule), and a *fault.StaleError for another version.
func (s *Store) Change(ctx context.Context, caller account.Caller, id int64, version int32, f Facts) (changed Definition, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.AttributeManage); err != nil {
			return err
		}
		before, err := one(ctx, tx, `SELECT `+columns+` FROM crm.attribute a WHERE a.id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("attribute.version.conflict", before.Version, before)
		}
		f, err := f.check()
		if err = errors.Join(err, f.follows(before.Facts)); err != nil {
			return err
		}
		args := arguments(f)
		args["id"] = id
		changed, err = one(ctx, tx, `UPDATE crm.attribute AS a SET name_zh = @name_zh, name_en = @name_en, required = @required, retired = @retired,
				position = @position, longest = @longest, least = @least, most = @most, unit = @unit, choices = @choices, version = version + 1, updated_at = now()
			WHERE id = @id RETURNING `+columns, args)
		if err != nil {
			return err
		}
		was, is := audit.Differences(described(before.Facts), described(changed.Facts))
		return record(ctx, tx, caller, "attribute.change", changed, was, is)
	})
	return changed, err
}

// Of reads what is stated of a customer. One that the caller may not see is a NotFound fault.
func (s *Store) Of(ctx context.Context, caller account.Caller, customerID int64) (stated Stated, err error) {
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.db, moment, func(tx pgx.Tx) error {
		if _, err := s.customers.GetIn(ctx, pg.AsTx(tx), caller, customerID); err != nil {
			return err
		}
		stated, err = of(ctx, pg.AsTx(tx), customerID)
		return err
	})
	return stated, err
}

// State replaces what is stated of a customer within the caller's scope that the caller saw in the given version.
// What stands under retired attributes stays. Faults: Denied, NotFound, wrong values by the attributes' codes
// (joined), a code that is none, and a *fault.StaleError for another version.
func (s *Store) State(ctx context.Context, caller account.Caller, customerID int64, version int32, values map[string]string) (stated Stated, err error) {
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := caller.Demand(account.CustomerChange); err != nil {
			return err
		}
		definitions, err := s.ListIn(ctx, tx, caller)
		if err != nil {
			return err
		}
		if _, err := s.customers.Family(ctx, tx, caller, customerID); err != nil { // which keeps others out
			return err
		}
		before, err := of(ctx, tx, customerID)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("attribute.version.conflict", before.Version, before)
		}
		after, err := Amend(definitions, before.Values, whole(definitions, values))
		if err != nil {
			return err
		}
		if err := s.SaveAll(ctx, tx, caller, []Amended{{before, after}}); err != nil {
			return err
		}
		stated, err = of(ctx, tx, customerID)
		return err
	})
	return stated, err
}

func of(ctx context.Context, tx pg.Tx, customerID int64) (Stated, error) {
	stated := Stated{CustomerID: customerID, Values: map[string]string{}}
	err := tx.PGX().QueryRow(ctx, `SELECT stated, version, updated_at FROM crm.customer_attributes WHERE customer_id = $1`, customerID).
		Scan(&stated.Values, &stated.Version, &stated.UpdatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return stated, err
}

func one(ctx context.Context, tx pg.Tx, query string, args pgx.NamedArgs) (Definition, error) {
	rows, err := tx.PGX().Query(ctx, query, args)
	if err != nil {
		return Definition{}, err
	}
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Definition])
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "attribute.unknown")
	}
	return d, err
}

func arguments(f Facts) pgx.NamedArgs {
	choices := f.Choices
	if choices == nil {
		choices = []Option{}
	}
	return pgx.NamedArgs{
		"code": f.Code, "name_zh": f.NameZh, "name_en": f.NameEn, "kind": string(f.Kind), "required": f.Required, "retired": f.Retired,
		"position": f.Position, "longest": f.Longest, "least": f.Least, "most": f.Most, "unit": f.Unit, "choices": choices,
	}
}

// described is an attribute as the audit trail keeps it.
func described(f Facts) map[string]any {
	choices := ""
	for _, o := range f.Choices {
		choices += o.Code + "=" + o.NameZh + "/" + o.NameEn + " "
	}
	return map[string]any{
		"code": f.Code, "nameZh": f.NameZh, "nameEn": f.NameEn, "kind": string(f.Kind), "required": f.Required, "retired": f.Retired, "position": f.Position,
		"longest": f.Longest, "least": f.Least, "most": f.Most, "unit": f.Unit, "choices": choices,
	}
}

func anyOf(values map[string]string) map[string]any {
	out := make(map[string]any, len(values))
	for code, value := range values {
		out[code] = value
	}
	return out
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, d Definition, before, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "attribute", ObjectID: d.ID, Before: before, After: after,
	})
}
