package contact

import (
	"net/mail"
	"slices"
	"time"

	"jike/internal/fault"
)

// KeyPerson is what the province knows of a person's part in what the customer decides, and of how
// the person wants to be reached. BOSS and headquarters know nothing of it.
type KeyPerson struct {
	DecisionRole DecisionRole
	Influence    int16 // 1 little to 5 decisive; 0: not known
	Attitude     Attitude
	Channel      Channel
	HoursFrom    string // HH:MM, the province's time; empty: at any hour
	HoursTo      string // later than HoursFrom
	DoNotContact bool   // asked not to be approached (勿扰)
}

// DecisionRole is the part that a person plays when the customer decides about us (决策角色). The
// older Role says whom to talk to about what; that is what BOSS states and headquarters gets.
type DecisionRole string

// The decision roles.
const (
	Unstated      DecisionRole = "unstated"
	DecisionMaker DecisionRole = "decision_maker" // 决策者
	Influencer    DecisionRole = "influencer"     // 影响者
	User          DecisionRole = "user"           // 使用者
	Gatekeeper    DecisionRole = "gatekeeper"     // 把关者
	TechnicalPart DecisionRole = "technical"      // 技术评估
	PaymentPart   DecisionRole = "payment"        // 付款
	LiaisonPart   DecisionRole = "liaison"        // 联络
)

// DecisionRoles lists the decision roles, the most important first.
func DecisionRoles() []DecisionRole {
	return []DecisionRole{DecisionMaker, Influencer, Gatekeeper, User, TechnicalPart, PaymentPart, LiaisonPart, Unstated}
}

// implied is the decision role of a person of whom only the role is stated.
var implied = map[Role]DecisionRole{
	Decision: DecisionMaker, Technical: TechnicalPart, Payment: PaymentPart, Liaison: LiaisonPart, Other: Unstated,
}

// Part is the decision role as stated, else as the role implies it.
func (f Facts) Part() DecisionRole {
	if f.DecisionRole != Unstated {
		return f.DecisionRole
	}
	return implied[f.Role]
}

// Attitude is how a person stands to us.
type Attitude string

// The attitudes.
const (
	AttitudeUnknown Attitude = "unknown"
	Supportive      Attitude = "supportive"
	Neutral         Attitude = "neutral"
	Opposed         Attitude = "opposed"
)

// Attitudes lists the attitudes.
func Attitudes() []Attitude { return []Attitude{AttitudeUnknown, Supportive, Neutral, Opposed} }

// Channel is how a person prefers to be reached.
type Channel string

// The channels.
const (
	AnyChannel Channel = "any"
	ByPhone    Channel = "phone"
	ByMessage  Channel = "message"
	ByMail     Channel = "mail"
	ByVisit    Channel = "visit"
)

// Channels lists the channels.
func Channels() []Channel { return []Channel{AnyChannel, ByPhone, ByMessage, ByMail, ByVisit} }

// stored gives the key person as it is stored: what nobody has stated has its word for that.
func (k KeyPerson) stored() KeyPerson {
	if k.DecisionRole == "" {
		k.DecisionRole = Unstated
	}
	if k.Attitude == "" {
		k.Attitude = AttitudeUnknown
	}
	if k.Channel == "" {
		k.Channel = AnyChannel
	}
	return k
}

// check gives the faults of a stored key person.
func (k KeyPerson) check() (faults []error) {
	unknown := func(field string, known bool) {
		if !known {
			faults = append(faults, fault.Field(fault.Enumeration, field, "input.not_in_list"))
		}
	}
	unknown("decisionRole", slices.Contains(DecisionRoles(), k.DecisionRole))
	unknown("attitude", slices.Contains(Attitudes(), k.Attitude))
	unknown("channel", slices.Contains(Channels(), k.Channel))
	unknown("influence", k.Influence >= 0 && k.Influence <= 5)
	for field, hour := range map[string]string{"hoursFrom": k.HoursFrom, "hoursTo": k.HoursTo} {
		if _, err := time.Parse("15:04", hour); hour != "" && (err != nil || len(hour) != len("15:04")) {
			faults = append(faults, fault.Field(fault.Format, field, "input.format", "pattern", "HH:MM"))
		}
	}
	if (k.HoursFrom == "") != (k.HoursTo == "") || k.HoursFrom != "" && k.HoursFrom >= k.HoursTo {
		faults = append(faults, fault.Field(fault.Rule, "hoursTo", "contact.hours.reversed"))
	}
	return faults
}

// checkEmail gives the fault of an e-mail address that is none.
func checkEmail(address string) error {
	if address == "" {
		return nil
	}
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > maxEmail {
		return fault.Field(fault.Format, "email", "input.format")
	}
	return nil
}

// maxEmail is the greatest length of an e-mail address, in bytes.
const maxEmail = 120

// BirthdaySoon is a key person whose birthday comes soon.
type BirthdaySoon struct {
	ContactID    int64
	CustomerID   int64
	CustomerName string
	Name         string
	Title        string
	DoNotContact bool
	Born         time.Time
	On           time.Time // the next birthday
}

// monthDay is a day of any year, such as 229.
func monthDay(day time.Time) int32 { return int32(day.Month())*100 + int32(day.Day()) }

// daysOf lists the days of any year that are celebrated within days after today: who was born on
// 29 February celebrates on the 28th of a year that has no such day.
func daysOf(today time.Time, days int) (list []int32, on map[int32]time.Time) {
	on = map[int32]time.Time{}
	for i := range days {
		day := today.AddDate(0, 0, i)
		list = append(list, monthDay(day))
		on[monthDay(day)] = day
		if day.Month() == time.February && day.Day() == 28 && day.AddDate(0, 0, 1).Month() == time.March {
			list = append(list, 229)
			on[229] = day
		}
	}
	return list, on
}
