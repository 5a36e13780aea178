// Package trail shows the audit trail (审计日志) to whoever has the right audit.read: who did what to
// which record in which period, and whether the trail still is what was written.
//
// The trail keeps values as they were; what is shown of people is masked, for the administrator of a
// node has to know that a phone was changed and by whom, not the phone.
package trail

import (
	"time"

	"jike/internal/audit"
	"jike/internal/mask"
)

// Verification is a run over the whole chain and what it found.
type Verification struct {
	ID         int64
	StartedAt  time.Time
	StartedBy  string     // login
	FinishedAt *time.Time // nil: it is under way
	Seals      int64      // that hold
	Lines      int64      // under them
	Unsealed   int64      // newer than the last seal
	LastHash   string     // of the last seal: noted elsewhere, it shows later that no seal was removed
	BrokenSeal *int64     // the first that does not hold
	Reason     string     // what is wrong with it, or why nothing was found out
}

// masks hide the personal values of a document by the name of the field, in every capability's lines.
var masks = map[string]func(string) string{
	"phone": mask.Phone, "mobile": mask.Phone, "workPhone": mask.Phone, "email": mask.Mail, "birthday": mask.Date,
	"family": mask.Text, "hobbies": mask.Text, "legalPerson": mask.Name,
	"contact": mask.Name, // of a site
}

// Shown gives a line with the personal values masked.
func Shown(l audit.Line) audit.Line {
	people := l.ObjectKind == "contact" || l.ObjectKind == "member" // their name is a person's
	l.Before, l.After = shown(l.Before, people), shown(l.After, people)
	return l
}

func shown(doc map[string]any, people bool) map[string]any {
	if doc == nil {
		return nil
	}
	clean := make(map[string]any, len(doc))
	for name, value := range doc {
		hide := masks[name]
		if name == "name" && people {
			hide = mask.Name
		}
		clean[name] = shownValue(value, hide, people)
	}
	return clean
}

func shownValue(value any, hide func(string) string, people bool) any {
	switch v := value.(type) {
	case string:
		if hide != nil {
			return hide(v)
		}
	case map[string]any:
		return shown(v, people)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = shownValue(item, hide, people)
		}
		return list
	}
	return value
}
