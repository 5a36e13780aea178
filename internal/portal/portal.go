// Package portal is the web side of a node: JSON operations for the browser, the session that
// they need, and the front end itself.
//
// A capability registers its operations with Register: method, path, permission and a function
// from caller and input to output. Everything else happens here, once for all of them: who calls
// (session cookie), may they (permission), did their own page send it (CSRF token), is the input
// well formed (schema), how errors look (problem details, problem.go), and the OpenAPI document.
// An operation without a permission cannot be registered; one that needs none says Public or
// SignedIn.
package portal

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"jike/internal/account"
	"jike/internal/signon"
)

// Node says which node this is; it is part of every session.
type Node struct {
	Level    string    `json:"level" enum:"province,national" doc:"Which level the node is of"`
	Province int16     `json:"province" doc:"Carrier province code, 0 for headquarters"`
	Name     string    `json:"name" doc:"Name of the province, or of headquarters"`
	Version  string    `json:"version" doc:"Version of the program"`
	DataTime time.Time `json:"dataTime" doc:"How old the oldest data on the pages may be"`
}

// Options are what a portal is made of. Logger, Accounts, Sessions and Node are needed.
type Options struct {
	Title    string // of the OpenAPI document
	Version  string // of the OpenAPI document
	Logger   *slog.Logger
	Accounts *account.Store
	Sessions *scs.SessionManager
	SignOn   *signon.Provider // nil: people sign in here alone
	Node     func(ctx context.Context) Node
	Ready    func(ctx context.Context) error // nil: always ready
	Registry *prometheus.Registry            // nil: one of its own
	Static   fs.FS                           // the built front end with index.html at its root; nil: none
	Secure   bool                            // the portal is reached by https
	MaxBody  int64                           // bytes of a request body; 0: 1 MiB
	Timeout  time.Duration                   // of an operation; 0: 30 s
}

// Server is a node's portal.
type Server struct {
	options    Options
	echo       *echo.Echo
	api        huma.API
	operations []Operation
	metrics    *metrics
}

// New makes a portal with the session operations, health, metrics and the front end. It fails if
// the front end cannot be read or the metrics are registered twice.
func New(o Options) (*Server, error) {
	if o.Logger == nil || o.Accounts == nil || o.Sessions == nil || o.Node == nil {
		return nil, errors.New("portal: logger, accounts, sessions and node are needed")
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	s := &Server{options: o, echo: echo.New()}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.writeError
	// The proxy in front is on loopback; nobody else may say where a request came from.
	s.echo.IPExtractor = echo.ExtractIPFromXFFHeader(echo.TrustLinkLocal(false), echo.TrustPrivateNet(false))
	o.Sessions.ErrorFunc = s.sessionFailed // here, not in the middleware: echo makes that anew for every request
	var err error
	if s.metrics, err = newMetrics(o.Registry); err != nil {
		return nil, err
	}
	s.echo.Use(s.observe, s.recoverPanic, s.secureHeaders, s.withSession, s.limit)
	s.api = humaecho.New(s.echo, apiConfig(o))
	s.registerSession()
	s.registerAccounts()
	s.registerHealth()
	if err := s.registerStatic(); err != nil {
		return nil, err
	}
	return s, nil
}

// apiConfig is the library's configuration without its own pages and links.
func apiConfig(o Options) huma.Config {
	c := huma.DefaultConfig(o.Title, o.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: account.SessionCookie},
		"csrf":    {Type: "apiKey", In: "header", Name: csrfHeader},
	}
	return c
}

// schemaName names a shape in the OpenAPI document by its package and type, CustomerView for
// customer.View, since every capability has a View.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == "" || t.PkgPath() == reflect.TypeFor[Problem]().PkgPath() {
		return name
	}
	capability := path.Base(t.PkgPath())
	return strings.ToUpper(capability[:1]) + capability[1:] + name
}

// Handler serves the portal.
func (s *Server) Handler() http.Handler { return s.echo }

// Operations lists the registered operations in their order.
func (s *Server) Operations() []Operation { return s.operations }

// OpenAPI is the OpenAPI 3.1 document of the registered operations, as indented JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	doc, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(doc, '\n'), nil
}

// RemoveExpiredSessions deletes expired sessions every interval until ctx ends.
func (s *Server) RemoveExpiredSessions(ctx context.Context, interval time.Duration) {
	table, ok := s.options.Sessions.Store.(account.SessionTable)
	if !ok {
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := table.RemoveExpired(ctx); err != nil && ctx.Err() == nil {
				s.options.Logger.Error("expired sessions stay", "error", err)
			}
		}
	}
}
