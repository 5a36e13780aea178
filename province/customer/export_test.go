package customer

import (
	"github.com/jackc/pgx/v5"

	"jike/internal/account"
)

// SearchIn is Search in a transaction, so that a test can ask the database the same at the same moment.
var SearchIn = search

// CountQuery is the statement that counts a list, with its arguments, so that a test can look at its plan.
func CountQuery(caller account.Caller, f Filter) (query string, args pgx.NamedArgs) {
	l := newListing(caller, f)
	return `SELECT count(*) FROM crm.customer c WHERE ` + l.where, l.args
}

// GroupsIn is Groups in a transaction, for the same reason.
var GroupsIn = groups
