package faulttest

import (
	"strings"
	"testing"
	"time"
)

// The checker sees what is done to headquarters' copy behind the product's back: a row lost, one
// too many, half a transaction, an older state.
func TestTheCheckerSeesDamage(t *testing.T) {
	r := New(t, Settings{Seed: seed(t), Lanes: 2})
	if err := r.customer(t.Context(), beside, 3); err != nil {
		t.Fatal(err)
	}
	defer r.load.pauseAll()() // for good: what is damaged stays so
	if err := r.observer.settle(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, damage, undo string
		want               Kind
	}{
		{"row lost", `DELETE FROM crm.contact WHERE customer_id = 700000000 AND id = (SELECT min(id) FROM crm.contact WHERE customer_id = 700000000)`, ``, Lost},
		{"row too many", `INSERT INTO crm.contact (province, id, customer_id) VALUES (591, -5, 5000000000)`, `DELETE FROM crm.contact WHERE id = -5`, Doubled},
		{"row changed", `UPDATE crm.customer SET address = 'x' WHERE id = 700000000`, ``, Half},
		{"null instead of a value", `UPDATE crm.customer SET profile = NULL WHERE id = 700000000`, ``, Half},
		{"half a transaction", `UPDATE crm.customer SET headcount = headcount - 1 WHERE id = 1000000`, `UPDATE crm.customer SET headcount = headcount + 1 WHERE id = 1000000`, Half},
		{"appended row lost", `DELETE FROM crm.monthly_summary WHERE city = 'fault' AND customers = 1 AND members = 1`, ``, Lost},
		{"older state", `DELETE FROM crm.monthly_summary WHERE city = 'fault' AND customers = 0 AND members = (SELECT max(members) FROM crm.monthly_summary WHERE customers = 0 AND city = 'fault')`, ``, Back},
	} {
		if _, err := r.target.Exec(t.Context(), c.damage); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		err := r.damage(t)
		if err == nil || !strings.Contains(err.Error(), string(c.want)+" ") {
			t.Errorf("%s: the checker says %v, want %s", c.name, err, c.want)
		}
		if c.undo != "" {
			if _, err := r.target.Exec(t.Context(), c.undo); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// damage is what the checker finds now.
func (r *Rig) damage(t *testing.T) error {
	t.Helper()
	r.observer.mu.Lock()
	r.observer.findings = map[Kind][]string{}
	r.observer.mu.Unlock()
	if _, err := r.observer.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, found, err := compareAll(t.Context(), r.source, r.target, Province)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found {
		r.observer.find(m.kind(), "%s", m)
	}
	return r.observer.verdict()
}

// A transaction that is seen without one that ended before it began is found.
func TestTheCheckerKnowsTheOrder(t *testing.T) {
	h := newHistory(2)
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	h.lanes[0].entries = []entry{{"a", at(0), at(10)}, {"b", at(20), at(30)}}
	h.lanes[1].entries = []entry{{"c", at(5), at(15)}, {"d", at(40), at(50)}}
	for _, c := range []struct {
		seen    []int
		missing int
	}{
		{[]int{0, 0}, -1},
		{[]int{0, 1}, -1}, // they ran at the same time
		{[]int{1, 0}, -1},
		{[]int{2, 0}, 1}, // c had ended when b began
		{[]int{1, 2}, 0}, // b had ended when d began
		{[]int{2, 2}, -1},
	} {
		if missing, _ := h.outOfOrder(c.seen); missing != c.missing {
			t.Errorf("%v: lane %d is missing something, want %d", c.seen, missing, c.missing)
		}
	}
}

// A server that acknowledges before it syncs loses acknowledged messages when the power goes, and
// the suite finds it: the power cut does cut.
func TestThePowerCutCuts(t *testing.T) {
	r := New(t, Settings{Seed: seed(t), Lanes: 2, Lazy: true})
	if err := needsDisk(r); err != nil {
		t.Skip(err)
	}
	lost, err := r.cutLeafPower(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if lost == 0 {
		t.Error("a server that does not sync lost nothing")
	}
	t.Logf("%d acknowledged messages are lost without sync_interval: always", lost)
	if err := r.Check(t.Context(), time.Minute); err != nil { // and even so the log has them
		t.Error(err)
	}
}

// The link's protocol is read whatever the pieces are in which it comes.
func TestTheWiretapReadsPieces(t *testing.T) {
	const passed = "INFO {}\r\nCONNECT {}\r\nLS+ a b\r\nLMSG up.x 5\r\nhello\r\nHMSG a r 12 " +
		"38\r\nNATS/1.0\r\n\r\n" + Canary + "\r\nLMSG t 23\r\n" + Tracer + "\r\nPING\r\n"
	for _, size := range []int{1, 7, len(passed)} {
		tap := &Wiretap{}
		r := tap.reader()
		for i := 0; i < len(passed); i += size {
			r.write([]byte(passed[i:min(i+size, len(passed))]))
		}
		if tap.broken != nil || len(tap.leaks) != 1 || tap.traced != 1 {
			t.Errorf("pieces of %d: %v, leaks %v, tracer %d", size, tap.broken, tap.leaks, tap.traced)
		}
	}
}
