package contract

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/portal"
)

type dueInput struct {
	Days  int    `query:"days" minimum:"1" maximum:"90" default:"90" doc:"From today on"`
	After string `query:"after" maxLength:"40" doc:"The next of the page before; empty: from the first"`
}

// duePage is a part of what ends soon.
type duePage struct {
	Today string    `json:"today" doc:"The province's, YYYY-MM-DD"`
	Sums  []sumView `json:"sums" doc:"Of everything that ends within 30, 60 and 90 days"`
	Items []dueView `json:"items" doc:"The next first, at most 50"`
	Next  string    `json:"next" doc:"Where the next page begins; empty: there is none"`
}

type sumView struct {
	Days      int   `json:"days"`
	Contracts int64 `json:"contracts"`
	AmountFen int64 `json:"amountFen"`
}

type dueView struct {
	ID           int64      `json:"id"`
	CustomerID   int64      `json:"customerId"`
	CustomerName string     `json:"customerName"`
	ManagerName  string     `json:"managerName" doc:"Empty: nobody's"`
	Number       string     `json:"number"`
	Name         string     `json:"name"`
	ExpiresOn    string     `json:"expiresOn" doc:"YYYY-MM-DD"`
	DaysLeft     int        `json:"daysLeft"`
	Step         int        `json:"step" doc:"The shortest of 30, 60 and 90 days that it ends within"`
	NoticedAt    *time.Time `json:"noticedAt" doc:"When that was told; null: not yet"`
	AmountFen    int64      `json:"amountFen"`
	AutoRenew    bool       `json:"autoRenew"`
	RenewedBy    string     `json:"renewedBy" doc:"Number of a renewal that is being drafted; empty: none"`
}

// registerDue adds the operation that lists what ends soon.
func registerDue(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/contracts/due", ID: "contract-due", Tag: "contract",
		Summary: "Contracts in force that end soon and are not renewed, with what they amount to", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *dueInput) (duePage, error) {
			after, err := readAfter(in.After)
			if err != nil {
				return duePage{}, err
			}
			page, err := store.Due(ctx, caller, in.Days, after)
			return dueOf(page), err
		})
}

func dueOf(p DuePage) duePage {
	v := duePage{Today: p.Today.Format(time.DateOnly), Sums: make([]sumView, 0, len(p.Sums)), Items: make([]dueView, 0, len(p.Items))}
	for _, s := range p.Sums {
		v.Sums = append(v.Sums, sumView(s))
	}
	for _, d := range p.Items {
		days := int(d.ExpiresOn.Sub(p.Today).Hours() / 24)
		v.Items = append(v.Items, dueView{
			d.ID, d.CustomerID, d.CustomerName, d.ManagerName, d.Number, d.Name, d.ExpiresOn.Format(time.DateOnly),
			days, stepOf(days), d.NoticedAt, d.AmountFen, d.AutoRenew, d.RenewedByNumber,
		})
	}
	if p.More {
		last := p.Items[len(p.Items)-1]
		v.Next = fmt.Sprintf("%s.%d", last.ExpiresOn.Format(time.DateOnly), last.ID)
	}
	return v
}

// readAfter reads where a page begins, as dueOf wrote it.
func readAfter(text string) (*Due, error) {
	if text == "" {
		return nil, nil
	}
	day, id, _ := strings.Cut(text, ".")
	var d Due
	var err error
	if d.ExpiresOn, err = time.Parse(time.DateOnly, day); err == nil {
		_, err = fmt.Sscan(id, &d.ID)
	}
	if err != nil {
		return nil, fault.Field(fault.Format, "after", "input.format")
	}
	return &d, nil
}
