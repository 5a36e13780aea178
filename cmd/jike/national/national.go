// Package national is the command `jike national`: it runs the national node until it is
// interrupted.
package national

import (
	"context"
	"os"

	"jike/national"
	"jike/web"
)

// Cmd runs the national node.
type Cmd struct {
	Config string `type:"existingfile" help:"YAML file; the variables JIKE_NATIONAL_… override it. Without one only they do."`
}

// Run runs the node until ctx ends.
func (c Cmd) Run(ctx context.Context) error {
	config, err := national.LoadConfig(c.Config, os.Environ())
	if err != nil {
		return err
	}
	return national.Run(ctx, config, web.Files())
}
