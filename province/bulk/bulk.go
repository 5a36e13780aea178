// Package bulk gives one fact of many customers one value (批量修改): the class with a reason, the place in the life
// cycle, the sensitive flag, or a custom attribute, which can be taken away as well.
//
// A person chooses the customers in their list, some of them or all that a filter lets through, and is told
// beforehand how many there are, how many would change, and what their values are now. The change itself is a job
// (package job): each customer is saved as if a person did it, with a version, an audit line and whatever follows,
// and by the rights of that moment. A customer that cannot be changed is a line of the result and stops no other.
package bulk

import (
	"slices"
	"strings"
	"unicode/utf8"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/province/customer"
	"jike/province/job"
	"jike/schemas/codes"
)

// Kind is the job that changes customers.
const Kind = "customer.bulk"

// batchLines are few: every customer that headquarters has goes up again, batch by batch.
const batchLines = 500

// What becomes of a customer, beside being refused.
const (
	Changed = "changed"
	Same    = "same" // it has the value already
)

// Field is what can be changed of many customers.
type Field string

// The fields.
const (
	Class     Field = "class"
	Lifecycle Field = "lifecycle"
	Sensitive Field = "sensitive"
	Attribute Field = "attribute" // a custom one
)

// rights are what a person needs to change a field, beside the right to change customers.
var rights = map[Field]account.Permission{
	Class: account.CustomerClassify, Lifecycle: account.CustomerChange, Sensitive: account.CustomerSensitive, Attribute: account.CustomerChange,
}

// Action is what is done to every customer.
type Action struct {
	Field     Field
	Attribute string // code of the custom attribute; empty: it is another field
	Value     string // as the field's values are written; empty takes a custom attribute's value away
	Reason    string // why the class is another one
}

const maxReason = 500

// check gives the faults of an action by itself, and the action in one form. Of a custom attribute its own
// definition says which values it has.
func (a Action) check() (Action, error) {
	a.Reason = strings.TrimSpace(a.Reason)
	var err error
	switch a.Field {
	case Class:
		if _, err = codes.ParseClass(a.Value); err != nil {
			return a, customer.Invalid("value", err)
		}
		if a.Reason == "" {
			return a, fault.Field(fault.TooShort, "reason", "input.required")
		}
		if utf8.RuneCountInString(a.Reason) > maxReason {
			return a, fault.Field(fault.TooLong, "reason", "input.too_long", "max", maxReason)
		}
	case Lifecycle:
		if _, err = codes.ParseLifecycle(a.Value); err != nil {
			return a, customer.Invalid("value", err)
		}
	case Sensitive:
		if !slices.Contains([]string{"true", "false"}, a.Value) {
			return a, fault.Field(fault.Enumeration, "value", "input.not_in_list")
		}
	case Attribute:
	default:
		return a, fault.Field(fault.Enumeration, "field", "input.not_in_list")
	}
	if a.Field != Class {
		a.Reason = ""
	}
	if a.Field != Attribute {
		a.Attribute = ""
	}
	return a, nil
}

// demand gives the Denied fault of a caller without the rights that the action needs.
func (a Action) demand(caller account.Caller) error {
	if err := caller.Demand(account.CustomerChange); err != nil {
		return err
	}
	return caller.Demand(rights[a.Field])
}

// over gives a customer's facts with the value. The action has been checked and is of no custom attribute.
func (a Action) over(f customer.Facts) customer.Facts {
	switch a.Field {
	case Class:
		f.Class = codes.Class(a.Value)
	case Lifecycle:
		f.Lifecycle = codes.Lifecycle(a.Value)
	case Sensitive:
		f.Sensitive = a.Value == "true"
	}
	return f
}

// judge says what is to be expected of a customer with a value.
func (a Action) judge(value string) string {
	switch {
	case value == a.Value:
		return Same
	case a.Field == Lifecycle && !customer.Leads(codes.Lifecycle(value), codes.Lifecycle(a.Value)):
		return job.Refused
	}
	return Changed
}

// Order is what a change of many customers is made of.
type Order struct {
	customer.Choice
	Action
	Expected int // how many customers the person saw that this is about
}

// Preview is what a change of many customers would come to.
type Preview struct {
	Customers int
	Outcomes  map[string]int // as far as they can be foreseen
	Values    []Value        // that the customers have now, the most frequent first
}

// Value is a value that some of the customers have.
type Value struct {
	Value     string // empty: none
	Customers int
}

// columns are the heads of the lines, Chinese and English.
var columns = [2][]string{{"集团编号", "集团名称"}, {"Customer number", "Customer"}}

// The parameters of the job.
const (
	parameterField     = "field"
	parameterAttribute = "attribute"
	parameterValue     = "value"
	parameterReason    = "reason"
)

func (a Action) parameters() map[string]string {
	return map[string]string{parameterField: string(a.Field), parameterAttribute: a.Attribute, parameterValue: a.Value, parameterReason: a.Reason}
}

func actionOf(j job.Job) Action {
	p := j.Parameters
	return Action{Field: Field(p[parameterField]), Attribute: p[parameterAttribute], Value: p[parameterValue], Reason: p[parameterReason]}
}

// texts are the words of a result file.
var texts = job.Words(customer.SaveWords, map[string][2]string{
	Changed: {"已修改", "changed"}, Same: {"无变化", "no change"},
	"attribute.unknown":   {"该属性已停用", "the attribute is not asked for any more"},
	"input.not_in_list":   {"不是可选的值", "not one of the choices"},
	"input.required":      {"必填项没有填写", "a value is required"},
	"input.above_maximum": {"大于允许的最大值", "more than the greatest value that is allowed"},
	"input.below_minimum": {"小于允许的最小值", "less than the least value that is allowed"},
	"input.too_long":      {"文字过长", "a text is too long"},
})
