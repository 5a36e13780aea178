package national

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"jike/internal/alarm"
	"jike/internal/node"
	"jike/sync/reconcile"
)

// The alarms of reconciliation; their subject is the province.
const (
	alarmFailed      = "reconciliation.failed"      // it did not come to its end, and is not repeated by itself
	alarmUnsigned    = "reconciliation.unsigned"    // a side did not sign the certificate
	alarmApproval    = "reconciliation.approval"    // it waits for a person
	alarmDiverged    = "reconciliation.diverged"    // differences are left after the repair
	alarmUnexplained = "reconciliation.unexplained" // differences were found that nothing explains
)

// openAlarms makes what tells people.
func openAlarms(n *node.Node, c Config) (*alarm.Desk, error) {
	channels, err := c.Alarm.Channels()
	if err != nil {
		return nil, err
	}
	desk := alarm.New(alarm.Options{DB: n.App, Node: "national", Channels: channels, Again: c.Alarm.Again, Log: n.Log})
	n.Task(func(ctx context.Context) error {
		desk.Run(ctx)
		return nil
	})
	return desk, nil
}

// tellEnded raises and resolves alarms by how a reconciliation ended.
func tellEnded(n *node.Node, desk *alarm.Desk) func(reconcile.Run, bool) {
	return func(run reconcile.Run, again bool) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		kind, text, resolved := judge(run, again)
		subject := strconv.Itoa(int(run.Province))
		for _, k := range resolved {
			if err := desk.Resolve(ctx, k, subject); err != nil {
				n.Log.Error("alarm not resolved", "kind", k, "error", err)
			}
		}
		if kind == "" {
			return
		}
		err := desk.Raise(ctx, alarm.Alarm{Kind: kind, Subject: subject, Text: text, Facts: map[string]string{
			"run": strconv.FormatInt(run.ID, 10), "scope": run.Scope.String(), "reason": run.Reason,
			"differences": strconv.FormatInt(run.Differences, 10),
		}})
		if err != nil {
			n.Log.Error("alarm not raised", "kind", kind, "error", err)
		}
	}
}

// judge says which alarm a run's end raises, if any, and which it resolves.
func judge(run reconcile.Run, again bool) (kind, text string, resolved []string) {
	who := fmt.Sprintf("Reconciliation %d of province %d", run.ID, run.Province)
	switch run.State {
	case reconcile.Failed:
		switch {
		case again || run.ReasonCode == reconcile.ReasonInterrupted: // it is repeated by itself
			return "", "", nil
		case run.Progress.Phase == reconcile.PhaseSign:
			return alarmUnsigned, who + " has no certificate: " + run.Reason, nil
		}
		return alarmFailed, who + " failed: " + run.Reason, nil
	case reconcile.NeedsApproval:
		return alarmApproval, fmt.Sprintf("%s found %d differences and waits for a person", who, run.Differences), []string{alarmFailed, alarmUnsigned}
	case reconcile.Canceled:
		return "", "", []string{alarmApproval}
	case reconcile.Done:
	default:
		return "", "", nil
	}
	// A part says nothing about what a run of everything found or could not do.
	whole := run.Scope == (reconcile.Scope{})
	resolved = []string{alarmApproval}
	if whole {
		resolved = append(resolved, alarmFailed, alarmUnsigned)
	}
	if *run.Result == reconcile.Diverged {
		return alarmDiverged, who + " left differences after the repair", resolved
	}
	if whole {
		resolved = append(resolved, alarmDiverged)
	}
	for _, c := range run.Causes {
		if c.Cause == reconcile.Unknown {
			return alarmUnexplained, fmt.Sprintf("%s found and repaired %d differences that nothing explains", who, c.Count), resolved
		}
	}
	if whole {
		resolved = append(resolved, alarmUnexplained)
	}
	return "", "", resolved
}
