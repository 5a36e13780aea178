package reconcile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jike/sync/reconcile"
)

const kept = "../../../sync/reconcile/testdata/certificates.json"

// A good file passes with the right keys only; a changed one fails and says what and where.
func TestVerifyTellsWhatDoesNotHold(t *testing.T) {
	raw, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := reconcile.ReadChain(raw)
	if err != nil {
		t.Fatal(err)
	}
	headquarters := reconcile.Fingerprint(chain[0].National.Key)
	key := filepath.Join(t.TempDir(), "province.pub")
	block, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(chain[0].Province.Key))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: block}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, with string
		command   Verify
		says      []string // in what is printed; none: it holds
	}{
		"good":                {},
		"good, keys known":    {command: Verify{National: []string{headquarters}, Province: []string{key}}},
		"keys of other sides": {command: Verify{Province: []string{headquarters}}, says: []string{"certificate 1: province.key: SHA256:"}},
		"result":              {old: `"result": "repaired"`, with: `"result": "clean"`, says: []string{"certificate 1: digest:", "certificate 1: statement.result:"}},
		"rows":                {old: `"rows": 50,`, with: `"rows": 51,`, says: []string{"certificate 1: digest:", "statement.tables[0]"}},
		"cause":               {old: `"cause": "parked"`, with: `"cause": "unknown"`, says: []string{"certificate 1: digest:"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := raw
			if c.old != "" {
				if changed = bytes.Replace(raw, []byte(c.old), []byte(c.with), 1); bytes.Equal(changed, raw) {
					t.Fatalf("no %s in the file", c.old)
				}
			}
			var trust reconcile.Trust
			if trust.National, err = fingerprints(c.command.National); err != nil {
				t.Fatal(err)
			}
			if trust.Province, err = fingerprints(c.command.Province); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := verify(&out, changed, trust); (err == nil) != (len(c.says) == 0) {
				t.Fatalf("%v\n%s", err, out.String())
			}
			for _, says := range c.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("%q is not in\n%s", says, out.String())
				}
			}
		})
	}
	if _, err := fingerprints([]string{kept}); err == nil {
		t.Error("a file that is no key was taken")
	}
}
