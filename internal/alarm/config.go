package alarm

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"time"
)

// Config is the setting of a node's alarms. Without a webhook and a relay they are kept in the
// database and in the log only.
type Config struct {
	Again   time.Duration `yaml:"again"` // the same alarm is told at most once in it
	Webhook struct {
		URL        string `yaml:"url"`
		SecretFile string `yaml:"secret_file"` // what requests are signed with
	} `yaml:"webhook"`
	Mail struct {
		Relay        string   `yaml:"relay"`    // host:port
		Security     string   `yaml:"security"` // none, starttls or tls
		User         string   `yaml:"user"`     // empty: the relay asks for none
		PasswordFile string   `yaml:"password_file"`
		From         string   `yaml:"from"`
		To           []string `yaml:"to"`
	} `yaml:"mail"`
}

// DefaultConfig tells nobody.
func DefaultConfig() Config {
	c := Config{Again: time.Hour}
	c.Mail.Security = StartTLS
	return c
}

// Channels makes the channels that are set. It fails for a setting that cannot work.
func (c Config) Channels() ([]Channel, error) {
	var channels []Channel
	if c.Webhook.URL != "" {
		if u, err := url.Parse(c.Webhook.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fmt.Errorf("alarm.webhook.url: %q is no address such as https://example.net/alarms", c.Webhook.URL)
		}
		secret, err := secret(c.Webhook.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("alarm.webhook.secret_file: %w", err)
		}
		channels = append(channels, NewWebhook(c.Webhook.URL, secret))
	}
	if c.Mail.Relay != "" {
		relay := Relay{Address: c.Mail.Relay, Security: c.Mail.Security, User: c.Mail.User}
		if c.Mail.User != "" {
			password, err := secret(c.Mail.PasswordFile)
			if err != nil {
				return nil, fmt.Errorf("alarm.mail.password_file: %w", err)
			}
			relay.Password = string(password)
		}
		mail, err := NewMail(relay, c.Mail.From, c.Mail.To)
		if err != nil {
			return nil, fmt.Errorf("alarm: %w", err)
		}
		channels = append(channels, mail)
	}
	return channels, nil
}

// secret reads a file that holds nothing but a secret.
func secret(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if raw = bytes.TrimSpace(raw); len(raw) < 8 {
		return nil, fmt.Errorf("%s holds less than 8 bytes", file)
	}
	return raw, nil
}
