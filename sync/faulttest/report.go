package faulttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report says what was done and seen, in lines "name value".
func (r *Rig) Report() string {
	var b strings.Builder
	o := r.observer
	o.mu.Lock()
	defer o.mu.Unlock()
	kills := 0
	for _, part := range slices.Sorted(maps.Keys(r.kills)) {
		fmt.Fprintf(&b, "kills of %s\t%d\n", part, r.kills[part])
		kills += r.kills[part]
	}
	fmt.Fprintf(&b, "kills\t%d\n", kills)
	for _, fault := range slices.Sorted(maps.Keys(r.done)) {
		fmt.Fprintf(&b, "fault %s\t%d\n", fault, r.done[fault])
	}
	fmt.Fprintf(&b, "transactions\t%d\n", r.history.transactions())
	fmt.Fprintf(&b, "rows compared\t%d\n", r.compared)
	fmt.Fprintf(&b, "polls of headquarters\t%d\nstates judged\t%d\nstates in which a row waited for its repair\t%d\nstates in which a key was dirty\t%d\nstates of an epoch that was not proved yet\t%d\n",
		o.polls, o.states, o.waiting, o.dirty, o.unproven)
	fmt.Fprintf(&b, "epochs begun\t%d\n", r.epochs)
	fmt.Fprintf(&b, "reconciliations\t%d\ndifferences planted\t%d\n", r.reconciled, r.differencesPlanted)
	r.Tap.mu.Lock()
	fmt.Fprintf(&b, "messages read on link and in streams\t%d\nchanges in them\t%d\n", r.Tap.messages, r.Tap.changes)
	r.Tap.mu.Unlock()
	for _, k := range []Kind{Lost, Doubled, Half, Back, Leaked, False, Missed, Stuck, Begun} {
		n := len(o.findings[k])
		if k == Leaked {
			n = len(r.Tap.leaks)
		}
		fmt.Fprintf(&b, "%s\t%d\n", k, n)
	}
	return b.String()
}
