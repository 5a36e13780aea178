package copy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// errEnough ends a COPY whose chunk is full.
var errEnough = errors.New("copy: the chunk is full")

// copyHeader is what COPY BINARY begins with, without extensions.
var copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// collector takes COPY BINARY and keeps its tuples without their field counts.
type collector struct {
	fields int // of each tuple
	limit  int // bytes of body from which on it is full

	body    []byte
	rows    int // in body
	seen    int // rows taken, left out ones included
	last    int64
	leftOut []int64
	full    bool
	rest    []byte // of a row that is not all there yet
	begun   bool   // the header has passed
	ended   bool   // the trailer has passed
}

// Write takes the next bytes. It returns errEnough when the chunk is full.
func (c *collector) Write(data []byte) (int, error) {
	in := data
	if len(c.rest) > 0 {
		c.rest = append(c.rest, data...)
		in = c.rest
	}
	left, err := c.take(in)
	if err != nil {
		return 0, err
	}
	c.rest = append(c.rest[:0], left...)
	return len(data), nil
}

// take takes whole rows and gives back what is left.
func (c *collector) take(in []byte) ([]byte, error) {
	if !c.begun {
		if len(in) < len(copyHeader) {
			return in, nil
		}
		if !bytes.HasPrefix(in, copyHeader) {
			return nil, errors.New("copy: not COPY BINARY")
		}
		in, c.begun = in[len(copyHeader):], true
	}
	for len(in) >= 2 && !c.ended {
		count := int(int16(binary.BigEndian.Uint16(in)))
		if count == -1 {
			in, c.ended = in[2:], true
			break
		}
		if count != c.fields {
			return nil, fmt.Errorf("copy: a row of %d fields, want %d", count, c.fields)
		}
		size := tupleSize(in[2:], count)
		if size == 0 {
			break
		}
		if err := c.row(in[2 : 2+size]); err != nil {
			return nil, err
		}
		in = in[2+size:]
	}
	return in, nil
}

// row takes one row, unless the chunk is full with the rows before.
func (c *collector) row(tuple []byte) error {
	key, ok := keyOf(tuple)
	if !ok {
		return errors.New("copy: a row that does not begin with its key")
	}
	if c.full = c.rows > 0 && len(c.body)+len(tuple) > c.limit; c.full {
		return errEnough
	}
	c.seen++
	c.last = key
	if len(tuple) > maxRow {
		c.leftOut = append(c.leftOut, key)
		return nil
	}
	c.body = append(c.body, tuple...)
	c.rows++
	return nil
}
