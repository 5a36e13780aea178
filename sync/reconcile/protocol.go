package reconcile

import (
	"fmt"

	"github.com/google/uuid"

	"jike/schemas/replica"
)

// The requests that headquarters sends to a province during a run. All but opRelease may be
// repeated: a reply that got lost does no harm.
const (
	opOpen    = "reconcile.open"    // put a barrier and hold a snapshot there
	opAwait   = "reconcile.await"   // how far is that?
	opCut     = "reconcile.cut"     // digest the next ranges of a table and say their boundaries
	opDigest  = "reconcile.digest"  // digest ranges with given boundaries
	opRows    = "reconcile.rows"    // hashes of the rows of one range
	opValues  = "reconcile.values"  // hashes of the columns of some rows
	opRepair  = "reconcile.repair"  // send rows anew through the stream
	opRelease = "reconcile.release" // let the snapshot go
	opSign    = "reconcile.sign"    // check, sign and keep the certificate
)

// LSN is a position in a province's write-ahead log.
type LSN uint64

// String writes it as PostgreSQL does, such as 16/B374D848.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// MarshalText writes it as PostgreSQL does.
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads PostgreSQL's form.
func (l *LSN) UnmarshalText(text []byte) error {
	var high, low uint32
	if _, err := fmt.Sscanf(string(text), "%X/%X", &high, &low); err != nil {
		return fmt.Errorf("log position %q: %w", text, err)
	}
	*l = LSN(high)<<32 | LSN(low)
	return nil
}

// scope names the snapshot that a request reads and how rows are hashed there: by those columns of the
// table that both sides have. No columns stand for all that the province has.
type scope struct {
	Barrier uuid.UUID `json:"barrier"`
	Method  Method    `json:"method"`
	Seed    int64     `json:"seed"`
	Table   string    `json:"table"`
	Columns []string  `json:"columns,omitempty"`
}

type openRequest struct {
	Barrier uuid.UUID `json:"barrier"`
	Scope   Scope     `json:"scope"`
}

// openReply carries the province's newest certificate: headquarters takes over one that it
// misses, because a crash or a restore came between the province's signature and its own record.
// Form is the newest form of certificates that the province can sign; one that says nothing signs
// form 1 and knows no scope. Tables are what the province replicates; one that signs a form below 3
// does not say it, and can be compared by headquarters' own list only.
type openReply struct {
	Version string          `json:"version"`
	Form    int             `json:"form"`
	Last    *Certificate    `json:"last"`
	Tables  []replica.Table `json:"tables,omitempty"`
}

type awaitRequest struct {
	Barrier uuid.UUID `json:"barrier"`
}

// awaitReply: not Ready and no error means that the snapshot is still being made; it waits for
// the writing transactions that are open.
type awaitReply struct {
	Ready      bool       `json:"ready"`
	Epoch      int64      `json:"epoch"`
	Point      LSN        `json:"point"`
	Selection  int64      `json:"selection"`
	Capability capability `json:"capability"`
	Rows       int64      `json:"rows"` // in the scope, as PostgreSQL estimates them
}

type cutRequest struct {
	scope
	From int64 `json:"from"`
}

type cutReply struct {
	Ranges []Range `json:"ranges"`
	Last   bool    `json:"last"`
}

type digestRequest struct {
	scope
	Bounds []Range `json:"bounds"`
}

type digestReply struct {
	Ranges []Range `json:"ranges"`
}

type rowsRequest struct {
	scope
	Low  int64 `json:"low"`
	High int64 `json:"high"`
}

// rowsReply holds up to rowsPerPage rows; their hashes, all of the same length, in one piece.
type rowsReply struct {
	Keys   []int64 `json:"keys"`
	Hashes []byte  `json:"hashes"`
}

func packRows(rows []rowHash) rowsReply {
	var r rowsReply
	for _, row := range rows {
		r.Keys = append(r.Keys, row.Key)
		r.Hashes = append(r.Hashes, row.Hash...)
	}
	return r
}

func (r rowsReply) unpack() ([]rowHash, error) {
	if len(r.Keys) == 0 {
		return nil, nil
	}
	size := len(r.Hashes) / len(r.Keys)
	if size == 0 || size*len(r.Keys) != len(r.Hashes) {
		return nil, fmt.Errorf("%d bytes of hashes for %d rows", len(r.Hashes), len(r.Keys))
	}
	rows := make([]rowHash, len(r.Keys))
	for i, key := range r.Keys {
		rows[i] = rowHash{Key: key, Hash: r.Hashes[i*size : (i+1)*size]}
	}
	return rows, nil
}

type valuesRequest struct {
	scope
	Keys []int64 `json:"keys"`
}

type valuesReply struct {
	Values map[int64][]string `json:"values"`
}

// repairRequest asks for the current state of keys that differed at a barrier's point.
type repairRequest struct {
	Barrier uuid.UUID `json:"barrier"`
	Table   string    `json:"table"`
	Keys    []int64   `json:"keys"`
}

type releaseRequest struct {
	Barrier uuid.UUID `json:"barrier"`
}

// signRequest brings the certificate with headquarters' signature, and the one before if the
// province's newest is older than that.
type signRequest struct {
	Certificate Certificate  `json:"certificate"`
	Before      *Certificate `json:"before"`
}

type signReply struct {
	Signature Signature `json:"signature"`
}

type empty struct{}
