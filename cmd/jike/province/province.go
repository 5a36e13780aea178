// Package province is the command `jike province`: it runs a provincial node until it is
// interrupted.
package province

import (
	"context"
	"os"

	"jike/province"
	"jike/web"
)

// Cmd runs a provincial node.
type Cmd struct {
	Config string `type:"existingfile" help:"YAML file; the variables JIKE_PROVINCE_… override it. Without one only they do."`
}

// Run runs the node until ctx ends.
func (c Cmd) Run(ctx context.Context) error {
	config, err := province.LoadConfig(c.Config, os.Environ())
	if err != nil {
		return err
	}
	return province.Run(ctx, config, web.Files())
}
