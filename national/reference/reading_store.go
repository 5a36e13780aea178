package reference

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// Filter says which rows of a kind are wanted.
type Filter struct {
	Text       string          // part of any value; empty: all
	Province   *codes.Province // 0: only those for all; nil: every
	Expired    bool            // also those that no longer hold
	Page, Size int             // from 1
}

// MaxPageSize is the most rows of a page.
const MaxPageSize = 200

// columns reads a Row: its values as one JSON object, in the names of the fields.
func (k Kind) columns() string {
	pairs := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		expression := f.Column
		if f.Type == Time {
			expression = fmt.Sprintf(`to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`, f.Column)
		}
		pairs[i] = fmt.Sprintf("'%s', %s", f.Name, expression)
	}
	return `id, province, version, changed_at, expired_at, jsonb_build_object(` + strings.Join(pairs, ", ") + `) AS values`
}

// get reads a row in the transaction, or gives a NotFound fault.
func (k Kind) get(ctx context.Context, tx pg.Tx, id int64) (Row, error) {
	rows, err := tx.PGX().Query(ctx, `SELECT `+k.columns()+` FROM ref.`+k.Table+` WHERE id = $1`, id)
	if err != nil {
		return Row{}, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Row])
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "reference.unknown")
	}
	return row, err
}

// List gives one page of rows in the order of their key, and how many there are. Faults: Denied.
func (s *Store) List(ctx context.Context, caller account.Caller, k Kind, f Filter) (rows []Row, total int, err error) {
	if err := caller.Demand(account.NationReferenceRead); err != nil {
		return nil, 0, err
	}
	conditions, args := []string{"true"}, pgx.NamedArgs{"size": f.Size, "skip": (f.Page - 1) * f.Size}
	if !f.Expired {
		conditions = append(conditions, "expired_at IS NULL")
	}
	if f.Province != nil {
		conditions, args["province"] = append(conditions, "province = @province"), int16(*f.Province)
	}
	if f.Text != "" {
		var parts []string
		for _, field := range k.Fields {
			parts = append(parts, field.Column+"::text ILIKE @text")
		}
		conditions = append(conditions, "("+strings.Join(parts, " OR ")+")")
		args["text"] = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Text) + "%"
	}
	order := "id DESC"
	if len(k.Key) > 0 {
		order = ""
		for _, name := range k.Key {
			for _, field := range k.Fields {
				if field.Name == name {
					order += field.Column + ", "
				}
			}
		}
		order += "province, id"
	}
	from := ` FROM ref.` + k.Table + ` WHERE ` + strings.Join(conditions, " AND ")
	if err := s.db.QueryRow(ctx, `SELECT count(*)`+from, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	found, err := s.db.Query(ctx, `SELECT `+k.columns()+from+` ORDER BY `+order+` LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	rows, err = pgx.CollectRows(found, pgx.RowToStructByName[Row])
	return rows, total, err
}

// Receiver is where a province is.
type Receiver struct {
	Province codes.Province
	Version  int64      // that it said it has; 0: none of the epoch's
	HeardAt  *time.Time // when it last said so
}

// Overview is the state of all reference data.
type Overview struct {
	Epoch     int64
	Version   int64
	ChangedAt time.Time
	Rows      map[string]int64 // that hold, by kind
	Receivers []Receiver
}

// Overview reads the version, how many rows hold, and where each province is. Faults: Denied.
func (s *Store) Overview(ctx context.Context, caller account.Caller) (Overview, error) {
	o := Overview{Rows: map[string]int64{}}
	if err := caller.Demand(account.NationReferenceRead); err != nil {
		return o, err
	}
	if err := s.db.QueryRow(ctx, `SELECT epoch, version, changed_at FROM sync.master`).Scan(&o.Epoch, &o.Version, &o.ChangedAt); err != nil {
		return o, err
	}
	for _, k := range kinds {
		var n int64
		if err := s.db.QueryRow(ctx, `SELECT count(*) FROM ref.`+k.Table+` WHERE expired_at IS NULL`).Scan(&n); err != nil {
			return o, err
		}
		o.Rows[k.Name] = n
	}
	rows, err := s.db.Query(ctx, `SELECT province, CASE WHEN applied_epoch = $1 THEN applied_version ELSE 0 END AS version, heard_at
		FROM sync.receiver ORDER BY province`, o.Epoch)
	if err != nil {
		return o, err
	}
	o.Receivers, err = pgx.CollectRows(rows, pgx.RowToStructByName[Receiver])
	return o, err
}
