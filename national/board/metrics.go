package board

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeWait bounds the reading of the board for one scrape.
const scrapeWait = 5 * time.Second

// Metrics shows the board to Prometheus: the same figures from the same query, whichever process
// applies a province.
type Metrics struct {
	store   *Store
	up      *prometheus.Desc
	figures []figure
	states  *prometheus.Desc
	results *prometheus.Desc
	advice  *prometheus.Desc
}

// figure is one number of a province; it is left out where value says that it is not known.
type figure struct {
	desc  *prometheus.Desc
	value func(p Province, now time.Time) (value float64, known bool)
}

// NewMetrics makes the collector; it is registered once.
func NewMetrics(store *Store) *Metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"province"}, labels...), nil)
	}
	always := func(name, help string, value func(p Province) float64) figure {
		return figure{desc("jike_province_"+name, help), func(p Province, _ time.Time) (float64, bool) { return value(p), true }}
	}
	days := func(name, help string, value func(p Province) *float64) figure {
		return figure{desc("jike_province_"+name, help), func(p Province, _ time.Time) (float64, bool) {
			if v := value(p); v != nil {
				return *v, true
			}
			return 0, false
		}}
	}
	return &Metrics{
		store:   store,
		up:      prometheus.NewDesc("jike_board_up", "1 if the board could be read for this scrape.", nil, nil),
		states:  desc("jike_province_state", "1 for the state that the province's stream is in, 0 for the others.", "state"),
		results: desc("jike_province_certificate", "1 for the result of the last certificate.", "result"),
		advice:  desc("jike_province_advice", "1 for what a person should know; urgency is now, soon or none.", "code", "urgency"),
		figures: []figure{
			{desc("jike_province_connected", "1 if the province was heard of in the last 35 seconds."), func(p Province, now time.Time) (float64, bool) {
				return map[bool]float64{true: 1}[p.Connected(now)], true
			}},
			{desc("jike_province_lag_seconds", "Age of the province's data here at most."), func(p Province, now time.Time) (float64, bool) {
				lag := p.LagSeconds(now)
				return float64(lag), lag >= 0
			}},
			{desc("jike_province_certificate_age_seconds", "Since the last certificate."), func(p Province, now time.Time) (float64, bool) {
				if p.Certificate == nil {
					return 0, false
				}
				return now.Sub(p.Certificate.At).Seconds(), true
			}},
			always("lag_bytes", "Of the province's log, between what is applied and its end.", func(p Province) float64 { return float64(p.LagBytes) }),
			always("backlog_messages", "Waiting at the province, not taken by the hub.", func(p Province) float64 { return float64(p.BacklogMessages) }),
			always("backlog_bytes", "The same in bytes.", func(p Province) float64 { return float64(p.BacklogBytes) }),
			always("transactions_per_second", "Applied of late.", func(p Province) float64 { return p.Transactions }),
			always("changes_per_second", "In these transactions.", func(p Province) float64 { return p.Changes }),
			always("parked", "Transactions that were not applied and wait for a person.", func(p Province) float64 { return float64(p.Parked) }),
			always("dirty", "Keys whose rows here may differ from the province's for that.", func(p Province) float64 { return float64(p.Dirty) }),
			always("divergences", "Changes that met no row, not repaired yet.", func(p Province) float64 { return float64(p.Divergences) }),
			always("epoch", "Epoch of the province's stream; it rises when log positions may be used again.", func(p Province) float64 { return float64(p.Epoch) }),
			days("log_days_left", "Until the province's database may give up its slot, at the rate of late.", func(p Province) *float64 { return p.LogDays }),
			days("leaf_days_left", "Until the province's leaf server is full.", func(p Province) *float64 { return p.LeafDays }),
			days("hub_days_left", "Until the hub drops what is not applied.", func(p Province) *float64 { return p.HubDays }),
		},
	}
}

// Describe names what there is.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.up, m.states, m.results, m.advice} {
		out <- d
	}
	for _, f := range m.figures {
		out <- f.desc
	}
}

// Collect reads the board. If it cannot be read, jike_board_up says so and the rest is missing.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	provinces, now, err := m.store.read(ctx)
	up := 1.0
	if err != nil {
		up = 0
	}
	out <- prometheus.MustNewConstMetric(m.up, prometheus.GaugeValue, up)
	for _, p := range provinces {
		m.province(out, p, now)
	}
}

func (m *Metrics) province(out chan<- prometheus.Metric, p Province, now time.Time) {
	code := strconv.Itoa(int(p.Code))
	for _, f := range m.figures {
		if value, known := f.value(p, now); known {
			out <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, value, code)
		}
	}
	for _, state := range []string{"waiting", "joining", "running", "refilling", "stopped", "paused"} {
		out <- prometheus.MustNewConstMetric(m.states, prometheus.GaugeValue, map[bool]float64{true: 1}[state == p.State], code, state)
	}
	if p.Certificate != nil {
		out <- prometheus.MustNewConstMetric(m.results, prometheus.GaugeValue, 1, code, p.Certificate.Result)
	}
	for _, item := range p.Advice(now) {
		out <- prometheus.MustNewConstMetric(m.advice, prometheus.GaugeValue, 1, code, string(item.Advice), string(item.Urgency))
	}
}
