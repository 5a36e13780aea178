// Package reference is headquarters' reference data (基础数据) as it is in the province: read only,
// with its version and age, and beside it what the province adds in tables of its own.
//
// The tables of the schema ref are written by sync/apply alone, in one transaction with the position
// of what was applied, so that every reader sees exactly one version. A row with the province's
// own code goes before one for all.
package reference

import (
	"strings"
	"time"

	"jike/internal/fault"
	"jike/schemas/replica"
)

// State is how fresh the reference data is.
type State struct {
	State     string     // of apply: waiting, running, refilling, stopped …
	Error     string     // why it is stopped
	Epoch     int64      // 0: nothing came yet
	Version   int64      // that is here
	Head      int64      // newest version of headquarters, as last heard
	ChangedAt *time.Time // when headquarters made the newest change that is here
	AppliedAt *time.Time // when it arrived
	HeardAt   *time.Time // when headquarters was last heard
	ReadAt    time.Time
}

// Current is until when the data is known to be what headquarters has: when headquarters was last
// heard, if nothing newer was announced then; nil: not known.
func (s State) Current() *time.Time {
	switch {
	case s.Epoch == 0:
		return nil
	case s.HeardAt != nil && s.Head <= s.Version:
		return s.HeardAt
	}
	return s.AppliedAt
}

// AgeSeconds is for how long it is not known whether the data is still what headquarters has, in
// whole seconds; -1: nothing came yet.
func (s State) AgeSeconds() int64 {
	at := s.Current()
	if at == nil {
		return -1
	}
	return max(0, int64(s.ReadAt.Sub(*at)/time.Second))
}

// KeyAccount is a national key account (全国重点客户); the zero value is none.
type KeyAccount struct {
	ID    int64
	Name  string
	Since time.Time
}

// Row is one row of a kind.
type Row struct {
	ID        int64
	Province  int16 // 0: for all provinces
	Version   int64
	ChangedAt time.Time
	Values    map[string]any
}

// Extension is what the province says of a product of the catalogue.
type Extension struct {
	LocalName string
	Available bool // sold in this province
	Note      string
}

// The greatest lengths, in characters.
const (
	maxLocalName = 120
	maxNote      = 500
)

// Notice is a notice of headquarters that is valid now.
type Notice struct {
	ID      int64
	Title   string
	Body    string
	Level   string // info, warning or urgent
	ValidTo time.Time
}

// kinds are the tables by the names that operations use.
var kinds = map[string]string{
	"products": "product", "codes": "code", "classes": "class", "key-accounts": "key_account", "policies": "selection_policy", "notices": "notice",
}

// fields lists the columns of a kind that are its own, with their types.
func fields(kind string) ([]replica.Column, error) {
	for _, t := range replica.Down {
		if t.Name != kinds[kind] {
			continue
		}
		var own []replica.Column
		for _, c := range t.Columns {
			switch c.Name {
			case "id", "province", "version", "changed_at", "expired_at":
			default:
				own = append(own, c)
			}
		}
		return own, nil
	}
	return nil, fault.New(fault.NotFound, "reference.kind.unknown", "kind", kind)
}

// camel is a column's name as operations write it.
func camel(column string) string {
	parts := strings.Split(column, "_")
	for i := range parts[1:] {
		parts[i+1] = strings.ToUpper(parts[i+1][:1]) + parts[i+1][1:]
	}
	return strings.Join(parts, "")
}
