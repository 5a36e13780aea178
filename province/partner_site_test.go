package province_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/province"
	"jike/province/customer/customertest"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/client"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/server"
)

const (
	schemas    = "../schemas/xsd"
	syncReq    = "group-customer-sync-req"
	queryReq   = "group-customer-query-req"
	billReq    = "monthly-bill-batch-req"
	sampleName = "福州喆镕虚构科技有限公司" // of the customer in the samples; 喆 and 镕 are outside of GB 2312
	sampleNo   = "591S00000001"
)

var partnerSecret = []byte("0123456789abcdef0123456789abcdef")

// partners is a province's partner side over a small world, with BOSS at the other end.
type partners struct {
	*customertest.World
	*province.Stores
	client *client.Client
	owner  *pgxpool.Pool
	serial int
}

func newPartners(t *testing.T) *partners {
	t.Helper()
	w := customertest.New(t)
	p := &partners{World: w, Stores: province.NewStores(w.DB, customertest.Province, time.UTC), owner: w.Database.Owner(t)}
	p.client = &client.Client{URL: p.serve(t, p.Stores), KeyID: "boss", Secret: partnerSecret}
	return p
}

// serve puts the partner side of stores on the network.
func (p *partners) serve(t *testing.T, stores *province.Stores) string {
	t.Helper()
	registry, err := identity.NewRegistry(0,
		identity.NewPartner("boss", "BOSS", partnerSecret, "T4011003", "T4990001", "T4990002"),
		identity.NewPartner("reader", "READER", partnerSecret, "T4990001"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{
		Operations: stores.Operations(), Partners: registry, Journal: stores.Journal, Province: "591", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web.URL + "/interboss"
}

// activities are the codes of the requests by their root element.
var activities = map[string][2]string{
	"GroupCustomerSyncReq": {"BIP4B254", "T4011003"}, "GroupCustomerQueryReq": {"BIP4Z001", "T4990001"}, "MonthlyBillBatchReq": {"BIP4Z002", "T4990002"},
}

// header is that of a fresh message with the given root element.
func (p *partners) header(root string) envelope.Header {
	p.serial++
	id := fmt.Sprintf("T%06d", p.serial)
	return envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: activities[root][0], ActivityCode: activities[root][1], OrigDomain: "BOSS", RouteType: "00",
		HomeDomain: "BBSS", RouteValue: "591", SessionID: id, TransIDO: id, TransIDOTime: "20261122101500",
	}
}

// send sends a fresh message in the client's carriage and character set.
func (p *partners) send(t *testing.T, content *etree.Element) client.Reply {
	t.Helper()
	// A root that no message has goes with the sync's codes: its schema refuses it.
	root := content.Tag
	if _, known := activities[root]; !known {
		root = strings.TrimSuffix(root, "Renamed")
	}
	r, err := p.client.Send(t.Context(), p.header(root), content)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// must is send for a message that has to be answered 0000.
func (p *partners) must(t *testing.T, content *etree.Element) client.Reply {
	t.Helper()
	r := p.send(t, content)
	if r.Status != 200 || r.Response.Code != envelope.CodeOK {
		t.Fatalf("%s: %d %+v", content.Tag, r.Status, r.Response)
	}
	return r
}

// sample reads a published sample.
func sample(t *testing.T, name string) *etree.Element {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, "samples", name+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := document.Read(text, "")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return root
}

// edited is a copy of a document with other texts: paths such as "CustomerInfo/Address" and texts
// in turn. A text of absent removes the element.
func edited(t *testing.T, root *etree.Element, pairs ...string) *etree.Element {
	t.Helper()
	root = root.Copy()
	for i := 0; i < len(pairs); i += 2 {
		e := root.FindElement(pairs[i])
		if e == nil {
			t.Fatalf("no %s in %s", pairs[i], root.Tag)
		}
		if pairs[i+1] == absent {
			e.Parent().RemoveChild(e)
		} else {
			e.SetText(pairs[i+1])
		}
	}
	return root
}

// spoilt is a request's HTTP body in the multipart carriage and UTF-8, with some bytes replaced.
func (p *partners) spoilt(t *testing.T, content *etree.Element, old, replacement string) (contentType string, body []byte) {
	t.Helper()
	c := *p.client
	c.Kind, c.Charset = carriage.Multipart, charset.UTF8
	contentType, body = c.Pack(p.header(content.Tag), content, nil)
	if !bytes.Contains(body, []byte(old)) {
		t.Fatalf("no %q in %s", old, body)
	}
	return contentType, bytes.Replace(body, []byte(old), []byte(replacement), 1)
}

// row reads one row of a query as a document.
func (p *partners) row(t *testing.T, query string, args ...any) map[string]any {
	t.Helper()
	var text []byte
	if err := p.owner.QueryRow(t.Context(), `SELECT to_jsonb(r) FROM (`+query+`) r`, args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
