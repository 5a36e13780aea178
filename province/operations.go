package province

import (
	"jike/internal/portal"
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
	"jike/province/team"
	"jike/province/value"
	"jike/province/view"
	"jike/province/wish"
	"jike/xmlapi/server"
)

// Register adds the portal's operations of every capability.
func (s *Stores) Register(p *portal.Server) {
	organisation.Register(p, s.Organisation)
	customer.Register(p, s.Customers)
	contact.Register(p, s.Contacts)
	completeness.Register(p, s.Completeness)
	contract.Register(p, s.Contracts)
	dashboard.Register(p, s.Dashboard)
	bulk.Register(p, s.Bulk)
	handover.Register(p, s.Handovers)
	deputy.Register(p, s.Deputies)
	team.Register(p, s.Teams)
	pool.Register(p, s.Pool)
	hierarchy.Register(p, s.Hierarchy)
	document.Register(p, s.Documents)
	interaction.Register(p, s.Interactions)
	situation.Register(p, s.Situations)
	wish.Register(p, s.Wishes)
	job.Register(p, s.Jobs)
	member.Register(p, s.Members, s.Jobs)
	merge.Register(p, s.Merges)
	site.Register(p, s.Sites)
	exporting.Register(p, s.Exports)
	attribute.Register(p, s.Attributes)
	value.Register(p, s.Values)
	importing.Register(p, s.Imports)
	overview.Register(p, s.Overview)
	exchange.Register(p, s.Exchanges)
	selection.Register(p, s.Selection)
	reference.Register(p, s.Reference)
	rights.Register(p, s.Rights)
	roster.Register(p, s.Rosters)
	rule.Register(p, s.Rules)
	search.Register(p, s.Search)
	trail.Register(p, s.Trail)
	view.Register(p, s.Views)
}

// Operations are the partner messages of every capability.
func (s *Stores) Operations() []server.Operation {
	return []server.Operation{intake.Operation(s.Intake), bill.Operation(s.Bills), overview.Operation(s.Overview)}
}
