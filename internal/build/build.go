// Package build says which build of Jike this is.
package build

import "runtime/debug"

// version is set by the linker: -X jike/internal/build.version=….
var version string

// Version is what the linker was told, else the revision that the Go tool recorded, else "devel".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "devel"
}
