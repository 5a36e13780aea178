package national

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/node"
	"jike/schemas/replica"
	"jike/sync/copy"
)

// openCopy makes what copies provinces that join with rows.
func openCopy(ctx context.Context, n *node.Node, c Config) (*copy.National, error) {
	first, err := copy.OpenNational(ctx, copy.Options{
		Pool: n.Sync, Tables: replica.Up, Parallel: c.Copy.Parallel, Workers: c.Copy.Workers, Rate: c.Copy.BytesPerSecond, Log: n.Log,
	})
	if err != nil {
		return nil, err
	}
	n.OnClose(first.Close)
	return first, errors.Join(
		n.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "jike_copy_provinces", Help: "Provinces whose rows are copied now, before their stream is applied.",
		}, func() float64 { return float64(first.Status().Provinces) })),
		n.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "jike_copy_rows_per_second", Help: "Rows that come by these copies, of the last few seconds.",
		}, func() float64 { return first.Status().RowsPerSecond })),
		n.Registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "jike_copy_rows_total", Help: "Rows copied by this process.",
		}, func() float64 { return float64(first.Status().Rows) })),
	)
}

// copies answers the command `jike sync copy`: GET tells of all first copies, DELETE gives one up.
type copies struct{ first *copy.National }

// ServeHTTP takes the query parameter province; without it GET tells of all.
func (h copies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	province, err := strconv.ParseInt(cmp.Or(r.FormValue("province"), "0"), 10, 16)
	if err != nil || province < 0 || province == 0 && r.Method != http.MethodGet {
		http.Error(w, "province: a carrier province code such as 591 is needed", http.StatusUnprocessableEntity)
		return
	}
	switch r.Method {
	case http.MethodDelete:
		if err = h.first.Cancel(r.Context(), int16(province)); errors.Is(err, copy.ErrNotRunning) {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
	case http.MethodGet:
	default:
		http.Error(w, "GET and DELETE are known", http.StatusMethodNotAllowed)
		return
	}
	var all []copy.Progress
	if err == nil {
		all, err = h.first.Progress(r.Context(), int16(province))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // an error says that the command has gone
}
