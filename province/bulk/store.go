package bulk

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/job"
)

// Store changes many customers.
type Store struct {
	db         *pgxpool.Pool
	customers  *customer.Store
	attributes *attribute.Store
	jobs       *job.Store
}

// NewStore makes the store and offers its kind of job.
func NewStore(db *pgxpool.Pool, customers *customer.Store, attributes *attribute.Store, jobs *job.Store) *Store {
	s := &Store{db, customers, attributes, jobs}
	jobs.Offer(job.Kind{Name: Kind, Batch: s.batch, Lines: batchLines, Texts: texts})
	return s
}

// choose checks an action and reads the customers that it is to be done to.
func (s *Store) choose(ctx context.Context, caller account.Caller, c customer.Choice, a Action) (Action, []customer.Care, error) {
	if err := a.demand(caller); err != nil {
		return a, nil, err
	}
	a, err := a.check()
	if err == nil && a.Field == Attribute {
		a.Value, err = s.parse(ctx, caller, a)
	}
	if err != nil {
		return a, nil, err
	}
	list, err := s.customers.Chosen(ctx, caller, c, job.MaxLines)
	return a, list, err
}

// parse gives the value of a custom attribute in its one form, or the fault of it.
func (s *Store) parse(ctx context.Context, caller account.Caller, a Action) (string, error) {
	definitions, err := s.attributes.List(ctx, caller)
	if err != nil {
		return "", err
	}
	place := slices.IndexFunc(definitions, func(d attribute.Definition) bool { return d.Code == a.Attribute && !d.Retired })
	if place < 0 {
		return "", fault.Field(fault.Enumeration, "attribute", "attribute.unknown", "code", a.Attribute)
	}
	value, err := definitions[place].Parse(a.Value)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		f.Field = "value"
	}
	return value, err
}

// Preview says what a change of customers within the caller's scope would come to. Faults: Denied, a wrong action, no
// customer or too many.
func (s *Store) Preview(ctx context.Context, caller account.Caller, c customer.Choice, a Action) (Preview, error) {
	a, list, err := s.choose(ctx, caller, c, a)
	if err != nil {
		return Preview{}, err
	}
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = c.ID
	}
	var values map[string]int
	if a.Field == Attribute {
		values, err = s.attributes.Values(ctx, a.Attribute, ids)
	} else {
		values, err = s.customers.Values(ctx, caller, string(a.Field), ids)
	}
	p := Preview{Customers: len(list), Outcomes: map[string]int{}}
	for value, n := range values {
		p.Values = append(p.Values, Value{value, n})
		p.Outcomes[a.judge(value)] += n
	}
	slices.SortFunc(p.Values, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Customers, a.Customers), cmp.Compare(a.Value, b.Value))
	})
	return p, err
}

// Start queues the change of customers within the caller's scope. Faults: those of Preview, and a Conflict if there
// are not as many customers as the person saw.
func (s *Store) Start(ctx context.Context, caller account.Caller, o Order) (job.Job, error) {
	a, list, err := s.choose(ctx, caller, o.Choice, o.Action)
	if err != nil {
		return job.Job{}, err
	}
	if err := customer.Seen(list, o.Expected); err != nil {
		return job.Job{}, err
	}
	lines := make([]job.Line, len(list))
	for i, c := range list {
		lines[i].Cells = []string{c.Number, c.Name}
	}
	heads := columns[0]
	if caller.Language == "en" {
		heads = columns[1]
	}
	return s.jobs.Start(ctx, caller, job.Order{Kind: Kind, Parameters: a.parameters(), Columns: heads, Lines: lines})
}

// batch changes the customers of some lines.
func (s *Store) batch(ctx context.Context, tx pg.Tx, caller account.Caller, j job.Job, lines []job.Line) error {
	a := actionOf(j)
	if err := a.demand(caller); err != nil {
		return err
	}
	numbers := make([]string, len(lines))
	for i, l := range lines {
		numbers[i] = l.Cells[0]
	}
	found, err := s.customers.Match(ctx, tx, caller, customer.ByNumber, numbers, true)
	if err != nil {
		return err
	}
	var held []customer.Customer
	var of []*job.Line // of those that are held
	for i := range lines {
		switch list := found[numbers[i]]; {
		case len(list) == 0:
			lines[i].Refuse("customer.unknown")
		case list[0].MergedInto != 0:
			lines[i].Refuse("customer.merged")
		default:
			held, of = append(held, list[0]), append(of, &lines[i])
		}
	}
	if a.Field == Attribute {
		return s.state(ctx, tx, caller, a, held, of)
	}
	return s.save(ctx, tx, caller, a, held, of)
}

// save gives customers the value of a fact.
func (s *Store) save(ctx context.Context, tx pg.Tx, caller account.Caller, a Action, held []customer.Customer, of []*job.Line) error {
	asked := make([]customer.Asked, len(held))
	for i, c := range held {
		asked[i] = customer.Asked{Before: c, Facts: a.over(c.Facts), ClassReason: a.Reason}
	}
	saved, err := s.customers.SaveAll(ctx, tx, caller, asked, customer.How{})
	for i, result := range saved {
		tell(of[i], result.Changed, result.Err)
	}
	return err
}

// state gives customers the value of a custom attribute.
func (s *Store) state(ctx context.Context, tx pg.Tx, caller account.Caller, a Action, held []customer.Customer, of []*job.Line) error {
	ids := make([]int64, len(held))
	for i, c := range held {
		ids[i] = c.ID
	}
	changed, err := s.attributes.AmendAll(ctx, tx, caller, ids, map[string]string{a.Attribute: a.Value})
	refused, wrong := errors.AsType[*fault.Error](err)
	if err != nil && (!wrong || refused.Kind == fault.Denied) {
		return err
	}
	for i, id := range ids {
		tell(of[i], changed[id], err) // the definition may have become another one meanwhile
	}
	return nil
}

// tell gives a line its outcome; of several faults the first is the reason, with the field that it is about.
func tell(l *job.Line, changed bool, err error) {
	switch {
	case l.RefuseBy(err):
	case changed:
		l.Outcome = Changed
	default:
		l.Outcome = Same
	}
}
