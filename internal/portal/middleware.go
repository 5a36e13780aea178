package portal

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

type (
	requestKey struct{}
	remoteKey  struct{}
)

// remoteOf is the address that the request came from.
func remoteOf(ctx context.Context) string {
	address, _ := ctx.Value(remoteKey{}).(string)
	return address
}

// requestID is the number of the request, for the log and for what the client can quote.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// metrics are what Prometheus sees of the portal.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	refusals prometheus.Counter
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "jike_http_requests_total", Help: "Requests by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jike_http_request_seconds", Help: "Duration of requests by route.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
		}, []string{"route"}),
		refusals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "jike_sign_in_refusals_total", Help: "Refused attempts to sign in.",
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.refusals} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("portal metrics: %w", err)
		}
	}
	return m, nil
}

// observe numbers, measures and logs every request. The log has the route, never the query or the
// body: those hold names.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began, id := time.Now(), rand.Text()[:12]
		ctx := context.WithValue(c.Request().Context(), requestKey{}, id)
		c.SetRequest(c.Request().WithContext(context.WithValue(ctx, remoteKey{}, c.RealIP())))
		c.Response().Header().Set("X-Request-Id", id)
		if err := next(c); err != nil {
			c.Error(err)
		}
		route, status := c.Path(), c.Response().Status
		if route == "" {
			route = "unknown"
		}
		took := time.Since(began)
		s.metrics.requests.WithLabelValues(route, c.Request().Method, strconv.Itoa(status)).Inc()
		s.metrics.duration.WithLabelValues(route).Observe(took.Seconds())
		s.options.Logger.Debug("request", "request", id, "method", c.Request().Method, "route", route,
			"status", status, "ms", float64(took.Microseconds())/1000, "remote", c.Request().RemoteAddr)
		return nil
	}
}

// recoverPanic answers 500 for a request whose handler panics, and logs where.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				s.options.Logger.Error("panic", "request", requestID(c.Request().Context()), "panic", r, "stack", string(debug.Stack()))
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}
		}()
		return next(c)
	}
}

// secureHeaders sets what a browser must know to protect the page. Pages with scripts of their own
// nonce replace the policy (static.go).
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.options.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if isAPI(c) {
			h.Set("Cache-Control", "no-store")
		}
		return next(c)
	}
}

// withSession loads the session of an operation and saves it with the answer.
func (s *Server) withSession(next echo.HandlerFunc) echo.HandlerFunc {
	loaded := echo.WrapMiddleware(s.options.Sessions.LoadAndSave)(next)
	return func(c echo.Context) error {
		if isAPI(c) {
			return loaded(c)
		}
		return next(c)
	}
}

// sessionFailed answers a request whose session cannot be loaded or saved.
func (s *Server) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.options.Logger.Error("session", "request", requestID(r.Context()), "error", err)
	p := problem(http.StatusServiceUnavailable, "session.unavailable", nil)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_, _ = fmt.Fprintf(w, `{"title":%q,"status":%d,"code":%q}`, p.Title, p.Status, p.Code) // the client has gone: nobody to tell
}

// limit bounds the body of every request, also of those that no operation reads.
func (s *Server) limit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		most, r := s.options.MaxBody, c.Request()
		for _, op := range s.operations { // few: an operation may allow more than the portal
			most = max(most, op.MaxBody)
		}
		if r.ContentLength > most {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most+1)
		return next(c)
	}
}

func isAPI(c echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/api/") }
