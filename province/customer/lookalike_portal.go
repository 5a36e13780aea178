package customer

import (
	"context"
	"net/http"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

type lookAlikesInput struct {
	Name       string `query:"name" maxLength:"200" doc:"As far as it is typed"`
	CreditCode string `query:"creditCode" maxLength:"40" doc:"As far as it is typed; looked for when it is whole"`
	Except     int64  `query:"except" doc:"The customer that is edited; 0: a new one"`
}

// lookAlikesView is what may be the same company.
type lookAlikesView struct {
	Items     []lookAlikeView `json:"items" doc:"Those that the caller may see"`
	Hidden    int             `json:"hidden" doc:"How many near-equal ones the caller may not see"`
	NearEqual int             `json:"nearEqual" doc:"To be confirmed at save, shown and hidden together"`
	CodeTaken bool            `json:"codeTaken" doc:"A customer, shown or not, has the credit code"`
}

type lookAlikeView struct {
	ID          int64  `json:"id"`
	Number      string `json:"number"`
	Name        string `json:"name"`
	CityName    string `json:"cityName"`
	Class       string `json:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle   string `json:"lifecycle" enum:"potential,active,suspended,lost"`
	ManagerName string `json:"managerName"`
	SameCode    bool   `json:"sameCode" doc:"The credit code is the same"`
	Matched     string `json:"matched" doc:"The name that is near-equal; empty: none is"`
	Former      bool   `json:"former" doc:"That is an old name of it"`
}

func registerLookAlikes(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/look-alikes", ID: "customer-look-alikes", Tag: "customer",
		Summary: "Customers that may be the same company as what is typed", Permission: account.CustomerCreate,
	}, store.lookAlikesView)
}

func (s *Store) lookAlikesView(ctx context.Context, caller account.Caller, in *lookAlikesInput) (lookAlikesView, error) {
	code, err := codes.ParseCreditCode(in.CreditCode)
	if err != nil {
		code = "" // not whole yet
	}
	found, err := s.LookAlikes(ctx, caller, Question{Name: in.Name, CreditCode: code, Except: in.Except})
	view := lookAlikesView{Items: []lookAlikeView{}, Hidden: found.Hidden, NearEqual: found.NearEqual(), CodeTaken: found.CodeTaken}
	for _, a := range found.Shown {
		view.Items = append(view.Items, lookAlikeView{
			ID: a.ID, Number: a.Number, Name: a.Name, CityName: a.City.Name(), Class: string(a.Class), Lifecycle: string(a.Lifecycle),
			ManagerName: a.ManagerName, SameCode: a.SameCode, Matched: a.Matched, Former: a.Former,
		})
	}
	return view, err
}
