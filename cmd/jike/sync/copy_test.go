package sync

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/internal/control"
)

// The command asks the node whose configuration it is given, and says what the node says.
func TestCopyAsksTheNode(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "national.yaml")
	if err := os.WriteFile(file, []byte("data: "+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	go func() {
		_ = control.Serve(t.Context(), listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Method + " " + r.URL.RequestURI()
			if r.FormValue("province") == "571" {
				http.Error(w, "the province is not being copied: 571", http.StatusConflict)
				return
			}
			_, _ = fmt.Fprint(w, `[{"province": 591, "epoch": 3, "state": "running", "expected": 1000, "rows": 250, "bytes": 1500000,
				"ranges": 9, "rangesDone": 2, "begunAt": "2026-11-25T10:00:00Z", "rowsPerSecond": 25}]`)
		}))
	}()
	all, err := copyCmd{headquarters: headquarters{file}}.progress(t.Context())
	if err != nil || <-asked != "GET /copies?province=0" {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := (copyCmd{}).tell(&out, all, time.Date(2026, 11, 25, 10, 0, 10, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if want := "591 3 running 250 1000 1.5 7 25 10"; strings.Join(strings.Fields(strings.Split(out.String(), "\n")[1]), " ") != want {
		t.Errorf("got\n%s\nwant %s", out.String(), want)
	}
	if _, err := (copyCmd{headquarters: headquarters{file}, Province: 571, Cancel: true}).progress(t.Context()); err == nil || !strings.Contains(err.Error(), "not being copied") {
		t.Errorf("refused: %v", err)
	}
	if got := <-asked; got != "DELETE /copies?province=571" {
		t.Error(got)
	}
}
