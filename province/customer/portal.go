package customer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
	"jike/schemas/codes"
)

// Row is a customer as lists show it.
type Row struct {
	ID              int64     `json:"id"`
	Number          string    `json:"number" doc:"Issued by the province"`
	CreditCode      string    `json:"creditCode" doc:"Unified social credit code, empty if none"`
	Name            string    `json:"name"`
	Industry        string    `json:"industry" doc:"GB/T 4754 division, two digits"`
	IndustrySection string    `json:"industrySection" doc:"GB/T 4754 section, one letter"`
	City            string    `json:"city" doc:"GB/T 2260, six digits"`
	CityName        string    `json:"cityName"`
	Class           string    `json:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle       string    `json:"lifecycle" enum:"potential,active,suspended,lost"`
	NextLifecycles  []string  `json:"nextLifecycles" enum:"potential,active,suspended,lost" doc:"States where it can go from its own"`
	ParentID        *int64    `json:"parentId"`
	ManagerID       *int64    `json:"managerId"`
	ManagerName     string    `json:"managerName"`
	DepartmentName  string    `json:"departmentName"`
	Sensitive       bool      `json:"sensitive"`
	CrossProvince   bool      `json:"crossProvince" doc:"The province says so"`
	Crosses         bool      `json:"crossesProvinces" doc:"The province says so, or headquarters' list of key accounts does"`
	KeyAccount      string    `json:"keyAccount" doc:"Name in headquarters' list of key accounts; empty: not on it"`
	National        bool      `json:"national" doc:"Selected for headquarters"`
	Version         int32     `json:"version"`
	CreatedAt       time.Time `json:"createdAt"`
	UpdatedAt       time.Time `json:"updatedAt"`
}

// StandingView is a Standing as the browser sees and states it.
type StandingView struct {
	OrganisationType string `json:"organisationType" enum:",enterprise,government,public_institution,association,military,individual,other" doc:"Empty: not known"`
	LicenceType      string `json:"licenceType" enum:",business_licence,organisation_code,tax,public_institution,association,letter,military" doc:"Of another document than the credit code; empty: none"`
	LicenceNumber    string `json:"licenceNumber"`
	CreditLevel      string `json:"creditLevel" enum:",A,B,C,D" doc:"Empty: not rated"`
	CreditLimitFen   *int64 `json:"creditLimitFen" doc:"Null: no limit is set"`
}

// View is a whole customer as the browser sees it.
type View struct {
	Row
	Address              string `json:"address"`
	Postcode             string `json:"postcode"`
	LegalPerson          string `json:"legalPerson"`
	RegisteredCapitalFen *int64 `json:"registeredCapitalFen"`
	Headcount            *int32 `json:"headcount"`
	AnnualSalesFen       *int64 `json:"annualSalesFen"`
	Profile              string `json:"profile"`
	Remark               string `json:"remark"`
	StandingView
	KeyAccountSince  string `json:"keyAccountSince" doc:"The day; empty: not on the list"`
	MergedInto       *int64 `json:"mergedInto" doc:"The customer that this one was merged into"`
	MergedIntoNumber string `json:"mergedIntoNumber"`
}

// Stated is what the browser states about a customer. A whole record is sent, not a part.
type Stated struct {
	CreditCode           string `json:"creditCode" maxLength:"40"`
	Name                 string `json:"name" maxLength:"200"`
	Industry             string `json:"industry" maxLength:"10"`
	City                 string `json:"city" maxLength:"10"`
	Class                string `json:"class" enum:"A1,A2,B1,B2,C,D"`
	Lifecycle            string `json:"lifecycle" enum:"potential,active,suspended,lost"`
	ParentID             *int64 `json:"parentId"`
	ManagerID            *int64 `json:"managerId"`
	Sensitive            bool   `json:"sensitive"`
	CrossProvince        bool   `json:"crossProvince"`
	Address              string `json:"address"`
	Postcode             string `json:"postcode"`
	LegalPerson          string `json:"legalPerson"`
	RegisteredCapitalFen *int64 `json:"registeredCapitalFen"`
	Headcount            *int32 `json:"headcount"`
	AnnualSalesFen       *int64 `json:"annualSalesFen"`
	Profile              string `json:"profile"`
	Remark               string `json:"remark"`
	StandingView
}

// changeBody is Stated with the version that it started from.
type changeBody struct {
	Version     int32  `json:"version" doc:"The version that was edited"`
	ClassReason string `json:"classReason,omitempty" maxLength:"1000" doc:"Why the class is another one, for its history"`
	Stated
}

// Sieve is what lists are filtered by, in a query or in a body.
type Sieve struct {
	Q          string   `query:"q" json:"q,omitempty" maxLength:"100" doc:"Words of the name, or the beginning of a number or credit code"`
	Class      []string `query:"class" json:"class,omitempty" doc:"Classes, separated by commas"`
	Lifecycle  []string `query:"lifecycle" json:"lifecycle,omitempty" doc:"States, separated by commas"`
	Industry   []string `query:"industry" json:"industry,omitempty" doc:"GB/T 4754 sections (letters) or divisions (two digits), separated by commas"`
	City       []string `query:"city" json:"city,omitempty" doc:"GB/T 2260 codes, separated by commas"`
	Manager    int64    `query:"manager" json:"manager,omitempty" doc:"Unit of the account manager"`
	Unit       int64    `query:"unit" json:"unit,omitempty" doc:"Of the organisation: those in the care of anybody within it; the province stands for all"`
	Mine       bool     `query:"mine" json:"mine,omitempty" doc:"Only those in the reader's own care"`
	Team       bool     `query:"team" json:"team,omitempty" doc:"Only those in whose teams the reader is"`
	Unassigned bool     `query:"unassigned" json:"unassigned,omitempty" doc:"Only those in nobody's care"`
	Sensitive  string   `query:"sensitive" json:"sensitive,omitempty" enum:"true,false" doc:"Only those that are marked sensitive, or only the others"`
	Changed    string   `query:"changed" json:"changed,omitempty" enum:"week" doc:"Only those that were changed since Monday"`
	Due        int      `query:"due" json:"due,omitempty" minimum:"0" maximum:"365" doc:"Only those with a contract that ends within so many days and is not renewed"`
	National   string   `query:"national" json:"national,omitempty" enum:"true,false" doc:"Only those that are selected for headquarters, or only the others"`
	Roster     int64    `query:"roster" json:"roster,omitempty" doc:"Only those in this roster"`
	Attribute  string   `query:"attribute" json:"attribute,omitempty" maxLength:"40" doc:"Code of a custom attribute"`
	Value      string   `query:"value" json:"value,omitempty" maxLength:"2000" doc:"Of that attribute, as it was stated"`
}

// ListQuery asks for customers as the list does, without the page.
type ListQuery struct {
	Sieve
	Sort string `query:"sort" enum:"id,number,name,class,lifecycle,industry,city,updatedAt" default:"id"`
	Dir  string `query:"dir" enum:"asc,desc" default:"asc"`
}

type listInput struct {
	ListQuery
	Page       int      `query:"page" minimum:"1" maximum:"1000000" default:"1"`
	Size       int      `query:"size" minimum:"1" maximum:"200" default:"50"`
	Attributes []string `query:"attributes" maxItems:"50" doc:"Codes of custom attributes whose values the rows are to have, separated by commas"`
}

// listRow is a customer of a list with what the columns of custom attributes show.
type listRow struct {
	Row
	Attributes map[string]string `json:"attributes,omitempty" doc:"Of the attributes that were asked for, what is stated, by their codes: decimals, YYYY-MM-DD, the code of a choice, true or false"`
}

// listView is a page of customers.
type listView struct {
	Items []listRow `json:"items"`
	Total int       `json:"total" doc:"Rows of all pages"`
	More  bool      `json:"more" doc:"A text was searched for, and there are more rows than total"`
	Page  int       `json:"page"`
	Size  int       `json:"size"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

// Confirmation is what a person says about near-equal customers.
type Confirmation struct {
	Confirmed int `query:"confirmed" minimum:"0" doc:"Near-equal customers that the person has seen and says to be others"`
}

type createInput struct {
	Confirmation
	Body Stated
}

type changeInput struct {
	ID int64 `path:"id"`
	Confirmation
	Body changeBody
}

// Register adds the portal's operations on customers.
func Register(s *portal.Server, store *Store) {
	registerLookAlikes(s, store)
	registerNames(s, store)
	registerAssignment(s, store)
	registerViewers(s, store)
	registerAccess(s, store)
	registerGroups(s, store)
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers", ID: "customer-list", Tag: "customer",
		Summary: "Customers within scope, filtered, sorted and paged", Permission: account.CustomerRead,
	}, store.list)
	portal.Register(s, portal.Operation{
		Method: http.MethodPost, Path: "/api/customers", ID: "customer-create", Tag: "customer", Status: http.StatusCreated,
		Summary: "New customer; the province issues the number", Permission: account.CustomerCreate,
	},
		func(ctx context.Context, caller account.Caller, in *createInput) (View, error) {
			f, err := in.Body.facts()
			if err != nil {
				return View{}, err
			}
			c, err := store.CreateConfirmed(ctx, caller, f, in.Confirmed)
			return ViewOf(c), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}", ID: "customer-get", Tag: "customer",
		Summary: "One customer", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (View, error) {
			c, err := store.Get(ctx, caller, in.ID)
			return ViewOf(c), err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodPut, Path: "/api/customers/{id}", ID: "customer-change", Tag: "customer",
		Summary: "Change a customer; 409 with the current record if the version is not the newest", Permission: account.CustomerChange,
	}, store.change)
}

// Filter reads the question, with the faults of all values joined. Its page is the first.
func (q ListQuery) Filter() (Filter, error) {
	f, err := q.Sieve.Filter()
	f.Sort, f.Descending, f.Page, f.Size = q.Sort, q.Dir == "desc", 1, 1
	return f, err
}

// Filter reads the values, with the faults of all joined.
func (q Sieve) Filter() (Filter, error) {
	f := Filter{
		Text: q.Q, ManagerID: q.Manager, UnitID: q.Unit, Mine: q.Mine, Team: q.Team, Unassigned: q.Unassigned, DueDays: q.Due, RosterID: q.Roster, Attribute: q.Attribute, Value: q.Value,
	}
	var err [4]error
	f.Classes, err[0] = parseAll("class", q.Class, codes.ParseClass)
	f.Lifecycles, err[1] = parseAll("lifecycle", q.Lifecycle, codes.ParseLifecycle)
	f.Cities, err[2] = parseAll("city", q.City, codes.ParseCity)
	f.Industries, err[3] = parseIndustries(q.Industry)
	f.National, f.Sensitive = flag(q.National), flag(q.Sensitive)
	if q.Changed == "week" {
		f.Since = monday(time.Now())
	}
	return f, errors.Join(err[:]...)
}

func (s *Store) list(ctx context.Context, caller account.Caller, in *listInput) (listView, error) {
	f, err := in.Filter()
	if err != nil {
		return listView{}, err
	}
	f.Page, f.Size = in.Page, in.Size
	page, stated, err := s.SearchWith(ctx, caller, f, in.Attributes)
	view := listView{Items: make([]listRow, 0, len(page.Items)), Total: page.Total, More: page.More, Page: in.Page, Size: in.Size}
	for _, c := range page.Items {
		view.Items = append(view.Items, listRow{rowOf(c), stated[c.ID]})
	}
	return view, err
}

func (s *Store) change(ctx context.Context, caller account.Caller, in *changeInput) (View, error) {
	f, err := in.Body.facts()
	if err != nil {
		return View{}, err
	}
	c, err := s.ChangeConfirmed(ctx, caller, in.ID, in.Body.Version, f, Word{Confirmed: in.Confirmed, ClassReason: in.Body.ClassReason})
	return portal.Saved(c, err, ViewOf)
}

// facts reads the body's values, with the faults of all joined.
func (b Stated) facts() (Facts, error) {
	f := Facts{
		Name: b.Name, Sensitive: b.Sensitive, CrossProvince: b.CrossProvince, ParentID: zeroIfNil(b.ParentID), ManagerID: zeroIfNil(b.ManagerID),
		Address: b.Address, Postcode: b.Postcode, LegalPerson: b.LegalPerson, RegisteredCapitalFen: b.RegisteredCapitalFen,
		Headcount: b.Headcount, AnnualSalesFen: b.AnnualSalesFen, Profile: b.Profile, Remark: b.Remark, Standing: Standing(b.StandingView),
	}
	var err [5]error
	if b.CreditCode != "" {
		f.CreditCode, err[0] = codes.ParseCreditCode(b.CreditCode)
	}
	f.Industry, err[1] = codes.ParseIndustry(b.Industry)
	f.City, err[2] = codes.ParseCity(b.City)
	f.Class, err[3] = codes.ParseClass(b.Class)
	f.Lifecycle, err[4] = codes.ParseLifecycle(b.Lifecycle)
	for i, field := range []string{"creditCode", "industry", "city", "class", "lifecycle"} {
		if err[i] != nil {
			err[i] = Invalid(field, err[i])
		}
	}
	return f, errors.Join(err[:]...)
}

// ViewOf is a customer as the browser sees it.
func ViewOf(c Customer) View {
	since := ""
	if c.KeyAccountSince != nil {
		since = c.KeyAccountSince.Format(time.DateOnly)
	}
	return View{
		KeyAccountSince: since, Row: rowOf(c), Address: c.Address, Postcode: c.Postcode, LegalPerson: c.LegalPerson,
		RegisteredCapitalFen: c.RegisteredCapitalFen, Headcount: c.Headcount, AnnualSalesFen: c.AnnualSalesFen,
		Profile: c.Profile, Remark: c.Remark, StandingView: StandingView(c.Standing), MergedInto: nilIfZero(c.MergedInto), MergedIntoNumber: c.MergedIntoNumber,
	}
}

func rowOf(c Customer) Row {
	return Row{
		ID: c.ID, Number: c.Number, CreditCode: string(c.CreditCode), Name: c.Name,
		Industry: string(c.Industry), IndustrySection: string(c.Industry.Section()), City: string(c.City), CityName: c.City.Name(),
		Class: string(c.Class), Lifecycle: string(c.Lifecycle), NextLifecycles: texts(Next(c.Lifecycle)),
		ParentID: nilIfZero(c.ParentID), ManagerID: nilIfZero(c.ManagerID),
		ManagerName: c.ManagerName, DepartmentName: c.DepartmentName, Sensitive: c.Sensitive, CrossProvince: c.CrossProvince,
		Crosses: c.CrossesProvinces, KeyAccount: c.KeyAccountName,
		National: c.National, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

// flag reads a filter by a flag; empty: it does not filter.
func flag(text string) *bool {
	if text == "" {
		return nil
	}
	return new(text == "true")
}

// parseAll reads a list of values of one type.
func parseAll[T any](field string, texts []string, parse func(string) (T, error)) ([]T, error) {
	var list []T
	for _, text := range texts {
		v, err := parse(text)
		if err != nil {
			return nil, Invalid(field, err)
		}
		list = append(list, v)
	}
	return list, nil
}

// parseIndustries reads sections, which stand for all their divisions, and divisions.
func parseIndustries(texts []string) ([]codes.Industry, error) {
	var list []codes.Industry
	for _, text := range texts {
		if section, err := codes.ParseSection(text); err == nil {
			list = append(list, section.Divisions()...)
			continue
		}
		division, err := codes.ParseIndustry(text)
		if err != nil {
			return nil, Invalid("industry", err)
		}
		list = append(list, division)
	}
	return list, nil
}

func nilIfZero(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func zeroIfNil(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
