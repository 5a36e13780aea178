package capture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
)

// When a release replicates more columns than the one before, changes that were written before the
// publication was altered lack them in the log: there an update says "unchanged" and a new row null.
// Every selected row of such a table is therefore sent again as a repair, in ranges of keys, at a set
// rate, beside the live changes and in order with them. States of a table in sync.resend:
//
//	asked     written with the publication in one transaction (alignPublication);
//	waiting   the horizon is known: transactions before it may have written without the columns, and
//	          are waited for, so that none of their rows is missed;
//	sending   up to resendRows rows are one transaction with the key reached;
//	finished  no key is left. Its columns stay known, for a log that is decoded again.

// resendRows bounds one range, whose rows are locked for a moment.
const resendRows = 500

// Resending is how far a table is.
type Resending struct {
	Relation   string // such as crm.customer
	Columns    []string
	Selection  int32 // version of the selection that began with it
	Sent       int64 // rows
	Total      int64 // selected rows when it began; 0: not counted yet
	AskedAt    time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time // nil: it goes on
}

// Resends lists the tables that were or are sent again.
func Resends(ctx context.Context, pool *pgxpool.Pool) ([]Resending, error) {
	rows, err := pool.Query(ctx, `SELECT relation, columns, selection, sent, total, asked_at, updated_at, finished_at FROM sync.resend ORDER BY relation`)
	if err != nil {
		return nil, fmt.Errorf("capture: tables sent again: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Resending])
}

// tableList is the list of tables of a publication, with row filter and columns.
func tableList(tables []replica.Table) string {
	list := make([]string, len(tables))
	for i, t := range tables {
		columns := []string{filterColumn}
		for _, c := range t.Columns {
			columns = append(columns, pgx.Identifier{c.Name}.Sanitize())
		}
		list[i] = fmt.Sprintf("%s (%s) WHERE (%s)", pgx.Identifier{t.Schema, t.Name}.Sanitize(), strings.Join(columns, ", "), filterColumn)
	}
	return strings.Join(list, ", ")
}

// alignPublication brings a publication that an older release made to the tables and columns of this
// one, raises the version of the selection, and asks that the rows of every table that gained a
// column be sent again: all in one transaction.
func alignPublication(ctx context.Context, owner *pgx.Conn, tables []replica.Table) error {
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		have := map[string][]string{}
		rows, err := tx.Query(ctx, `SELECT schemaname || '.' || tablename, attnames::text[] FROM pg_publication_tables WHERE pubname = $1`, Publication)
		if err != nil {
			return err
		}
		var relation string
		var names []string
		if _, err := pgx.ForEachRow(rows, []any{&relation, &names}, func() error { have[relation] = slices.Clone(names); return nil }); err != nil {
			return err
		}
		gained, same := gains(have, tables)
		if same {
			return nil
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf("ALTER PUBLICATION %s SET TABLE %s", Publication, tableList(tables))); err != nil {
			return err
		}
		var selection int32
		if err := tx.QueryRow(ctx, `UPDATE sync.capture SET selection = selection + 1, updated_at = now() RETURNING selection`).Scan(&selection); err != nil {
			return err
		}
		for relation, columns := range gained {
			_, err := tx.Exec(ctx, `INSERT INTO sync.resend (relation, columns, selection) VALUES ($1, $2, $3)
				ON CONFLICT (relation) DO UPDATE SET columns = ARRAY(SELECT unnest(resend.columns) UNION SELECT unnest(excluded.columns)),
					selection = excluded.selection, horizon = NULL, reached = NULL, sent = 0, total = 0,
					asked_at = now(), updated_at = now(), finished_at = NULL`, relation, columns, selection)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("capture: bring the publication to this release's tables: %w", err)
	}
	return nil
}

// gains compares a publication's tables and columns with those of this release: which columns each
// table gained, and whether nothing differs.
func gains(have map[string][]string, tables []replica.Table) (gained map[string][]string, same bool) {
	gained, same = map[string][]string{}, len(have) == len(tables)
	for _, t := range tables {
		names := have[t.Qualified()]
		for _, c := range t.Columns {
			if !slices.Contains(names, c.Name) {
				gained[t.Qualified()] = append(gained[t.Qualified()], c.Name)
			}
		}
		same = same && len(gained[t.Qualified()]) == 0 && len(names) == len(t.Columns)+1
	}
	return gained, same
}

// lateColumns gives for each table the columns that the log lacks of older changes.
func (c *Capture) lateColumns(ctx context.Context) (map[string][]string, error) {
	list, err := Resends(ctx, c.opts.Pool)
	if err != nil {
		return nil, err
	}
	late := map[string][]string{}
	for _, r := range list {
		late[r.Relation] = r.Columns
	}
	return late, nil
}

// keepResending sends ranges until no table is left to be sent again, or ctx ends.
func (c *Capture) keepResending(ctx context.Context) error {
	for {
		began := time.Now()
		sent, state, err := c.resend(ctx)
		pause := time.Duration(float64(sent)/float64(c.opts.ResendRate)*float64(time.Second)) - time.Since(began)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.opts.Log.Warn("capture: rows are not sent again", "province", c.opts.Province, "error", err)
			pause = time.Second
		case state == resendNothing:
			return nil
		case state == resendWaits:
			pause = 100 * time.Millisecond
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// resendState is what one step found.
type resendState int

const (
	resendGoes resendState = iota
	resendWaits
	resendNothing
)

// resend sends the next range of the first table that is not finished.
func (c *Capture) resend(ctx context.Context) (sent int, state resendState, err error) {
	err = pgx.BeginFunc(ctx, c.opts.Pool, func(tx pgx.Tx) error {
		const query = `SELECT relation, reached, horizon IS NULL, coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= horizon, false)
			FROM sync.resend WHERE finished_at IS NULL ORDER BY relation LIMIT 1 FOR UPDATE`
		var relation string
		var reached *int64
		var unknown, passed bool
		err := tx.QueryRow(ctx, query).Scan(&relation, &reached, &unknown, &passed)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			state = resendNothing
			return nil
		case err != nil:
			return err
		case unknown:
			state = resendWaits
			return c.beginResend(ctx, tx, relation)
		case !passed:
			state = resendWaits
			return nil
		}
		sent, err = c.resendRange(ctx, tx, relation, reached)
		return err
	})
	if err != nil {
		return 0, resendGoes, fmt.Errorf("capture: send again: %w", err)
	}
	return sent, state, nil
}

// beginResend notes which transactions may have written without the columns, and how many rows there
// are. A table that is no longer replicated has none.
func (c *Capture) beginResend(ctx context.Context, tx pgx.Tx, relation string) error {
	count := "0"
	if table := c.tableOf(relation); table >= 0 {
		t := c.opts.Tables[table]
		count = fmt.Sprintf(`(SELECT count(*) FROM %s WHERE %s)`, pgx.Identifier{t.Schema, t.Name}.Sanitize(), filterColumn)
	}
	_, err := tx.Exec(ctx, `UPDATE sync.resend SET horizon = pg_snapshot_xmax(pg_current_snapshot()), total = `+count+` WHERE relation = $1`, relation)
	return err
}

// tableOf is the place of a table in the list, -1 if it is not replicated.
func (c *Capture) tableOf(relation string) int {
	return slices.IndexFunc(c.opts.Tables, func(t replica.Table) bool { return t.Qualified() == relation })
}

// resendRange sends the rows after a key, nil for the first ones, and writes how far it is, all in
// one transaction. With no row left, or of a table that is no longer replicated, it is finished.
func (c *Capture) resendRange(ctx context.Context, tx pgx.Tx, relation string, reached *int64) (int, error) {
	var keys []int64
	table := c.tableOf(relation)
	if table >= 0 {
		var err error
		if keys, err = nextKeys(ctx, tx, c.opts.Tables[table], reached); err != nil {
			return 0, err
		}
	}
	if len(keys) == 0 {
		_, err := tx.Exec(ctx, `UPDATE sync.resend SET finished_at = now(), updated_at = now() WHERE relation = $1`, relation)
		return 0, err
	}
	if err := c.repairIn(ctx, tx, table, keys, 0); err != nil {
		return 0, err
	}
	_, err := tx.Exec(ctx, `UPDATE sync.resend SET reached = $2, sent = sent + $3, updated_at = now() WHERE relation = $1`,
		relation, keys[len(keys)-1], len(keys))
	return len(keys), err
}

// nextKeys lists the keys of the next range.
func nextKeys(ctx context.Context, tx pgx.Tx, t replica.Table, reached *int64) ([]int64, error) {
	key := pgx.Identifier{t.Key}.Sanitize()
	rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE national AND ($1::int8 IS NULL OR %s > $1) ORDER BY %s LIMIT %d`,
		key, pgx.Identifier{t.Schema, t.Name}.Sanitize(), key, key, resendRows), reached)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// whole reports whether a tuple has as many fields as the table has columns. One that an older
// release put into the log may have fewer.
func whole(tuple []byte, t replica.Table) bool {
	r := reader{tuple}
	n := 0
	for ; len(r.rest) > 0; n++ {
		if size := int32(r.uint32()); size > 0 {
			r.skip(int(size))
		}
	}
	return n == len(t.Columns)
}
