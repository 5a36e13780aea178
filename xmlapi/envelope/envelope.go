// Package envelope reads and writes the InterBOSS-style envelope around a message.
//
// A request is a header document and a body document, or one document with both; the body's
// SvcCont holds the message as an XML document of its own. A reply is one document: the header
// echoed with ActionCode 1, the response code, and SvcCont if there is content. The shape is the
// publicly visible one; schemas/xsd has it as XSD.
package envelope

import (
	"errors"
	"time"

	"github.com/beevik/etree"

	"jike/internal/fault"
	"jike/xmlapi/charset"
	"jike/xmlapi/document"
	"jike/xmlapi/shape"
)

// Header is the routing part of an envelope. Every field is the text of the element of that name.
type Header struct {
	Version      string
	TestFlag     string // 0 live, 1 test
	BIPCode      string
	ActivityCode string
	OrigDomain   string // who asks
	RouteType    string // 00 by province code, 01 by phone number
	HomeDomain   string // who answers
	RouteValue   string
	SessionID    string
	TransIDO     string // unique within OrigDomain
	TransIDOTime string // yyyyMMddHHmmss
	TransIDH     string // the answering side's own, in a reply only
	TransIDHTime string
}

// The values of Response.Type.
const (
	Accepted = "0" // done
	System   = "1" // the envelope or this node is at fault
	Business = "2" // the message was understood and not carried out
)

// Zone is the time zone of every moment in a message: Beijing time.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// TimeFormat is how a message writes a moment.
const TimeFormat = "20060102150405"

// CodeOK is the response code of a message that was carried out.
const CodeOK = "0000"

// Response is the outcome of a request.
type Response struct {
	Type string
	Code string // 0000 is success
	Desc string
}

var (
	identifier = shape.Pattern(`[0-9A-Za-z]{1,30}`)
	domain     = shape.Pattern(`[0-9A-Z]{1,10}`)
	bipCode    = shape.Pattern(`BIP[0-9][A-Z][0-9]{3}`)
	activity   = shape.Pattern(`T[0-9]{7}`)
	routeValue = shape.Pattern(`[0-9]{3,15}`)
	reserved   = shape.Text(0, 64)
)

// header describes the elements of a request's header.
func header() []shape.Element {
	return []shape.Element{
		shape.One("Version", shape.OneOf("0100")),
		shape.One("TestFlag", shape.OneOf("0", "1")),
		shape.Group("BIPType",
			shape.One("BIPCode", bipCode), shape.One("ActivityCode", activity), shape.One("ActionCode", shape.OneOf("0"))),
		shape.Group("RoutingInfo",
			shape.One("OrigDomain", domain), shape.One("RouteType", shape.OneOf("00", "01")),
			shape.Group("Routing", shape.One("HomeDomain", domain), shape.One("RouteValue", routeValue))),
		shape.Group("TransInfo",
			shape.One("SessionID", identifier), shape.One("TransIDO", identifier), shape.One("TransIDOTime", shape.Time)),
		reserve(),
	}
}

// reserve describes what a hub on the way may put in; it is accepted and not used.
func reserve() shape.Element {
	names := []string{
		"TransIDC", "ConvID", "CutOffDay", "OSNTime", "OSNDUNS", "HSNDUNS",
		"MsgSender", "MsgReceiver", "Priority", "ServiceLevel", "SvcContType",
	}
	children := make([]shape.Element, len(names))
	for i, name := range names {
		children[i] = shape.One(name, reserved).Optional()
	}
	return shape.Group("SNReserve", children...).Optional()
}

func content() shape.Element { return shape.One("SvcCont", shape.FreeText(0)).Optional() }

// The descriptions of the four documents.
var (
	Head   = shape.Group("InterBOSS", header()...)
	Body   = shape.Group("InterBOSS", content())
	Single = shape.Group("InterBOSS", append(header(), content())...)
	Reply  = reply()
)

func reply() shape.Element {
	answered := shape.OneOf("1")
	return shape.Group("InterBOSS",
		shape.One("Version", shape.OneOf("0100")),
		shape.One("TestFlag", shape.OneOf("0", "1")).Optional(),
		shape.Group("BIPType",
			shape.One("BIPCode", bipCode), shape.One("ActivityCode", activity), shape.One("ActionCode", answered)).Optional(),
		shape.Group("RoutingInfo",
			shape.One("OrigDomain", domain), shape.One("RouteType", shape.OneOf("00", "01")),
			shape.Group("Routing", shape.One("HomeDomain", domain), shape.One("RouteValue", routeValue))).Optional(),
		shape.Group("TransInfo",
			shape.One("SessionID", identifier), shape.One("TransIDO", identifier), shape.One("TransIDOTime", shape.Time),
			shape.One("TransIDH", identifier), shape.One("TransIDHTime", shape.Time)).Optional(),
		shape.Group("Response",
			shape.One("RspType", shape.OneOf(Accepted, System, Business)), shape.One("RspCode", shape.Pattern(`[0-9]{4}`)),
			shape.One("RspDesc", shape.Text(0, 512))),
		content(),
	)
}

// ReadHeader reads the header of a head or single document that describes itself as spec says. Every
// error is a *fault.Error of kind Header that names the element.
func ReadHeader(root *etree.Element, spec *shape.Element) (Header, error) {
	if err := shape.Check(root, spec); err != nil {
		return Header{}, asKind(fault.Header, err)
	}
	return readHeader(root), nil
}

func readHeader(root *etree.Element) Header {
	var h Header
	h.Version, h.TestFlag = document.Value(root, "Version"), document.Value(root, "TestFlag")
	if bip := document.Child(root, "BIPType"); bip != nil {
		h.BIPCode, h.ActivityCode = document.Value(bip, "BIPCode"), document.Value(bip, "ActivityCode")
	}
	if info := document.Child(root, "RoutingInfo"); info != nil {
		h.OrigDomain, h.RouteType = document.Value(info, "OrigDomain"), document.Value(info, "RouteType")
		if routing := document.Child(info, "Routing"); routing != nil {
			h.HomeDomain, h.RouteValue = document.Value(routing, "HomeDomain"), document.Value(routing, "RouteValue")
		}
	}
	if trans := document.Child(root, "TransInfo"); trans != nil {
		h.SessionID, h.TransIDO = document.Value(trans, "SessionID"), document.Value(trans, "TransIDO")
		h.TransIDOTime = document.Value(trans, "TransIDOTime")
		h.TransIDH, h.TransIDHTime = document.Value(trans, "TransIDH"), document.Value(trans, "TransIDHTime")
	}
	return h
}

// ReadContent reads the message in a body or single document: nil if there is no SvcCont. Every
// error is a *fault.Error of kind Body.
func ReadContent(root *etree.Element) (*etree.Element, error) {
	cont := document.Child(root, "SvcCont")
	if cont == nil {
		return nil, nil
	}
	message, err := document.ReadInner(document.Text(cont))
	if err != nil {
		return nil, Refusal(fault.Body, err)
	}
	return message, nil
}

// Refusal makes a fault of the kind from an error of package document: its code, and the element
// in which it happened. A wrong character set becomes Unsupported only where it is not known.
func Refusal(kind fault.Kind, err error) error {
	var refused *document.Error
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Code == document.CodeCharsetUnknown || refused.Code == document.CodeCharsetMissing {
		kind = fault.Unsupported
	}
	return fault.Field(kind, refused.Element, refused.Code, "at", refused.Offset)
}

// asKind gives an error of Check another kind: whatever is wrong in a header is a header error.
func asKind(kind fault.Kind, err error) error {
	var found *fault.Error
	if !errors.As(err, &found) {
		return err
	}
	changed := *found
	changed.Kind = kind
	return &changed
}

// Answer is a reply as its receiver reads it.
type Answer struct {
	Header   Header
	Response Response
	Content  *etree.Element // nil if there is none
}

// ReadReply reads a reply: a *document.Error or *fault.Error says why it cannot be read.
func ReadReply(text []byte) (Answer, charset.Charset, error) {
	root, c, err := document.Read(text, "")
	if err != nil {
		return Answer{}, c, err
	}
	if err := shape.Check(root, &Reply); err != nil {
		return Answer{}, c, err
	}
	response := document.Child(root, "Response")
	a := Answer{Header: readHeader(root), Response: Response{
		Type: document.Value(response, "RspType"), Code: document.Value(response, "RspCode"), Desc: document.Value(response, "RspDesc"),
	}}
	a.Content, err = ReadContent(root)
	return a, c, err
}
