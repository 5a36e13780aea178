// Package xsd holds the published shapes of partner messages (the .xsd files, with samples and the
// tables of faults, codes and ownership) and how the messages write coded values.
//
// The .xsd files are written from the descriptions that the node checks messages with; a test
// holds both together.
package xsd

import "jike/schemas/codes"

// Coding is how messages write the values of one kind, in order.
type Coding struct{ rows [][2]string } // as stored, as written

// CustomerStatus writes the life cycle of a customer.
var CustomerStatus = Coding{[][2]string{
	{string(codes.Potential), "1"}, {string(codes.Active), "2"}, {string(codes.Suspended), "3"}, {string(codes.Lost), "4"},
}}

// PersonRole writes the role of a key person (关键人角色).
var PersonRole = Coding{[][2]string{{"decision", "1"}, {"technical", "2"}, {"payment", "3"}, {"liaison", "4"}, {"other", "9"}}}

// ContractStatus writes the status of a contract.
var ContractStatus = Coding{[][2]string{{"draft", "1"}, {"active", "2"}, {"expired", "3"}, {"terminated", "4"}}}

// SubscriptionStatus writes the status of a subscription (TMF637).
var SubscriptionStatus = Coding{[][2]string{
	{"created", "1"},
	{"pendingActive", "2"},
	{"active", "3"},
	{"suspended", "4"},
	{"pendingTerminate", "5"},
	{"terminated", "6"},
	{"cancelled", "7"},
	{"aborted", "8"},
}}

// Wire is the written form of a stored value, empty for a value that the coding does not have.
func (c Coding) Wire(stored string) string {
	for _, row := range c.rows {
		if row[0] == stored {
			return row[1]
		}
	}
	return ""
}

// Stored is the stored form of a written value, empty for a value that the coding does not have.
func (c Coding) Stored(wire string) string {
	for _, row := range c.rows {
		if row[1] == wire {
			return row[0]
		}
	}
	return ""
}

// Wires lists the written values.
func (c Coding) Wires() []string {
	wires := make([]string, len(c.rows))
	for i, row := range c.rows {
		wires[i] = row[1]
	}
	return wires
}
