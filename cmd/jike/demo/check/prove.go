package check

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"jike/schemas/codes"
	"jike/sync/reconcile"
)

// proof is a reconciliation as the portal shows it when it has ended.
type proof struct {
	Run struct {
		ID          int64      `json:"id"`
		State       string     `json:"state"`
		Result      string     `json:"result"`
		ReasonCode  string     `json:"reasonCode"`
		Reason      string     `json:"reason"`
		Rows        int64      `json:"rows"`
		Differences int64      `json:"differences"`
		Repaired    int64      `json:"repaired"`
		Started     time.Time  `json:"started"`
		Ended       *time.Time `json:"ended"`
	} `json:"run"`
	Differences []struct {
		Recheck bool     `json:"recheck"`
		Table   string   `json:"table"`
		Key     int64    `json:"key"`
		Kind    string   `json:"kind"`
		Columns []string `json:"columns"`
	} `json:"differences"`
	Certificate json.RawMessage `json:"certificate"`

	certificate reconcile.Certificate
}

// reconcileWait is how long a run may take here.
const reconcileWait = 60 * time.Second

// reconcileAt asks headquarters' portal for a reconciliation of a province, waits for its end and
// verifies its certificate.
func reconcileAt(ctx context.Context, analyst *browser, code codes.Province) (*proof, error) {
	var started struct {
		ID int64 `json:"id"`
	}
	// A run that the node began by itself, in a new epoch or after a restart, goes first.
	err := until(ctx, reconcileWait, fmt.Sprintf("the start of a reconciliation of %s", code), func(ctx context.Context) (bool, error) {
		err := analyst.do(ctx, http.MethodPost, "/api/reconciliations", map[string]any{"province": int(code)}, &started)
		if isRefusal(err, http.StatusConflict) {
			pause(ctx, 100*time.Millisecond)
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	p := &proof{}
	err = until(ctx, reconcileWait, fmt.Sprintf("the end of reconciliation %d", started.ID), func(ctx context.Context) (bool, error) {
		var err error
		*p, err = get[proof](ctx, analyst, fmt.Sprintf("/api/reconciliations/%d", started.ID))
		if err == nil && p.Run.State == "running" {
			pause(ctx, 20*time.Millisecond)
		}
		return p.Run.State != "running", err
	})
	if err != nil {
		return nil, err
	}
	if p.Run.State != "done" {
		return p, fmt.Errorf("reconciliation %d of %s is %s: %s %s", p.Run.ID, code, p.Run.State, p.Run.ReasonCode, p.Run.Reason)
	}
	if err := json.Unmarshal(p.Certificate, &p.certificate); err != nil {
		return p, fmt.Errorf("certificate of reconciliation %d: %w", p.Run.ID, err)
	}
	if err := p.certificate.Verify(); err != nil {
		return p, err
	}
	s := p.certificate.Statement
	if s.Province != int16(code) || s.Reconciliation != p.Run.ID || string(s.Result) != p.Run.Result || s.Found.Total() != p.Run.Differences {
		return p, fmt.Errorf("the certificate of reconciliation %d says something else than its run: %+v", p.Run.ID, s)
	}
	return p, nil
}

// mustBe fails unless the run ended with a result.
func (p *proof) mustBe(result reconcile.Result) error {
	if p.Run.Result != string(result) {
		return fmt.Errorf("reconciliation %d ended %s with %d differences, not %s: %s", p.Run.ID, p.Run.Result, p.Run.Differences, result, p.listed())
	}
	return nil
}

// found lists what the run found before its repair.
func (p *proof) found(code codes.Province) []difference {
	var list []difference
	for _, d := range p.Differences {
		if !d.Recheck {
			list = append(list, difference{Province: code, Table: d.Table, Key: d.Key, Kind: d.Kind, Columns: d.Columns})
		}
	}
	return list
}

func (p *proof) listed() string {
	var list []string
	for _, d := range p.Differences {
		list = append(list, fmt.Sprintf("%s %d %s %v", d.Table, d.Key, d.Kind, d.Columns))
	}
	return strings.Join(list, "; ")
}

// sameDifferences names what was planted and not found, or found and not planted, or called by
// another kind or other columns.
func sameDifferences(planted, found []difference) error {
	lines := func(list []difference) []string {
		var lines []string
		for _, d := range list {
			slices.Sort(d.Columns)
			d.Note = ""
			lines = append(lines, d.String())
		}
		slices.Sort(lines)
		return lines
	}
	want, got := lines(planted), lines(found)
	var wrong []string
	for _, l := range want {
		if !slices.Contains(got, l) {
			wrong = append(wrong, "planted and not named: "+l)
		}
	}
	for _, l := range got {
		if !slices.Contains(want, l) {
			wrong = append(wrong, "named and not planted: "+l)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d planted, %d found: %s", len(want), len(got), strings.Join(wrong, "; "))
	}
	return nil
}

// sameCertificates compares headquarters' chain with what the province keeps, in its database.
func sameCertificates(ctx context.Context, s *site, chain []reconcile.Certificate) error {
	if err := reconcile.VerifyChain(chain); err != nil {
		return err
	}
	rows, err := s.db.Query(ctx, `SELECT encode(digest, 'hex') FROM sync.certificate ORDER BY sequence`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var kept []string
	for rows.Next() {
		var digest string
		if err := rows.Scan(&digest); err != nil {
			return err
		}
		kept = append(kept, digest)
	}
	var ours []string
	for _, c := range chain {
		ours = append(ours, c.Digest.String())
	}
	missing := slices.ContainsFunc(ours, func(digest string) bool { return !slices.Contains(kept, digest) })
	if missing || len(kept) == 0 || kept[len(kept)-1] != ours[len(ours)-1] {
		return fmt.Errorf("%s keeps the certificates %v, headquarters showed %v", s.node.Title(), kept, ours)
	}
	return rows.Err()
}
