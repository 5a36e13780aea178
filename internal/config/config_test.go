package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/internal/config"
)

type sample struct {
	Name string `yaml:"name"`
	HTTP struct {
		Listen  string        `yaml:"listen"`
		Timeout time.Duration `yaml:"timeout"`
	} `yaml:"http"`
	Hosts []string `yaml:"hosts"`
}

func defaults() sample {
	var s sample
	s.Name, s.HTTP.Listen, s.HTTP.Timeout = "default", "127.0.0.1:1", time.Second
	return s
}

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFileThenEnvironmentOverDefaults(t *testing.T) {
	got := defaults()
	err := config.Load(&got, file(t, "http:\n  timeout: 5s\n"), "X_",
		[]string{"X_HTTP_LISTEN=127.0.0.1:2", "X_HOSTS=[a, b]", "X_NAME=", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "" || got.HTTP.Listen != "127.0.0.1:2" || got.HTTP.Timeout != 5*time.Second || len(got.Hosts) != 2 {
		t.Fatalf("got %+v", got)
	}
}

func TestWhatIsNotKnownIsRefusedByName(t *testing.T) {
	cases := []struct {
		name, content, names string
		environ              []string
	}{
		{"file", "http:\n  lisen: x\n", "lisen", nil},
		{"environment", "", "X_HTTP_LISEN", []string{"X_HTTP_LISEN=x"}},
		{"type", "", "soon", []string{"X_HTTP_TIMEOUT=soon"}},
		{"two documents", "name: a\n---\nname: b\n", "more than one", nil},
	}
	for _, c := range cases {
		cfg := defaults()
		err := config.Load(&cfg, file(t, c.content), "X_", c.environ)
		if err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: want an error that names %q, got %v", c.name, c.names, err)
		}
	}
}
