package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"testing"

	"jike/cmd/jike/national"
	"jike/internal/pg/pgtest"
)

// TestMain lets this binary be the national node or the NATS servers, as jike is when it measures.
func TestMain(m *testing.M) {
	var part interface{ Run(context.Context) error }
	if len(os.Args) == 4 && os.Args[1] == "national" {
		part = national.Cmd{Config: os.Args[3]}
	} else if len(os.Args) == 4 && os.Args[2] == "servers" {
		part = Servers{File: os.Args[3]}
	}
	if part != nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := part.Run(ctx)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m)
}

// The comparison runs through, small: both sides bring the same rows and the lines are there.
func TestSyncCopyComparesBothSides(t *testing.T) {
	var out bytes.Buffer
	if err := (SyncCopy{Rows: 5000, Pairs: 1, Dir: pgtest.Dir(t)}).run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`(?m)^first_copy_ours_1 [0-9.]+ s$`, `(?m)^first_copy_psql_1 [0-9.]+ s$`, `\nfirst_copy_vs_copy [0-9.]+ ratio\n$`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}

// Provinces that join at once converge, and the lines are there.
func TestSyncJoinConverges(t *testing.T) {
	var out bytes.Buffer
	if err := (SyncJoin{Provinces: 3, Rows: 1000, Dir: pgtest.Dir(t)}).run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, line := range []string{
		`(?m)^# every row of 3000 is the same on both sides$`, `(?m)^join3_peak_mb [1-9][0-9.]+ MB$`, `\njoin3_slowest_vs_median [0-9.]+ ratio\n$`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}
