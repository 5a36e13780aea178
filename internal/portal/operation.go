package portal

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jike/internal/account"
	"jike/internal/fault"
)

// Two stand-ins for a permission. No role has them.
const (
	Public   account.Permission = "*public"    // anybody, without a session
	SignedIn account.Permission = "*signed-in" // anybody with a session
)

// Operation describes a JSON operation.
type Operation struct {
	Method     string
	Path       string // such as "/api/customers/{id}"
	ID         string // unique name, such as "customer-get": the name in the OpenAPI document
	Summary    string
	Tag        string             // capability, such as "customer"
	Permission account.Permission // needed; Public or SignedIn where none is
	Status     int                // of success; 0: 200, or 204 when the output is Nothing
	MaxBody    int64              // bytes of the request body; 0: the portal's limit
	// OldPassword says that it may be called before a password is changed that has to be.
	OldPassword bool
}

// Nothing is the output of an operation that answers without a body.
type Nothing struct{}

// File is the output of an operation that answers with a document that is not the portal's JSON.
type File struct {
	Name    string // offered to the browser for saving
	Type    string // media type, such as application/xml
	Content []byte
}

// fileOutput is a File as the library wants it.
type fileOutput struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// output is the answer of an operation as the library wants it.
type output[O any] struct{ Body O }

type callerKey struct{}

// Register adds an operation. I is a struct whose fields carry path, query and header tags, with
// the request's document in a field Body; O is the answer's document, Nothing, or File. f is called only
// for a caller with the permission; for a Public operation the caller may be the zero Caller.
// Errors are faults (problem.go). Register panics if the operation has no permission: a hole must
// not reach a running node.
func Register[I, O any](s *Server, op Operation, f func(ctx context.Context, caller account.Caller, in *I) (O, error)) {
	if op.Permission == "" {
		panic(fmt.Sprintf("portal: operation %s %s has no permission", op.Method, op.Path))
	}
	s.operations = append(s.operations, op)
	if _, file := any(*new(O)).(File); file {
		huma.Register(s.api, s.describe(op, http.StatusOK), func(ctx context.Context, in *I) (*fileOutput, error) {
			ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
			defer cancel()
			out, err := f(ctx, callerOf(ctx), in)
			if err != nil {
				return nil, s.problemOf(ctx, op, err)
			}
			doc := any(out).(File)
			return &fileOutput{doc.Type, mime.FormatMediaType("attachment", map[string]string{"filename": doc.Name}), doc.Content}, nil
		})
		return
	}
	if _, empty := any(*new(O)).(Nothing); empty {
		huma.Register(s.api, s.describe(op, http.StatusNoContent), func(ctx context.Context, in *I) (*struct{}, error) {
			ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
			defer cancel()
			_, err := f(ctx, callerOf(ctx), in)
			return nil, s.problemOf(ctx, op, err)
		})
		return
	}
	huma.Register(s.api, s.describe(op, http.StatusOK), func(ctx context.Context, in *I) (*output[O], error) {
		ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
		defer cancel()
		out, err := f(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, s.problemOf(ctx, op, err)
		}
		return &output[O]{out}, nil
	})
}

func callerOf(ctx context.Context) account.Caller {
	caller, _ := ctx.Value(callerKey{}).(account.Caller)
	return caller
}

// describe is the operation as the library wants it.
func (s *Server) describe(op Operation, status int) huma.Operation {
	if op.Status != 0 {
		status = op.Status
	}
	if op.MaxBody == 0 {
		op.MaxBody = s.options.MaxBody
	}
	h := huma.Operation{
		Method: op.Method, Path: op.Path, OperationID: op.ID, Summary: op.Summary, Tags: []string{op.Tag},
		DefaultStatus: status, MaxBodyBytes: op.MaxBody,
		Middlewares: huma.Middlewares{s.guard(op)},
		Extensions:  map[string]any{"x-permission": string(op.Permission)},
	}
	if op.Permission != Public {
		needs := map[string][]string{"session": {}}
		if changes(op.Method) {
			needs["csrf"] = []string{}
		}
		h.Security = []map[string][]string{needs}
	}
	return h
}

// guard lets a request pass that may be answered, before its input is read.
func (s *Server) guard(op Operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		caller, err := s.admit(ctx, op)
		if err != nil {
			problem := s.problemOf(ctx.Context(), op, err)
			_ = huma.WriteErr(s.api, ctx, 0, "", problem) // the client has gone: nobody to tell
			return
		}
		next(huma.WithValue(ctx, callerKey{}, caller))
	}
}

// admit gives the caller, or a fault: Unauthenticated without a session, Denied when another site
// sent the request or the permission is missing.
func (s *Server) admit(ctx huma.Context, op Operation) (account.Caller, error) {
	if changes(op.Method) {
		if site := ctx.Header("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
			return account.Caller{}, fault.New(fault.Denied, "request.cross_site")
		}
	}
	caller, err := s.caller(ctx.Context())
	if op.Permission == Public && (err == nil || fault.Is(err, fault.Unauthenticated)) {
		return caller, nil
	}
	if err != nil {
		return account.Caller{}, err
	}
	if changes(op.Method) && !sameToken(ctx.Header(csrfHeader), s.options.Sessions.GetString(ctx.Context(), sessionCSRF)) {
		return account.Caller{}, fault.New(fault.Denied, "request.csrf")
	}
	if caller.MustChange && !op.OldPassword {
		return account.Caller{}, fault.New(fault.Denied, "session.password_must_change")
	}
	if op.Permission == SignedIn {
		return caller, nil
	}
	return caller, caller.Demand(op.Permission)
}

// caller gives the session's caller with the rights of this moment.
func (s *Server) caller(ctx context.Context) (account.Caller, error) {
	id := s.options.Sessions.GetInt64(ctx, account.SessionAccount)
	if id == 0 {
		return account.Caller{}, fault.New(fault.Unauthenticated, "session.missing")
	}
	caller, err := s.options.Accounts.Caller(ctx, id)
	if errors.Is(err, account.ErrNoAccount) {
		return account.Caller{}, fault.Wrap(fault.Unauthenticated, "session.closed", err)
	}
	if s.options.Sessions.GetString(ctx, sessionToken) != "" {
		caller.MustChange = false // who signs in at the provider needs no password here
	}
	return caller, err
}

// CallerOf gives the caller of an account with its rights of this moment, for work that was approved in its name.
// account.ErrNoAccount: it is closed.
func (s *Server) CallerOf(ctx context.Context, id int64) (account.Caller, error) {
	return s.options.Accounts.Caller(ctx, id)
}

func changes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

func sameToken(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
