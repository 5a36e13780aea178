package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Hashing is the cost of an argon2id hash. A stored hash carries its own, so that a change here
// leaves old passwords valid; they are hashed anew at the next sign-in.
type Hashing struct {
	MemoryKiB uint32 `yaml:"memory_kib"`
	Passes    uint32 `yaml:"passes"`
	Threads   uint8  `yaml:"threads"`
}

// DefaultHashing is the cost that OWASP recommends for argon2id: 19 MiB, two passes, one thread.
func DefaultHashing() Hashing { return Hashing{MemoryKiB: 19 * 1024, Passes: 2, Threads: 1} }

// The lengths of salt and key, and the costs above which a stored hash is refused rather than
// computed.
const (
	saltLength   = 16
	keyLength    = 32
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
)

// hasher computes argon2id hashes, few at a time: each takes megabytes and a core, so that a flood
// of sign-ins would otherwise take the node down.
type hasher struct {
	cost  Hashing
	slots chan struct{}
	decoy string // a hash that no password has, verified for logins that do not exist
}

func newHasher(cost Hashing, parallel int) (*hasher, error) {
	h := &hasher{cost: cost, slots: make(chan struct{}, parallel)}
	decoy, err := h.hash(context.Background(), rand.Text())
	h.decoy = decoy
	return h, err
}

// hash gives the PHC string of a password, such as $argon2id$v=19$m=19456,t=2,p=1$salt$key. It
// fails only when ctx ends while waiting for a slot.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	key, err := h.key(ctx, h.cost, []byte(password), salt, keyLength)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.MemoryKiB, h.cost.Passes, h.cost.Threads, encode(salt), encode(key)), nil
}

// verify reports whether the password has the hash, and whether the hash has another cost than
// today's. A hash that cannot be read is an error.
func (h *hasher) verify(ctx context.Context, phc, password string) (ok, outdated bool, err error) {
	cost, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	got, err := h.key(ctx, cost, []byte(password), salt, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, cost != h.cost, nil
}

func (h *hasher) key(ctx context.Context, cost Hashing, password, salt []byte, length uint32) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey(password, salt, cost.Passes, cost.MemoryKiB, cost.Threads, length), nil
}

// parsePHC reads a PHC string of argon2id.
func parsePHC(phc string) (cost Hashing, salt, key []byte, err error) {
	bad := func(what string) (Hashing, []byte, []byte, error) {
		return Hashing{}, nil, nil, fmt.Errorf("password hash: %s", what)
	}
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad("not argon2id")
	}
	var rest string
	n, _ := fmt.Sscanf(parts[3]+" ", "m=%d,t=%d,p=%d%s", &cost.MemoryKiB, &cost.Passes, &cost.Threads, &rest)
	if n != 3 || cost.Threads == 0 || cost.Passes == 0 || cost.Passes > maxPasses || cost.MemoryKiB > maxMemoryKiB {
		return bad("cost")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(salt) < 8 {
		return bad("salt")
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(key) < 16 {
		return bad("key")
	}
	return cost, salt, key, nil
}
