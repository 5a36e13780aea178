package province_test

import (
	"fmt"
	"testing"

	"jike/internal/account"
	"jike/internal/portal/portaltest"
	"jike/province/customer/customertest"
)

// account makes an account that operations are called on.
func (x *site) account(t *testing.T, n int) (id int64) {
	t.Helper()
	id, err := x.accounts.Create(t.Context(), x.Everybody, account.NewAccount{
		Login: fmt.Sprint("somebody", n), Name: "某", Role: account.ProvinceAdministrator, Password: portaltest.Password,
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// session opens another session of a login and gives its number.
func (x *site) session(t *testing.T, login string) (id int64) {
	t.Helper()
	const insert = `INSERT INTO account.sessions (token, data, expiry, account_id)
		SELECT gen_random_uuid()::text, '', now() + interval '1 hour', coalesce((SELECT id FROM account.account WHERE login = $1), 0) RETURNING id`
	return customertest.Value[int64](t, x.DB, insert, login)
}
