// Under the race detector some thousand verifications, of which none shares anything, take ten times as long.

//go:build !race

package reconcile

import (
	"bytes"
	"testing"
)

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
