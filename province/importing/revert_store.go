package importing

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/customer"
	"jike/province/job"
)

// revertColumns are the head of the lines of the job that takes an import back.
func revertColumns(language string) []string {
	head := []string{"line", "number", "name"}
	for i, name := range head {
		words := texts[name]
		if head[i] = words[0]; language == "en" {
			head[i] = words[1]
		}
	}
	return head
}

// Revert queues the job that takes an import back, of the caller's own or, for administrators, anybody's. What
// it could not take back can be tried again. Faults: NotFound, an import that was not run or still runs, nothing that
// is left to take back.
func (s *Store) Revert(ctx context.Context, caller account.Caller, id int64) (Import, error) {
	var i Import
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if err := caller.Demand(account.CustomerImport); err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": id}
		query := `SELECT ` + columns + ` FROM crm.customer_import i WHERE i.id = @id AND ` + seen(caller, args) + ` FOR UPDATE`
		if i, err = one(tx.PGX().Query(ctx, query, args)); err != nil {
			return err
		}
		run, err := state(ctx, tx, i.RunJob)
		if err != nil {
			return err
		}
		reverted, err := state(ctx, tx, i.RevertJob)
		if err != nil {
			return err
		}
		if run == "" || slices.Contains([]job.State{job.Queued, job.Running}, run) || slices.Contains([]job.State{job.Queued, job.Running}, reverted) {
			return fault.New(fault.Rule, "import.not_run")
		}
		lines, err := s.written(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fault.New(fault.Rule, "import.nothing_left")
		}
		i, err = s.queue(ctx, tx, caller, i, "revert_job", job.Order{Kind: RevertKind, Columns: revertColumns(caller.Language), Lines: lines})
		return err
	})
	if err == nil {
		s.jobs.Wake()
	}
	return i, err
}

// written are the lines of an import that wrote something, the last first: a customer may be the parent of one
// that came after it.
func (s *Store) written(ctx context.Context, tx pg.Tx, id int64) ([]job.Line, error) {
	const query = `SELECT r.line, coalesce(c.number, ''), coalesce(c.name, '') FROM crm.customer_import_row r
		LEFT JOIN crm.customer c ON c.id = r.customer_id WHERE r.import_id = $1 ORDER BY r.line DESC`
	rows, err := tx.PGX().Query(ctx, query, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l job.Line, err error) {
		var line int
		var number, name string
		err = row.Scan(&line, &number, &name)
		l.Cells = []string{strconv.Itoa(line), number, name}
		return l, err
	})
}

// row is what an import wrote with a line.
type row struct {
	Line    int
	Version int32
	Before  []byte // nil: the customer was created
}

// revertBatch puts back what was changed and removes what was created.
func (s *Store) revertBatch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	if err := caller.Demand(account.CustomerImport); err != nil {
		return err
	}
	i, err := s.of(ctx, tx, j)
	if err != nil {
		return err
	}
	byLine, numbers := map[int]*job.Line{}, make([]string, len(lines))
	for n := range lines {
		line, err := strconv.Atoi(lines[n].Cells[0])
		if err != nil {
			return err
		}
		byLine[line], numbers[n] = &lines[n], lines[n].Cells[1]
		lines[n].Refuse("customer.unknown") // unless it is found below
	}
	if err := s.holdTree(ctx, tx, i); err != nil {
		return err
	}
	there, err := s.customers.Match(ctx, tx, caller, customer.ByNumber, numbers, true)
	if err != nil {
		return err
	}
	rows, err := tx.PGX().Query(ctx, `SELECT line, version, before FROM crm.customer_import_row WHERE import_id = $1 AND line = ANY ($2) ORDER BY line DESC`, i.ID, keysOf(byLine))
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return err
	}
	var restored, created []row
	for _, r := range list {
		l := byLine[r.Line]
		switch found := there[l.Cells[1]]; {
		case len(found) == 0:
		case found[0].Version != r.Version:
			l.Refuse("import.changed_since")
		case r.Before == nil:
			created = append(created, r)
		default:
			restored = append(restored, r)
		}
	}
	if err := s.restore(ctx, tx, caller, byLine, there, restored); err != nil {
		return err
	}
	if err := s.withdraw(ctx, tx, caller, i, byLine, there, created); err != nil {
		return err
	}
	return forgetWritten(ctx, tx, i, byLine)
}

// restore puts back what customers had before.
func (s *Store) restore(ctx context.Context, tx pg.Tx, caller account.Caller, byLine map[int]*job.Line, there map[string][]customer.Customer, rows []row) error {
	asked := make([]customer.Asked, len(rows))
	for n, r := range rows {
		asked[n].Before = there[byLine[r.Line].Cells[1]][0]
		if err := json.Unmarshal(r.Before, &asked[n].Facts); err != nil {
			return err
		}
	}
	saved, err := s.customers.RestoreAll(ctx, tx, caller, asked)
	if err != nil {
		return err
	}
	var ids []int64
	var versions []int32
	for n, result := range saved {
		l := byLine[rows[n].Line]
		if l.Outcome, l.Reason = outcomeRestored, ""; result.Err != nil {
			refuse(l, result.Err)
			continue
		}
		ids, versions = append(ids, result.ID), append(versions, result.Version)
	}
	// They are again as an earlier import left them, which can be taken back too.
	const again = `UPDATE crm.customer_import_row AS r SET version = u.version FROM unnest($1::bigint[], $2::integer[]) AS u (id, version)
		WHERE r.customer_id = u.id AND r.version = u.version - 2`
	_, err = tx.PGX().Exec(ctx, again, ids, versions)
	return err
}

// withdraw removes customers that the import created; the database keeps those that something refers to.
func (s *Store) withdraw(ctx context.Context, tx pg.Tx, caller account.Caller, i Import, byLine map[int]*job.Line, there map[string][]customer.Customer, created []row) error {
	numbers := make([]int, len(created))
	for n, r := range created {
		numbers[n] = r.Line
		byLine[r.Line].Refuse("import.in_use")
	}
	rows, err := tx.PGX().Query(ctx, `SELECT crm.withdraw_imported($1, $2)`, i.ID, numbers)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return err
	}
	trail := make([]audit.Entry, len(gone))
	for n, line := range gone {
		l := byLine[line]
		l.Outcome, l.Reason = outcomeWithdrawn, ""
		c := there[l.Cells[1]][0]
		trail[n] = audit.Entry{
			Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.withdraw", ObjectKind: "customer", ObjectID: c.ID, CustomerID: c.ID,
			Before: map[string]any{"number": c.Number, "name": c.Name, "creditCode": string(c.CreditCode)},
		}
	}
	return audit.RecordAll(ctx, tx, trail)
}

// forgetWritten leaves of an import's lines those that could not be taken back.
func forgetWritten(ctx context.Context, tx pg.Tx, i Import, byLine map[int]*job.Line) error {
	var done []int
	for line, l := range byLine {
		if l.Outcome != job.Refused {
			done = append(done, line)
		}
	}
	_, err := tx.PGX().Exec(ctx, `DELETE FROM crm.customer_import_row WHERE import_id = $1 AND line = ANY ($2)`, i.ID, done)
	return err
}

func keysOf(byLine map[int]*job.Line) []int {
	keys := make([]int, 0, len(byLine))
	for line := range byLine {
		keys = append(keys, line)
	}
	return keys
}
