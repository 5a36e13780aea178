package seed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
)

// Account is a demo account. Password is empty if the account was there before: nobody can say
// what its password is.
type Account struct {
	Login    string
	Name     string
	Role     account.Role
	UnitID   int64
	Password string
}

// Accounts makes one demo account for each role of a seeded province: the account manager with
// the most customers, the head of that manager's department, and an administrator. An empty
// password means a fresh random one for each.
func Accounts(ctx context.Context, db *pgxpool.Pool, store *account.Store, password string) ([]Account, error) {
	const query = `SELECT u.id, u.name, d.id, d.name FROM crm.customer c
		JOIN crm.organisation u ON u.id = c.manager_id JOIN crm.organisation d ON d.id = u.parent_id
		GROUP BY u.id, u.name, d.id, d.name ORDER BY count(*) DESC, u.id LIMIT 1`
	var manager, department int64
	var managerName, departmentName string
	err := db.QueryRow(ctx, query).Scan(&manager, &managerName, &department, &departmentName)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errors.New("seed: no customer has an account manager: seed the province first")
	}
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	return create(ctx, store, password, []Account{
		{Login: "manager", Name: managerName, Role: account.AccountManager, UnitID: manager},
		{Login: "head", Name: departmentName + "主管", Role: account.DepartmentHead, UnitID: department},
		{Login: "admin", Name: "省管理员", Role: account.ProvinceAdministrator},
	})
}

// HeadquartersAccounts makes one demo account for each role of the national node.
func HeadquartersAccounts(ctx context.Context, store *account.Store, password string) ([]Account, error) {
	return create(ctx, store, password, []Account{
		{Login: "analyst", Name: "总部分析员", Role: account.HeadquartersAnalyst},
		{Login: "admin", Name: "总部管理员", Role: account.HeadquartersAdmin},
	})
}

func create(ctx context.Context, store *account.Store, password string, accounts []Account) ([]Account, error) {
	for i := range accounts {
		a := &accounts[i]
		a.Password = password
		if password == "" {
			a.Password = NewPassword()
		}
		_, err := store.Create(ctx, account.System("seed"), account.NewAccount{
			Login: a.Login, Name: a.Name, Role: a.Role, UnitID: a.UnitID, Password: a.Password,
		})
		if fault.Is(err, fault.Exists) {
			a.Password = ""
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("seed: account %s: %w", a.Login, err)
		}
	}
	return accounts, nil
}

// NewPassword makes a random password that the rules for passwords accept.
func NewPassword() string { return "Jk-" + rand.Text()[:14] }
