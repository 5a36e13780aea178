package demo

import (
	"os"
	"path/filepath"
	"testing"

	"jike/internal/pg"
	"jike/internal/pg/pgtest"
)

func TestPlaceWherePostgreSQLCannotEnter(t *testing.T) {
	open := pgtest.Dir(t)
	if err := placeIn(open, filepath.Join(open, "data", "demo"), t.Logf); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(open, "data")); err == nil {
		t.Error("a directory that can be entered was not left to the world")
	}
	if os.Geteuid() != 0 {
		return // only root starts PostgreSQL as another user
	}
	home := filepath.Join(open, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, shelter := filepath.Join(home, "data", "demo"), filepath.Join(open, "shelter")
	if err := pg.CheckDir(dir); err == nil {
		t.Fatal("PostgreSQL could enter a private directory")
	}
	for range 3 { // new; as it was; and with its target gone
		if err := placeIn(shelter, dir, t.Logf); err != nil {
			t.Fatal(err)
		}
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || filepath.Dir(real) != shelter {
			t.Fatalf("%s is at %s, %v", dir, real, err)
		}
		if err := pg.CheckDir(filepath.Join(real, "pg")); err != nil {
			t.Error(err)
		}
		if err := os.Remove(real); err != nil {
			t.Fatal(err)
		}
	}
}
