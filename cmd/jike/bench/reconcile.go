package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"time"

	"jike/internal/pg"
	"jike/sync/reconcile"
)

// Reconcile measures a reconciliation through leaf and hub: of equal sides, in turns with a fixed
// aggregate that psql makes on both sides one after the other; and of sides with ten planted
// differences, which are found and repaired.
type Reconcile struct {
	Rows  int           `default:"1000000" help:"Rows on each side."`
	Pairs int           `default:"7" help:"How often both sides take turns; figures are medians."`
	Curve bool          `help:"Measure 10,000, 100,000 and 1,000,000 rows as well, three turns each."`
	Huge  bool          `help:"With --curve: 10,000,000 rows, too. Takes about 10 GB of disk."`
	Dir   string        `type:"existingdir" help:"Where the temporary servers keep their files; default: the system's temporary directory."`
	Limit time.Duration `default:"60m" help:"The whole comparison ends after this time."`
}

// Run measures and prints lines of the form "name value unit".
func (c Reconcile) Run(ctx context.Context) error {
	if c.Rows < 1000 || c.Pairs < 1 {
		return errors.New("at least 1,000 rows and one pair are needed")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	return c.run(ctx, os.Stdout)
}

func (c Reconcile) run(ctx context.Context, w io.Writer) (err error) {
	r, err := startRig(ctx, c.Dir, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.printSettings(ctx, w); err != nil {
		return err
	}
	p := &printer{w: w}
	p.line("# our side: leaf server, hub, capture, apply and both sides of reconciliation in this process, %s; from the request to the signed certificate", streamSync())
	p.line("# psql side, on both databases in turn: %s", aggregate())
	main, err := c.size(ctx, p, r, c.Rows, c.Pairs, "")
	if err != nil {
		return err
	}
	if c.Curve {
		sizes := []int{10_000, 100_000, 1_000_000}
		if c.Huge {
			sizes = append(sizes, 10_000_000)
		}
		for _, rows := range sizes {
			at, err := c.size(ctx, p, r, rows, 3, fmt.Sprintf("_%d", rows))
			if err != nil {
				return err
			}
			p.line("reconcile_curve_%d %.2f s", rows, median(at.ours))
			p.line("reconcile_curve_psql_%d %.2f s", rows, median(at.psql))
		}
	}
	p.line("reconcile_ours %.2f s", median(main.ours))
	p.line("reconcile_psql %.2f s", median(main.psql))
	p.line("reconcile_vs_psql_min %.3f ratio", slices.Min(main.ratios))
	p.line("reconcile_vs_psql_max %.3f ratio", slices.Max(main.ratios))
	p.line("reconcile_vs_psql %.3f ratio", median(main.ratios))
	p.line("reconcile_bytes_share %.6f ratio", median(main.shares))
	p.line("reconcile_repair_s_max %.2f s", slices.Max(main.repairs))
	p.line("reconcile_repair_s %.2f s", median(main.repairs))
	return p.err
}

// figures are those of one size, one entry for each pair.
type figures struct{ ours, psql, ratios, shares, repairs []float64 }

// size measures pairs at one number of rows, in databases of its own.
func (c Reconcile) size(ctx context.Context, p *printer, r *rig, rows, pairs int, suffix string) (f figures, err error) {
	database := "bench_reconcile" + suffix
	proof, err := startProof(ctx, r, database, rows)
	if err != nil {
		return f, err
	}
	defer func() {
		ended := context.WithoutCancel(ctx)
		err = errors.Join(err, proof.stop(ended, nil), r.drop(ended, database))
	}()
	p.line("# %d rows of %d columns on each side, %d bytes in the national table", rows, len(row.Columns), proof.tableBytes)
	for pair := range pairs {
		name := fmt.Sprintf("%s_%d", suffix, pair+1)
		asked, err := psqlBoth(ctx, r, database)
		if err != nil {
			return f, err
		}
		p.line("reconcile_psql%s %.3f s", name, asked.Seconds())
		clean, err := proof.reconcile(ctx, reconcile.Clean, 0)
		if err != nil {
			return f, err
		}
		p.line("reconcile_ours%s %.3f s", name, clean.took.Seconds())
		if err := proof.plant(ctx, pair); err != nil {
			return f, err
		}
		damaged, err := proof.reconcile(ctx, reconcile.Repaired, planted)
		if err != nil {
			return f, err
		}
		// What ten differences cost: what the comparison took longer, and everything after it.
		repair := damaged.took - damaged.compared + max(0, damaged.comparing-clean.comparing)
		p.line("reconcile_repaired%s %.3f s, of which %.3f s from the end of the digest to the certificate", name, damaged.took.Seconds(), (damaged.took - damaged.compared).Seconds())
		p.line("reconcile_bytes%s %d B over the link with the differences, %d B without", name, damaged.bytes, clean.bytes)
		f.ours, f.psql = append(f.ours, clean.took.Seconds()), append(f.psql, asked.Seconds())
		f.ratios = append(f.ratios, clean.took.Seconds()/asked.Seconds())
		f.shares = append(f.shares, float64(damaged.bytes)/float64(proof.tableBytes))
		f.repairs = append(f.repairs, repair.Seconds())
	}
	return f, p.err
}

// aggregate is what psql is asked for: every row and column of one side in one digest.
func aggregate() string {
	return fmt.Sprintf(`SELECT count(*), md5(string_agg(md5(ROW(%s)::text), '' ORDER BY id)) FROM bench.row WHERE national`, columns())
}

// psqlBoth lets psql make the aggregate on both sides, one after the other, and fails if they
// differ.
func psqlBoth(ctx context.Context, r *rig, database string) (time.Duration, error) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		return 0, fmt.Errorf("psql is needed to compare with: %w", err)
	}
	began := time.Now()
	var answers [2]string
	for i, cluster := range []*pg.Cluster{r.province, r.national} {
		out, err := exec.CommandContext(ctx, psql, "-XqAt", "-d", cluster.SuperuserURL(database), "-c", aggregate()).CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("psql: %w: %s", err, out)
		}
		answers[i] = string(out)
	}
	took := time.Since(began)
	if answers[0] != answers[1] {
		return 0, fmt.Errorf("the sides differ: %s, %s", answers[0], answers[1])
	}
	return took, nil
}
