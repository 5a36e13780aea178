package apply

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"jike/sync/stream"
)

// errJoined ends the watch that goes beside Join.
var errJoined = errors.New("apply: the province has joined")

// join holds an epoch of which nothing is applied yet until Join says that its stream may be. The
// hub stores the stream meanwhile, and a younger epoch ends the wait.
func (a *Apply) join(ctx context.Context, hub *stream.Hub, id stream.Identity, at position) error {
	if a.opts.Join == nil || at.epoch == id.Epoch {
		return nil
	}
	a.setState(Joining, "")
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.watch(ctx, hub, id, turn{dirty: at.dirty}) })
	group.Go(func() error {
		if err := a.opts.Join(ctx, id.Epoch); err != nil {
			return err
		}
		return errJoined
	})
	err := group.Wait()
	if errors.Is(err, errJoined) {
		return nil
	}
	if !errors.Is(err, context.Canceled) {
		a.setState(Joining, err.Error())
	}
	return err
}
