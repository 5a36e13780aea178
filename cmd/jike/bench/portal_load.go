package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// send sends the requests at a rate a second and gives how many milliseconds each took, from when it
// was due. It stops at the first answer that is not 200.
func send(ctx context.Context, requests []request, rate int) ([]float64, error) {
	took := make([]float64, len(requests))
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for i, r := range requests {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		select {
		case <-ctx.Done():
			return nil, group.Wait()
		case <-time.After(time.Until(due)):
		}
		group.Go(func() error {
			status, answer, err := r.browser.get(ctx, r.path)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%s: %d %s", r.path, status, answer)
			}
			took[i] = float64(time.Since(due)) / float64(time.Millisecond)
			return err
		})
	}
	return took, group.Wait()
}
