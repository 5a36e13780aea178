package apply

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/sync/stream"
	"jike/sync/wire"
)

// askPatience bounds one call to the province: a call that the link swallowed must not keep the
// next one waiting. What the province does meanwhile is not lost, and done twice does no harm.
const askPatience = 8 * time.Second

// keepAsking asks the province who it is, for what is missing, and for repairs, until it answers
// and until that has come.
func (a *Apply) keepAsking(ctx context.Context) {
	tick := time.NewTicker(a.opts.Retry)
	defer tick.Stop()
	open := repairs{from: `sync.divergence d WHERE repaired_at IS NULL
		AND NOT EXISTS (SELECT FROM sync.dirty WHERE province = d.province AND relation = d.relation AND key = d.key)`}
	wanted := repairs{from: `sync.dirty d WHERE wanted`}
	var refilled time.Time
	for {
		select {
		case <-a.ask:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if time.Since(a.lastHeard()) > a.opts.Retry {
			a.hello(ctx)
		}
		if !a.leads() {
			continue
		}
		if time.Since(refilled) >= a.opts.Retry && a.askRefill(ctx) {
			refilled = time.Now()
		}
		if a.opts.Down {
			continue // what comes down is repaired as a whole: see Repair
		}
		for _, r := range []*repairs{&open, &wanted} {
			if err := a.askRepairs(ctx, r); err != nil && ctx.Err() == nil {
				a.opts.Log.Warn("apply: repairs are not asked for yet", "province", a.opts.Province, "error", err)
			}
		}
	}
}

func (a *Apply) lastHeard() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status.Heard
}

func (a *Apply) hello(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, a.opts.Retry)
	defer cancel()
	if answer, err := a.opts.Control.Call(limited, stream.CallHello, nil); err == nil {
		a.onCapture(answer)
	}
}

// askRefill asks once for what is missing, if anything is, and reports that. A province that is at a
// younger incarnation than the gap's has begun already and does nothing.
func (a *Apply) askRefill(ctx context.Context) bool {
	a.mu.Lock()
	g := a.gap
	a.mu.Unlock()
	if g == nil {
		return false
	}
	err := a.call(ctx, stream.CallRefill, stream.RefillRequest{
		Epoch: g.from.epoch, LSN: g.from.link.LSN, Incarnation: g.incarnation, Chain: hex.EncodeToString(g.from.link.Chain[:]),
	})
	if err != nil && ctx.Err() == nil {
		a.opts.Log.Warn("apply: no refill yet", "province", a.opts.Province, "error", err)
	}
	a.mu.Lock()
	still := a.gap != nil && a.status.State == Refilling
	a.mu.Unlock()
	if still && errors.Is(err, stream.ErrRefused) {
		a.setState(Refilling, err.Error()) // a person has to see why
	}
	return true
}

func (a *Apply) call(ctx context.Context, name string, request any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("apply: call %s: %w", name, err)
	}
	limited, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	_, err = a.opts.Control.Call(limited, name, data)
	return err
}

// repairKeys is how many keys one round asks for.
const repairKeys = 500

// repairs remembers for which keys of a table the province was asked. A key that is dirty is asked
// for when a person wants it, and not because changes of it met no row.
type repairs struct {
	from  string    // table and condition: which keys wait for a repair
	epoch int64     // in which it was asked: the positions of another one say nothing
	upTo  int64     // youngest asked for
	asked time.Time // when the province last said yes
	until wire.LSN  // the repairs lie before it in the log; 0: not known yet
}

// askRepairs asks for new keys at once, and for all that still wait when the stream has passed the
// place where their repairs should have been.
func (a *Apply) askRepairs(ctx context.Context, r *repairs) error {
	a.mu.Lock()
	epoch, applied, heard, head := a.status.Epoch, a.status.Applied, a.status.Heard, a.heard.Head
	a.mu.Unlock()
	if r.epoch != epoch {
		*r = repairs{from: r.from, epoch: epoch}
	}
	if r.upTo > 0 && r.until == 0 && heard.After(r.asked) {
		r.until = head
	}
	if r.until != 0 && applied >= r.until {
		*r = repairs{from: r.from, epoch: epoch}
	}
	rows, err := a.opts.Pool.Query(ctx, `SELECT id, relation, key FROM `+r.from+` AND province = $1 AND id > $2 ORDER BY id LIMIT $3`, a.opts.Province, r.upTo, repairKeys)
	if err != nil {
		return err
	}
	keys := map[string][]int64{}
	var id, key int64
	var relation string
	if _, err := pgx.ForEachRow(rows, []any{&id, &relation, &key}, func() error {
		keys[relation] = append(keys[relation], key)
		return nil
	}); err != nil {
		return err
	}
	for relation, list := range keys {
		if err := a.call(ctx, stream.CallRepair, stream.RepairRequest{Table: relation, Keys: list}); err != nil {
			return err
		}
		r.asked, r.until = time.Now(), 0
	}
	r.upTo = max(r.upTo, id)
	return nil
}
