// Package carriage takes the documents of a request out of an HTTP body, and puts them in.
//
// Three carriages are seen in practice: multipart/form-data with the parts xmlhead, xmlbody and
// perhaps attachfile; application/x-www-form-urlencoded with the same names; and one document as
// the body. Both parts empty is a heartbeat.
package carriage

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"jike/internal/fault"
)

// Kind is one of the carriages. The zero value is none of them.
type Kind string

// The carriages.
const (
	Multipart Kind = "multipart"
	Form      Kind = "form"
	Single    Kind = "single"
)

// The names of the parts.
const (
	headPart       = "xmlhead"
	bodyPart       = "xmlbody"
	attachmentPart = "attachfile"
)

// Message is what a request carries. A single document is in Head, and Body is nil.
type Message struct {
	Kind       Kind
	Head, Body []byte
	HeadLabel  string // charset parameter of the head's content type, empty if none
	BodyLabel  string
	Attachment []byte
}

// Heartbeat says whether both parts are empty.
func (m Message) Heartbeat() bool {
	return m.Kind != Single && len(bytes.TrimSpace(m.Head)) == 0 && len(bytes.TrimSpace(m.Body)) == 0 && m.Attachment == nil
}

// The codes of Read's faults.
const (
	CodeMediaType  = "carriage.media_type"
	CodeMalformed  = "carriage.malformed"
	CodePart       = "carriage.unknown_part"
	CodeTwice      = "carriage.repeated_part"
	CodePartMissed = "carriage.missing_part"
)

// Read takes a request apart. It returns a *fault.Error of kind Unsupported for another media type
// and of kind Header for a body that is not what its media type says.
func Read(contentType string, body []byte) (Message, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Message{}, fault.New(fault.Unsupported, CodeMediaType)
	}
	switch media {
	case "multipart/form-data":
		return readMultipart(params["boundary"], body)
	case "application/x-www-form-urlencoded":
		return readForm(params["charset"], body)
	case "text/xml", "application/xml":
		return Message{Kind: Single, Head: body, HeadLabel: params["charset"]}, nil
	}
	return Message{}, fault.New(fault.Unsupported, CodeMediaType)
}

// readMultipart reads the parts. The signature covers the body but not the content type, so the
// boundary must be the body's own: what stands before the first delimiter is refused, and with it
// every reading of the same bytes with another boundary.
func readMultipart(boundary string, body []byte) (Message, error) {
	m := Message{Kind: Multipart}
	if boundary == "" || !bytes.HasPrefix(body, []byte("--"+boundary+"\r\n")) ||
		!bytes.HasSuffix(bytes.TrimRight(body, "\r\n"), []byte("\r\n--"+boundary+"--")) {
		return m, fault.New(fault.Header, CodeMalformed)
	}
	seen := map[string]bool{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, fault.Wrap(fault.Header, CodeMalformed, err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return m, fault.Wrap(fault.Header, CodeMalformed, err)
		}
		if err := m.put(part.FormName(), content, seen); err != nil {
			return m, err
		}
		if err := m.label(part); err != nil {
			return m, err
		}
	}
	return m, m.complete(seen)
}

// label notes the charset of a part's content type. A part must be sent as it is.
func (m *Message) label(part *multipart.Part) error {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
	default:
		return fault.Field(fault.Header, part.FormName(), CodeMalformed)
	}
	contentType := part.Header.Get("Content-Type")
	if contentType == "" || part.FormName() == attachmentPart {
		return nil
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fault.Field(fault.Header, part.FormName(), CodeMalformed)
	}
	if part.FormName() == headPart {
		m.HeadLabel = params["charset"]
	} else {
		m.BodyLabel = params["charset"]
	}
	return nil
}

func (m *Message) put(name string, content []byte, seen map[string]bool) error {
	if seen[name] {
		return fault.Field(fault.Header, name, CodeTwice)
	}
	seen[name] = true
	switch name {
	case headPart:
		m.Head = content
	case bodyPart:
		m.Body = content
	case attachmentPart:
		m.Attachment = content
	default:
		return fault.Field(fault.Header, name, CodePart)
	}
	return nil
}

func (m *Message) complete(seen map[string]bool) error {
	switch {
	case !seen[headPart]:
		return fault.Field(fault.Header, headPart, CodePartMissed)
	case !seen[bodyPart]:
		return fault.Field(fault.Body, bodyPart, CodePartMissed)
	}
	return nil
}

func readForm(label string, body []byte) (Message, error) {
	m := Message{Kind: Form, HeadLabel: label, BodyLabel: label}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return m, fault.Wrap(fault.Header, CodeMalformed, err)
	}
	seen := map[string]bool{}
	for name, list := range values {
		if len(list) > 1 {
			return m, fault.Field(fault.Header, name, CodeTwice)
		}
		if name == attachmentPart {
			return m, fault.Field(fault.Header, name, CodePart)
		}
		if err := m.put(name, []byte(list[0]), seen); err != nil {
			return m, err
		}
	}
	return m, m.complete(seen)
}

// Write is the other direction: the content type and the HTTP body for a message. An attachment
// travels in Multipart only.
func Write(m Message) (contentType string, body []byte) {
	switch m.Kind {
	case Form:
		values := url.Values{headPart: {string(m.Head)}, bodyPart: {string(m.Body)}}
		return "application/x-www-form-urlencoded", []byte(values.Encode())
	case Single:
		return "text/xml", m.Head
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	parts := []struct {
		name    string
		content []byte
	}{{headPart, m.Head}, {bodyPart, m.Body}, {attachmentPart, m.Attachment}}
	for _, p := range parts {
		if p.name == attachmentPart && p.content == nil {
			continue
		}
		header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"`}}
		part, _ := w.CreatePart(header) // a bytes.Buffer never fails
		_, _ = part.Write(p.content)
	}
	_ = w.Close()
	return w.FormDataContentType(), out.Bytes()
}
