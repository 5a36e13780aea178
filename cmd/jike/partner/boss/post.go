package boss

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jike/xmlapi/client"
	"jike/xmlapi/document"
	"jike/xmlapi/envelope"
)

// poster sends messages until they are answered.
type poster struct {
	client client.Client // carriage and character set are each message's own
	own    *http.Transport
}

// Pauses between two requests for the same message: the first, and the longest.
const (
	firstPause   = 25 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

func newPoster(o Options) *poster {
	p := &poster{client: client.Client{URL: o.URL, KeyID: o.KeyID, Secret: o.Secret, HTTP: o.HTTP}}
	if o.HTTP == nil {
		p.own = &http.Transport{MaxIdleConnsPerHost: o.Flight, IdleConnTimeout: time.Minute}
		p.client.HTTP = &http.Client{Transport: p.own, Timeout: 40 * time.Second}
	}
	return p
}

func (p *poster) close() {
	if p.own != nil {
		p.own.CloseIdleConnections()
	}
}

// answered is an answer with its content.
type answered struct {
	Answer
	reply client.Reply
}

// deliver sends a message, each time with a fresh nonce, until it has an answer that stands; tried
// hears of every request. It returns an error only when ctx ends.
func (p *poster) deliver(ctx context.Context, m *message, tried func(failed bool)) (answered, error) {
	c := p.client
	c.Kind, c.Charset = m.kind, m.charset
	pause := firstPause
	for tries := 1; ; tries++ {
		reply, err := c.Send(ctx, m.header, m.content)
		failed := err != nil || mayHelp(reply.Response.Code)
		if ctx.Err() == nil || !failed {
			tried(failed)
		}
		if !failed {
			a := Answer{AnswerTo: m.entry.ID, Code: reply.Response.Code, Tries: tries, At: time.Now().UTC()}
			if a.Code != envelope.CodeOK {
				a.Desc = reply.Response.Desc
			}
			return answered{a, reply}, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return answered{}, ctx.Err()
		case <-timer.C:
		}
		pause = min(2*pause, longestPause)
	}
}

// mayHelp says whether asking again may help: the code is that of a fault of the node, after which
// nothing of the exchange was kept (schemas/xsd/faults.md).
func mayHelp(code string) bool {
	switch code {
	case "0113", "0114", "0131", "0133":
		return true
	}
	return false
}

// contradicts says what in an answer 0000 is not as it must be after this message, or "".
func (m *message) contradicts(a answered) string {
	if a.Code != envelope.CodeOK {
		return ""
	}
	content, want := a.reply.Content, map[string]string{}
	version := strconv.Itoa(int(m.expected.version))
	switch m.entry.Op {
	case Query:
		if content = document.Child(content, "Customer"); content == nil {
			return fmt.Sprintf("%s: no Customer in the answer", m.entry.ID)
		}
		if address := document.Value(content, "Address"); !strings.HasSuffix(address, " "+m.expected.marker) {
			return fmt.Sprintf("%s: Address is %q, not that of %s", m.entry.ID, address, m.expected.marker)
		}
		want["CustomerName"], want["CustomerVersion"] = m.expected.name, version
	case Bill:
		want["RspCode"], want["Written"] = "00", "1"
	default:
		want["RspCode"], want["CustomerName"], want["CustomerVersion"] = "00", m.expected.name, version
	}
	for name, value := range want {
		if got := document.Value(content, name); got != value {
			return fmt.Sprintf("%s: %s is %q, not %q", m.entry.ID, name, got, value)
		}
	}
	return ""
}
