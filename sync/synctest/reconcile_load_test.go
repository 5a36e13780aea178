package synctest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"jike/sync/reconcile"
	"jike/sync/synctest"
)

// restRows are rows that the workload leaves alone: what is planted in them stays until it is
// found.
const restRows = 3000

// Random differences are planted at headquarters between reconciliations that run while both sides
// write at full speed: each is found and named, no other is, and no committed row of the province is
// ever lost. JIKE_RECONCILIATIONS says how many runs.
func TestPlantedDifferencesAreFoundUnderLoad(t *testing.T) {
	count := 4
	if text := os.Getenv("JIKE_RECONCILIATIONS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	p := synctest.New(t)
	n := both(p)
	p.Exec(p.Source, fmt.Sprintf(`INSERT INTO crm.monthly_summary (id, month, city, class, industry, customers, members, income_fen)
		SELECT -i, '2025-01-01', '350100', 'A1', i::text, i, i, i FROM generate_series(1, %d) i`, restRows))
	if run := reconcileOnce(p, n); run.State != reconcile.Done || *run.Result != reconcile.Clean {
		t.Fatalf("first run: %s, %d differences: %s", run.State, run.Differences, run.Reason)
	}
	chance := seed(t)
	random := rand.New(rand.NewPCG(chance, 1))
	w := p.WorkSmall(chance, 3)
	planted := 0
	for i := range count {
		want := plant(p, random)
		run := reconcileOnce(p, n)
		if run.State != reconcile.Done || *run.Result == reconcile.Diverged {
			t.Fatalf("run %d: %s: %s", i, run.State, run.Reason)
		}
		for _, d := range run.Certificate.Statement.Found.Listed {
			if kind, ok := want[d.Key]; !ok || d.Table != "crm.monthly_summary" || d.Kind != kind {
				t.Errorf("run %d: false difference %+v", i, d)
			}
		}
		if run.Differences != int64(len(want)) {
			t.Errorf("run %d: %d differences found, %d planted", i, run.Differences, len(want))
		}
		planted += len(want)
	}
	committed := w.Stop()
	p.Settle()
	p.Same()
	if n := p.Int(p.Source, `SELECT count(*)::int FROM crm.monthly_summary WHERE id < 0`); n != restRows {
		t.Errorf("%d committed rows of the province are gone", restRows-n)
	}
	t.Logf("%d runs, %d planted differences, %d transactions meanwhile", count, planted, committed)
}

// plant damages up to five rows that rest, and gives what was done to which key.
func plant(p *synctest.Pair, random *rand.Rand) map[int64]reconcile.Kind {
	p.Helper()
	done := map[int64]reconcile.Kind{}
	for range random.IntN(6) {
		key := -1 - random.Int64N(restRows)
		if done[key] != "" {
			continue
		}
		switch random.IntN(3) {
		case 0:
			p.Exec(p.Target, fmt.Sprintf(`UPDATE crm.monthly_summary SET members = members + 1 WHERE id = %d`, key))
			done[key] = reconcile.Different
		case 1:
			p.Exec(p.Target, fmt.Sprintf(`DELETE FROM crm.monthly_summary WHERE id = %d`, key))
			done[key] = reconcile.Missing
		default:
			p.Exec(p.Target, fmt.Sprintf(`INSERT INTO crm.monthly_summary (province, id, month, stamp_epoch, stamp_lsn)
				SELECT province, %d, month, stamp_epoch, stamp_lsn FROM crm.monthly_summary WHERE id = %d
				ON CONFLICT DO NOTHING`, key-restRows, key))
			if p.Int(p.Target, `SELECT count(*)::int FROM crm.monthly_summary WHERE id = $1`, key-restRows) == 1 {
				done[key-restRows] = reconcile.Extra
			}
		}
	}
	return done
}
