package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/fault"
)

// Filter narrows a search. A zero field does not.
type Filter struct {
	From, To    time.Time // From is in, To is out
	Partner     string    // key id or origin
	TransID     string
	BusinessKey string
	Code        string
	Direction   string
	Page, Size  int // from 1; the size is at most 100, 0 means 20
}

// CountLimit is up to how many lines a search counts: a journal has millions.
const CountLimit = 10000

// Page is a page of a search, newest first. Lines have no bodies.
type Page struct {
	Lines []Line
	Total int // at most CountLimit
	Page  int
	Size  int
}

const where = `
	WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)
	AND ($3 = '' OR key_id = $3 OR origin = $3) AND ($4 = '' OR trans_id = $4)
	AND ($5 = '' OR business_key = $5) AND ($6 = '' OR code = $6) AND ($7 = '' OR direction = $7)`

const columns = `id, at, direction, key_id, origin, bip, activity, trans_id, answer_id, business_key, remote, carriage, charset,
	request_bytes, http_status, code, layer, fault, repeated, duration_us`

// Search finds lines. It returns a *fault.Error of kind AboveMaximum for a page that lies beyond
// CountLimit.
func (s *Store) Search(ctx context.Context, f Filter) (Page, error) {
	f.Page, f.Size = max(f.Page, 1), min(max(f.Size, 0), 100)
	if f.Size == 0 {
		f.Size = 20
	}
	if f.Page*f.Size > CountLimit+f.Size {
		return Page{}, fault.Field(fault.AboveMaximum, "page", "journal.page.too_far", "max", CountLimit/f.Size)
	}
	args := []any{instant(f.From), instant(f.To), f.Partner, f.TransID, f.BusinessKey, f.Code, f.Direction}
	page := Page{Page: f.Page, Size: f.Size}
	err := s.db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM journal.exchange %s LIMIT %d) found`, where, CountLimit), args...).
		Scan(&page.Total)
	if err != nil {
		return Page{}, fmt.Errorf("count journal: %w", err)
	}
	rows, err := s.db.Query(ctx, fmt.Sprintf(`SELECT %s, '' AS request, '' AS reply FROM journal.exchange %s ORDER BY at DESC, id DESC LIMIT %d OFFSET %d`,
		columns, where, f.Size, (f.Page-1)*f.Size), args...)
	if err != nil {
		return Page{}, fmt.Errorf("search journal: %w", err)
	}
	if page.Lines, err = pgx.CollectRows(rows, pgx.RowToStructByName[Line]); err != nil {
		return Page{}, fmt.Errorf("search journal: %w", err)
	}
	return page, nil
}

// Find gives one line with its masked bodies, or a *fault.Error of kind NotFound.
func (s *Store) Find(ctx context.Context, id int64) (Line, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+`, request, reply FROM journal.exchange WHERE id = $1`, id)
	if err != nil {
		return Line{}, fmt.Errorf("find in journal: %w", err)
	}
	line, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Line])
	if errors.Is(err, pgx.ErrNoRows) {
		return Line{}, fault.New(fault.NotFound, "journal.not_found")
	}
	if err != nil {
		return Line{}, fmt.Errorf("find in journal: %w", err)
	}
	return line, nil
}

// instant is null for a zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
