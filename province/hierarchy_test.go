package province_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/customer/customertest"
	"jike/province/hierarchy"
	"jike/province/merge"
)

// forest is a world of customers in random trees.
type forest struct {
	*customertest.World
	owner  *pgxpool.Pool
	tree   *hierarchy.Store
	merges *merge.Store
	ids    []int64
}

func newForest(t *testing.T, customers int) *forest {
	t.Helper()
	w := customertest.New(t)
	f := &forest{
		World: w, owner: w.Database.Owner(t), tree: hierarchy.NewStore(w.DB, w.Customers, time.UTC), merges: merge.NewStore(w.DB, w.Customers),
	}
	random := rand.New(rand.NewPCG(1, 2))
	units := []int64{0, w.ManagerUnit.ID, w.ColleagueUnit.ID, w.StrangerUnit.ID}
	for i := range customers {
		facts := customertest.Facts(fmt.Sprintf("客户%d", i), units[random.IntN(len(units))])
		facts.Sensitive = random.IntN(5) == 0
		if i > 1 {
			facts.ParentID = f.ids[random.IntN(i)]
		}
		f.ids = append(f.ids, w.Add(t, facts).ID)
	}
	return f
}

// answered leaves out the faults, which are answers to a person.
func answered(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return nil
	}
	return err
}

// move gives a customer another parent, 0 for none.
func (f *forest) move(ctx context.Context, id, parent int64) error {
	c, err := f.Customers.Get(ctx, f.Everybody, id)
	if err != nil {
		return answered(err)
	}
	facts := c.Facts
	facts.ParentID = parent
	_, err = f.Customers.Change(ctx, f.Everybody, id, c.Version, facts)
	return answered(err)
}

// merge makes one of two customers, or undoes the merge that one of them is in.
func (f *forest) merge(ctx context.Context, survivor, merged int64) error {
	there, err := f.merges.Of(ctx, f.Everybody, merged)
	if err != nil {
		return answered(err)
	}
	if len(there) > 0 && there[0].UndoneAt == nil {
		_, err := f.merges.Undo(ctx, f.Everybody, there[0].ID)
		return answered(err)
	}
	a, err := f.Customers.Get(ctx, f.Everybody, survivor)
	if err != nil {
		return answered(err)
	}
	b, err := f.Customers.Get(ctx, f.Everybody, merged)
	if err != nil {
		return answered(err)
	}
	_, err = f.merges.Make(ctx, f.Everybody, merge.Order{SurvivorID: a.ID, SurvivorVersion: a.Version, MergedID: b.ID, MergedVersion: b.Version, Reason: "同"})
	return answered(err)
}

// TestRollupsAreWhatPlainSQLSays moves and merges customers, bills them and gives them members, and
// compares a roll-up, the children and the path of a random customer with what plain rows add up to, for
// callers of every reach.
func TestRollupsAreWhatPlainSQLSays(t *testing.T) {
	f := newForest(t, 30)
	month := time.Date(time.Now().Year(), time.Now().Month(), 1, 0, 0, 0, 0, time.UTC)
	line := 0
	acts := map[string]func(r *rapid.T, one, other int64) error{
		"move":  func(_ *rapid.T, one, other int64) error { return f.move(t.Context(), one, other) },
		"loose": func(_ *rapid.T, one, _ int64) error { return f.move(t.Context(), one, 0) },
		"merge": func(_ *rapid.T, one, other int64) error { return f.merge(t.Context(), one, other) },
		"bill": func(r *rapid.T, one, _ int64) error {
			_, err := f.owner.Exec(t.Context(), `INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen) SELECT id, national, $2, $3, $4 FROM crm.customer WHERE id = $1
				ON CONFLICT (customer_id, month) DO UPDATE SET amount_fen = excluded.amount_fen, paid_fen = excluded.paid_fen`,
				one, month.AddDate(0, -rapid.IntRange(0, 13).Draw(r, "months ago"), 0), rapid.Int64Range(1, 99).Draw(r, "amount"), rapid.Int64Range(0, 9).Draw(r, "paid"))
			return err
		},
		"join": func(_ *rapid.T, one, _ int64) error {
			line++
			_, err := f.owner.Exec(t.Context(), `INSERT INTO crm.member (customer_id, phone, joined_on) VALUES ($1, $2, '2026-01-01')`, one, fmt.Sprintf("139%08d", line))
			return err
		},
		"leave": func(_ *rapid.T, one, _ int64) error {
			_, err := f.owner.Exec(t.Context(), `UPDATE crm.member SET left_on = '2026-02-01' WHERE id = (SELECT min(id) FROM crm.member WHERE customer_id = $1 AND left_on IS NULL)`, one)
			return err
		},
		"state": func(r *rapid.T, one, _ int64) error {
			_, err := f.owner.Exec(t.Context(), `INSERT INTO crm.member_count (customer_id, members) VALUES ($1, $2) ON CONFLICT (customer_id) DO UPDATE SET members = excluded.members`,
				one, rapid.IntRange(0, 50).Draw(r, "stated"))
			return err
		},
		"another month": func(r *rapid.T, _, _ int64) error { // figures that were counted in an earlier one
			_, err := f.owner.Exec(t.Context(), `INSERT INTO crm.customer_figure_change (customer_id) SELECT customer_id FROM crm.customer_figure`)
			return errors.Join(err, f.count(t.Context(), month.AddDate(0, -rapid.IntRange(1, 3).Draw(r, "months"), 0)))
		},
	}
	callers := []account.Caller{f.Administrator, f.HeadA, f.Manager, f.Everybody}
	rapid.Check(t, func(r *rapid.T) {
		some := rapid.SampledFrom(f.ids)
		for range 4 {
			act := rapid.SampledFrom([]string{"move", "move", "merge", "loose", "bill", "bill", "join", "leave", "state", "another month"}).Draw(r, "act")
			if err := acts[act](r, some.Draw(r, "one"), some.Draw(r, "other")); err != nil {
				r.Fatalf("%s: %v", act, err)
			}
		}
		if err := f.count(t.Context(), time.Now()); err != nil {
			r.Fatal(err)
		}
		if err := f.compare(t.Context(), rapid.SampledFrom(callers).Draw(r, "caller"), some.Draw(r, "id")); err != nil {
			r.Fatal(err)
		}
	})
}

func (f *forest) count(ctx context.Context, now time.Time) error {
	_, err := f.tree.Count(ctx, now)
	return err
}

// row is a customer with what is its own.
type row struct {
	ID, Parent, Merged int64
	Visible            bool
	hierarchy.Figures
}

// compare asks for everything about a customer's place and adds it up from plain rows.
func (f *forest) compare(ctx context.Context, caller account.Caller, id int64) error {
	const plain = `SELECT c.id, coalesce(c.parent_id, 0) AS parent, coalesce(c.merged_into, 0) AS merged,
			($1 IN ('province_administrator', 'system_task') OR $1 = 'account_manager' AND c.manager_id IS NOT DISTINCT FROM $2
				OR $1 = 'department_head' AND coalesce(m.parent_id, 0) = $2)
			AND (NOT c.sensitive OR $1 IN ('province_administrator', 'system_task') OR c.manager_id IS NOT DISTINCT FROM $2) AS visible,
			(SELECT count(*) FROM crm.member l WHERE l.customer_id = c.id AND l.left_on IS NULL) AS members,
			coalesce((SELECT n.members FROM crm.member_count n WHERE n.customer_id = c.id), 0)::bigint AS stated,
			(SELECT coalesce(sum(amount_fen), 0) FROM crm.bill b WHERE b.customer_id = c.id
				AND b.month < date_trunc('month', now()) AND b.month >= date_trunc('month', now()) - interval '12 months')::bigint AS income_fen,
			(SELECT coalesce(sum(amount_fen - paid_fen), 0) FROM crm.bill b WHERE b.customer_id = c.id)::bigint AS arrears_fen
		FROM crm.customer c LEFT JOIN crm.organisation m ON m.id = c.manager_id ORDER BY c.id`
	rows, err := f.owner.Query(ctx, plain, string(caller.Role), caller.UnitID)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return err
	}
	byID, below := map[int64]row{}, map[int64][]row{}
	for _, c := range list {
		byID[c.ID], below[c.Parent] = c, append(below[c.Parent], c)
	}
	place, err := f.tree.PlaceOf(ctx, caller, id)
	page, failed := f.tree.Children(ctx, caller, id, 0, 100)
	if !byID[id].Visible {
		if !fault.Is(err, fault.NotFound) || !fault.Is(failed, fault.NotFound) {
			return fmt.Errorf("customer %d is hidden: %w, %w", id, err, failed)
		}
		return nil
	}
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	if want := sum(byID[id], true, below); place.Rollup != want {
		return fmt.Errorf("roll-up of %d: %+v, plain rows say %+v", id, place.Rollup, want)
	}
	var shown, want []string
	for _, n := range page.Items {
		shown = append(shown, fmt.Sprint(n.ID, n.Rollup))
	}
	hidden := int64(0)
	for _, c := range below[id] {
		switch {
		case c.Merged != 0:
		case c.Visible:
			want = append(want, fmt.Sprint(c.ID, sum(c, true, below)))
		default:
			hidden++
		}
	}
	if fmt.Sprint(shown) != fmt.Sprint(want) || page.Total != int64(len(want)) || page.Hidden != hidden {
		return fmt.Errorf("children of %d: %v of %d and %d hidden, plain rows say %v and %d hidden", id, shown, page.Total, page.Hidden, want, hidden)
	}
	var steps, path []string
	for _, s := range place.Path {
		steps = append(steps, fmt.Sprint(s.ID))
	}
	for at := byID[id].Parent; at != 0; at = byID[at].Parent {
		step := "0"
		if byID[at].Visible {
			step = fmt.Sprint(at)
		}
		path = append([]string{step}, path...)
	}
	if strings.Join(steps, " ") != strings.Join(path, " ") {
		return fmt.Errorf("path of %d: %v, plain rows say %v", id, steps, path)
	}
	return nil
}

// sum adds up a customer with everything below it.
func sum(c row, visible bool, below map[int64][]row) hierarchy.Rollup {
	r := hierarchy.Rollup{Levels: 1}
	if visible {
		r.Figures = c.Figures
	}
	if c.Merged == 0 {
		if visible {
			r.Customers++
		} else {
			r.Hidden++
		}
	}
	for _, child := range below[c.ID] {
		s := sum(child, child.Visible || child.Merged != 0 && visible, below)
		r.Customers, r.Hidden = r.Customers+s.Customers, r.Hidden+s.Hidden
		r.Members, r.Stated, r.IncomeFen, r.ArrearsFen = r.Members+s.Members, r.Stated+s.Stated, r.IncomeFen+s.IncomeFen, r.ArrearsFen+s.ArrearsFen
		if levels := s.Levels + 1; child.Merged == 0 || s.Levels > 1 {
			r.Levels = max(r.Levels, levels)
		}
	}
	return r
}

// TestMovesAtTheSameTimeCloseNoCircle lets people move and merge a few customers at once: each is answered,
// and what is left are trees.
func TestMovesAtTheSameTimeCloseNoCircle(t *testing.T) {
	f := newForest(t, 6)
	var people errgroup.Group
	for seed := range uint64(4) {
		people.Go(func() error {
			random := rand.New(rand.NewPCG(seed, 1))
			for range 40 {
				one, other := f.ids[random.IntN(len(f.ids))], f.ids[random.IntN(len(f.ids))]
				act := f.move
				if random.IntN(4) == 0 {
					act = f.merge
				}
				if err := act(t.Context(), one, other); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := people.Wait(); err != nil {
		t.Error(err)
	}
	const rooted = `WITH RECURSIVE rooted AS (SELECT id FROM crm.customer WHERE parent_id IS NULL
		UNION ALL SELECT c.id FROM crm.customer c JOIN rooted r ON c.parent_id = r.id) SELECT count(*) FROM rooted`
	if n := customertest.Value[int](t, f.DB, rooted); n != len(f.ids) {
		t.Errorf("%d of %d customers hang from a root", n, len(f.ids))
	}
}
