package alarm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// The headers of a webhook's request. The signature is "sha256=" and the hexadecimal HMAC-SHA-256,
// by the secret, of the timestamp (seconds since 1970), a full stop, and the body: who receives it
// refuses an old timestamp, or a message could be played again.
const (
	TimestampHeader = "Jike-Timestamp"
	SignatureHeader = "Jike-Signature"
)

// Webhook posts messages as JSON.
type Webhook struct {
	url    string
	secret []byte
	client *http.Client
}

// NewWebhook makes a webhook. Redirects are not followed: the signature is for this address.
func NewWebhook(url string, secret []byte) *Webhook {
	return &Webhook{url: url, secret: secret, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Name is webhook.
func (*Webhook) Name() string { return "webhook" }

// Send posts one message. Any status but 2xx is an error.
func (w *Webhook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(TimestampHeader, timestamp)
	request.Header.Set(SignatureHeader, Sign(w.secret, timestamp, body))
	response, err := w.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection can be used again
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("webhook: %s answered %s", w.url, response.Status)
	}
	return nil
}

// Sign gives the value of SignatureHeader.
func Sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp))
	mac.Write([]byte("."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
