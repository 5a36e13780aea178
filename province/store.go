package province

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/trail"
	"jike/province/attribute"
	"jike/province/bill"
	"jike/province/bulk"
	"jike/province/completeness"
	"jike/province/contact"
	"jike/province/contract"
	"jike/province/customer"
	"jike/province/dashboard"
	"jike/province/deputy"
	"jike/province/document"
	"jike/province/exchange"
	"jike/province/exporting"
	"jike/province/handover"
	"jike/province/hierarchy"
	"jike/province/importing"
	"jike/province/intake"
	"jike/province/interaction"
	"jike/province/job"
	"jike/province/keyaccount"
	"jike/province/member"
	"jike/province/merge"
	"jike/province/organisation"
	"jike/province/overview"
	"jike/province/pool"
	"jike/province/reference"
	"jike/province/rights"
	"jike/province/roster"
	"jike/province/rule"
	"jike/province/search"
	"jike/province/selection"
	"jike/province/site"
	"jike/province/situation"
	"jike/province/subscription"
	"jike/province/summary"
	"jike/province/team"
	"jike/province/value"
	"jike/province/view"
	"jike/province/wish"
	"jike/schemas/codes"
	"jike/xmlapi/journal"
)

// Stores are a province's capabilities on one database.
type Stores struct {
	Journal       *journal.Store
	Organisation  *organisation.Store
	Customers     *customer.Store
	Contacts      *contact.Store
	Completeness  *completeness.Store
	Contracts     *contract.Store
	Dashboard     *dashboard.Store
	Interactions  *interaction.Store
	Situations    *situation.Store
	Wishes        *wish.Store
	Documents     *document.Store
	Subscriptions *subscription.Store
	Bills         *bill.Store
	Jobs          *job.Store
	Members       *member.Store
	Bulk          *bulk.Store
	Handovers     *handover.Store
	Deputies      *deputy.Store
	Teams         *team.Store
	Pool          *pool.Store
	Hierarchy     *hierarchy.Store
	Intake        *intake.Store
	Overview      *overview.Store
	Exchanges     *exchange.Store
	Summary       *summary.Store
	Selection     *selection.Store
	Reference     *reference.Store
	Rights        *rights.Store
	Rosters       *roster.Store
	Rules         *rule.Store
	KeyAccounts   *keyaccount.Store
	Merges        *merge.Store
	Sites         *site.Store
	Exports       *exporting.Store
	Attributes    *attribute.Store
	Values        *value.Store
	Imports       *importing.Store
	Search        *search.Store
	Trail         *trail.Store
	Views         *view.Store
}

// NewStores makes the stores; db is connected as jike_app, zone is the province's.
func NewStores(db *pgxpool.Pool, province codes.Province, zone *time.Location) *Stores {
	s := &Stores{
		Journal:      journal.NewStore(db),
		Organisation: organisation.NewStore(db),
		Customers:    customer.NewStore(db, province),
		Bills:        bill.NewStore(),
		Summary:      summary.NewStore(db, zone),
		Selection:    selection.NewStore(db),
		Reference:    reference.NewStore(db),
		Trail:        trail.NewStore(db),
	}
	s.KeyAccounts = keyaccount.NewStore(db, s.Customers, s.Reference)
	s.Contacts = contact.NewStore(db, s.Customers, zone)
	s.Interactions = interaction.NewStore(db, s.Customers)
	s.Situations = situation.NewStore(db, s.Customers, zone)
	s.Wishes = wish.NewStore(db, s.Customers, zone)
	s.Merges = merge.NewStore(db, s.Customers)
	s.Completeness = completeness.NewStore(db, s.Customers)
	s.Rosters = roster.NewStore(db, s.Customers)
	s.Dashboard = dashboard.NewStore(db, s.Customers, s.Completeness, zone)
	s.Contracts = contract.NewStore(db, s.Customers, zone)
	s.Documents = document.NewStore(db, s.Customers)
	s.Values = value.NewStore(db, s.Customers)
	s.Sites = site.NewStore(db, s.Customers)
	s.Attributes = attribute.NewStore(db, s.Customers)
	s.Views = view.NewStore(db, s.Organisation, s.Attributes)
	s.Subscriptions = subscription.NewStore(s.Customers)
	s.Jobs = job.NewStore(db)
	s.Members = member.NewStore(db, s.Customers)
	s.Jobs.Offer(s.Members.Importing())
	s.Teams = team.NewStore(db, s.Customers)
	s.Handovers = handover.NewStore(db, s.Customers, s.Jobs, s.Teams)
	s.Jobs.Offer(s.Handovers.Handing())
	s.Deputies = deputy.NewStore(db, s.Organisation)
	s.Pool = pool.NewStore(db, s.Customers)
	s.Rules = rule.NewStore(db, s.Customers, s.Rosters, s.Jobs, zone)
	s.Bulk = bulk.NewStore(db, s.Customers, s.Attributes, s.Jobs)
	s.Hierarchy = hierarchy.NewStore(db, s.Customers, zone)
	s.Exports = exporting.NewStore(db, s.Customers, s.Attributes, s.Jobs, zone)
	s.Rights = rights.NewStore(db, s.Exports)
	s.Imports = importing.NewStore(db, s.Customers, s.Organisation, s.Attributes, s.Jobs)
	s.Intake = intake.NewStore(s.Customers, s.Contacts, s.Attributes)
	s.Exchanges = exchange.NewStore(s.Journal)
	s.Overview = overview.NewStore(db, zone, overview.Sources{
		Organisation: s.Organisation, Customers: s.Customers, Contacts: s.Contacts, Contracts: s.Contracts,
		Subscriptions: s.Subscriptions, Bills: s.Bills, Members: s.Members, Attributes: s.Attributes,
	})
	s.Search = search.NewStore(db, search.Sources{Customers: s.Customers, Contacts: s.Contacts, Members: s.Members, Contracts: s.Contracts})
	return s
}
