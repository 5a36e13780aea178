package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// bulkPart measures many rows in large transactions, of one province or of some at once: from the
// first write in a province to the moment when the last transaction is visible at headquarters.
func bulkPart(name string, provinces int) part {
	return part{
		name: name, sides: bothSides,
		measure: func(s Sync, ctx context.Context, r *rig, side side, out *series) error {
			return r.session(ctx, side, provinces, s.Rows/provinces, func(sites []site) error {
				return s.bulk(ctx, r, side, sites, name, out)
			})
		},
		summarize: func(out *series) { summarizeBulk(out, name) },
	}
}

func (s Sync) bulk(ctx context.Context, r *rig, side side, sites []site, part string, out *series) error {
	var total usage
	for _, w := range works {
		for _, site := range sites {
			if err := errors.Join(execOn(ctx, site.source, `VACUUM ANALYZE bench.row`), execOn(ctx, site.nation, `VACUUM ANALYZE bench.row`)); err != nil {
				return err
			}
		}
		end, err := s.profile(side, part+"-"+w.name)
		if err != nil {
			return err
		}
		before, err := r.usage()
		if err != nil {
			return err
		}
		took, err := s.move(ctx, w, sites)
		if err := errors.Join(err, end()); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		after, err := r.usage()
		if err != nil {
			return err
		}
		for _, site := range sites {
			if err := site.same(ctx); err != nil {
				return fmt.Errorf("%s of province %d: %w", w.name, site.code, err)
			}
		}
		used := after.since(before)
		total = total.plus(used)
		out.record(part+"_"+w.name, side, float64(s.Rows)/took.Seconds(), "rows/s")
		out.record(part+"_"+w.name+"_cpu_province", side, used.province.Seconds(), "s")
		out.record(part+"_"+w.name+"_cpu_national", side, used.national.Seconds(), "s")
		out.record(part+"_"+w.name+"_cpu_process", side, used.own.Seconds(), "s")
	}
	out.record(part+"_cpu", side, (total.province + total.national + total.own).Seconds(), "s")
	out.record(part+"_national_cpu", side, total.national.Seconds(), "s")
	return nil
}

// move writes in all provinces at once and waits for headquarters.
func (s Sync) move(ctx context.Context, w work, sites []site) (time.Duration, error) {
	batches := (s.Rows/len(sites) + batchRows - 1) / batchRows
	last := make([]int64, len(sites))
	for i, site := range sites {
		if err := site.source.QueryRow(ctx, w.last, batches-1).Scan(&last[i]); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, site := range sites {
		group.Go(func() error {
			for batch := range batches {
				if _, err := site.source.Exec(ctx, w.change, batch, batchRows); err != nil {
					return err
				}
			}
			return site.wait(ctx, w.seen, last[i])
		})
	}
	err := group.Wait()
	return time.Since(began), err
}

// summarizeBulk prints medians of processor time and the ratios.
func summarizeBulk(out *series, part string) {
	for _, w := range works {
		for _, of := range []string{"_cpu_province", "_cpu_national", "_cpu_process"} {
			out.medians(part+"_"+w.name+of, "s", oursName, nativeName)
		}
	}
	if part == "bulk" {
		out.ratio("cpu_vs_native", part+"_cpu", nativeName)
		out.ratio("national_cpu_vs_native", part+"_national_cpu", nativeName)
	} else {
		out.ratio(part+"_national_cpu_vs_native", part+"_national_cpu", nativeName)
	}
	for _, w := range works {
		out.ratio(fmt.Sprintf("%s_%s_vs_native", part, w.name), part+"_"+w.name, nativeName)
	}
}
