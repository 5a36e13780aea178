package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Room says how much the hub can still take before it drops a message that is not applied.
type Room struct {
	Bytes int64   // until then
	Days  float64 // until then, at the rate at which what it holds has come, and never more than it keeps anything
}

const day = 24 * time.Hour

// Room looks at the stream; what lies after a sequence is not applied. The hub drops what is too old
// or too much, applied or not, so the days that are left shrink while nothing is applied.
func (h *Hub) Room(ctx context.Context, after uint64) (Room, error) {
	s, err := h.js.Stream(ctx, h.name)
	if err != nil {
		return Room{}, fmt.Errorf("stream: look at %s: %w", h.name, err)
	}
	state, config := s.CachedInfo().State, s.CachedInfo().Config
	room := Room{Bytes: config.MaxBytes, Days: config.MaxAge.Hours() / day.Hours()}
	if state.Msgs == 0 {
		return room, nil
	}
	if waiting := state.LastSeq - min(after, state.LastSeq); waiting > 0 {
		room.Bytes -= int64(float64(state.Bytes) * min(1, float64(waiting)/float64(state.Msgs)))
		oldest, err := s.GetMsg(ctx, max(after+1, state.FirstSeq))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound), err == nil && oldest.Sequence > after+1 && after+1 < state.FirstSeq:
			return Room{}, nil // it has gone
		case err != nil:
			return Room{}, fmt.Errorf("stream: look at %s: %w", h.name, err)
		}
		room.Days = (config.MaxAge - time.Since(oldest.Time)).Hours() / day.Hours()
	}
	if held := time.Since(state.FirstTime); held > 0 && state.Bytes > 0 {
		rate := float64(state.Bytes) / (held.Hours() / day.Hours())
		room.Days = min(room.Days, float64(room.Bytes)/rate)
	}
	return Room{max(0, room.Bytes), max(0, room.Days)}, nil
}
