package server

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/xmlapi/envelope"
)

// Layer is a step in the work on a request. A request is refused by the first that it does not pass.
type Layer string

// The layers, in the order of work.
const (
	LayerLoad        Layer = "load"        // is there room for one more request
	LayerSize        Layer = "size"        // is it small enough
	LayerCarriage    Layer = "carriage"    // can the documents be taken out of the HTTP body
	LayerCharset     Layer = "charset"     // are they text in the character set that they declare
	LayerParse       Layer = "parse"       // is each a well-formed document without dangers
	LayerHeader      Layer = "header"      // has the header its elements
	LayerIdentity    Layer = "identity"    // who is it
	LayerRight       Layer = "right"       // may it
	LayerRouting     Layer = "routing"     // is it for us, and do we know the activity
	LayerSchema      Layer = "schema"      // has the message its elements
	LayerIdempotency Layer = "idempotency" // was the transaction id used for something else
	LayerBusiness    Layer = "business"    // what the capability says
)

// layers says of each layer what may be wrong there, and whether the HTTP status says so too.
// Business errors travel with status 200, as everywhere in this trade: whoever reads the reply
// looks at RspCode. Only what happens before a partner is identified and admitted has the status
// of its kind, for proxies and scanners that read nothing else; so has every fault of the node itself.
var layers = []struct {
	layer  Layer
	status bool // the HTTP status is the kind's
	kinds  []fault.Kind
}{
	{LayerLoad, true, []fault.Kind{fault.TooManyRequests}},
	{LayerSize, true, []fault.Kind{fault.TooLarge}},
	{LayerCarriage, true, []fault.Kind{fault.Unsupported, fault.Header, fault.Body}},
	{LayerCharset, true, []fault.Kind{fault.Unsupported, fault.Header, fault.Body}},
	{LayerParse, true, []fault.Kind{fault.Header, fault.Body}},
	{LayerHeader, true, []fault.Kind{fault.Header}},
	{LayerIdentity, true, []fault.Kind{fault.Unauthenticated}},
	{LayerRight, true, []fault.Kind{fault.Denied}},
	{LayerRouting, false, []fault.Kind{fault.NoRoute, fault.UnknownOperation}},
	{LayerSchema, false, []fault.Kind{
		fault.Body, fault.Type, fault.Enumeration, fault.TooShort, fault.TooLong, fault.Format, fault.BelowMinimum, fault.AboveMaximum,
	}},
	{LayerIdempotency, false, []fault.Kind{fault.Duplicate}},
	{LayerBusiness, false, []fault.Kind{
		fault.Denied, fault.NotFound, fault.Exists, fault.Conflict, fault.Rule, fault.Enumeration, fault.Format, fault.Type,
		fault.TooShort, fault.TooLong, fault.BelowMinimum, fault.AboveMaximum, fault.Internal, fault.Unavailable, fault.Timeout,
		fault.TooManyRequests,
	}},
}

// refusal is an error with the layer that found it.
type refusal struct {
	layer Layer
	err   error
}

func refuse(layer Layer, err error) *refusal { return &refusal{layer, err} }

func (r *refusal) Error() string { return fmt.Sprintf("%s: %v", r.layer, r.err) }

func (r *refusal) Unwrap() error { return r.err }

// HTTPStatus is the status with which a fault of this kind is answered when this layer finds it.
func HTTPStatus(layer Layer, kind fault.Kind) int {
	if !final(kind) {
		return kind.HTTPStatus()
	}
	for _, l := range layers {
		if l.layer == layer && l.status {
			return kind.HTTPStatus()
		}
	}
	return 200
}

// ResponseType is the RspType of a fault: Business for a message that was read and not carried
// out, System for all else.
func ResponseType(layer Layer, kind fault.Kind) string {
	if final(kind) && (layer == LayerSchema || layer == LayerIdempotency || layer == LayerBusiness) {
		return envelope.Business
	}
	return envelope.System
}

// final says whether asking again would give the same answer. What is not final is not stored: its
// effects are rolled back and the transaction id stays free.
func final(kind fault.Kind) bool {
	switch kind {
	case fault.Internal, fault.Unavailable, fault.Timeout, fault.TooManyRequests:
		return false
	}
	return true
}

// describe is the RspDesc of an error: its key, the element, and parameters. The cause is never sent,
// and a value that the caller sent is not repeated: it may be personal data, and the journal keeps
// the description as it is.
func describe(err error) string {
	var found *fault.Error
	if !errors.As(err, &found) {
		return "internal"
	}
	var out strings.Builder
	out.WriteString(found.Code)
	if found.Field != "" {
		out.WriteString(" element=" + found.Field)
	}
	names := make([]string, 0, len(found.Params))
	for name := range found.Params {
		if name != "value" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&out, " %s=%v", name, found.Params[name])
	}
	// What a hostile request named may hold anything.
	text := strings.Join(strings.Fields(strings.Map(printable, out.String())), " ")
	if runes := []rune(text); len(runes) > 500 {
		text = string(runes[:500])
	}
	return text
}

func printable(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
		return '?'
	}
	return r
}
