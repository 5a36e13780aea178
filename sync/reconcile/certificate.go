package reconcile

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Result says what a run found and left.
type Result string

// The results of a run that came to its end.
const (
	Clean    Result = "clean"    // both sides were equal
	Repaired Result = "repaired" // differences were found, repaired, and the re-check found none
	Diverged Result = "diverged" // the re-check still found differences
)

// certificateForm is the newest form of a certificate, its Version. Form 2 may have a scope and
// counts differences by their cause; form 3 names the columns that were compared. A province whose program
// is older signs an older form. A reader refuses forms that it does not know.
const certificateForm = 3

// listedDifferences is how many differences a certificate lists by name. It covers all of them by
// number and digest; headquarters' table sync.difference holds the rest.
const listedDifferences = 1000

// Certificate is the signed result of a run: the statement, its digest, and the signatures of
// both nodes over the digest.
type Certificate struct {
	Statement Statement `json:"statement"`
	Digest    Hex       `json:"digest"` // SHA-256 of the statement's canonical form
	National  Signature `json:"national"`
	Province  Signature `json:"province"`
}

// Signature is one node's ed25519 signature with the public key that verifies it.
type Signature struct {
	Key   Hex `json:"key"`
	Value Hex `json:"value"`
}

// Statement is what both nodes sign. Its canonical form is its JSON with the fields in the order
// of this struct, no white space, times in UTC to the microsecond and no floating point.
type Statement struct {
	Version        int          `json:"version"`
	Province       int16        `json:"province"`
	Sequence       int64        `json:"sequence"` // 1 for a province's first certificate
	Previous       Hex          `json:"previous"` // digest of the certificate before, empty for the first
	Reconciliation int64        `json:"reconciliation"`
	Barrier        uuid.UUID    `json:"barrier"`
	Epoch          int64        `json:"epoch"`
	Point          LSN          `json:"point"` // both sides hold exactly the commits below it
	Selection      int64        `json:"selection"`
	Schema         Hex          `json:"schema"` // hash of the tables and columns that the province replicates
	Method         Method       `json:"method"`
	Versions       Versions     `json:"versions"`
	Started        time.Time    `json:"started"`
	Ended          time.Time    `json:"ended"`
	DurationMS     int64        `json:"durationMs"`
	Result         Result       `json:"result"`
	Tables         []TableProof `json:"tables"`
	Found          Findings     `json:"found"`
	Repair         *RepairProof `json:"repair"`          // null if nothing was repaired
	ApprovedBy     string       `json:"approvedBy"`      // who let it go on over the limit, empty if nobody had to
	Scope          *Scope       `json:"scope,omitempty"` // what was compared; left out: everything
}

// scope is what was compared.
func (s Statement) scope() Scope {
	if s.Scope == nil {
		return Scope{}
	}
	return *s.Scope
}

// Versions names the software of both sides.
type Versions struct {
	National NodeVersion `json:"national"`
	Province NodeVersion `json:"province"`
}

// NodeVersion is the software of one side; PostgreSQL is its server_version_num.
type NodeVersion struct {
	Jike       string `json:"jike"`
	PostgreSQL int    `json:"postgresql"`
}

// TableProof is one table: what both sides hold at the point.
type TableProof struct {
	Table           string   `json:"table"`
	Columns         []string `json:"columns,omitempty"` // that were compared, those that both sides have; left out before form 3
	Ranges          int64    `json:"ranges"`
	DifferentRanges int64    `json:"differentRanges"`
	Province        Holds    `json:"province"`
	National        Holds    `json:"national"`
}

// Holds is the count and digest of one table on one side.
type Holds struct {
	Rows   int64 `json:"rows"`
	Digest Hex   `json:"digest"`
}

// Findings are differences: all of them by number and digest, the first of them by name.
type Findings struct {
	Missing   int64        `json:"missing"`
	Extra     int64        `json:"extra"`
	Different int64        `json:"different"`
	Causes    []CauseCount `json:"causes,omitempty"` // of all of them; left out if none, and in form 1
	Digest    Hex          `json:"digest"`           // SHA-256 over the canonical form of all, empty if none
	Listed    []Difference `json:"listed"`
}

// CauseCount says how many differences are of a kind and have a cause.
type CauseCount struct {
	Kind  Kind  `json:"kind"`
	Cause Cause `json:"cause"`
	Count int64 `json:"count"`
}

// countCauses counts by kind and cause, in the order of both.
func countCauses(list []Difference) []CauseCount {
	type of struct {
		kind  Kind
		cause Cause
	}
	by := map[of]int64{}
	for _, d := range list {
		by[of{d.Kind, d.Cause}]++
	}
	out := make([]CauseCount, 0, len(by))
	for k, n := range by {
		out = append(out, CauseCount{k.kind, k.cause, n})
	}
	slices.SortFunc(out, func(a, b CauseCount) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(string(a.Cause), string(b.Cause)))
	})
	return out
}

// Total is the number of differences.
func (f Findings) Total() int64 { return f.Missing + f.Extra + f.Different }

// RepairProof says what was sent anew and what the second barrier found in the ranges concerned.
type RepairProof struct {
	Keys    int64        `json:"keys"` // rows that the province sent anew through the stream
	Barrier uuid.UUID    `json:"barrier"`
	Point   LSN          `json:"point"` // of the re-check
	Tables  []TableProof `json:"tables"`
	Left    Findings     `json:"left"`
}

// Hex is bytes written as hexadecimal digits.
type Hex []byte

// MarshalText writes the digits.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads the digits; it refuses capitals, which the canonical form does not have.
func (h *Hex) UnmarshalText(text []byte) error {
	if bytes.ContainsAny(text, "ABCDEF") {
		return errors.New("hexadecimal digits are not in lower case")
	}
	raw, err := hex.DecodeString(string(text))
	*h = raw
	return err
}

// String gives the digits.
func (h Hex) String() string { return hex.EncodeToString(h) }

// canonical is the byte form that is digested.
func (s Statement) canonical() ([]byte, error) {
	s.Started, s.Ended = s.Started.UTC().Truncate(time.Microsecond), s.Ended.UTC().Truncate(time.Microsecond)
	return json.Marshal(s)
}

// digest is SHA-256 over a heading, so that a signature is good for nothing else, and the
// canonical form.
func (s Statement) digest() (Hex, error) {
	raw, err := s.canonical()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("jike reconciliation certificate\n"), raw...))
	return sum[:], nil
}

// findings sums differences up; form 1 has no counts by cause.
func findings(list []Difference, form int) (Findings, error) {
	f := Findings{Listed: list[:min(len(list), listedDifferences)], Digest: Hex{}}
	if f.Listed == nil {
		f.Listed = []Difference{}
	}
	if form > 1 {
		f.Causes = countCauses(list)
	}
	for _, d := range list {
		switch d.Kind {
		case Missing:
			f.Missing++
		case Extra:
			f.Extra++
		case Different:
			f.Different++
		}
	}
	if len(list) == 0 {
		return f, nil
	}
	var err error
	f.Digest, err = digestOf(list)
	return f, err
}

// digestOf is SHA-256 over the canonical form of differences.
func digestOf(list []Difference) (Hex, error) {
	raw, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

func sign(key ed25519.PrivateKey, digest Hex) Signature {
	return Signature{Key: Hex(key.Public().(ed25519.PublicKey)), Value: ed25519.Sign(key, digest)}
}

func (s Signature) verify(digest Hex) error {
	if len(s.Key) != ed25519.PublicKeySize || !ed25519.Verify(ed25519.PublicKey(s.Key), digest, s.Value) {
		return errors.New("the signature is not valid")
	}
	return nil
}
