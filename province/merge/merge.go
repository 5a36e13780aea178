// Package merge makes one of two customers that turned out to be the same company, and undoes it.
//
// The survivor keeps its number and takes from the other, the merged customer, the facts that a person
// chooses. Contacts, contracts, subscriptions, members, sites, interactions, notes on its situation, wishes and
// subsidiaries move to the survivor; they are still the same rows, with their history. What partners keep by the merged customer's
// number stays with it and is added up where the survivor is shown: its monthly bills and BOSS's count of
// members. So does what is about it and not about the survivor: the histories of its class, of its
// stage and of who was responsible, what was stated of it under custom attributes, who is named to see it, and its trail.
//
// The merged customer stays as a pointer. It is lost, stands in no list, and nothing can be written to it;
// whoever opens it reads its file and is led to the survivor, which is also found by its names.
//
// A merge is undone as long as nothing that came later stands against it: what moved is still with the
// survivor, the facts that it took are still as it took them, and it was not merged itself. Rows that were
// edited meanwhile go back as they are now; what was added to the survivor stays there.
package merge

import (
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Merge is what was made of two customers.
type Merge struct {
	ID                           int64
	SurvivorID, MergedID         int64
	SurvivorName, MergedName     string
	SurvivorNumber, MergedNumber string
	Taken                        []string // facts that the survivor took, by their names
	Reason                       string
	Actor                        string
	At                           time.Time
	UndoneAt                     *time.Time // nil: it stands
	UndoneBy                     string
	Moved                        map[string]int // rows by relation, such as contact
}

// Order is a merge to be made. The versions are those that the person saw.
type Order struct {
	SurvivorID, MergedID           int64
	SurvivorVersion, MergedVersion int32
	Take                           []string
	Reason                         string // why they are the same company; needed
}

// maxReason is in characters.
const maxReason = 500

// check gives the faults of an order by itself, and the order without blanks around the reason.
func (o Order) check() (Order, error) {
	o.Reason = strings.TrimSpace(o.Reason)
	switch {
	case o.SurvivorID == o.MergedID:
		return o, fault.Field(fault.Rule, "mergedId", "merge.itself")
	case o.Reason == "":
		return o, fault.Field(fault.TooShort, "reason", "input.required")
	case utf8.RuneCountInString(o.Reason) > maxReason:
		return o, fault.Field(fault.TooLong, "reason", "input.too_long", "max", maxReason)
	}
	return o, nil
}

// outcome gives the facts of both after a merge. The merged customer is lost and stands below the
// survivor, so that what stays with it counts there, and lets go of the credit code that the survivor
// takes, since a code belongs to one customer.
func outcome(survivor customer.Customer, merged customer.Facts, take []string) (of, rest customer.Facts, err error) {
	of, err = survivor.Taking(merged, take)
	rest = merged
	rest.Lifecycle, rest.ParentID = codes.Lost, survivor.ID
	if of.CreditCode == rest.CreditCode {
		rest.CreditCode = ""
	}
	return of, rest, err
}

// reversal gives the survivor's facts after an undo: those that it took as they were before. Those that
// were changed again since stand against it.
func reversal(now, before, merged customer.Facts, taken []string) (customer.Facts, error) {
	then, err := before.Taking(merged, taken)
	if err != nil {
		return now, err
	}
	var changed []string
	for _, name := range taken {
		same, err := now.Taking(then, []string{name})
		if err != nil {
			return now, err
		}
		if len(same.Differing(now)) > 0 {
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		return now, fault.New(fault.Rule, "merge.undo.changed", "fields", strings.Join(changed, ", "))
	}
	return now.Taking(before, taken)
}
