package stream_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"jike/internal/bus"
	"jike/internal/bus/bustest"
	"jike/sync/stream"
)

const (
	ownInbox  = "thief.inbox."
	thiefMark = "forged by the thief"
)

var quiet = slog.New(slog.DiscardHandler)

// rogue starts a nats-server of the thief's that links to the hub with the stolen key and says that
// it is in a JetStream domain, or that it has no JetStream.
func rogue(t *testing.T, leafAddress, seedFile, domain string) (*bustest.Process, *nats.Conn) {
	t.Helper()
	secret, err := os.ReadFile(seedFile)
	must(t, err)
	dir, listen := t.TempDir(), bustest.FreeAddress(t)
	store, enabled := "", "disabled"
	if domain != "" {
		store, enabled = fmt.Sprintf("jetstream { store_dir: %q, domain: %s }", dir, domain), "enabled"
	}
	server := bustest.Apart(t, filepath.Join(dir, "thief.conf"), fmt.Sprintf(`
server_name: thief
listen: %q
%s
accounts { P571 { jetstream: %s, users: [ { user: thief, password: thief } ] } }
leafnodes { reconnect: "200ms", remotes: [ { urls: ["nats-leaf://%s"], account: P571, nkey: %s } ] }
`, listen, store, enabled, leafAddress, bytes.TrimSpace(secret)), listen)
	nc, err := nats.Connect(server.URL, nats.UserInfo("thief", "thief"))
	must(t, err)
	return server, nc
}

// asClient tries the key on the hub's port for clients.
func (h *heist) asClient() {
	h.Helper()
	nc, err := nats.Connect(h.hubURL, nats.Nkey(h.key.Public(), h.key.Sign), nats.MaxReconnects(0))
	if err == nil {
		h.breach("a client was let in")
		nc.Close()
	}
}

// maxLinks is what bus gives a province.
const maxLinks = 4

// withManyLinks opens links until the hub refuses, by the bare protocol.
func (h *heist) withManyLinks() {
	h.Helper()
	in := 0
	for range 12 {
		conn, err := net.Dial("tcp", h.net.LeafAddress())
		must(h.T, err)
		defer func() { _ = conn.Close() }()
		if _, err := handshake(h.T, conn, h.key); err == nil {
			in++
		}
	}
	if in > maxLinks {
		h.breach("%d links were let in", in)
	}
	h.goesOn(fmt.Sprintf("with %d links of the thief", in))
}

// handshake proves the key on a fresh connection and returns an error if it is refused.
func handshake(t *testing.T, conn net.Conn, key bus.Seed) (*bufio.Reader, error) {
	t.Helper()
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	var info struct {
		Nonce string `json:"nonce"`
	}
	_ = json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info) // the nonce is what counts
	signature, err := key.Sign([]byte(info.Nonce))
	must(t, err)
	_, err = fmt.Fprintf(conn, "CONNECT {\"nkey\":%q,\"sig\":%q,\"headers\":true,\"no_responders\":true,\"protocol\":1,\"name\":\"thief-%d\",\"server_id\":\"T%d\",\"version\":\"2.15.2\"}\r\nPING\r\n",
		key.Public(), base64.RawURLEncoding.EncodeToString(signature), time.Now().UnixNano(), time.Now().UnixNano())
	if err != nil {
		return nil, err
	}
	for {
		line, err := r.ReadString('\n')
		switch {
		case err != nil:
			return nil, err
		case strings.HasPrefix(line, "-ERR"):
			return nil, fmt.Errorf("%s", line)
		case strings.HasPrefix(line, "PONG"):
			return r, nil
		}
	}
}

// forge publishes in the victim's name, answers calls that were not for the thief, and has the hub
// answer forged flow control where only the hub may publish.
func (h *heist) forge(nc *nats.Conn, url string) {
	h.Helper()
	inbox, err := h.national.SubscribeSync("_INBOX.guessed.answer")
	must(h.T, err)
	defer func() { _ = inbox.Unsubscribe() }()
	must(h.T, h.national.Flush())
	for _, subject := range []string{
		"up.571.1.1", "deliver.571.1.1", "ctl.national.571." + stream.NoticeCapture, "ctl.province.571." + stream.NoticeApplied,
		"ctl.province.571." + stream.CallRefill, "ctl.province.571." + stream.CallRepair, "_INBOX.guessed.answer",
	} {
		must(h.T, nc.PublishRequest(subject, ownInbox+"forge", []byte(thiefMark)))
	}
	must(h.T, nc.Flush())
	if m, err := inbox.NextMsg(300 * time.Millisecond); err == nil {
		h.breach("an answer was forged for headquarters: %s", m.Data)
	}
	h.forgeFlowControl(url)
}

// forgeFlowControl has the hub itself publish on subjects that delete its streams, as far as their
// names are guessed.
func (h *heist) forgeFlowControl(url string) {
	h.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
	must(h.T, err)
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	_, err = r.ReadString('\n')
	must(h.T, err)
	_, err = fmt.Fprintf(conn, "CONNECT {\"user\":\"thief\",\"pass\":\"thief\",\"headers\":true,\"verbose\":false,\"protocol\":1}\r\n")
	must(h.T, err)
	const status = "NATS/1.0 100 FlowControl Request\r\n\r\n"
	for _, s := range h.guesses {
		for _, deliver := range []string{"deliver.591.1.1", "deliver.571.1.1"} {
			for _, api := range []string{"$JS.API.STREAM.DELETE.", "$JS.hub.API.STREAM.DELETE."} {
				_, err := fmt.Fprintf(conn, "HPUB %s %s %d %d\r\n%s\r\n", deliver, api+s, len(status), len(status), status)
				must(h.T, err)
			}
		}
	}
	_, err = fmt.Fprint(conn, "PING\r\n")
	must(h.T, err)
	must(h.T, conn.SetDeadline(time.Now().Add(10*time.Second)))
	for line := ""; !strings.HasPrefix(line, "PONG"); {
		line, err = r.ReadString('\n')
		must(h.T, err)
	}
}

// impersonate makes the victim's stream in the thief's own JetStream, as if it were the victim's
// leaf server, and waits for the hub to take it.
func (h *heist) impersonate(nc *nats.Conn) {
	h.Helper()
	leaf, err := stream.OpenLeaf(h.Context(), nc, victimID, limits)
	must(h.T, err)
	in := make(chan stream.Outgoing, 1)
	in <- stream.Outgoing{Data: []byte(thiefMark), Stored: func(uint64) {}}
	close(in)
	must(h.T, leaf.Pump(h.Context(), in, func(error) {}))
}
