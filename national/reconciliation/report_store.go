package reconciliation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/sync/reconcile"
)

// Report tells what the reconciliations of a night found. The night is named by the date of its
// morning; empty means the last one. Faults: Format for what is no date, Denied without
// reconciliation.read.
func (s *Store) Report(ctx context.Context, caller account.Caller, date string) (Report, error) {
	if err := caller.Demand(account.ReconciliationRead); err != nil {
		return Report{}, err
	}
	report := Report{At: time.Now().UTC(), Provinces: []ReportProvince{}}
	var err error
	if report.Night, report.From, report.Until, err = night(date, report.At); err != nil {
		return Report{}, err
	}
	const query = `SELECT p.province, coalesce(r.state, 'none') AS state, coalesce(r.id, 0) AS run, coalesce(r.result, '') AS result,
			coalesce(r.reason_code, '') AS reason_code, coalesce(r.reason, '') AS reason, r.started, r.ended, coalesce(r.epoch, 0) AS epoch,
			coalesce(r.point::text, '') AS point, coalesce(r.rows, 0) AS rows, coalesce(r.differences, 0) AS differences,
			coalesce(r.causes, '[]') AS causes, coalesce(r.repaired, 0) AS repaired, r.certificate
		FROM sync.position p LEFT JOIN LATERAL (SELECT * FROM sync.reconciliation
			WHERE province = p.province AND table_name = '' AND started >= $1 AND started < $2
			ORDER BY state = 'done' DESC, id DESC LIMIT 1) r ON true
		ORDER BY p.province`
	rows, err := s.db.Query(ctx, query, report.From, report.Until)
	if err != nil {
		return Report{}, fmt.Errorf("report of reconciliations: %w", err)
	}
	provinces, err := pgx.CollectRows(rows, scanReport)
	if err != nil {
		return Report{}, fmt.Errorf("report of reconciliations: %w", err)
	}
	for _, p := range provinces {
		report.add(p)
	}
	return report, nil
}

func scanReport(row pgx.CollectableRow) (p ReportProvince, err error) {
	var certificate []byte
	err = row.Scan(&p.Province, &p.State, &p.Run, &p.Result, &p.ReasonCode, &p.Reason, &p.Started, &p.Ended, &p.Epoch,
		&p.Point, &p.Rows, &p.Differences, &p.Causes, &p.Repaired, &certificate)
	if err != nil || certificate == nil {
		return p, err
	}
	var c reconcile.Certificate
	if err := json.Unmarshal(certificate, &c); err != nil {
		return p, err
	}
	p.Certificate = certificateOf(c)
	return p, nil
}
