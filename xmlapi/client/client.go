// Package client sends partner messages to a node, signed with a partner's key.
package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/beevik/etree"

	"jike/xmlapi/carriage"
	"jike/xmlapi/charset"
	"jike/xmlapi/envelope"
	"jike/xmlapi/identity"
)

// Client is one partner at one node. The zero values of Kind and Charset are Multipart and UTF-8.
type Client struct {
	URL     string // such as http://127.0.0.1:9591/interboss
	KeyID   string
	Secret  []byte
	Kind    carriage.Kind
	Charset charset.Charset
	HTTP    *http.Client // nil: the default client with a time limit of one minute
}

// Reply is what came back.
type Reply struct {
	Status      int
	ContentType string
	Raw         []byte
	envelope.Answer
}

// limit is up to how many bytes of a reply are read.
const limit = 64 << 20

// Send sends a message and reads the reply. An error means that the outcome is not known, and that
// the same header and content may be sent again; a refusal is a reply.
func (c *Client) Send(ctx context.Context, h envelope.Header, content *etree.Element) (Reply, error) {
	contentType, body := c.Pack(h, content, nil)
	r, err := c.Post(ctx, contentType, body)
	if err != nil {
		return r, err
	}
	if r.Answer, _, err = envelope.ReadReply(r.Raw); err != nil {
		return r, fmt.Errorf("reply with status %d cannot be read: %w", r.Status, err)
	}
	return r, nil
}

// Pack makes the HTTP body of a message in the client's carriage and character set.
func (c *Client) Pack(h envelope.Header, content *etree.Element, attachment []byte) (contentType string, body []byte) {
	set := c.Charset
	if set == 0 {
		set = charset.UTF8
	}
	m := carriage.Message{Kind: c.Kind, Attachment: attachment}
	switch c.Kind {
	case carriage.Single:
		m.Head = envelope.WriteSingle(h, content, set)
	default:
		m.Head, m.Body = envelope.WriteRequest(h, content, set)
	}
	return carriage.Write(m)
}

// Post signs an HTTP body with a fresh nonce and sends it.
func (c *Client) Post(ctx context.Context, contentType string, body []byte) (Reply, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return Reply{}, fmt.Errorf("node URL: %w", err)
	}
	signed := identity.Request{Method: http.MethodPost, URI: u.RequestURI(), Body: body}
	return c.PostWith(ctx, contentType, identity.Sign(c.KeyID, c.Secret, signed, time.Now()), body)
}

// PostWith sends an HTTP body with an Authorization header made elsewhere.
func (c *Client) PostWith(ctx context.Context, contentType, authorization string, body []byte) (Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return Reply{}, fmt.Errorf("node URL: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	hc := c.HTTP
	if hc == nil {
		hc = standard
	}
	resp, err := hc.Do(req)
	if err != nil {
		return Reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return Reply{}, fmt.Errorf("reply cut short: %w", err)
	}
	return Reply{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Raw: raw}, nil
}

var standard = &http.Client{Timeout: time.Minute}
