package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"jike/internal/fault"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/journal"
	"jike/xmlapi/shape"
)

// exchange is the work on one request; its fields fill as the layers are passed.
type exchange struct {
	server    *Server
	started   time.Time
	message   carriage.Message
	charset   charset.Charset // 0: not known yet
	header    envelope.Header // zero: could not be read
	content   *etree.Element
	partner   identity.Partner
	nonce     identity.Nonce // zero: nobody was identified
	operation *Operation     // nil: unknown
	checked   bool           // the content fits the operation's description
	heartbeat bool

	line   journal.Line
	status int
	reply  []byte
}

// work answers the request. It never fails: what goes wrong is in the reply.
func (x *exchange) work(ctx context.Context, r *http.Request) {
	refused := x.read(r)
	if x.heartbeat {
		x.status, x.reply = http.StatusOK, []byte("success")
		return
	}
	var err error
	if refused == nil {
		err = x.carryOut(ctx)
	} else {
		err = x.record(ctx, refused)
	}
	if err == nil {
		return
	}
	// Nothing of the exchange was kept. Say so, and note it if the journal can still be written.
	kind := fault.KindOf(err)
	if errors.Is(err, context.DeadlineExceeded) {
		kind = fault.Timeout
	}
	x.server.Log.ErrorContext(ctx, "exchange failed", slog.String("trans_id", x.header.TransIDO), slog.Any("error", err))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	failed := refuse(LayerBusiness, fault.New(kind, "node."+kind.String()))
	if err := x.record(ctx, failed); err != nil {
		x.server.Log.ErrorContext(ctx, "exchange not in the journal", slog.String("trans_id", x.header.TransIDO), slog.Any("error", err))
		x.answerRefusal(failed)
	}
}

// crowded answers without any work, and without a journal line: it would add to the load.
func (x *exchange) crowded() {
	x.answerRefusal(refuse(LayerLoad, fault.New(fault.TooManyRequests, "node.too_many_requests")))
}

// read passes the layers that need no database.
func (x *exchange) read(r *http.Request) *refusal {
	body, refused := x.body(r)
	if refused != nil {
		return refused
	}
	var err error
	if x.message, err = carriage.Read(r.Header.Get("Content-Type"), body); err != nil {
		return refuse(LayerCarriage, err)
	}
	x.line.Carriage = string(x.message.Kind)
	if x.message.Heartbeat() {
		x.heartbeat = true
		return nil
	}
	if refused := x.parse(); refused != nil {
		return refused
	}
	signed := identity.Request{Method: r.Method, URI: r.URL.RequestURI(), Body: body}
	x.partner, x.nonce, err = x.server.Partners.Identify(r.Header.Get("Authorization"), signed, x.server.Now())
	if err != nil {
		return refuse(LayerIdentity, err)
	}
	return x.admit()
}

// body reads the HTTP body up to the limit. Of a larger one the rest is thrown away as it comes.
func (x *exchange) body(r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(io.LimitReader(r.Body, x.server.MaxBytes+1))
	x.line.RequestBytes = int64(len(body))
	if err != nil {
		return nil, refuse(LayerCarriage, fault.Wrap(fault.Header, carriage.CodeMalformed, err))
	}
	if int64(len(body)) > x.server.MaxBytes {
		n, _ := io.Copy(io.Discard, io.LimitReader(r.Body, drained)) // best effort, for the caller's sake
		x.line.RequestBytes += n
		return nil, refuse(LayerSize, fault.New(fault.TooLarge, "size.too_large", "max", x.server.MaxBytes))
	}
	return body, nil
}

// parse reads the documents: character set, well-formedness, header, and the message's own document.
func (x *exchange) parse() *refusal {
	head, c, err := document.Read(x.message.Head, x.message.HeadLabel)
	x.charset = c
	if err != nil {
		return unreadable(fault.Header, err)
	}
	spec := &envelope.Head
	if x.message.Kind == carriage.Single {
		spec = &envelope.Single
	}
	if x.header, err = envelope.ReadHeader(head, spec); err != nil {
		return refuse(LayerHeader, err)
	}
	body := head
	if x.message.Kind != carriage.Single {
		if body, c, err = document.Read(x.message.Body, x.message.BodyLabel); err != nil {
			return unreadable(fault.Body, err)
		}
		if c != x.charset {
			return refuse(LayerCharset, fault.New(fault.Body, document.CodeCharsetConflict))
		}
		if err := shape.Check(body, &envelope.Body); err != nil {
			return refuse(LayerParse, err)
		}
	}
	if x.content, err = envelope.ReadContent(body); err != nil {
		return refuse(LayerParse, err)
	}
	return nil
}

// unreadable tells a wrong character set from a wrong document.
func unreadable(kind fault.Kind, err error) *refusal {
	layer := LayerParse
	var refused *document.Error
	if errors.As(err, &refused) {
		switch refused.Code {
		case document.CodeCharsetMissing, document.CodeCharsetUnknown, document.CodeCharsetConflict, document.CodeCharsetInvalid:
			layer = LayerCharset
		}
	}
	return refuse(layer, envelope.Refusal(kind, err))
}

// admit passes right, routing and schema.
func (x *exchange) admit() *refusal {
	h := x.header
	if x.partner.Domain != h.OrigDomain {
		return refuse(LayerRight, fault.Field(fault.Denied, "OrigDomain", "right.domain"))
	}
	x.operation = x.server.operations[h.BIPCode+"/"+h.ActivityCode]
	if x.operation != nil && !x.partner.May(h.ActivityCode) {
		return refuse(LayerRight, fault.Field(fault.Denied, "ActivityCode", "right.activity"))
	}
	switch {
	case h.HomeDomain != x.server.HomeDomain:
		return refuse(LayerRouting, fault.Field(fault.NoRoute, "HomeDomain", "routing.domain"))
	case h.RouteType != "00":
		return refuse(LayerRouting, fault.Field(fault.NoRoute, "RouteType", "routing.type"))
	case h.RouteValue != x.server.Province:
		return refuse(LayerRouting, fault.Field(fault.NoRoute, "RouteValue", "routing.value"))
	case h.TestFlag != "0":
		return refuse(LayerRouting, fault.Field(fault.NoRoute, "TestFlag", "routing.test"))
	case x.operation == nil:
		return refuse(LayerRouting, fault.Field(fault.UnknownOperation, "ActivityCode", "routing.unknown_operation"))
	}
	if err := shape.Check(x.content, &x.operation.Request); err != nil {
		return refuse(LayerSchema, err)
	}
	x.checked = true
	return nil
}

// key is the transaction id with a digest of what is asked: routing, message and attachment.
// Session, times, character set, carriage and what a hub put in are not part of what is asked.
func (x *exchange) key() journal.Key {
	h := x.header
	digest := sha256.New()
	message, attachment := document.Digest(x.content), sha256.Sum256(x.message.Attachment)
	for _, part := range []string{h.BIPCode, h.ActivityCode, h.TestFlag, h.RouteType, h.HomeDomain, h.RouteValue, string(message[:]), string(attachment[:])} {
		_, _ = io.WriteString(digest, strconv.Itoa(len(part))+":"+part) // a hash never fails to write
	}
	return journal.Key{Origin: h.OrigDomain, TransID: h.TransIDO, Content: [32]byte(digest.Sum(nil))}
}

// answerID makes our transaction id: the time and 80 random bits.
func answerID(now time.Time) string { return now.Format(envelope.TimeFormat) + rand.Text()[:16] }
