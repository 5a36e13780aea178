// Package identity says which partner sent a request.
//
// A partner signs with a key that it shares with this node:
//
//	Authorization: JIKE-HMAC-SHA256 Key=boss-591, Time=2026-11-22T02:15:00Z, Nonce=5f0c…, Signature=<hex>
//
// The signature is the HMAC-SHA256 of five lines, each ended by a line feed: the method, the
// request URI (path and query) as sent, the nonce, the time, and the SHA-256 of the HTTP body in
// hexadecimal. The time may differ from the node's by five minutes; within that a nonce is taken
// once, which the journal remembers across restarts.
package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"jike/internal/fault"
)

// Skew is the default for how far a signature's time may be from the node's.
const Skew = 5 * time.Minute

const scheme = "JIKE-HMAC-SHA256 "

// Setting is one partner key of the configuration.
type Setting struct {
	KeyID      string
	SecretFile string   // at least 16 bytes after trimming white space, readable by its owner only
	Domain     string   // the partner's OrigDomain, such as BOSS
	Activities []string // what it may call, such as T4011003
}

// Partner is a system that may call this node.
type Partner struct {
	KeyID      string
	Domain     string
	Activities []string
	secret     []byte
}

// May says whether the partner may call an activity.
func (p Partner) May(activity string) bool { return slices.Contains(p.Activities, activity) }

// Registry knows the partners by their key.
type Registry struct {
	partners map[string]Partner
	skew     time.Duration
}

// Load reads the partners' secrets. A skew of 0 means Skew.
func Load(settings []Setting, skew time.Duration) (*Registry, error) {
	var partners []Partner
	for _, s := range settings {
		info, err := os.Stat(s.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("partner key %s: %w", s.KeyID, err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			return nil, fmt.Errorf("partner key %s: %s can be read by others", s.KeyID, s.SecretFile)
		}
		secret, err := os.ReadFile(s.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("partner key %s: %w", s.KeyID, err)
		}
		partners = append(partners, NewPartner(s.KeyID, s.Domain, []byte(strings.TrimSpace(string(secret))), s.Activities...))
	}
	return NewRegistry(skew, partners...)
}

// NewPartner makes a partner from a secret at hand.
func NewPartner(keyID, domain string, secret []byte, activities ...string) Partner {
	return Partner{KeyID: keyID, Domain: domain, Activities: activities, secret: secret}
}

var keyID = regexp.MustCompile(`\A[0-9A-Za-z._-]{1,64}\z`)

// NewRegistry refuses a malformed or repeated key id and a short secret.
func NewRegistry(skew time.Duration, partners ...Partner) (*Registry, error) {
	if skew <= 0 {
		skew = Skew
	}
	r := &Registry{partners: map[string]Partner{}, skew: skew}
	for _, p := range partners {
		if !keyID.MatchString(p.KeyID) {
			return nil, fmt.Errorf("partner key %q: 1 to 64 letters, digits, dots, dashes and underscores", p.KeyID)
		}
		if len(p.secret) < 16 {
			return nil, fmt.Errorf("partner key %s: the secret has %d bytes, at least 16 are needed", p.KeyID, len(p.secret))
		}
		if _, twice := r.partners[p.KeyID]; twice {
			return nil, fmt.Errorf("partner key %s: given twice", p.KeyID)
		}
		r.partners[p.KeyID] = p
	}
	return r, nil
}

// Request is what a signature covers.
type Request struct {
	Method string
	URI    string // path and query as sent
	Body   []byte
}

// Nonce is a nonce that was presented with a valid signature; until Expires it must be refused.
type Nonce struct {
	KeyID   string
	Value   string
	Expires time.Time
}

// The codes of Identify's faults.
const (
	CodeMissing   = "identity.missing"   // no Authorization of our scheme, or malformed
	CodeSignature = "identity.signature" // unknown key or wrong signature: a caller is not told which
	CodeTime      = "identity.time"
	CodeNonce     = "identity.nonce" // used before; found by the journal
)

// Identify checks the Authorization header. It returns a *fault.Error of kind Unauthenticated with
// one of the codes above. Whether the nonce was used before is not its matter.
func (r *Registry) Identify(authorization string, req Request, now time.Time) (Partner, Nonce, error) {
	f, ok := parse(authorization)
	if !ok {
		return Partner{}, Nonce{}, fault.New(fault.Unauthenticated, CodeMissing)
	}
	p, known := r.partners[f.key]
	secret := p.secret
	if !known {
		secret = []byte("an unknown key takes the same time") // no one's secret: known is checked below
	}
	given, err := hex.DecodeString(f.signature)
	if !hmac.Equal(given, sum(secret, req, f.nonce, f.time)) || err != nil || !known {
		return Partner{}, Nonce{}, fault.New(fault.Unauthenticated, CodeSignature)
	}
	at, err := time.Parse(time.RFC3339, f.time)
	if err != nil || at.Before(now.Add(-r.skew)) || at.After(now.Add(r.skew)) {
		return Partner{}, Nonce{}, fault.New(fault.Unauthenticated, CodeTime)
	}
	// Until then the time would pass again; one more skew for a node whose clock is set back.
	return p, Nonce{KeyID: p.KeyID, Value: f.nonce, Expires: at.Add(2 * r.skew)}, nil
}

// Sign gives the Authorization header for a request, with a nonce of its own.
func Sign(keyID string, secret []byte, req Request, now time.Time) string {
	return sign(keyID, secret, req, rand.Text(), now)
}

func sign(keyID string, secret []byte, req Request, nonce string, now time.Time) string {
	at := now.UTC().Format(time.RFC3339)
	return fmt.Sprintf("%sKey=%s, Time=%s, Nonce=%s, Signature=%x", scheme, keyID, at, nonce, sum(secret, req, nonce, at))
}

func sum(secret []byte, req Request, nonce, at string) []byte {
	body := sha256.Sum256(req.Body)
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n%x\n", req.Method, req.URI, nonce, at, body) // a hash never fails to write
	return mac.Sum(nil)
}

// fields are the parameters of the header.
type fields struct{ key, time, nonce, signature string }

var nonceForm = regexp.MustCompile(`\A[0-9A-Za-z_-]{16,64}\z`)

func parse(authorization string) (fields, bool) {
	var f fields
	rest, ok := strings.CutPrefix(authorization, scheme)
	if !ok || len(rest) > 512 {
		return f, false
	}
	places := map[string]*string{"Key": &f.key, "Time": &f.time, "Nonce": &f.nonce, "Signature": &f.signature}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		place, known := places[name]
		if !known || *place != "" {
			return f, false
		}
		*place = value
	}
	return f, f.key != "" && f.time != "" && f.signature != "" && nonceForm.MatchString(f.nonce)
}
