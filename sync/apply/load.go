package apply

import (
	"fmt"

	"jike/schemas/replica"
	"jike/sync/wire"
)

// Loader writes whole rows of one table into a province's partition as apply writes new ones, by
// COPY BINARY. It is for who copies a province before its stream is applied.
type Loader struct{ target *target }

// NewLoader makes a Loader of a table's columns. It returns an error for a table that apply could
// not write either: one that does not begin with its key.
func NewLoader(province int16, t replica.Table) (*Loader, error) {
	g, err := newTarget(province, false, 0, t)
	return &Loader{g}, err
}

// SQL is the statement that takes what Begin, Row and End write.
func (l *Loader) SQL() string { return l.target.copyPartitionSQL(l.target.all()) }

// DeleteSQL is the statement that removes the rows with keys from $1 to $2.
func (l *Loader) DeleteSQL() string {
	return fmt.Sprintf(`DELETE FROM %s WHERE province = %d AND %s BETWEEN $1::int8 AND $2::int8`,
		l.target.partition, l.target.province, l.target.names[l.target.key])
}

// Begin appends what comes before the first row.
func (l *Loader) Begin(buf []byte) []byte { return append(buf, copyHeader...) }

// Row appends a tuple of all columns with its stamp.
func (l *Loader) Row(buf, tuple []byte, epoch int64, lsn wire.LSN) []byte {
	buf = l.target.appendProvince(buf, len(l.target.names))
	return appendStamp(append(buf, tuple...), epoch, lsn)
}

// End appends what comes after the last row.
func (l *Loader) End(buf []byte) []byte { return append(buf, 0xff, 0xff) }
