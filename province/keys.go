package province

import (
	"net/http"
	"path/filepath"

	"jike/internal/bus"
)

// SeedFile is where the province's key for the hub is.
func SeedFile(c Config) string {
	if c.NATS.SeedFile != "" {
		return c.NATS.SeedFile
	}
	return filepath.Join(keys(c), "province.nk")
}

// keyring answers the command `jike admin keys`: the embedded leaf server dials the hub with
// another key, while everything else goes on.
type keyring struct{ leaf *bus.Leaf }

// ServeHTTP answers POST with the parameter seed_file, the absolute name of a file on this machine,
// and writes the key's public half.
func (k keyring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seed, err := bus.ReadSeed(r.FormValue("seed_file"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if err := k.leaf.Use(seed); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	_, _ = w.Write([]byte(seed.Public())) // who asked has gone if this fails
}
