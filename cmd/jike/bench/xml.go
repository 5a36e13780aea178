package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// XML compares the partner's query of a group customer with its family to the portal's overview of
// the same customers, both over HTTP on loopback from the same provincial node. The two sides take
// turns. What a request costs its sender is in both figures: the partner's message is packed and
// signed, the browser sends a cookie.
type XML struct {
	Customers int    `default:"2000" help:"Customers of the temporary province."`
	Asked     int    `default:"400" help:"How many of them are asked for, in turn."`
	Requests  int    `default:"2000" help:"Requests of one side in one turn."`
	Workers   int    `default:"8" help:"Requests under way at a time."`
	Pairs     int    `default:"5" help:"How often both sides take turns; the ratio is the median."`
	Dir       string `type:"existingdir" help:"Where the temporary node keeps its files; default: the system's temporary directory."`
}

// Run measures and prints lines of the form "name value unit".
func (x XML) Run(ctx context.Context) error {
	if x.Customers < 1 || x.Asked < 1 || x.Requests < 1 || x.Workers < 1 || x.Pairs < 1 {
		return errors.New("every number must be positive")
	}
	return x.run(ctx, os.Stdout)
}

func (x XML) run(ctx context.Context, w io.Writer) (err error) {
	place, err := openPlace(ctx, x.Dir, x.Customers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.close()) }()
	list, err := place.pick(ctx, x.Asked)
	if err != nil {
		return err
	}
	p := printer{w: w}
	p.line("# one province node in this process, PostgreSQL %s, commits are durable; %d customers, %d of them asked for by %d workers", place.version, x.Customers, len(list), x.Workers)
	p.line("# an XML query is signed, in the journal, and its reply is stored for the case that it is asked for again: a durable commit each; the overview only reads, also the history")
	sizes, err := place.compare(ctx, list)
	if err != nil {
		return err
	}
	p.line("# the contents of %d customers agree; mean reply: XML %d bytes, JSON %d bytes", len(list), sizes[0]/len(list), sizes[1]/len(list))
	ratios, err := x.turns(ctx, &p, place, list)
	if err != nil {
		return err
	}
	p.line("query_vs_json_min %.3f ratio", slices.Min(ratios))
	p.line("query_vs_json_max %.3f ratio", slices.Max(ratios))
	p.line("query_vs_json %.3f ratio", median(ratios))
	return p.err
}

// turns lets both sides work in turn, each first in every other pair, after one pair that is not
// counted.
func (x XML) turns(ctx context.Context, p *printer, place *place, list []asked) ([]float64, error) {
	sides := []struct {
		name string
		ask  func(context.Context, asked) error
	}{{"xml", place.query}, {"json", place.overview}}
	var ratios []float64
	for pair := range x.Pairs + 1 {
		var rates [2]float64
		for turn := range sides {
			which := (turn + pair) % 2
			rate, err := x.throughput(ctx, list, sides[which].ask)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sides[which].name, err)
			}
			rates[which] = rate
		}
		if pair == 0 {
			continue
		}
		p.line("query_xml_%d %.0f requests/s", pair, rates[0])
		p.line("query_json_%d %.0f requests/s", pair, rates[1])
		ratios = append(ratios, rates[0]/rates[1])
	}
	return ratios, nil
}

// throughput is requests a second.
func (x XML) throughput(ctx context.Context, list []asked, ask func(context.Context, asked) error) (float64, error) {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	began := time.Now()
	for range x.Workers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= x.Requests {
					return nil
				}
				if err := ask(ctx, list[i%len(list)]); err != nil {
					return err
				}
			}
		})
	}
	err := group.Wait()
	return float64(x.Requests) / time.Since(began).Seconds(), err
}

// asked is a customer that is asked for.
type asked struct {
	ID     int64
	Number string
}

// differ says in which facts two lists of facts differ, or "".
func differ(xml, json []string) string {
	if slices.Equal(xml, json) {
		return ""
	}
	for i := range max(len(xml), len(json)) {
		if i >= len(xml) || i >= len(json) || xml[i] != json[i] {
			return fmt.Sprintf("fact %d: XML %.300q, JSON %.300q", i, strings.Join(xml[min(i, len(xml)):min(i+1, len(xml))], ""), strings.Join(json[min(i, len(json)):min(i+1, len(json))], ""))
		}
	}
	return ""
}
