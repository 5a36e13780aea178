package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"jike/internal/pg"
	"jike/schemas/sql"
)

// templates are the databases of an image that fresh ones are copies of.
var templates = map[pg.Level]string{pg.Province: "jike_template_province", pg.National: "jike_template_national"}

// layout is part of an image's name: raise it when what an image holds changes otherwise than by the schema.
const layout = "1"

// copyImage makes dir a cluster with a migrated template of both levels, not started. Making one anew takes
// seconds, and every package with a database would: so it is made once for a schema and a server, stopped, and
// kept in the directory build of the checkout.
func copyImage(ctx context.Context, dir string) error {
	images, err := imagesDir()
	if err != nil {
		return err
	}
	name, err := imageName()
	if err != nil {
		return err
	}
	image := filepath.Join(images, name)
	unlock, err := lock(images)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(image); errors.Is(err, fs.ErrNotExist) {
		if err := makeImage(ctx, images, image); err != nil {
			return fmt.Errorf("%s: %w", image, err)
		}
	}
	return copyAll(image, dir)
}

// makeImage makes an image in place of all others.
func makeImage(ctx context.Context, images, image string) error {
	others, err := filepath.Glob(filepath.Join(images, "*-*"))
	if err != nil {
		return err
	}
	for _, other := range others {
		if err := os.RemoveAll(other); err != nil {
			return err
		}
	}
	dir, err := tempDir()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a directory for tests: nothing to report
	c, err := pg.StartCluster(ctx, pg.ClusterOptions{
		Dir: filepath.Join(dir, "pg"), NoSync: true, Log: quiet(),
		Settings: map[string]string{"wal_recycle": "off", "min_wal_size": "32MB"}, // no log files for later
	})
	if err != nil {
		return err
	}
	for level, name := range templates {
		err = errors.Join(err, makeTemplate(ctx, c, level, name))
	}
	if err := errors.Join(err, c.Stop(ctx)); err != nil {
		return err
	}
	half := image + ".half"
	if err := copyAll(filepath.Join(dir, "pg"), half); err != nil {
		return err
	}
	return os.Rename(half, image)
}

func makeTemplate(ctx context.Context, c *pg.Cluster, level pg.Level, name string) error {
	if err := c.CreateDatabase(ctx, name, "template0"); err != nil {
		return err
	}
	return pg.Migrate(ctx, c.URL(pg.RoleOwner, name), level)
}

// copyAll copies a directory with what belongs to whom, which is the server's user if root runs the tests.
func copyAll(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	return nil
}

// imagesDir is build/pgtest of the checkout.
func imagesDir() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			dir := filepath.Join(root, "build", "pgtest")
			return dir, os.MkdirAll(dir, 0o755)
		}
		if root == filepath.Dir(root) {
			return "", errors.New("tests with a database run inside the checkout")
		}
		root = filepath.Dir(root)
	}
}

// imageName says everything that an image follows from.
func imageName() (string, error) {
	bin, err := pg.FindBinaries()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	add := func(name string, text []byte) { _, _ = fmt.Fprintf(sum, "%s %d %s", name, len(text), text) } // a hash takes everything
	add("roles", []byte(sql.Roles))
	add("database", []byte(sql.NewDatabase))
	err = fs.WalkDir(sql.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(sql.Files, path)
		add(path, text)
		return err
	})
	return fmt.Sprintf("%s-%d.%d-%d-%s", layout, bin.Major, bin.Minor, os.Geteuid(), hex.EncodeToString(sum.Sum(nil)[:8])), err
}

// lock keeps other test processes from the images until unlock.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // which ends the lock
}
