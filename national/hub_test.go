package national_test

import (
	"testing"

	"jike/internal/bus"
	"jike/national"
	"jike/sync/stream"
)

// The limit of a province's stream at the hub is lowered, to less than a third of what the stream
// has reserved: the node opens it with the new limit, and what comes down as well.
func TestALoweredLimitOpensTheStreamsThatAreThere(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seed, err := bus.NewSeed()
	must(err)
	c := national.NewConfig()
	c.Data, c.NATS.LeafListen = t.TempDir(), "127.0.0.1:-1"
	c.Provinces = []national.Province{{Code: 591, PublicKey: seed.Public()}}
	up := stream.Identity{Province: 591, Epoch: 1, Incarnation: 1}
	down := stream.Identity{Province: 591, Epoch: 1, Incarnation: 1, Down: true}
	for _, limit := range []int64{c.NATS.MaxBytes, c.NATS.MaxBytes / 8} {
		c.NATS.MaxBytes = limit
		o, seeds, err := national.HubOptions(c)
		must(err)
		hub, err := bus.OpenHub("", o, seeds)
		must(err)
		nc, err := hub.Conn(591)
		must(err)
		_, err = stream.OpenHub(t.Context(), nc, up, stream.Limits{HubBytes: limit})
		must(err)
		_, err = stream.OpenLeaf(t.Context(), nc, down, stream.Limits{LeafBytes: 128 << 20})
		must(err)
		hub.Close()
	}
}
