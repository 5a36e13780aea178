package identity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
)

var (
	now    = time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	secret = []byte("0123456789abcdef0123456789abcdef")
)

func TestOnlyTheHolderOfTheKeyIsIdentified(t *testing.T) {
	registry, err := NewRegistry(0, NewPartner("boss", "BOSS", secret, "T4011003"))
	if err != nil {
		t.Fatal(err)
	}
	req := Request{"POST", "/interboss", []byte("body")}
	good := Sign("boss", secret, req, now)
	p, nonce, err := registry.Identify(good, req, now)
	if err != nil || p.Domain != "BOSS" || !p.May("T4011003") || p.May("T4011004") || nonce.KeyID != "boss" || nonce.Expires.Before(now.Add(5*time.Minute)) {
		t.Fatalf("%+v %+v %v", p, nonce, err)
	}
	for _, tc := range []struct {
		name, header string
		req          Request
		at           time.Time
		code         string
	}{
		{"no header", "", req, now, CodeMissing},
		{"another scheme", "Basic Ym9zczpib3Nz", req, now, CodeMissing},
		{"field twice", good + ", Key=boss", req, now, CodeMissing},
		{"short nonce", sign("boss", secret, req, "short", now), req, now, CodeMissing},
		{"unknown key", Sign("other", secret, req, now), req, now, CodeSignature},
		{"wrong secret", Sign("boss", []byte("0123456789abcdef0123456789abcdeF"), req, now), req, now, CodeSignature},
		{"the secret of unknown keys", Sign("x", []byte("an unknown key takes the same time"), req, now), req, now, CodeSignature},
		{"another method", good, Request{"PUT", "/interboss", []byte("body")}, now, CodeSignature},
		{"another path", good, Request{"POST", "/interboss?x", []byte("body")}, now, CodeSignature},
		{"another body", good, Request{"POST", "/interboss", []byte("bodY")}, now, CodeSignature},
		{"another nonce", strings.Replace(good, "Nonce=", "Nonce=A", 1), req, now, CodeSignature},
		{"another time", strings.Replace(good, "T02:15:00Z", "T02:15:01Z", 1), req, now, CodeSignature},
		{"too old", good, req, now.Add(5*time.Minute + time.Second), CodeTime},
		{"from the future", good, req, now.Add(-5*time.Minute - time.Second), CodeTime},
	} {
		_, _, err := registry.Identify(tc.header, tc.req, tc.at)
		var refused *fault.Error
		if !errors.As(err, &refused) || refused.Kind != fault.Unauthenticated || refused.Code != tc.code {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
	}
}

func TestKeysAreCheckedWhenLoaded(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good", string(secret)+"\n", 0o600)
	if _, err := Load([]Setting{{KeyID: "boss", SecretFile: good, Domain: "BOSS"}}, 0); err != nil {
		t.Error(err)
	}
	for name, settings := range map[string][]Setting{
		"open to others": {{KeyID: "boss", SecretFile: write("open", string(secret), 0o644)}},
		"short":          {{KeyID: "boss", SecretFile: write("short", "short", 0o600)}},
		"missing":        {{KeyID: "boss", SecretFile: filepath.Join(dir, "none")}},
		"twice":          {{KeyID: "boss", SecretFile: good}, {KeyID: "boss", SecretFile: good}},
		"bad id":         {{KeyID: "a b", SecretFile: good}},
	} {
		if _, err := Load(settings, 0); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Sign("boss", secret, Request{"POST", "/interboss", nil}, now))
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := parse(header)
		if !ok {
			return
		}
		if got.key == "" || len(got.nonce) < 16 {
			t.Fatalf("%q gave %+v", header, got)
		}
		written := scheme + "Key=" + got.key + ", Time=" + got.time + ", Nonce=" + got.nonce + ", Signature=" + got.signature
		if again, ok := parse(written); len(written) <= len(scheme)+512 && (!ok || again != got) {
			t.Fatalf("%q became %q", header, written)
		}
	})
}
