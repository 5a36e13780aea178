package province

import (
	"errors"
	"fmt"
	"time"

	"jike/internal/account"
	"jike/internal/config"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/signon"
	"jike/province/selection"
)

// Config is everything that can be set at a provincial node. NewConfig has the defaults.
type Config struct {
	Code     int    `yaml:"code"`      // carrier province code, such as 591
	Data     string `yaml:"data"`      // directory of what the node keeps on disk
	TimeZone string `yaml:"time_zone"` // IANA name, for schedules
	Log      string `yaml:"log"`       // least level logged: debug, info, warn or error

	HTTP struct {
		Listen string `yaml:"listen"` // portal and its JSON operations
		Secure bool   `yaml:"secure"` // behind TLS: cookies are sent over TLS only
	} `yaml:"http"`

	XML struct {
		Listen    string        `yaml:"listen"`    // partner messages
		MaxBytes  int64         `yaml:"max_bytes"` // of one request
		Partners  []Partner     `yaml:"partners"`
		Retention int           `yaml:"retention_months"` // of the exchange journal
		ClockSkew time.Duration `yaml:"clock_skew"`       // by which a signature's time may differ
	} `yaml:"xml"`

	Account  account.Settings `yaml:"account"` // the rules of signing in
	OIDC     signon.Settings  `yaml:"oidc"`    // the provider at which people sign in, if there is one
	Postgres pg.Config        `yaml:"postgres"`

	NATS struct {
		URL      string `yaml:"url"`       // of a running leaf server; empty: embedded
		HubURL   string `yaml:"hub_url"`   // where the embedded leaf connects to; several, with commas, of a hub of several servers
		SeedFile string `yaml:"seed_file"` // nkey seed of the province's credential
		MaxBytes int64  `yaml:"max_bytes"` // of the leaf's stream: the outage that it can bridge
	} `yaml:"nats"`

	Sync struct {
		Heartbeat time.Duration `yaml:"heartbeat"`
		HoldBytes int64         `yaml:"hold_bytes"` // of log held for headquarters that does not confirm
		// ResendRate is how many rows a second are sent again after a release added a column.
		ResendRate int `yaml:"resend_rate"`
		// DigestShare is the greatest part of the time that the database may spend on headquarters'
		// reconciliations, from 0.05 to 1.
		DigestShare float64 `yaml:"digest_share"`
	} `yaml:"sync"`

	Selection selection.Settings `yaml:"selection"` // how a changed policy is carried over the customers

	Summary struct {
		Schedule string `yaml:"schedule"` // cron expression of the monthly summary's refresh
	} `yaml:"summary"`

	Rules struct {
		Schedule string `yaml:"schedule"` // cron expression of judging all customers by the rules in force
	} `yaml:"rules"`
}

// Partner is a system that may call this province.
type Partner struct {
	KeyID      string   `yaml:"key_id"`
	SecretFile string   `yaml:"secret_file"`
	Domain     string   `yaml:"domain"`     // its OrigDomain, such as BOSS
	Activities []string `yaml:"activities"` // such as T4011003; what it may call
}

// NewConfig gives the defaults: everything that needs no other system, on loopback.
func NewConfig() Config {
	var c Config
	c.Data = "data/province"
	c.TimeZone = "Asia/Shanghai"
	c.Log = "info"
	c.Account = account.DefaultSettings()
	c.OIDC = signon.DefaultSettings()
	c.HTTP.Listen = "127.0.0.1:8591"
	c.XML.Listen = "127.0.0.1:9591"
	c.XML.MaxBytes = 16 << 20
	c.XML.Retention = 12
	c.XML.ClockSkew = 5 * time.Minute
	c.NATS.HubURL = "nats-leaf://127.0.0.1:7422"
	c.NATS.MaxBytes = 4 << 30
	c.Sync.Heartbeat = 10 * time.Second
	c.Sync.HoldBytes = 8 << 30
	c.Sync.ResendRate = 2000
	c.Selection = selection.DefaultSettings()
	c.Sync.DigestShare = 1
	c.Summary.Schedule = "@every 5m"
	c.Rules.Schedule = "0 2 * * *"
	return c
}

// LoadConfig reads a file, if one is named, and the variables JIKE_PROVINCE_… over the defaults,
// and refuses what could not work.
func LoadConfig(file string, environ []string) (Config, error) {
	c := NewConfig()
	if err := config.Load(&c, file, "JIKE_PROVINCE_", environ); err != nil {
		return Config{}, err
	}
	return c, c.validate()
}

func (c Config) validate() error {
	if c.Code < 100 || c.Code > 999 {
		return fmt.Errorf("code: %d is not a carrier province code such as 591", c.Code)
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return fmt.Errorf("time_zone: %w", err)
	}
	if c.Data == "" {
		return errors.New("data: a directory is needed")
	}
	if err := c.Postgres.Validate(); err != nil {
		return err
	}
	if err := node.ValidateSignIn(c.Account, c.OIDC); err != nil {
		return err
	}
	if err := c.Selection.Validate(); err != nil {
		return fmt.Errorf("selection: %w", err)
	}
	if share := c.Sync.DigestShare; share < 0.05 || share > 1 {
		return fmt.Errorf("sync.digest_share: %g is not from 0.05 to 1", share)
	}
	for i, p := range c.XML.Partners {
		if p.KeyID == "" || p.SecretFile == "" || p.Domain == "" {
			return fmt.Errorf("xml.partners[%d]: key_id, secret_file and domain are needed", i)
		}
	}
	return nil
}
