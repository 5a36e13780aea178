package reconcile

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jike/schemas/replica"
)

// origin is what headquarters knows of a key.
type origin struct {
	foreign bool  // its row has a stamp that the stream cannot have written below the point
	cause   Cause // that is recorded, empty if none
}

// causes says of keys what can be said: a stamp that the stream cannot have written below the
// point, and a divergence that apply has recorded and not seen repaired.
func (s *side) causes(ctx context.Context, t replica.Table, province int16, keys []int64, epoch int64, point LSN) (map[int64]origin, error) {
	sql := fmt.Sprintf(`SELECT %[1]s, true, '' FROM %[2]s WHERE %[3]s AND %[1]s = ANY($1) AND `+foreignStamp+`
		UNION ALL
		SELECT key, false, CASE kind WHEN 'unknown' THEN 'large-value' ELSE 'known-divergence' END FROM sync.divergence
		WHERE province = $4 AND relation = $5 AND key = ANY($1) AND repaired_at IS NULL`,
		pgx.Identifier{t.Key}.Sanitize(), tableName(t), s.filter)
	rows, err := s.tx.Query(ctx, sql, keys, epoch, point.String(), province, t.Qualified())
	if err != nil {
		return nil, fmt.Errorf("causes in %s: %w", t.Qualified(), err)
	}
	out := map[int64]origin{}
	var key int64
	var found origin
	_, err = pgx.ForEachRow(rows, []any{&key, &found.foreign, &found.cause}, func() error {
		have := out[key]
		have.foreign = have.foreign || found.foreign
		if found.cause != "" {
			have.cause = found.cause
		}
		out[key] = have
		return nil
	})
	return out, err
}

// foreignStamp holds for rows that the stream cannot have written before the point $3 of the
// epoch $2, although they were there.
const foreignStamp = `(stamp_epoch IS NULL OR stamp_lsn IS NULL OR stamp_epoch > $2 OR stamp_epoch = $2 AND stamp_lsn >= $3::text::pg_lsn)`

// disown takes the stamp from rows that were invented with a stamp at or above the point: the
// repair deletes what is older than the point, and would spare them. A row that apply has written
// since the point may lose its stamp too; that does no harm, because the repair begins afterwards
// and so meets that row in the province.
func (s nationalStore) disown(ctx context.Context, t replica.Table, province int16, keys []int64, epoch int64, point LSN) error {
	sql := fmt.Sprintf(`UPDATE %s SET stamp_epoch = NULL, stamp_lsn = NULL WHERE %s AND %s = ANY($1) AND `+foreignStamp,
		tableName(t), nationalFilter(province), pgx.Identifier{t.Key}.Sanitize())
	if _, err := s.pool.Exec(ctx, sql, keys, epoch, point.String()); err != nil {
		return fmt.Errorf("stamps of %s: %w", t.Qualified(), err)
	}
	return nil
}
