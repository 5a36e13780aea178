package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"jike/schemas/replica"
)

func sample() *Message {
	key := binary.BigEndian.AppendUint64(nil, 42)
	row := append([]byte{0, 0, 0, 8}, key...)
	row = append(row, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 'h', 'i')
	at := time.UnixMicro(1_795_000_000_123_456)
	return &Message{
		Header: Header{Province: 591, Epoch: 3, Incarnation: 2, List: 4, Schema: Hash{1, 2}, Selection: 7, Prev: Link{LSN: 99, Chain: Hash{9}}},
		Parts: []Part{
			{LSN: 100, Time: at, Last: true, Digest: Hash{5}, Changes: []Change{
				{Insert, 0, row},
				{Update, 1, row},
				{Delete, 2, key},
				{Truncate, 3, []byte{}},
				{Repair, 0, row},
				{Absent, 0, append(bytes.Clone(key), 0, 0, 0, 0, 0, 0, 0, 50)},
				{Unknown, 0, key},
				{Heartbeat, 0, binary.BigEndian.AppendUint64(nil, uint64(at.UnixMicro()))},
			}},
			{LSN: 120, Time: at, Chunk: 0, Content: Hash{6}, Changes: []Change{{Insert, 0, row}}},
		},
	}
}

func TestMessageRoundTrip(t *testing.T) {
	last := &Message{Header: sample().Header, Parts: []Part{{
		LSN: 120, Time: sample().Parts[0].Time, Chunk: 3, Last: true, Content: Hash{7}, Digest: Hash{8}, Changes: sample().Parts[1].Changes,
	}}}
	for _, m := range []*Message{sample(), last, {Header: sample().Header, Barrier: &Barrier{ID: [16]byte{1}, LSN: 77}}} {
		got, err := Decode(Encode(m))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("got  %+v\nwant %+v", got, m)
		}
	}
}

func TestChangeSaysWhatItCarries(t *testing.T) {
	c := sample().Parts[0].Changes
	for i, want := range []int64{42, 42, 42, 0, 42, 42, 42, 0} {
		if got := c[i].Key(); got != want {
			t.Errorf("%c: key %d, want %d", c[i].Op, got, want)
		}
	}
	if c[5].Before() != 50 || !c[7].Clock().Equal(sample().Parts[0].Time) {
		t.Errorf("before %v, clock %v", c[5].Before(), c[7].Clock())
	}
}

// The chain depends on transactions only: packed otherwise it ends the same.
func TestChainDoesNotKnowMessages(t *testing.T) {
	start := Link{LSN: 1, Chain: Hash{1}}
	one := Message{Header: Header{Prev: start}, Parts: []Part{
		{LSN: 10, Last: true, Digest: Hash{1}}, {LSN: 20, Chunk: 0}, {LSN: 20, Chunk: 1, Last: true, Digest: Hash{2}},
	}}
	first := Message{Header: Header{Prev: start}, Parts: one.Parts[:2]}
	second := Message{Header: Header{Prev: first.End()}, Parts: one.Parts[2:]}
	if first.End().LSN != 10 || second.End() != one.End() || one.End().LSN != 20 {
		t.Errorf("%v, %v, %v", first.End(), second.End(), one.End())
	}
}

// Chunks of an attempt that was cut off must not be taken together with those of the next, which
// may be cut elsewhere.
func TestChunksOfTwoAttemptsAreNotMixed(t *testing.T) {
	row := sample().Parts[0].Changes[0]
	attempt := func(sizes ...int) (parts []Part) {
		var w Writer
		for chunk, n := range sizes {
			w.Reset(Header{})
			w.Begin(50, time.Now(), uint32(chunk))
			for range n {
				w.Change(row)
			}
			if chunk == len(sizes)-1 {
				w.End(Hash{9})
			} else {
				w.Cut()
			}
			m, err := Decode(w.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, m.Parts...)
		}
		return parts
	}
	one, two := attempt(3, 3, 2), attempt(1, 3, 4)
	for _, parts := range [][]Part{one, two} {
		var c Content
		for i, p := range parts {
			if !c.Follows(p) {
				t.Errorf("chunk %d does not follow its own attempt", i)
			}
		}
	}
	var c Content
	if !c.Follows(one[0]) || c.Follows(two[1]) {
		t.Error("a chunk of another attempt was taken")
	}
}

func TestDamageIsNoticed(t *testing.T) {
	good := Encode(sample())
	for i := range good {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(good)
			bad[i] ^= bit
			got, err := Decode(bad)
			if err == nil && reflect.DeepEqual(got, sample()) {
				continue // another way to pack the same content
			}
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
		if _, err := Decode(good[:i]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestFieldsRefusesAWrongCount(t *testing.T) {
	row := sample().Parts[0].Changes[0].Data
	got, err := Fields(row, 3, nil)
	if err != nil || !reflect.DeepEqual(got, []Field{{4, 8}, {16, NullField}, {20, 2}}) {
		t.Fatalf("%v, %v", got, err)
	}
	for _, n := range []int{2, 4} {
		if _, err := Fields(row, n, nil); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d fields: %v", n, err)
		}
	}
}

func TestLSNRoundTrip(t *testing.T) {
	for _, l := range []LSN{0, 1, 0x16B3748, 0xABC_0000_0001} {
		if got, err := ParseLSN(l.String()); err != nil || got != l {
			t.Errorf("%s: %v, %v", l, got, err)
		}
	}
}

// What version 1 wrote is read as it was meant, each byte of it protected as before.
func TestVersionOneIsRead(t *testing.T) {
	at := time.UnixMicro(1_795_000_000_123_456)
	schema := Hash(replica.Hash([]replica.Table{{Schema: "crm", Name: "thing", Key: "id", Columns: []replica.Column{
		{Name: "id", Type: "int8"}, {Name: "name", Type: "text"}, {Name: "amount", Type: "int4"}, {Name: "profile", Type: "text"},
	}}}))
	// What the samples hold: for each the commit positions, the operations, the barrier.
	want := []struct {
		file string
		lsns []LSN
		ops  string
	}{
		{"1-whole.bin", []LSN{100, 200}, "IIIUD"},
		{"2-first.bin", []LSN{300}, "I"},
		{"3-middle.bin", []LSN{300}, "I"},
		{"4-last.bin", []LSN{300}, "I"},
		{"5-barrier.bin", nil, ""},
		{"6-rest.bin", []LSN{400}, "TIPDRXH"},
	}
	var link Link
	var content Content
	for _, sample := range want {
		data, err := os.ReadFile("testdata/v1/" + sample.file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", sample.file, err)
		}
		if m.Header != (Header{Province: 591, Epoch: 1, Incarnation: 1, Schema: schema, Selection: 1, Prev: link}) {
			t.Errorf("%s: header %+v after %+v", sample.file, m.Header, link)
		}
		link = m.End()
		ops := ""
		var lsns []LSN
		for _, p := range m.Parts {
			if !p.Time.Equal(at) || p.Last && len(p.Changes) == 0 {
				t.Errorf("%s: part %+v", sample.file, p)
			}
			if (p.Chunk > 0 || !p.Last) && !content.Follows(p) {
				t.Errorf("%s: the chunk does not follow", sample.file)
			}
			lsns = append(lsns, p.LSN)
			for _, c := range p.Changes {
				ops += string(rune(c.Op))
			}
		}
		if ops != sample.ops || !slices.Equal(lsns, sample.lsns) || (m.Barrier != nil) != (ops == "") {
			t.Errorf("%s: operations %s at %v, barrier %+v", sample.file, ops, lsns, m.Barrier)
		}
		if again, err := Decode(Encode(m)); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s: written anew it is %+v, %v", sample.file, again, err)
		}
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 4
			if got, err := Decode(bad); err == nil && !reflect.DeepEqual(got, m) {
				t.Fatalf("%s: byte %d changed was not noticed", sample.file, i)
			}
		}
	}
}

// FuzzDecode reads, writes and reads again; it works on bodies too, with the checksum made right,
// since otherwise the checksum would stop every input at the door.
func FuzzDecode(f *testing.F) {
	f.Add(Encode(sample()), true)
	f.Add(WriteBarrier(sample().Header, Barrier{LSN: 3}), false)
	for _, name := range []string{"1-whole.bin", "2-first.bin", "5-barrier.bin", "6-rest.bin"} {
		data, err := os.ReadFile("testdata/v1/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
	}
	f.Add(append([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 'D', 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1}, make([]byte, 32)...), true)
	f.Fuzz(func(t *testing.T, data []byte, body bool) {
		if body {
			data, _ = seal(kindParts, Header{}, data, nil)
		}
		m, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(Encode(m))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v\n%+v", m, again)
		}
	})
}
