// Package interaction keeps what was said and done with a customer (客户交往): calls, visits, mails, messages
// and meetings, with whom, and the step that follows. Whoever may read the customer reads them, on its
// timeline. One that was entered stays: it is corrected, and the trail has what it said before.
package interaction

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// Channel is how one met.
type Channel string

// The channels.
const (
	Phone   Channel = "phone"
	Visit   Channel = "visit"
	Mail    Channel = "mail"
	Message Channel = "message"
	Meeting Channel = "meeting"
	Other   Channel = "other"
)

// Interaction is one meeting with a customer.
type Interaction struct {
	ID          int64
	CustomerID  int64
	ContactName string // as it was then; empty: nobody in particular
	Facts
	Author    string // login
	Version   int32
	UpdatedAt time.Time
}

// Facts are what a person states.
type Facts struct {
	ContactID int64 // 0: nobody in particular, or a contact that was removed
	Channel   Channel
	At        time.Time
	Subject   string
	Body      string
	NextStep  string     // empty: nothing follows
	NextOn    *time.Time // its day; nil: nothing follows
	NextDone  bool
}

// The greatest lengths, in characters.
const (
	maxSubject = 120
	maxBody    = 4000
	maxStep    = 200
)

// ahead is how far the clock of who enters may go before ours.
const ahead = time.Hour

// check gives the faults of the facts by themselves, joined, and the facts without blanks around texts.
// What has not happened yet is no interaction, it is the next step of one.
func (f Facts) check(now time.Time) (Facts, error) {
	f.Subject, f.Body, f.NextStep = strings.TrimSpace(f.Subject), strings.TrimSpace(f.Body), strings.TrimSpace(f.NextStep)
	var faults []error
	for _, text := range []struct {
		field, value string
		most         int
	}{{"subject", f.Subject, maxSubject}, {"body", f.Body, maxBody}, {"nextStep", f.NextStep, maxStep}} {
		if utf8.RuneCountInString(text.value) > text.most {
			faults = append(faults, fault.Field(fault.TooLong, text.field, "input.too_long", "max", text.most))
		}
		if strings.ContainsRune(text.value, 0) || !utf8.ValidString(text.value) {
			faults = append(faults, fault.Field(fault.Format, text.field, "input.format"))
		}
	}
	if f.Subject == "" {
		faults = append(faults, fault.Field(fault.TooShort, "subject", "input.required"))
	}
	if !slices.Contains([]Channel{Phone, Visit, Mail, Message, Meeting, Other}, f.Channel) {
		faults = append(faults, fault.Field(fault.Enumeration, "channel", "input.not_in_list"))
	}
	if f.At.After(now.Add(ahead)) {
		faults = append(faults, fault.Field(fault.Rule, "at", "interaction.at.future"))
	}
	if (f.NextStep == "") != (f.NextOn == nil) {
		faults = append(faults, fault.Field(fault.Rule, "nextOn", "interaction.next.incomplete"))
	}
	if f.NextDone && f.NextStep == "" {
		faults = append(faults, fault.Field(fault.Rule, "nextDone", "interaction.next.none"))
	}
	return f, errors.Join(faults...)
}
