package selection

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"jike/internal/account"
	"jike/internal/pg"
)

// Adopt makes a version of a policy that headquarters delivered: approved there, it waits for its
// time here. A policy that was adopted before changes nothing. A rule with a clause that this release
// does not know is refused as a whole: it must not be half understood.
func (s *Store) Adopt(ctx context.Context, d Delivered) error {
	var known bool
	if err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM crm.selection_policy WHERE national_number = $1)`, d.Number).Scan(&known); err != nil || known {
		return err
	}
	rule, err := readRule(d.Rule)
	if err != nil {
		return fmt.Errorf("headquarters' policy %d: %w", d.Number, err)
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
