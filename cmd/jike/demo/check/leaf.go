package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jike/cmd/jike/demo/world"
	"jike/internal/bus"
	"jike/province"
)

// removeLeaf removes the store of a stopped province's leaf server, as a lost disk would.
func removeLeaf(n *world.Node) error {
	entries, err := os.ReadDir(filepath.Join(n.LeafDir, "jetstream"))
	if err != nil {
		return fmt.Errorf("the store of the leaf server: %w", err)
	}
	if len(entries) == 0 {
		return fmt.Errorf("%s holds no store that could be lost", n.LeafDir)
	}
	return os.RemoveAll(n.LeafDir)
}

// readStore looks through the leaf store of a stopped province: a server of its own reads a copy,
// without a link to anywhere. It gives the number of messages.
func (t *wiretap) readStore(ctx context.Context, n *world.Node, scratch string) (messages int, err error) {
	config, err := province.LoadConfig(n.Config, nil)
	if err != nil {
		return 0, err
	}
	seed, err := bus.ReadSeed(config.NATS.SeedFile)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp(scratch, "leaf-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(filepath.Join(dir, "store"), os.DirFS(n.LeafDir)); err != nil {
		return 0, err
	}
	leaf, err := bus.OpenLeaf("", bus.LeafOptions{
		Dir: filepath.Join(dir, "store"), Province: int16(n.Code), Seed: seed, Hubs: []string{"nats-leaf://127.0.0.1:1"},
	})
	if err != nil {
		return 0, err
	}
	defer leaf.Close()
	js, err := jetstream.New(leaf.Conn)
	if err != nil {
		return 0, err
	}
	within, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	list := js.ListStreams(within)
	for info := range list.Info() {
		if !strings.HasPrefix(info.Config.Name, "UP_") || info.State.Msgs == 0 {
			continue
		}
		read, err := t.readStream(within, js, info, "leaf "+n.Code.String())
		messages += read
		if err != nil {
			return messages, err
		}
	}
	return messages, list.Err()
}

func (t *wiretap) readStream(ctx context.Context, js jetstream.JetStream, info *jetstream.StreamInfo, place string) (messages int, err error) {
	c, err := js.OrderedConsumer(ctx, info.Config.Name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return 0, err
	}
	stream, err := c.Messages()
	if err != nil {
		return 0, err
	}
	defer stream.Stop()
	for uint64(messages) < info.State.Msgs {
		m, err := stream.Next(jetstream.NextContext(ctx))
		if err != nil {
			return messages, fmt.Errorf("%s after message %d: %w", info.Config.Name, messages, err)
		}
		messages++
		if _, err := t.finder.message(place, m.Data()); err != nil {
			return messages, err
		}
	}
	return messages, nil
}
