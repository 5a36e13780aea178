package server_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/fault"
	"jike/internal/pg/pgtest"
	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/client"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
	"jike/xmlapi/journal"
	"jike/xmlapi/server"
	"jike/xmlapi/shape"
	"jike/xmlapi/shape/shapetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var secret = []byte("0123456789abcdef0123456789abcdef")

// echo is an operation that leaves a row and says back what it was told; some names make it fail.
func echo() server.Operation {
	name := shape.One("Name", shape.Text(1, 40)).Masked(shape.Name)
	return server.Operation{
		BIP: "BIP4Z099", Activity: "T4990099", Name: "echo",
		Request: shape.Group("EchoReq", name), Reply: shape.Group("EchoRsp", name),
		Handle: func(ctx context.Context, call server.Call) (server.Answer, error) {
			name := document.Value(call.Message, "Name")
			if _, err := call.Tx.PGX().Exec(ctx, `INSERT INTO audit.line (actor, action, object_kind) VALUES ('echo', $1, 'echo')`, name); err != nil {
				return server.Answer{}, err
			}
			content := etree.NewElement("EchoRsp")
			content.CreateElement("Name").SetText(name)
			switch name {
			case "rule":
				return server.Answer{BusinessKey: name}, fault.Field(fault.Rule, "Name", "echo.rule")
			case "broken":
				return server.Answer{}, fmt.Errorf("secret detail")
			case "partly":
				return server.Answer{Code: "2998", Desc: "see content", Content: content}, nil
			}
			return server.Answer{Content: content, BusinessKey: name}, nil
		},
	}
}

type node struct {
	t      *testing.T
	db     *pgtest.DB
	owner  *pgxpool.Pool
	client *client.Client
	serial int
}

func newNode(t *testing.T, change func(*server.Options)) *node {
	t.Helper()
	db := pgtest.Province(t)
	registry, err := identity.NewRegistry(0,
		identity.NewPartner("boss", "BOSS", secret, "T4990099"),
		identity.NewPartner("other", "OTHER", secret))
	if err != nil {
		t.Fatal(err)
	}
	o := server.Options{
		Operations: []server.Operation{echo()}, Partners: registry, Journal: journal.NewStore(db.App(t)), Province: "591",
		Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return &node{t: t, db: db, owner: db.Owner(t), client: &client.Client{URL: web.URL + "/interboss", KeyID: "boss", Secret: secret}}
}

func (n *node) header() envelope.Header {
	n.serial++
	return envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: "BIP4Z099", ActivityCode: "T4990099", OrigDomain: "BOSS", RouteType: "00", HomeDomain: "BBSS",
		RouteValue: "591", SessionID: fmt.Sprint("S", n.serial), TransIDO: fmt.Sprint("T", n.serial), TransIDOTime: "20261122101500",
	}
}

func request(name string) *etree.Element {
	e := etree.NewElement("EchoReq")
	e.CreateElement("Name").SetText(name)
	return e
}

func (n *node) send(h envelope.Header, content *etree.Element) client.Reply {
	n.t.Helper()
	r, err := n.client.Send(n.t.Context(), h, content)
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// effects counts the rows that echo left.
func (n *node) effects() (count int) {
	n.t.Helper()
	if err := n.owner.QueryRow(n.t.Context(), `SELECT count(*) FROM audit.line WHERE actor = 'echo'`).Scan(&count); err != nil {
		n.t.Fatal(err)
	}
	return count
}

func TestEveryCarriageInEveryCharset(t *testing.T) {
	n := newNode(t, nil)
	const name = "集团·喆𠀀客户" // 喆 is outside GB 2312, 𠀀 outside GBK
	for _, kind := range []carriage.Kind{carriage.Multipart, carriage.Form, carriage.Single} {
		for _, c := range []charset.Charset{charset.UTF8, charset.GBK, charset.GB18030} {
			n.client.Kind, n.client.Charset = kind, c
			h := n.header()
			r := n.send(h, request(name))
			if r.Status != 200 || r.Response.Code != envelope.CodeOK || document.Value(r.Content, "Name") != name {
				t.Fatalf("%s %s: %+v", kind, c, r)
			}
			if r.Header.TransIDO != h.TransIDO || r.Header.TransIDH == "" || r.ContentType != "text/xml; charset="+c.String() {
				t.Errorf("%s %s: %+v", kind, c, r)
			}
			if want := c.Encode("<Name>" + name + "</Name>"); !bytes.Contains(r.Raw, want) {
				t.Errorf("%s %s: %q is not in the reply %q", kind, c, want, r.Raw)
			}
		}
	}
	if n.effects() != 9 {
		t.Errorf("%d effects of 9 exchanges", n.effects())
	}
}

func TestHeartbeat(t *testing.T) {
	n := newNode(t, nil)
	for _, kind := range []carriage.Kind{carriage.Multipart, carriage.Form} {
		contentType, body := carriage.Write(carriage.Message{Kind: kind})
		r, err := n.client.PostWith(t.Context(), contentType, "", body)
		if err != nil || r.Status != 200 || string(r.Raw) != "success" {
			t.Fatalf("%s: %+v %v", kind, r, err)
		}
	}
}

func TestSameIDAndContentIsTheStoredReply(t *testing.T) {
	n := newNode(t, nil)
	h := n.header()
	first := n.send(h, request("集团"))
	again := n.send(h, request("集团"))
	if !bytes.Equal(first.Raw, again.Raw) || again.Status != 200 || n.effects() != 1 {
		t.Fatalf("%q\n%q\n%d effects", first.Raw, again.Raw, n.effects())
	}
	// A new session, time, carriage and character set are not other content.
	later := h
	later.SessionID, later.TransIDOTime = "S999", "20261122101600"
	n.client.Kind, n.client.Charset = carriage.Form, charset.GBK
	gbk := n.send(later, request("集团"))
	if gbk.Header != first.Header || document.Value(gbk.Content, "Name") != "集团" || !bytes.Contains(gbk.Raw, []byte("\xbc\xaf\xcd\xc5")) {
		t.Fatalf("%q", gbk.Raw)
	}
	other := n.send(h, request("another"))
	if other.Response.Code != "0103" || other.Status != 200 || n.effects() != 1 {
		t.Fatalf("%+v", other)
	}
	// The same id of another origin is another id, a refused message is stored too.
	h = n.header()
	first, again = n.send(h, request("rule")), n.send(h, request("rule"))
	if first.Response.Code != "2998" || !strings.Contains(first.Response.Desc, "element=Name") || !bytes.Equal(first.Raw, again.Raw) || n.effects() != 1 {
		t.Fatalf("%q\n%q", first.Raw, again.Raw)
	}
	partly := n.send(n.header(), request("partly"))
	if partly.Response.Code != "2998" || document.Value(partly.Content, "Name") != "partly" || n.effects() != 1 {
		t.Fatalf("%+v", partly)
	}
}

func TestAFaultOfTheNodeKeepsNothing(t *testing.T) {
	n := newNode(t, nil)
	h := n.header()
	r := n.send(h, request("broken"))
	if r.Status != 500 || r.Response.Code != "0113" || bytes.Contains(r.Raw, []byte("secret")) || n.effects() != 0 {
		t.Fatalf("%d %q", r.Status, r.Raw)
	}
	// The id is free: the cause may be gone.
	if r = n.send(h, request("fine")); r.Response.Code != envelope.CodeOK || n.effects() != 1 {
		t.Fatalf("%q", r.Raw)
	}
}

func TestOneEffectHoweverManyAskAtOnce(t *testing.T) {
	n := newNode(t, nil)
	h := n.header()
	replies := make([][]byte, 12)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() { replies[i] = n.send(h, request("once")).Raw })
	}
	all.Wait()
	for _, r := range replies {
		if !bytes.Equal(r, replies[0]) {
			t.Fatalf("%q\n%q", r, replies[0])
		}
	}
	if n.effects() != 1 {
		t.Fatalf("%d effects", n.effects())
	}
}

func TestANonceIsRefusedTheSecondTime(t *testing.T) {
	n := newNode(t, nil)
	contentType, body := n.client.Pack(n.header(), request("x"), nil)
	authorization := identity.Sign("boss", secret, identity.Request{Method: "POST", URI: "/interboss", Body: body}, time.Now())
	for i, want := range []int{200, 401, 401} {
		r, err := n.client.PostWith(t.Context(), contentType, authorization, body)
		if err != nil || r.Status != want {
			t.Fatalf("%d: %d %q %v", i, r.Status, r.Raw, err)
		}
	}
	if n.effects() != 1 {
		t.Fatalf("%d effects", n.effects())
	}
}

func TestRefusalsHaveThePublishedCodeAndChangeNothing(t *testing.T) {
	n := newNode(t, func(o *server.Options) { o.MaxBytes = 1 << 20 })
	n.send(n.header(), request("before"))
	used := n.header()
	n.send(used, request("used"))
	before := pgtest.Digest(t, n.owner, "journal")
	pack := func(change func(*envelope.Header), content *etree.Element) func() (string, []byte) {
		return func() (string, []byte) {
			h := n.header()
			if change != nil {
				change(&h)
			}
			return n.client.Pack(h, content, nil)
		}
	}
	spoilt := func(old, new string) func() (string, []byte) {
		return func() (string, []byte) {
			contentType, body := n.client.Pack(n.header(), request("x"), nil)
			if !bytes.Contains(body, []byte(old)) {
				t.Fatalf("no %q in %q", old, body)
			}
			return contentType, bytes.Replace(body, []byte(old), []byte(new), 1)
		}
	}
	cases := []struct {
		name     string
		make     func() (string, []byte)
		layer    server.Layer
		kind     fault.Kind
		contains string
	}{
		{"too large", func() (string, []byte) { return "text/xml", bytes.Repeat([]byte(" "), 3<<20) }, server.LayerSize, fault.TooLarge, "max=1048576"},
		{"JSON", func() (string, []byte) { return "application/json", []byte("{}") }, server.LayerCarriage, fault.Unsupported, ""},
		{"no parts", func() (string, []byte) { return "application/x-www-form-urlencoded", nil }, server.LayerCarriage, fault.Header, "xmlhead"},
		{"no body", func() (string, []byte) { return "application/x-www-form-urlencoded", []byte("xmlhead=x") }, server.LayerCarriage, fault.Body, "xmlbody"},
		{"empty head", func() (string, []byte) {
			return "application/x-www-form-urlencoded", []byte("xmlhead=&xmlbody=x")
		}, server.LayerParse, fault.Header, "xml.empty"},
		{"no charset", spoilt(` encoding="UTF-8"`, ""), server.LayerCharset, fault.Unsupported, "charset.missing"},
		{"unknown charset", spoilt(`"UTF-8"`, `"latin1"`), server.LayerCharset, fault.Unsupported, "charset.unknown"},
		{"invalid bytes", spoilt("<Version>", "\xff<Version>"), server.LayerCharset, fault.Header, "charset.invalid"},
		{"invalid GBK", spoilt(`"UTF-8"?>`+"\n<InterBOSS><Version>", `"GBK"?><InterBOSS>`+"\x81\x20"+"<Version>"), server.LayerCharset, fault.Header, "charset.invalid"},
		{"two charsets", spoilt(`"UTF-8"`, `"GBK"`), server.LayerCharset, fault.Body, "charset.conflict"},
		{"document type", spoilt("<InterBOSS><Version>", "<!DOCTYPE a><InterBOSS><Version>"), server.LayerParse, fault.Header, "xml.doctype"},
		{"document type inside", spoilt("<EchoReq>", "<!DOCTYPE a><EchoReq>"), server.LayerParse, fault.Body, "xml.doctype"},
		{"two roots", spoilt("</EchoReq>", "</EchoReq><b/>"), server.LayerParse, fault.Body, "xml.two_roots"},
		{"trailing bytes", spoilt("</EchoReq>", "</EchoReq>x"), server.LayerParse, fault.Body, "xml.trailing"},
		{"depth", spoilt("<EchoReq>", strings.Repeat("<a>", 10000)+strings.Repeat("</a>", 10000)+"<EchoReq>"), server.LayerParse, fault.Body, "xml.depth"},
		{"duplicate attribute", spoilt("<EchoReq>", `<EchoReq a="" a="">`), server.LayerParse, fault.Body, "xml.duplicate_attribute"},
		{"duplicate header element", spoilt("<Version>0100</Version>", "<Version>0100</Version><Version>0100</Version>"), server.LayerHeader, fault.Header, "element=Version"},
		{"wrong version", pack(func(h *envelope.Header) { h.Version = "0200" }, request("x")), server.LayerHeader, fault.Header, "element=Version"},
		{"another's domain", pack(func(h *envelope.Header) { h.OrigDomain = "OTHER" }, request("x")), server.LayerRight, fault.Denied, "element=OrigDomain"},
		{"another province", pack(func(h *envelope.Header) { h.RouteValue = "571" }, request("x")), server.LayerRouting, fault.NoRoute, "element=RouteValue"},
		{"by phone", pack(func(h *envelope.Header) { h.RouteType, h.RouteValue = "01", "13800000000" }, request("x")), server.LayerRouting, fault.NoRoute, "element=RouteType"},
		{"another domain", pack(func(h *envelope.Header) { h.HomeDomain = "XXXX" }, request("x")), server.LayerRouting, fault.NoRoute, "element=HomeDomain"},
		{"a test", pack(func(h *envelope.Header) { h.TestFlag = "1" }, request("x")), server.LayerRouting, fault.NoRoute, "element=TestFlag"},
		{"mismatch", pack(func(h *envelope.Header) { h.BIPCode = "BIP4B254" }, request("x")), server.LayerRouting, fault.UnknownOperation, "element=ActivityCode"},
		{"no content", pack(nil, nil), server.LayerSchema, fault.Body, "element=EchoReq"},
		{"duplicate element", spoilt("</EchoReq>", "<Name>y</Name></EchoReq>"), server.LayerSchema, fault.Body, "element=Name"},
		{"too long", pack(nil, request(strings.Repeat("x", 41))), server.LayerSchema, fault.TooLong, "element=Name"},
		{"other content", pack(func(h *envelope.Header) { *h = used }, request("x")), server.LayerIdempotency, fault.Duplicate, "element=TransIDO"},
	}
	seen := 0
	for _, tc := range cases {
		contentType, body := tc.make()
		r, err := n.client.Post(t.Context(), contentType, body)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		answer, _, err := envelope.ReadReply(r.Raw)
		if err != nil || r.Status != server.HTTPStatus(tc.layer, tc.kind) || answer.Response.Code != tc.kind.ResponseCode() ||
			answer.Response.Type != server.ResponseType(tc.layer, tc.kind) || !strings.Contains(answer.Response.Desc, tc.contains) {
			t.Errorf("%s: %d %+v %v", tc.name, r.Status, answer.Response, err)
		}
		seen++
	}
	for name, authorization := range map[string]string{
		identity.CodeMissing: "", identity.CodeSignature: "wrong key", identity.CodeTime: "stale",
	} {
		contentType, body := n.client.Pack(n.header(), request("x"), nil)
		signed := identity.Request{Method: "POST", URI: "/interboss", Body: body}
		switch authorization {
		case "wrong key":
			authorization = identity.Sign("boss", []byte("fedcba9876543210fedcba9876543210"), signed, time.Now())
		case "stale":
			authorization = identity.Sign("boss", secret, signed, time.Now().Add(-6*time.Minute))
		}
		r, err := n.client.PostWith(t.Context(), contentType, authorization, body)
		if err != nil || r.Status != 401 || !bytes.Contains(r.Raw, []byte("<RspCode>2008</RspCode>")) || !bytes.Contains(r.Raw, []byte(name)) {
			t.Errorf("%s: %d %q %v", name, r.Status, r.Raw, err)
		}
		seen++
	}
	// Who may call nothing may not call this either.
	n.client.KeyID = "other"
	if r := n.send(func() envelope.Header { h := n.header(); h.OrigDomain = "OTHER"; return h }(), request("x")); r.Status != 403 || r.Response.Code != "2008" {
		t.Errorf("%+v", r)
	}
	if after := pgtest.Digest(t, n.owner, "journal"); !maps.Equal(after, before) {
		t.Error("a refused request changed a table outside the journal")
	}
	var lines int
	if err := n.owner.QueryRow(t.Context(), `SELECT count(*) FROM journal.exchange WHERE code <> '0000' AND layer <> ''`).Scan(&lines); err != nil || lines != seen+1 {
		t.Errorf("%d journal lines of %d refusals, %v", lines, seen+1, err)
	}
}

func TestTheJournalShowsNoPersonalData(t *testing.T) {
	n := newNode(t, nil)
	h := n.header()
	n.send(h, request("张小明"))
	page, err := journal.NewStore(n.owner).Search(t.Context(), journal.Filter{TransID: h.TransIDO})
	if err != nil || page.Total != 1 {
		t.Fatal(page, err)
	}
	line, err := journal.NewStore(n.owner).Find(t.Context(), page.Lines[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if line.Request != "<EchoReq><Name>张*明</Name></EchoReq>" || line.Reply != "<EchoRsp><Name>张*明</Name></EchoRsp>" ||
		line.BusinessKey != "张小明" || line.KeyID != "boss" || line.Carriage != "multipart" || line.Charset != "UTF-8" || line.DurationUS <= 0 {
		t.Errorf("%+v", line)
	}
}

func TestABusyNodeSaysSo(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	n := newNode(t, func(o *server.Options) {
		o.MaxActive = 1
		op := &o.Operations[0]
		inner := op.Handle
		op.Handle = func(ctx context.Context, call server.Call) (server.Answer, error) {
			close(entered)
			<-leave
			return inner(ctx, call)
		}
	})
	h := n.header()
	done := make(chan client.Reply)
	go func() { done <- n.send(h, request("slow")) }()
	<-entered
	if r := n.send(n.header(), request("crowded")); r.Status != 429 || r.Response.Code != "0131" {
		t.Errorf("%+v", r)
	}
	close(leave)
	if r := <-done; r.Response.Code != envelope.CodeOK {
		t.Errorf("%+v", r)
	}
}

func TestWorkThatTakesTooLongIsGivenUp(t *testing.T) {
	n := newNode(t, func(o *server.Options) {
		o.Timeout = 50 * time.Millisecond
		op := &o.Operations[0]
		inner := op.Handle
		op.Handle = func(ctx context.Context, call server.Call) (server.Answer, error) {
			answer, err := inner(ctx, call)
			<-ctx.Done()
			return answer, err
		}
	})
	if r := n.send(n.header(), request("slow")); r.Status != 504 || r.Response.Code != "0114" || n.effects() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestPublishedFaults(t *testing.T) {
	shapetest.Golden(t, "../../schemas/xsd/faults.md", server.Faults())
}
