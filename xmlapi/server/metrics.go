package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"jike/xmlapi/envelope"
)

// metrics counts exchanges for /metrics.
type metrics struct {
	exchanges *prometheus.CounterVec
	seconds   prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		exchanges: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jike_partner_exchanges_total", Help: "Partner messages by activity and response code.",
		}, []string{"activity", "code", "layer"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "jike_partner_exchange_seconds", Help: "Time from the arrival of a partner message to its reply.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}),
	}
}

func (m *metrics) observe(x *exchange) {
	activity, code := "", x.line.Code
	if x.operation != nil { // any other value is the caller's to choose, and labels are for ever
		activity = x.operation.Activity
	}
	if x.heartbeat {
		activity, code = "heartbeat", envelope.CodeOK
	}
	m.exchanges.WithLabelValues(activity, code, x.line.Layer).Inc()
	m.seconds.Observe(x.server.Now().Sub(x.started).Seconds())
}

// Describe and Collect make the server a prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	s.metrics.exchanges.Describe(ch)
	s.metrics.seconds.Describe(ch)
}

// Collect gives the counts.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	s.metrics.exchanges.Collect(ch)
	s.metrics.seconds.Collect(ch)
}
