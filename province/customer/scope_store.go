package customer

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
)

// Within is the condition that a row c of crm.customer may be seen by the caller; it adds its
// arguments to args. Sensitive customers are seen by who may mark them, by their own account
// manager and by those named for them (see Viewer) only.
func Within(caller account.Caller, args pgx.NamedArgs) string {
	scope := caller.Scope()
	args["scope_unit"] = scope.UnitID
	var reach string
	switch scope.Reach {
	case account.ReachOwn:
		reach = `c.manager_id = @scope_unit`
	case account.ReachDepartment:
		args["scope_path"] = scope.Path
		reach = `c.manager_id IN (SELECT u.id FROM crm.organisation u WHERE u.path LIKE @scope_path || '%')`
	case account.ReachProvince, account.ReachNation:
		reach = `true`
	default:
		reach = `false`
	}
	if caller.May(account.CustomerSensitive) {
		return reach
	}
	// The array is made once for a statement: no index that answers the rest must give way to it.
	args["scope_account"] = caller.AccountID
	return reach + ` AND (NOT c.sensitive OR c.manager_id = @scope_unit OR c.id = ANY (ARRAY(SELECT v.customer_id FROM crm.sensitive_viewer v
		WHERE v.account_id = @scope_account AND v.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)))`
}

// Own reports whether a customer is in the caller's own care. The caller must have been shown it.
func (s *Store) Own(ctx context.Context, tx pg.Tx, caller account.Caller, id int64) (bool, error) {
	var manager int64
	err := tx.PGX().QueryRow(ctx, `SELECT coalesce(manager_id, 0) FROM crm.customer WHERE id = $1`, id).Scan(&manager)
	return inCare(caller, manager), unknown(err)
}
