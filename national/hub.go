package national

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"

	"jike/internal/bus"
	"jike/internal/node"
)

// openHub connects to the hub with headquarters' key in each province's account: a hub that runs
// apart, or an embedded one.
func openHub(n *node.Node, c Config) (*bus.Hub, error) {
	o, seeds, err := HubOptions(c)
	if err != nil {
		return nil, err
	}
	o.Log = n.Log
	hub, err := bus.OpenHub(c.NATS.URL, o, seeds)
	if err != nil {
		return nil, err
	}
	n.OnClose(hub.Close)
	return hub, nil
}

// storeShare is how much of the hub's store a province has, in streams of the largest size: an old
// epoch's, a new one's, and room; what goes down (downBytes) comes on top.
const storeShare = 3

// leastStore is the least that a province's account may store, however low the limit is: what a
// higher one reserved before it was lowered must fit, or nats-server refuses to open the stream,
// even with the lower limit.
const leastStore = 64 << 30

// HubOptions are what the hub must be started with for this configuration, and headquarters' own
// keys in each province's account, which are made if they are missing.
func HubOptions(c Config) (bus.HubOptions, map[int16]bus.Seed, error) {
	seeds := map[int16]bus.Seed{}
	o := bus.HubOptions{
		Dir: filepath.Join(c.Data, "hub"), LeafListen: c.NATS.LeafListen,
		MaxStore: max(storeShare*c.NATS.MaxBytes+downBytes, leastStore) * int64(c.NATS.Replicas) * int64(max(1, len(c.Provinces))),
	}
	for _, p := range c.Provinces {
		file := p.SeedFile
		if file == "" {
			file = filepath.Join(keys(c), fmt.Sprintf("national-%d.nk", p.Code))
		}
		seed, err := bus.EnsureSeed(file)
		if err != nil {
			return bus.HubOptions{}, nil, err
		}
		seeds[int16(p.Code)] = seed
		o.Members = append(o.Members, bus.Member{Province: int16(p.Code), Leaf: p.PublicKey, Next: p.NextKey, National: seed.Public()})
	}
	return o, seeds, nil
}

// Keys are the keys of a province's credential that the hub admits.
type Keys struct {
	Province int    `json:"province"`
	Current  string `json:"current"`
	Next     string `json:"next,omitempty"`
}

// KeysOf reads them from a configuration.
func KeysOf(c Config) []Keys {
	all := make([]Keys, len(c.Provinces))
	for i, p := range c.Provinces {
		all[i] = Keys{p.Code, p.PublicKey, p.NextKey}
	}
	return all
}

// keyring answers the command `jike admin keys`: the embedded hub admits the keys that come, at
// once and without a restart.
type keyring struct {
	hub *bus.Hub

	mu     sync.Mutex
	config Config
}

// ServeHTTP answers POST with a list of Keys, one for each province that the node was started with.
func (k *keyring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var list []Keys
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, err := k.config.with(list)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	o, _, err := HubOptions(c)
	if err == nil {
		err = k.hub.Reload(o)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	k.config = c
}

// with gives the configuration with other keys.
func (c Config) with(list []Keys) (Config, error) {
	if len(list) != len(c.Provinces) {
		return c, fmt.Errorf("the configuration has %d provinces, the node was started with %d: a province joins or leaves with a restart", len(list), len(c.Provinces))
	}
	provinces := make([]Province, len(list))
	for i, k := range list {
		provinces[i] = c.Provinces[i]
		if k.Province != provinces[i].Code {
			return c, fmt.Errorf("province %d stands where the node was started with %d", k.Province, provinces[i].Code)
		}
		provinces[i].PublicKey, provinces[i].NextKey = k.Current, k.Next
	}
	c.Provinces = provinces
	return c, c.validate()
}
