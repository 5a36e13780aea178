// Package keyaccount matches the province's customers with headquarters' list of national key
// accounts (全国重点客户), by their credit codes.
//
// A customer spans provinces if the province claims so or the list names it; both are kept beside
// each other, so the list never overwrites what the province says, nor the other way round. A
// customer that is created or changed is matched at once, by package customer. What this package does
// is the other half: when the list has changed it walks through the customers whose match is no
// longer right and has package customer bring each up to date, with its audit line, and the
// selection follows.
package keyaccount

import "time"

// The caller's name in the trail of customers that were matched.
const actor = "key-accounts"

// batch is how many customers one transaction matches.
const batch = 100

// A change of the list is noticed after lookEvery. A customer whose change read the list just before
// it changed is found by the walk that begins after walkEvery at most.
const (
	lookEvery = time.Second
	walkEvery = 30 * time.Second
)
