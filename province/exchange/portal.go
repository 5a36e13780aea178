package exchange

import (
	"context"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// Row is an exchange as lists show it.
type Row struct {
	ID           int64     `json:"id"`
	At           time.Time `json:"at"`
	Direction    string    `json:"direction" enum:"in,out" doc:"in: a partner asked; out: we asked"`
	KeyID        string    `json:"keyId" doc:"Empty: nobody was identified"`
	Origin       string    `json:"origin" doc:"OrigDomain"`
	BIP          string    `json:"bip" doc:"BIPCode"`
	Activity     string    `json:"activity" doc:"ActivityCode"`
	TransID      string    `json:"transId" doc:"TransIDO, the asking side's"`
	AnswerID     string    `json:"answerId" doc:"TransIDH, the answering side's"`
	BusinessKey  string    `json:"businessKey" doc:"Such as the customer's number"`
	Remote       string    `json:"remote" doc:"Address of the caller"`
	Carriage     string    `json:"carriage" enum:"multipart,form,single," doc:"Empty: could not be told"`
	Charset      string    `json:"charset" doc:"Empty: could not be told"`
	RequestBytes int64     `json:"requestBytes"`
	HTTPStatus   int16     `json:"httpStatus"`
	Code         string    `json:"code" doc:"RspCode, 0000 for success"`
	Layer        string    `json:"layer" doc:"Which layer refused it, see schemas/xsd/faults.md; empty: none did"`
	Fault        string    `json:"fault" doc:"RspDesc: a stable key with its parameters; empty on success"`
	Repeated     bool      `json:"repeated" doc:"Answered with the stored reply"`
	DurationUS   int64     `json:"durationUs" doc:"Microseconds"`
}

// view is an exchange with its messages.
type view struct {
	Row
	Request string `json:"request" doc:"The message with personal data masked; empty if it could not be read"`
	Reply   string `json:"reply" doc:"The content of the reply with personal data masked"`
}

type listInput struct {
	From        time.Time `query:"from" doc:"The first moment that counts"`
	To          time.Time `query:"to" doc:"The first moment that does not count any more"`
	Partner     string    `query:"partner" maxLength:"64" doc:"Key id or OrigDomain"`
	TransID     string    `query:"transId" maxLength:"64"`
	BusinessKey string    `query:"businessKey" maxLength:"64"`
	Code        string    `query:"code" maxLength:"8" doc:"RspCode"`
	Direction   string    `query:"direction" enum:"in,out"`
	Page        int       `query:"page" minimum:"1" maximum:"10000" default:"1"`
	Size        int       `query:"size" minimum:"1" maximum:"100" default:"20"`
}

// listView is a page of exchanges.
type listView struct {
	Items []Row `json:"items"`
	Total int   `json:"total" doc:"Of all pages; counted up to 10000, the last that can be paged to"`
	Page  int   `json:"page"`
	Size  int   `json:"size"`
}

type oneInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// Register adds the portal's operations on the partner journal.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exchanges", ID: "exchange-list", Tag: "exchange",
		Summary: "Exchanges with partners, newest first, filtered and paged", Permission: account.JournalRead,
	}, store.list)
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/exchanges/{id}", ID: "exchange-get", Tag: "exchange",
		Summary: "One exchange with its messages, personal data masked", Permission: account.JournalRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (view, error) {
			e, err := store.Get(ctx, caller, in.ID)
			return view{rowOf(e), e.Request, e.Reply}, err
		})
}

func (s *Store) list(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
	page, err := s.List(ctx, caller, Filter{
		From: in.From, To: in.To, Partner: in.Partner, TransID: in.TransID, BusinessKey: in.BusinessKey,
		Code: in.Code, Direction: Direction(in.Direction), Page: in.Page, Size: in.Size,
	})
	v := listView{Items: make([]Row, 0, len(page.Items)), Total: page.Total, Page: in.Page, Size: in.Size}
	for _, e := range page.Items {
		v.Items = append(v.Items, rowOf(e))
	}
	return v, err
}

func rowOf(e Exchange) Row {
	return Row{
		ID: e.ID, At: e.At, Direction: string(e.Direction), KeyID: e.KeyID, Origin: e.Origin, BIP: e.BIP, Activity: e.Activity,
		TransID: e.TransID, AnswerID: e.AnswerID, BusinessKey: e.BusinessKey, Remote: e.Remote, Carriage: e.Carriage, Charset: e.Charset,
		RequestBytes: e.RequestBytes, HTTPStatus: e.HTTPStatus, Code: e.Code, Layer: e.Layer, Fault: e.Fault, Repeated: e.Repeated,
		DurationUS: e.Duration.Microseconds(),
	}
}
