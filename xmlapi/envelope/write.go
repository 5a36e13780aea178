package envelope

import (
	"strings"

	"github.com/beevik/etree"

	"jike/xmlapi/charset"
)

// WriteRequest writes the header document and the body document of a request. A nil content gives
// a body without SvcCont.
func WriteRequest(h Header, content *etree.Element, c charset.Charset) (head, body []byte) {
	root := etree.NewElement("InterBOSS")
	addHeader(root, h, "0")
	inner := etree.NewElement("InterBOSS")
	addContent(inner, content, c)
	return write(root, c), write(inner, c)
}

// WriteSingle writes a request as one document.
func WriteSingle(h Header, content *etree.Element, c charset.Charset) []byte {
	root := etree.NewElement("InterBOSS")
	addHeader(root, h, "0")
	addContent(root, content, c)
	return write(root, c)
}

// WriteReply writes a reply. A zero header, of a request whose header could not be read, leaves
// the header's groups out.
func WriteReply(a Answer, c charset.Charset) []byte {
	root := etree.NewElement("InterBOSS")
	if a.Header.TransIDO == "" {
		root.CreateElement("Version").SetText("0100")
	} else {
		addHeader(root, a.Header, "1")
	}
	response := root.CreateElement("Response")
	response.CreateElement("RspType").SetText(a.Response.Type)
	response.CreateElement("RspCode").SetText(a.Response.Code)
	response.CreateElement("RspDesc").SetText(a.Response.Desc)
	addContent(root, a.Content, c)
	return write(root, c)
}

func addHeader(root *etree.Element, h Header, action string) {
	root.CreateElement("Version").SetText(h.Version)
	root.CreateElement("TestFlag").SetText(h.TestFlag)
	bip := root.CreateElement("BIPType")
	bip.CreateElement("BIPCode").SetText(h.BIPCode)
	bip.CreateElement("ActivityCode").SetText(h.ActivityCode)
	bip.CreateElement("ActionCode").SetText(action)
	info := root.CreateElement("RoutingInfo")
	info.CreateElement("OrigDomain").SetText(h.OrigDomain)
	info.CreateElement("RouteType").SetText(h.RouteType)
	routing := info.CreateElement("Routing")
	routing.CreateElement("HomeDomain").SetText(h.HomeDomain)
	routing.CreateElement("RouteValue").SetText(h.RouteValue)
	trans := root.CreateElement("TransInfo")
	trans.CreateElement("SessionID").SetText(h.SessionID)
	trans.CreateElement("TransIDO").SetText(h.TransIDO)
	trans.CreateElement("TransIDOTime").SetText(h.TransIDOTime)
	if action == "1" {
		trans.CreateElement("TransIDH").SetText(h.TransIDH)
		trans.CreateElement("TransIDHTime").SetText(h.TransIDHTime)
	}
}

// addContent puts the message in as CDATA. It cannot hold "]]>": a written > is always &gt;.
func addContent(root, content *etree.Element, c charset.Charset) {
	if content == nil {
		return
	}
	root.CreateElement("SvcCont").CreateCData(declaration(c) + serialise(content))
}

func declaration(c charset.Charset) string {
	return `<?xml version="1.0" encoding="` + c.String() + `"?>`
}

func write(root *etree.Element, c charset.Charset) []byte {
	return c.Encode(declaration(c) + "\n" + serialise(root))
}

func serialise(root *etree.Element) string {
	var out strings.Builder
	// The settings leave quotes in text as they are, and no element is written as <a/>, so that
	// the same content always has the same bytes.
	root.WriteTo(&out, &etree.WriteSettings{CanonicalEndTags: true, CanonicalText: true, CanonicalAttrVal: true})
	return out.String()
}
