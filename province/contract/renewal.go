package contract

import (
	"time"

	"jike/internal/fault"
)

// Steps are the days before its end at which a contract is told of, the longest first.
var Steps = []int{90, 60, 30}

// stepOf gives the step that a contract is in, so many days before its end; 0: none yet.
func stepOf(days int) int {
	step := 0
	for _, s := range Steps {
		if days <= s {
			step = s
		}
	}
	return step
}

// renew gives the fault of a renewal (续签). It follows a contract that is in force or has expired, and begins
// later than that.
func renew(of Contract, f Facts) error {
	switch {
	case of.Status != Active && of.Status != Expired:
		return fault.New(fault.Rule, "contract.renewal.not_in_force", "status", string(of.Status))
	case !f.EffectiveOn.After(of.EffectiveOn):
		return fault.Field(fault.Rule, "effectiveOn", "contract.renewal.before")
	}
	return nil
}

// succeeded gives what a contract is once another that renews it is in force: it does not renew itself any
// more, ends the day before the other begins if it would have gone on, and has expired if that day is past.
func succeeded(of, by Facts, today time.Time) Facts {
	of.AutoRenew = false
	if last := by.EffectiveOn.AddDate(0, 0, -1); last.Before(of.ExpiresOn) {
		of.ExpiresOn = last
	}
	if of.ExpiresOn.Before(of.EffectiveOn) { // the other was moved back: a contract has one day at least
		of.ExpiresOn = of.EffectiveOn
	}
	if of.Status == Active && of.ExpiresOn.Before(today) {
		of.Status = Expired
	}
	return of
}

// Due is a contract in force that ends soon, without another in force that renews it.
type Due struct {
	ID, CustomerID            int64
	CustomerName, ManagerName string
	Number, Name              string
	ExpiresOn                 time.Time
	AmountFen                 int64
	AutoRenew                 bool
	RenewedByNumber           string     // of a renewal that is being drafted; empty: none
	NoticedAt                 *time.Time // when the step that it is in was told; nil: it was not
}

// DueSum is what ends within so many days.
type DueSum struct {
	Days      int
	Contracts int64
	AmountFen int64
}

// DuePage is a part of what ends soon, the next first, and the sums of all of it.
type DuePage struct {
	Today time.Time
	Sums  []DueSum // by step, the shortest first; a longer one holds the shorter
	Items []Due
	More  bool
}
