package server

import (
	"fmt"
	"strings"

	"jike/internal/fault"
	"jike/xmlapi/envelope"
)

// meanings say what a layer asks and what it refuses, for the published table.
var meanings = map[Layer]string{
	LayerLoad:        "is there room for one more request (32 at a time, a wait of 2 s)",
	LayerSize:        "is the HTTP body within the limit (16 MiB unless configured)",
	LayerCarriage:    "can the documents be taken out of the HTTP body",
	LayerCharset:     "does each document declare UTF-8, GBK (gbk, gb2312, cp936) or GB18030, and is every byte valid in it",
	LayerParse:       "is each document well formed: no document type, one root, depth at most 64, no duplicate attribute, no unbound prefix, nothing after the root",
	LayerHeader:      "has the header its elements, each once, in order, of its type",
	LayerIdentity:    "who is it: known key, right signature, time within 5 minutes, unused nonce",
	LayerRight:       "may it: OrigDomain is the key's, the activity is in the key's list",
	LayerRouting:     "is it for this node (HomeDomain, RouteType 00, RouteValue, TestFlag 0), is the pair of BIPCode and ActivityCode known",
	LayerSchema:      "has the message its elements, each once, in order, of its type",
	LayerIdempotency: "is the TransIDO new, or its content the same as before",
	LayerBusiness:    "check digits, code tables, life cycle, rights on the object, and whatever else the capability says",
}

// Faults is the published table: for every kind of fault its layer, HTTP status and response code.
func Faults() string {
	var out strings.Builder
	out.WriteString(`# Faults of partner messages

A request is worked on in the order of this table and refused by the first layer that it does not pass. RspType is 0 for
success (RspCode 0000, HTTP 200), 1 where the envelope or the node is at fault, 2 where the message was read and not carried
out. RspDesc has a stable key, then element=NAME where an element is concerned, then parameters. Decide on RspCode.

HTTP status 200 goes with everything after a partner was identified and admitted, except faults of the node itself. A reply
is always an InterBOSS document in the caller's character set (UTF-8 where that is not known), except for the heartbeat
(both parts empty: text ` + "`success`" + `, no signature needed, not in the journal) and a method other than POST (405).

What is refused before "idempotency" leaves the TransIDO free. A refusal by "business" is stored: the same id and content get
the same reply. Faults of the node (0113, 0114, 0131, 0133) are not stored: send the same TransIDO and content again. Nothing of
the exchange was kept; or, where the database was lost in the moment of the commit, all of it with its reply, which is then given.

| layer | asks | kind | HTTP status | RspType | RspCode |
|---|---|---|---|---|---|
`)
	for _, l := range layers {
		asks := meanings[l.layer]
		for _, kind := range l.kinds {
			fmt.Fprintf(&out, "| %s | %s | %s | %d | %s | %s |\n", l.layer, asks, kind, HTTPStatus(l.layer, kind), ResponseType(l.layer, kind), kind.ResponseCode())
			asks = ""
		}
	}
	out.WriteString(`
A fault of the node can appear at any layer from "identity" on, with the status and code shown for "business".
Second level, in the content of a reply: RspCode 00 done, 99 not done, with RspInfo saying why.

## Every kind, at both interfaces

The JSON operations of the portal answer with the status of this table; partner messages with the one above.

| kind | HTTP status | RspCode |
|---|---|---|
`)
	for _, kind := range fault.Kinds() {
		fmt.Fprintf(&out, "| %s | %d | %s |\n", kind, kind.HTTPStatus(), kind.ResponseCode())
	}
	fmt.Fprintf(&out, "| (success) | 200 | %s |\n", envelope.CodeOK)
	return out.String()
}
