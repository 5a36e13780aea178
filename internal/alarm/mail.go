package alarm

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"slices"
	"sort"
	"strings"
	"time"
)

// The ways to reach a relay.
const (
	Plain    = "none"     // no encryption: for a relay on this machine
	StartTLS = "starttls" // encryption is demanded before anything is said
	TLS      = "tls"      // encryption from the first byte
)

// Relay is where mail is given to.
type Relay struct {
	Address        string      // host:port
	Security       string      // Plain, StartTLS or TLS
	User, Password string      // empty: the relay asks for none
	TLS            *tls.Config // nil: the system's certificates, the address's host
}

// Mail sends messages as e-mail.
type Mail struct {
	relay Relay
	host  string
	from  *mail.Address
	to    []*mail.Address
}

// NewMail makes the channel. It fails for an address that is none, no recipient, or an unknown
// way to reach the relay.
func NewMail(relay Relay, from string, to []string) (*Mail, error) {
	m := &Mail{relay: relay}
	var err error
	if m.host, _, err = net.SplitHostPort(relay.Address); err != nil {
		return nil, fmt.Errorf("mail relay: %w", err)
	}
	if !slices.Contains([]string{Plain, StartTLS, TLS}, relay.Security) {
		return nil, fmt.Errorf("mail relay: security %q is none of %s, %s, %s", relay.Security, Plain, StartTLS, TLS)
	}
	if m.from, err = mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("mail from %q: %w", from, err)
	}
	for _, address := range to {
		parsed, err := mail.ParseAddress(address)
		if err != nil {
			return nil, fmt.Errorf("mail to %q: %w", address, err)
		}
		m.to = append(m.to, parsed)
	}
	if len(m.to) == 0 {
		return nil, errors.New("mail: nobody to send it to")
	}
	return m, nil
}

// Name is mail.
func (*Mail) Name() string { return "mail" }

// Send gives one message to the relay.
func (m *Mail) Send(ctx context.Context, message Message) error {
	client, err := m.dial(ctx)
	if err != nil {
		return fmt.Errorf("mail relay %s: %w", m.relay.Address, err)
	}
	defer func() { _ = client.Close() }()
	if err := m.give(client, m.compose(message)); err != nil {
		return fmt.Errorf("mail relay %s: %w", m.relay.Address, err)
	}
	return nil
}

// dial opens the connection, encrypted and signed in as the settings say.
func (m *Mail) dial(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.relay.Address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // a socket of ours takes it
	}
	config := m.relay.TLS
	if config == nil {
		config = &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}
	}
	if m.relay.Security == TLS {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if m.relay.Security == StartTLS {
		err = client.StartTLS(config)
	}
	if err == nil && m.relay.User != "" {
		err = client.Auth(smtp.PlainAuth("", m.relay.User, m.relay.Password, m.host))
	}
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

func (m *Mail) give(client *smtp.Client, content []byte) error {
	if err := client.Mail(m.from.Address); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := client.Rcpt(to.Address); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

// compose writes the mail (RFC 5322), its text in base64: it may be Chinese.
func (m *Mail) compose(message Message) []byte {
	var to []string
	for _, address := range m.to {
		to = append(to, address.String())
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	var b bytes.Buffer
	for _, header := range [][2]string{
		{"From", m.from.String()},
		{"To", strings.Join(to, ", ")},
		{"Date", message.At.Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<jike-alarm-%d-%d@%s>", message.ID, message.At.UnixMicro(), domain)},
		{"Subject", mime.BEncoding.Encode("utf-8", fmt.Sprintf("[Jike %s] %s: %s, %s", message.Node, message.State, message.Kind, message.Subject))},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", header[0], header[1])
	}
	b.WriteString("\r\n")
	encoded := base64.StdEncoding.EncodeToString([]byte(message.text()))
	for line := range slices.Chunk([]byte(encoded), 76) {
		b.Write(line)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// text is the message for a person.
func (m Message) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s: %s, %s\nsince %s, raised %d times\n", m.Text, m.State, m.Kind, m.Subject, m.Since.Format(time.RFC3339), m.Count)
	names := make([]string, 0, len(m.Facts))
	for name := range m.Facts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, m.Facts[name])
	}
	return b.String()
}
