package stream_test

import (
	"testing"
	"time"

	"jike/internal/bus/bustest"
	"jike/sync/stream"
)

// The room at the hub shrinks by what is not applied, by its bytes and by its age, and is all there
// when everything is applied.
func TestRoomAtTheHub(t *testing.T) {
	_, nc, national := pair(t)
	limits := stream.Limits{LeafBytes: 64 << 20, HubBytes: 1 << 20, HubAge: 10 * 24 * time.Hour}
	leaf, err := stream.OpenLeaf(t.Context(), nc, id, limits)
	must(t, err)
	hub, err := stream.OpenHub(t.Context(), national, id, limits)
	must(t, err)
	room := func(after uint64) stream.Room {
		t.Helper()
		room, err := hub.Room(t.Context(), after)
		must(t, err)
		return room
	}
	if r := room(0); r.Bytes != 1<<20 || r.Days != 10 {
		t.Errorf("an empty hub: %+v", r)
	}
	publish(t, leaf, 0, 1000)
	await(t, hub, id, 1000, resumeBound)
	all, half, none := room(1000), room(500), room(0)
	if all.Bytes != 1<<20 || all.Bytes <= half.Bytes || half.Bytes <= none.Bytes {
		t.Errorf("bytes left: all applied %d, half %d, none %d", all.Bytes, half.Bytes, none.Bytes)
	}
	if all.Days <= half.Days || half.Days <= none.Days || none.Days <= 0 {
		t.Errorf("days left: all applied %f, half %f, none %f", all.Days, half.Days, none.Days)
	}
	for n := uint64(1000); none.Bytes > 0 && n < 30_000; n += 1000 { // until the hub drops the oldest
		publish(t, leaf, n, n+1000)
		await(t, hub, id, n+1000, resumeBound)
		none = room(0)
	}
	if none.Bytes != 0 || none.Days != 0 {
		t.Errorf("what is not applied was dropped: %+v", none)
	}
}

// What the hub has not taken is counted, and nothing once it has it.
func TestTheBacklogIsCounted(t *testing.T) {
	net := bustest.New(t, province)
	server := net.Leaf(province, "")
	leaf, err := stream.OpenLeaf(t.Context(), bustest.Connect(t, server, net.ProvinceSeed(province)), id, limits)
	must(t, err)
	publish(t, leaf, 0, 7)
	if messages, bytes, err := leaf.Backlog(t.Context()); err != nil || messages != 7 || bytes == 0 {
		t.Errorf("nobody took any of 7 messages: %d messages, %d bytes, %v", messages, bytes, err)
	}
	hub, err := stream.OpenHub(t.Context(), net.National(province), id, limits)
	must(t, err)
	await(t, hub, id, 7, resumeBound)
	deadline := time.Now().Add(resumeBound)
	for {
		messages, _, err := leaf.Backlog(t.Context())
		must(t, err)
		if messages == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the hub has all, and %d messages are said to wait", messages)
		}
		time.Sleep(20 * time.Millisecond) // flow control acknowledges at its own pace
	}
}
