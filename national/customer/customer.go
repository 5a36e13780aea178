// Package customer is headquarters' view of the group customers (集团客户) that provinces send up:
// searching over all provinces, and one customer with its replicated family. Headquarters changes
// nothing here; whoever wants a change asks the province.
package customer

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// Customer is one replicated customer.
type Customer struct {
	Province             codes.Province
	ID                   int64
	Number               string
	CreditCode           string // empty: none
	Name                 string
	Industry             codes.Industry
	City                 codes.City
	Class                codes.Class
	Lifecycle            codes.Lifecycle
	ParentID             int64 // 0: none. The parent itself may not be replicated
	CrossProvince        bool
	Address              string
	Postcode             string
	LegalPerson          string
	RegisteredCapitalFen *int64
	Headcount            *int32
	AnnualSalesFen       *int64
	Profile              string
	Version              int32
	CreatedAt            *time.Time
	UpdatedAt            *time.Time
}

// Contact is a key person, without private facts: those never leave the province.
type Contact struct {
	ID        int64
	Role      string
	Name      string
	WorkPhone string
}

// Contract is one contract; days are YYYY-MM-DD.
type Contract struct {
	ID          int64
	Number      string
	Name        string
	SignedOn    string
	EffectiveOn string
	ExpiresOn   string
	AutoRenew   bool
	AmountFen   int64
	Status      string
}

// Subscription is one product subscription; EndedOn is empty while it lasts.
type Subscription struct {
	ID            int64
	ProductCode   string
	ProductName   string
	Quantity      int32
	MonthlyFeeFen int64
	Status        string
	StartedOn     string
	EndedOn       string
}

// Bill is one monthly bill; Month is YYYY-MM.
type Bill struct {
	ID        int64
	Month     string
	AmountFen int64
	PaidFen   int64
}

// Related is a customer that stands in a relation to another: its parent, a subsidiary, or the
// same company in another province.
type Related struct {
	Province codes.Province
	ID       int64
	Number   string
	Name     string
	Class    codes.Class
	City     codes.City
}

// Source says where a province's rows come from and how fresh they are.
type Source struct {
	Province  codes.Province
	Epoch     int64
	LSN       string     // of the province's log: everything up to it is here
	DataTime  *time.Time // every change committed before it is here
	AppliedAt *time.Time
}

// Detail is a customer with everything that headquarters holds of it.
type Detail struct {
	Customer      Customer
	Parent        *Related  // nil: none, or not replicated
	Children      []Related // subsidiaries that are replicated
	SameCompany   []Related // the same credit code in other provinces
	Contacts      []Contact
	Contracts     []Contract
	Subscriptions []Subscription
	Bills         []Bill // newest first
	Source        Source
}

// Filter says which customers a list shows, and in which order. Empty lists and texts do not
// filter.
type Filter struct {
	Provinces     []codes.Province
	Text          string // a part of the name, a number, or a credit code
	Classes       []codes.Class
	Lifecycles    []codes.Lifecycle
	Industries    []codes.Industry
	Cities        []codes.City
	CrossProvince *bool // nil: both
	Sort          string
	Descending    bool
	Page          int // from 1
	Size          int // rows of a page
}

// Bounds of a list.
const (
	MaxPageSize = 200
	maxText     = 100 // characters
)

// SortKeys lists what a list can be sorted by.
func SortKeys() []string {
	return []string{"id", "province", "number", "name", "class", "lifecycle", "industry", "city", "updatedAt"}
}

func (f Filter) check() error { return CheckPage(f.Page, f.Size, f.Text, f.Sort, SortKeys()) }

// CheckPage gives the fault of asking for a page of a list: its number, its size, the text that is
// searched for, and what it is sorted by.
func CheckPage(page, size int, text, sort string, sortKeys []string) error {
	switch {
	case page < 1:
		return fault.Field(fault.BelowMinimum, "page", "input.below_minimum", "min", 1)
	case size < 1:
		return fault.Field(fault.BelowMinimum, "size", "input.below_minimum", "min", 1)
	case size > MaxPageSize:
		return fault.Field(fault.AboveMaximum, "size", "input.above_maximum", "max", MaxPageSize)
	case utf8.RuneCountInString(text) > maxText:
		return fault.Field(fault.TooLong, "q", "input.too_long", "max", maxText)
	case !slices.Contains(sortKeys, sort):
		return fault.Field(fault.Enumeration, "sort", "input.not_in_list")
	}
	return nil
}

// query is how a search text is looked for.
type query struct {
	words []string // each must be a part of the plain name
	code  string   // or number or credit code begin with this; empty: they are not looked at
}

// parseQuery splits a text at spaces, in the plain form (compatibility form, lower case) that
// names are compared in. A single word of letters and digits may also be a number or credit code.
func parseQuery(text string) query {
	q := query{words: strings.Fields(strings.ToLower(norm.NFKC.String(text)))}
	if len(q.words) == 1 && len(q.words[0]) >= 3 {
		code := strings.ToUpper(q.words[0])
		if strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			q.code = code
		}
	}
	return q
}
