package synctest_test

import (
	"testing"

	"jike/sync/synctest"
)

// Headquarters writes down what the board shows: how fast a province is applied, and how long the
// province's log, its leaf server and the hub can wait.
func TestTheBoardKnowsRatesAndReserves(t *testing.T) {
	p := synctest.New(t)
	p.Apply()
	p.Capture()
	w := p.Work(seed(t), 1)
	p.Until("rates and reserves are on the board", func() bool {
		return p.Int(p.Target, `SELECT count(*)::int FROM sync.province_state WHERE province = $1 AND transaction_rate > 0 AND change_rate > 0
			AND wal = 'reserved' AND log_days > 0 AND leaf_left > 0 AND leaf_days > 0 AND hub_left > 0 AND hub_days > 0`, synctest.Province) == 1
	})
	w.Stop()
}
