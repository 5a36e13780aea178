package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/sync/stream"
)

// victim is the other province: the key of `province` was stolen.
const victim = 571

var (
	victimID = stream.Identity{Province: victim, Epoch: 1, Incarnation: 1}
	canary   = []byte("what only the victim and headquarters may read")
)

// TestAStolenKeyReachesNothingOfOthers tries with a province's real seed file what a thief could:
// nothing of another province, of the hub's JetStream or of its own province's stored messages may
// be reached, and the other province's traffic goes on meanwhile.
func TestAStolenKeyReachesNothingOfOthers(t *testing.T) {
	h := newHeist(t, func(config string) string { return config })
	h.asClient()
	h.withManyLinks()
	for _, domain := range []string{"", "hub", victimDomain} {
		h.asLeaf(domain)
	}
	if len(h.breaches) > 0 {
		t.Errorf("a stolen key got through:\n%s", strings.Join(h.breaches, "\n"))
	}
}

// TestTheThiefWouldFindAWrongPermission is the negative control: with one protection taken away
// the same thief must get through where that protection was.
func TestTheThiefWouldFindAWrongPermission(t *testing.T) {
	rights := regexp.MustCompile(`(?s)permissions: \{.*?\n      \} \}`)
	anything := func(config string) string {
		return rights.ReplaceAllString(config, `permissions: { publish: ">", subscribe: ">" } }`)
	}
	for _, c := range []struct {
		what   string
		change func(string) string
		try    func(*heist)
		breach string
	}{
		{"any subject allowed", anything, func(h *heist) { h.asLeaf("") }, "the hub answered $JS.hub.API.STREAM.PURGE"},
		{"one account for both", func(config string) string {
			return regexp.MustCompile(`(?s)    \]\n    mappings: \{[^\n]*\n  \}\n  P571 \{.*?users: \[\n`).ReplaceAllString(anything(config), "")
		}, func(h *heist) { h.asLeaf("") }, "heard of the victim's stream at the hub"},
		{"the key opens any connection", func(config string) string {
			return strings.ReplaceAll(config, "[LEAFNODE]", "[LEAFNODE, STANDARD]")
		}, (*heist).asClient, "a client was let in"},
		{"no limit of links", func(config string) string {
			return strings.ReplaceAll(config, "max_leafnodes: 4", "max_leafnodes: 400")
		}, (*heist).withManyLinks, "12 links were let in"},
		{"the name of the stream is known", func(config string) string { return config }, func(h *heist) {
			h.guesses = append(h.guesses, h.ownName)
			h.asLeaf("")
		}, "the hub has lost what it stored of the thief's province"},
	} {
		t.Run(c.what, func(t *testing.T) {
			h := newHeist(t, c.change)
			c.try(h)
			if !slices.ContainsFunc(h.breaches, func(b string) bool { return strings.Contains(b, c.breach) }) {
				t.Errorf("nobody noticed; only found: %q", h.breaches)
			}
		})
	}
}

// heist is a hub with two provinces at work and a thief with one's key.
type heist struct {
	*testing.T
	net      *bustest.Net
	hubURL   string
	key      bus.Seed // stolen
	guesses  []string // names that the hub's streams might have
	breaches []string

	national          *nats.Conn // in the victim's account
	hub, own          *stream.Hub
	hubName, ownName  string
	leaf              *stream.Leaf
	sent              uint64
	told, asked       chan string // what reached the victim and headquarters by notices and calls
	nationalC, victim *stream.Control
}

func (h *heist) breach(format string, args ...any) {
	h.breaches = append(h.breaches, fmt.Sprintf(format, args...))
}

func newHeist(t *testing.T, change func(string) string) *heist {
	t.Helper()
	net, process := bustest.NewApartWith(t, change, province, victim)
	h := &heist{
		T: t, net: net, hubURL: process.URL, guesses: []string{"HUB_591_1", "HUB_571_1", "HUB_591_1_", "HUB_591_1_1"},
		told: make(chan string, 1000), asked: make(chan string, 1000),
	}
	var err error
	h.key, err = bus.ReadSeed(net.SeedFile(province)) // as the thief has it
	must(t, err)
	var leafNC *nats.Conn
	open := func(id stream.Identity) (*nats.Conn, *stream.Hub, *stream.Leaf, string) {
		server := net.Leaf(id.Province, "")
		leafNC = bustest.Connect(t, server, net.ProvinceSeed(id.Province))
		leaf, err := stream.OpenLeaf(t.Context(), leafNC, id, limits)
		must(t, err)
		national, err := bus.Dial(process.URL, net.NationalSeed(id.Province))
		must(t, err)
		t.Cleanup(national.Close)
		hub, err := stream.OpenHub(t.Context(), national, id, limits)
		must(t, err)
		names, err := stream.HubStreams(t.Context(), national, id)
		must(t, err)
		return national, hub, leaf, names[0]
	}
	_, own, ownLeaf, ownName := open(id)
	publish(t, ownLeaf, 0, 5)
	await(t, own, id, 5, resumeBound)
	h.own, h.ownName = own, ownName
	h.national, h.hub, h.leaf, h.hubName = open(victimID)
	h.controls(leafNC)
	h.goesOn("before")
	return h
}

// controls lets both ends of the victim's control channel report what reaches them.
func (h *heist) controls(leaf *nats.Conn) {
	h.nationalC = stream.NewControl(h.national, victim, stream.National, quiet)
	h.victim = stream.NewControl(leaf, victim, stream.Province, quiet)
	h.Cleanup(h.nationalC.Close)
	h.Cleanup(h.victim.Close)
	note := func(data []byte) { h.told <- string(data) }
	must(h.T, h.nationalC.OnNotice(stream.NoticeCapture, note))
	must(h.T, h.victim.OnNotice(stream.NoticeApplied, note))
	for _, call := range []string{stream.CallRefill, stream.CallRepair} {
		must(h.T, h.victim.Handle(call, h.answer))
	}
	must(h.T, errors.Join(leaf.Flush(), h.national.Flush()))
}

// goesOn sends messages of the victim through to the hub and a call through to the victim, and
// looks at all that has arrived: only what the victim and headquarters said may be there.
func (h *heist) goesOn(when string) {
	h.Helper()
	in := make(chan stream.Outgoing, 10)
	for range 10 {
		in <- stream.Outgoing{Data: canary, Stored: func(uint64) {}}
	}
	close(in)
	if err := h.leaf.Pump(h.Context(), in, func(error) {}); err != nil {
		h.breach("%s the victim can send no more: %v", when, err)
	} else {
		h.sent += 10
		h.arrives(when)
	}
	if _, err := h.own.Check(h.Context()); err != nil {
		h.breach("%s the hub has lost what it stored of the thief's province: %v", when, err)
	}
	deadline := time.Now().Add(resumeBound)
	for {
		answer, err := h.nationalC.Call(h.Context(), stream.CallRefill, canary)
		if err == nil {
			if !bytes.Equal(answer, canary) {
				h.breach("%s headquarters took %q for the victim's answer", when, answer)
			}
			break
		}
		if time.Now().After(deadline) {
			h.breach("%s the victim does not answer: %v", when, err)
			break
		}
	}
	for {
		select {
		case text := <-h.told:
			h.breach("%s a forged notice came: %s", when, text)
		case text := <-h.asked:
			if text != string(canary) {
				h.breach("%s a forged call came: %s", when, text)
			}
		default:
			return
		}
	}
}

// arrives waits until the hub has all that the victim sent, and nothing else in its stream.
func (h *heist) arrives(when string) {
	h.Helper()
	deadline := time.Now().Add(resumeBound)
	for {
		last, err := h.hub.Check(h.Context())
		if err == nil && last == h.sent {
			return
		}
		if err != nil || last > h.sent || time.Now().After(deadline) {
			h.breach("%s the victim's stream at the hub ends at %d, not %d: %v", when, last, h.sent, err)
			return
		}
		time.Sleep(20 * time.Millisecond) // another process gives no signal
	}
}

// asLeaf starts a nats-server of the thief's that links to the hub with the stolen key, says that
// it is in the given JetStream domain, and does from it whatever a client can.
func (h *heist) asLeaf(domain string) {
	h.Helper()
	server, nc := rogue(h.T, h.net.LeafAddress(), h.net.SeedFile(province), domain)
	defer server.Kill()
	defer nc.Close()
	ear, err := nc.SubscribeSync(">")
	must(h.T, err)
	for _, subject := range []string{"up.571.>", "deliver.571.>", "ctl.*.571.>", "_INBOX.>", "$JS.>", "$SYS.>", "$JSC.>"} {
		_, err := nc.SubscribeSync(subject)
		must(h.T, err)
	}
	h.awaitLink(ear)
	if domain == victimDomain {
		h.impersonate(nc)
	}
	h.forge(nc, server.URL)
	h.callJetStream(nc, domain)
	h.goesOn("with the thief as a leaf of domain " + domain)
	h.listen(ear, domain)
}

const victimDomain = "p571"

// awaitLink waits until the thief hears what its key may hear: its own province's notices. So what
// it does not hear is not for want of a link.
func (h *heist) awaitLink(ear *nats.Subscription) {
	h.Helper()
	own, err := bus.Dial(h.hubURL, h.net.NationalSeed(province))
	must(h.T, err)
	defer own.Close()
	control := stream.NewControl(own, province, stream.National, quiet)
	defer control.Close()
	deadline := time.Now().Add(resumeBound)
	for {
		must(h.T, control.Notify("link", nil))
		for m, err := ear.NextMsg(100 * time.Millisecond); err == nil; m, err = ear.NextMsg(100 * time.Millisecond) {
			if m.Subject == fmt.Sprintf("ctl.province.%d.link", province) {
				return
			}
		}
		if time.Now().After(deadline) {
			h.Fatal("the thief's link does not come up: what it cannot reach says nothing")
		}
	}
}

// listen goes through all that the thief heard.
func (h *heist) listen(ear *nats.Subscription, domain string) {
	h.Helper()
	heard := 0
	for m, err := ear.NextMsg(200 * time.Millisecond); err == nil; m, err = ear.NextMsg(200 * time.Millisecond) {
		heard++
		text := m.Subject + " " + m.Reply + " " + string(m.Data)
		switch {
		case strings.Contains(m.Subject+m.Reply, ownInbox) || strings.Contains(text, thiefMark) || strings.Contains(m.Reply, ".API.STREAM.DELETE."):
			// the thief's own
		case bytes.Contains(m.Data, canary):
			h.breach("heard the victim's rows on %s", m.Subject)
		case strings.HasPrefix(m.Subject, "ctl.") && !strings.Contains(m.Subject, ".591."):
			h.breach("heard the victim: %s", m.Subject)
		case strings.Contains(text, h.hubName):
			h.breach("heard of the victim's stream at the hub on %s", m.Subject)
		case strings.Contains(text, h.ownName):
			h.breach("heard the secret name of its own stream at the hub on %s", m.Subject)
		}
	}
	h.Logf("domain %q: %d messages heard, none of others unless said", domain, heard)
}

func (h *heist) answer(_ context.Context, request []byte) ([]byte, error) {
	h.asked <- string(request)
	return canary, nil
}

// jsAttempts are calls to the hub's JetStream on streams whose names the thief is told here,
// although it could not learn them.
func jsAttempts(streams ...string) (calls map[string]any) {
	calls = map[string]any{
		"STREAM.NAMES": nil, "STREAM.LIST": nil, "INFO": nil, "META.LEADER.STEPDOWN": nil, "ACCOUNT.PURGE.P571": nil,
		"STREAM.CREATE.THIEF": jetstream.StreamConfig{Name: "THIEF", Subjects: []string{"up.571.>", "deliver.571.>", "ctl.*.571.>"}},
	}
	for _, s := range streams {
		for _, verb := range []string{"STREAM.INFO", "STREAM.PURGE", "STREAM.LEADER.STEPDOWN", "CONSUMER.NAMES", "STREAM.DELETE"} {
			calls[verb+"."+s] = nil
		}
		calls["STREAM.MSG.GET."+s] = map[string]int{"seq": 1}
		calls["STREAM.MSG.DELETE."+s] = map[string]int{"seq": 1}
		calls["STREAM.UPDATE."+s] = jetstream.StreamConfig{Name: s, MaxMsgs: 1}
		calls["CONSUMER.CREATE."+s] = map[string]any{"stream_name": s, "config": jetstream.ConsumerConfig{DeliverSubject: "thief.take"}}
	}
	return calls
}

// callJetStream tries the hub's JetStream under all names that it goes by. A thief that has a
// JetStream of its own is answered by that under the plain name.
func (h *heist) callJetStream(nc *nats.Conn, domain string) {
	h.Helper()
	prefixes := []string{"$JS.hub.API."}
	if domain == "" {
		prefixes = append(prefixes, "$JS.API.")
	}
	if domain == "hub" {
		prefixes = nil // both are the thief's own here; what it has by them shows in what it hears
	}
	answers, err := nc.SubscribeSync(ownInbox + "js.>")
	must(h.T, err)
	for _, prefix := range prefixes {
		for call, body := range jsAttempts(h.hubName, h.ownName) {
			data, err := json.Marshal(body)
			must(h.T, err)
			if body == nil {
				data = nil
			}
			must(h.T, nc.PublishRequest(prefix+call, ownInbox+"js."+prefix+call, data))
		}
	}
	must(h.T, nc.Flush())
	for m, err := answers.NextMsg(time.Second); err == nil; m, err = answers.NextMsg(200 * time.Millisecond) {
		if m.Header.Get("Status") == "" {
			h.breach("the hub answered %s", strings.TrimPrefix(m.Subject, ownInbox+"js."))
		}
	}
}
