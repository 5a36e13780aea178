package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const password = "Spring-rain-88"

// site is a portal with one account and a browser.
type site struct {
	*Server
	url    string
	client *http.Client
	csrf   string
	log    *bytes.Buffer
	db     *pgxpool.Pool
}

type echoInput struct {
	ID   int64  `path:"id"`
	Sort string `query:"sort" enum:"a,b"`
	Body struct {
		Name string `json:"name" minLength:"2" maxLength:"10"`
	}
}

type echoed struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Login string `json:"login"`
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t, func(*httptest.Server, *Options) {})
}

// newSiteWith is newSite with other options; the server has its address already.
func newSiteWith(t *testing.T, change func(*httptest.Server, *Options)) *site {
	t.Helper()
	db := pgtest.Province(t).App(t)
	settings := account.DefaultSettings()
	settings.Hashing = account.Hashing{MemoryKiB: 64, Passes: 1, Threads: 1}
	settings.RefuseAfter = time.Millisecond
	accounts, err := account.NewStore(db, settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Create(t.Context(), account.System("test"), account.NewAccount{
		Login: "lin", Name: "林一", Role: account.ProvinceAdministrator, Password: password,
	}); err != nil {
		t.Fatal(err)
	}
	x := &site{log: &bytes.Buffer{}, db: db}
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	options := Options{
		Title: "test", Version: "1", Logger: slog.New(slog.NewTextHandler(x.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Accounts: accounts, Sessions: account.NewSessions(db, time.Hour, false),
		Node:  func(context.Context) Node { return Node{Level: "province", Province: 591} },
		Ready: func(ctx context.Context) error { return db.Ping(ctx) },
		Static: fstest.MapFS{
			"index.html":        {Data: []byte(`<script nonce="__CSP_NONCE__"></script>`)},
			"assets/app-123.js": {Data: bytes.Repeat([]byte("let a=1;"), 1000)},
		},
	}
	change(server, &options)
	if x.Server, err = New(options); err != nil {
		t.Fatal(err)
	}
	x.register()
	server.Config.Handler = x.Handler()
	server.Start()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	x.url, x.client = server.URL, &http.Client{Jar: jar}
	return x
}

// register adds operations that answer, fail and panic.
func (x *site) register() {
	Register(x.Server, Operation{Method: "PUT", Path: "/api/echo/{id}", ID: "echo", Permission: account.CustomerRead},
		func(_ context.Context, c account.Caller, in *echoInput) (echoed, error) {
			switch in.Body.Name {
			case "conflict":
				return echoed{}, WithCurrent(fault.New(fault.Conflict, "echo.conflict"), echoed{ID: in.ID})
			case "two":
				return echoed{}, errors.Join(fault.Field(fault.Format, "name", "echo.name"), fault.Field(fault.TooLong, "id", "echo.id", "max", 3))
			case "broken":
				return echoed{}, errors.New("secret cause")
			case "panic":
				panic("secret panic")
			}
			return echoed{in.ID, in.Body.Name, c.Login}, nil
		})
	Register(x.Server, Operation{Method: "GET", Path: "/api/forbidden", ID: "forbidden", Permission: account.NationRead},
		func(context.Context, account.Caller, *noInput) (Nothing, error) { panic("never called") })
}

// call sends a request and gives the answer and its document.
func (x *site) call(t *testing.T, method, path, body string, headers ...string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, x.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", x.csrf)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := x.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(content, &doc); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, content)
		}
	} else {
		doc = map[string]any{"text": string(content)}
	}
	return res, doc
}

func (x *site) signIn(t *testing.T) {
	t.Helper()
	res, doc := x.call(t, "POST", "/api/session", `{"login":"lin","password":"`+password+`"}`)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("sign-in: %d %v", res.StatusCode, doc)
	}
	x.csrf = doc["csrf"].(string)
}

func TestSessionFromSignInToSignOut(t *testing.T) {
	x := newSite(t)
	if res, doc := x.call(t, "GET", "/api/session", ""); res.StatusCode != 401 || doc["code"] != "session.missing" {
		t.Fatalf("without a session: %d %v", res.StatusCode, doc)
	}
	if res, doc := x.call(t, "POST", "/api/session", `{"login":"lin","password":"wrong"}`); res.StatusCode != 401 || doc["code"] != "session.refused" {
		t.Fatalf("wrong password: %d %v", res.StatusCode, doc)
	}
	res, doc := x.call(t, "POST", "/api/session", `{"login":"lin","password":"`+password+`"}`)
	cookie := res.Header.Get("Set-Cookie")
	for _, part := range []string{"jike_session=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	x.csrf = doc["csrf"].(string)
	if doc["scope"] != "province" || doc["language"] != "zh" || doc["node"].(map[string]any)["province"] != 591.0 {
		t.Errorf("session: %v", doc)
	}
	if res, doc := x.call(t, "PUT", "/api/session/language", `{"language":"en"}`); res.StatusCode != 200 || doc["language"] != "en" {
		t.Errorf("language: %d %v", res.StatusCode, doc)
	}
	if res, _ := x.call(t, "DELETE", "/api/session", ""); res.StatusCode != 200 {
		t.Errorf("sign-out: %d", res.StatusCode)
	}
	if res, _ := x.call(t, "GET", "/api/session", ""); res.StatusCode != 401 {
		t.Errorf("after sign-out: %d", res.StatusCode)
	}
}

func TestOnlyOurOwnPageCanChangeThings(t *testing.T) {
	x := newSite(t)
	x.signIn(t)
	body := `{"name":"anna"}`
	if res, doc := x.call(t, "PUT", "/api/echo/7", body); res.StatusCode != 200 || doc["login"] != "lin" || doc["id"] != 7.0 {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
	for name, headers := range map[string][]string{
		"no token":      {"X-CSRF-Token", ""},
		"wrong token":   {"X-CSRF-Token", "x" + x.csrf},
		"other site":    {"Sec-Fetch-Site", "cross-site"},
		"other subsite": {"Sec-Fetch-Site", "same-site"},
	} {
		if res, doc := x.call(t, "PUT", "/api/echo/7", body, headers...); res.StatusCode != 403 {
			t.Errorf("%s: %d %v", name, res.StatusCode, doc)
		}
	}
	if res, _ := x.call(t, "POST", "/api/session", `{"login":"lin","password":"`+password+`"}`, "Sec-Fetch-Site", "cross-site"); res.StatusCode != 403 {
		t.Errorf("another site can sign our browser in: %d", res.StatusCode)
	}
}

func TestProblems(t *testing.T) {
	x := newSite(t)
	x.signIn(t)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"conflict":        {"PUT", "/api/echo/7", `{"name":"conflict"}`, 409, "echo.conflict"},
		"two faults":      {"PUT", "/api/echo/7", `{"name":"two"}`, 422, "input.invalid"},
		"internal":        {"PUT", "/api/echo/7", `{"name":"broken"}`, 500, "internal"},
		"panic":           {"PUT", "/api/echo/7", `{"name":"panic"}`, 500, "internal"},
		"missing field":   {"PUT", "/api/echo/7", `{}`, 422, "input.invalid"},
		"unknown field":   {"PUT", "/api/echo/7", `{"name":"anna","x":1}`, 422, "input.invalid"},
		"no JSON":         {"PUT", "/api/echo/7", `{`, 400, "request.malformed"},
		"unknown query":   {"PUT", "/api/echo/7?x=1", `{"name":"anna"}`, 422, "input.invalid"},
		"no number":       {"PUT", "/api/echo/x", `{"name":"anna"}`, 422, "input.invalid"},
		"too large":       {"PUT", "/api/echo/7", `{"name":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "request.too_large"},
		"unknown path":    {"GET", "/api/none", ``, 404, "request.unknown_path"},
		"no permission":   {"GET", "/api/forbidden", ``, 403, "permission.missing"},
		"unknown method":  {"PATCH", "/api/echo/7", `{}`, 405, "request.method"},
		"unknown asset":   {"GET", "/assets/none.js", ``, 404, "request.unknown_path"},
		"sign-in too big": {"POST", "/api/session", `{"login":"` + strings.Repeat("a", 5000) + `"}`, 413, "request.too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			res, doc := x.call(t, c.method, c.path, c.body)
			if res.StatusCode != c.status || doc["code"] != c.code || doc["status"] != float64(c.status) {
				t.Fatalf("%d %v", res.StatusCode, doc)
			}
			if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			if text, _ := json.Marshal(doc); bytes.Contains(text, []byte("secret")) {
				t.Errorf("the cause is told: %s", text)
			}
		})
	}
	if !strings.Contains(x.log.String(), "secret cause") || !strings.Contains(x.log.String(), "secret panic") {
		t.Error("the causes are not in the log")
	}
	_, doc := x.call(t, "PUT", "/api/echo/7", `{"name":"conflict"}`)
	if current, _ := doc["current"].(map[string]any); current["id"] != 7.0 {
		t.Errorf("conflict without the record: %v", doc)
	}
	_, doc = x.call(t, "PUT", "/api/echo/7", `{"name":"a"}`)
	if text, _ := json.Marshal(doc["errors"]); string(text) != `[{"code":"input.too_short","field":"name","params":{"min":"2"}}]` {
		t.Errorf("errors: %s", text)
	}
	_, doc = x.call(t, "PUT", "/api/echo/7", `{}`)
	if text, _ := json.Marshal(doc["errors"]); string(text) != `[{"code":"input.required","field":"name"}]` {
		t.Errorf("errors: %s", text)
	}
}

func TestUnsupportedMediaType(t *testing.T) {
	x := newSite(t)
	x.signIn(t)
	res, doc := x.call(t, "PUT", "/api/echo/7", `name=anna`, "Content-Type", "application/x-www-form-urlencoded")
	if res.StatusCode < 400 || res.StatusCode >= 500 {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
}

func TestFrontEndHasAFreshNonceAndStrictPolicy(t *testing.T) {
	x := newSite(t)
	nonce := regexp.MustCompile(`script-src 'self' 'nonce-([A-Z2-7]+)'`)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/customers/12?x=y", "/index.html"} {
		res, doc := x.call(t, "GET", path, "")
		m := nonce.FindStringSubmatch(res.Header.Get("Content-Security-Policy"))
		if m == nil || seen[m[1]] || !strings.Contains(doc["text"].(string), `nonce="`+m[1]+`"`) {
			t.Fatalf("%s: %v %v", path, res.Header, doc)
		}
		seen[m[1]] = true
		for _, h := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
			if res.Header.Get(h) == "" {
				t.Errorf("%s: no %s", path, h)
			}
		}
	}
	res, doc := x.call(t, "GET", "/assets/app-123.js", "", "Accept-Encoding", "gzip")
	if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || len(doc["text"].(string)) > 1000 {
		t.Errorf("asset: %v, %d bytes", res.Header, len(doc["text"].(string)))
	}
}

func TestHealthMetricsAndDocumentNeedNoSession(t *testing.T) {
	x := newSite(t)
	for _, c := range [][2]string{{"/healthz", "ok"}, {"/readyz", "ready"}, {"/metrics", "jike_http_requests_total"}} { // counted after the first
		if res, doc := x.call(t, "GET", c[0], ""); res.StatusCode != 200 || !strings.Contains(doc["text"].(string), c[1]) {
			t.Errorf("%s: %d %.80v", c[0], res.StatusCode, doc)
		}
	}
	if res, doc := x.call(t, "GET", "/api/openapi.json", ""); res.StatusCode != 200 || doc["openapi"] != "3.1.0" {
		t.Errorf("document: %d", res.StatusCode)
	}
}

func TestOperationWithoutPermissionCannotBeRegistered(t *testing.T) {
	x := newSite(t)
	defer func() {
		if recover() == nil {
			t.Fatal("registered")
		}
	}()
	Register(x.Server, Operation{Method: "GET", Path: "/api/hole", ID: "hole"},
		func(context.Context, account.Caller, *noInput) (Nothing, error) { return Nothing{}, nil })
}

// The race detector looks on.
func TestRequestsAtTheSameTime(t *testing.T) {
	x := newSite(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				res, err := http.Get(x.url + "/api/session")
				if err != nil {
					t.Error(err)
					return
				}
				if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusUnauthorized {
					t.Errorf("%d %v", res.StatusCode, err)
				}
			}
		})
	}
	all.Wait()
}

func TestAGivenPasswordMustBeChangedAndOtherSessionsEnd(t *testing.T) {
	x := newSite(t)
	x.signIn(t)
	res, doc := x.call(t, "POST", "/api/accounts", `{"login":"wang","name":"王二","role":"province_administrator","unitId":0,"language":"zh"}`)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
	given := doc["password"].(string)
	here, there := x.another(t), x.another(t)
	for _, b := range []*site{here, there} {
		res, doc := b.call(t, "POST", "/api/session", `{"login":"wang","password":"`+given+`"}`, "User-Agent", "test browser")
		if res.StatusCode != http.StatusOK || doc["mustChangePassword"] != true {
			t.Fatalf("%d %v", res.StatusCode, doc)
		}
		b.csrf = doc["csrf"].(string)
	}
	if res, doc := here.call(t, "GET", "/api/accounts", ""); res.StatusCode != http.StatusForbidden || doc["code"] != "session.password_must_change" {
		t.Errorf("works with a given password: %d %v", res.StatusCode, doc)
	}
	if res, doc := here.call(t, "PUT", "/api/session/password", `{"old":"`+given+`","password":"Autumn-leaf-1"}`); res.StatusCode != http.StatusOK || doc["mustChangePassword"] != false {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
	if res, _ := there.call(t, "GET", "/api/session", ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the other session lasts: %d", res.StatusCode)
	}
	res, doc = here.call(t, "GET", "/api/session/all", "")
	items, _ := doc["items"].([]any)
	if res.StatusCode != http.StatusOK || len(items) != 1 {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
	if open := items[0].(map[string]any); open["agent"] != "test browser" || open["address"] != "127.0.0.1" {
		t.Errorf("%v", open)
	}
	if res, doc := x.call(t, "DELETE", "/api/accounts/2/sessions/0", ""); res.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %v", res.StatusCode, doc)
	}
	if res, _ := here.call(t, "GET", "/api/session", ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an ended session lasts: %d", res.StatusCode)
	}
}

func TestRolesAndUnitsOfAnAccountAreThoseOfTheNode(t *testing.T) {
	x := newSite(t)
	x.signIn(t)
	for body, code := range map[string]string{
		`{"login":"wang","name":"王二","role":"headquarters_administrator","unitId":0,"language":"zh"}`: "account.role.level",
		`{"login":"wang","name":"王二","role":"account_manager","unitId":99,"language":"zh"}`:           "account.unit.unknown",
	} {
		if res, doc := x.call(t, "POST", "/api/accounts", body); res.StatusCode != http.StatusUnprocessableEntity || doc["code"] != code {
			t.Errorf("%s: %d %v", body, res.StatusCode, doc)
		}
	}
}

// another is a browser of somebody else at the same portal.
func (x *site) another(t *testing.T) *site {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &site{Server: x.Server, url: x.url, client: &http.Client{Jar: jar}, log: x.log}
}
