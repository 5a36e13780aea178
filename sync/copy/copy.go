// Package copy brings the rows of a province that joins with rows already selected to headquarters:
// the first copy. The province goes on writing, nobody is blocked, and no snapshot is held.
//
// # How a copy and a stream come to the same state
//
// An epoch's stream holds every transaction from a position X on. While the copy runs apply holds
// the stream back and only the copy writes the province's partition. Rows are read range by range
// of the key, in short statements, each at some moment after X. Then apply applies the stream from
// X on. Whatever a row had become when it was copied, its changes after X come again in order and
// leave it as it is: until the epoch's first certificate an UPDATE that meets no row inserts it and
// a DELETE that meets none is nothing. A row that was selected after the ranges were made, moved
// between two of them, or left the selection and came back, arrives with the stream. What cannot be said by the stream alone (an update whose
// large values are not in the log, of a row that was not copied) apply asks a repair for, and the
// epoch's first reconciliation proves the whole.
//
// One thing must hold for that: what was committed before X must be visible to who reads after X.
// A transaction is visible only some time after its commit is in the log, so the province waits,
// once for each epoch, until every transaction that was open when it was first asked has ended.
//
// # State machine
//
// Headquarters leads; the province answers and remembers nothing. A province's row of sync.copy is
//
//	missing    Join looks whether its partition is empty and the province says that rows existed when
//	           the epoch began. If not there is nothing to copy. Else it has the province plan ranges
//	           and writes them down
//	running    workers take ranges and ask for one chunk after the other: the rows of a key and
//	           above, up to so many bytes. A chunk is written in one transaction with the place where
//	           the next begins
//	done       all ranges are at their end; the stream is applied from now on
//	cancelled  by a person: the stream is applied from now on, and what was not copied comes by the
//	           epoch's first reconciliation
//
// Whoever is killed when: rows and place were committed together or not at all, so the copy goes on
// with the chunk that was on its way. A province that does not answer is asked again until it does.
// If a new epoch begins meanwhile the copy goes on for it; what the lost stream knew of the ranges
// copied before is found by the new epoch's reconciliation.
//
// # Invariants
//
//   - A chunk is written only at the place where its range stands, so one that comes twice is not
//     written twice. Rows that lie in its way are of nobody: they are replaced.
//   - The province decides what it gives: tables and columns of its own list and selected rows.
//     A request names a table and keys, never columns or conditions.
//   - A copied row's stamp is (epoch, 0): older than everything that the epoch's stream says.
//   - At most Parallel chunks are on their way, of all provinces together, and each has one of as
//     many slots whose buffers it uses: that bounds memory. Slots are given in the order in which
//     they were asked for and every province has the same number of workers, so provinces that join
//     at the same time advance at the same pace.
//
// The partition keeps its indexes while it is filled. Making the second of two indexes only after
// the million rows of `jike bench sync-copy` cost headquarters' server as much processor time (5.5
// to 5.7 s) as keeping it up to date meanwhile (5.6 s).
package copy

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"jike/schemas/replica"
)

// The calls that headquarters makes to a province.
const (
	// CallPlan asks for the ranges of every table: planRequest, plan.
	CallPlan = "copy-plan"
	// CallRows asks for rows of a range: rowsRequest, a chunk.
	CallRows = "copy-rows"
)

// maxChunk is how many bytes of rows a province gives at most, unless one row has more.
const maxChunk = 8 << 20

// maxRow is the largest row that is copied. A larger one would not go into a message of the link;
// it is left out and named, and headquarters has it repaired through the stream.
const maxRow = 48 << 20

// maxRows is how many rows a province gives at most.
const maxRows = 50_000

// planRequest asks for ranges. Epoch is that of the stream that will be applied after the copy.
type planRequest struct {
	Epoch int64 `json:"epoch"`
}

// plan says what there is to copy.
type plan struct {
	Tables []tablePlan `json:"tables"`
}

// tablePlan is one table's share. Ranges are in order and hold every key that is selected.
type tablePlan struct {
	Table  string     `json:"table"`
	Rows   int64      `json:"rows"` // about as many are selected
	Ranges []keyRange `json:"ranges"`
}

// keyRange is the keys from First to Last, both of them included.
type keyRange struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// rowsRequest asks for the selected rows with keys from First to Last, in order, as many as fit.
type rowsRequest struct {
	Epoch int64  `json:"epoch"`
	Table string `json:"table"`
	keyRange
	Rows  int `json:"rows"`  // at most
	Bytes int `json:"bytes"` // of rows at most; one row comes whatever it has
}

// chunkHeader says what a chunk's body is.
type chunkHeader struct {
	Columns []replica.Column `json:"columns"` // of the province's own list, the key first
	Rows    int              `json:"rows"`
	Next    int64            `json:"next"` // where the next chunk begins; not said when Done
	Done    bool             `json:"done"` // the range has no more rows
	LeftOut []int64          `json:"leftOut,omitempty"`
	Sum     uint32           `json:"sum"` // CRC-32C of the body as it was before compression
}

// errChunk says that an answer is not what a province writes.
var errChunk = errors.New("copy: the chunk cannot be read")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes a chunk: the header's length, the header, the compressed body. The body is binary
// COPY tuples without their field counts, one after the other: the wire's form of a row.
func (h chunkHeader) encode(body []byte) ([]byte, error) {
	h.Sum = crc32.Checksum(body, castagnoli)
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	out := make([]byte, 0, 4+len(text)+s2.MaxEncodedLen(len(body)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(text)))
	out = append(out, text...)
	return out[:len(out)+len(s2.Encode(out[len(out):cap(out)], body))], nil
}

// decode reads what encode wrote; the body goes into buf if it has room. It returns errChunk.
func decode(data, buf []byte) (h chunkHeader, body []byte, err error) {
	if len(data) < 4 || int64(binary.BigEndian.Uint32(data)) > int64(len(data)-4) {
		return h, nil, fmt.Errorf("%w: it ends early", errChunk)
	}
	text, packed := data[4:4+binary.BigEndian.Uint32(data)], data[4+binary.BigEndian.Uint32(data):]
	if err := json.Unmarshal(text, &h); err != nil {
		return h, nil, fmt.Errorf("%w: %w", errChunk, err)
	}
	size, err := s2.DecodedLen(packed)
	if err != nil || size > maxChunk+maxRow {
		return h, nil, fmt.Errorf("%w: body of %d bytes", errChunk, size)
	}
	body, err = s2.Decode(buf[:cap(buf)], packed)
	if err != nil {
		return h, nil, fmt.Errorf("%w: %w", errChunk, err)
	}
	if crc32.Checksum(body, castagnoli) != h.Sum {
		return h, nil, fmt.Errorf("%w: checksum", errChunk)
	}
	return h, body, nil
}

// tupleSize is the length of the tuple of n fields with which data begins, 0 if it is not all there.
func tupleSize(data []byte, n int) int {
	at := 0
	for range n {
		if len(data)-at < 4 {
			return 0
		}
		size := int(int32(binary.BigEndian.Uint32(data[at:])))
		if at += 4; size > len(data)-at {
			return 0
		}
		at += max(size, 0)
	}
	return at
}

// keyOf is the key of a tuple, its first field; false if that is not a bigint.
func keyOf(tuple []byte) (int64, bool) {
	if len(tuple) < 12 || binary.BigEndian.Uint32(tuple) != 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(tuple[4:])), true
}
