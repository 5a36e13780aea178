package exporting

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/job"
)

// Store makes exports.
type Store struct {
	db         *pgxpool.Pool
	customers  *customer.Store
	attributes *attribute.Store
	jobs       *job.Store
	zone       *time.Location
}

// NewStore makes the store and offers its kind of job; zone is the province's.
func NewStore(db *pgxpool.Pool, customers *customer.Store, attributes *attribute.Store, jobs *job.Store, zone *time.Location) *Store {
	s := &Store{db, customers, attributes, jobs, zone}
	jobs.Offer(job.Kind{Name: Kind, Batch: s.batch, Texts: texts})
	return s
}

// The parameters of the job.
const (
	parameterFormat   = "format"
	parameterLanguage = "language"
	parameterFilter   = "filter"

	parameterAttributes = "attributes" // codes, separated by commas
)

// Start orders an export of the customers that the order's filter finds. Faults: no right to export, an attribute that
// is none, none or too many customers, more than the caller may export alone.
func (s *Store) Start(ctx context.Context, caller account.Caller, o Order) (job.Job, error) {
	found, err := s.find(ctx, caller, o)
	if err != nil {
		return job.Job{}, err
	}
	rule, err := s.Rule(ctx, caller)
	if err != nil {
		return job.Job{}, err
	}
	if err := rule.alone(len(found.ids)); err != nil {
		return job.Job{}, err
	}
	// The trail has it all: job.start keeps the lines and the parameters.
	return s.jobs.Start(ctx, caller, found.Order)
}

// findings are the customers of an export, and the job that writes them.
type findings struct {
	ids []int64
	job.Order
}

// find finds the customers of an export in the caller's scope of this moment. Faults: no right to export, an attribute
// that is none, none or too many customers.
func (s *Store) find(ctx context.Context, caller account.Caller, o Order) (found findings, err error) {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return found, err
	}
	known, err := s.attributes.List(ctx, caller)
	if err != nil {
		return found, err
	}
	if _, err := choose(known, o.Attributes); err != nil {
		return found, err
	}
	f, err := customer.ListQuery{Sieve: o.Filter, Sort: o.Sort, Dir: o.Dir}.Filter()
	if err != nil {
		return found, err
	}
	if found.ids, err = s.customers.Listed(ctx, caller, f, MaxRows+1); err != nil {
		return found, err
	}
	if err := check(len(found.ids)); err != nil {
		return found, err
	}
	filter, err := json.Marshal(f)
	if err != nil {
		return found, err
	}
	found.Order = job.Order{
		Kind: Kind, Columns: []string{"id"}, Lines: make([]job.Line, len(found.ids)),
		Parameters: map[string]string{
			parameterFormat: string(o.Format), parameterLanguage: o.Language, parameterFilter: string(filter), parameterAttributes: strings.Join(o.Attributes, ","),
		},
	}
	for i, id := range found.ids {
		found.Lines[i].Cells = []string{strconv.FormatInt(id, 10)}
	}
	return found, nil
}

// columns are those of a job's file.
func (s *Store) columns(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job) ([]column, error) {
	codes := strings.FieldsFunc(j.Parameters[parameterAttributes], func(r rune) bool { return r == ',' })
	known, err := s.attributes.ListIn(ctx, tx, caller)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(known, codes)
	return columnsOf(chosen), err
}

// batch reads the next customers and writes their rows.
func (s *Store) batch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return err
	}
	ids := make([]int64, len(lines))
	for i, l := range lines {
		var err error
		if ids[i], err = strconv.ParseInt(l.Cells[0], 10, 64); err != nil {
			return err
		}
	}
	found, err := s.customers.ByIDs(ctx, tx, caller, ids)
	if err != nil {
		return err
	}
	columns, err := s.columns(ctx, tx, caller, j)
	if err != nil {
		return err
	}
	stated := map[int64]attribute.Stated{}
	if len(columns) > len(standard) {
		if stated, err = s.attributes.OfAll(ctx, tx, slices.Collect(maps.Keys(found))); err != nil {
			return err
		}
	}
	mark, english := markOf(j, s.zone), j.Parameters[parameterLanguage] == "en"
	var rows [][]string
	for i := range lines {
		c, there := found[ids[i]]
		if !there {
			lines[i].Refuse("customer.unknown")
			continue
		}
		cells := row(columns, exported{c, stated[c.ID].Values}, mark, english)
		for n := range cells {
			cells[n] = job.Harmless(cells[n])
		}
		rows, lines[i].Outcome = append(rows, cells), outcomeWritten
	}
	packed, err := pack(rows)
	if err != nil || len(lines) == 0 {
		return err
	}
	_, err = tx.PGX().Exec(ctx, `INSERT INTO crm.customer_export_part (job_id, line, content) VALUES ($1, $2, $3)`, j.ID, lines[0].Number, packed)
	return err
}

// File is the file of an export that has come to its end; who fetches it is in the trail. Faults: NotFound, an
// export that is not finished.
func (s *Store) File(ctx context.Context, caller account.Caller, id int64) (File, error) {
	if err := caller.Demand(account.CustomerExport); err != nil {
		return File{}, err
	}
	j, err := s.jobs.Get(ctx, caller, id)
	switch {
	case err != nil:
		return File{}, err
	case j.Kind != Kind:
		return File{}, fault.New(fault.NotFound, "job.unknown")
	case j.State != job.Done:
		return File{}, fault.New(fault.Rule, "export.not_done")
	}
	rows, err := s.db.Query(ctx, `SELECT content FROM crm.customer_export_part WHERE job_id = $1 ORDER BY line`, id)
	if err != nil {
		return File{}, err
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return File{}, err
	}
	f := File{Format: Format(j.Parameters[parameterFormat])}
	f.Name = nameOf(j, f.Format, s.zone)
	return f, pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		columns, err := s.columns(ctx, tx, caller, j)
		if err != nil {
			return err
		}
		if f.Content, err = assemble(f.Format, head(columns, j.Parameters[parameterLanguage] == "en"), parts, markOf(j, s.zone)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "export.fetch", ObjectKind: "job", ObjectID: j.ID,
			After: map[string]any{"rows": j.Counts[outcomeWritten], "filter": j.Parameters[parameterFilter], "attributes": j.Parameters[parameterAttributes]},
		})
	})
}
