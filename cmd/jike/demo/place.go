package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"jike/internal/pg"
)

// elsewhere is where root's demos are kept whose place PostgreSQL cannot enter.
const elsewhere = "/var/lib/jike-demo"

// place makes sure that the demo's directory can be made. As root PostgreSQL runs as another user,
// who cannot enter a checkout in root's home: then the directory is made below /var/lib, and a
// symbolic link to it is where it was asked for.
func place(dir string, say func(string, ...any)) error {
	return placeIn(elsewhere, dir, say)
}

func placeIn(shelter, dir string, say func(string, ...any)) error {
	if _, err := os.Stat(dir); err == nil {
		return nil // what is wrong with it, the world says
	}
	refused := pg.CheckDir(dir)
	if refused == nil {
		return nil
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(path))
	target := filepath.Join(shelter, hex.EncodeToString(sum[:6]))
	for _, parent := range []string{target, filepath.Dir(path)} {
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return errors.Join(refused, err)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // a link to what is gone
		return err
	}
	if err := os.Symlink(target, path); err != nil {
		return err
	}
	say("the user that PostgreSQL runs as cannot enter %s: its place is %s", path, target)
	return nil
}
