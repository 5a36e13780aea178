package reconcile

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"jike/schemas/replica"
)

// without is today's table list as it was before some columns came.
func without(names ...string) []replica.Table {
	list := slices.Clone(replica.Up)
	for i := range list {
		list[i].Columns = slices.DeleteFunc(slices.Clone(list[i].Columns), func(c replica.Column) bool { return slices.Contains(names, list[i].Name+"."+c.Name) })
	}
	return list
}

// A province that is a release behind is compared in the columns that both sides have, and the
// certificate names them. A column that headquarters has given up is not compared either.
func TestAProvinceThatIsAReleaseBehindIsCompared(t *testing.T) {
	p := newPair(t, 30)
	here, there := without("bill.updated_at"), without("customer.profile", "bill.paid_fen")
	p.tables = there
	p.source.Close()
	p.startProvince(0)
	p.n.Close()
	p.startNational(NationalOptions{Tables: here, Previous: []replica.List{{Number: 0, Tables: there}}})
	p.exec(p.national, `UPDATE crm.customer SET profile = 'not compared' WHERE id = 2`)
	p.exec(p.national, `UPDATE crm.bill SET paid_fen = 7, updated_at = now() + interval '1 day' WHERE id = 7`)
	if run := p.reconcile(Request{}); run.State != Done || *run.Result != Clean {
		t.Fatalf("%s, %v: %s, %+v", run.State, run.Result, run.Reason, run.Certificate)
	}
	p.exec(p.national, `UPDATE crm.customer SET name = 'damaged', profile = 'not compared' WHERE id = 2`)
	run := p.reconcile(Request{})
	if run.State != Done || *run.Result != Repaired || run.Differences != 1 || run.Progress.Tables != len(there) {
		t.Fatalf("%s, %v, %d differences, %d tables: %s", run.State, run.Result, run.Differences, run.Progress.Tables, run.Reason)
	}
	s := run.Certificate.Statement
	if hash := replica.Hash(there); s.Version != 3 || !bytes.Equal(s.Schema, hash[:]) || !slices.Equal(s.Found.Listed[0].Columns, []string{"name"}) {
		t.Errorf("form %d, schema %s, found %+v", s.Version, s.Schema, s.Found.Listed)
	}
	compared := without("customer.profile", "bill.paid_fen", "bill.updated_at")
	for i, proof := range s.Tables {
		if !slices.Equal(proof.Columns, namesOf(compared[i])) {
			t.Errorf("%s: %v were compared", proof.Table, proof.Columns)
		}
	}
	if !slices.Equal(s.Repair.Tables[0].Columns, namesOf(compared[0])) {
		t.Errorf("the re-check compared %v", s.Repair.Tables[0].Columns)
	}
	chain, err := p.n.Chain(t.Context(), testProvince, 0, 10)
	if err == nil {
		err = VerifyChain(chain)
	}
	if err != nil || len(chain) != 2 {
		t.Errorf("%d certificates: %v", len(chain), err)
	}
}

// A province that is a release ahead has what headquarters cannot compare, and one that replicates a
// table that headquarters has given up would be proved in part only: both are refused with the reason.
func TestWhatTheTwoReleasesCannotCompareIsRefused(t *testing.T) {
	p := newPair(t, 4)
	older := without("customer.profile")
	for what, c := range map[string]struct {
		opts   NationalOptions
		reason Reason
		says   string
	}{
		"a newer province":   {NationalOptions{Tables: older, Previous: []replica.List{{Number: 0, Tables: without("bill.paid_fen")}}}, ReasonNewer, "bring headquarters to the newer release first"},
		"a table given up":   {NationalOptions{Tables: replica.Up[1:], Previous: []replica.List{{Number: 0, Tables: replica.Up}}}, ReasonOld, "still replicates crm.customer"},
		"no release at all":  {NationalOptions{Tables: older}, ReasonNewer, "does not know"},
		"a table and a type": {NationalOptions{Tables: replica.Up[:5]}, ReasonNewer, "does not know"},
	} {
		p.n.Close()
		p.startNational(c.opts)
		run := p.reconcile(Request{})
		if run.State != Failed || run.ReasonCode != c.reason || !strings.Contains(run.Reason, c.says) {
			t.Errorf("%s: %s, %s: %s", what, run.State, run.ReasonCode, run.Reason)
		}
	}
}
