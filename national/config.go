package national

import (
	"errors"
	"fmt"
	"time"

	"jike/internal/account"
	"jike/internal/alarm"
	"jike/internal/config"
	"jike/internal/pg"
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
	Alarm    alarm.Config     `yaml:"alarm"`   // whom to tell what went wrong
	Postgres pg.Config        `yaml:"postgres"`

	NATS struct {
		URL        string `yaml:"url"`         // of a running hub; empty: embedded
		LeafListen string `yaml:"leaf_listen"` // where the embedded hub takes leaf connections
		MaxBytes   int64  `yaml:"max_bytes"`   // that the hub keeps of one province
	} `yaml:"nats"`

	Reconcile struct {
		Parallel      int `yaml:"parallel"`        // runs at once, besides those that a person asked for
		RowsPerSecond int `yaml:"rows_per_second"` // that one run compares at most; 0: as fast as it can
	} `yaml:"reconcile"`

	Provinces []Province `yaml:"provinces"`
}

// Province is one province that headquarters takes records from.
type Province struct {
	Code      int    `yaml:"code"`
	PublicKey string `yaml:"public_key"` // nkey of its credential; its seed stays in the province
	SeedFile  string `yaml:"seed_file"`  // national's own nkey seed in the province's account of a running hub
	TimeZone  string `yaml:"time_zone"`  // IANA name
	Reconcile string `yaml:"reconcile"`  // cron expression in the province's time zone; empty: only on demand
}

// NewConfig gives the defaults: everything that needs no other system, on loopback.
func NewConfig() Config {
	var c Config
	c.Data = "data/national"
	c.Log = "info"
	c.Account = account.DefaultSettings()
	c.Alarm = alarm.DefaultConfig()
	c.HTTP.Listen = "127.0.0.1:8000"
	c.NATS.LeafListen = "127.0.0.1:7422"
	c.NATS.MaxBytes = 16 << 30
	c.Reconcile.Parallel = 4
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
		if _, err := time.LoadLocation(p.TimeZone); err != nil {
			return fmt.Errorf("provinces[%d].time_zone: %w", i, err)
		}
	}
	return nil
}
