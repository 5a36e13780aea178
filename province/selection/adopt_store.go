package selection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
)

// Adopt makes a version of a policy that headquarters delivered: approved there, it waits for its
// time here. A policy that was adopted before changes nothing, unless headquarters has withdrawn it
// before it began: then it is cancelled. Two things are refused as a whole, with an error: a rule with
// a clause that this release does not know, which must not be half understood, and another rule under
// a number that was adopted, since a version's rule never changes.
func (s *Store) Adopt(ctx context.Context, d Delivered) error {
	var known Rule
	err := s.db.QueryRow(ctx, `SELECT rule FROM crm.selection_policy WHERE national_number = $1`, d.Number).Scan(&known)
	adopted := err == nil
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return err
	case d.Withdrawn && adopted:
		return s.withdraw(ctx, d.Number)
	case d.Withdrawn:
		return nil
	}
	rule, err := readRule(d.Rule)
	if err != nil {
		return fmt.Errorf("headquarters' policy %d: %w", d.Number, err)
	}
	if adopted {
		if !same(rule, known) {
			return fmt.Errorf("headquarters' policy %d was adopted with another rule: a changed rule takes a new number", d.Number)
		}
		return nil
	}
	err = s.decide(ctx, false, func(tx pg.Tx) error {
		const insert = `INSERT INTO crm.selection_policy (version, rule, state, origin, national_number, author, note, effective_at, approved_at)
			SELECT max(version) + 1, $1::jsonb, 'approved', 'headquarters', $2, 'headquarters', $3, $4, now() FROM crm.selection_policy
			ON CONFLICT (national_number) DO NOTHING RETURNING version`
		rows, err := tx.PGX().Query(ctx, insert, rule, d.Number, d.Note, d.EffectiveAt)
		if err != nil {
			return err
		}
		var version int32
		for rows.Next() {
			err = rows.Scan(&version)
		}
		rows.Close()
		if err != nil || rows.Err() != nil || version == 0 {
			return rows.Err()
		}
		return record(ctx, tx, account.System("selection"), "selection.adopt", version,
			map[string]any{"rule": rule, "nationalNumber": d.Number, "effectiveAt": d.EffectiveAt, "note": d.Note})
	})
	if err == nil {
		s.wakeUp()
	}
	return err
}

// withdraw cancels an adopted policy that has not begun.
func (s *Store) withdraw(ctx context.Context, number int64) error {
	const due = `SELECT version FROM crm.selection_policy WHERE national_number = $1 AND state = 'approved'`
	var version int32
	err := s.db.QueryRow(ctx, due, number).Scan(&version) // without locks: there is nearly always none
	if err == nil {
		err = s.decide(ctx, false, func(tx pg.Tx) error {
			if err := tx.PGX().QueryRow(ctx, due, number).Scan(&version); err != nil {
				return err
			}
			if _, err := tx.PGX().Exec(ctx, `UPDATE crm.selection_policy SET state = 'cancelled' WHERE version = $1`, version); err != nil {
				return err
			}
			return record(ctx, tx, account.System("selection"), "selection.withdraw", version, map[string]any{"state": Cancelled})
		})
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// same compares rules as they are stored: no list and an empty one are alike.
func same(a, b Rule) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func readRule(text []byte) (Rule, error) {
	var r Rule
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, err
	}
	r = r.tidy()
	return r, r.check()
}
