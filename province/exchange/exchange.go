// Package exchange is the partner journal (接口日志) as the province's people see it: which messages
// partners sent, what they were answered, and why one was refused.
//
// The journal itself is written by xmlapi in the transaction of each exchange; nothing here changes
// it. Bodies were masked before they were stored, so that nobody reads personal data in it.
package exchange

import "time"

// Exchange is one message and its answer.
type Exchange struct {
	ID           int64
	At           time.Time
	Direction    Direction
	KeyID        string // empty: nobody was identified
	Origin       string // OrigDomain
	BIP          string
	Activity     string
	TransID      string // the asking side's
	AnswerID     string // the answering side's
	BusinessKey  string // such as the customer's number
	Remote       string // address of the caller
	Carriage     string
	Charset      string
	RequestBytes int64
	HTTPStatus   int16
	Code         string // RspCode
	Layer        string // which refused it; empty: none did
	Fault        string // RspDesc
	Repeated     bool   // answered from the stored reply
	Duration     time.Duration
	Request      string // masked; empty in lists, or if it could not be read
	Reply        string // masked; empty in lists
}

// Direction says who asked whom.
type Direction string

// The directions.
const (
	In  Direction = "in"  // a partner asked us
	Out Direction = "out" // we asked a partner
)

// Filter narrows a list. A zero field does not.
type Filter struct {
	From, To    time.Time // From is in, To is out
	Partner     string    // key id or OrigDomain
	TransID     string
	BusinessKey string
	Code        string // RspCode
	Direction   Direction
	Page        int // from 1
	Size        int // lines of a page
}

// MaxPageSize is the most lines that one page has.
const MaxPageSize = 100

// Page is one page of a list, newest first, without bodies.
type Page struct {
	Items []Exchange
	Total int // of all pages; the journal counts no further than 10,000
}
