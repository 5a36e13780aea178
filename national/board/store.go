package board

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/schemas/codes"
	"jike/schemas/replica"
)

// countFor is how long a count of rows is shown before it is taken again: counting reads them all.
const countFor = 30 * time.Second

// Store reads the board.
type Store struct {
	db *pgxpool.Pool

	mu      sync.Mutex
	counts  map[codes.Province]int64
	counted time.Time
}

// NewStore makes the store.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db: db} }

// row is what the query gives of a province.
type row struct {
	Code                                                      codes.Province
	State, Error, LSN                                         string
	Epoch, LagBytes, BacklogMessages, BacklogBytes, Conflicts int64
	Divergences, Reference, ReferenceHead                     int64
	AppliedAt, HeartbeatAt, HeardAt, DataTime                 *time.Time
	CertID, CertRows, CertDifferences, CertRepaired           *int64
	CertAt                                                    *time.Time
	CertResult                                                *string
	TransactionRate, ChangeRate                               float64
	Wal                                                       string
	LogLeft                                                   *int64
	LogDays, LeafDays, HubDays                                *float64
	Parked, Dirty                                             int64
	CopyExpected, CopyRows                                    *int64
	CopyBegun                                                 *time.Time
}

// Provinces lists all provinces that headquarters takes records from, by their code, and the time
// of the database. It fails with Denied for a caller without nation.read.
func (s *Store) Provinces(ctx context.Context, caller account.Caller) ([]Province, time.Time, error) {
	var now time.Time
	if err := caller.Demand(account.NationRead); err != nil {
		return nil, now, err
	}
	counts, counted, err := s.rows(ctx)
	if err != nil {
		return nil, now, err
	}
	provinces, now, err := s.read(ctx)
	for i := range provinces {
		provinces[i].Rows, provinces[i].RowsAt = counts[provinces[i].Code], counted
	}
	return provinces, now, err
}

// read gives the board without the rows, which take long to count, and the time of the database.
func (s *Store) read(ctx context.Context) (provinces []Province, now time.Time, err error) {
	if err := s.db.QueryRow(ctx, `SELECT now()`).Scan(&now); err != nil {
		return nil, now, err
	}
	const query = `SELECT f.province AS code, f.state, f.error, f.lsn::text AS lsn, f.epoch,
			greatest(f.head_lsn - f.lsn, 0)::bigint AS lag_bytes, f.backlog_messages, f.backlog_bytes, f.conflicts,
			(SELECT count(*) FROM sync.divergence d WHERE d.province = f.province AND d.repaired_at IS NULL) AS divergences,
			coalesce(v.applied_version, 0) AS reference, m.version AS reference_head,
			CASE WHEN f.epoch > 0 THEN f.applied_at END AS applied_at, f.heartbeat_at, f.heard_at, f.data_time,
			c.id AS cert_id, c.rows AS cert_rows, c.differences AS cert_differences, c.repaired AS cert_repaired,
			c.ended AS cert_at, c.result AS cert_result,
			s.transaction_rate, s.change_rate, s.wal, s.log_left, s.log_days, s.leaf_days, s.hub_days,
			(SELECT count(*) FROM sync.parked p WHERE p.province = f.province AND p.outcome = 'open') AS parked,
			(SELECT count(*) FROM sync.dirty d WHERE d.province = f.province) AS dirty,
			k.expected AS copy_expected, k.begun_at AS copy_begun,
			(SELECT sum(r.rows)::bigint FROM sync.copy_range r WHERE r.province = f.province) AS copy_rows
		FROM sync.freshness f JOIN sync.province_state s ON s.province = f.province CROSS JOIN sync.master m
		LEFT JOIN sync.receiver v ON v.province = f.province AND v.applied_epoch = m.epoch
		LEFT JOIN LATERAL (
			SELECT id, rows, differences, repaired, ended, result FROM sync.reconciliation
			WHERE province = f.province AND state = 'done' AND table_name = '' ORDER BY id DESC LIMIT 1) c ON true
		LEFT JOIN sync.copy k ON k.province = f.province AND k.state = 'running'
		ORDER BY f.province`
	found, err := s.db.Query(ctx, query)
	if err != nil {
		return nil, now, err
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	for _, r := range rows {
		provinces = append(provinces, r.province())
	}
	return provinces, now, err
}

func (r row) province() Province {
	p := Province{
		Code: r.Code, State: r.State, Error: r.Error, Epoch: r.Epoch, LSN: r.LSN, LagBytes: r.LagBytes,
		BacklogMessages: r.BacklogMessages, BacklogBytes: r.BacklogBytes, AppliedAt: r.AppliedAt, HeartbeatAt: r.HeartbeatAt,
		HeardAt: r.HeardAt, DataTime: r.DataTime, Divergences: r.Divergences, Conflicts: r.Conflicts,
		Transactions: r.TransactionRate, Changes: r.ChangeRate, Wal: r.Wal, LogLeft: r.LogLeft, LogDays: r.LogDays, LeafDays: r.LeafDays,
		HubDays: r.HubDays, Parked: r.Parked, Dirty: r.Dirty, Reference: r.Reference, ReferenceHead: r.ReferenceHead,
	}
	if r.CopyExpected != nil && r.CopyBegun != nil {
		p.Copy = &Copy{Expected: *r.CopyExpected, BegunAt: *r.CopyBegun}
		if r.CopyRows != nil {
			p.Copy.Copied = *r.CopyRows
		}
	}
	if r.CertID != nil && r.CertAt != nil && r.CertResult != nil {
		p.Certificate = &Certificate{*r.CertID, *r.CertAt, *r.CertResult, *r.CertRows, *r.CertDifferences, *r.CertRepaired}
	}
	return p
}

// DataTime is the time of the oldest data that headquarters shows: every change that any province
// committed before is here. Zero: of some province nothing is known.
func (s *Store) DataTime(ctx context.Context) (time.Time, error) {
	const query = `SELECT min(data_time) FROM sync.freshness HAVING count(*) = count(data_time)`
	var at *time.Time
	err := s.db.QueryRow(ctx, query).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && at == nil {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return *at, nil
}

// rows counts the replicated rows by province, exactly, at most once in countFor.
func (s *Store) rows(ctx context.Context) (map[codes.Province]int64, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.counted) < countFor {
		return s.counts, s.counted, nil
	}
	var parts []string
	for _, t := range replica.Up {
		parts = append(parts, `SELECT province, count(*) AS n FROM `+pgx.Identifier{t.Schema, t.Name}.Sanitize()+` GROUP BY province`)
	}
	found, err := s.db.Query(ctx, `SELECT province, sum(n)::bigint FROM (`+strings.Join(parts, ` UNION ALL `)+`) t GROUP BY province`)
	if err != nil {
		return nil, time.Time{}, err
	}
	counts := map[codes.Province]int64{}
	var province codes.Province
	var n int64
	if _, err := pgx.ForEachRow(found, []any{&province, &n}, func() error { counts[province] = n; return nil }); err != nil {
		return nil, time.Time{}, err
	}
	s.counts, s.counted = counts, time.Now()
	return s.counts, s.counted, nil
}
