package pg

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// MinimumMajor is the oldest PostgreSQL that a node runs on: publications with row filters and
// column lists came with it.
const MinimumMajor = 15

// SafeMinor is the first minor release of major 15 whose exported slot snapshots are exact by
// themselves; on older ones the snapshot guard alone keeps them right, and set-up says so.
const SafeMinor = 20

// Binaries is a directory with initdb and postgres.
type Binaries struct {
	Dir          string
	Major, Minor int
}

// FindBinaries looks for PostgreSQL 15 or newer on the PATH and where Linux distributions put
// it, newest first. Its error says what to install.
func FindBinaries() (Binaries, error) {
	var dirs []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(initdb))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		dirs = append(dirs, found...)
	}
	var best Binaries
	for _, dir := range dirs {
		if b, err := inspect(dir); err == nil && b.newer(best) {
			best = b
		}
	}
	if best.Major < MinimumMajor {
		return Binaries{}, errors.New("no PostgreSQL 15 or newer found: install the package postgresql " +
			"(Debian: apt-get install postgresql-15), or give postgres.owner_url, app_url and sync_url of a running server")
	}
	return best, nil
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)\.(\d+)`)

func inspect(dir string) (Binaries, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, err
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binaries{}, fmt.Errorf("unknown version %q", strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[1])
	if err != nil {
		return Binaries{}, err
	}
	minor, err := strconv.Atoi(m[2])
	if err != nil {
		return Binaries{}, err
	}
	return Binaries{Dir: dir, Major: major, Minor: minor}, nil
}

func (b Binaries) newer(than Binaries) bool {
	return b.Major > than.Major || b.Major == than.Major && b.Minor > than.Minor
}

func (b Binaries) path(name string) string { return filepath.Join(b.Dir, name) }
