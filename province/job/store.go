package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
)

// Kind is one kind of work, registered by the capability that can do it.
type Kind struct {
	Name string // such as "member.import"
	// Batch goes over lines in a transaction and gives each an outcome. An error undoes the batch: a fault
	// fails the job, any other is tried over.
	Batch func(ctx context.Context, tx pg.Tx, caller account.Caller, j Job, lines []Line) error
	// Lines are those of a batch; 0: the usual number.
	Lines int
	// Texts are the words for outcomes and reasons in a result file, Chinese and English.
	Texts map[string][2]string
}

// say gives the function that puts outcomes and reasons into words: of a code that something follows, after a
// space, both are put into words as far as they are known.
func (k Kind) say(language string) func(string) string {
	word := func(code string) string {
		text, known := k.Texts[code]
		switch {
		case !known:
			return code
		case language == "en":
			return text[1]
		}
		return text[0]
	}
	return func(code string) string {
		if code, about, more := strings.Cut(code, " "); more {
			return word(code) + " (" + word(about) + ")"
		}
		return word(code)
	}
}

// Store keeps the jobs.
type Store struct {
	db    *pgxpool.Pool
	kinds map[string]Kind
	wake  chan struct{}
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store {
	return &Store{db: db, kinds: map[string]Kind{}, wake: make(chan struct{}, 1)}
}

// Offer registers a kind, before the worker runs. A name that is taken panics.
func (s *Store) Offer(k Kind) {
	if _, taken := s.kinds[k.Name]; taken {
		panic(fmt.Sprintf("job: kind %s is offered twice", k.Name))
	}
	s.kinds[k.Name] = k
}

const columns = `j.id, j.kind, j.state, j.owner_id, j.owner, coalesce(j.customer_id, 0) AS customer_id, j.parameters, j.columns,
	j.total, j.done, j.counts, j.trouble, j.attempts, j.created_at, j.updated_at, j.finished_at`

// Start queues a job for the caller, who needs an account and must have been allowed the work and the
// customer. Faults: no lines, or too many.
func (s *Store) Start(ctx context.Context, caller account.Caller, o Order) (Job, error) {
	var j Job
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		j, err = s.StartIn(ctx, tx, caller, o)
		return err
	})
	if err == nil {
		s.Wake()
	}
	return j, err
}

// StartIn is Start in a transaction, after which Wake spares the job a wait.
func (s *Store) StartIn(ctx context.Context, tx pg.Tx, caller account.Caller, o Order) (Job, error) {
	if err := o.check(); err != nil {
		return Job{}, err
	}
	const insert = `INSERT INTO crm.job AS j (kind, owner_id, owner, customer_id, parameters, columns, total)
		VALUES ($1, $2, $3, nullif($4, 0), $5, $6, $7) RETURNING ` + columns
	j, err := one(tx.PGX().Query(ctx, insert, o.Kind, caller.AccountID, caller.Login, o.CustomerID, o.Parameters, o.Columns, len(o.Lines)))
	if err != nil {
		return j, err
	}
	rows := pgx.CopyFromSlice(len(o.Lines), func(i int) ([]any, error) {
		return []any{j.ID, i + 1, o.Lines[i].Cells, o.Lines[i].Outcome, o.Lines[i].Reason}, nil
	})
	if _, err := tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "job_line"}, []string{"job_id", "number", "cells", "outcome", "reason"}, rows); err != nil {
		return j, err
	}
	return j, record(ctx, tx, caller, "job.start", j, map[string]any{"kind": j.Kind, "lines": j.Total, "parameters": j.Parameters})
}

// Wake has the worker look for open jobs now.
func (s *Store) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// ByID reads jobs for whoever has been shown what they are part of; those that are forgotten are missing.
func (s *Store) ByID(ctx context.Context, ids []int64) (map[int64]Job, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.job j WHERE j.id = ANY ($1)`, ids)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Job])
	jobs := make(map[int64]Job, len(list))
	for _, j := range list {
		jobs[j.ID] = j
	}
	return jobs, err
}

// Entrust gives the open jobs on customers, which were their former managers', to the accounts of the
// new ones; a job whose new manager has no account stays.
func (s *Store) Entrust(ctx context.Context, tx pg.Tx, caller account.Caller, customers, from, to []int64) error {
	const update = `UPDATE crm.job AS j SET owner_id = n.id, owner = n.login
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u (customer_id, from_id, to_id)
			JOIN account.account o ON o.unit_id = u.from_id
			JOIN LATERAL (SELECT id, login FROM account.account WHERE unit_id = u.to_id AND active ORDER BY id LIMIT 1) n ON true
		WHERE j.finished_at IS NULL AND j.customer_id = u.customer_id AND j.owner_id = o.id RETURNING ` + columns
	rows, err := tx.PGX().Query(ctx, update, customers, from, to)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Job])
	for _, j := range list {
		if err == nil {
			err = record(ctx, tx, caller, "job.entrust", j, map[string]any{"kind": j.Kind, "owner": j.Owner})
		}
	}
	return err
}

// seen is the condition that a row j may be seen by a caller with the account @account.
func seen(caller account.Caller, args pgx.NamedArgs) string {
	args["account"] = caller.AccountID
	if caller.May(account.JobAdminister) {
		return `true`
	}
	return `j.owner_id = @account`
}

// List reads a page of the jobs that the caller may see, the newest first, and how many there are.
func (s *Store) List(ctx context.Context, caller account.Caller, page, size int) ([]Job, int, error) {
	args := pgx.NamedArgs{"size": size, "skip": (page - 1) * size}
	where := seen(caller, args)
	var total int
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM crm.job j WHERE `+where, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM crm.job j WHERE `+where+` ORDER BY j.id DESC LIMIT @size OFFSET @skip`, args)
	if err != nil {
		return nil, 0, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Job])
	return list, total, err
}

// Get reads a job that the caller may see, or gives a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Job, error) {
	args := pgx.NamedArgs{"id": id}
	j, err := one(s.db.Query(ctx, `SELECT `+columns+` FROM crm.job j WHERE j.id = @id AND `+seen(caller, args), args))
	return j, unknown(err)
}

// Cancel ends a job that the caller may see once its present batch is through; what is done stays done.
// One that has ended is a Rule fault.
func (s *Store) Cancel(ctx context.Context, caller account.Caller, id int64) (Job, error) {
	var j Job
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		args := pgx.NamedArgs{"id": id}
		if j, err = one(tx.PGX().Query(ctx, `SELECT `+columns+` FROM crm.job j WHERE j.id = @id AND `+seen(caller, args)+` FOR UPDATE`, args)); err != nil {
			return unknown(err)
		}
		if j.FinishedAt != nil {
			return fault.New(fault.Rule, "job.ended")
		}
		j, err = s.end(ctx, tx, caller, j, Cancelled, "")
		return err
	})
	return j, err
}

// Result writes a job's lines with their outcomes as CSV, in the caller's language; all of them, or
// those that were refused.
func (s *Store) Result(ctx context.Context, caller account.Caller, id int64, refused bool) (string, error) {
	j, err := s.Get(ctx, caller, id)
	if err != nil {
		return "", err
	}
	const query = `SELECT number, cells, outcome, reason FROM crm.job_line WHERE job_id = $1 AND (NOT $2 OR outcome = 'refused') ORDER BY number`
	rows, err := s.db.Query(ctx, query, id, refused)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[Line])
	if err != nil {
		return "", err
	}
	return resultText(j.Columns, lines, s.kinds[j.Kind].say(caller.Language))
}

// Lines reads some lines of a job with their outcomes and reasons in the caller's language: those with the
// numbers above after that have the outcome, "" for any, and those that have a reason, where that is asked for.
func (s *Store) Lines(ctx context.Context, caller account.Caller, id int64, outcome string, reasoned bool, after, most int) (Job, []Line, error) {
	j, err := s.Get(ctx, caller, id)
	if err != nil {
		return j, nil, err
	}
	const query = `SELECT number, cells, outcome, reason FROM crm.job_line
		WHERE job_id = $1 AND number > $2 AND ($3 = '' OR outcome = $3) AND (NOT $4 OR reason <> '') ORDER BY number LIMIT $5`
	rows, err := s.db.Query(ctx, query, id, after, outcome, reasoned, most)
	if err != nil {
		return j, nil, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[Line])
	say := s.kinds[j.Kind].say(caller.Language)
	for i := range lines {
		lines[i].Outcome, lines[i].Reason = say(lines[i].Outcome), say(lines[i].Reason)
	}
	return j, lines, err
}

// Forget removes what ended longer ago than Kept.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	_, err := s.db.Exec(ctx, `DELETE FROM crm.job WHERE finished_at < $1`, now.Add(-Kept))
	return err
}

// end writes the last state of a job whose row the transaction holds.
func (s *Store) end(ctx context.Context, tx pg.Tx, caller account.Caller, j Job, state State, trouble string) (Job, error) {
	const update = `UPDATE crm.job AS j SET state = $2, trouble = $3, finished_at = now(), updated_at = now() WHERE id = $1 RETURNING ` + columns
	ended, err := one(tx.PGX().Query(ctx, update, j.ID, string(state), trouble))
	if err != nil {
		return j, err
	}
	return ended, record(ctx, tx, caller, "job.end", ended, map[string]any{"kind": j.Kind, "state": state, "counts": ended.Counts, "done": ended.Done})
}

func record(ctx context.Context, tx pg.Tx, caller account.Caller, action string, j Job, after map[string]any) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: action, ObjectKind: "job", ObjectID: j.ID, CustomerID: j.CustomerID, After: after,
	})
}

func one(rows pgx.Rows, err error) (Job, error) {
	if err != nil {
		return Job{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Job])
}

// unknown turns "no row" into a NotFound fault.
func unknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "job.unknown")
	}
	return err
}

// open are the lines that have no outcome yet.
func open(lines []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Outcome != "" })
}
