package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// beside is the customer that the faults of this file write to; no lane has it.
const beside = 700_000_000

// family makes a customer outside the lanes with children, selected.
func (r *Rig) customer(ctx context.Context, id int64, contacts int) error {
	_, err := r.source.Exec(ctx, `WITH c AS (INSERT INTO crm.customer (id, national, number, name, name_terms, industry, city, class, lifecycle, remark)
		VALUES ($1::bigint, true, 'F' || $1::bigint, 'beside', '{}', '65', '350100', 'A1', 'active', $3) ON CONFLICT DO NOTHING RETURNING id, national)
		INSERT INTO crm.contact (customer_id, national, role, name, mobile) SELECT id, national, 'liaison', 'n' || n, $3 FROM c, generate_series(1, $2::int) n`,
		id, contacts, Canary)
	return err
}

// largeTransaction commits many rows of several tables at once: it travels in chunks, is staged at
// headquarters, and is seen whole.
func largeTransaction(ctx context.Context, r *Rig, random *rand.Rand) error {
	id := beside + random.Int64N(1_000_000)
	rows := 10_000 + random.IntN(5_000)
	if err := r.customer(ctx, id, rows); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, r.source, func(tx pgx.Tx) error {
		for _, sql := range []string{
			`UPDATE crm.contact SET name = name || '!' WHERE customer_id = $1`,
			`DELETE FROM crm.contact WHERE customer_id = $1 AND id % 2 = 0`,
			`UPDATE crm.customer SET national = false WHERE id = $1`,
			`UPDATE crm.customer SET national = true WHERE id = $1`,
			`DELETE FROM crm.contact WHERE customer_id = $1 AND id % 20 <> 1`,
		} {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// savepoints commits a transaction of thousands of them, half given up.
func savepoints(ctx context.Context, r *Rig, random *rand.Rand) error {
	id := beside + 1_000_000 + random.Int64N(1_000_000)
	if err := r.customer(ctx, id, 500); err != nil {
		return err
	}
	_, err := r.source.Exec(ctx, fmt.Sprintf(`DO $$
		DECLARE keys bigint[] := (SELECT array_agg(id) FROM crm.contact WHERE customer_id = %d);
		BEGIN
			FOR i IN 1..%d LOOP
				BEGIN
					UPDATE crm.contact SET name = 's' || i WHERE id = keys[1 + i %% 499];
					IF i %% 2 = 0 THEN RAISE EXCEPTION 'given up'; END IF;
				EXCEPTION WHEN raise_exception THEN NULL;
				END;
			END LOOP;
		END $$`, id, 3000+random.IntN(2000)))
	return err
}

// crossings takes customers with large values across the selection, back and forth, while their
// children change and move to other keys.
func crossings(ctx context.Context, r *Rig, random *rand.Rand) error {
	id := beside + 2_000_000 + random.Int64N(1_000_000)
	if err := r.customer(ctx, id, 30); err != nil {
		return err
	}
	for range 20 {
		err := pgx.BeginFunc(ctx, r.source, func(tx pgx.Tx) error {
			for range 1 + random.IntN(3) {
				sql := []string{
					`UPDATE crm.customer SET national = NOT national WHERE id = $1`,
					`UPDATE crm.customer SET profile = (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 4000)) WHERE id = $1`,
					`UPDATE crm.contact SET id = -id WHERE customer_id = $1`,
					`UPDATE crm.contact SET name = left(name || '-', 60) WHERE customer_id = $1`,
					`UPDATE crm.customer SET name = left(name || '+', 60) WHERE id = $1`,
				}[random.IntN(5)]
				if _, err := tx.Exec(ctx, sql, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// crossFast has all writers take a few customers with large values across the selection and to other
// keys, one transaction behind the other: many rows wait for their repair, and much happens to them
// meanwhile.
func crossFast(_ context.Context, r *Rig, random *rand.Rand) error {
	r.load.crossing.Store(true)
	defer r.load.crossing.Store(false)
	pause(random, 4000)
	return nil
}

// hugeValue stores a value of 60 MB: in the log, or while its row is not selected, so that it comes by
// repair when the row enters. It removes it again.
func hugeValue(ctx context.Context, r *Rig, random *rand.Rand) error {
	id := beside + 5_000_000 + random.Int64N(1_000_000)
	if err := r.customer(ctx, id, 1); err != nil {
		return err
	}
	statements := []string{`UPDATE crm.customer SET profile = repeat(md5(random()::text), 60 * 1024 * 1024 / 32) WHERE id = $1`}
	if r.settings.Long && random.IntN(4) == 0 {
		statements = append([]string{`UPDATE crm.customer SET national = false WHERE id = $1`},
			append(statements, `UPDATE crm.customer SET national = true WHERE id = $1`)...)
	}
	for _, sql := range statements {
		if _, err := r.source.Exec(ctx, sql, id); err != nil {
			return err
		}
	}
	same := fmt.Sprintf(`SELECT EXISTS (SELECT FROM crm.customer WHERE id = %d AND length(profile) = 60 * 1024 * 1024)`, id)
	if err := r.until(ctx, "the large value has come", same); err != nil {
		return err
	}
	_, err := r.source.Exec(ctx, `UPDATE crm.customer SET profile = '' WHERE id = $1`, id)
	return err
}

// changeSelection selects customers in batches, as a change of policy does, and takes them back.
func changeSelection(ctx context.Context, r *Rig, random *rand.Rand) error {
	first := beside + 10_000_000 + 1000*random.Int64N(10_000)
	for i := range int64(10) {
		if err := r.customer(ctx, first+i, 50); err != nil {
			return err
		}
	}
	for _, selected := range []bool{false, true, false, true} {
		for batch := range int64(5) {
			if _, err := r.source.Exec(ctx, `UPDATE crm.customer SET national = $3 WHERE id BETWEEN $1 AND $2`,
				first+2*batch, first+2*batch+1, selected); err != nil {
				return err
			}
			pause(random, 40)
		}
	}
	return nil
}

// truncate has lane 0, whose the table is, empty it in one of its transactions.
func truncate(ctx context.Context, r *Rig, random *rand.Rand) error {
	for range 2 {
		r.load.truncate.Store(true)
		for r.load.truncate.Load() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			pause(random, 20)
		}
	}
	return nil
}

// ddl changes columns that do not travel, again and again.
func ddl(ctx context.Context, r *Rig, random *rand.Rand) error {
	for i := range 3 + random.IntN(3) {
		for _, sql := range []string{
			fmt.Sprintf(`ALTER TABLE crm.contact ADD COLUMN extra_%d text DEFAULT '%s'`, i, Canary),
			fmt.Sprintf(`UPDATE crm.contact SET extra_%d = name || '%s' WHERE id %% 7 = 0`, i, Canary),
			fmt.Sprintf(`ALTER TABLE crm.contact DROP COLUMN extra_%d`, i),
		} {
			if _, err := r.source.Exec(ctx, sql); err != nil && lasting(err) {
				return err
			}
		}
		pause(random, 200)
	}
	return nil
}

// poison makes headquarters refuse a row. Its transaction is parked, later changes of its keys are
// skipped, and everything else goes on. When headquarters takes the row again a person has it repaired.
func poison(ctx context.Context, r *Rig, random *rand.Rand) error {
	id := beside + 4_000_000 + random.Int64N(1_000_000)
	if err := r.onTarget(ctx, fmt.Sprintf(`ALTER TABLE crm.customer ADD CONSTRAINT poison CHECK (id <> %d)`, id)); err != nil {
		return err
	}
	if err := r.customer(ctx, id, 3); err != nil {
		return err
	}
	if err := r.until(ctx, "the transaction is parked", `SELECT EXISTS (SELECT FROM sync.parked WHERE outcome = 'open')`); err != nil {
		return err
	}
	for range 3 {
		if _, err := r.source.Exec(ctx, `UPDATE crm.contact SET name = left(name || '!', 40) WHERE customer_id = $1`, id); err != nil {
			return err
		}
		pause(random, 300)
	}
	if err := r.onTarget(ctx, `ALTER TABLE crm.customer DROP CONSTRAINT poison`); err != nil {
		return err
	}
	var end outcome
	if err := r.Apply.Ask(ctx, question{Repair: Province}, &end); err != nil {
		return err
	}
	if end.Error != "" {
		return errors.New(end.Error)
	}
	return r.until(ctx, "no key is dirty", `SELECT NOT EXISTS (SELECT FROM sync.dirty)`)
}

// onTarget changes headquarters' database, again after a deadlock with those who read and write there.
func (r *Rig) onTarget(ctx context.Context, sql string) (err error) {
	for range 5 {
		if _, err = r.target.Exec(ctx, sql); err == nil || lasting(err) {
			return err
		}
	}
	return err
}

// until waits until headquarters' database says so.
func (r *Rig) until(ctx context.Context, what, query string) error {
	deadline := time.Now().Add(time.Minute)
	for {
		var yes bool
		err := r.target.QueryRow(ctx, query).Scan(&yes)
		switch {
		case err == nil && yes:
			return nil
		case time.Now().After(deadline):
			return errors.Join(fmt.Errorf("not in time: %s", what), err)
		}
		time.Sleep(pollEvery) // another process's database gives no signal
	}
}

// locale gives the province's database other ways to write values, which each new connection of
// the product then finds.
func locale(ctx context.Context, r *Rig, random *rand.Rand) error {
	for name, values := range map[string][]string{
		"TimeZone":           {"Asia/Kathmandu", "America/St_Johns", "UTC"},
		"DateStyle":          {"German", "SQL, DMY", "ISO"},
		"IntervalStyle":      {"iso_8601", "postgres_verbose"},
		"bytea_output":       {"escape", "hex"},
		"extra_float_digits": {"0", "-5", "3"},
		"lc_numeric":         {"C.UTF-8", "POSIX"},
	} {
		for _, d := range []*Database{r.Source, r.Target} {
			pool := r.source
			if d == r.Target {
				pool = r.target
			}
			sql := fmt.Sprintf(`ALTER DATABASE jike SET %s = '%s'`, name, values[random.IntN(len(values))])
			if _, err := pool.Exec(ctx, sql); err != nil {
				return err
			}
		}
	}
	return errors.Join(r.Restart(ctx, random, r.Capture), r.Restart(ctx, random, r.Apply))
}
