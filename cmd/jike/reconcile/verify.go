package reconcile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jike/sync/reconcile"
)

// Export writes a province's certificates to standard output.
type Export struct {
	node
	Province int16  `arg:"" help:"Carrier province code, such as 591."`
	Since    string `help:"Those made since this date (2026-11-24) or time (RFC 3339); default: all." placeholder:"DATE"`
}

// Run asks the node.
func (c Export) Run(ctx context.Context) error {
	query := url.Values{}
	if c.Since != "" {
		since, err := time.ParseInLocation(time.DateOnly, c.Since, time.Local)
		if err != nil {
			if since, err = time.Parse(time.RFC3339, c.Since); err != nil {
				return fmt.Errorf("--since: %q is neither a date such as 2026-11-24 nor a time: %w", c.Since, err)
			}
		}
		query.Set("since", since.Format(time.RFC3339))
	}
	response, err := c.ask(ctx, http.MethodGet, fmt.Sprintf("/certificates/%d", c.Province), query)
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return errors.Join(err, response.Body.Close())
}

// Verify verifies a file of certificates.
type Verify struct {
	File     string   `arg:"" type:"existingfile" help:"As exported by the portal or 'jike reconcile export'."`
	National []string `help:"Fingerprint, or file of the public key, that may sign for headquarters; may be given again for a changed key." placeholder:"KEY"`
	Province []string `help:"The same for the province." placeholder:"KEY"`
}

// Run prints what holds, or everything that does not, and fails then.
func (c Verify) Run() error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var trust reconcile.Trust
	if trust.National, err = fingerprints(c.National); err != nil {
		return err
	}
	if trust.Province, err = fingerprints(c.Province); err != nil {
		return err
	}
	return verify(os.Stdout, raw, trust)
}

func verify(w io.Writer, raw []byte, trust reconcile.Trust) error {
	chain, err := reconcile.ReadChain(raw)
	if err != nil {
		return err
	}
	faults := reconcile.Examine(chain, trust)
	for _, f := range faults {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults in %d certificates: they prove nothing", len(faults), len(chain))
	}
	first, last := chain[0], chain[len(chain)-1]
	_, err = fmt.Fprintf(w, "province %d: certificates %d to %d hold, %s to %s\nthe last: %s, epoch %d, position %s, %s, digest %s\n",
		first.Statement.Province, first.Statement.Sequence, last.Statement.Sequence,
		first.Statement.Ended.Format(time.RFC3339), last.Statement.Ended.Format(time.RFC3339),
		last.Statement.Result, last.Statement.Epoch, last.Statement.Point, about(last), last.Digest)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		name    string
		key     reconcile.Hex
		trusted bool
	}{
		{"headquarters", last.National.Key, len(trust.National) > 0}, {"the province", last.Province.Key, len(trust.Province) > 0},
	} {
		text := "as required"
		if !side.trusted {
			text = "NOT compared with a key known to you"
		}
		if _, err := fmt.Fprintf(w, "key of %s: %s, %s\n", side.name, reconcile.Fingerprint(side.key), text); err != nil {
			return err
		}
	}
	return nil
}

// about says what a certificate is about.
func about(c reconcile.Certificate) string {
	if c.Statement.Scope == nil {
		return reconcile.Scope{}.String()
	}
	return c.Statement.Scope.String()
}

// fingerprints reads keys: fingerprints as they are, files by their public key.
func fingerprints(keys []string) ([]string, error) {
	var out []string
	for _, k := range keys {
		if strings.HasPrefix(k, "SHA256:") {
			out = append(out, k)
			continue
		}
		raw, err := os.ReadFile(k)
		if err != nil {
			return nil, fmt.Errorf("a key is a fingerprint, SHA256:…, or a file: %w", err)
		}
		block, _ := pem.Decode(raw)
		if block == nil || block.Type != "PUBLIC KEY" {
			return nil, fmt.Errorf("%s: not a public key in PEM form, as 'jike reconcile key' prints it", k)
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		public, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s: not an ed25519 key", k)
		}
		out = append(out, reconcile.Fingerprint(reconcile.Hex(public)))
	}
	return out, nil
}

// Key prints a node's public key.
type Key struct {
	Data string `arg:"" type:"existingdir" help:"The node's data directory."`
}

// Run reads the signing key.
func (c Key) Run() error {
	dir := filepath.Join(c.Data, "keys")
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no node has run on %s: %w", c.Data, err)
	}
	private, err := reconcile.LoadKey(dir)
	if err != nil {
		return err
	}
	public := private.Public().(ed25519.PublicKey)
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, reconcile.Fingerprint(reconcile.Hex(public)))
	if err := pem.Encode(&out, &pem.Block{Type: "PUBLIC KEY", Bytes: raw}); err != nil {
		return err
	}
	_, err = out.WriteTo(os.Stdout)
	return err
}
