package fault

import "net/http"

// Kind says what went wrong, in the terms that both interfaces share.
type Kind uint8

// The kinds. Their HTTP status and InterBOSS response code are in the table below.
const (
	Internal         Kind = iota // ours, not the caller's
	Header                       // a message's header document cannot be read
	Body                         // a message's body document cannot be read
	TooLarge                     // the request is larger than the limit
	Unsupported                  // a media type or charset that is not spoken here
	Unauthenticated              // who calls is not known
	Denied                       // who calls may not do this
	NoRoute                      // the request is for another node
	UnknownOperation             // no such operation
	NotFound                     // no such object, or none that the caller may see
	Duplicate                    // the transaction id was used with other content
	Conflict                     // the object was changed meanwhile
	Exists                       // a unique value is taken
	Type                         // a value of the wrong type
	Enumeration                  // a value that is not in its list
	TooShort                     // a value below its least length
	TooLong                      // a value above its greatest length
	Format                       // a value of the wrong form, check digits included
	BelowMinimum                 // a number below its range
	AboveMaximum                 // a number above its range
	Rule                         // a rule of the business forbids it
	TooManyRequests              // slow down
	Unavailable                  // a part that is needed does not answer
	Timeout                      // a part that is needed did not answer in time
	kinds                        // how many there are
)

// row is one line of the table that both interfaces read.
type row struct {
	name     string
	status   int    // of the JSON operations; a partner message uses it only below the envelope
	response string // InterBOSS RspCode
}

var table = [kinds]row{
	Internal:         {"internal", http.StatusInternalServerError, "0113"},
	Header:           {"header", http.StatusBadRequest, "0105"},
	Body:             {"body", http.StatusBadRequest, "0106"},
	TooLarge:         {"too large", http.StatusRequestEntityTooLarge, "0106"},
	Unsupported:      {"unsupported", http.StatusUnsupportedMediaType, "0105"},
	Unauthenticated:  {"unauthenticated", http.StatusUnauthorized, "2008"},
	Denied:           {"denied", http.StatusForbidden, "2008"},
	NoRoute:          {"no route", http.StatusNotFound, "0104"},
	UnknownOperation: {"unknown operation", http.StatusNotFound, "0126"},
	NotFound:         {"not found", http.StatusNotFound, "2002"},
	Duplicate:        {"duplicate", http.StatusConflict, "0103"},
	Conflict:         {"conflict", http.StatusConflict, "2998"},
	Exists:           {"exists", http.StatusConflict, "2998"},
	Type:             {"type", http.StatusUnprocessableEntity, "4001"},
	Enumeration:      {"enumeration", http.StatusUnprocessableEntity, "4002"},
	TooShort:         {"too short", http.StatusUnprocessableEntity, "4003"},
	TooLong:          {"too long", http.StatusUnprocessableEntity, "4004"},
	Format:           {"format", http.StatusUnprocessableEntity, "4005"},
	BelowMinimum:     {"below minimum", http.StatusUnprocessableEntity, "4006"},
	AboveMaximum:     {"above maximum", http.StatusUnprocessableEntity, "4007"},
	Rule:             {"rule", http.StatusUnprocessableEntity, "2998"},
	TooManyRequests:  {"too many requests", http.StatusTooManyRequests, "0131"},
	Unavailable:      {"unavailable", http.StatusServiceUnavailable, "0133"},
	Timeout:          {"timeout", http.StatusGatewayTimeout, "0114"},
}

// Kinds lists every kind, in the order of the table.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// String names the kind.
func (k Kind) String() string { return k.row().name }

// HTTPStatus is the status with which a JSON operation answers.
func (k Kind) HTTPStatus() int { return k.row().status }

// ResponseCode is the InterBOSS RspCode with which a partner message is answered.
func (k Kind) ResponseCode() string { return k.row().response }

func (k Kind) row() row {
	if k >= kinds {
		return table[Internal]
	}
	return table[k]
}
