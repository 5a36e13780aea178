//go:build browser

package demo_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/demo/browsertest"
	"jike/cmd/jike/demo/world"
	"jike/cmd/jike/partner/boss"
	"jike/internal/account"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/national/company"
	"jike/national/report"
)

var (
	customers   = flag.Int("customers", 200, "customers of each province")
	screenshots = flag.String("screenshots", root+"/build/screenshots", "directory for pictures of every screen")
)

// visit is a world seen by browsers. Each person has a profile of their own.
type visit struct {
	t        *testing.T
	world    *world.World
	fujian   *world.Node
	chromium *browsertest.Chromium

	id           int64 // the customer that the visit is about
	number, name string
}

// TestBrowser goes through both portals as people would. It needs `make build` and Chromium.
func TestBrowser(t *testing.T) {
	v := begin(t)
	t.Run("a manager searches, edits and meets a conflict", v.province)
	t.Run("a manager searches everything by the keyboard", v.search)
	t.Run("a head of department has a masked phone shown", v.reveal)
	t.Run("a manager says who decides at a customer", v.keyPersons)
	t.Run("a manager renews a contract and adds a document", v.contracts)
	t.Run("a manager records a visit and filters the timeline", v.interactions)
	t.Run("a manager is warned of a customer that is there already", v.duplicate)
	t.Run("an administrator goes down the tree of the largest customer", v.hierarchy)
	t.Run("a head of department merges two customers and undoes it", v.merge)
	t.Run("a manager imports customers, corrects them and takes them back", v.importing)
	t.Run("a head of department exports a list", v.exporting)
	t.Run("an administrator defines an attribute that finds a customer", v.attributes)
	t.Run("a head of department shares a view with the team", v.views)
	t.Run("a head of department hands 500 customers over", v.handover)
	t.Run("an administrator opens an account", v.accounts)
	t.Run("an administrator searches the audit trail and verifies its chain", v.trail)
	t.Run("headquarters sees the edit, proves and reports", v.headquarters)
	t.Run("headquarters' administrator opens accounts and trail", v.administration)
	t.Run("an administrator reads the journal", v.journal)
	t.Run("administrators change the selection policy", v.selection)
	t.Run("headquarters changes reference data and a province shows it", v.reference)
	t.Run("an administrator names who sees a sensitive customer", v.viewers)
}

func begin(t *testing.T) *visit {
	t.Helper()
	binary, err := filepath.Abs(root + "/bin/jike")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	w, err := world.New(world.Options{Dir: pgtest.Dir(t), Customers: *customers, FreePorts: true, Binary: binary, Say: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, step := range []func(context.Context) error{w.Start, w.Fill, w.AwaitArrival} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	v := &visit{t: t, world: w, fujian: w.Province(591)}
	v.chromium = browsertest.Start(t, browsertest.Options{Screenshots: *screenshots, Axe: root + "/web/node_modules/axe-core/axe.min.js"})
	v.messages()
	v.choose()
	return v
}

// messages lets BOSS send some, for the journal.
func (v *visit) messages() {
	v.t.Helper()
	secret, err := v.fujian.Partner.Secret()
	if err != nil {
		v.t.Fatal(err)
	}
	s, err := boss.New(boss.Options{
		URL: v.fujian.XML, KeyID: v.fujian.Partner.KeyID, Secret: secret, Province: v.fujian.Code,
		Ledger: filepath.Join(v.t.TempDir(), "ledger"), Rate: 100, Count: 40,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Run(v.t.Context()); err != nil || s.Stats().Codes["0000"] != 40 {
		v.t.Fatalf("BOSS: %v, %+v", err, s.Stats())
	}
}

// choose takes a customer that the manager cares for and headquarters has.
func (v *visit) choose() {
	v.t.Helper()
	conn, err := pgx.Connect(v.t.Context(), v.fujian.AppURL)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	err = conn.QueryRow(v.t.Context(), `SELECT id, number, name FROM crm.customer WHERE national AND manager_id = $1 ORDER BY class, id LIMIT 1`,
		v.fujian.Account(account.AccountManager).UnitID).Scan(&v.id, &v.number, &v.name)
	if err != nil {
		v.t.Fatal(err)
	}
}

// open gives a browser at a portal's sign-in page.
func (v *visit) open(t *testing.T, n *world.Node) *browsertest.Browser {
	t.Helper()
	b := v.chromium.Open(t)
	b.Allow(401, "GET", "/api/session") // asked on every start: nobody has signed in
	b.Open(n.Portal)
	b.SeeLanguage("zh-CN")
	return b
}

// signIn types what a person types.
func signIn(b *browsertest.Browser, a world.Account) {
	b.Type("sign-in-login", a.Login)
	b.Type("sign-in-password", a.Password)
	b.Press(kb.Enter)
	b.See("session-user", a.Name)
}

// bothLanguages signs in once in each, and stays in Chinese.
func bothLanguages(t *testing.T, b *browsertest.Browser, a world.Account, zh, en string) {
	t.Helper()
	signIn(b, a)
	b.See("page-title", zh)
	b.Click("sign-out")
	b.See("sign-in-form", "")
	b.Click("language-switch")
	b.SeeLanguage("en")
	signIn(b, a)
	b.See("page-title", en)
	b.SeeLanguage("en")
	b.Click("language-switch")
	b.SeeLanguage("zh-CN")
	b.See("page-title", zh)
}

func (v *visit) province(t *testing.T) {
	manager := v.fujian.Account(account.AccountManager)
	b := v.open(t, v.fujian)
	b.Shot("sign-in")
	b.Allow(401, "POST", "/api/session")
	b.Type("sign-in-login", manager.Login)
	b.Type("sign-in-password", "not the password")
	b.Click("sign-in-submit")
	b.See("sign-in-problem", "")
	bothLanguages(t, b, manager, "客户", "ustomers")
	b.See("node-name", "福建")
	b.SeeAttribute("hit-count", "data-total", fmt.Sprint(v.inCare()))
	b.Shot("customers")

	b.Type("search", string([]rune(v.name)[2:4])) // two characters from the middle of the name
	b.See("customer-row-"+v.number, v.name)
	b.SeeURL("q=")
	b.ClickCSS(fmt.Sprintf("[data-testid='customer-row-%s'] a", v.number))
	b.See("page-title", v.name)
	b.Shot("overview")

	b.Click("customer-edit")
	b.Type("field-address", "福州市鼓楼区澄川路18号")
	b.Shot("edit")
	b.Click("save")
	b.See("block-customer", "福州市鼓楼区澄川路18号")

	v.conflict(t, b)
}

// inCare is how many customers the manager has.
func (v *visit) inCare() int {
	v.t.Helper()
	conn, err := pgx.Connect(v.t.Context(), v.fujian.AppURL)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	err = conn.QueryRow(v.t.Context(), `SELECT count(*) FROM crm.customer WHERE manager_id = $1`, v.fujian.Account(account.AccountManager).UnitID).Scan(&n)
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// conflict lets the head of the department change the customer while the manager edits it.
func (v *visit) conflict(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	b.Click("customer-edit")
	b.Type("field-address", "福州市鼓楼区澄川路20号")
	b.Type("field-postcode", "350003")

	head := v.open(t, v.fujian)
	signIn(head, v.fujian.Account(account.DepartmentHead))
	head.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	head.Click("customer-edit")
	head.Type("field-address", "福州市台江区望海大道6号")
	head.Type("field-legalPerson", "林澄")
	head.Click("save")
	head.See("block-customer", "望海大道6号")

	b.Allow(409, "PUT", "/api/customers/")
	b.Click("save")
	b.See("conflict-field-address", "望海大道6号")
	b.See("conflict-field-address", "澄川路20号")
	b.See("conflict-address-original", "澄川路18号")
	b.SeeDisabled("conflict-save") // both changed the address: it has to be decided
	b.Shot("conflict")
	b.Click("conflict-address-mine")
	b.Click("conflict-save")
	b.SeeGone("conflict-dialog")
	b.See("block-customer", "澄川路20号")
	b.See("block-customer", "350003") // mine
	b.See("block-customer", "林澄")     // theirs
	head.Check()
}

func (v *visit) headquarters(t *testing.T) {
	b := v.open(t, v.world.National)
	bothLanguages(t, b, v.world.National.Account(account.HeadquartersAnalyst), "省", "rovinces")
	b.See("board-row-591", "福建")
	b.See("board-row-571", "浙江")
	b.Shot("board")

	b.ClickCSS("[data-testid='menu'] a[href='/customers']")
	b.Type("search", v.name)
	b.See("customer-row-"+v.number, v.name)
	b.Shot("national-customers")
	b.ClickCSS(fmt.Sprintf("[data-testid='customer-row-%s'] a", v.number))
	b.See("block-customer", "澄川路20号")
	b.Shot("national-customer")
	v.company(b)

	b.ClickCSS("[data-testid='menu'] a[href='/provinces']")
	b.Click("run-start-591")
	b.SeeAttribute("run", "data-result", "clean")
	b.See("block-certificate", "crm.customer")
	b.Shot("certificate")
	b.ClickCSS("[data-testid='menu'] a[href='/reconciliations']")
	b.Click("submissions")
	b.SeeCount("[data-testid='submission-row-591'] a", 1)
	b.Shot("submissions")
	b.ClickCSS("[data-testid='menu'] a[href='/provinces']")
	b.SeeAttribute("board-certificate-591", "data-result", "clean")
	b.Shot("board-proved")

	b.ClickCSS("[data-testid='menu'] a[href='/dashboard']")
	b.SeeCount("[data-testid='province-map'] a", 2)
	b.SeeCount("[data-testid='chart'] canvas", 3)
	b.Shot("dashboard")
	b.Click("total-newCustomers") // leads to the customers behind it
	b.SeeURL("/reports/movements?")
	b.SeeCount("[data-testid='hit-count'][data-total]", 1)
	b.Shot("movements")
	b.Open(v.world.National.Portal + "/reports/movements?kind=new&from=" + time.Now().AddDate(-2, 0, 0).Format("2006-01"))
	b.SeeCount("[data-testid='hit-count'][data-total]:not([data-total='0'])", 1)
	b.SeeCount("tbody a[href^='/customers/']", 1)
	b.ClickCSS("[data-testid='menu'] a[href='/dashboard']")
	b.Click("tile-591") // leads to the cities behind it
	b.See("report-source", "monthly_summary")
	b.ClickCSS("[data-testid='menu'] a[href='/reports']")
	b.See("report-source", "monthly_summary")
	b.SeeCount("[data-testid='chart'] canvas", 1)
	b.Shot("report")
	b.ClickCSS("[data-testid='report-form'] label:last-child")
	b.SeeGone("chart")
	b.SeeCount("tbody tr.ant-table-row", 12)
	b.Shot("report-table")
	v.savedReport(b)
}

// savedReport saves what the page shows and has it made.
func (v *visit) savedReport(b *browsertest.Browser) {
	b.Click("report-save")
	b.Type("field-name", "月度收入")
	b.Shot("saved-report-form")
	b.Click("save")
	b.See("page-title", "月度收入")
	b.Click("saved-report-order")
	b.SeeCount("[data-state='done']", 1)
	if !strings.HasPrefix(b.Download("[data-testid^='saved-run-workbook-']"), "PK") {
		v.t.Error("the workbook of a saved report is none")
	}
	b.Shot("saved-report")
	b.ClickCSS("[data-testid='menu'] a[href='/reports']")
	b.Click("saved-reports")
	b.See("saved-report-row-1", "月度收入")
	b.Shot("saved-reports")
}

// company looks at one that both provinces have as a customer.
func (v *visit) company(b *browsertest.Browser) {
	db := v.compute()
	defer db.Close()
	var code, name string
	if err := db.QueryRow(v.t.Context(), `SELECT credit_code, name FROM crm.company WHERE provinces = '{571,591}' ORDER BY class, credit_code LIMIT 1`).Scan(&code, &name); err != nil {
		v.t.Fatal("no company spans the provinces: ", err)
	}
	b.ClickCSS("[data-testid='menu'] a[href='/companies']")
	b.Type("search", code)
	b.See("company-row-"+code, name)
	b.Shot("companies")
	b.ClickCSS(fmt.Sprintf("[data-testid='company-row-%s'] a", code))
	b.SeeCount("[data-testid^='company-class-']", 2)
	b.SeeCount("[data-testid='chart'] canvas", 1)
	b.Shot("company")
	b.ClickCSS("[data-testid='company-name-591'] a")
	b.See("block-customer", code)
}

// compute does at headquarters what its clock does every few minutes.
func (v *visit) compute() *pgxpool.Pool {
	db, err := pg.Open(v.t.Context(), v.world.National.AppURL, 1)
	if err != nil {
		v.t.Fatal(err)
	}
	reports := report.NewStore(db, time.UTC)
	for _, compute := range []func(context.Context) error{reports.Compute, reports.ComputeMovements, company.NewStore(db, time.UTC).Compute} {
		if err := compute(v.t.Context()); err != nil {
			v.t.Fatal(err)
		}
	}
	return db
}

func (v *visit) journal(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.ClickCSS("[data-testid='menu'] a[href='/exchanges']")
	b.SeeAttribute("hit-count", "data-total", "40")
	b.Shot("journal")
	b.ClickCSS("[data-testid^='exchange-row-'] a")
	b.SeeAttribute("exchange", "data-code", "0000")
	b.See("exchange-request", "<CustomerNumber>")
	b.Shot("exchange")
}

// selection proposes a policy, counts what it would move, approves it as another person, and looks at
// why a customer goes up.
func (v *visit) selection(t *testing.T) {
	b := v.open(t, v.fujian)
	signIn(b, v.fujian.Account(account.ProvinceAdministrator))
	b.ClickCSS("[data-testid='menu'] a[href='/selection']")
	b.SeeAttribute("policy-row-1", "data-state", "in_force")
	b.Shot("policies")
	b.Click("policy-propose")
	b.See("form-policy", "")
	b.Shot("policy-form")
	b.Click("save")
	b.SeeAttribute("policy", "data-state", "draft")
	b.Click("policy-trial")
	b.SeeAttribute("policy", "data-state", "tried")
	b.SeeAttribute("trial-customers", "data-enter", "0") // the form begins with the rule in force
	b.Shot("policy-tried")

	conn, err := pgx.Connect(t.Context(), v.fujian.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `UPDATE crm.selection_policy SET author = 'colleague' WHERE version = 2`); err != nil {
		t.Fatal(err)
	}
	b.Open(v.fujian.Portal + "/selection/2")
	b.Click("policy-approval")
	b.SeeAttribute("policy", "data-state", "in_force")
	b.See("block-policy-rollout", "推行进度")
	b.Shot("policy-in-force")
	b.Open(fmt.Sprintf("%s/customers/%d", v.fujian.Portal, v.id))
	b.SeeAttribute("selection", "data-national", "true")
	b.Shot("selection")
}
