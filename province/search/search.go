// Package search is the global search (全局搜索): one text, looked for in everything that the caller may
// see, and a few of the best of each kind.
//
//   - Customers by any two characters of the name, the beginning of the number or credit code, and the
//     pinyin initials that the name begins with, with its place or without.
//   - Their people by any two characters of the name, or a complete phone.
//   - Members by a complete phone or its first seven digits, or the short number.
//   - Contracts by the beginning of the number, or any two characters of the name.
//
// A single character finds nothing: it would be a scan of everything, and too many hits to choose from.
// What is within reach is decided by the customer, as everywhere.
package search

import (
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/member"
)

// Most is how many of each kind are given.
const Most = 10

// Result is what a text found, at one moment.
type Result struct {
	Customers []customer.Found
	Contacts  []contact.Found
	Members   []member.Found
	Contracts []contract.Found
	More      bool // of some kind there are more than Most
}

// cut leaves at most Most of a list that was read with one more.
func cut[T any](r *Result, list []T) []T {
	if len(list) > Most {
		r.More = true
		return list[:Most]
	}
	return list
}
