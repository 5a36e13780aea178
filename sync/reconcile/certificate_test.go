package reconcile

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// signed makes a small valid chain.
func signed(t *testing.T, length int) []Certificate {
	t.Helper()
	_, national, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, province, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var chain []Certificate
	previous := Hex{}
	for i := range length {
		now := time.Date(2026, 11, 24, 2, 0, i, 123456000, time.FixedZone("", 8*3600))
		s := Statement{
			Version: 1 + i%3, Province: 591, Sequence: int64(i + 1), Previous: previous, Reconciliation: 7, Barrier: uuid.New(),
			Epoch: 1, Point: LSN(5<<32 + 9), Selection: 1, Schema: Hex{1}, Method: TextMD5, Started: now.UTC(), Ended: now.UTC(), Result: Repaired,
			Tables: []TableProof{{
				Table: "crm.customer", Ranges: 1, DifferentRanges: 1,
				Province: Holds{Rows: 2, Digest: Hex{1, 2}}, National: Holds{Rows: 2, Digest: Hex{3}},
			}},
			Repair: &RepairProof{Keys: 1, Tables: []TableProof{}, Left: Findings{Digest: Hex{}, Listed: []Difference{}}},
		}
		if s.Found, err = findings([]Difference{{Table: "crm.customer", Key: 9, Kind: Different, Columns: []string{"name"}, Cause: Unknown}}, s.Version); err != nil {
			t.Fatal(err)
		}
		if s.Version == 3 {
			s.Tables[0].Columns = []string{"id", "name"}
		}
		if s.Version == 2 {
			to := int64(1) << 60
			s.Scope = &Scope{Table: "crm.customer", To: &to}
		}
		digest, err := s.digest()
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, Certificate{Statement: s, Digest: digest, National: sign(national, digest), Province: sign(province, digest)})
		previous = digest
	}
	return chain
}

func TestTamperingIsDetected(t *testing.T) {
	rewrite := func(change func(c []Certificate) []Certificate) func([]byte) []byte {
		return func(raw []byte) []byte {
			var chain []Certificate
			if err := json.Unmarshal(raw, &chain); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := Export(&out, change(chain)); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}
	}
	text := func(old, with string) func([]byte) []byte {
		return func(raw []byte) []byte { return []byte(strings.Replace(string(raw), old, with, 1)) }
	}
	cases := map[string]struct {
		change func([]byte) []byte
		says   string
	}{
		"result":        {rewrite(func(c []Certificate) []Certificate { c[1].Statement.Result = Clean; return c }), "does not fit the statement"},
		"a difference":  {rewrite(func(c []Certificate) []Certificate { c[1].Statement.Found.Listed[0].Key++; return c }), "does not fit the statement"},
		"digest anew":   {rewrite(func(c []Certificate) []Certificate { return resign(t, c, nil) }), "signature is not valid"},
		"one key anew":  {rewrite(func(c []Certificate) []Certificate { return resign(t, c, newKey(t)) }), "province 591: the signature"},
		"left out":      {rewrite(func(c []Certificate) []Certificate { return append(c[:1], c[2]) }), "does not follow"},
		"order":         {rewrite(func(c []Certificate) []Certificate { c[1], c[2] = c[2], c[1]; return c }), "does not follow"},
		"other keys":    {rewrite(func(c []Certificate) []Certificate { return append(c[:1], signed(t, 2)[1]) }), "does not follow"},
		"field added":   {text(`"version": 1`, `"comment": "clean", "version": 1`), "not in the form"},
		"field doubled": {text(`"result": "repaired"`, `"result": "clean", "result": "repaired"`), "not in the form"},
		"field missing": {text(`"approvedBy": ""`, `"x": 0`), "not in the form"},
		"version":       {text(`"version": 1`, `"version": 4`), "version 4 is not known"},
		"empty":         {text("", "[]"), "certificate file"},
		"no list":       {func([]byte) []byte { return []byte("[]") }, "holds no certificate"},
	}
	var file bytes.Buffer
	if err := Export(&file, signed(t, 3)); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			chain, err := ReadChain(c.change(bytes.Clone(file.Bytes())))
			if err == nil {
				err = VerifyChain(chain)
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
		})
	}
}

// resign changes a certificate, fits its digest to it, and signs as headquarters if key is given.
func resign(t *testing.T, c []Certificate, key ed25519.PrivateKey) []Certificate {
	t.Helper()
	c[1].Statement.Tables[0].National.Rows = 3
	digest, err := c[1].Statement.digest()
	if err != nil {
		t.Fatal(err)
	}
	c[1].Digest = digest
	if key != nil {
		c[1].National = sign(key, digest)
	}
	return c
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestChangedKeyNeedsTrust(t *testing.T) {
	chain := signed(t, 2)
	province, national := newKey(t), newKey(t)
	chain[1].National, chain[1].Province = sign(national, chain[1].Digest), sign(province, chain[1].Digest)
	if err := VerifyChain(chain); err == nil || !strings.Contains(err.Error(), "signing key has changed") {
		t.Fatalf("got %v", err)
	}
	trust := Trust{
		National: []string{Fingerprint(chain[0].National.Key), Fingerprint(chain[1].National.Key)},
		Province: []string{Fingerprint(chain[0].Province.Key), Fingerprint(chain[1].Province.Key)},
	}
	if list := Examine(chain, trust); len(list) > 0 {
		t.Fatal(list[0])
	}
	trust.Province = trust.Province[:1]
	list := Examine(chain, trust)
	if len(list) != 1 || list[0].Sequence != 2 || list[0].Field != "province.key" || !strings.Contains(list[0].Text, "not trusted") {
		t.Fatalf("got %v", list)
	}
	// A province that is trusted cannot sign for headquarters as well.
	both := signed(t, 1)
	both[0].National = both[0].Province
	if list := Examine(both, Trust{}); len(list) == 0 || list[0].Field != "province.key" {
		t.Fatalf("one key for both sides: %v", list)
	}
}

func TestSigningKeyIsMadeOnceAndMustBePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := LoadKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadKey(dir)
	if err != nil || !first.Equal(second) {
		t.Fatalf("another key on the second start, %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, keyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(dir); err == nil {
		t.Fatal("a key that everybody can read was taken")
	}
}

// Every single field of a certificate is covered: whichever is changed, the change is found in the
// certificate that has it, or at its link to the next.
func TestEveryChangedFieldIsFoundInItsCertificate(t *testing.T) {
	var file bytes.Buffer
	if err := Export(&file, signed(t, 3)); err != nil {
		t.Fatal(err)
	}
	var document any
	exact := json.NewDecoder(&file)
	exact.UseNumber()
	if err := exact.Decode(&document); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for at := range document.([]any) {
		eachLeaf(document.([]any)[at], "", func(path string, set func(any), value any) {
			defer set(value)
			set(otherValue(value))
			raw, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			var chain []Certificate
			if err := json.Unmarshal(raw, &chain); err != nil {
				return // no certificate at all: ReadChain says so
			}
			changed++
			list := Examine(chain, Trust{})
			if len(list) == 0 {
				t.Errorf("certificate %d: %s changed from %v is not found", at+1, path, value)
			} else if got := list[0].Sequence; got != int64(at+1) && path != ".statement.sequence" {
				t.Errorf("certificate %d: %s changed is found in certificate %d: %v", at+1, path, got, list[0])
			}
		})
	}
	if changed < 3*35 {
		t.Errorf("only %d fields were changed", changed)
	}
}

// eachLeaf visits the values of a JSON document that hold no others.
func eachLeaf(v any, path string, visit func(path string, set func(any), value any)) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if !isLeaf(value) {
				eachLeaf(value, path+"."+name, visit)
				continue
			}
			visit(path+"."+name, func(x any) { v[name] = x }, value)
		}
	case []any:
		for i, value := range v {
			if !isLeaf(value) {
				eachLeaf(value, path, visit)
				continue
			}
			visit(path, func(x any) { v[i] = x }, value)
		}
	}
}

func isLeaf(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// otherValue is another value of the same form.
func otherValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64() // a certificate has whole numbers only
		return n + 1
	case string:
		if v == "" {
			return "ab"
		}
		last := v[len(v)-1]
		replaced := byte('1')
		if last == '1' {
			replaced = '2'
		}
		if last == 'Z' { // of a time
			return v[:len(v)-2] + string(replaced) + "Z"
		}
		return v[:len(v)-1] + string(replaced)
	}
	return "x"
}

// A statement that both nodes signed although it contradicts itself names the field.
func TestAContradictionIsNamedByItsField(t *testing.T) {
	for field, change := range map[string]func(s *Statement){
		"statement.result":                    func(s *Statement) { s.Result = Clean },
		"statement.tables[0].differentRanges": func(s *Statement) { s.Tables[0].DifferentRanges = 0 },
		"statement.found.listed":              func(s *Statement) { s.Found.Missing++ },
		"statement.found.digest":              func(s *Statement) { s.Found.Digest = Hex{1} },
		"statement.found.causes":              func(s *Statement) { s.Found.Causes = nil },
		"statement.repair":                    func(s *Statement) { s.Repair, s.Result = nil, Clean },
		"statement.repair.left":               func(s *Statement) { s.Repair.Left.Missing = 1 },
		"statement.durationMs":                func(s *Statement) { s.DurationMS = 7 },
		"statement.scope.table":               func(s *Statement) { s.Scope.Table = "crm.bill" },
		"statement.tables[1].table":           func(s *Statement) { s.Tables = append(s.Tables, s.Tables[0]) },
	} {
		c := signed(t, 2)[1]
		change(&c.Statement)
		digest, err := c.Statement.digest()
		if err != nil {
			t.Fatal(err)
		}
		c.Digest, c.National, c.Province = digest, sign(newKey(t), digest), sign(newKey(t), digest)
		found := false
		for _, f := range Examine([]Certificate{c}, Trust{}) {
			found = found || f.Field == field
		}
		if !found {
			t.Errorf("%s: %v", field, Examine([]Certificate{c}, Trust{}))
		}
	}
}

// The certificates in testdata were made by a real run and signed by both sides: their form is
// known for ever. A new form gets a new file.
func TestKeptCertificatesHold(t *testing.T) {
	raw, err := os.ReadFile("testdata/certificates.json")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ReadChain(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyChain(chain); err != nil {
		t.Fatal(err)
	}
}
