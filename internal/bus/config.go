package bus

import (
	"fmt"
	"strings"
)

// Member is a province as the hub knows it: two public keys in one account.
type Member struct {
	Province int16
	Leaf     string // public key of the province, for its leaf link
	National string // public key with which the national node works in the province's account
}

// HubOptions describe the national hub.
type HubOptions struct {
	Dir          string // store and configuration
	LeafListen   string // host:port for leaf links; port -1 takes a free one
	ClientListen string // host:port for clients; empty when only this process uses the server
	MaxStore     int64  // bytes of all streams together; 0: 64 GiB
	Members      []Member
}

// LeafOptions describe a province's leaf server.
type LeafOptions struct {
	Dir          string
	Province     int16
	Seed         Seed     // the province's key, for the link and for its own connections
	Hubs         []string // nats-leaf URLs of the hub, such as nats-leaf://127.0.0.1:7422
	ClientListen string   // as in HubOptions
	MaxStore     int64    // bytes of the outgoing stream; 0: 64 GiB
}

const (
	defaultMaxStore = 64 << 30
	// maxPayload holds a packed message (512 kB) or one large row that cannot be cut: a value of
	// PostgreSQL may be larger than any batch. nats-server allows 64 MB at most.
	maxPayload = 64 << 20
)

// HubDomain is the JetStream domain of the hub.
const HubDomain = "hub"

// DownAPI is the prefix under which a province's leaf server sources what comes down from the hub.
// It is an alias that stands for one call of the hub's JetStream, and only for consumers of the
// name DownConsumer: to begin delivery anew.
const DownAPI = "refs.api"

// DownConsumer is the durable consumer, in the province's account, that the leaf server sources from.
const DownConsumer = "leaf"

// Account is the name of a province's account, at the hub and at its leaf server.
func Account(province int16) string { return fmt.Sprintf("P%d", province) }

// LeafDomain is the JetStream domain of a province's leaf server.
func LeafDomain(province int16) string { return fmt.Sprintf("p%d", province) }

// HubConfig writes the hub's nats-server configuration. The link is not compressed: what travels
// on it is compressed already, and packing it again costs a few percent of the processor.
func HubConfig(o HubOptions) string {
	var b strings.Builder
	b.WriteString("# jike: national hub. Written by the node; edits are lost.\n")
	b.WriteString("server_name: jike-hub\n")
	writeCommon(&b, o.Dir, HubDomain, o.ClientListen, o.MaxStore)
	fmt.Fprintf(&b, "leafnodes {\n  listen: %q\n  no_advertise: true\n  compression: off\n}\n", o.LeafListen)
	b.WriteString("accounts {\n")
	for _, m := range o.Members {
		writeMember(&b, m)
	}
	b.WriteString("}\n")
	return b.String()
}

// writeMember gives the province's key what its link needs and nothing of the hub's JetStream:
// whoever steals it can neither read what the hub keeps nor delete it. The link carries calls and
// notices (ctl.>, _INBOX.>), the hub's calls to the leaf's JetStream, and the answers, deliveries
// and flow control of the stream that the hub sources. Leaving out $JS.FC.> would stall sourcing
// for good with one line in the log. The mapping is what DownAPI says: whoever uses it with a
// stolen key gets the province's own reference data delivered anew, to its own leaf server.
func writeMember(b *strings.Builder, m Member) {
	fmt.Fprintf(b, "  %s {\n    jetstream: enabled\n    users: [\n", Account(m.Province))
	fmt.Fprintf(b, "      { nkey: %s, permissions: { publish: { deny: [\"$JS.%s.>\", \"$JS.API.>\"] }, subscribe: { deny: [\"$JS.%s.>\", \"$JS.API.>\"] } } }\n",
		m.Leaf, HubDomain, HubDomain)
	fmt.Fprintf(b, "      { nkey: %s }\n", m.National)
	b.WriteString("    ]\n")
	fmt.Fprintf(b, "    mappings: { %q: %q }\n  }\n",
		DownAPI+".CONSUMER.RESET.*."+DownConsumer, "$JS.API.CONSUMER.RESET.{{wildcard(1)}}."+DownConsumer)
}

// LeafConfig writes a province's nats-server configuration; it holds the seed, so the file must be
// readable by its owner only. The up subjects are denied on the
// link: only the stream's source may carry them, or the hub would store each message twice.
func LeafConfig(o LeafOptions) string {
	var b strings.Builder
	b.WriteString("# jike: leaf server of a province. Written by the node; edits are lost.\n")
	fmt.Fprintf(&b, "server_name: jike-%s\n", LeafDomain(o.Province))
	writeCommon(&b, o.Dir, LeafDomain(o.Province), o.ClientListen, o.MaxStore)
	fmt.Fprintf(&b, "accounts {\n  %s {\n    jetstream: enabled\n    users: [ { nkey: %s } ]\n  }\n}\n",
		Account(o.Province), o.Seed.Public())
	urls := make([]string, len(o.Hubs))
	for i, url := range o.Hubs {
		urls[i] = fmt.Sprintf("%q", url)
	}
	fmt.Fprintf(&b, "leafnodes {\n  reconnect: \"500ms\"\n  remotes: [ {\n    compression: off\n    urls: [%s]\n    account: %s\n    nkey: %s\n    deny_exports: [\"up.>\"]\n    deny_imports: [\"down.>\"]\n  } ]\n}\n",
		strings.Join(urls, ", "), Account(o.Province), o.Seed.text())
	return b.String()
}

func writeCommon(b *strings.Builder, dir, domain, listen string, maxStore int64) {
	if listen != "" {
		fmt.Fprintf(b, "listen: %q\n", listen)
	}
	if maxStore == 0 {
		maxStore = defaultMaxStore
	}
	fmt.Fprintf(b, "max_payload: %d\nmax_pending: %d\n", maxPayload, 4*maxPayload)
	fmt.Fprintf(b, "jetstream {\n  store_dir: %q\n  domain: %s\n  sync_interval: always\n  max_memory_store: 67108864\n  max_file_store: %d\n}\n",
		dir, domain, maxStore)
}
