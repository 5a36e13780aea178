package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// lastCertificate is the newest that the province keeps, nil if none.
func (p *Province) lastCertificate(ctx context.Context) (*Certificate, error) {
	var raw []byte
	err := p.opts.Pool.QueryRow(ctx, `SELECT body FROM sync.certificate ORDER BY sequence DESC LIMIT 1`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("newest certificate: %w", err)
	}
	return decodeCertificate(raw)
}

// keep stores certificates in one transaction.
func (p *Province) keep(ctx context.Context, list ...Certificate) error {
	return pgx.BeginFunc(ctx, p.opts.Pool, func(tx pgx.Tx) error {
		for _, c := range list {
			body, err := json.Marshal(c)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO sync.certificate (sequence, digest, previous, result, at, body)
				VALUES ($1, $2, $3, $4, $5, $6)`, c.Statement.Sequence, []byte(c.Digest), nullable(c.Statement.Previous),
				c.Statement.Result, c.Statement.Ended, body)
			if err != nil {
				return fmt.Errorf("keep certificate %d: %w", c.Statement.Sequence, err)
			}
		}
		return nil
	})
}

// Chain reads the province's certificates in ascending order: those after sequence, at most limit.
func (p *Province) Chain(ctx context.Context, after int64, limit int) ([]Certificate, error) {
	rows, err := p.opts.Pool.Query(ctx, `SELECT body FROM sync.certificate WHERE sequence > $1 ORDER BY sequence LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return pgx.CollectRows(rows, scanCertificate)
}

func scanCertificate(row pgx.CollectableRow) (Certificate, error) {
	var raw []byte
	if err := row.Scan(&raw); err != nil {
		return Certificate{}, err
	}
	c, err := decodeCertificate(raw)
	if err != nil {
		return Certificate{}, err
	}
	return *c, nil
}

func decodeCertificate(raw []byte) (*Certificate, error) {
	var c Certificate
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("stored certificate: %w", err)
	}
	return &c, nil
}

// nullable keeps an empty digest as null.
func nullable(h Hex) []byte {
	if len(h) == 0 {
		return nil
	}
	return h
}

// selectionVersion is the version of row filter and column list that capture works with.
func selectionVersion(ctx context.Context, tx pgx.Tx) (v int64, err error) {
	if err = tx.QueryRow(ctx, `SELECT selection FROM sync.capture`).Scan(&v); err != nil {
		return 0, fmt.Errorf("version of the selection: %w", err)
	}
	return v, nil
}
