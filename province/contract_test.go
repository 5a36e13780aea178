package province_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/province/contract"
	"jike/province/customer/customertest"
)

// agreed is a contract in force from some days before today until some days after.
func agreed(number string, from, until int, fen int64) contract.Facts {
	y, m, d := time.Now().UTC().Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return contract.Facts{
		Number: number, Name: "专线服务协议", SignedOn: today.AddDate(0, 0, from), EffectiveOn: today.AddDate(0, 0, from),
		ExpiresOn: today.AddDate(0, 0, until), AmountFen: fen, Status: contract.Active,
	}
}

func (x *site) agree(t *testing.T, customerID int64, f contract.Facts) contract.Contract {
	t.Helper()
	c, err := x.all.Contracts.Add(t.Context(), x.Everybody, customerID, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestARenewalEndsWhatItRenewsAndThereIsOne(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	f := agreed("HT1", -300, 60, 100)
	f.AutoRenew = true
	old := x.agree(t, c.ID, f)
	if _, err := x.all.Contracts.Renew(t.Context(), x.Manager, old.ID, agreed("HT2", -300, 700, 1)); err == nil || !strings.Contains(err.Error(), "contract.renewal.before") {
		t.Errorf("a renewal that begins with what it renews: %v", err)
	}
	draft := agreed("HT2", -10, 700, 200)
	draft.Status = contract.Draft
	next, err := x.all.Contracts.Renew(t.Context(), x.Manager, old.ID, draft)
	if err != nil || next.RenewsID != old.ID {
		t.Fatalf("%+v %v", next, err)
	}
	if _, err := x.all.Contracts.Renew(t.Context(), x.Manager, old.ID, agreed("HT3", -9, 700, 1)); !fault.Is(err, fault.Exists) {
		t.Errorf("a second renewal: %v", err)
	}
	state := func() string {
		return customertest.Value[string](t, x.DB, `SELECT status || ' ' || auto_renew || ' ' || (expires_on - $2::date) FROM crm.contract WHERE id = $1`,
			old.ID, f.EffectiveOn.AddDate(0, 0, 300))
	}
	if got := state(); got != "active true 60" {
		t.Errorf("while the renewal is a draft: %s", got)
	}
	draft.Status = contract.Active
	if _, err := x.all.Contracts.Change(t.Context(), x.Manager, next.ID, next.Version, draft); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "expired false -11" {
		t.Errorf("when the renewal is in force: %s", got)
	}
	// One that begins later lets the other go on until then; one that was terminated makes room.
	draft = agreed("HT4", 100, 900, 1)
	draft.Status = contract.Draft
	given, err := x.all.Contracts.Renew(t.Context(), x.Manager, next.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	draft.Status = contract.Terminated
	if _, err := x.all.Contracts.Change(t.Context(), x.Manager, given.ID, given.Version, draft); err != nil {
		t.Fatal(err)
	}
	if _, err := x.all.Contracts.Renew(t.Context(), x.Manager, given.ID, agreed("HT5", 101, 900, 1)); !fault.Is(err, fault.Rule) {
		t.Errorf("a renewal of what is terminated: %v", err)
	}
	if _, err := x.all.Contracts.Renew(t.Context(), x.Manager, next.ID, agreed("HT5", 101, 900, 1)); err != nil {
		t.Errorf("a renewal in place of one that was terminated: %v", err)
	}
	const chain = `WITH RECURSIVE chain AS (SELECT id, number, renews_id FROM crm.contract WHERE number = 'HT5'
		UNION ALL SELECT k.id, k.number, k.renews_id FROM chain JOIN crm.contract k ON k.id = chain.renews_id) SELECT string_agg(number, ' ') FROM chain`
	if got := customertest.Value[string](t, x.DB, chain); got != "HT5 HT2 HT1" {
		t.Errorf("chain %s", got)
	}
}

func TestContractsThatEndSoonAreToldOfOnceAStepAndExpire(t *testing.T) {
	x := newSite(t)
	own := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	other := x.Add(t, customertest.Facts("乙公司", x.StrangerUnit.ID))
	hidden := customertest.Facts("丙公司", x.StrangerUnit.ID)
	hidden.Sensitive = true
	for i, until := range []int{30, 60, 90, 91} {
		x.agree(t, own.ID, agreed(fmt.Sprint("HT", until), -100, until, int64(1+i)))
	}
	x.agree(t, other.ID, agreed("HTB", -100, 10, 1000))
	x.agree(t, x.Add(t, hidden).ID, agreed("HTC", -100, 10, 10000))
	late := x.agree(t, own.ID, agreed("HTX", -100, -1, 100000))
	kept := agreed("HTA", -100, -1, 100000)
	kept.AutoRenew = true
	x.agree(t, own.ID, kept)
	renewed := x.agree(t, own.ID, agreed("HTR", -100, 20, 100000))
	if _, err := x.all.Contracts.Renew(t.Context(), x.Manager, renewed.ID, agreed("HTS", 21, 500, 1)); err != nil {
		t.Fatal(err)
	}

	expired, noticed, err := x.all.Contracts.Watch(t.Context())
	if err != nil || expired != 1 || noticed != 5 {
		t.Fatalf("%d expired, %d told of, %v", expired, noticed, err)
	}
	if expired, noticed, err := x.all.Contracts.Watch(t.Context()); err != nil || expired+noticed != 0 {
		t.Errorf("again: %d expired, %d told of, %v", expired, noticed, err)
	}
	if got := customertest.Value[string](t, x.DB, `SELECT status FROM crm.contract WHERE id = $1`, late.ID); got != "expired" {
		t.Errorf("a contract whose end is past is %s", got)
	}
	steps := `SELECT string_agg(k.number || ' ' || n.step, ', ' ORDER BY k.id) FROM crm.contract_notice n JOIN crm.contract k ON k.id = n.contract_id`
	if got := customertest.Value[string](t, x.DB, steps); got != "HT30 30, HT60 60, HT90 90, HTB 30, HTC 30" {
		t.Errorf("steps: %s", got)
	}

	for login, want := range map[string]string{
		"manager": "[[30 1 1] [60 2 3] [90 3 6]] HT30 HT60 HT90", "head-a": "[[30 1 1] [60 2 3] [90 3 6]] HT30 HT60 HT90",
		"administrator": "[[30 3 11001] [60 4 11003] [90 5 11006]] HTB HTC HT30 HT60 HT90",
	} {
		status, doc := x.as(t, login).Call(t, "GET", "/api/contracts/due", "")
		if status != 200 {
			t.Fatalf("%s: %d %v", login, status, doc)
		}
		var sums [][]any
		var numbers []string
		for _, s := range doc["sums"].([]any) {
			m := s.(map[string]any)
			sums = append(sums, []any{m["days"], m["contracts"], m["amountFen"]})
		}
		for _, i := range doc["items"].([]any) {
			m := i.(map[string]any)
			numbers = append(numbers, m["number"].(string))
			if m["noticedAt"] == nil {
				t.Errorf("%v was not told of", m)
			}
		}
		if got := fmt.Sprint(sums, " ", strings.Join(numbers, " ")); got != want {
			t.Errorf("%s: %s, want %s", login, got, want)
		}
	}
}

func TestTheDueListIsReadByPages(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	for i := range 60 {
		x.agree(t, c.ID, agreed(fmt.Sprintf("HT%02d", i), -100, 10+i/30, 1))
	}
	seen, next := map[string]bool{}, ""
	for range 2 {
		_, doc := x.as(t, "manager").Call(t, "GET", "/api/contracts/due?days=30&after="+next, "")
		for _, i := range doc["items"].([]any) {
			seen[i.(map[string]any)["number"].(string)] = true
		}
		next = doc["next"].(string)
	}
	if len(seen) != 60 || next != "" {
		t.Errorf("%d contracts on two pages, and more at %q", len(seen), next)
	}
	if status, _ := x.as(t, "manager").Call(t, "GET", "/api/contracts/due?after=x", ""); status != 422 {
		t.Errorf("a place that is none: %d", status)
	}
}

func TestADocumentComesBackAsItWasSentAndAsAFileToSave(t *testing.T) {
	x := newSite(t)
	c := x.Add(t, customertest.Facts("甲公司", x.ManagerUnit.ID))
	k := x.agree(t, c.ID, agreed("HT1", -1, 60, 100))
	b, path := x.as(t, "manager"), fmt.Sprintf("/api/contracts/%d/documents", k.ID)
	send := func(name string, content []byte) (int, map[string]any) {
		body, err := json.Marshal(map[string]any{"name": name, "content": base64.StdEncoding.EncodeToString(content)})
		if err != nil {
			t.Fatal(err)
		}
		return b.Call(t, "POST", path, string(body))
	}
	content := append([]byte("%PDF-1.7\n<script>"), make([]byte, 2<<20)...)
	status, doc := send(`C:\合同\正本 1.PDF`, content)
	if status != 201 || doc["name"] != "正本 1.PDF" || doc["type"] != "application/pdf" || doc["sha256"] == "" {
		t.Fatalf("%d %v", status, doc)
	}
	status, header, got := b.Raw(t, "GET", fmt.Sprint("/api/documents/", doc["id"]), "")
	if status != 200 || string(got) != string(content) {
		t.Errorf("%d, %d bytes of %d", status, len(got), len(content))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment; filename*=utf-8''%E6%AD%A3%E6%9C%AC%201.PDF",
	} {
		if header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, header.Get(name), want)
		}
	}
	if status, doc := send("正本 2.pdf", content); status != 409 || !strings.Contains(fmt.Sprint(doc), "document.exists") {
		t.Errorf("the same again: %d %v", status, doc)
	}
	if status, doc := send("a.html", []byte("<html>")); status != 422 || !strings.Contains(fmt.Sprint(doc), "document.kind.unknown") {
		t.Errorf("a page: %d %v", status, doc)
	}
	if status, doc := b.Call(t, "DELETE", fmt.Sprint("/api/documents/", doc["id"]), ""); status != 204 {
		t.Fatalf("%d %v", status, doc)
	}
	const trail = `SELECT string_agg(action || ' ' || (coalesce(after, before)->>'name'), ', ' ORDER BY id) FROM audit.line WHERE object_kind = 'document'`
	if got := customertest.Value[string](t, x.DB, trail); got != "document.add 正本 1.PDF, document.read 正本 1.PDF, document.remove 正本 1.PDF" {
		t.Errorf("trail: %s", got)
	}
}
