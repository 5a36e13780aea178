package exchange

import (
	"context"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/xmlapi/journal"
)

// Store reads the journal.
type Store struct{ journal *journal.Store }

// NewStore makes the store.
func NewStore(j *journal.Store) *Store { return &Store{j} }

// List gives one page of exchanges, newest first. Faults: Denied without journal.read, BelowMinimum
// or AboveMaximum for a page that cannot be had.
func (s *Store) List(ctx context.Context, caller account.Caller, f Filter) (Page, error) {
	if err := caller.Demand(account.JournalRead); err != nil {
		return Page{}, err
	}
	switch {
	case f.Page < 1:
		return Page{}, fault.Field(fault.BelowMinimum, "page", "input.below_minimum", "min", 1)
	case f.Size < 1:
		return Page{}, fault.Field(fault.BelowMinimum, "size", "input.below_minimum", "min", 1)
	case f.Size > MaxPageSize:
		return Page{}, fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", MaxPageSize)
	}
	found, err := s.journal.Search(ctx, journal.Filter{
		From: f.From, To: f.To, Partner: f.Partner, TransID: f.TransID, BusinessKey: f.BusinessKey,
		Code: f.Code, Direction: string(f.Direction), Page: f.Page, Size: f.Size,
	})
	page := Page{Items: make([]Exchange, 0, len(found.Lines)), Total: found.Total}
	for _, l := range found.Lines {
		page.Items = append(page.Items, exchangeOf(l))
	}
	return page, err
}

// Get gives one exchange with its masked bodies. Faults: NotFound, Denied without journal.read.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Exchange, error) {
	if err := caller.Demand(account.JournalRead); err != nil {
		return Exchange{}, err
	}
	l, err := s.journal.Find(ctx, id)
	return exchangeOf(l), err
}

func exchangeOf(l journal.Line) Exchange {
	return Exchange{
		ID: l.ID, At: l.At, Direction: Direction(l.Direction), KeyID: l.KeyID, Origin: l.Origin, BIP: l.BIP, Activity: l.Activity,
		TransID: l.TransID, AnswerID: l.AnswerID, BusinessKey: l.BusinessKey, Remote: l.Remote, Carriage: l.Carriage, Charset: l.Charset,
		RequestBytes: l.RequestBytes, HTTPStatus: l.HTTPStatus, Code: l.Code, Layer: l.Layer, Fault: l.Fault, Repeated: l.Repeated,
		Duration: time.Duration(l.DurationUS) * time.Microsecond, Request: l.Request, Reply: l.Reply,
	}
}
