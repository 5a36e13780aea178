package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/audit"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func sealer(db *pgxpool.Pool) *audit.Sealer {
	return audit.NewSealer(db, slog.New(slog.DiscardHandler))
}

func record(ctx context.Context, tx pg.Tx, n int) error {
	return audit.Record(ctx, tx, audit.Entry{
		Actor: "lin", ActorID: 1, Action: "customer.change", ObjectKind: "customer", ObjectID: int64(n), CustomerID: int64(n),
		Before: map[string]any{"name": "甲"}, After: map[string]any{"name": fmt.Sprint("乙", n)},
	})
}

func write(t *testing.T, db *pgxpool.Pool, n int) {
	t.Helper()
	if err := pg.InTx(t.Context(), db, func(tx pg.Tx) error { return record(t.Context(), tx, n) }); err != nil {
		t.Fatal(err)
	}
}

// sealAll seals until as many lines are sealed; the cluster's other tests may hold it back.
func sealAll(t *testing.T, db *pgxpool.Pool, want int64) {
	t.Helper()
	for range 1000 {
		if _, err := sealer(db).Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, err := audit.Verify(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if v.Lines == want && v.Unsealed == 0 {
			return
		}
	}
	t.Fatalf("%d lines are never sealed", want)
}

func TestTransactionsThatCommitOutOfOrderAreAllSealedOnce(t *testing.T) {
	db := pgtest.Province(t).App(t)
	early, err := db.Begin(t.Context()) // takes the smallest number, and commits last
	if err != nil {
		t.Fatal(err)
	}
	if err := record(t.Context(), pg.AsTx(early), 1); err != nil {
		t.Fatal(err)
	}
	write(t, db, 2)
	write(t, db, 3)
	if n, err := sealer(db).Seal(t.Context()); n != 0 || err != nil {
		t.Fatalf("sealed %d lines beside a transaction that still runs: %v", n, err)
	}
	if err := early.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	sealAll(t, db, 3)
}

func TestConcurrentWritersLeaveNoGap(t *testing.T) {
	db := pgtest.Province(t).App(t)
	const writers, each = 6, 40
	var writing, sealing sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				err := pg.InTx(ctx, db, func(tx pg.Tx) error {
					if err := record(ctx, tx, w); err != nil {
						return err
					}
					if i%5 == 0 {
						return errors.New("roll back") // leaves a hole in the numbers
					}
					return record(ctx, tx, i)
				})
				if (err == nil) == (i%5 == 0) {
					t.Error(err)
				}
			}
		})
	}
	for range 2 { // two sealers: one stands back
		sealing.Go(func() {
			for ctx.Err() == nil {
				if _, err := sealer(db).Seal(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	stop()
	sealing.Wait()
	sealAll(t, db, writers*each*4/5*2)
}

func TestTamperingIsFound(t *testing.T) {
	for name, statement := range map[string]string{
		"a changed value":        `UPDATE audit.line SET after = '{"name": "丙"}' WHERE id = 2`,
		"a changed actor":        `UPDATE audit.line SET actor = 'other' WHERE id = 2`,
		"a changed time":         `UPDATE audit.line SET at = at + interval '1 microsecond' WHERE id = 2`,
		"a removed line":         `DELETE FROM audit.line WHERE id = 2`,
		"an added line":          `INSERT INTO audit.line (xid, actor, action, object_kind) SELECT xid, 'x', 'x', 'x' FROM audit.line WHERE id = 2`,
		"an early added line":    `INSERT INTO audit.line (xid, actor, action, object_kind) VALUES ('3', 'x', 'x', 'x')`,
		"a removed seal":         `DELETE FROM audit.seal WHERE id = 2`,
		"a removed first seal":   `DELETE FROM audit.seal WHERE id = 1`,
		"a changed hash":         `UPDATE audit.seal SET hash = sha256('x') WHERE id = 1`,
		"a changed range":        `UPDATE audit.seal SET to_xid = (to_xid::text::bigint - 1)::text::xid8 WHERE id = 3`,
		"a line moved elsewhere": `UPDATE audit.line SET xid = (SELECT xid FROM audit.line WHERE id = 3) WHERE id = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			database := pgtest.Province(t)
			db := database.App(t)
			for i := range 3 {
				write(t, db, i)
				sealAll(t, db, int64(i+1))
			}
			conn, err := pgx.Connect(t.Context(), database.OwnerURL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(context.Background()) }()
			if tag, err := conn.Exec(t.Context(), statement); err != nil || tag.RowsAffected() != 1 {
				t.Fatal(tag, err)
			}
			_, err = audit.Verify(t.Context(), db)
			if _, found := errors.AsType[*audit.TamperError](err); !found {
				t.Fatalf("not found: %v", err)
			}
		})
	}
}

func TestTheApplicationCanOnlyAdd(t *testing.T) {
	db := pgtest.Province(t).App(t)
	write(t, db, 1)
	for _, statement := range []string{`UPDATE audit.line SET actor = 'x'`, `DELETE FROM audit.line`, `DELETE FROM audit.seal`, `TRUNCATE audit.line`} {
		if _, err := db.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s is allowed", statement)
		}
	}
}
