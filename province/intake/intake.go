// Package intake takes over what BOSS says about group customers (集团资料同步).
//
// BOSS sends a customer's record as a whole: add, modify, delete (01, 02, 03), matched by the
// customer's number. A record replaces the blocks that BOSS owns and leaves those that the
// province's people own in the portal as they are; Ownership is the table, published as
// schemas/xsd/ownership.md. Custom attributes are the exception: a record changes those that it names,
// and one without the block changes none, as partners of the release before send it. Delete is soft: the
// customer is lost.
package intake

import (
	"errors"
	"fmt"
	"strings"

	"jike/internal/fault"
	"jike/province/contact"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Action is what a record asks for.
type Action string

// The actions, as the message writes them.
const (
	Add    Action = "01"
	Modify Action = "02"
	Delete Action = "03"
)

// Record is a customer's record as BOSS sends it. Stated and Persons are empty for Delete.
type Record struct {
	Action       Action
	Number       string
	ParentNumber string // empty: none
	Stated       customer.Facts
	Persons      []contact.Facts
	Attributes   map[string]string // custom ones that it states, by code; an empty text takes a value away
}

// overlay gives the facts after the record: what BOSS owns from the record, the rest as it was.
func (r Record) overlay(before customer.Facts, parentID int64) customer.Facts {
	after := before
	if r.Action == Delete {
		after.Lifecycle = codes.Lost
		return after
	}
	s := r.Stated
	after.CreditCode, after.Name, after.Industry, after.City = s.CreditCode, s.Name, s.Industry, s.City
	after.Class, after.Lifecycle, after.ParentID = s.Class, s.Lifecycle, parentID
	after.Address, after.Postcode, after.LegalPerson = s.Address, s.Postcode, s.LegalPerson
	after.RegisteredCapitalFen, after.Headcount, after.AnnualSalesFen = s.RegisteredCapitalFen, s.Headcount, s.AnnualSalesFen
	return after
}

// gone gives the fault of deleting or changing what is not there any more.
func (r Record) gone(before customer.Facts) error {
	if r.Action == Delete && before.Lifecycle == codes.Lost {
		return fault.Field(fault.Rule, "number", "customer.lost")
	}
	return nil
}

// ofPerson tells the fields of a key person from those of the customer.
func ofPerson(err error) error {
	found, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	changed := *found
	changed.Field = "person." + found.Field
	return &changed
}

// ofAttribute makes a fault of a custom attribute name the element that it is about, and the attribute by its code.
func ofAttribute(err error) error {
	found, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	element := "AttributeValue"
	if found.Code == "attribute.unknown" {
		element = "AttributeCode"
	}
	return fault.Field(found.Kind, element, found.Code, "attribute", found.Field)
}

// Owner says who states a column: BOSS in its messages, people in the portal, or the node itself.
type Owner string

// The owners.
const (
	BOSS   Owner = "BOSS"
	Portal Owner = "portal"
	Node   Owner = "node"
	Shared Owner = "BOSS if stated, else portal"
)

// Owned is one line of the table of ownership.
type Owned struct {
	Table, Column string
	Owner         Owner
	Element       string // of GroupCustomerSyncReq, if BOSS states it
	Note          string
}

// Ownership says for every column that a record could touch who owns it.
var Ownership = []Owned{
	{"customer", "number", BOSS, "CustomerNumber", "identity: records are matched by it"},
	{"customer", "name", BOSS, "CustomerName", "identity"},
	{"customer", "credit_code", BOSS, "LicenceNumber", "licence; without a Licence there is none"},
	{"customer", "class", BOSS, "CustomerClass", "class; a change in the portal holds until the next record"},
	{"customer", "lifecycle", BOSS, "CustomerStatus", "life cycle; delete makes it lost"},
	{"customer", "legal_person", BOSS, "LegalPerson", "enterprise"},
	{"customer", "registered_capital_fen", BOSS, "RegisteredCapital", "enterprise"},
	{"customer", "industry", BOSS, "Industry", "enterprise"},
	{"customer", "headcount", BOSS, "Headcount", "enterprise"},
	{"customer", "annual_sales_fen", BOSS, "AnnualSales", "enterprise"},
	{"customer", "city", BOSS, "Region", "address"},
	{"customer", "address", BOSS, "Address", "address"},
	{"customer", "postcode", BOSS, "Postcode", "address"},
	{"customer", "parent_id", BOSS, "ParentNumber", "hierarchy"},
	{"customer", "manager_id", Portal, "", "care: who looks after the customer"},
	{"customer", "sensitive", Portal, "", "care"},
	{"customer", "cross_province_claim", Portal, "", "care"},
	{"customer", "cross_province", Node, "", "the claim, or the list of key accounts"},
	{"customer", "key_account_id", Node, "", "headquarters' list of key accounts names the credit code"},
	{"customer", "merged_into", Portal, "", "the customer that this one turned out to be"},
	{"customer", "organisation_type", Portal, "", "standing"},
	{"customer", "licence_type", Portal, "", "standing: another document than the credit code"},
	{"customer", "licence_number", Portal, "", "standing"},
	{"customer", "credit_level", Portal, "", "standing"},
	{"customer", "credit_limit_fen", Portal, "", "standing"},
	{"customer", "profile", Portal, "", "knowledge"},
	{"customer", "remark", Portal, "", "knowledge"},
	{"customer", "id", Node, "", ""},
	{"customer", "national", Node, "", "follows from class, flags and the selection policy"},
	{"customer", "name_terms", Node, "", "follows from the name"},
	{"customer", "version", Node, "", ""},
	{"customer", "created_at", Node, "", ""},
	{"customer", "updated_at", Node, "", ""},
	{"contact", "role", BOSS, "Role", "key person, matched by role and name"},
	{"contact", "name", BOSS, "PersonName", "key person"},
	{"contact", "title", BOSS, "Title", "key person"},
	{"contact", "work_phone", BOSS, "WorkPhone", "key person"},
	{"contact", "mobile", Shared, "Mobile", "key person, private"},
	{"contact", "birthday", Shared, "Birthday", "key person, private"},
	{"contact", "family", Portal, "", "private fact about a key person"},
	{"contact", "hobbies", Portal, "", "private fact about a key person"},
	{"contact", "email", Portal, "", "key person, private"},
	{"contact", "decision_role", Portal, "", "part in decisions"},
	{"contact", "influence", Portal, "", "part in decisions"},
	{"contact", "attitude", Portal, "", "part in decisions"},
	{"contact", "channel", Portal, "", "contact preference"},
	{"contact", "hours_from", Portal, "", "contact preference"},
	{"contact", "hours_to", Portal, "", "contact preference"},
	{"contact", "do_not_contact", Portal, "", "contact preference"},
	{"contact", "source", Node, "", "boss or portal; contacts of the portal are not touched at all"},
	{"customer_attributes", "stated", Shared, "Attributes", "custom attributes: only those that the record names change, an empty value takes one away"},
	{"customer_attributes", "customer_id", Node, "", ""},
	{"customer_attributes", "version", Node, "", ""},
	{"customer_attributes", "updated_at", Node, "", ""},
	{"contact", "id", Node, "", ""},
	{"contact", "customer_id", Node, "", ""},
	{"contact", "national", Node, "", "follows the customer"},
	{"contact", "version", Node, "", ""},
	{"contact", "updated_at", Node, "", ""},
}

// OwnershipTable is the published form of Ownership.
func OwnershipTable() string {
	var out strings.Builder
	out.WriteString(`# Who owns what of a group customer

A record of BOSS (BIP4B254 / T4011003) replaces what BOSS owns as a whole: an optional element that is absent clears its
column. What the portal owns stays as it is. A table that is not named here (contracts, subscriptions, members) is not
touched; bills come by MonthlyBillBatchReq.

| table | column | owner | element | block |
|---|---|---|---|---|
`)
	for _, o := range Ownership {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", o.Table, o.Column, o.Owner, o.Element, o.Note)
	}
	return out.String()
}
