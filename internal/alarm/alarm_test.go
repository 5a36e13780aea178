package alarm_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"jike/internal/alarm"
	"jike/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is how long a test waits for a message.
const patience = 30 * time.Second

// desk runs a desk until the test ends.
func desk(t *testing.T, db *pgtest.DB, again time.Duration, channels ...alarm.Channel) *alarm.Desk {
	t.Helper()
	d := alarm.New(alarm.Options{
		DB: db.App(t), Node: "test", Channels: channels, Log: slog.New(slog.DiscardHandler), Again: again, Retry: 10 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return d
}

func raise(t *testing.T, d *alarm.Desk, text string) {
	t.Helper()
	a := alarm.Alarm{Kind: "sync.lag", Subject: "591", Text: text, Facts: map[string]string{"seconds": "900"}}
	if err := d.Raise(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func resolve(t *testing.T, d *alarm.Desk) {
	t.Helper()
	if err := d.Resolve(t.Context(), "sync.lag", "591"); err != nil {
		t.Fatal(err)
	}
}

func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(patience):
		t.Fatal("no message came")
	}
	panic("not reached")
}

var secret = []byte("spring rain")

// receiver is a webhook's other end. It refuses the first requests.
func receiver(t *testing.T, refuse int) (string, <-chan alarm.Message) {
	got := make(chan alarm.Message, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if want := alarm.Sign(secret, r.Header.Get(alarm.TimestampHeader), body); r.Header.Get(alarm.SignatureHeader) != want {
			t.Errorf("signature %q, want %q", r.Header.Get(alarm.SignatureHeader), want)
		}
		if refuse > 0 {
			refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var m alarm.Message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Error(err)
		}
		got <- m
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

// An alarm is told once, however often it is raised; its end is told; what waited is told later.
func TestAnAlarmIsToldOnceAndItsEnd(t *testing.T) {
	db := pgtest.National(t)
	url, got := receiver(t, 2)
	d := desk(t, db, time.Hour, alarm.NewWebhook(url, secret))
	for range 5 {
		raise(t, d, "It is late")
	}
	m := next(t, got)
	if m.State != alarm.Raised || m.Kind != "sync.lag" || m.Subject != "591" || m.Text != "It is late" || m.Node != "test" || m.Facts["seconds"] != "900" || m.ID == 0 {
		t.Errorf("told %+v", m)
	}
	resolve(t, d)
	resolve(t, d)
	if m := next(t, got); m.State != alarm.Resolved {
		t.Errorf("told %+v", m)
	}
	// Within the hour it is raised again: it waits, and when it is over by then, nothing is told.
	raise(t, d, "It is late again")
	resolve(t, d)
	// A restart forgets nothing: the hour passes while the next alarm waits.
	raise(t, d, "It is late at last")
	owner := db.Owner(t)
	if _, err := owner.Exec(t.Context(), `UPDATE alarm.alarm SET told_at = now() - interval '2 hours'`); err != nil {
		t.Fatal(err)
	}
	desk(t, db, time.Hour, alarm.NewWebhook(url, secret))
	if m := next(t, got); m.State != alarm.Raised || m.Text != "It is late at last" || m.Count != 1 {
		t.Errorf("told %+v", m)
	}
	raise(t, d, "It is still late")
	if _, err := owner.Exec(t.Context(), `UPDATE alarm.alarm SET told_at = now() - interval '2 hours'`); err != nil {
		t.Fatal(err)
	}
	raise(t, d, "It is still late")
	if m := next(t, got); m.State != alarm.Still || m.Count < 2 { // 2 if the hour was seen to be over before it was raised again
		t.Errorf("told %+v", m)
	}
	var messages, attempts int
	if err := owner.QueryRow(t.Context(), `SELECT count(*), sum(attempts) FROM alarm.message`).Scan(&messages, &attempts); err != nil {
		t.Fatal(err)
	}
	if messages != 4 || attempts != 6 {
		t.Errorf("%d messages in %d attempts, want 4 in 6", messages, attempts)
	}
}

// What was raised while nothing ran is sent by the next start.
func TestARestartLosesNothing(t *testing.T) {
	db := pgtest.National(t)
	url, got := receiver(t, 0)
	before := alarm.New(alarm.Options{DB: db.App(t), Channels: []alarm.Channel{alarm.NewWebhook(url, secret)}, Log: slog.New(slog.DiscardHandler)})
	raise(t, before, "before the restart")
	desk(t, db, time.Hour, alarm.NewWebhook(url, secret))
	if m := next(t, got); m.Text != "before the restart" {
		t.Errorf("told %+v", m)
	}
}

// letter is what the relay took.
type letter struct {
	from    string
	to      []string
	user    string
	secured bool
	content string
}

// relay is a small SMTP server with a certificate of its own.
func relay(t *testing.T, implicit bool) (string, *tls.Config, <-chan letter) {
	t.Helper()
	made := httptest.NewUnstartedServer(nil) // for its certificate
	made.StartTLS()
	t.Cleanup(made.Close)
	config := &tls.Config{Certificates: made.TLS.Certificates, MinVersion: tls.VersionTLS12}
	roots := x509.NewCertPool()
	roots.AddCert(made.Certificate())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	got := make(chan letter, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if implicit {
					conn = tls.Server(conn, config)
				}
				_ = take(conn, config, implicit, got) // the client sees what went wrong
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}, got
}

// take speaks SMTP with one client.
func take(conn net.Conn, config *tls.Config, secured bool, got chan<- letter) error {
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 relay")
	l := letter{secured: secured}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250-relay")
			if !l.secured {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, config)
			in, l.secured = bufio.NewReader(conn), true
		case "AUTH":
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if err != nil {
				return err
			}
			l.user = strings.ReplaceAll(string(raw), "\x00", "/")
			say("235 welcome")
		case "MAIL":
			l.from = rest
			say("250 ok")
		case "RCPT":
			l.to = append(l.to, rest)
			say("250 ok")
		case "DATA":
			say("354 speak")
			var content strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return err
				}
				if line == ".\r\n" {
					break
				}
				content.WriteString(line)
			}
			l.content = content.String()
			got <- l
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return nil
		default:
			say("500 unknown")
		}
	}
}

func TestMailIsSentEncryptedAndSignedIn(t *testing.T) {
	for _, security := range []string{alarm.StartTLS, alarm.TLS} {
		t.Run(security, func(t *testing.T) {
			address, config, got := relay(t, security == alarm.TLS)
			m, err := alarm.NewMail(alarm.Relay{
				Address: address, Security: security, User: "jike", Password: "spring", TLS: config,
			}, "集客 <jike@example.net>", []string{"oncall@example.net", "值班 <night@example.net>"})
			if err != nil {
				t.Fatal(err)
			}
			d := desk(t, pgtest.National(t), time.Hour, m)
			raise(t, d, "福建的数据晚了 15 分钟")
			l := next(t, got)
			if !l.secured || l.user != "/jike/spring" || !strings.Contains(l.from, "<jike@example.net>") || len(l.to) != 2 {
				t.Errorf("taken %+v", l)
			}
			read, err := mail.ReadMessage(strings.NewReader(l.content))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
			if err != nil || subject != "[Jike test] raised: sync.lag, 591" {
				t.Errorf("subject %q, %v", subject, err)
			}
			body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, read.Body))
			if err != nil || !strings.Contains(string(body), "福建的数据晚了 15 分钟") || !strings.Contains(string(body), "seconds: 900") {
				t.Errorf("body %s, %v", body, err)
			}
			if to, err := read.Header.AddressList("To"); err != nil || len(to) != 2 || to[1].Name != "值班" {
				t.Errorf("to %v, %v", to, err)
			}
		})
	}
}

// A relay that offers no encryption, or whose certificate is not known, gets nothing.
func TestMailIsNotSentInTheClear(t *testing.T) {
	address, _, got := relay(t, false)
	m, err := alarm.NewMail(alarm.Relay{Address: address, Security: alarm.StartTLS}, "jike@example.net", []string{"oncall@example.net"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var unknown *tls.CertificateVerificationError
	if err := m.Send(ctx, alarm.Message{}); !errors.As(err, &unknown) || len(got) > 0 {
		t.Errorf("an unknown certificate: %v", err)
	}
	for name, wrong := range map[string][3]string{
		"relay": {"mail.example.net", alarm.TLS, "a@b.cn"}, "security": {"a:25", "maybe", "a@b.cn"}, "from": {"a:25", alarm.TLS, "nobody"},
	} {
		if _, err := alarm.NewMail(alarm.Relay{Address: wrong[0], Security: wrong[1]}, wrong[2], []string{"a@b.cn"}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
