package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// treeShare is one of how many customers stand in the tree whose roll-up is measured: 100,000 of a million.
const treeShare = 10

// rollupTimes is how often each person asks for the roll-up.
const rollupTimes = 30

// tree is the number of customers in the tree, whose top is the first one.
func (p *bigProvince) tree() int64 { return p.customers / treeShare }

// plantTree makes one tree of the first customers, of whom each has four directly below: 100,000 are ten
// levels. What stood below them elsewhere is let go of. It is done once.
func (p *bigProvince) plantTree(ctx context.Context, db *pgxpool.Pool) error {
	const loose = `UPDATE crm.customer SET parent_id = NULL WHERE parent_id <= $1 AND id > $1`
	const plant = `UPDATE crm.customer SET parent_id = nullif((id + 2) / 4, 0) WHERE id <= $1 AND parent_id IS DISTINCT FROM nullif((id + 2) / 4, 0)`
	for _, statement := range []string{loose, plant} {
		if _, err := db.Exec(ctx, statement, p.tree()); err != nil {
			return err
		}
	}
	return nil
}

// counted waits until the node has counted what each customer has by itself, and has spelt their names: both take
// minutes after the database was seeded or has come to a newer schema.
func (p *bigProvince) counted(ctx context.Context) error {
	for {
		var open bool
		if err := p.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM crm.customer_figure_change) OR EXISTS (SELECT FROM crm.customer_name WHERE initials IS NULL)`).Scan(&open); err != nil || !open {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// rollups asks for the roll-up of the tree, one request after another: as the administrator, who sees all of
// it, and as an account manager, in whose care the top is.
func (p *bigProvince) rollups(ctx context.Context, out *printer) error {
	const give = `UPDATE crm.customer c SET manager_id = a.unit_id FROM account.account a
		WHERE c.id = 1 AND a.login = 'manager' AND c.manager_id IS DISTINCT FROM a.unit_id`
	if _, err := p.db.Exec(ctx, give); err != nil {
		return err
	}
	var all []float64
	for _, person := range []struct {
		name string
		browser
	}{{"admin", p.admin}, {"manager", p.manager}} {
		took := make([]float64, rollupTimes)
		for i := range took {
			began := time.Now()
			status, answer, err := person.get(ctx, "/api/customers/1/hierarchy")
			if took[i] = float64(time.Since(began)) / float64(time.Millisecond); err != nil || status != http.StatusOK {
				return fmt.Errorf("%s: %d %s: %w", person.name, status, answer, err)
			}
			if i > 0 {
				continue
			}
			var place struct {
				Rollup struct{ Customers, Hidden, Levels, Members int64 }
			}
			if err := json.Unmarshal(answer, &place); err != nil {
				return err
			}
			r := place.Rollup
			out.line("# a tree of %d customers in %d levels: %s sees %d with %d members", r.Customers+r.Hidden, r.Levels, person.name, r.Customers, r.Members)
		}
		out.line("rollup_%s_p50_ms %.1f ms", person.name, percentile(took, 0.5))
		all = append(all, took...)
	}
	out.line("rollup_ms %.1f ms", percentile(all, 0.99))
	return out.err
}
