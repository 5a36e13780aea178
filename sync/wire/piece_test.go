package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"
)

// tuple is a row of a key and n further bytes.
func tuple(key uint64, n int) []byte {
	row := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, key)
	row = binary.BigEndian.AppendUint32(row, uint32(n))
	return append(row, bytes.Repeat([]byte{7}, n)...)
}

// Pieces written as chunks and read again make the change that was cut, and nothing else does.
func TestPiecesMakeTheWhole(t *testing.T) {
	for _, n := range []int{0, 84, 85, 1000} {
		want := Change{Op: Update, Table: 3, Data: tuple(9, n)}
		var w Writer
		w.Reset(Header{Province: 591})
		w.Begin(1, time.UnixMicro(1), 0)
		Split(want, 100, w.Change)
		w.Change(Change{Op: Delete, Table: 1, Data: make([]byte, 8)})
		w.End(Hash{})
		m, err := Decode(w.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var j Joiner
		var got []Change
		for _, c := range m.Parts[0].Changes {
			whole, ok, err := j.Join(c)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				got = append(got, whole)
			}
		}
		if len(got) != 2 || got[0].Op != want.Op || got[0].Table != want.Table || !bytes.Equal(got[0].Data, want.Data) || got[1].Op != Delete {
			t.Errorf("%d bytes: %d changes in %d pieces", n, len(got), len(m.Parts[0].Changes)-1)
		}
		if pieces := len(m.Parts[0].Changes) - 1; pieces != (len(want.Data)+99)/100 {
			t.Errorf("%d bytes in %d pieces", len(want.Data), pieces)
		}
	}
}

func TestPiecesThatDoNotBelongTogetherAreRefused(t *testing.T) {
	var pieces []Change
	Split(Change{Op: Insert, Table: 1, Data: tuple(1, 250)}, 100, func(c Change) {
		c.Data = bytes.Clone(c.Data)
		pieces = append(pieces, c)
	})
	other := pieces[1]
	other.Table = 2
	for name, list := range map[string][]Change{
		"another table": {pieces[0], other},
		"unfinished":    {pieces[0], {Op: Truncate}},
		"not a row":     {pieces[2]},
	} {
		var j Joiner
		var err error
		for _, c := range list {
			if err == nil {
				_, _, err = j.Join(c)
			}
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
