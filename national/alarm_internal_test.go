package national

import (
	"slices"
	"testing"

	"jike/sync/reconcile"
)

// How a run ends decides whether somebody is told.
func TestEndsOfRunsRaiseAlarms(t *testing.T) {
	result := func(r reconcile.Result) *reconcile.Result { return &r }
	unexplained := []reconcile.CauseCount{{Kind: reconcile.Missing, Cause: reconcile.Unknown, Count: 3}}
	for name, c := range map[string]struct {
		run      reconcile.Run
		again    bool
		raises   string
		resolves []string
	}{
		"failed, repeated":  {reconcile.Run{State: reconcile.Failed}, true, "", nil},
		"failed for good":   {reconcile.Run{State: reconcile.Failed}, false, alarmFailed, nil},
		"the node stopped":  {reconcile.Run{State: reconcile.Failed, ReasonCode: reconcile.ReasonInterrupted}, false, "", nil},
		"not signed":        {reconcile.Run{State: reconcile.Failed, Progress: reconcile.Progress{Phase: reconcile.PhaseSign}}, false, alarmUnsigned, nil},
		"waits":             {reconcile.Run{State: reconcile.NeedsApproval}, false, alarmApproval, []string{alarmFailed, alarmUnsigned}},
		"canceled":          {reconcile.Run{State: reconcile.Canceled}, false, "", []string{alarmApproval}},
		"clean":             {reconcile.Run{State: reconcile.Done, Result: result(reconcile.Clean)}, false, "", []string{alarmApproval, alarmFailed, alarmUnsigned, alarmDiverged, alarmUnexplained}},
		"a part is clean":   {reconcile.Run{State: reconcile.Done, Result: result(reconcile.Clean), Scope: reconcile.Scope{Table: "crm.bill"}}, false, "", []string{alarmApproval}},
		"repaired, unclear": {reconcile.Run{State: reconcile.Done, Result: result(reconcile.Repaired), Causes: unexplained}, false, alarmUnexplained, []string{alarmApproval, alarmFailed, alarmUnsigned, alarmDiverged}},
		"diverged":          {reconcile.Run{State: reconcile.Done, Result: result(reconcile.Diverged)}, false, alarmDiverged, []string{alarmApproval, alarmFailed, alarmUnsigned}},
	} {
		kind, text, resolved := judge(c.run, c.again)
		if kind != c.raises || !slices.Equal(resolved, c.resolves) || (kind == "") != (text == "") {
			t.Errorf("%s: raises %q (%s), resolves %v", name, kind, text, resolved)
		}
	}
}
