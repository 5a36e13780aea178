package check

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"jike/cmd/jike/demo/world"
	"jike/internal/account"
)

// browser is a person signed in to a node's portal: it has the session's cookie and sends the
// token against forged requests, as the page does.
type browser struct {
	base   string
	http   *http.Client
	csrf   string
	unitID int64
}

// signIn signs in with the node's account of a role.
func signIn(ctx context.Context, n *world.Node, role account.Role) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &browser{base: n.Portal, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	a := n.Account(role)
	var session struct {
		Login  string       `json:"login"`
		Role   account.Role `json:"role"`
		UnitID int64        `json:"unitId"`
		CSRF   string       `json:"csrf"`
	}
	credentials := map[string]string{"login": a.Login, "password": a.Password}
	if err := b.do(ctx, http.MethodPost, "/api/session", credentials, &session); err != nil {
		return nil, fmt.Errorf("sign in as %s at %s: %w", a.Login, n.Title(), err)
	}
	if session.Login != a.Login || session.Role != role || session.CSRF == "" {
		return nil, fmt.Errorf("sign in as %s at %s: the session is %+v", a.Login, n.Title(), session)
	}
	b.csrf, b.unitID = session.CSRF, session.UnitID
	return b, nil
}

// refusal is an answer that is not a success.
type refusal struct {
	method, path string
	Status       int             `json:"status"`
	Code         string          `json:"code"`
	Errors       json.RawMessage `json:"errors"`
}

func (r *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s: status %d, %s %s", r.method, r.path, r.Status, r.Code, r.Errors))
}

// notFound says whether err is a refusal with status 404.
func notFound(err error) bool {
	return isRefusal(err, http.StatusNotFound)
}

func isRefusal(err error, status int) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Status == status
}

// do sends a document, nil for none, and reads the answer into out, nil for none.
func (b *browser) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if b.csrf != "" {
		request.Header.Set("X-CSRF-Token", b.csrf)
	}
	response, err := b.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		r := &refusal{method: method, path: path}
		_ = json.Unmarshal(text, r) // an answer that is no problem document has its status only
		r.Status = response.StatusCode
		return r
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func get[T any](ctx context.Context, b *browser, path string) (out T, err error) {
	err = b.do(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

// record is a customer of a province: what was read goes back with the changes in it, also fields
// that this check does not know.
type record map[string]any

func (r record) id() int64      { return int64(r["id"].(float64)) }
func (r record) version() int64 { return int64(r["version"].(float64)) }
func (r record) national() bool { return r["national"] == true }

// stated are the fields that may be sent back.
var stated = strings.Fields("version creditCode name industry city class lifecycle parentId managerId sensitive crossProvince " +
	"address postcode legalPerson registeredCapitalFen headcount annualSalesFen profile remark " +
	"organisationType licenceType licenceNumber creditLevel creditLimitFen")

// change saves a customer with the fields given in pairs. Where the node itself changed the customer since it was
// read, such as by a list of key accounts that came from headquarters, it is read and saved again, as people do.
func (b *browser) change(ctx context.Context, r record, pairs ...any) (saved record, err error) {
	path := fmt.Sprintf("/api/customers/%d", r.id())
	for {
		sent := record{}
		for _, name := range stated {
			sent[name] = r[name]
		}
		for i := 0; i < len(pairs); i += 2 {
			sent[pairs[i].(string)] = pairs[i+1]
		}
		err = b.do(ctx, http.MethodPut, path, sent, &saved)
		if !isRefusal(err, http.StatusConflict) {
			return saved, err
		}
		now, readErr := get[record](ctx, b, path)
		if readErr != nil || now.version() == r.version() { // refused for another reason
			return nil, errors.Join(err, readErr)
		}
		r = now
	}
}

// file is a customer with its family: as a province's overview and headquarters' detail name it.
type file struct {
	Customer                                  record
	Contacts, Contracts, Subscriptions, Bills []record
}

// sizes counts the family.
func (f file) sizes() [4]int {
	return [4]int{len(f.Contacts), len(f.Contracts), len(f.Subscriptions), len(f.Bills)}
}
