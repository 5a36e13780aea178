package reconciliation

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/schemas/codes"
)

// Submissions gives the board of what provinces sent up. Faults: a filter out of bounds, Denied
// without reconciliation.read.
func (s *Store) Submissions(ctx context.Context, caller account.Caller, f SubmissionFilter) (Submissions, error) {
	if err := caller.Demand(account.ReconciliationRead); err != nil {
		return Submissions{}, err
	}
	nights, from, until, err := f.nights(time.Now())
	if err != nil {
		return Submissions{}, err
	}
	board := Submissions{Nights: nights, DataSet: f.DataSet}
	// A night goes from noon to noon of China Standard Time. Of one data set the certificate knows how
	// many ranges differed; with none it was clean whatever the others were.
	const query = `WITH last AS (
			SELECT DISTINCT ON (province, night) *, to_char(started AT TIME ZONE 'Asia/Shanghai' + interval '12 hours', 'YYYY-MM-DD') AS night
			FROM sync.reconciliation WHERE table_name = '' AND started >= @from AND started < @until
			ORDER BY province, night, state = 'done' DESC, id DESC)
		SELECT p.province, coalesce(l.night, ''), coalesce(l.state, ''), coalesce(l.id, 0),
			CASE WHEN @set = '' OR (t.proof->>'differentRanges')::bigint > 0 THEN coalesce(l.result, '')
				WHEN l.state = 'done' THEN 'clean' ELSE '' END,
			CASE WHEN @set = '' THEN coalesce(l.rows, 0) ELSE coalesce((t.proof->'province'->>'rows')::bigint, 0) END,
			CASE WHEN @set = '' THEN coalesce(l.differences, 0) ELSE coalesce((t.proof->>'differentRanges')::bigint, 0) END
		FROM sync.position p LEFT JOIN last l ON l.province = p.province
		LEFT JOIN LATERAL (SELECT proof FROM jsonb_array_elements(l.certificate->'statement'->'tables') proof
			WHERE proof->>'table' = @set) t ON true
		ORDER BY p.province, l.night DESC`
	rows, err := s.db.Query(ctx, query, pgx.NamedArgs{"from": from, "until": until, "set": f.DataSet})
	if err != nil {
		return Submissions{}, fmt.Errorf("submissions: %w", err)
	}
	var province codes.Province
	var c Submission
	_, err = pgx.ForEachRow(rows, []any{&province, &c.Night, &c.State, &c.Run, &c.Result, &c.Rows, &c.Differences}, func() error {
		if n := len(board.Provinces); n == 0 || board.Provinces[n-1].Province != province {
			board.Provinces = append(board.Provinces, Submitting{Province: province})
		}
		if last := &board.Provinces[len(board.Provinces)-1]; c.Night != "" {
			last.Cells = append(last.Cells, c)
		}
		return nil
	})
	if err != nil {
		return Submissions{}, fmt.Errorf("submissions: %w", err)
	}
	return board, nil
}
