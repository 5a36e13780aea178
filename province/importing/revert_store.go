package importing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
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
	Line              int
	Version           int32
	Before            []byte // nil: the customer was created
	AttributesVersion *int32 // nil: nothing was stated under custom attributes
	AttributesBefore  map[string]string
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
	rows, err := tx.PGX().Query(ctx, `SELECT line, version, before, attributes_version, attributes_before FROM crm.customer_import_row
		WHERE import_id = $1 AND line = ANY ($2) ORDER BY line DESC`, i.ID, keysOf(byLine))
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return err
	}
	r := &reversal{s: s, tx: tx, caller: caller, byLine: byLine, there: there}
	if err := r.sort(ctx, list); err != nil {
		return err
	}
	if err := r.restore(ctx); err != nil {
		return err
	}
	if err := r.withdraw(ctx, i); err != nil {
		return err
	}
	return forgetWritten(ctx, tx, i, byLine)
}

// reversal is a batch of lines that are taken back.
type reversal struct {
	s      *Store
	tx     pg.Tx
	caller account.Caller
	byLine map[int]*job.Line
	there  map[string][]customer.Customer // by number
	stated map[int64]attribute.Stated     // of those customers

	changed, created []row
}

// of is the customer that a row is about.
func (r *reversal) of(w row) (customer.Customer, bool) {
	found := r.there[r.byLine[w.Line].Cells[1]]
	if len(found) == 0 {
		return customer.Customer{}, false
	}
	return found[0], true
}

// sort tells what was changed from what was created, and leaves out what somebody has touched since.
func (r *reversal) sort(ctx context.Context, rows []row) (err error) {
	var ids []int64
	for _, list := range r.there {
		ids = append(ids, list[0].ID)
	}
	if r.stated, err = r.s.attributes.OfAll(ctx, r.tx, ids); err != nil {
		return err
	}
	for _, w := range rows {
		c, there := r.of(w)
		switch {
		case !there:
		case c.Version != w.Version, w.AttributesVersion != nil && r.stated[c.ID].Version != *w.AttributesVersion:
			r.byLine[w.Line].Refuse("import.changed_since")
		case w.Before == nil:
			r.created = append(r.created, w)
		default:
			r.changed = append(r.changed, w)
		}
	}
	return nil
}

// restore puts back what customers had before.
func (r *reversal) restore(ctx context.Context) error {
	asked := make([]customer.Asked, len(r.changed))
	for n, w := range r.changed {
		asked[n].Before, _ = r.of(w)
		if err := json.Unmarshal(w.Before, &asked[n].Facts); err != nil {
			return err
		}
	}
	saved, err := r.s.customers.RestoreAll(ctx, r.tx, r.caller, asked)
	if err != nil {
		return err
	}
	var customers, attributes versions
	var amended []attribute.Amended
	for n, result := range saved {
		w := r.changed[n]
		l := r.byLine[w.Line]
		if l.Outcome, l.Reason = outcomeRestored, ""; result.Err != nil {
			l.RefuseBy(result.Err)
			continue
		}
		if result.Changed {
			customers.add(result.ID, result.Version)
		}
		if w.AttributesVersion != nil {
			amended = append(amended, attribute.Amended{Before: r.stated[result.ID], After: w.AttributesBefore})
			attributes.add(result.ID, *w.AttributesVersion+1)
		}
	}
	if err := r.s.attributes.SaveAll(ctx, r.tx, r.caller, amended); err != nil {
		return err
	}
	if err := customers.again(ctx, r.tx, "version"); err != nil {
		return err
	}
	return attributes.again(ctx, r.tx, "attributes_version")
}

// versions are those that records have by being put back, by customer.
type versions struct {
	ids  []int64
	have []int32
}

func (v *versions) add(id int64, version int32) {
	v.ids, v.have = append(v.ids, id), append(v.have, version)
}

// again notes that the records are as an earlier import left them, which can be taken back too.
func (v *versions) again(ctx context.Context, tx pg.Tx, column string) error {
	if len(v.ids) == 0 {
		return nil
	}
	_, err := tx.PGX().Exec(ctx, fmt.Sprintf(`UPDATE crm.customer_import_row AS r SET %[1]s = u.version FROM unnest($1::bigint[], $2::integer[]) AS u (id, version)
		WHERE r.customer_id = u.id AND r.%[1]s = u.version - 2`, column), v.ids, v.have)
	return err
}

// withdraw removes customers that the import created; the database keeps those that something refers to.
func (r *reversal) withdraw(ctx context.Context, i Import) error {
	numbers := make([]int, len(r.created))
	for n, w := range r.created {
		numbers[n] = w.Line
		r.byLine[w.Line].Refuse("import.in_use")
	}
	rows, err := r.tx.PGX().Query(ctx, `SELECT crm.withdraw_imported($1, $2)`, i.ID, numbers)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return err
	}
	trail := make([]audit.Entry, len(gone))
	for n, line := range gone {
		l := r.byLine[line]
		l.Outcome, l.Reason = outcomeWithdrawn, ""
		c := r.there[l.Cells[1]][0]
		trail[n] = audit.Entry{
			Actor: r.caller.Actor(), ActorID: r.caller.AccountID, Action: "customer.withdraw", ObjectKind: "customer", ObjectID: c.ID, CustomerID: c.ID,
			Before: map[string]any{"number": c.Number, "name": c.Name, "creditCode": string(c.CreditCode)},
		}
	}
	return audit.RecordAll(ctx, r.tx, trail)
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
