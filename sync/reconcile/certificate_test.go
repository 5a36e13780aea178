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
			Version: 1, Province: 591, Sequence: int64(i + 1), Previous: previous, Reconciliation: 7, Barrier: uuid.New(),
			Epoch: 1, Point: LSN(5<<32 + 9), Selection: 1, Schema: Hex{1}, Method: TextMD5, Started: now.UTC(), Ended: now.UTC(), Result: Repaired,
			Tables: []TableProof{{
				Table: "crm.customer", Ranges: 1, DifferentRanges: 1,
				Province: Holds{Rows: 2, Digest: Hex{1, 2}}, National: Holds{Rows: 2, Digest: Hex{3}},
			}},
			Repair: &RepairProof{Keys: 1, Tables: []TableProof{}, Left: Findings{Digest: Hex{}, Listed: []Difference{}}},
		}
		if s.Found, err = findings([]Difference{{Table: "crm.customer", Key: 9, Kind: Different, Columns: []string{"name"}, Cause: Unknown}}); err != nil {
			t.Fatal(err)
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

func TestExportedChainVerifiesAndEveryChangeOfAByteIsDetected(t *testing.T) {
	chain := signed(t, 3)
	var file bytes.Buffer
	if err := Export(&file, chain); err != nil {
		t.Fatal(err)
	}
	verify := func(raw []byte) error {
		read, err := ReadChain(raw)
		if err != nil {
			return err
		}
		return VerifyChain(read)
	}
	raw := file.Bytes()
	if err := verify(raw); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range raw {
		if raw[i] == ' ' || raw[i] == '\n' {
			continue
		}
		mutant := bytes.Clone(raw)
		mutant[i] ^= 1
		if verify(mutant) == nil {
			t.Errorf("byte %d changed from %q to %q is not detected: …%s…", i, raw[i], mutant[i], mutant[max(0, i-40):min(len(mutant), i+40)])
		}
		changed++
	}
	t.Logf("%d changed bytes detected", changed)
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
		"result":        {rewrite(func(c []Certificate) []Certificate { c[1].Statement.Result = Clean; return c }), "digest does not fit"},
		"a difference":  {rewrite(func(c []Certificate) []Certificate { c[1].Statement.Found.Listed[0].Key++; return c }), "digest does not fit"},
		"digest anew":   {rewrite(func(c []Certificate) []Certificate { return resign(t, c, nil) }), "signature is not valid"},
		"one key anew":  {rewrite(func(c []Certificate) []Certificate { return resign(t, c, newKey(t)) }), "province 591: the signature"},
		"left out":      {rewrite(func(c []Certificate) []Certificate { return append(c[:1], c[2]) }), "does not follow"},
		"order":         {rewrite(func(c []Certificate) []Certificate { c[1], c[2] = c[2], c[1]; return c }), "does not follow"},
		"other keys":    {rewrite(func(c []Certificate) []Certificate { return append(c[:1], signed(t, 2)[1]) }), "does not follow"},
		"field added":   {text(`"version": 1`, `"comment": "clean", "version": 1`), "not in the form"},
		"field doubled": {text(`"result": "repaired"`, `"result": "clean", "result": "repaired"`), "not in the form"},
		"field missing": {text(`"approvedBy": ""`, `"x": 0`), "not in the form"},
		"version":       {text(`"version": 1`, `"version": 2`), "version 2 is not known"},
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
	all := []Hex{chain[0].National.Key, chain[0].Province.Key, chain[1].National.Key, chain[1].Province.Key}
	if err := VerifyChain(chain, all...); err != nil {
		t.Fatal(err)
	}
	if err := VerifyChain(chain, all[:3]...); err == nil || !strings.Contains(err.Error(), "not trusted") {
		t.Fatalf("got %v", err)
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
