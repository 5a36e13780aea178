package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
)

// Store keeps the documents.
type Store struct {
	db        *pgxpool.Pool
	customers *customer.Store
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool, customers *customer.Store) *Store { return &Store{db, customers} }

const columns = `d.id, coalesce(d.contract_id, 0) AS contract_id, coalesce(d.interaction_id, 0) AS interaction_id, d.name, d.type, d.size, d.sha256,
	d.added_by, d.added_at`

// owners says of each kind of owner by which right its documents are added and removed, its table, and which of its
// columns the trail names it by.
var owners = map[Owner]struct {
	right        account.Permission
	table, title string
}{
	OfContract:    {account.ContractChange, "contract", "number"},
	OfInteraction: {account.InteractionWrite, "interaction", "subject"},
}

// List reads the documents of a customer within the caller's scope, the newest first. Faults: NotFound.
func (s *Store) List(ctx context.Context, caller account.Caller, customerID int64) ([]Document, error) {
	if _, err := s.customers.Get(ctx, caller, customerID); err != nil {
		return nil, err
	}
	const query = `SELECT ` + columns + ` FROM crm.contract k JOIN crm.document d ON d.contract_id = k.id WHERE k.customer_id = $1
		UNION ALL SELECT ` + columns + ` FROM crm.interaction i JOIN crm.document d ON d.interaction_id = i.id WHERE i.customer_id = $1
		ORDER BY id DESC LIMIT 1000`
	rows, err := s.db.Query(ctx, query, customerID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Document])
}

// Add adds a file to what a customer within the caller's scope has: a contract or an interaction. Faults: Denied,
// NotFound, those of the file, the same file again (Exists), too many (Rule).
func (s *Store) Add(ctx context.Context, caller account.Caller, to Owner, id int64, name string, content []byte) (Document, error) {
	if err := caller.Demand(owners[to].right); err != nil {
		return Document{}, err
	}
	f, err := read(name, content)
	if err != nil {
		return Document{}, err
	}
	var added Document
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		of, err := s.room(ctx, tx, caller, to, id)
		if err != nil {
			return err
		}
		digest := sha256.Sum256(content)
		insert := `INSERT INTO crm.document AS d (` + owners[to].table + `_id, name, type, size, sha256, content, added_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ` + columns
		rows, err := tx.PGX().Query(ctx, insert, id, f.Name, f.Type, f.Size, digest[:], f.Content, caller.Actor())
		if err != nil {
			return err
		}
		added, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Document])
		if pg.Violates(err, "document_is_once_at_its_contract") || pg.Violates(err, "document_is_once_at_its_interaction") {
			return fault.Field(fault.Exists, "content", "document.exists")
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, "document.add", of, added)
	})
	return added, err
}

// room finds the owner of a document to be, and gives the fault of one that has no room for another.
func (s *Store) room(ctx context.Context, tx pg.Tx, caller account.Caller, to Owner, id int64) (owner, error) {
	unknown, table := string(to)+".unknown", owners[to].table
	of := owner{kind: to}
	query := `SELECT o.customer_id, o.` + owners[to].title + ` FROM crm.` + table + ` o WHERE o.id = $1`
	if err := tx.PGX().QueryRow(ctx, query, id).Scan(&of.customerID, &of.title); err != nil {
		return of, known(err, unknown)
	}
	if err := s.family(ctx, tx, caller, of, unknown); err != nil {
		return of, err
	}
	// Others who add to the same owner wait here, so that the count holds.
	if _, err := tx.PGX().Exec(ctx, `SELECT FROM crm.`+table+` WHERE id = $1 FOR NO KEY UPDATE`, id); err != nil {
		return of, err
	}
	var files int
	if err := tx.PGX().QueryRow(ctx, `SELECT count(*) FROM crm.document WHERE `+table+`_id = $1`, id).Scan(&files); err != nil {
		return of, err
	}
	if files >= maxFiles {
		return of, fault.New(fault.Rule, "document.too_many", "max", maxFiles)
	}
	return of, nil
}

// Read gives a document with its content, and notes who read it. Faults: NotFound.
func (s *Store) Read(ctx context.Context, caller account.Caller, id int64) (File, error) {
	var f File
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		of, err := ownerOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := s.customers.GetIn(ctx, tx, caller, of.customerID); err != nil {
			return hidden(err, "document.unknown")
		}
		rows, err := tx.PGX().Query(ctx, `SELECT `+columns+`, d.content FROM crm.document d WHERE d.id = $1`, id)
		if err != nil {
			return err
		}
		if f, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[File]); err != nil {
			return known(err, "document.unknown")
		}
		return record(ctx, tx, caller, "document.read", of, f.Document)
	})
	return f, err
}

// Remove removes a document for good. Faults: Denied, NotFound.
func (s *Store) Remove(ctx context.Context, caller account.Caller, id int64) error {
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		of, err := ownerOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.family(ctx, tx, caller, of, "document.unknown"); err != nil {
			return err
		}
		if err := caller.Demand(owners[of.kind].right); err != nil {
			return err
		}
		rows, err := tx.PGX().Query(ctx, `DELETE FROM crm.document d WHERE d.id = $1 RETURNING `+columns, id)
		if err != nil {
			return err
		}
		d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Document])
		if err != nil {
			return known(err, "document.unknown")
		}
		return record(ctx, tx, caller, "document.remove", of, d)
	})
}

// owner is what a document belongs to.
type owner struct {
	kind       Owner
	customerID int64
	title      string // a contract's number, an interaction's subject
}

// ownerOf finds the owner of a document.
func ownerOf(ctx context.Context, tx pg.Tx, id int64) (of owner, err error) {
	const query = `SELECT CASE WHEN d.contract_id IS NULL THEN 'interaction' ELSE 'contract' END, coalesce(k.customer_id, i.customer_id),
			coalesce(k.number, i.subject)
		FROM crm.document d LEFT JOIN crm.contract k ON k.id = d.contract_id LEFT JOIN crm.interaction i ON i.id = d.interaction_id WHERE d.id = $1`
	err = tx.PGX().QueryRow(ctx, query, id).Scan(&of.kind, &of.customerID, &of.title)
	return of, known(err, "document.unknown")
}

// family makes ready to write to the owner, as who writes the owner itself does; what the caller may not see is as if it
// were not there.
func (s *Store) family(ctx context.Context, tx pg.Tx, caller account.Caller, of owner, code string) error {
	ready := s.customers.Family
	if of.kind == OfInteraction {
		ready = s.customers.Serve
	}
	_, err := ready(ctx, tx, caller, of.customerID)
	return hidden(err, code)
}

func hidden(err error, code string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, code)
	}
	return err
}

func known(err error, code string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, code)
	}
	return err
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, of owner, d Document) error {
	facts := map[string]any{"name": d.Name, "size": d.Size, "sha256": hex.EncodeToString(d.SHA256), string(of.kind): of.title}
	e := audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "document", ObjectID: d.ID, CustomerID: of.customerID,
	}
	if action == "document.remove" {
		e.Before = facts
	} else {
		e.After = facts
	}
	return audit.Record(ctx, tx, e)
}
