package bench

import (
	"fmt"
	"io"
	"slices"
)

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// series is what the sides were measured at, in the order of the pairs.
type series struct {
	*printer
	values map[string][]float64
}

func newSeries(w io.Writer) *series {
	return &series{printer: &printer{w: w}, values: map[string][]float64{}}
}

// record prints one figure of one side, "metric_side_pair value unit".
func (s *series) record(metric string, of side, value float64, unit string) {
	key := metric + "_" + of.name()
	s.values[key] = append(s.values[key], value)
	s.line("%s_%d %.5g %s", key, len(s.values[key]), value, unit)
}

// medians prints the median of each of the sides.
func (s *series) medians(metric, unit string, sides ...string) {
	for _, side := range sides {
		s.line("%s_%s %.5g %s", metric, side, median(s.values[metric+"_"+side]), unit)
	}
}

// ratio prints how our figures compare with another side's, each pair by itself: smallest, largest,
// and last the median under the ratio's name.
func (s *series) ratio(name, metric, other string) {
	var ratios []float64
	for i, v := range s.values[metric+"_"+oursName] {
		ratios = append(ratios, v/s.values[metric+"_"+other][i])
	}
	s.line("%s_min %.3f ratio", name, slices.Min(ratios))
	s.line("%s_max %.3f ratio", name, slices.Max(ratios))
	s.line("%s %.3f ratio", name, median(ratios))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// percentile is the value that a share of the values does not exceed.
func percentile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
