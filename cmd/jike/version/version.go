// Package version is the command `jike version`.
package version

import (
	"fmt"
	"runtime"

	"jike/internal/build"
)

// Cmd prints which build this is.
type Cmd struct{}

// Run prints the build, the Go release and the platform on one line.
func (Cmd) Run() error {
	_, err := fmt.Printf("jike %s %s %s/%s\n", build.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
