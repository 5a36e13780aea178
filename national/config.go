package national

import (
	"errors"
	"fmt"
	"time"

	"jike/internal/account"
	"jike/internal/alarm"
	"jike/internal/bus"
	"jike/internal/config"
	"jike/internal/node"
	"jike/internal/pg"
	"jike/internal/signon"
)

// Config is everything that can be set at the national node. NewConfig has the defaults.
type Config struct {
	Data string `yaml:"data"` // directory of what the node keeps on disk
	Log  string `yaml:"log"`  // least level logged: debug, info, warn or error

	HTTP struct {
		Listen string `yaml:"listen"` // portal and its JSON operations
		Secure bool   `yaml:"secure"` // behind TLS: cookies are sent over TLS only
	} `yaml:"http"`

	Account  account.Settings `yaml:"account"` // the rules of signing in
	OIDC     signon.Settings  `yaml:"oidc"`    // the provider at which people sign in, if there is one
	Alarm    alarm.Config     `yaml:"alarm"`   // whom to tell what went wrong
	Postgres pg.Config        `yaml:"postgres"`

	NATS struct {
		URL        string `yaml:"url"`         // of a running hub; empty: embedded
		LeafListen string `yaml:"leaf_listen"` // where the embedded hub takes leaf connections
		MaxBytes   int64  `yaml:"max_bytes"`   // that the hub keeps of one province
		Replicas   int    `yaml:"replicas"`    // servers of a running hub that store each message: 1, or 3 of a hub of three
	} `yaml:"nats"`

	Sync struct {
		// TruncateRows is how many rows of a table a TRUNCATE in a province may remove here without a
		// person's word (jike sync resume --truncate); 0: as many as there are.
		TruncateRows int64 `yaml:"truncate_rows"`
	} `yaml:"sync"`

	// Copy bounds the first copy of provinces that join with rows; 0: the defaults of package copy.
	Copy struct {
		Parallel       int   `yaml:"parallel"`         // chunks on their way at once, of all provinces together
		Workers        int   `yaml:"workers"`          // ranges of one province copied at once
		BytesPerSecond int64 `yaml:"bytes_per_second"` // of rows, of all provinces together; 0: no limit
	} `yaml:"copy"`

	Reconcile struct {
		Parallel      int `yaml:"parallel"`        // runs at once, besides those that a person asked for
		RowsPerSecond int `yaml:"rows_per_second"` // that one run compares at most; 0: as fast as it can
	} `yaml:"reconcile"`

	Report struct {
		Schedule  string `yaml:"schedule"`  // cron expression of when the sums of reports are computed anew
		Movements string `yaml:"movements"` // cron expression of when it is written down who is new and who was lost
	} `yaml:"report"`

	Company struct {
		Schedule string `yaml:"schedule"` // cron expression of when companies that span provinces are grouped anew
	} `yaml:"company"`

	TimeZone string `yaml:"time_zone"` // IANA name: of headquarters' own months and clock

	Provinces []Province `yaml:"provinces"`
}

// Province is one province that headquarters takes records from.
type Province struct {
	Code      int    `yaml:"code"`
	PublicKey string `yaml:"public_key"`      // nkey of its credential; its seed stays in the province
	NextKey   string `yaml:"next_public_key"` // admitted as well while the province changes its key
	SeedFile  string `yaml:"seed_file"`       // national's own nkey seed in the province's account of a running hub
	TimeZone  string `yaml:"time_zone"`       // IANA name
	Reconcile string `yaml:"reconcile"`       // cron expression in the province's time zone; empty: only on demand
}

// NewConfig gives the defaults: everything that needs no other system, on loopback.
func NewConfig() Config {
	var c Config
	c.Data = "data/national"
	c.Log = "info"
	c.Account = account.DefaultSettings()
	c.OIDC = signon.DefaultSettings()
	c.Alarm = alarm.DefaultConfig()
	c.HTTP.Listen = "127.0.0.1:8000"
	c.NATS.LeafListen = "127.0.0.1:7422"
	c.NATS.MaxBytes = 16 << 30
	c.NATS.Replicas = 1
	c.Reconcile.Parallel = 4
	c.Report.Schedule = "@every 1m"
	c.Report.Movements = "@every 30m"
	c.Company.Schedule = "@every 5m"
	c.TimeZone = "Asia/Shanghai"
	return c
}

// LoadConfig reads a file, if one is named, and the variables JIKE_NATIONAL_… over the defaults,
// and refuses what could not work.
func LoadConfig(file string, environ []string) (Config, error) {
	c := NewConfig()
	if err := config.Load(&c, file, "JIKE_NATIONAL_", environ); err != nil {
		return Config{}, err
	}
	return c, c.validate()
}

// leastRowsPerSecond: at a slower rate a page of 50,000 rows would take longer than half of the time
// that a province holds a snapshot for nobody.
const leastRowsPerSecond = 1000

func (c Config) validate() error {
	if c.Data == "" {
		return errors.New("data: a directory is needed")
	}
	if err := c.Postgres.Validate(); err != nil {
		return err
	}
	if err := node.ValidateSignIn(c.Account, c.OIDC); err != nil {
		return err
	}
	if r := c.NATS.Replicas; r < 1 || r > 5 || r > 1 && c.NATS.URL == "" {
		return fmt.Errorf("nats.replicas: %d: an embedded hub stores once, a hub of several servers 1 to 5 times", r)
	}
	if c.Copy.Parallel < 0 || c.Copy.Workers < 0 || c.Copy.BytesPerSecond < 0 {
		return errors.New("copy: no setting may be negative")
	}
	if c.Reconcile.Parallel < 1 {
		return errors.New("reconcile.parallel: at least one run has to go on at a time")
	}
	if r := c.Reconcile.RowsPerSecond; r != 0 && r < leastRowsPerSecond {
		return fmt.Errorf("reconcile.rows_per_second: %d is too slow: the province's snapshot would be given up between two questions; at least %d, or 0 for no bound",
			r, leastRowsPerSecond)
	}
	seen := map[int]bool{}
	for i, p := range c.Provinces {
		if p.Code < 100 || p.Code > 999 || seen[p.Code] {
			return fmt.Errorf("provinces[%d].code: %d is not a carrier province code, or stands twice", i, p.Code)
		}
		seen[p.Code] = true
		for _, key := range []string{p.PublicKey, p.NextKey} {
			if key != "" && !bus.IsPublic(key) {
				return fmt.Errorf("provinces[%d]: %q is not a public key as `jike admin key` prints it", i, key)
			}
		}
		if _, err := time.LoadLocation(p.TimeZone); err != nil {
			return fmt.Errorf("provinces[%d].time_zone: %w", i, err)
		}
	}
	return nil
}
