package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// report prints the steps as they go and the table in the end.
type report struct {
	out   io.Writer
	began time.Time

	mu    sync.Mutex
	steps []result
}

// result is one finished step: a line of the table.
type result struct {
	name, proof string
	took        time.Duration
}

func newReport(out io.Writer) *report { return &report{out: out, began: time.Now()} }

// say prints one line of the running step.
func (r *report) say(format string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, "%7.1f s    %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, a...)) // a terminal that is gone fails nothing
}

func (r *report) head(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, "%7.1f s  %d. %s\n", time.Since(r.began).Seconds(), len(r.steps)+1, name)
}

// step carries out one step. What it returns beside an error is its line in the table. When
// something that runs beside the steps fails, ctx ends with that as its cause.
func (r *report) step(ctx context.Context, name string, do func(context.Context) (proof string, err error)) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	r.head(name)
	began := time.Now()
	proof, err := do(ctx)
	if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("step %d, %s: %w", len(r.steps)+1, name, err)
	}
	r.say("ok: %s", proof)
	r.steps = append(r.steps, result{name, proof, time.Since(began)})
	return nil
}

// table prints what was proved.
func (r *report) table() {
	widest := 0
	for _, s := range r.steps {
		widest = max(widest, len(s.name))
	}
	var b strings.Builder
	b.WriteString("\n")
	for i, s := range r.steps {
		fmt.Fprintf(&b, "%3d  %-*s %6.1f s  %s\n", i+1, widest, s.name, s.took.Seconds(), s.proof)
	}
	fmt.Fprintf(&b, "\nall %d steps passed in %.1f s\n", len(r.steps), time.Since(r.began).Seconds())
	_, _ = io.WriteString(r.out, b.String())
}
