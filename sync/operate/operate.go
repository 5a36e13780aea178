// Package operate answers `jike sync` through a node's control socket: what a person looks at and does
// about what is applied there. At headquarters that is what the provinces send, in a province the
// reference data that comes down.
package operate

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jike/sync/apply"
	"jike/sync/wire"
)

// State is what `jike sync status` tells of a province.
type State struct {
	Province    int16      `json:"province"`
	State       string     `json:"state"`
	Error       string     `json:"error,omitempty"` // why it does not run
	Epoch       int64      `json:"epoch"`
	Applied     wire.LSN   `json:"applied"`
	Head        wire.LSN   `json:"head"`                // what the sender is at, as last heard
	LagBytes    uint64     `json:"lagBytes"`            // between both
	Heard       *time.Time `json:"heard,omitempty"`     // last notice from the sender
	Heartbeat   *time.Time `json:"heartbeat,omitempty"` // the province's clock in the last heartbeat applied
	Committed   *time.Time `json:"committed,omitempty"` // of the last transaction applied, by the same clock
	Divergences int64      `json:"divergences"`         // found by this process
	Parked      int64      `json:"parked"`              // transactions that nobody has dealt with
	Dirty       int64      `json:"dirty"`               // keys that those left unknown
}

// ParkedTransaction is what `jike sync parked show` tells of one.
type ParkedTransaction struct {
	apply.Parked
	DirtyKeys []apply.DirtyKey `json:"dirtyKeys"` // the first ShownKeys
}

// ShownKeys is how many dirty keys of a parked transaction are shown.
const ShownKeys = 1000

// Commands answers `jike sync` for a node.
type Commands struct {
	Provinces map[int16]*apply.Apply // what is applied, by carrier province code
	Log       *slog.Logger
}

// Register adds the commands to the control socket. {province} is a carrier province code; by says
// who asks.
func (o Commands) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /sync", o.status)
	mux.HandleFunc("GET /sync/parked", o.parked)
	mux.HandleFunc("GET /sync/parked/{id}", o.show)
	o.command(mux, "pause", func(r *http.Request, a *apply.Apply) (string, error) {
		return "paused; what comes is kept", a.Pause(r.Context(), r.FormValue("by"), r.FormValue("reason"))
	})
	o.command(mux, "resume", func(r *http.Request, a *apply.Apply) (string, error) {
		return "resumed", a.Resume(r.Context(), r.FormValue("truncate") == "true")
	})
	o.command(mux, "repair", func(r *http.Request, a *apply.Apply) (string, error) {
		n, err := a.Repair(r.Context(), parkedID(r))
		return fmt.Sprintf("the current state of %d keys is asked for", n), err
	})
	o.command(mux, "release", func(r *http.Request, a *apply.Apply) (string, error) {
		return "released", a.Release(r.Context(), parkedID(r), r.FormValue("by"), r.FormValue("accept") == "true")
	})
}

// parkedID is 0 for what is no number: no transaction has it, and a repair means all by it.
func parkedID(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.FormValue("parked"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// command adds an operation on one province. Its answer is a sentence.
func (o Commands) command(mux *http.ServeMux, name string, f func(*http.Request, *apply.Apply) (string, error)) {
	mux.HandleFunc("POST /sync/{province}/"+name, func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.ParseInt(r.PathValue("province"), 10, 16)
		a := o.Provinces[int16(code)]
		if err != nil || a == nil {
			o.unknown(w, r.PathValue("province"))
			return
		}
		said, err := f(r, a)
		o.Log.Info("command", "operation", name, "province", code, "by", r.FormValue("by"), "parked", r.FormValue("parked"), "error", err)
		if err != nil {
			refuse(w, err)
			return
		}
		_, _ = fmt.Fprintln(w, said) // an error says that the command has gone
	})
}

func (o Commands) codes() []int16 { return slices.Sorted(maps.Keys(o.Provinces)) }

func (o Commands) unknown(w http.ResponseWriter, province string) {
	var list []string
	for _, code := range o.codes() {
		list = append(list, strconv.Itoa(int(code)))
	}
	http.Error(w, fmt.Sprintf("nothing of a province %s is applied here, but of %s", province, strings.Join(list, ", ")), http.StatusNotFound)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, apply.ErrNotParked):
		status = http.StatusNotFound
	case errors.Is(err, apply.ErrDirty), errors.Is(err, apply.ErrNotPaused):
		status = http.StatusConflict
	}
	http.Error(w, err.Error(), status)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error says that the command has gone
}

func (o Commands) status(w http.ResponseWriter, _ *http.Request) {
	states := []State{}
	for _, code := range o.codes() {
		s := o.Provinces[code].Status()
		states = append(states, State{
			Province: code, State: string(s.State), Error: s.Error, Epoch: s.Epoch, Applied: s.Applied, Head: s.Head, LagBytes: s.LagBytes,
			Heard: known(s.Heard), Heartbeat: known(s.Heartbeat), Committed: known(s.Committed),
			Divergences: s.Divergences, Parked: s.Parked, Dirty: s.Dirty,
		})
	}
	answer(w, states)
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// parked lists what is parked, of one province if it is named.
func (o Commands) parked(w http.ResponseWriter, r *http.Request) {
	all := []apply.Parked{}
	codes := o.codes()
	if name := r.FormValue("province"); name != "" {
		code, err := strconv.ParseInt(name, 10, 16)
		if err != nil || o.Provinces[int16(code)] == nil {
			o.unknown(w, name)
			return
		}
		codes = []int16{int16(code)}
	}
	for _, code := range codes {
		list, err := o.Provinces[code].Parked(r.Context())
		if err != nil {
			refuse(w, err)
			return
		}
		all = append(all, list...)
	}
	answer(w, all)
}

// show tells all of one parked transaction.
func (o Commands) show(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		refuse(w, apply.ErrNotParked)
		return
	}
	for _, code := range o.codes() {
		p, keys, err := o.Provinces[code].ParkedKeys(r.Context(), id, ShownKeys)
		if errors.Is(err, apply.ErrNotParked) {
			continue
		}
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, ParkedTransaction{p, keys})
		return
	}
	refuse(w, apply.ErrNotParked)
}
