package stream_test

import (
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/sync/stream"
)

// TestDown sends messages from the hub to a leaf server, which is away for a while and comes back
// with its store, and then with an empty one. The publisher's subjects do not travel by themselves,
// so nothing comes twice.
func TestDown(t *testing.T) {
	n := bustest.New(t, province)
	dir := t.TempDir()
	server := n.Leaf(province, dir)
	downID := stream.Identity{Province: province, Epoch: 1, Incarnation: 1, Down: true}
	source, err := stream.OpenLeaf(t.Context(), n.National(province), downID, limits)
	must(t, err)
	leaf := bustest.Connect(t, server, n.ProvinceSeed(province))
	target, err := stream.OpenHub(t.Context(), leaf, downID, limits)
	must(t, err)
	publish(t, source, 0, 3)
	t.Logf("three messages are down after %s", await(t, target, downID, 3, resumeBound))

	leaf.Close()
	server.Shutdown()
	publish(t, source, 3, 6)
	server = n.Leaf(province, dir)
	leaf = bustest.Connect(t, server, n.ProvinceSeed(province))
	found, err := stream.FindHub(t.Context(), leaf, province)
	must(t, err)
	if found != downID {
		t.Fatalf("the leaf server stores %v, want %v", found, downID)
	}
	target, err = stream.OpenHub(t.Context(), leaf, found, limits)
	must(t, err)
	t.Logf("three more are down after %s", await(t, target, found, 6, resumeBound))
	inOrder(t, target, 6)

	leaf.Close()
	server.Shutdown()
	must(t, os.RemoveAll(dir))
	server = n.Leaf(province, dir)
	leaf = bustest.Connect(t, server, n.ProvinceSeed(province))
	second := downID
	second.Incarnation = 2 // what a publisher begins when it is asked for a refill
	source, err = stream.OpenLeaf(t.Context(), n.National(province), second, limits)
	must(t, err)
	must(t, source.KeepOnly(t.Context()))
	target, err = stream.OpenHub(t.Context(), leaf, second, limits)
	must(t, err)
	const many = 700 // more than may be on their way unacknowledged
	publish(t, source, 0, many)
	await(t, target, second, many, resumeBound)
	inOrder(t, target, many)
	for deadline := time.Now().Add(resumeBound); ; time.Sleep(20 * time.Millisecond) { // another server gives no signal
		if waiting, _, err := source.Backlog(t.Context()); err == nil && waiting == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the hub does not learn that the leaf server has stored everything")
		}
	}
}

// TestNobodyForgesWhatComesDown publishes with a stolen key, over a leaf link of the thief's own,
// what the hub delivers to the province's leaf server. That would be stored as headquarters' own, and
// what it names as its flow control's answer would be called by the leaf server.
func TestNobodyForgesWhatComesDown(t *testing.T) {
	net, process := bustest.NewApart(t, province)
	_, thief := rogue(t, net.LeafAddress(), net.SeedFile(province), "")
	defer thief.Close()
	hub, err := bus.Dial(process.URL, net.NationalSeed(province))
	must(t, err)
	defer hub.Close()
	allowed, err := hub.SubscribeSync("deliver.591.>")
	must(t, err)
	forged, err := hub.SubscribeSync("deliver.down.>")
	must(t, err)
	must(t, hub.Flush())
	for deadline := time.Now().Add(resumeBound); ; { // the link is up when what is allowed comes
		must(t, thief.Publish("deliver.down.591.1.1", []byte(thiefMark)))
		must(t, thief.Publish("deliver.591.1.1", []byte(thiefMark)))
		if _, err := allowed.NextMsg(100 * time.Millisecond); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the thief's link does not come up")
		}
	}
	if m, err := forged.NextMsg(300 * time.Millisecond); err == nil {
		t.Errorf("%s reaches the province: %s", m.Subject, m.Data)
	}
}

// TestDownOpensNothingElse uses a stolen key of the province, over a leaf link of the thief's own,
// on everything of the hub's JetStream that would show or change what is stored there.
func TestDownOpensNothingElse(t *testing.T) {
	n := bustest.New(t, province)
	downID := stream.Identity{Province: province, Epoch: 1, Incarnation: 1, Down: true}
	source, err := stream.OpenLeaf(t.Context(), n.National(province), downID, limits)
	must(t, err)
	publish(t, source, 0, 1)
	thief := bustest.Connect(t, n.Leaf(province, ""), n.ProvinceSeed(province))
	// The link is up when the alias answers.
	for deadline := time.Now().Add(resumeBound); ; {
		if _, err := thief.Request(bus.DownAPI+".CONSUMER.RESET."+downID.Leaf()+"."+bus.DownConsumer, nil, time.Second); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the alias does not answer")
		}
	}
	for _, api := range []string{"$JS.hub.API.", bus.DownAPI + "."} {
		for _, call := range []string{
			"INFO", "STREAM.NAMES", "STREAM.INFO." + downID.Leaf(), "STREAM.DELETE." + downID.Leaf(), "STREAM.PURGE." + downID.Leaf(),
			"STREAM.MSG.GET." + downID.Leaf(), "DIRECT.GET." + downID.Leaf(), "CONSUMER.LIST." + downID.Leaf(),
			"CONSUMER.DELETE." + downID.Leaf() + "." + bus.DownConsumer, "CONSUMER.RESET." + downID.Leaf() + ".other",
			"CONSUMER.CREATE." + downID.Leaf(), "CONSUMER.MSG.NEXT." + downID.Leaf() + "." + bus.DownConsumer,
		} {
			if m, err := thief.Request(api+call, nil, 300*time.Millisecond); err == nil {
				t.Errorf("%s answers %s", api+call, m.Data)
			}
		}
	}
	js, err := jetstream.New(n.National(province))
	must(t, err)
	if _, err := js.Stream(t.Context(), downID.Leaf()); err != nil {
		t.Errorf("the stream at the hub: %v", err)
	}
}
