// Package web is the portal's front end, built by npm from this folder and embedded here.
//
// One build serves both levels: it asks the node which one it is. A clean clone has no build, so
// the patterns below also match placeholder, a page that says so; with it Go builds and tests
// without npm.
package web

import (
	"embed"
	"io/fs"
)

// PlaceholderMarker is an attribute that only the placeholder's page has.
const PlaceholderMarker = "data-placeholder"

// Of this folder only dist and placeholder hold an index.html and assets. The prefix takes files
// whose names begin with an underscore, as those of the bundler may.
//
//go:embed */index.html all:*/assets
var files embed.FS

// Files is the built front end, or the placeholder where there is none, with index.html at its
// root.
func Files() fs.FS {
	for _, folder := range []string{"dist", "placeholder"} {
		if _, err := fs.Stat(files, folder+"/index.html"); err == nil {
			sub, err := fs.Sub(files, folder)
			if err != nil {
				panic(err) // the name is a constant and valid
			}
			return sub
		}
	}
	panic("web: neither dist nor placeholder is embedded") // go:embed has refused to compile that
}

// Built reports whether Files is the front end and not its placeholder.
func Built() bool {
	_, err := fs.Stat(files, "dist/index.html")
	return err == nil
}
