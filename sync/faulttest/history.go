package faulttest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// laneSize is how many keys a lane has for its customers, from its number times laneSize on.
const laneSize = 1_000_000

// ledgerSize is how many appended rows a lane can have, with keys behind those that the identity column draws.
const ledgerSize = 1_000_000_000

// family are the tables that make up a lane, with the column that says whose a row is. Lane 0 alone
// writes subscriptions, because it truncates them.
var family = []struct{ table, owner string }{
	{"customer", "id"}, {"contact", "customer_id"}, {"bill", "customer_id"}, {"contract", "customer_id"}, {"subscription", "customer_id"},
}

// tables are all that is replicated, in the order in which they are compared.
var tables = []string{"customer", "contact", "contract", "subscription", "bill", "monthly_summary"}

// columns are a table's replicated columns as headquarters' own catalogue has them: all that are
// not headquarters' own. A column that the product forgets to send is there, and empty.
func columns(ctx context.Context, national *pgxpool.Pool, table string) ([]string, error) {
	rows, err := national.Query(ctx, `SELECT column_name::text FROM information_schema.columns
		WHERE table_schema = 'crm' AND table_name = $1 AND column_name NOT IN ('province', 'stamp_epoch', 'stamp_lsn') ORDER BY column_name`, table)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("headquarters has no table crm.%s", table)
	}
	return list, err
}

// laneSQL is a query that gives, for every lane, a sum of all its selected rows: lane, sum. where
// limits the rows of each table.
func laneSQL(ctx context.Context, national *pgxpool.Pool, where string) (string, error) {
	var parts []string
	for i, f := range family {
		list, err := columns(ctx, national, f.table)
		if err != nil {
			return "", err
		}
		parts = append(parts, fmt.Sprintf(`SELECT (%[1]s / %[2]d)::int AS lane, %[3]d AS part, id, md5(ROW(%[4]s)::text) AS sum FROM crm.%[5]s WHERE %[6]s`,
			f.owner, laneSize, i, strings.Join(list, ", "), f.table, strings.ReplaceAll(where, "owner", f.owner)))
	}
	return `SELECT lane, md5(string_agg(sum, '' ORDER BY part, id)) FROM (` + strings.Join(parts, " UNION ALL ") + `) r GROUP BY lane`, nil
}

// History is what the writers of one province have committed, as they know it.
type History struct {
	mu    sync.Mutex
	lanes []*laneHistory
}

// laneHistory is one lane's: entry n-1 is transaction n.
type laneHistory struct{ entries []entry }

// entry is one transaction. What is written before the commit is known to be true only if it
// committed, and then nobody can have seen it before.
type entry struct {
	sum   string
	began time.Time
	ended time.Time // when the writer knew that it was committed; zero: not yet
}

func newHistory(lanes int) *History {
	h := &History{}
	for range lanes {
		h.lanes = append(h.lanes, &laneHistory{})
	}
	return h
}

// intend records what transaction n of a lane is about to commit.
func (h *History) intend(lane, n int, e entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[lane]
	l.entries = append(l.entries[:n-1], e)
}

// settle records that transaction n is committed and no later one is.
func (h *History) settle(lane, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[lane]
	l.entries = l.entries[:n]
	if n > 0 {
		l.entries[n-1].ended = time.Now()
	}
}

// reread takes the history back to what a restored database holds of it. The writers must rest.
func (h *History) reread(ctx context.Context, province *pgxpool.Pool) error {
	for lane := range h.lanes {
		var n int
		if err := province.QueryRow(ctx, `SELECT coalesce(max(n), 0) FROM fault.history WHERE lane = $1`, lane).Scan(&n); err != nil {
			return err
		}
		h.settle(lane, n)
	}
	return nil
}

// last is the number of the lane's last committed transaction.
func (h *History) last(lane int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[lane]
	n := len(l.entries)
	for n > 0 && l.entries[n-1].ended.IsZero() {
		n--
	}
	return n
}

// transactions counts all that is committed.
func (h *History) transactions() (n int) {
	for lane := range h.lanes {
		n += h.last(lane)
	}
	return n
}

// at is what transaction n of a lane left behind; false if no writer ever meant to commit it.
func (h *History) at(lane, n int) (entry, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if lane >= len(h.lanes) || n > len(h.lanes[lane].entries) {
		return entry{}, false
	}
	if n == 0 {
		return entry{}, true
	}
	return h.lanes[lane].entries[n-1], true
}

// outOfOrder names a lane whose next transaction had ended before another began that is seen; -1 if
// the numbers seen of all lanes can be a moment of the history.
func (h *History) outOfOrder(seen []int) (missing, before int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	newest, youngest := time.Time{}, -1
	for lane, n := range seen {
		if n > 0 && n <= len(h.lanes[lane].entries) && h.lanes[lane].entries[n-1].began.After(newest) {
			newest, youngest = h.lanes[lane].entries[n-1].began, lane
		}
	}
	for lane, n := range seen {
		if entries := h.lanes[lane].entries; n < len(entries) && !entries[n].ended.IsZero() && entries[n].ended.Before(newest) {
			return lane, youngest
		}
	}
	return -1, -1
}
