package world

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"jike/internal/bus"
)

// HubCmd is the hidden command `jike demo hub`: the hub as a process of its own, from the same
// configuration that a nats-server would read.
type HubCmd struct {
	File string `arg:"" type:"existingfile" help:"Options of the hub, JSON."`
}

// Run runs the hub until ctx ends.
func (c HubCmd) Run(ctx context.Context) error {
	content, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var o bus.HubOptions
	if err := json.Unmarshal(content, &o); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	hub, err := bus.StartHub(o)
	if err != nil {
		return err
	}
	<-ctx.Done()
	hub.Shutdown()
	return nil
}
