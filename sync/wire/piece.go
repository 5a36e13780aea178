package wire

import (
	"fmt"
	"slices"
)

// A change that is too large for a message, such as a row with a value of 60 MB, travels in pieces:
// changes of their own, one after the other, in as many chunks of the transaction as it takes. A
// piece's data are the operation of the whole, 1 if it is the last piece and else 0, and the bytes.
const pieceHeader = 2

// Split gives a change in pieces of at most size bytes each; a change that is no larger comes back
// as it is. Data of a piece are valid until the next one.
func Split(c Change, size int, emit func(Change)) {
	if len(c.Data) <= size {
		emit(c)
		return
	}
	piece := make([]byte, 0, pieceHeader+size)
	for rest := c.Data; len(rest) > 0; {
		n := min(size, len(rest))
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		piece = append(append(piece[:0], byte(c.Op), last), rest[:n]...)
		emit(Change{Op: Piece, Table: c.Table, Data: piece})
		rest = rest[n:]
	}
}

// Joiner puts the pieces of one transaction's changes together again. The zero Joiner is ready.
type Joiner struct {
	whole Change
	open  bool
}

// Join takes the next change and reports whether one is whole: any other than a piece is, and the
// last piece makes one. It returns ErrCorrupt for pieces that do not belong together.
func (j *Joiner) Join(c Change) (whole Change, ok bool, err error) {
	if c.Op != Piece {
		if j.open {
			return c, false, fmt.Errorf("%w: a piece is missing", ErrCorrupt)
		}
		return c, true, nil
	}
	op, last := Op(c.Data[0]), c.Data[1] == 1
	if !j.open {
		j.whole, j.open = Change{Op: op, Table: c.Table}, true
	}
	if op != j.whole.Op || c.Table != j.whole.Table {
		return c, false, fmt.Errorf("%w: a piece of another change", ErrCorrupt)
	}
	j.whole.Data = append(j.whole.Data, c.Data[pieceHeader:]...)
	if !last {
		return Change{}, false, nil
	}
	whole = j.whole
	j.whole, j.open = Change{}, false
	return whole, true, whole.check()
}

// All takes changes that follow one another and gives those that are whole. Without pieces they come
// back as they are.
func (j *Joiner) All(changes []Change) ([]Change, error) {
	if !j.open && !slices.ContainsFunc(changes, func(c Change) bool { return c.Op == Piece }) {
		return changes, nil
	}
	var all []Change
	for _, c := range changes {
		whole, ok, err := j.Join(c)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, whole)
		}
	}
	return all, nil
}
