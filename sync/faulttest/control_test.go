package faulttest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// edit switches something off in one source file.
type edit struct{ file, from, to string }

// control is a mechanism of the product that is switched off in a build of its own, and what the
// suite must find then.
type control struct {
	name    string
	edits   []edit
	pkg     string // whose tests are run; "": this package
	run     string // the test
	fault   string // JIKE_FAULT
	finds   string // in the output of the failing test
	quick   bool   // part of make faults
	repeats string // JIKE_RECONCILIATIONS
}

var controls = []control{
	{
		name:  "apply does not check the chain",
		edits: []edit{{"sync/apply/follow.go", "case link == c.link:", "case true:"}},
		run:   "TestFaults", fault: "^messages lost in the hub$", finds: string(Lost), quick: true,
	},
	{
		name:  "capture confirms what headquarters has not applied",
		edits: []edit{{"sync/capture/track.go", "upTo := t.applied", "upTo := t.published.LSN"}},
		run:   "TestFaults", fault: "^wiped leaf$", finds: string(Begun),
	},
	{
		name:  "apply trusts a sequence of another stream",
		edits: []edit{{"sync/apply/session.go", "if p.stream != hub.Key() || p.sequence > hub.Last() {", "if false {"}},
		run:   "TestFaults", fault: "^(kill apply|two appliers|wiped hub)$", finds: string(Stuck),
	},
	{
		name:  "a barrier stands behind its position instead of before it",
		edits: []edit{{"sync/capture/pack.go", "if h.lsn == 0 || lsn < h.lsn ||", "if h.lsn == 0 || lsn <= h.lsn ||"}},
		run:   "TestReconciliations", fault: "-", finds: string(False), repeats: "60",
	},
	{
		name:  "an absence ends the wait for a row whatever it came behind",
		edits: []edit{{"sync/apply/divergence.go", "AND (d.kind = 'delete' OR", "AND (true OR"}},
		pkg:   "./sync/apply", run: "TestAnAbsenceDoesNotOutrunAnEntry", finds: "waits, want",
	},
	{
		name:  "the snapshot guard is off",
		edits: []edit{{"sync/capture/guard.go", "if !s.ahead(now) {", "if !s.ahead(now) || true {"}},
		pkg:   "./sync/capture", run: "TestTheGuard", finds: "the guard let",
	},
	{
		name:  "capture confirms what headquarters has not applied, in the model",
		edits: []edit{{"sync/capture/track.go", "upTo := t.applied", "upTo := t.published.LSN"}},
		pkg:   "./sync/capture", run: "TestCaptureKeeps", finds: "is confirmed, headquarters has",
	},
	{
		name:  "chunks of two attempts are mixed, in the model",
		edits: []edit{{"sync/apply/follow.go", "p.Chunk == l.next && l.content.Follows(p)", "p.Chunk == l.next"}},
		pkg:   "./sync/apply", run: "TestApplyKeeps", finds: "transactions of epoch",
	},
	{
		name: "rows are published that are not selected",
		edits: []edit{
			{"sync/capture/resend.go", `strings.Join(columns, ", "), filterColumn)`, `strings.Join(columns, ", "), "true OR "+filterColumn)`},
			{"sync/capture/publication.go", "case strings.Trim(p.Filter, `()\"`) != filterColumn:", `case strings.Trim(p.Filter, "()") == "never":`},
		},
		run: "TestFaults", fault: "^kill capture$", finds: "left the province|doubled",
	},
	{
		name: "capture goes on after another log",
		edits: []edit{
			{"sync/capture/pack.go", "if p.witness[0] != p.link {", "if false {"},
			{"sync/capture/pack.go", "if p.first != 0 && tx.lsn != p.first {", "if false {"},
			{"sync/capture/pack.go", "len(p.witness) > 0 && tx.lsn > p.witness[0].LSN", "false"},
		},
		pkg: "./sync/synctest", run: "TestARestoredDiskImageBeginsANewEpoch", finds: "FAIL: TestARestored",
	},
}

// Each mechanism is there for something: without it the suite fails, and says what is wrong.
func TestControls(t *testing.T) {
	if os.Getenv("JIKE_FAULTS") == "" && os.Getenv("JIKE_LONG") == "" {
		t.Skip("part of make faults and make long")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range controls {
		if !c.quick && os.Getenv("JIKE_LONG") == "" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			binary := c.build(t, root)
			cmd := exec.Command(binary, "-test.v", "-test.timeout", "10m", "-test.run", "^"+c.run)
			if strings.HasSuffix(c.name, "in the model") {
				cmd.Args = append(cmd.Args, "-rapid.checks=30000", "-rapid.nofailfile", "-rapid.shrinktime=1s")
			}
			cmd.Dir = filepath.Join(root, c.dir())
			cmd.Env = append(os.Environ(), "JIKE_FAULT="+c.fault, "JIKE_PATIENCE=25", "JIKE_RECONCILIATIONS="+c.repeats)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the suite passes without it:\n%s", tail(out))
				return
			}
			for finding := range strings.SplitSeq(c.finds, "|") {
				if bytes.Contains(out, []byte(finding)) {
					return
				}
			}
			t.Errorf("the suite fails, but does not say %s:\n%s", c.finds, tail(out))
		})
	}
}

func (c control) dir() string {
	if c.pkg != "" {
		return c.pkg
	}
	return "sync/faulttest"
}

// build compiles the tests with the edits in place. An edit that no longer fits its file fails: the
// mechanism has moved, and the control must follow.
func (c control) build(t *testing.T, root string) (binary string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for i, e := range c.edits {
		path := filepath.Join(root, e.file)
		from := path
		if edited, twice := replace[path]; twice {
			from = edited
		}
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), e.from) != 1 {
			t.Fatalf("%s: %q is not there once: give the control what is there now", e.file, e.from)
		}
		edited := filepath.Join(dir, string(rune('a'+i))+".go")
		if err := os.WriteFile(edited, []byte(strings.Replace(string(text), e.from, e.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[path] = edited
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "tests")
	cmd := exec.Command("go", "test", "-c", "-overlay", file, "-o", binary, "./"+c.dir())
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

func tail(out []byte) []byte { return out[max(0, len(out)-3000):] }
