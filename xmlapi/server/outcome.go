package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"jike/internal/fault"
	"jike/internal/pg"
	"jike/xmlapi/charset"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/journal"
	"jike/xmlapi/shape"
)

// errUndone rolls the savepoint back when an answer is no success.
var errUndone = errors.New("the operation answered with a fault")

// carryOut runs the business of a request that passed every layer before, in one transaction. An
// error means that nothing was kept.
func (x *exchange) carryOut(ctx context.Context) error {
	run := x.server.Journal.InTx
	if x.operation.Snapshot {
		run = x.server.Journal.InSnapshot
	}
	return run(ctx, func(tx journal.Tx) error {
		x.line.Repeated, x.line.BusinessKey, x.line.Reply = false, "", "" // the closure may run again
		key := x.key()
		unused, taken, err := tx.Claim(ctx, x.nonce, key)
		switch {
		case err != nil:
			return err
		case !unused:
			x.answerRefusal(replayed())
			return tx.Note(ctx, x.noted())
		case taken != nil:
			x.answerAgain(key, taken)
			return tx.Note(ctx, x.noted())
		}
		if err := x.business(ctx, tx); err != nil {
			return err
		}
		return tx.Keep(ctx, key, x.line.Code, x.charset.String(), x.reply, x.noted())
	})
}

// replayed is the refusal of a nonce that was used before.
func replayed() *refusal {
	return refuse(LayerIdentity, fault.New(fault.Unauthenticated, identity.CodeNonce))
}

// business runs the operation in a savepoint and answers. An error means that asking again may
// help: the whole exchange is rolled back.
func (x *exchange) business(ctx context.Context, tx journal.Tx) error {
	var answer Answer
	run := tx.Business
	if x.operation.Snapshot {
		run = tx.Read
	}
	err := run(ctx, func(inner pg.Tx) (err error) {
		answer, err = x.operation.Handle(ctx, Call{
			Tx: inner, Partner: x.partner, Header: x.header, Message: x.content, Attachment: x.message.Attachment,
		})
		if err == nil && answer.Code != "" && answer.Code != envelope.CodeOK {
			return errUndone
		}
		return err
	})
	x.line.BusinessKey = answer.BusinessKey
	switch {
	case errors.Is(err, errUndone):
		x.line.Layer = string(LayerBusiness)
		x.answer(http.StatusOK, envelope.Response{Type: envelope.Business, Code: answer.Code, Desc: answer.Desc}, answer.Content)
	case err != nil && !final(fault.KindOf(err)):
		return err
	case err != nil:
		x.answerRefusal(refuse(LayerBusiness, err))
	default:
		x.answer(http.StatusOK, envelope.Response{Type: envelope.Accepted, Code: envelope.CodeOK, Desc: "ok"}, answer.Content)
	}
	return nil
}

// record answers a refusal and notes it; a valid signature's nonce is spent all the same.
func (x *exchange) record(ctx context.Context, refused *refusal) error {
	return x.server.Journal.InTx(ctx, func(tx journal.Tx) error {
		x.answerRefusal(refused)
		if x.nonce.Value != "" {
			unused, err := tx.Spend(ctx, x.nonce)
			if err != nil {
				return err
			}
			if !unused {
				x.answerRefusal(replayed())
			}
		}
		return tx.Note(ctx, x.noted())
	})
}

func (x *exchange) answerRefusal(refused *refusal) {
	kind := fault.KindOf(refused.err)
	desc := describe(refused.err)
	x.line.Layer = string(refused.layer)
	x.answer(HTTPStatus(refused.layer, kind), envelope.Response{
		Type: ResponseType(refused.layer, kind), Code: kind.ResponseCode(), Desc: desc,
	}, nil)
}

// answer writes the reply in the caller's character set, UTF-8 if that is not known.
func (x *exchange) answer(status int, response envelope.Response, content *etree.Element) {
	c := x.charset
	if c == 0 {
		c = charset.UTF8
	}
	header := x.header
	if header.TransIDO != "" {
		now := x.server.Now().In(envelope.Zone)
		header.TransIDH, header.TransIDHTime = answerID(now), now.Format(envelope.TimeFormat)
	}
	x.status = status
	x.reply = envelope.WriteReply(envelope.Answer{Header: header, Response: response, Content: content}, c)
	x.line.AnswerID, x.line.Code, x.line.Fault = header.TransIDH, response.Code, ""
	if response.Code != envelope.CodeOK {
		x.line.Fault = response.Desc
	} else {
		x.line.Layer = ""
	}
	if content != nil && x.operation != nil {
		x.line.Reply = shape.Masked(content, &x.operation.Reply, journal.BodyLimit)
	}
}

// answerAgain answers a transaction id that was used before: with the stored reply if the content
// is the same. A caller that now speaks another character set has the same reply in that one.
func (x *exchange) answerAgain(key journal.Key, taken *journal.Answer) {
	if string(taken.Content) != string(key.Content[:]) {
		x.answerRefusal(refuse(LayerIdempotency, fault.Field(fault.Duplicate, "TransIDO", "idempotency.other_content")))
		return
	}
	x.status, x.reply = http.StatusOK, taken.Reply
	x.line.Repeated, x.line.Code, x.line.Layer, x.line.Fault = true, taken.Code, "", ""
	if was, err := charset.Lookup(taken.Charset); err == nil && was != x.charset {
		x.reply = recode(taken.Reply, was, x.charset)
	}
}

// recode writes a stored reply in another character set. Replies begin with our own declaration.
func recode(reply []byte, from, to charset.Charset) []byte {
	text, err := from.Decode(reply)
	if err != nil {
		return reply // it was written by us in that set
	}
	// Both declarations, the reply's and its content's, name the set.
	return to.Encode(strings.ReplaceAll(text, `<?xml version="1.0" encoding="`+from.String()+`"?>`, `<?xml version="1.0" encoding="`+to.String()+`"?>`))
}

// noted is the journal line of the answered exchange.
func (x *exchange) noted() journal.Line {
	h, l := x.header, &x.line
	l.At, l.Direction = x.started, "in"
	l.KeyID, l.Origin, l.BIP, l.Activity, l.TransID = x.partner.KeyID, h.OrigDomain, h.BIPCode, h.ActivityCode, h.TransIDO
	if x.charset != 0 {
		l.Charset = x.charset.String()
	}
	l.HTTPStatus = int16(x.status)
	l.DurationUS = x.server.Now().Sub(x.started).Microseconds()
	if x.checked && l.Request == "" {
		l.Request = shape.Masked(x.content, &x.operation.Request, journal.BodyLimit)
	}
	return *l
}

// contentType is what the reply is sent as.
func (x *exchange) contentType() string {
	if x.heartbeat {
		return "text/plain; charset=utf-8"
	}
	c := x.charset
	if c == 0 {
		c = charset.UTF8
	}
	return "text/xml; charset=" + c.String()
}
