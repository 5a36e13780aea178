package importing

import (
	"context"
	"errors"
	"fmt"
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
	"jike/province/organisation"
)

// Store keeps imports.
type Store struct {
	db           *pgxpool.Pool
	customers    *customer.Store
	organisation *organisation.Store
	attributes   *attribute.Store
	jobs         *job.Store
}

// NewStore makes the store and offers its kinds of job.
func NewStore(db *pgxpool.Pool, customers *customer.Store, units *organisation.Store, attributes *attribute.Store, jobs *job.Store) *Store {
	s := &Store{db, customers, units, attributes, jobs}
	jobs.Offer(job.Kind{Name: TryKind, Batch: s.tryBatch, Texts: texts})
	jobs.Offer(job.Kind{Name: RunKind, Batch: s.runBatch, Texts: texts})
	jobs.Offer(job.Kind{Name: RevertKind, Batch: s.revertBatch, Texts: texts})
	return s
}

// parameterImport is the parameter of a job with the import's id.
const parameterImport = "import"

const columns = `i.id, i.owner_id, i.owner, i.file_name, i.encoding, i.columns, i.total, i.fields, i.key, i.mode, i.distinct_only,
	coalesce(i.try_job, 0), coalesce(i.run_job, 0), coalesce(i.revert_job, 0), i.created_at`

func scanned(row pgx.CollectableRow) (i Import, err error) {
	return i, row.Scan(&i.ID, &i.OwnerID, &i.Owner, &i.FileName, &i.Encoding, &i.Columns, &i.Total, &i.Fields, &i.Key, &i.Mode, &i.Distinct,
		&i.TryJob, &i.RunJob, &i.RevertJob, &i.CreatedAt)
}

// one collects an import, or gives a NotFound fault.
func one(rows pgx.Rows, err error) (Import, error) {
	if err != nil {
		return Import{}, err
	}
	i, err := pgx.CollectExactlyOneRow(rows, scanned)
	if errors.Is(err, pgx.ErrNoRows) {
		return i, fault.New(fault.NotFound, "import.unknown")
	}
	return i, err
}

// seen is the condition that an import i may be seen by the caller: one's own, all of them for administrators.
func seen(caller account.Caller, args pgx.NamedArgs) string {
	args["account"] = caller.AccountID
	if caller.May(account.JobAdminister) {
		return `true`
	}
	return `i.owner_id = @account`
}

// Upload reads a file and keeps it. Faults: see readFile.
func (s *Store) Upload(ctx context.Context, caller account.Caller, name string, content []byte) (Import, error) {
	if err := caller.Demand(account.CustomerImport); err != nil {
		return Import{}, err
	}
	t, err := readFile(content)
	if err != nil {
		return Import{}, err
	}
	kept, err := pack(t.lines)
	if err != nil {
		return Import{}, err
	}
	var i Import
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		const insert = `INSERT INTO crm.customer_import AS i (owner_id, owner, file_name, encoding, columns, total, content)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ` + columns
		i, err = one(tx.PGX().Query(ctx, insert, caller.AccountID, caller.Login, name, t.encoding, t.columns, len(t.lines), kept))
		if err != nil {
			return err
		}
		return record(ctx, tx, caller, "import.upload", i, map[string]any{"file": name, "lines": i.Total})
	})
	return i, err
}

// Get reads an import that the caller may see, or gives a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Import, error) {
	args := pgx.NamedArgs{"id": id}
	return one(s.db.Query(ctx, `SELECT `+columns+` FROM crm.customer_import i WHERE i.id = @id AND `+seen(caller, args), args))
}

// List reads a page of the imports that the caller may see, the newest first, and how many there are.
func (s *Store) List(ctx context.Context, caller account.Caller, page, size int) (list []Import, total int, err error) {
	args := pgx.NamedArgs{"size": size, "skip": (page - 1) * size}
	where := seen(caller, args)
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM crm.customer_import i WHERE `+where, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.customer_import i WHERE `+where+` ORDER BY i.id DESC LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	list, err = pgx.CollectRows(rows, scanned)
	return list, total, err
}

// Preview is what a person needs to say what the columns of a file mean.
type Preview struct {
	Lines   [][]string // the first ones
	Guess   []string   // what the columns seem to mean
	Choices []string   // what a column can mean
}

// Preview reads an import's Preview. The caller must have been shown it.
func (s *Store) Preview(ctx context.Context, caller account.Caller, i Import) (p Preview, err error) {
	content, err := s.content(ctx, s.db, i.ID)
	if err != nil {
		return p, err
	}
	if p.Lines, err = unpack(content, previewed); err != nil {
		return p, err
	}
	attributes, err := s.attributes.List(ctx, caller)
	if err != nil {
		return p, err
	}
	known := words(attributes)
	keys := make([]string, len(i.Columns))
	for n, heading := range i.Columns {
		keys[n] = headingKey(heading)
	}
	rows, err := s.db.Query(ctx, `SELECT heading, field FROM crm.import_heading WHERE account_id = $1 AND heading = ANY ($2)`, i.OwnerID, keys)
	if err != nil {
		return p, err
	}
	remembered := map[string]string{}
	var heading, name string
	_, err = pgx.ForEachRow(rows, []any{&heading, &name}, func() error {
		if name == "" || known.named(name) != nil { // a field that is no more is forgotten
			remembered[heading] = name
		}
		return nil
	})
	p.Guess, p.Choices = guess(i.Columns, remembered, known), known.names()
	return p, err
}

type rowQueryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (s *Store) content(ctx context.Context, db rowQueryer, id int64) (content []byte, err error) {
	err = db.QueryRow(ctx, `SELECT content FROM crm.customer_import WHERE id = $1`, id).Scan(&content)
	return content, err
}

// lock reads an import of the caller's own and keeps it from others until the transaction ends.
func (s *Store) lock(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (Import, error) {
	if err := caller.Demand(account.CustomerImport); err != nil {
		return Import{}, err
	}
	const query = `SELECT ` + columns + ` FROM crm.customer_import i WHERE i.id = $1 AND i.owner_id = $2 FOR UPDATE`
	return one(tx.PGX().Query(ctx, query, id, caller.AccountID))
}

// state reads the state of a job, "" of none.
func state(ctx context.Context, tx pg.Tx, id int64) (st job.State, err error) {
	if id == 0 {
		return "", nil
	}
	err = tx.PGX().QueryRow(ctx, `SELECT state FROM crm.job WHERE id = $1`, id).Scan(&st)
	return st, err
}

// idle gives a Rule fault while the dry run goes on, or once the import has been run.
func (s *Store) idle(ctx context.Context, tx pg.Tx, i Import) error {
	tried, err := state(ctx, tx, i.TryJob)
	switch {
	case err != nil:
		return err
	case i.RunJob != 0:
		return fault.New(fault.Rule, "import.has_run")
	case tried == job.Queued || tried == job.Running:
		return fault.New(fault.Rule, "import.trying")
	}
	return nil
}

// Set says how an import of the caller's own is to be read, and remembers what the headings mean. A dry run
// with other settings counts no more. Faults: NotFound, wrong settings, an import that runs or has run.
func (s *Store) Set(ctx context.Context, caller account.Caller, id int64, to Settings) (Import, error) {
	var i Import
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if i, err = s.lock(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := s.idle(ctx, tx, i); err != nil {
			return err
		}
		attributes, err := s.attributes.ListIn(ctx, tx, caller)
		if err != nil {
			return err
		}
		if err := to.check(i.Columns, words(attributes)); err != nil {
			return err
		}
		if slices.Equal(i.Fields, to.Fields) && i.Key == to.Key && i.Mode == to.Mode && i.Distinct == to.Distinct {
			return nil
		}
		const update = `UPDATE crm.customer_import AS i SET fields = $2, key = $3, mode = $4, distinct_only = $5, try_job = NULL
			WHERE id = $1 RETURNING ` + columns
		if i, err = one(tx.PGX().Query(ctx, update, id, to.Fields, to.Key, to.Mode, to.Distinct)); err != nil {
			return err
		}
		meant := map[string]string{} // the last of two equal headings counts
		for n, heading := range i.Columns {
			meant[headingKey(heading)] = to.Fields[n]
		}
		for heading, name := range meant {
			const upsert = `INSERT INTO crm.import_heading (account_id, heading, field) VALUES ($1, $2, $3)
				ON CONFLICT (account_id, heading) DO UPDATE SET field = excluded.field`
			if _, err := tx.PGX().Exec(ctx, upsert, caller.AccountID, heading, name); err != nil {
				return err
			}
		}
		return record(ctx, tx, caller, "import.set", i, map[string]any{
			"fields": strings.Join(to.Fields, ","), "key": string(to.Key), "mode": string(to.Mode), "distinct": to.Distinct,
		})
	})
	return i, err
}

// Try queues the dry run of an import of the caller's own, Run the import itself. Faults: NotFound, no
// settings, a job that goes on; of Run: no dry run that came to its end, an import that was run already.
func (s *Store) Try(ctx context.Context, caller account.Caller, id int64) (Import, error) {
	return s.start(ctx, caller, id, TryKind)
}

// Run is described at Try.
func (s *Store) Run(ctx context.Context, caller account.Caller, id int64) (Import, error) {
	return s.start(ctx, caller, id, RunKind)
}

func (s *Store) start(ctx context.Context, caller account.Caller, id int64, kind string) (Import, error) {
	var i Import
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if i, err = s.lock(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := s.idle(ctx, tx, i); err != nil {
			return err
		}
		if len(i.Fields) == 0 {
			return fault.New(fault.Rule, "import.not_set")
		}
		if tried, err := state(ctx, tx, i.TryJob); err != nil {
			return err
		} else if kind == RunKind && tried != job.Done {
			return fault.New(fault.Rule, "import.not_tried")
		}
		content, err := s.content(ctx, tx.PGX(), id)
		if err != nil {
			return err
		}
		cells, err := unpack(content, i.Total)
		if err != nil {
			return err
		}
		i, err = s.queue(ctx, tx, caller, i, map[string]string{TryKind: "try_job", RunKind: "run_job"}[kind], job.Order{
			Kind: kind, Columns: i.Columns, Lines: jobLines(cells, i.Settings),
		})
		return err
	})
	if err == nil {
		s.jobs.Wake()
	}
	return i, err
}

// queue starts a job of the import and notes which.
func (s *Store) queue(ctx context.Context, tx pg.Tx, caller account.Caller, i Import, column string, o job.Order) (Import, error) {
	o.Parameters = map[string]string{parameterImport: strconv.FormatInt(i.ID, 10), "file": i.FileName}
	j, err := s.jobs.StartIn(ctx, tx, caller, o)
	if err != nil {
		return i, err
	}
	return one(tx.PGX().Query(ctx, fmt.Sprintf(`UPDATE crm.customer_import AS i SET %s = $2 WHERE id = $1 RETURNING %s`, column, columns), i.ID, j.ID))
}

// of reads the import of a job.
func (s *Store) of(ctx context.Context, tx pg.Tx, j job.Job) (Import, error) {
	id, err := strconv.ParseInt(j.Parameters[parameterImport], 10, 64)
	if err != nil {
		return Import{}, err
	}
	return one(tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.customer_import i WHERE i.id = $1`, id))
}

// Forget removes imports that are older than Kept, unless a job of theirs goes on.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	_, err := s.db.Exec(ctx, `DELETE FROM crm.customer_import i WHERE i.created_at < $1
		AND NOT EXISTS (SELECT FROM crm.job j WHERE j.id IN (i.try_job, i.run_job, i.revert_job) AND j.finished_at IS NULL)`, now.Add(-Kept))
	return err
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, i Import, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "import", ObjectID: i.ID, After: after,
	})
}
