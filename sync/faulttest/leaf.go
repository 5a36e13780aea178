package faulttest

import "strings"

// lazy makes a server acknowledge what it has not synced, as nats-server does by default.
func lazy(config string) string {
	return strings.Replace(config, "sync_interval: always", "sync_interval: \"10m\"", 1)
}
