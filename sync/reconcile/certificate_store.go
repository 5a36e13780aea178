package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// last is the newest certificate of a province, nil if none.
func (s nationalStore) last(ctx context.Context, province int16) (*Certificate, error) {
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT body FROM sync.certificate WHERE province = $1 ORDER BY sequence DESC LIMIT 1`, province).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("newest certificate of province %d: %w", province, err)
	}
	return decodeCertificate(raw)
}

// proving is the newest certificate that proves an epoch, nil if none: it is about everything and
// left no difference.
func (s nationalStore) proving(ctx context.Context, province int16) (*Certificate, error) {
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT body FROM sync.certificate WHERE province = $1 AND proves_epoch IS NOT NULL
		ORDER BY sequence DESC LIMIT 1`, province).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("newest proof of province %d: %w", province, err)
	}
	return decodeCertificate(raw)
}

// isProven reports whether a certificate proves the epoch.
func (s nationalStore) isProven(ctx context.Context, province int16, epoch int64) (proven bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sync.certificate WHERE province = $1 AND proves_epoch = $2)`,
		province, epoch).Scan(&proven)
	if err != nil {
		return false, fmt.Errorf("proofs of province %d: %w", province, err)
	}
	return proven, nil
}

// isRunning reports whether a run of the province is going on.
func (s nationalStore) isRunning(ctx context.Context, province int16) (running bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sync.reconciliation WHERE province = $1 AND state = 'running')`,
		province).Scan(&running)
	if err != nil {
		return false, fmt.Errorf("runs of province %d: %w", province, err)
	}
	return running, nil
}

// keep stores a certificate. The run that it names, if headquarters knows it and had given it up,
// is done by that.
func (s nationalStore) keep(ctx context.Context, c Certificate) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	st := c.Statement
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO sync.certificate (province, sequence, reconciliation, digest, previous, result, at, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, st.Province, st.Sequence, st.Reconciliation, []byte(c.Digest),
			nullable(st.Previous), st.Result, st.Ended, body)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sync.reconciliation SET state = 'done', result = $3, certificate = $4, reason_code = '', reason = ''
			WHERE id = $1 AND province = $2 AND state IN ('failed', 'canceled')`, st.Reconciliation, st.Province, st.Result, body)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep certificate %d of province %d: %w", st.Sequence, st.Province, err)
	}
	return nil
}

func (s nationalStore) chain(ctx context.Context, province int16, after int64, limit int) ([]Certificate, error) {
	rows, err := s.pool.Query(ctx, `SELECT body FROM sync.certificate WHERE province = $1 AND sequence > $2
		ORDER BY sequence LIMIT $3`, province, after, limit)
	if err != nil {
		return nil, fmt.Errorf("certificates of province %d: %w", province, err)
	}
	return pgx.CollectRows(rows, scanCertificate)
}
