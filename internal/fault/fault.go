// Package fault gives every error that a caller may see a kind, a stable code and parameters.
//
// The portal translates code and parameters, the partner interface sends the kind's response
// code; both read the one table in kind.go. The cause stays private: it is logged, never sent.
// An error without a kind is Internal.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Error is an error that a caller may see.
type Error struct {
	Kind   Kind
	Code   string         // stable key, such as "customer.version.conflict"
	Field  string         // the input that it concerns, such as "creditCode"; empty if none
	Params map[string]any // values for the message, such as {"max": 64}
	cause  error          // private: for the log only
}

// New makes an error. Pairs are parameter names and values in turn; a name without a value is a
// programming error and shows up as the parameter "!odd".
func New(kind Kind, code string, pairs ...any) *Error {
	return &Error{Kind: kind, Code: code, Params: params(pairs)}
}

// Field makes an error about one input field.
func Field(kind Kind, field, code string, pairs ...any) *Error {
	return &Error{Kind: kind, Field: field, Code: code, Params: params(pairs)}
}

// Wrap makes an error with a private cause.
func Wrap(kind Kind, code string, cause error, pairs ...any) *Error {
	return &Error{Kind: kind, Code: code, Params: params(pairs), cause: cause}
}

// Error says kind, field, code, parameters and cause: for logs, not for callers.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Kind, e.Code)
	if e.Field != "" {
		fmt.Fprintf(&b, " (field %s)", e.Field)
	}
	names := make([]string, 0, len(e.Params))
	for name := range e.Params {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&b, " %s=%v", name, e.Params[name])
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap gives the private cause, so that errors.Is and errors.As see it.
func (e *Error) Unwrap() error { return e.cause }

// KindOf is the kind of the first Error in err's chain, Internal if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err has the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

func params(pairs []any) map[string]any {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		if i+1 == len(pairs) {
			m["!odd"] = name
			break
		}
		m[name] = pairs[i+1]
	}
	return m
}
