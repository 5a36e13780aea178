package province_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"jike/internal/account"
	"jike/internal/pg/pgtest"
	"jike/internal/portal"
	"jike/internal/portal/portaltest"
	"jike/province"
	"jike/province/customer"
	"jike/province/customer/customertest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a province's portal over a small world with an account for every role.
type site struct {
	*portal.Server
	*customertest.World
	all      *province.Stores
	accounts *account.Store
	url      string
	signedIn map[string]*portaltest.Browser

	neighbourID  int64 // a person of another department in the manager's city, made when needed
	otherHeadID  int64 // an account, made when needed
	specialistID int64 // too
}

func newSite(t *testing.T) *site {
	t.Helper()
	w := customertest.New(t)
	x := &site{World: w, all: province.NewStores(w.DB, customertest.Province, time.UTC), signedIn: map[string]*portaltest.Browser{}}
	accounts, err := account.NewStore(w.DB, portaltest.Settings(), w.Organisation.PlaceOf)
	if err != nil {
		t.Fatal(err)
	}
	accounts.OnClose(x.all.Teams.EndAll)
	for _, c := range []account.Caller{w.Manager, w.HeadA, w.Administrator, {Login: "analyst", Role: account.HeadquartersAnalyst}, {Login: "hq-administrator", Role: account.HeadquartersAdmin}} {
		if _, err := accounts.Create(t.Context(), account.System("test"), account.NewAccount{
			Login: c.Login, Name: "测试", Role: c.Role, UnitID: c.UnitID, Password: portaltest.Password,
		}); err != nil {
			t.Fatal(err)
		}
	}
	x.accounts = accounts
	x.Server, err = portal.New(portal.Options{
		Title: "Jike, provincial node", Version: "1", Logger: slog.New(slog.DiscardHandler), Accounts: accounts,
		Sessions: account.NewSessions(w.DB, time.Hour, false),
		Node: func(context.Context) portal.Node {
			return portal.Node{Level: "province", Province: int16(customertest.Province)}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	x.all.Register(x.Server)
	x.url = portaltest.Serve(t, x.Handler())
	return x
}

// as gives the browser of a login, signed in once; an empty login has no session.
func (x *site) as(t *testing.T, login string) *portaltest.Browser {
	t.Helper()
	if x.signedIn[login] == nil {
		x.signedIn[login] = portaltest.New(t, x.url, login)
	}
	return x.signedIn[login]
}

// stated is a customer's document as a change sends it.
func stated(t *testing.T, view map[string]any, edits map[string]any) string {
	t.Helper()
	body := map[string]any{}
	for _, name := range []string{
		"version", "creditCode", "name", "industry", "city", "class", "lifecycle", "parentId", "managerId", "sensitive", "crossProvince",
		"address", "postcode", "legalPerson", "registeredCapitalFen", "headcount", "annualSalesFen", "profile", "remark",
		"organisationType", "licenceType", "licenceNumber", "creditLevel", "creditLimitFen",
	} {
		body[name] = view[name]
	}
	for name, value := range edits {
		body[name] = value
		if value == absent {
			delete(body, name)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// absent leaves a field out.
const absent = "\x00absent"

// view is a customer's document.
func view(t *testing.T, c customer.Customer) map[string]any {
	t.Helper()
	text, err := json.Marshal(customer.ViewOf(c))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
