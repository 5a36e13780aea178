package journal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"jike/internal/fault"
	"jike/internal/pg/pgtest"
	"jike/xmlapi/identity"
	"jike/xmlapi/journal"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestANonceIsTakenOnce(t *testing.T) {
	ctx := t.Context()
	store := journal.NewStore(pgtest.Province(t).App(t))
	n := identity.Nonce{KeyID: "boss", Value: "0123456789abcdef", Expires: time.Now().Add(time.Minute)}
	var mu sync.Mutex
	fresh := 0
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := store.InTx(ctx, func(tx journal.Tx) error {
				unused, err := tx.Spend(ctx, n)
				if unused {
					mu.Lock()
					fresh++
					mu.Unlock()
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if fresh != 1 {
		t.Fatalf("the nonce was taken %d times", fresh)
	}
}

func TestAClaimGivesTheStoredAnswer(t *testing.T) {
	ctx := t.Context()
	store := journal.NewStore(pgtest.Province(t).App(t))
	key := journal.Key{Origin: "BOSS", TransID: "T1", Content: [32]byte{1}}
	// A claim that is rolled back leaves nothing.
	rolledBack := fmt.Errorf("rolled back")
	if err := store.InTx(ctx, func(tx journal.Tx) error {
		if _, _, err := tx.Claim(ctx, nonce("a"), key); err != nil {
			return err
		}
		return rolledBack
	}); !errors.Is(err, rolledBack) {
		t.Fatal(err)
	}
	if err := store.InTx(ctx, func(tx journal.Tx) error {
		unused, taken, err := tx.Claim(ctx, nonce("a"), key)
		if err != nil || taken != nil || !unused {
			return fmt.Errorf("taken %v, %w", taken, err)
		}
		return tx.Keep(ctx, key, "0000", "GBK", []byte("\xbc\xaf"), journal.Line{At: time.Now(), Direction: "in"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := store.InTx(ctx, func(tx journal.Tx) error {
		unused, taken, err := tx.Claim(ctx, nonce("b"), key)
		if err != nil || taken == nil || !unused || string(taken.Reply) != "\xbc\xaf" || taken.Charset != "GBK" || [32]byte(taken.Content) != key.Content {
			t.Errorf("got %+v, %v", taken, err)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// A nonce that was used claims nothing.
func TestAUsedNonceClaimsNothing(t *testing.T) {
	ctx := t.Context()
	store := journal.NewStore(pgtest.Province(t).App(t))
	for i, want := range []bool{true, false} {
		if err := store.InTx(ctx, func(tx journal.Tx) error {
			unused, taken, err := tx.Claim(ctx, nonce("a"), journal.Key{Origin: "BOSS", TransID: fmt.Sprint("T", i)})
			if unused != want || taken != nil {
				t.Errorf("%d: %v %v", i, unused, taken)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.InTx(ctx, func(tx journal.Tx) error {
		_, taken, err := tx.Claim(ctx, nonce("b"), journal.Key{Origin: "BOSS", TransID: "T1"})
		if taken != nil {
			t.Error("T1 was claimed with a used nonce")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func nonce(value string) identity.Nonce {
	return identity.Nonce{KeyID: "boss", Value: value, Expires: time.Now().Add(time.Minute)}
}

func note(t *testing.T, store *journal.Store, l journal.Line) {
	t.Helper()
	if err := store.InTx(t.Context(), func(tx journal.Tx) error { return tx.Note(t.Context(), l) }); err != nil {
		t.Fatal(err)
	}
}

func TestSearch(t *testing.T) {
	ctx := t.Context()
	store := journal.NewStore(pgtest.Province(t).App(t))
	start := time.Now().Truncate(time.Second)
	for i := range 5 {
		note(t, store, journal.Line{
			At: start.Add(time.Duration(i) * time.Second), Direction: "in", KeyID: "boss-key", Origin: "BOSS", TransID: fmt.Sprint("T", i),
			BusinessKey: fmt.Sprint("K", i%2), Code: []string{"0000", "0103"}[i%2], HTTPStatus: 200, Request: "<a/>",
		})
	}
	for _, tc := range []struct {
		filter journal.Filter
		total  int
		first  string
	}{
		{journal.Filter{}, 5, "T4"},
		{journal.Filter{Page: 2, Size: 2}, 5, "T2"},
		{journal.Filter{Partner: "BOSS", Code: "0103"}, 2, "T3"},
		{journal.Filter{Partner: "boss-key", BusinessKey: "K0", Direction: "in"}, 3, "T4"},
		{journal.Filter{From: start.Add(time.Second), To: start.Add(2 * time.Second)}, 1, "T1"},
		{journal.Filter{TransID: "none"}, 0, ""},
	} {
		page, err := store.Search(ctx, tc.filter)
		if err != nil || page.Total != tc.total || (tc.total > 0) != (len(page.Lines) > 0) {
			t.Fatalf("%+v: %+v %v", tc.filter, page, err)
		}
		if tc.total > 0 && page.Lines[0].TransID != tc.first {
			t.Errorf("%+v: first is %s", tc.filter, page.Lines[0].TransID)
		}
	}
	page, err := store.Search(ctx, journal.Filter{Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	line, err := store.Find(ctx, page.Lines[0].ID)
	if err != nil || line.Request != "<a/>" {
		t.Fatalf("%+v %v", line, err)
	}
	if _, err := store.Find(ctx, 1<<40); !fault.Is(err, fault.NotFound) {
		t.Fatalf("got %v", err)
	}
	if _, err := store.Search(ctx, journal.Filter{Page: 10000}); !fault.Is(err, fault.AboveMaximum) {
		t.Fatalf("got %v", err)
	}
}

func TestPartitionsAreMadeAheadAndExpire(t *testing.T) {
	ctx := context.Background()
	db := pgtest.Province(t)
	store, owner := journal.NewStore(db.App(t)), db.Owner(t)
	partitions := func() (names []string) {
		rows, err := owner.Query(ctx, `SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal.exchange'::regclass ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		return names
	}
	month := func(offset int) string {
		now := time.Now().UTC()
		return "journal.exchange_" + time.Date(now.Year(), now.Month()+time.Month(offset), 1, 0, 0, 0, 0, time.UTC).Format("200601")
	}
	if got := partitions(); len(got) != 1+journal.Ahead || got[0] != month(0) || got[journal.Ahead] != month(journal.Ahead) {
		t.Fatalf("after migration: %v", got)
	}
	old := time.Now().UTC().AddDate(0, -13, 0)
	for offset := -14; offset < 0; offset++ {
		now := time.Now().UTC()
		from := time.Date(now.Year(), now.Month()+time.Month(offset), 1, 0, 0, 0, 0, time.UTC)
		if _, err := owner.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s PARTITION OF journal.exchange FOR VALUES FROM ('%s') TO ('%s')`,
			month(offset), from.Format(time.RFC3339), from.AddDate(0, 1, 0).Format(time.RFC3339))); err != nil {
			t.Fatal(err)
		}
	}
	note(t, store, journal.Line{At: old, Direction: "in"})
	if _, err := owner.Exec(ctx, `INSERT INTO journal.answer (origin, trans_id, content, at) VALUES ('BOSS', 'old', '', $1), ('BOSS', 'new', '', now())`, old); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(ctx, `INSERT INTO journal.nonce VALUES ('k', 'old', now() - interval '1 second'), ('k', 'new', now() + interval '1 hour')`); err != nil {
		t.Fatal(err)
	}
	if err := store.Maintain(ctx, 12); err != nil {
		t.Fatal(err)
	}
	if got := partitions(); got[0] != month(-12) || len(got) != 12+1+journal.Ahead {
		t.Errorf("after a retention of 12 months: %v", got)
	}
	var answers, nonces string
	if err := owner.QueryRow(ctx, `SELECT (SELECT string_agg(trans_id, ' ') FROM journal.answer), (SELECT string_agg(nonce, ' ') FROM journal.nonce)`).Scan(&answers, &nonces); err != nil {
		t.Fatal(err)
	}
	if answers != "new" || nonces != "new" {
		t.Errorf("left: answers %q, nonces %q", answers, nonces)
	}
}
