package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jike/cmd/jike/partner/boss"
	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/wire"
	"jike/xmlapi/charset"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// tuple is a row with one text and one date, whatever the table says they are.
func tuple(table int, text string, date time.Time) []byte {
	row := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, 8), 1)
	row = append(binary.BigEndian.AppendUint32(row, uint32(len(text))), text...)
	row = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(row, 4), uint32(int32(date.Sub(epoch)/(24*time.Hour))))
	for range len(replica.Up[table].Columns) - 3 {
		row = binary.BigEndian.AppendUint32(row, uint32(0xFFFFFFFF)) // null
	}
	return row
}

func message(after wire.Link, lsn wire.LSN, changes ...wire.Change) ([]byte, wire.Link) {
	var w wire.Writer
	w.Reset(wire.Header{Province: 591, Epoch: 1, Incarnation: 1, Prev: after})
	w.Begin(lsn, time.Now(), 0)
	for _, c := range changes {
		w.Change(c)
	}
	digest := wire.Hash{byte(lsn)}
	w.End(digest)
	return w.Bytes(), after.Next(lsn, digest)
}

func TestCanaryIsFoundInMessage(t *testing.T) {
	f := newFinder(7)
	shown, hidden, birthday := f.word("shown", true), f.word("hidden", false), f.birthday("birthday")
	born, err := time.Parse(time.DateOnly, birthday)
	if err != nil {
		t.Fatal(err)
	}
	padding := strings.Repeat("虚构科技有限公司", 500) // compressed: the raw bytes do not show the word
	say := func(place, word string, date time.Time) {
		t.Helper()
		raw, _ := message(wire.Link{}, 7, wire.Change{Op: wire.Insert, Table: 2, Data: tuple(2, padding+word+padding, date)})
		if _, err := f.message(place, raw); err != nil {
			t.Fatal(err)
		}
	}
	say("clean", shown, born.AddDate(0, 0, 1))
	if leaks := f.leaks(); len(leaks) > 0 || f.found("clean") != 1 {
		t.Fatalf("found %d, leaks %v", f.found("clean"), leaks)
	}
	say("word", hidden, born.AddDate(0, 0, 1))
	say("date", "", born)
	leaks := strings.Join(f.leaks(), "\n") // the word once or twice: unfolded, and perhaps as it travels
	if !strings.Contains(leaks, "hidden ("+hidden+") is ") || !strings.HasSuffix(leaks, " times in word") || !strings.Contains(leaks, "birthday ("+birthday+") is 1 times in date") {
		t.Errorf("leaks:\n%s", leaks)
	}
	if len(f.unfound("clean")) != 0 || len(f.unfound("date")) != 1 {
		t.Errorf("unfound: %v, %v", f.unfound("clean"), f.unfound("date"))
	}
	if _, err := f.message("cut", []byte("cut short")); err == nil {
		t.Error("a message that cannot be read passes")
	}
}

func TestCanaryIsFoundInFiles(t *testing.T) {
	f := newFinder(8)
	word, phone, birthday := f.word("word", false), f.phone("phone"), f.birthday("birthday")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"plain.log": "zqzq" + word + "19", "hex.sql": `\x00` + hex.EncodeToString([]byte(word)), "numbers.csv": "191919" + phone + "," + birthday, "clean": "zq19",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := f.files("files", dir, filepath.Join(dir, "is not there")); err != nil || n != 4 {
		t.Fatalf("%d files, %v", n, err)
	}
	want := "word (" + word + ") is 2 times in files\nphone (" + phone + ") is 1 times in files\nbirthday (" + birthday + ") is 1 times in files"
	if got := strings.Join(f.leaks(), "\n"); got != want {
		t.Errorf("leaks:\n%s\nwant:\n%s", got, want)
	}
}

func TestTrailNotesEveryValue(t *testing.T) {
	f := newFinder(9)
	ids := f.follow("BRUN1", 8)
	raw, _ := message(wire.Link{}, 7, wire.Change{Op: wire.Insert, Table: 2, Data: tuple(2, "BBRUN1001 BRUN1002BRUN1003 BRUN1", epoch)})
	if _, err := f.message("hub 591", raw); err != nil {
		t.Fatal(err)
	}
	f.bytes("log 591.log", []byte("BRUN1004"))
	f.bytes("dump", []byte("BRUN1003"))
	for id, want := range map[string]string{"BRUN1001": "hub 591", "BRUN1002": "hub 591", "BRUN1003": "dump hub 591", "BRUN1004": ""} {
		if got := strings.Join(ids.in(id), " "); got != want {
			t.Errorf("%s is in %q, want %q", id, got, want)
		}
	}
}

func TestChainGoesOnOverGapsThatComeLater(t *testing.T) {
	first, a := message(wire.Link{}, 10, wire.Change{Op: wire.Delete, Data: make([]byte, 8)})
	second, b := message(a, 20, wire.Change{Op: wire.Delete, Data: make([]byte, 8)})
	third, c := message(b, 30, wire.Change{Op: wire.Delete, Data: make([]byte, 8)})
	var end wire.Link
	n := 0
	for _, raw := range [][]byte{first, third, first, second, third} { // the second was lost and came with a refill
		m, err := wire.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		n += extend(&end, m)
	}
	if n != 3 || end != c {
		t.Errorf("%d transactions up to %s, want 3 up to %s", n, end.LSN, c.LSN)
	}
}

func TestPollerSeesWhatMustNotBe(t *testing.T) {
	at := &site{node: nodeOf(591)}
	for _, c := range []struct {
		says    string
		amounts [][]int64 // one read after the other
		wrong   bool
	}{
		{"rising", [][]int64{nil, {0, 0}, {0, 0}, {3, 3}, {4, 4}}, false},
		{"unequal", [][]int64{{2, 2}, {3, 2}}, true},
		{"backwards", [][]int64{{5, 5}, {4, 4}}, true},
		{"gone", [][]int64{{5, 5}, nil}, true},
		{"half", [][]int64{{5}}, true},
	} {
		p := newPoller("", []*site{at}, nil)
		var err error
		for _, amounts := range c.amounts {
			err = errors.Join(err, p.judge(at, amounts, time.Now()))
		}
		if (err != nil) != c.wrong {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}

func TestQuietKillsProveNothing(t *testing.T) {
	at := time.Now()
	busy, idle := &site{node: nodeOf(591)}, &site{node: nodeOf(571)}
	for i := range 60 {
		busy.commits = append(busy.commits, at.Add(-time.Duration(10+i*16)*time.Millisecond))
	}
	both := []*site{busy, idle}
	ledgers := map[*site]*boss.Ledger{busy: {}, idle: {}}
	for _, c := range []struct {
		says  string
		kill  kill
		wrong bool
	}{
		{"busy", kill{at: at, sites: both}, false},
		{"the killed one is idle", kill{at: at, sites: []*site{idle}}, true},
		{"too few commits", kill{at: at.Add(-700 * time.Millisecond), sites: both}, true},
		{"the last is long ago", kill{at: at.Add(200 * time.Millisecond), sites: both}, true},
	} {
		if err := c.kill.measure(ledgers, both); (err != nil) != c.wrong {
			t.Errorf("%s: %v (%d commits/s, last %s before)", c.says, err, c.kill.rate, c.kill.last)
		}
	}
}

func TestKillsAreOfEachKind(t *testing.T) {
	count := map[string]int{}
	for _, p := range targets(worldOf(591, 571), 2, rand.New(rand.NewPCG(1, 1))) {
		count[string(p)]++
	}
	want := map[string]int{"591": 1, "571": 1, "postgres/591": 1, "postgres/571": 1, "national": 2, "postgres/national": 2, "hub": 2}
	for part, n := range want {
		if count[part] != n {
			t.Errorf("%s: %d kills, want %d", part, count[part], n)
		}
	}
}

func TestRepliesAreWhatIconvMakes(t *testing.T) {
	text := `<?xml version="1.0" encoding="UTF-8"?><TransIDO>A1</TransIDO><Name>` + company + `€·—</Name>`
	for _, set := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
		reply := set.Encode(strings.Replace(strings.Replace(text, "UTF-8", set.String(), 1), "A1", "B2", 1))
		want, err := converted(t.Context(), likeReply(text, string(reply)), set.String())
		if err != nil || !bytes.Equal(reply, want) {
			t.Errorf("%s: %v\n%q\n%q", set, err, reply, want)
		}
		if set == charset.GBK && (!bytes.Contains(want, []byte("&#15704;")) || !bytes.Contains(want, []byte("&#134071;"))) {
			t.Errorf("GBK: 㵘 and 𠮷 are not references: %q", want)
		}
	}
}

func TestDifferencesAreNamedExactly(t *testing.T) {
	row := func(key int64, kind string, columns ...string) difference {
		return difference{Province: 591, Table: "crm.bill", Key: key, Kind: kind, Columns: columns}
	}
	planted := []difference{row(1, different, "month", "paid_fen"), row(2, missing), row(3, extra)}
	if err := sameDifferences(planted, []difference{row(3, extra), row(1, different, "paid_fen", "month"), row(2, missing)}); err != nil {
		t.Error(err)
	}
	for says, found := range map[string][]difference{
		"not found":    planted[:2],
		"not planted":  append([]difference{row(4, missing)}, planted...),
		"other column": {row(1, different, "month"), planted[1], planted[2]},
		"other kind":   {planted[0], row(2, extra), planted[2]},
	} {
		if sameDifferences(planted, found) == nil {
			t.Errorf("%s: passes", says)
		}
	}
}

func TestStepFailsWhenSomethingBesideItDoes(t *testing.T) {
	ctx, fail := context.WithCancelCause(t.Context())
	r := newReport(io.Discard)
	broken := errors.New("headquarters went backwards")
	err := r.step(ctx, "waits", func(ctx context.Context) (string, error) {
		fail(broken)
		return "", until(ctx, time.Minute, "what never comes", func(context.Context) (bool, error) { return false, nil })
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if err := r.step(ctx, "next", func(context.Context) (string, error) { return "passes", nil }); !errors.Is(err, broken) {
		t.Errorf("the next step: %v", err)
	}
	err = until(t.Context(), time.Millisecond, "what never comes", func(context.Context) (bool, error) { return false, nil })
	if err == nil || !strings.Contains(err.Error(), "what never comes") {
		t.Errorf("%v", err)
	}
}

func TestCommandRefusesTooLittle(t *testing.T) {
	for _, c := range []Cmd{{Kills: 0, Customers: 2000}, {Kills: 2, Customers: 10}} {
		if err := c.Run(t.Context()); err == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

// The node may change a customer between a look and a save; a save that is refused for good ends.
func TestAChangeGoesOnFromTheRecordAsItIs(t *testing.T) {
	stored := record{"id": 7.0, "version": 2.0, "address": "旧", "name": "甲"}
	refuse := false
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodPut {
			var sent record
			if err := json.NewDecoder(q.Body).Decode(&sent); err != nil || refuse || sent.version() != stored.version() {
				w.WriteHeader(http.StatusConflict)
				return
			}
			stored["address"], stored["version"] = sent["address"], stored.version()+1
		}
		_ = json.NewEncoder(w).Encode(stored)
	}))
	defer node.Close()
	b := &browser{base: node.URL, http: node.Client()}
	old := record{"id": 7.0, "version": 1.0, "address": "更旧", "name": "甲"}
	saved, err := b.change(t.Context(), old, "address", "新")
	if err != nil || saved.version() != 3 || stored["address"] != "新" {
		t.Errorf("saved %v, %v; the node has %v", saved, err, stored)
	}
	refuse = true
	if _, err := b.change(t.Context(), saved, "address", "又新"); !isRefusal(err, http.StatusConflict) {
		t.Errorf("a save that is always refused: %v", err)
	}
}
