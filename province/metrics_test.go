package province

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/pg/pgtest"
	"jike/province/selection"
	"jike/sync/capture"
)

// The metrics tell of what is under way, and of nothing else.
func TestProgressIsShown(t *testing.T) {
	db := pgtest.Province(t)
	owner, pool := db.Owner(t), db.Sync(t)
	policies := selection.NewStore(db.App(t))
	p := progress{
		policies: func(ctx context.Context) ([]selection.Version, error) { return policies.List(ctx, operator) },
		resends:  func(ctx context.Context) ([]capture.Resending, error) { return capture.Resends(ctx, pool) },
		log:      slog.New(slog.DiscardHandler),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(p)
	shows := func(want ...string) {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range families {
			for _, m := range f.GetMetric() {
				got = append(got, fmt.Sprint(f.GetName(), " ", m.GetLabel()[0].GetValue(), " ", m.GetGauge().GetValue()))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	shows()
	exec(`INSERT INTO crm.selection_policy (version, rule, state, origin, author, effective_at) VALUES (2, '{"classes":["C"]}', 'applying', 'province', 'one', now());
		INSERT INTO crm.selection_rollout (version, reached, upto, total, judged, paused) VALUES (2, 7, 9, 5000, 1000, true)`)
	exec(`INSERT INTO sync.resend (relation, columns, selection, sent, total, finished_at) VALUES
		('crm.contact', '{x}', 2, 40, 40, now()), ('crm.customer', '{x}', 2, 500, 3000, NULL)`)
	shows("jike_selection_rollout_customers 2 1000", "jike_selection_rollout_expected_customers 2 5000", "jike_selection_rollout_paused 2 1",
		"jike_sync_resend_expected_rows crm.customer 3000", "jike_sync_resend_rows crm.customer 500")
	p.policies = func(context.Context) ([]selection.Version, error) { return nil, errors.New("the database is away") }
	registry = prometheus.NewRegistry()
	registry.MustRegister(p)
	shows("jike_sync_resend_expected_rows crm.customer 3000", "jike_sync_resend_rows crm.customer 500")
}
