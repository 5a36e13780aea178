// Package customertest gives tests of the province's capabilities a small world: a fresh database
// with an organisation of two departments, callers of every role, and customers on demand.
package customertest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/province/customer"
	"jike/province/organisation"
	"jike/schemas/codes"
)

// Province is the world's province, Fujian.
const Province codes.Province = 591

// World is a fresh database with an organisation.
type World struct {
	Database     *pgtest.DB
	DB           *pgxpool.Pool
	Organisation *organisation.Store
	Customers    *customer.Store

	// The tree: two cities; in the first, department A with Manager and Colleague; in the second,
	// department B with Stranger.
	DepartmentA, DepartmentB                     organisation.Unit
	ManagerUnit, ColleagueUnit, StrangerUnit     organisation.Unit
	Manager, Colleague, Stranger                 account.Caller // account managers
	HeadA, HeadB, Administrator, BOSS, Everybody account.Caller
}

// New makes a world.
func New(tb testing.TB) *World {
	tb.Helper()
	w := &World{Database: pgtest.Province(tb), BOSS: account.Partner("BOSS"), Everybody: account.System("test")}
	w.DB = w.Database.App(tb)
	w.Organisation = organisation.NewStore(w.DB)
	w.Customers = customer.NewStore(w.DB, Province)
	w.InTx(tb, func(tx pg.Tx) {
		add := func(parent organisation.Unit, kind organisation.Kind, code, name string) organisation.Unit {
			u, err := w.Organisation.Add(tb.Context(), tx, w.Everybody, organisation.Unit{ParentID: parent.ID, Kind: kind, Code: code, Name: name})
			if err != nil {
				tb.Fatal(err)
			}
			return u
		}
		root := add(organisation.Unit{}, organisation.KindProvince, "35", "福建公司")
		fuzhou := add(root, organisation.KindCity, "350100", "福州分公司")
		xiamen := add(root, organisation.KindCity, "350200", "厦门分公司")
		w.DepartmentA = add(fuzhou, organisation.KindDepartment, "FZ01", "集客一部")
		w.DepartmentB = add(xiamen, organisation.KindDepartment, "XM01", "集客二部")
		w.ManagerUnit = add(w.DepartmentA, organisation.KindPerson, "FZ0101", "林一")
		w.ColleagueUnit = add(w.DepartmentA, organisation.KindPerson, "FZ0102", "陈二")
		w.StrangerUnit = add(w.DepartmentB, organisation.KindPerson, "XM0101", "黄三")
	})
	caller := func(login string, role account.Role, u organisation.Unit) account.Caller {
		return account.Caller{Login: login, Name: login, Role: role, UnitID: u.ID, Path: u.Path, Language: "zh"}
	}
	w.Manager = caller("manager", account.AccountManager, w.ManagerUnit)
	w.Colleague = caller("colleague", account.AccountManager, w.ColleagueUnit)
	w.Stranger = caller("stranger", account.AccountManager, w.StrangerUnit)
	w.HeadA = caller("head-a", account.DepartmentHead, w.DepartmentA)
	w.HeadB = caller("head-b", account.DepartmentHead, w.DepartmentB)
	w.Administrator = account.Caller{Login: "administrator", Name: "administrator", Role: account.ProvinceAdministrator}
	return w
}

// InTx runs f in a transaction that commits.
func (w *World) InTx(tb testing.TB, f func(tx pg.Tx)) {
	tb.Helper()
	if err := pg.InTx(tb.Context(), w.DB, func(tx pg.Tx) error { f(tx); return nil }); err != nil {
		tb.Fatal(err)
	}
}

// Facts are those of an active customer of class D in the care of the given unit, 0 for nobody.
func Facts(name string, manager int64) customer.Facts {
	return customer.Facts{Name: name, Industry: "65", City: "350100", Class: codes.ClassD, Lifecycle: codes.Active, ManagerID: manager}
}

// Add creates a customer with the facts.
func (w *World) Add(tb testing.TB, f customer.Facts) customer.Customer {
	tb.Helper()
	c, err := w.Customers.Create(tb.Context(), w.Everybody, f)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Change changes a customer's facts.
func (w *World) Change(tb testing.TB, c customer.Customer, edit func(f *customer.Facts)) customer.Customer {
	tb.Helper()
	f := c.Facts
	edit(&f)
	changed, err := w.Customers.Change(tb.Context(), w.Everybody, c.ID, c.Version, f)
	if err != nil {
		tb.Fatal(err)
	}
	return changed
}

// Value reads one value with a query.
func Value[T any](tb testing.TB, db *pgxpool.Pool, query string, args ...any) T {
	tb.Helper()
	var v T
	if err := db.QueryRow(tb.Context(), query, args...).Scan(&v); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return v
}

// CreditCode is the n-th fictional credit code, valid in both check digits.
func CreditCode(tb testing.TB, n int) codes.CreditCode {
	tb.Helper()
	c, err := codes.CompleteCreditCode("91000000", fmt.Sprintf("MA%06d", n))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
