package customer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"jike/internal/account"
	"jike/province/customer"
	"jike/province/customer/customertest"
	"jike/schemas/codes"
)

// What the random customers are made of: few values, so that filters meet.
var (
	someCities     = []codes.City{"350100", "350200", "350500"}
	someIndustries = []codes.Industry{"13", "51", "65", "83"}
)

// TestListsAreWhatPlainSQLSays compares total, page and groups of random filters, orders and pages with a plain
// statement at the same moment, for callers of every reach, while customers are added, changed and
// removed and the tally is folded. A group is as large as the list that it opens.
func TestListsAreWhatPlainSQLSays(t *testing.T) {
	w := customertest.New(t)
	l := &life{w: w, owner: w.Database.Owner(t), units: []int64{0, w.ManagerUnit.ID, w.ColleagueUnit.ID, w.StrangerUnit.ID}}
	l.add(t.Context(), t, 400)
	due(t, w)
	rosters(t, w)
	named, serving := named(t, w), serving(t, w)
	started := time.Now()
	living, end := context.WithCancel(t.Context())
	var group errgroup.Group
	for seed := range uint64(2) {
		group.Go(func() error { return l.live(living, rand.New(rand.NewPCG(seed, 7))) })
	}
	units := []int64{0, 0, 0, w.ManagerUnit.ID, w.DepartmentA.ID, w.DepartmentB.ID, w.DepartmentA.ParentID, 1, -1}
	callers := []account.Caller{w.Administrator, w.HeadA, named, w.Manager, w.Everybody, standingIn(w.Manager, w), standingIn(named, w), serving, standingIn(serving, w)}
	rapid.Check(t, func(r *rapid.T) {
		caller := rapid.SampledFrom(callers).Draw(r, "caller")
		f := customer.Filter{
			Classes:    someOf(codes.Classes()).Draw(r, "classes"),
			Lifecycles: someOf(codes.Lifecycles()).Draw(r, "lifecycles"),
			Cities:     someOf(someCities).Draw(r, "cities"),
			Industries: someOf(someIndustries).Draw(r, "industries"),
			ManagerID:  rapid.SampledFrom(append(l.units, 0, 0)).Draw(r, "manager"),
			UnitID:     rapid.SampledFrom(units).Draw(r, "unit"),
			Mine:       rapid.SampledFrom([]bool{false, false, false, true}).Draw(r, "mine"),
			Team:       rapid.SampledFrom([]bool{false, false, false, true}).Draw(r, "team"),
			Unassigned: rapid.SampledFrom([]bool{false, false, false, true}).Draw(r, "unassigned"),
			Sensitive:  rapid.SampledFrom([]*bool{nil, nil, new(true), new(false)}).Draw(r, "sensitive"),
			Since:      rapid.SampledFrom([]time.Time{{}, {}, started}).Draw(r, "since"),
			DueDays:    rapid.SampledFrom([]int{0, 0, 0, 30}).Draw(r, "due"),
			RosterID:   rapid.SampledFrom([]int64{0, 0, 0, 1, 2}).Draw(r, "roster"),
			National:   rapid.SampledFrom([]*bool{nil, nil, new(true), new(false)}).Draw(r, "national"),
			Text:       rapid.SampledFrom([]string{"", "", "", "客户", "591", "户1"}).Draw(r, "text"),
			Sort:       rapid.SampledFrom(customer.SortKeys()).Draw(r, "sort"),
			Descending: rapid.Bool().Draw(r, "descending"),
			Size:       rapid.SampledFrom([]int{1, 7, 50}).Draw(r, "size"),
			Page:       rapid.IntRange(1, 12).Draw(r, "page"),
		}
		by, which := rapid.SampledFrom(groupings).Draw(r, "by"), rapid.IntRange(0, 5).Draw(r, "which")
		moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(t.Context(), w.DB, moment, func(tx pgx.Tx) error {
			page, err := customer.SearchIn(t.Context(), tx, caller, f)
			if err != nil {
				return err
			}
			want, err := oracle(t.Context(), tx, caller, f)
			if err != nil {
				return err
			}
			first := min((f.Page-1)*f.Size, len(want))
			ids := make([]int64, len(page.Items))
			for i, c := range page.Items {
				ids[i] = c.ID
			}
			if page.Total != len(want) || !slices.Equal(ids, want[first:min(first+f.Size, len(want))]) {
				return fmt.Errorf("total %d, page %v; plain SQL says %d, %v", page.Total, ids, len(want), want[first:min(first+f.Size, len(want))])
			}
			return groupsAre(t.Context(), tx, caller, f, by, which, want)
		})
		if err != nil {
			r.Fatal(err)
		}
	})
	end()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if l.rounds.Load() == 0 {
		t.Error("nothing changed meanwhile")
	}
}

var groupings = []customer.Grouping{customer.GroupClass, customer.GroupLifecycle, customer.GroupManager, customer.GroupCity, customer.GroupIndustry}

// groupsAre compares the groups of a list with those of the customers that it has, and one of them with the list that it opens.
func groupsAre(ctx context.Context, tx pgx.Tx, caller account.Caller, f customer.Filter, by customer.Grouping, which int, list []int64) error {
	all, err := customer.GroupsIn(ctx, tx, caller, f, by)
	if err != nil {
		return err
	}
	column := map[customer.Grouping]string{customer.GroupManager: "manager_id"}[by]
	if column == "" {
		column = string(by)
	}
	rows, err := tx.Query(ctx, `SELECT coalesce(g.value::text, ''), g.customers, coalesce(m.name, ''), coalesce(d.name, '')
		FROM (SELECT `+column+` AS value, count(*) AS customers FROM crm.customer WHERE id = ANY ($1) GROUP BY 1) g
		LEFT JOIN crm.organisation m ON $2 AND m.id::text = g.value::text LEFT JOIN crm.organisation d ON d.id = m.parent_id
		ORDER BY g.customers DESC, 1`, list, by == customer.GroupManager)
	if err != nil {
		return err
	}
	want, err := pgx.CollectRows(rows, pgx.RowToStructByPos[customer.Group])
	if err != nil {
		return err
	}
	if all.Total != len(list) || all.More || !slices.Equal(all.List, want) {
		return fmt.Errorf("groups by %s of %d: %v; plain SQL says %v", by, all.Total, all.List, want)
	}
	if len(all.List) == 0 {
		return nil
	}
	g := all.List[which%len(all.List)]
	page, err := customer.SearchIn(ctx, tx, caller, opened(f, by, g.Value))
	if err == nil && page.Total != g.Customers {
		err = fmt.Errorf("group %s of %s has %d customers, the list that it opens %d", g.Value, by, g.Customers, page.Total)
	}
	return err
}

// opened is the filter of the list that a group opens.
func opened(f customer.Filter, by customer.Grouping, value string) customer.Filter {
	switch by {
	case customer.GroupClass:
		f.Classes = []codes.Class{codes.Class(value)}
	case customer.GroupLifecycle:
		f.Lifecycles = []codes.Lifecycle{codes.Lifecycle(value)}
	case customer.GroupCity:
		f.Cities = []codes.City{codes.City(value)}
	case customer.GroupIndustry:
		f.Industries = []codes.Industry{codes.Industry(value)}
	case customer.GroupManager:
		f.Unassigned = value == ""
		f.ManagerID, _ = strconv.ParseInt(value, 10, 64)
	}
	f.Page = 1
	return f
}

// named is the head of department A with an account that is named for every third customer, for half of these
// up to a day that is past.
func named(t *testing.T, w *customertest.World) account.Caller {
	t.Helper()
	caller, owner := w.HeadA, w.Database.Owner(t)
	caller.AccountID = customertest.Value[int64](t, owner, `INSERT INTO account.account (login, name, password_hash, role)
		VALUES ('named', '测试', '', 'department_head') RETURNING id`)
	const insert = `INSERT INTO crm.sensitive_viewer (customer_id, account_id, until, reason, named_by)
		SELECT id, $1, current_date + CASE WHEN id % 2 = 0 THEN 9 ELSE -9 END, '专项', 'test' FROM crm.customer WHERE id % 3 = 0`
	if _, err := owner.Exec(t.Context(), insert, caller.AccountID); err != nil {
		t.Fatal(err)
	}
	return caller
}

// serving is the manager with an account that is in the teams of some customers, was in those of others, and will be in
// those of others still. For a part of the sensitive ones it is named.
func serving(t *testing.T, w *customertest.World) account.Caller {
	t.Helper()
	caller, owner := w.Manager, w.Database.Owner(t)
	caller.Teams = true
	caller.AccountID = customertest.Value[int64](t, owner, `INSERT INTO account.account (login, name, password_hash, role)
		VALUES ('serving', '测试', '', 'account_manager') RETURNING id`)
	const insert = `WITH named AS (INSERT INTO crm.sensitive_viewer (customer_id, account_id, until, reason, named_by)
			SELECT id, $1, current_date + 9, '专项', 'test' FROM crm.customer WHERE id % 5 = 0)
		INSERT INTO crm.team_member (customer_id, account_id, duty, from_day, until_day, named_by, ended_by, ended_at)
		SELECT id, $1, 'assistant', current_date + CASE WHEN id % 4 = 1 THEN 5 ELSE -9 END, current_date + CASE WHEN id % 4 = 2 THEN -5 ELSE 9 END, 'test',
			CASE WHEN id % 4 = 3 THEN 'test' END, CASE WHEN id % 4 = 3 THEN now() END FROM crm.customer WHERE id % 3 = 0`
	if _, err := owner.Exec(t.Context(), insert, caller.AccountID); err != nil {
		t.Fatal(err)
	}
	return caller
}

// standingIn is the caller who stands in for a colleague and for a stranger.
func standingIn(caller account.Caller, w *customertest.World) account.Caller {
	caller.Absent = []int64{w.ColleagueUnit.ID, w.StrangerUnit.ID}
	return caller
}

// due gives some customers contracts that end, of which some are renewed.
func due(t *testing.T, w *customertest.World) {
	t.Helper()
	const insert = `WITH ending AS (INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status)
			SELECT id, national, 'D' || id, '协议', current_date - 300, current_date - 300, current_date + id::int % 90 - 20, 1, CASE WHEN id % 5 = 0 THEN 'terminated' ELSE 'active' END
			FROM crm.customer WHERE id % 4 = 2 RETURNING id, customer_id, national)
		INSERT INTO crm.contract (customer_id, national, number, name, signed_on, effective_on, expires_on, amount_fen, status, renews_id)
		SELECT customer_id, national, 'R' || id, '续签', current_date, current_date, current_date + 400, 1, 'active', id FROM ending WHERE id % 3 = 0`
	if _, err := w.Database.Owner(t).Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
}

// rosters puts some customers into one or two rosters; the second roster has few.
func rosters(t *testing.T, w *customertest.World) {
	t.Helper()
	const insert = `WITH made AS (INSERT INTO crm.roster (name, purpose, author) VALUES ('节前走访', '走访', 'test'), ('重保', '保障', 'test') RETURNING id)
		INSERT INTO crm.roster_entry (roster_id, customer_id, reason, added_by) SELECT made.id, c.id, '重点', 'test' FROM made, crm.customer c WHERE c.id % (made.id * 5) = 1`
	if _, err := w.Database.Owner(t).Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
}

func nilIfZero(moment time.Time) *time.Time {
	if moment.IsZero() {
		return nil
	}
	return &moment
}

// oracle gives the ids of the whole list by a statement that filters as the words say.
func oracle(ctx context.Context, tx pgx.Tx, caller account.Caller, f customer.Filter) ([]int64, error) {
	order := map[string]string{"updatedAt": "updated_at"}[f.Sort]
	if order == "" {
		order = f.Sort
	}
	direction := map[bool]string{true: "DESC"}[f.Descending]
	query := fmt.Sprintf(`SELECT c.id FROM crm.customer c LEFT JOIN crm.organisation m ON m.id = c.manager_id
		WHERE (cardinality($1::text[]) = 0 OR c.class = ANY ($1)) AND (cardinality($2::text[]) = 0 OR c.lifecycle = ANY ($2))
			AND (cardinality($3::text[]) = 0 OR c.city = ANY ($3)) AND (cardinality($4::text[]) = 0 OR c.industry = ANY ($4))
			AND ($5 = 0 OR c.manager_id = $5) AND ($6::boolean IS NULL OR c.national = $6)
			AND ($11 = 0 OR EXISTS (SELECT FROM crm.organisation u WHERE u.id = $11 AND (u.parent_id IS NULL
				OR u.id IN (m.id, m.parent_id, (SELECT d.parent_id FROM crm.organisation d WHERE d.id = m.parent_id)))))
			AND (NOT $12 OR c.manager_id = $9) AND (NOT $13 OR c.manager_id IS NULL) AND ($14::boolean IS NULL OR c.sensitive = $14)
			AND ($15::timestamptz IS NULL OR c.updated_at >= $15)
			AND ($16 = 0 OR EXISTS (SELECT FROM crm.contract k LEFT JOIN crm.contract r ON r.renews_id = k.id AND r.status = 'active'
				WHERE k.customer_id = c.id AND k.status = 'active' AND k.expires_on - $17::date BETWEEN 0 AND $16 AND r.id IS NULL))
			AND (NOT $20 OR EXISTS (SELECT FROM crm.team_member t WHERE t.customer_id = c.id AND t.account_id = $10
				AND t.ended_by IS NULL AND t.from_day <= $17::date AND t.until_day >= $17::date))
			AND ($19 = 0 OR EXISTS (SELECT FROM crm.roster_entry e WHERE e.customer_id = c.id AND e.roster_id = $19))
			AND c.merged_into IS NULL AND (position($7 IN c.name) > 0 OR starts_with(c.number, $7))
			AND ($8 = 'province_administrator' OR $8 = 'system_task' OR $8 = 'account_manager' AND c.manager_id = $9
				OR $8 = 'department_head' AND m.parent_id = $9 OR c.manager_id = ANY ($18)
				OR $21 AND EXISTS (SELECT FROM crm.team_member t WHERE t.customer_id = c.id AND t.account_id = $10
					AND t.ended_by IS NULL AND t.from_day <= $17::date AND t.until_day >= $17::date))
			AND (NOT c.sensitive OR $8 IN ('province_administrator', 'system_task') OR c.manager_id = $9
				OR EXISTS (SELECT FROM crm.sensitive_viewer v WHERE v.customer_id = c.id AND v.account_id = $10 AND v.until > current_date))
		ORDER BY c.%s %s, c.id %s`, order, direction, direction)
	rows, err := tx.Query(ctx, query, f.Classes, f.Lifecycles, f.Cities, f.Industries, f.ManagerID, f.National, f.Text, string(caller.Role), caller.UnitID, caller.AccountID,
		f.UnitID, f.Mine, f.Unassigned, f.Sensitive, nilIfZero(f.Since), f.DueDays, codes.Day(time.Now(), codes.China).Format(time.DateOnly), caller.Absent, f.RosterID, f.Team, caller.Teams)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// someOf draws none or some of the values.
func someOf[T comparable](values []T) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just([]T{}), rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, len(values), rapid.ID[T]))
}
