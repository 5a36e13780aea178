// Package document keeps the files that belong to a contract or to an interaction with a customer (附件): scans,
// drafts, lists of prices, minutes.
//
// A file is kept as it came, in the database, with its SHA-256; it is never opened here. What it is
// follows from its name, and its first bytes must agree with that, so that nothing comes in under another
// name; it goes out as a file to save only. Whoever may read the customer may read its documents; whoever may
// change what a document belongs to adds and removes it. Adding, reading and removing one are in the trail; what is
// removed is gone, its digest stays in the trail.
package document

import (
	"bytes"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"jike/internal/fault"
)

// The limits: bytes of a file, characters of its name, files of one owner.
const (
	MaxBytes = 10 << 20
	maxName  = 120
	maxFiles = 50
)

// Owner is the kind of what a document belongs to.
type Owner string

// The owners.
const (
	OfContract    Owner = "contract"
	OfInteraction Owner = "interaction"
)

// Document is a file without its content. It belongs to one owner.
type Document struct {
	ID            int64
	ContractID    int64 // 0: it belongs to no contract
	InteractionID int64 // 0: it belongs to no interaction
	Name          string
	Type          string // media type
	Size          int32  // bytes
	SHA256        []byte
	AddedBy       string
	AddedAt       time.Time
}

// File is a document with its content.
type File struct {
	Document
	Content []byte
}

// The first bytes of the formats that hold several kinds of documents.
const (
	zip = "PK\x03\x04"                       // OOXML, OFD
	ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" // Office before 2007, WPS
)

// kinds are the documents that are taken, by the ends of their names. Nothing that a browser or a desktop
// would run is among them.
var kinds = map[string]struct{ mediaType, begins string }{
	".pdf":  {"application/pdf", "%PDF-"},
	".ofd":  {"application/ofd", zip},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", zip},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", zip},
	".pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", zip},
	".doc":  {"application/msword", ole},
	".xls":  {"application/vnd.ms-excel", ole},
	".ppt":  {"application/vnd.ms-powerpoint", ole},
	".wps":  {"application/vnd.ms-works", ole},
	".png":  {"image/png", "\x89PNG\r\n\x1a\n"},
	".jpg":  {"image/jpeg", "\xff\xd8\xff"},
	".jpeg": {"image/jpeg", "\xff\xd8\xff"},
	".txt":  {"text/plain; charset=utf-8", ""},
}

// read gives the file that a person sent, without folders in its name. Faults: no name or a long one, a kind
// that is not taken, content of another kind, nothing, too much.
func read(name string, content []byte) (File, error) {
	name = strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/")))
	kind, known := kinds[strings.ToLower(path.Ext(name))]
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return File{}, fault.Field(fault.Format, "name", "input.format")
	case utf8.RuneCountInString(name) > maxName:
		return File{}, fault.Field(fault.TooLong, "name", "input.too_long", "max", maxName)
	case !known:
		return File{}, fault.Field(fault.Enumeration, "name", "document.kind.unknown")
	case len(content) == 0:
		return File{}, fault.Field(fault.TooShort, "content", "document.empty")
	case len(content) > MaxBytes:
		return File{}, fault.Field(fault.TooLong, "content", "document.too_large", "max", MaxBytes>>20)
	case !bytes.HasPrefix(content, []byte(kind.begins)), kind.begins == "" && (!utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0):
		return File{}, fault.Field(fault.Format, "content", "document.kind.other")
	}
	return File{Document{Name: name, Type: kind.mediaType, Size: int32(len(content))}, content}, nil // at most MaxBytes
}
