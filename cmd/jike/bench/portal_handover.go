package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"jike/province/handover"
	"jike/province/job"
)

// mostHandedOver is how many customers change hands.
const mostHandedOver = 10_000

// handover has customers handed over to one account manager, as the administrator, and times it from the order
// until the job is done. Then they are handed back, so that the next run finds them as they were.
func (p *bigProvince) handover(ctx context.Context, out *printer) error {
	// The first of those who have a manager other than the one who receives them, wherever they stand.
	const choose = `WITH receiver AS (SELECT id FROM crm.organisation WHERE kind = 'person' AND active ORDER BY id DESC LIMIT 1),
		chosen AS (SELECT c.id FROM crm.customer c, receiver r WHERE c.merged_into IS NULL AND c.manager_id <> r.id ORDER BY c.id LIMIT $1)
		SELECT (SELECT id FROM receiver), array_agg(id) FROM chosen`
	var to int64
	var customers []int64
	if err := p.db.QueryRow(ctx, choose, mostHandedOver).Scan(&to, &customers); err != nil {
		return err
	}
	order, err := json.Marshal(map[string]any{"customers": customers, "expected": len(customers), "toId": to, "reason": "measured"})
	if err != nil {
		return err
	}
	began := time.Now()
	id, moved, err := p.handOver(ctx, "/api/handovers", string(order))
	took := time.Since(began)
	if err != nil {
		return err
	}
	_, back, err := p.handOver(ctx, fmt.Sprintf("/api/handovers/%d/undo", id), `{"reason":"measured"}`)
	if err != nil {
		return err
	}
	if moved != len(customers) || back != moved {
		return fmt.Errorf("%d of %d handed over, %d handed back", moved, len(customers), back)
	}
	out.line("# %d of %d customers handed over, and handed back", moved, len(customers))
	out.line("handover_s %.2f s", took.Seconds())
	return out.err
}

// handOver sends an order and waits for the end of its job.
func (p *bigProvince) handOver(ctx context.Context, path, order string) (id int64, moved int, err error) {
	var made struct {
		ID  int64
		Job job.View
	}
	if err := p.admin.send(ctx, http.MethodPost, path, order, &made); err != nil {
		return 0, 0, err
	}
	for j := made.Job; j.FinishedAt == nil; made.Job = j {
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		if err := p.admin.send(ctx, http.MethodGet, fmt.Sprintf("/api/jobs/%d", j.ID), "", &j); err != nil {
			return 0, 0, err
		}
	}
	return made.ID, made.Job.Counts[handover.HandedOver], nil
}
