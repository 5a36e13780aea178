package copy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"jike/internal/pg"
	"jike/sync/stream"
	"jike/sync/synctest"
)

func openPool(ctx context.Context, url string) (*pgxpool.Pool, error) { return pg.Open(ctx, url, 1) }

// Headquarters gets rows that are selected and columns that are replicated, of tables that are, and
// can ask for nothing else.
func TestTheProvinceGivesOnlyWhatIsSelected(t *testing.T) {
	s := newSite(t, Options{})
	s.fill(100, 100)
	s.province()
	all := keyRange{math.MinInt64, math.MaxInt64}
	for table, rows := range map[string]int{"crm.customer": 67, "crm.contact": 201, "crm.monthly_summary": 100} {
		answer, err := s.ask(CallRows, rowsRequest{Epoch: 1, Table: table, keyRange: all, Rows: 1000, Bytes: maxChunk})
		s.Must(err)
		h, body, err := decode(answer, nil)
		s.Must(err)
		if h.Rows != rows || !h.Done || len(body) == 0 {
			t.Errorf("%s: %+v, %d bytes", table, h, len(body))
		}
		if bytes.Contains(body, []byte(synctest.Canary)) {
			t.Errorf("%s: the canary came along", table)
		}
	}
	for _, table := range []string{"crm.interaction", "account.account", "sync.capture", "pg_catalog.pg_authid", `crm.customer" WHERE true --`} {
		if _, err := s.ask(CallRows, rowsRequest{Epoch: 1, Table: table, keyRange: all, Rows: 1, Bytes: 1}); !errors.Is(err, stream.ErrRefused) {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// Chunk by chunk a range gives each row once, however small the chunks are.
func TestChunksFollowOneAnother(t *testing.T) {
	s := newSite(t, Options{})
	s.fill(1000, 10)
	s.province()
	for _, limit := range []struct{ last, rows, bytes int }{{994, 990, maxChunk}, {994, 1001, maxChunk}, {154, 7, maxChunk}, {994, 1000, 10_000}, {24, 3, 1}} {
		r := rowsRequest{Epoch: 1, Table: "crm.monthly_summary", keyRange: keyRange{5, int64(limit.last)}, Rows: limit.rows, Bytes: limit.bytes}
		var keys []int64
		for done := false; !done; {
			answer, err := s.ask(CallRows, r)
			s.Must(err)
			h, body, err := decode(answer, nil)
			s.Must(err)
			for len(body) > 0 {
				key, _ := keyOf(body)
				keys = append(keys, key)
				body = body[tupleSize(body, len(h.Columns)):]
			}
			r.First, done = h.Next, h.Done
		}
		if n := limit.last - 4; len(keys) != n || !slices.IsSorted(keys) || keys[0] != 5 || keys[n-1] != r.Last {
			t.Errorf("%+v: %d keys", limit, len(keys))
		}
	}
}

// Every key between the first and the last lies in exactly one range, whatever the sample.
func TestRangesCoverEveryKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sample := rapid.SliceOf(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))).Draw(t, "sample")
		n := rapid.IntRange(0, 20).Draw(t, "ranges")
		first, last := rapid.Int64Range(math.MinInt64, 5).Draw(t, "first"), rapid.Int64Range(5, math.MaxInt64).Draw(t, "last")
		ranges := cut(sample, keyRange{first, last}, n)
		if len(ranges) > max(n, 1) {
			t.Fatalf("%d ranges, want %d at most", len(ranges), n)
		}
		next := first
		for i, r := range ranges {
			if r.First != next || r.Last < r.First || (r.Last == last) != (i == len(ranges)-1) {
				t.Fatalf("range %d of %v", i, ranges)
			}
			next = r.Last + 1
		}
	})
}

// What COPY writes is taken apart wherever it is cut.
func TestCollectorTakesAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, want := slices.Clone(copyHeader), []byte{}
		count := rapid.IntRange(0, 5).Draw(t, "rows")
		for i := range count {
			tuple := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, uint64(i))
			value := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "value")
			tuple = append(binary.BigEndian.AppendUint32(tuple, uint32(len(value))), value...)
			tuple = append(tuple, 0xff, 0xff, 0xff, 0xff)
			all, want = append(append(all, 0, 3), tuple...), append(want, tuple...)
		}
		all = append(all, 0xff, 0xff)
		c := collector{fields: 3, limit: maxChunk}
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(t, "piece")
			if _, err := c.Write(all[:n]); err != nil {
				t.Fatal(err)
			}
			all = all[n:]
		}
		if c.rows != count || !bytes.Equal(c.body, want) || len(c.rest) > 0 {
			t.Fatalf("%d rows of %d, %d bytes of %d", c.rows, count, len(c.body), len(want))
		}
		text, err := chunkHeader{Rows: count}.encode(c.body)
		if err != nil {
			t.Fatal(err)
		}
		if h, body, err := decode(text, nil); err != nil || h.Rows != count || !bytes.Equal(body, want) {
			t.Fatalf("%+v, %v", h, err)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "damage")
		text[at] ^= 0x55
		if h, body, err := decode(text, nil); err == nil && !bytes.Equal(body, want) {
			t.Fatalf("damage at %d was not noticed: %+v", at, h)
		}
	})
}

func FuzzDecode(f *testing.F) {
	data, err := chunkHeader{Rows: 1}.encode([]byte("body"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{0, 0, 0, 200})
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := decode(data, nil); err != nil && !errors.Is(err, errChunk) {
			t.Error(fmt.Errorf("%x: %w", data, err))
		}
	})
}
