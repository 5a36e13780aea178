package importing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/job"
	"jike/schemas/codes"
)

func (s *Store) tryBatch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	return s.take(ctx, tx, caller, j, lines, true)
}

func (s *Store) runBatch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	return s.take(ctx, tx, caller, j, lines, false)
}

// take reads lines, finds their customers and saves them, with a few statements for all.
func (s *Store) take(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line, dry bool) error {
	if err := caller.Demand(account.CustomerImport); err != nil {
		return err
	}
	i, err := s.of(ctx, tx, j)
	if err != nil {
		return err
	}
	r := &reading{
		settings: i.Settings, columns: i.Columns, caller: caller, lines: lines,
		read: make([]line, len(lines)), keys: make([]string, len(lines)), amended: make([]attribute.Amended, len(lines)),
	}
	if r.attributes, err = s.attributes.ListIn(ctx, tx, caller); err != nil {
		return err
	}
	r.parse()
	if !dry {
		if err := s.holdTree(ctx, tx, i); err != nil {
			return err
		}
	}
	if err := r.find(ctx, tx, s, !dry); err != nil {
		return err
	}
	asked := r.wishes()
	saved, err := s.customers.SaveAll(ctx, tx, caller, asked, customer.How{Dry: dry, Distinct: i.Distinct})
	if err != nil {
		return err
	}
	for n, result := range saved {
		r.tell(n, result)
	}
	if dry {
		return nil
	}
	if err := r.state(ctx, tx, s, saved); err != nil {
		return err
	}
	return r.keep(ctx, tx, i, asked, saved)
}

// holdTree is for what changes parents, before rows are locked.
func (s *Store) holdTree(ctx context.Context, tx pg.Tx, i Import) error {
	if !slices.Contains(i.Fields, "parent") {
		return nil
	}
	return s.customers.HoldTree(ctx, tx)
}

// reading is what a batch of lines is understood as.
type reading struct {
	settings Settings
	columns  []string
	caller   account.Caller
	lines    []job.Line
	read     []line
	keys     []string // by which the lines' customers are recognised
	places   []int    // of those that are asked for, in lines

	found    map[string][]customer.Customer
	managers map[string]int64
	parents  map[string][]customer.Customer

	attributes []attribute.Definition
	stated     map[int64]attribute.Stated // of the customers that are there
	amended    []attribute.Amended        // by line; without another thing to state: that is not asked for
}

// refuse gives a line the first fault of an error as its reason; of a column that means a custom attribute the reason names the heading.
func (r *reading) refuse(n int, err error) {
	f, ok := errors.AsType[*fault.Error](err)
	code, custom := "", false
	if ok {
		code, custom = strings.CutPrefix(f.Field, ofAttribute)
	}
	if !custom {
		r.lines[n].RefuseBy(err)
		return
	}
	called := code
	if place := slices.Index(r.settings.Fields, f.Field); place >= 0 {
		called = r.columns[place]
	} else if d := slices.IndexFunc(r.attributes, func(d attribute.Definition) bool { return d.Code == code }); d >= 0 {
		called = r.attributes[d].NameZh
	}
	r.lines[n].Refuse(f.Code + " " + called)
}

func (r *reading) parse() {
	meant := words(r.attributes).meanings(r.settings.Fields)
	for n := range r.lines {
		l, err := read(r.lines[n].Cells, meant)
		if err != nil {
			r.refuse(n, err)
			continue
		}
		r.read[n] = l
		r.keys[n] = map[customer.Key]string{
			customer.ByNumber: l.number, customer.ByCreditCode: string(l.facts.CreditCode), customer.ByName: l.facts.Name,
		}[r.settings.Key]
		if r.keys[n] == "" {
			r.lines[n].Refuse("import.key.empty " + string(r.settings.Key))
		}
	}
}

// find reads what the lines speak of: their customers, managers and parents.
func (r *reading) find(ctx context.Context, tx pg.Tx, s *Store, lock bool) (err error) {
	var keys, people, above []string
	for n, l := range r.read {
		if r.lines[n].Outcome == "" {
			keys, people, above = append(keys, r.keys[n]), append(people, l.manager), append(above, l.parent)
		}
	}
	if r.found, err = s.customers.Match(ctx, tx, r.caller, r.settings.Key, keys, lock); err != nil {
		return err
	}
	if r.managers, err = s.organisation.People(ctx, tx, people); err != nil {
		return err
	}
	if r.parents, err = s.customers.Match(ctx, tx, r.caller, customer.ByNumber, above, false); err != nil || !r.custom() {
		return err
	}
	var ids []int64
	for _, list := range r.found {
		for _, c := range list {
			ids = append(ids, c.ID)
		}
	}
	r.stated, err = s.attributes.OfAll(ctx, tx, ids)
	return err
}

// custom reports whether a column means a custom attribute.
func (r *reading) custom() bool {
	return slices.ContainsFunc(r.settings.Fields, func(name string) bool { return strings.HasPrefix(name, ofAttribute) })
}

// wishes are what the lines ask for; what cannot be asked for is refused.
func (r *reading) wishes() (asked []customer.Asked) {
	for n := range r.lines {
		if r.lines[n].Outcome != "" {
			continue
		}
		a, err := r.wish(n)
		if err == nil {
			err = r.amend(n, a.Before.ID)
		}
		if err != nil {
			r.refuse(n, err)
			continue
		}
		asked, r.places = append(asked, a), append(r.places, n)
	}
	return asked
}

func (r *reading) wish(n int) (a customer.Asked, err error) {
	l, found := &r.read[n], r.found[r.keys[n]]
	if l.manager != "" {
		if l.facts.ManagerID = r.managers[l.manager]; l.facts.ManagerID == 0 {
			return a, fault.Field(fault.Rule, "manager", "customer.manager.unknown")
		}
	}
	if l.parent != "" {
		if len(r.parents[l.parent]) == 0 {
			return a, fault.Field(fault.Rule, "parent", "customer.parent.unknown")
		}
		l.facts.ParentID = r.parents[l.parent][0].ID
	}
	switch {
	case len(found) > 1:
		return a, fault.New(fault.Rule, "import.ambiguous")
	case len(found) == 1 && r.settings.Mode == Create:
		return a, fault.New(fault.Exists, "import.exists")
	case len(found) == 1:
		a.Before = found[0]
		a.Facts = l.over(a.Before.Facts)
		return a, nil
	case r.settings.Mode == Change:
		return a, fault.New(fault.NotFound, "customer.unknown")
	}
	a.Facts = l.over(r.beginning())
	if a.Facts.ManagerID == 0 && r.caller.Scope().Reach < account.ReachProvince {
		return a, fault.Field(fault.Rule, "manager", "import.manager.needed") // or it would be out of the caller's own sight
	}
	return a, nil
}

// amend finds what the line states of a customer under custom attributes, beside what is stated already.
func (r *reading) amend(n int, id int64) error {
	stated := r.read[n].attributes
	if len(stated) == 0 {
		return nil
	}
	if err := r.caller.Demand(account.CustomerChange); err != nil {
		return err
	}
	before := r.stated[id]
	if before.Values == nil { // nothing was ever stated
		before.Values = map[string]string{}
	}
	after, err := attribute.Amend(r.attributes, before.Values, stated)
	r.amended[n] = attribute.Amended{Before: before, After: after}
	return asColumn(err)
}

// beginning is what a new customer is unless the file says otherwise.
func (r *reading) beginning() customer.Facts {
	f := customer.Facts{Class: codes.ClassD, Lifecycle: codes.Potential}
	if r.caller.Scope().Reach == account.ReachOwn {
		f.ManagerID = r.caller.UnitID
	}
	return f
}

// mostNamed is how many near-equal customers a reason names.
const mostNamed = 3

// tell gives a line its outcome, and names near-equal customers as a warning.
func (r *reading) tell(n int, result customer.Saved) {
	l := &r.lines[r.places[n]]
	near := slices.Clone(result.Alike[:min(mostNamed, len(result.Alike))])
	for _, fellow := range result.Fellow {
		if len(near) < mostNamed {
			near = append(near, fmt.Sprint("#", r.lines[r.places[fellow]].Number))
		}
	}
	if more := result.NearEqual() - len(near); more > 0 {
		near = append(near, fmt.Sprint("+", more))
	}
	about := ""
	if len(near) > 0 {
		about = "customer.look_alikes " + strings.Join(near, ", ")
	}
	switch {
	case result.Err != nil:
		l.RefuseBy(result.Err)
		if about != "" {
			l.Reason = about
		}
	case result.Created:
		l.Outcome, l.Reason = outcomeCreated, about
	case result.Changed, r.amended[r.places[n]].Differs():
		l.Outcome, l.Reason = outcomeChanged, about
	default:
		l.Outcome = outcomeSame
	}
}

// state writes what lines state under custom attributes of the customers that were saved.
func (r *reading) state(ctx context.Context, tx pg.Tx, s *Store, saved []customer.Saved) error {
	var list []attribute.Amended
	for n, result := range saved {
		if a := &r.amended[r.places[n]]; result.Err == nil && a.Differs() {
			a.Before.CustomerID = result.ID
			list = append(list, *a)
		}
	}
	return s.attributes.SaveAll(ctx, tx, r.caller, list)
}

// keep writes down what was written, so that it can be taken back.
func (r *reading) keep(ctx context.Context, tx pg.Tx, i Import, asked []customer.Asked, saved []customer.Saved) error {
	var rows [][]any
	for n, result := range saved {
		a := r.amended[r.places[n]]
		if result.Err != nil || !result.Created && !result.Changed && !a.Differs() {
			continue
		}
		var before, stated []byte
		var version *int32
		var err error
		if !result.Created {
			if before, err = json.Marshal(asked[n].Before.Facts); err != nil {
				return err
			}
		}
		if a.Differs() {
			next := a.Before.Version + 1
			version = &next
			if stated, err = json.Marshal(a.Before.Values); err != nil {
				return err
			}
		}
		rows = append(rows, []any{i.ID, r.lines[r.places[n]].Number, result.ID, result.Version, before, version, stated})
	}
	_, err := tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "customer_import_row"},
		[]string{"import_id", "line", "customer_id", "version", "before", "attributes_version", "attributes_before"}, pgx.CopyFromRows(rows))
	return err
}
