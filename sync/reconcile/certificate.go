package reconcile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// certificateVersion is the version of the certificate's form. A reader refuses another one.
const certificateVersion = 1

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
	Schema         Hex          `json:"schema"` // hash of the replicated tables and columns
	Method         Method       `json:"method"`
	Versions       Versions     `json:"versions"`
	Started        time.Time    `json:"started"`
	Ended          time.Time    `json:"ended"`
	DurationMS     int64        `json:"durationMs"`
	Result         Result       `json:"result"`
	Tables         []TableProof `json:"tables"`
	Found          Findings     `json:"found"`
	Repair         *RepairProof `json:"repair"`     // null if nothing was repaired
	ApprovedBy     string       `json:"approvedBy"` // who let it go on over the limit, empty if nobody had to
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
	Table           string `json:"table"`
	Ranges          int64  `json:"ranges"`
	DifferentRanges int64  `json:"differentRanges"`
	Province        Holds  `json:"province"`
	National        Holds  `json:"national"`
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
	Digest    Hex          `json:"digest"` // SHA-256 over the canonical form of all, empty if none
	Listed    []Difference `json:"listed"`
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

func findings(list []Difference) (Findings, error) {
	f := Findings{Listed: list[:min(len(list), listedDifferences)], Digest: Hex{}}
	if f.Listed == nil {
		f.Listed = []Difference{}
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
	raw, err := json.Marshal(list)
	if err != nil {
		return f, err
	}
	sum := sha256.Sum256(raw)
	f.Digest = sum[:]
	return f, nil
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

// Verify checks form, digest and both signatures, with the keys that the certificate names. It
// says nothing about whose keys they are, nor about the chain: see VerifyChain.
func (c Certificate) Verify() error {
	if c.Statement.Version != certificateVersion {
		return fmt.Errorf("certificate %d: version %d is not known", c.Statement.Sequence, c.Statement.Version)
	}
	digest, err := c.Statement.digest()
	if err != nil {
		return err
	}
	if !bytes.Equal(digest, c.Digest) {
		return fmt.Errorf("certificate %d: its digest does not fit its content", c.Statement.Sequence)
	}
	if err := c.National.verify(digest); err != nil {
		return fmt.Errorf("certificate %d: national node: %w", c.Statement.Sequence, err)
	}
	if err := c.Province.verify(digest); err != nil {
		return fmt.Errorf("certificate %d: province %d: %w", c.Statement.Sequence, c.Statement.Province, err)
	}
	return c.Statement.consistent()
}

// consistent checks what the statement says against itself: a signed "clean" over unequal
// digests would be a fault of the program that signed it.
func (s Statement) consistent() error {
	equal := true
	for _, t := range s.Tables {
		equal = equal && t.Province.Rows == t.National.Rows && bytes.Equal(t.Province.Digest, t.National.Digest)
	}
	var left int64
	if s.Repair != nil {
		left = s.Repair.Left.Total()
	}
	want := Diverged
	switch {
	case equal && s.Found.Total() == 0 && s.Repair == nil:
		want = Clean
	case !equal && s.Found.Total() > 0 && s.Repair != nil && left == 0:
		want = Repaired
	}
	if s.Result != want {
		return fmt.Errorf("certificate %d says %q, its content says %q", s.Sequence, s.Result, want)
	}
	return nil
}

// VerifyChain verifies certificates of one province in ascending order: each by itself, and that
// each names the one before. The first may be any: only the whole file shows that nothing was cut
// off before it, which its sequence tells. Keys that change along the chain are refused unless
// they are in trusted; with trusted not empty, every key must be in it.
func VerifyChain(chain []Certificate, trusted ...Hex) error {
	for i, c := range chain {
		if err := c.Verify(); err != nil {
			return err
		}
		for _, key := range []Hex{c.National.Key, c.Province.Key} {
			if len(trusted) > 0 && !contains(trusted, key) {
				return fmt.Errorf("certificate %d: key %s is not trusted", c.Statement.Sequence, key)
			}
		}
		if i == 0 {
			continue
		}
		before := chain[i-1]
		if c.Statement.Province != before.Statement.Province {
			return fmt.Errorf("certificate %d: of province %d in the chain of %d", c.Statement.Sequence, c.Statement.Province, before.Statement.Province)
		}
		if c.Statement.Sequence != before.Statement.Sequence+1 || !bytes.Equal(c.Statement.Previous, before.Digest) {
			return fmt.Errorf("certificate %d does not follow certificate %d", c.Statement.Sequence, before.Statement.Sequence)
		}
		if len(trusted) == 0 && (!bytes.Equal(c.National.Key, before.National.Key) || !bytes.Equal(c.Province.Key, before.Province.Key)) {
			return fmt.Errorf("certificate %d: a signing key has changed; say which keys are trusted", c.Statement.Sequence)
		}
	}
	return nil
}

func contains(keys []Hex, key Hex) bool {
	for _, k := range keys {
		if bytes.Equal(k, key) {
			return true
		}
	}
	return false
}

// Export writes a chain as the JSON file that ReadChain and `jike reconcile verify` read.
func Export(w io.Writer, chain []Certificate) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(chain)
}

// ReadChain reads an exported file: a list of certificates, or one. It refuses anything that
// Export would not have written, white space apart, so that no reader can be shown another
// content than the one that is verified (unknown or doubled fields, for example).
func ReadChain(raw []byte) ([]Certificate, error) {
	var chain []Certificate
	var again []byte
	var err error
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && trimmed[0] == '{' {
		chain = make([]Certificate, 1)
		err = json.Unmarshal(raw, &chain[0])
		again, _ = json.Marshal(chain[0]) // the struct always marshals
	} else {
		err = json.Unmarshal(raw, &chain)
		again, _ = json.Marshal(chain)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate file: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("certificate file: %w", err)
	}
	if !bytes.Equal(compact.Bytes(), again) {
		return nil, errors.New("certificate file: it is not in the form that Jike writes: fields added, doubled, missing or in another order")
	}
	if len(chain) == 0 {
		return nil, errors.New("certificate file: it holds no certificate")
	}
	return chain, nil
}
