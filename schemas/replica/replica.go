// Package replica declares which tables and columns are replicated: those that a province sends to
// headquarters, and the reference data that headquarters sends to the provinces.
// Both levels read it: the province makes its publication from it, the national node checks its
// tables against it, and its hash travels with every message, so that two nodes of different
// releases notice before a row is misread.
package replica

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
)

// Column is one replicated column with its PostgreSQL type.
type Column struct {
	Name string
	Type string
}

// Table is one replicated table. Key names its bigint key column, the first of Columns.
type Table struct {
	Schema  string
	Name    string
	Key     string
	Columns []Column
}

// Qualified is the table's name with its schema, such as crm.customer.
func (t Table) Qualified() string { return t.Schema + "." + t.Name }

// List is a table list of one release. Provinces are upgraded one by one, after headquarters, so
// headquarters takes the lists of earlier releases, too.
type List struct {
	Number int
	Tables []Table
}

// Number is the number of Up. Whoever changes Up raises it and moves the list as it was to
// Previous; a test knows the hash of every number. A column may be added or left out, its type and
// the table's key may not change.
const Number = 1

// Previous are the lists of earlier releases that provinces may still send, the youngest first.
var Previous []List

// NumberOf finds the number of a list among Up and Previous; 0 if it is none of them.
func NumberOf(tables []Table) int {
	hash := Hash(tables)
	for _, l := range append([]List{{Number, Up}}, Previous...) {
		if Hash(l.Tables) == hash {
			return l.Number
		}
	}
	return 0
}

// Up lists what provinces send to headquarters. A private fact (birthday, family, hobbies, mobile
// phone, remark) or the sensitive flag must never be added here.
var Up = []Table{
	{"crm", "customer", "id", []Column{
		{"id", "int8"},
		{"number", "text"},
		{"credit_code", "text"},
		{"name", "text"},
		{"industry", "text"},
		{"city", "text"},
		{"class", "text"},
		{"lifecycle", "text"},
		{"parent_id", "int8"},
		{"cross_province", "bool"},
		{"address", "text"},
		{"postcode", "text"},
		{"legal_person", "text"},
		{"registered_capital_fen", "int8"},
		{"headcount", "int4"},
		{"annual_sales_fen", "int8"},
		{"profile", "text"},
		{"version", "int4"},
		{"created_at", "timestamptz"},
		{"updated_at", "timestamptz"},
	}},
	{"crm", "contact", "id", []Column{
		{"id", "int8"}, {"customer_id", "int8"}, {"role", "text"}, {"name", "text"}, {"work_phone", "text"},
	}},
	{"crm", "contract", "id", []Column{
		{"id", "int8"},
		{"customer_id", "int8"},
		{"number", "text"},
		{"name", "text"},
		{"signed_on", "date"},
		{"effective_on", "date"},
		{"expires_on", "date"},
		{"auto_renew", "bool"},
		{"amount_fen", "int8"},
		{"status", "text"},
		{"updated_at", "timestamptz"},
	}},
	{"crm", "subscription", "id", []Column{
		{"id", "int8"},
		{"customer_id", "int8"},
		{"product_code", "text"},
		{"product_name", "text"},
		{"quantity", "int4"},
		{"monthly_fee_fen", "int8"},
		{"status", "text"},
		{"started_on", "date"},
		{"ended_on", "date"},
		{"updated_at", "timestamptz"},
	}},
	{"crm", "bill", "id", []Column{
		{"id", "int8"},
		{"customer_id", "int8"},
		{"month", "date"},
		{"amount_fen", "int8"},
		{"paid_fen", "int8"},
		{"updated_at", "timestamptz"},
	}},
	{"crm", "monthly_summary", "id", []Column{
		{"id", "int8"},
		{"month", "date"},
		{"city", "text"},
		{"class", "text"},
		{"industry", "text"},
		{"customers", "int4"},
		{"members", "int8"},
		{"income_fen", "int8"},
		{"updated_at", "timestamptz"},
	}},
}

// Down lists the reference data that headquarters sends to the provinces. Every table has the columns
// province (0: the row is for all), version (of the change that last wrote the row) and expired_at
// (a row that no longer holds stays). The same names are headquarters' own tables and the province's
// copies.
var Down = []Table{
	{"ref", "product", "id", master(
		Column{"code", "text"}, Column{"name_zh", "text"}, Column{"name_en", "text"}, Column{"family", "text"}, Column{"unit", "text"},
		Column{"monthly_fee_fen", "int8"}, Column{"status", "text"}, Column{"effective_on", "date"}, Column{"expires_on", "date"})},
	{"ref", "code", "id", master(
		Column{"list", "text"}, Column{"code", "text"}, Column{"name_zh", "text"}, Column{"name_en", "text"}, Column{"position", "int4"})},
	{"ref", "class", "id", master(
		Column{"class", "text"}, Column{"name_zh", "text"}, Column{"name_en", "text"}, Column{"rule_zh", "text"}, Column{"rule_en", "text"})},
	{"ref", "key_account", "id", master(Column{"credit_code", "text"}, Column{"name", "text"}, Column{"since", "date"})},
	{"ref", "selection_policy", "id", master(
		Column{"number", "int4"}, Column{"rule", "jsonb"}, Column{"effective_at", "timestamptz"}, Column{"note", "text"})},
	{"ref", "notice", "id", master(
		Column{"title", "text"}, Column{"body", "text"}, Column{"level", "text"},
		Column{"valid_from", "timestamptz"}, Column{"valid_to", "timestamptz"})},
}

// master puts the columns that every table of Down has around its own.
func master(own ...Column) []Column {
	return slices.Concat([]Column{{"id", "int8"}, {"province", "int2"}}, own,
		[]Column{{"version", "int8"}, {"changed_at", "timestamptz"}, {"expired_at", "timestamptz"}})
}

// Hash identifies a list of tables: the same tables, columns and types in the same order give the
// same 32 bytes.
func Hash(tables []Table) [32]byte {
	h := sha256.New()
	for _, t := range tables {
		writeField(h, t.Qualified())
		writeField(h, t.Key)
		for _, c := range t.Columns {
			writeField(h, c.Name)
			writeField(h, c.Type)
		}
	}
	return [32]byte(h.Sum(nil))
}

// writeField separates the fields by their length, so that no two lists run together.
func writeField(h hash.Hash, s string) {
	_, _ = fmt.Fprintf(h, "%d:%s", len(s), s) // a hash never fails to write
}
