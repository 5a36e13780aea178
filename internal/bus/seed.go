package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"
)

// Seed is the secret half of an nkey: it proves to a server who connects.
type Seed struct {
	pair   nkeys.KeyPair
	public string
	secret string
}

// NewSeed makes a seed from the system's random source.
func NewSeed() (Seed, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return Seed{}, fmt.Errorf("bus: make a seed: %w", err)
	}
	return seedOf(pair)
}

// ReadSeed reads a seed file. It returns ErrSeed when the content is none.
func ReadSeed(path string) (Seed, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Seed{}, fmt.Errorf("bus: %w", err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(text))
	if err != nil {
		return Seed{}, fmt.Errorf("%w: %s", ErrSeed, path)
	}
	return seedOf(pair)
}

// EnsureSeed reads the seed file at path, or makes it, readable by its owner only.
func EnsureSeed(path string) (Seed, error) {
	seed, err := ReadSeed(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return seed, err
	}
	if seed, err = NewSeed(); err != nil {
		return Seed{}, err
	}
	return seed, seed.write(path)
}

func seedOf(pair nkeys.KeyPair) (Seed, error) {
	public, err := pair.PublicKey()
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return Seed{}, ErrSeed
	}
	secret, err := pair.Seed()
	if err != nil {
		return Seed{}, ErrSeed
	}
	return Seed{pair: pair, public: public, secret: string(secret)}, nil
}

// Public is the half that the other side's configuration names; it starts with U.
func (s Seed) Public() string { return s.public }

// IsPublic reports whether text is what Public gives of some seed.
func IsPublic(text string) bool { return nkeys.IsValidPublicUserKey(text) }

// Sign answers a server's challenge.
func (s Seed) Sign(nonce []byte) ([]byte, error) { return s.pair.Sign(nonce) }

// String hides the secret from logs.
func (s Seed) String() string { return s.public }

func (s Seed) text() string { return s.secret }

// write puts the seed into place whole: another process that starts meanwhile sees all or nothing.
func (s Seed) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("bus: write seed: %w", err)
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(s.text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("bus: write seed: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("bus: write seed: %w", err)
	}
	return nil
}
