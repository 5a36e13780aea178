package capture

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
	"jike/schemas/replica"
	"jike/sync/wire"
)

// repairKeys is how many keys go into one repair transaction: enough to be quick, few enough that
// rows are locked for a moment only.
const repairKeys = 500

// repairBytes is how much one logical message of a repair holds, beyond which it takes no further
// row: PostgreSQL and capture each keep it in memory.
const repairBytes = 4 << 20

// A repair waits for a row less long than PostgreSQL takes to look for a deadlock, so that it gives
// way and never a writer. Then it begins anew, after a pause in which those who waited go on.
const (
	repairWait  = "300ms"
	repairPause = 100 * time.Millisecond
)

// Repair sends the current state of rows through the stream, in order with the changes around it:
// each row is read FOR SHARE and put into the log in the same transaction, so that a concurrent
// update comes after it. For a key that is not selected (any more), headquarters is told to delete
// its row if it was written before the position (epoch, before); 0 deletes nothing. before must be
// a slot's consistent point that was proven to lack the key, or a commit that is being inserted
// right now could be mistaken for absent.
func (c *Capture) Repair(ctx context.Context, t replica.Table, keys []int64, before wire.LSN) error {
	table := c.tableOf(t.Qualified())
	if table < 0 {
		return fmt.Errorf("%w: %s", ErrSchema, t.Qualified())
	}
	for len(keys) > 0 {
		n := min(len(keys), repairKeys)
		if err := c.repair(ctx, table, keys[:n], before); err != nil {
			return fmt.Errorf("capture: repair %s: %w", t.Qualified(), err)
		}
		keys = keys[n:]
	}
	return nil
}

// repair sends keys in one transaction, however long others hold their rows.
func (c *Capture) repair(ctx context.Context, table int, keys []int64, before wire.LSN) error {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	for {
		err := pgx.BeginFunc(ctx, c.opts.Pool, func(tx pgx.Tx) error {
			return c.repairIn(ctx, tx, table, keys, before)
		})
		if !pg.LockRefused(err) {
			return err
		}
		select {
		case <-time.After(repairPause):
		case <-ctx.Done():
			return err
		}
	}
}

// repairIn sends keys, which are in order, in as many messages as their size asks for.
func (c *Capture) repairIn(ctx context.Context, tx pgx.Tx, table int, keys []int64, before wire.LSN) error {
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '`+repairWait+`'`); err != nil {
		return err
	}
	for len(keys) > 0 {
		content, done, err := readCurrent(ctx, tx, c.opts.Tables[table], table, keys, before)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_logical_emit_message(true, $1, $2::bytea)`, prefixRepair, content); err != nil {
			return err
		}
		keys = keys[done:]
	}
	return nil
}

// readCurrent locks and reads rows, also those that are not selected: one that enters the selection
// meanwhile would be told absent behind its entry, and what waits for it would be done with. It
// writes the content of the logical message: table, then for each key an operation, its length and
// its data as in package wire. It takes the keys, which are in order, one after the other until the
// content is large enough, and gives how many it took.
func readCurrent(ctx context.Context, tx pgx.Tx, t replica.Table, table int, keys []int64, before wire.LSN) (content []byte, done int, err error) {
	names := make([]string, len(t.Columns))
	key := 0
	for i, c := range t.Columns {
		names[i] = pgx.Identifier{c.Name}.Sanitize()
		if c.Name == t.Key {
			key = i
		}
	}
	query := fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s = ANY($1) ORDER BY %s FOR SHARE`,
		strings.Join(names, ", "), filterColumn, pgx.Identifier{t.Schema, t.Name}.Sanitize(), names[key], names[key])
	formats := make(pgx.QueryResultFormats, len(names)+1)
	for i := range formats {
		formats[i] = pgx.BinaryFormatCode
	}
	rows, err := tx.Query(ctx, query, formats, keys)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	content = binary.BigEndian.AppendUint32(nil, uint32(table))
	absent := func(below func(int64) bool) {
		for ; done < len(keys) && below(keys[done]); done++ {
			data := binary.BigEndian.AppendUint64(nil, uint64(keys[done]))
			content = appendRepair(content, wire.Absent, binary.BigEndian.AppendUint64(data, uint64(before)))
		}
	}
	for rows.Next() {
		values := rows.RawValues()
		if selected := values[len(names)]; len(selected) != 1 || selected[0] == 0 {
			continue
		}
		values = values[:len(names)]
		now := int64(binary.BigEndian.Uint64(values[key]))
		absent(func(k int64) bool { return k < now })
		content = appendRepair(content, wire.Repair, tupleOf(values))
		if done++; len(content) > repairBytes {
			return content, done, nil // what follows is read again
		}
	}
	absent(func(int64) bool { return true })
	return content, done, rows.Err()
}

func tupleOf(values [][]byte) (tuple []byte) {
	for _, v := range values {
		if v == nil {
			tuple = append(tuple, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		tuple = append(binary.BigEndian.AppendUint32(tuple, uint32(len(v))), v...)
	}
	return tuple
}

func appendRepair(content []byte, op wire.Op, data []byte) []byte {
	content = append(content, byte(op))
	return append(binary.BigEndian.AppendUint32(content, uint32(len(data))), data...)
}

// readRepair reads what readCurrent wrote.
func readRepair(content []byte, tables []replica.Table, emit func(wire.Change)) error {
	r := reader{content}
	table := int(r.uint32())
	if r.bad() || table >= len(tables) {
		return fmt.Errorf("%w: repair of table %d", ErrSchema, table)
	}
	for len(r.rest) > 0 {
		c := wire.Change{Op: wire.Op(r.byte()), Table: table}
		c.Data = r.take(int(r.uint32()))
		if r.bad() || c.Op != wire.Repair && c.Op != wire.Absent {
			return errShort
		}
		if len(c.Data) < 12 {
			return errShort
		}
		if c.Op == wire.Repair && !whole(c.Data, tables[table]) { // of an older release: its repair must be asked for again
			c = wire.Change{Op: wire.Unknown, Table: table, Data: c.Data[4:12]}
		}
		emit(c)
	}
	return nil
}
