package national

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/portal"
	"jike/internal/trail"
	"jike/national/board"
	"jike/national/company"
	"jike/national/customer"
	"jike/national/reconciliation"
	"jike/national/reference"
	"jike/national/report"
	"jike/national/savedreport"
)

// Stores are headquarters' capabilities on one database.
type Stores struct {
	Board           *board.Store
	Customers       *customer.Store
	Companies       *company.Store
	Reports         *report.Store
	SavedReports    *savedreport.Store
	Reconciliations *reconciliation.Store
	Reference       *reference.Store
	Trail           *trail.Store
}

// NewStores makes the stores; db is connected as jike_app, headquarters' months begin in the zone, and
// runner carries out reconciliations.
func NewStores(db *pgxpool.Pool, zone *time.Location, runner reconciliation.Runner) *Stores {
	reports := report.NewStore(db, zone)
	return &Stores{
		board.NewStore(db), customer.NewStore(db), company.NewStore(db, zone), reports, savedreport.NewStore(db, reports, zone),
		reconciliation.NewStore(db, runner), reference.NewStore(db), trail.NewStore(db),
	}
}

// Register adds the portal's operations of every capability.
func (s *Stores) Register(p *portal.Server) {
	board.Register(p, s.Board)
	customer.Register(p, s.Customers)
	company.Register(p, s.Companies)
	report.Register(p, s.Reports)
	savedreport.Register(p, s.SavedReports)
	reconciliation.Register(p, s.Reconciliations)
	reference.Register(p, s.Reference)
	trail.Register(p, s.Trail)
}
