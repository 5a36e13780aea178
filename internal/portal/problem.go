package portal

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/labstack/echo/v4"

	"jike/internal/fault"
)

// Problem is the answer to a request that failed (RFC 9457). The front end translates Code and
// Params; Detail is for people who read raw answers.
type Problem struct {
	Title   string         `json:"title" doc:"Text of the status"`
	Status  int            `json:"status" doc:"HTTP status"`
	Detail  string         `json:"detail,omitempty" doc:"The code again, in words for a log"`
	Code    string         `json:"code" doc:"Stable key of what went wrong"`
	Params  map[string]any `json:"params,omitempty" doc:"Values for the message"`
	Errors  []FieldProblem `json:"errors,omitempty" doc:"What is wrong with which field"`
	Current any            `json:"current,omitempty" doc:"With status 409: the record as it is now"`
}

// FieldProblem is what is wrong with one input field.
type FieldProblem struct {
	Field  string         `json:"field" doc:"Such as creditCode"`
	Code   string         `json:"code" doc:"Stable key"`
	Params map[string]any `json:"params,omitempty" doc:"Values for the message"`
}

// Error is the problem's code.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problem details.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// conflict is a fault with the record as it is now.
type conflict struct {
	error
	current any
}

func (c conflict) Unwrap() error { return c.error }

// Saved answers a save with the record as the browser sees it; if it came too late (fault.StaleError), with
// the fault and the record as it is now.
func Saved[T, V any](record T, err error, view func(T) V) (V, error) {
	if stale, ok := errors.AsType[*fault.StaleError[T]](err); ok {
		return *new(V), WithCurrent(err, view(stale.Current))
	}
	return view(record), err
}

// WithCurrent adds to a Conflict fault the record as it is now, in the shape that the operation
// answers with, so that the browser can show mine, theirs and original.
func WithCurrent(err error, current any) error { return conflict{err, current} }

// problemOf is what the client is told about an error. The cause of an internal error is logged
// with the request's number, and the client gets the number alone.
func (s *Server) problemOf(ctx context.Context, op Operation, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fault.Wrap(fault.Timeout, "request.timeout", err)
	}
	faults := faultsOf(err)
	if len(faults) == 0 || faults[0].Kind == fault.Internal {
		if errors.Is(err, context.Canceled) { // the client has gone
			return problem(fault.Unavailable.HTTPStatus(), "request.canceled", nil)
		}
		s.options.Logger.Error("operation failed", "operation", op.ID, "request", requestID(ctx), "error", err)
		return problem(http.StatusInternalServerError, "internal", map[string]any{"request": requestID(ctx)})
	}
	p := problem(faults[0].Kind.HTTPStatus(), faults[0].Code, faults[0].Params)
	for _, f := range faults {
		if f.Field != "" {
			p.Errors = append(p.Errors, FieldProblem{f.Field, f.Code, f.Params})
		}
	}
	if len(faults) > 1 {
		p.Code, p.Params = "input.invalid", nil
	}
	if c, ok := errors.AsType[conflict](err); ok {
		p.Current = c.current
	}
	return p
}

func problem(status int, code string, params map[string]any) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: strings.NewReplacer(".", ": ", "_", " ").Replace(code), Code: code, Params: params}
}

// faultsOf lists the faults in err, which may be several joined.
func faultsOf(err error) []*fault.Error {
	switch e := err.(type) { //nolint:errorlint // walks the tree of wrapped errors itself
	case *fault.Error:
		return []*fault.Error{e}
	case interface{ Unwrap() []error }:
		var list []*fault.Error
		for _, inner := range e.Unwrap() {
			list = append(list, faultsOf(inner)...)
		}
		return list
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return faultsOf(inner)
		}
	}
	return nil
}

// codeOfStatus gives the code of a refusal that the HTTP layers made themselves.
func codeOfStatus(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "request.malformed"
	case http.StatusNotFound:
		return "request.unknown_path"
	case http.StatusMethodNotAllowed:
		return "request.method"
	case http.StatusNotAcceptable:
		return "request.not_acceptable"
	case http.StatusRequestTimeout:
		return "request.timeout"
	case http.StatusRequestEntityTooLarge:
		return "request.too_large"
	case http.StatusUnsupportedMediaType:
		return "request.media_type"
	case http.StatusUnprocessableEntity:
		return "input.invalid"
	default:
		return "internal"
	}
}

// The library reports what is wrong with an input as English text. Its texts are variables: here
// they become our codes with parameters, so that the front end can translate them.
func init() {
	validation.MsgUnexpectedProperty = "input.unexpected"
	validation.MsgExpectedRequiredProperty = "input.required name=%s"
	validation.MsgExpectedMinLength = "input.too_short min=%d"
	validation.MsgExpectedMaxLength = "input.too_long max=%d"
	validation.MsgExpectedMinimumNumber = "input.below_minimum min=%v"
	validation.MsgExpectedMaximumNumber = "input.above_maximum max=%v"
	validation.MsgExpectedOneOf = "input.not_in_list list=%s"
	validation.MsgExpectedMatchPattern = "input.format pattern=%s"
	validation.MsgExpectedBePattern = "input.format pattern=%s"
	validation.MsgExpectedRFC3339Date = "input.format pattern=YYYY-MM-DD"
	validation.MsgExpectedRFC3339DateTime = "input.format pattern=RFC3339"
	validation.MsgExpectedString = "input.type type=string"
	validation.MsgExpectedInteger = "input.type type=integer"
	validation.MsgExpectedNumber = "input.type type=number"
	validation.MsgExpectedBoolean = "input.type type=boolean"
	validation.MsgExpectedArray = "input.type type=array"
	validation.MsgExpectedObject = "input.type type=object"
	validation.MsgExpectedMaxItems = "input.too_many max=%d"
	huma.DefaultArrayNullable = false // our lists are empty, never null
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		for _, err := range errs {
			if p, ok := errors.AsType[*Problem](err); ok {
				return p
			}
		}
		p := problem(status, codeOfStatus(status), nil)
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				p.Errors = append(p.Errors, fieldProblem(d.ErrorDetail()))
			}
		}
		return p
	}
}

// fieldProblem reads "code name=value" back. The offending value is not repeated to the client.
func fieldProblem(d *huma.ErrorDetail) FieldProblem {
	field := d.Location
	for _, prefix := range []string{"body.", "query.", "path."} {
		field = strings.TrimPrefix(field, prefix)
	}
	code, rest, _ := strings.Cut(d.Message, " ")
	if !strings.HasPrefix(code, "input.") {
		return FieldProblem{Field: field, Code: "input.malformed"}
	}
	p := FieldProblem{Field: field, Code: code}
	name, value, ok := strings.Cut(rest, "=")
	switch {
	case !ok:
	case code == "input.required": // the location is the object, the name is the field
		p.Field = strings.TrimPrefix(strings.TrimPrefix(d.Location+"."+value, "body."), "query.")
	default:
		p.Params = map[string]any{name: value}
	}
	return p
}

// writeError answers what failed outside of an operation: unknown paths, refused bodies.
func (s *Server) writeError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status := http.StatusInternalServerError
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		status = he.Code
	} else {
		s.options.Logger.Error("request failed", "request", requestID(c.Request().Context()), "error", err)
	}
	p := problem(status, codeOfStatus(status), nil)
	c.Response().Header().Set(echo.HeaderContentType, p.ContentType(""))
	_ = c.JSON(status, p) // the client has gone: nobody to tell
}
