package reconcile

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Fault is what does not hold in a chain of certificates: in which, and where in it.
type Fault struct {
	Sequence int64  // as the certificate names itself
	Field    string // such as statement.tables[2].national.rows
	Text     string
}

// Error says all of it.
func (f *Fault) Error() string {
	return fmt.Sprintf("certificate %d: %s: %s", f.Sequence, f.Field, f.Text)
}

// faults collects what does not hold in one certificate.
type faults struct {
	sequence int64
	list     []*Fault
}

func (f *faults) add(field, format string, args ...any) {
	f.list = append(f.list, &Fault{f.sequence, field, fmt.Sprintf(format, args...)})
}

// Verify checks form, digest, both signatures with the keys that the certificate names, and what
// it says against itself. It says nothing about whose keys they are, nor about the chain: see
// Examine. The error is the first *Fault.
func (c Certificate) Verify() error {
	if list := c.examine(); len(list) > 0 {
		return list[0]
	}
	return nil
}

func (c Certificate) examine() []*Fault {
	f := &faults{sequence: c.Statement.Sequence}
	if v := c.Statement.Version; v < 1 || v > certificateForm {
		f.add("statement.version", "version %d is not known", v)
		return f.list
	}
	digest, err := c.Statement.digest()
	if err != nil {
		f.add("statement", "%v", err)
		return f.list
	}
	if !bytes.Equal(digest, c.Digest) {
		f.add("digest", "it does not fit the statement: one of the two was changed")
	}
	if err := c.National.verify(c.Digest); err != nil {
		f.add("national", "headquarters: %v", err)
	}
	if err := c.Province.verify(c.Digest); err != nil {
		f.add("province", "province %d: %v", c.Statement.Province, err)
	}
	if bytes.Equal(c.National.Key, c.Province.Key) {
		f.add("province.key", "both sides signed with one key")
	}
	c.Statement.consistent(f)
	return f.list
}

// consistent checks what the statement says against itself: a signed "clean" over unequal
// digests would be a fault of the program that signed it.
func (s Statement) consistent(f *faults) {
	if s.Version < 2 && s.Scope != nil {
		f.add("statement.scope", "form 1 has none")
	}
	equal := proofs(f, "statement.tables", s.Tables, s.Version)
	if s.Scope != nil && (len(s.Tables) != 1 || s.Tables[0].Table != s.Scope.Table) {
		f.add("statement.scope.table", "it is about %q, the tables are others", s.Scope.Table)
	}
	s.Found.consistent(f, "statement.found", s.Version)
	if equal != (s.Found.Total() == 0) {
		f.add("statement.found", "it counts %d differences, and the digests of both sides say something else", s.Found.Total())
	}
	if s.Ended.Before(s.Started) || s.DurationMS != s.Ended.Sub(s.Started).Milliseconds() {
		f.add("statement.durationMs", "%d is not the time between started and ended", s.DurationMS)
	}
	want := Clean
	if s.Repair != nil {
		want = s.Repair.consistent(f, s.Version)
	}
	if (s.Repair == nil) != equal {
		f.add("statement.repair", "it does not fit the differences found")
	}
	if s.Result != want {
		f.add("statement.result", "it says %q, the content says %q", s.Result, want)
	}
}

// consistent gives the result that the repair stands for.
func (r RepairProof) consistent(f *faults, form int) Result {
	equal := proofs(f, "statement.repair.tables", r.Tables, form)
	r.Left.consistent(f, "statement.repair.left", form)
	if equal != (r.Left.Total() == 0) {
		f.add("statement.repair.left", "it counts %d differences, and the digests of both sides say something else", r.Left.Total())
	}
	if r.Left.Total() > 0 {
		return Diverged
	}
	return Repaired
}

// proofs checks the tables' digests and says whether all are equal.
func proofs(f *faults, field string, tables []TableProof, form int) bool {
	all := true
	seen := map[string]bool{}
	for i, t := range tables {
		at := fmt.Sprintf("%s[%d]", field, i)
		if seen[t.Table] {
			f.add(at+".table", "%s stands twice", t.Table)
		}
		seen[t.Table] = true
		if (len(t.Columns) > 0) != (form > 2) {
			f.add(at+".columns", "%d columns are named in form %d", len(t.Columns), form)
		}
		equal := t.Province.Rows == t.National.Rows && bytes.Equal(t.Province.Digest, t.National.Digest)
		if equal != (t.DifferentRanges == 0) || t.DifferentRanges < 0 || t.DifferentRanges > t.Ranges {
			f.add(at+".differentRanges", "%d of %d ranges differ, and the digests of both sides say something else", t.DifferentRanges, t.Ranges)
		}
		all = all && equal
	}
	return all
}

// consistent checks counts, causes and digest against the differences that are listed.
func (d Findings) consistent(f *faults, field string, form int) {
	total := d.Total()
	if int64(len(d.Listed)) != min(total, listedDifferences) {
		f.add(field+".listed", "%d differences are listed of %d", len(d.Listed), total)
	}
	if total == 0 {
		if len(d.Digest) > 0 {
			f.add(field+".digest", "a digest of no difference")
		}
	} else if total <= listedDifferences {
		if digest, err := digestOf(d.Listed); err != nil || !bytes.Equal(digest, d.Digest) {
			f.add(field+".digest", "it is not that of the listed differences")
		}
		again, _ := findings(d.Listed, form) // differences always marshal
		if again.Missing != d.Missing || again.Extra != d.Extra || again.Different != d.Different {
			f.add(field, "the counts are not those of the listed differences")
		}
	}
	var sum int64
	for _, c := range d.Causes {
		sum += c.Count
	}
	if form > 1 && sum != total || form < 2 && len(d.Causes) > 0 {
		f.add(field+".causes", "they count %d differences of %d", sum, total)
	}
}

// Trust names, by their fingerprints, the keys that may sign for each side. A side for which none
// is named may sign with any key, as long as it is the same along the chain.
type Trust struct {
	National, Province []string
}

// Examine lists everything that does not hold in certificates of one province in ascending order:
// each by itself, that each names the one before, and whose keys signed. The first may be any:
// only its sequence tells whether something was cut off before it.
func Examine(chain []Certificate, trust Trust) []*Fault {
	var all []*Fault
	for i, c := range chain {
		all = append(all, c.examine()...)
		f := &faults{sequence: c.Statement.Sequence}
		var before *Certificate
		if i > 0 {
			before = &chain[i-1]
			link(f, *before, c)
		}
		for _, side := range []struct {
			field   string
			key     Hex
			trusted []string
			before  func(*Certificate) Hex
		}{
			{"national.key", c.National.Key, trust.National, func(b *Certificate) Hex { return b.National.Key }},
			{"province.key", c.Province.Key, trust.Province, func(b *Certificate) Hex { return b.Province.Key }},
		} {
			print := Fingerprint(side.key)
			switch {
			case len(side.trusted) > 0 && !slices.Contains(side.trusted, print):
				f.add(side.field, "%s is not trusted", print)
			case len(side.trusted) == 0 && before != nil && !bytes.Equal(side.key, side.before(before)):
				f.add(side.field, "the signing key has changed to %s; say which keys are trusted", print)
			}
		}
		all = append(all, f.list...)
	}
	return all
}

// link checks that a certificate follows the one before.
func link(f *faults, before, c Certificate) {
	if c.Statement.Province != before.Statement.Province {
		f.add("statement.province", "province %d in the chain of %d", c.Statement.Province, before.Statement.Province)
	}
	if c.Statement.Sequence != before.Statement.Sequence+1 {
		f.add("statement.sequence", "it does not follow certificate %d", before.Statement.Sequence)
	}
	if !bytes.Equal(c.Statement.Previous, before.Digest) {
		f.add("statement.previous", "it does not follow certificate %d: that has another digest", before.Statement.Sequence)
	}
}

// VerifyChain gives the first thing that Examine finds without any trust, as an error.
func VerifyChain(chain []Certificate) error {
	if list := Examine(chain, Trust{}); len(list) > 0 {
		return list[0]
	}
	return nil
}

// Fingerprint is how a public key is named to people: SHA-256, as SSH writes it.
func Fingerprint(key Hex) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
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
