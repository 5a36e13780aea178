package bus

import (
	"fmt"
	"log/slog"
	"strings"
)

// Member is a province as the hub knows it: public keys in one account.
type Member struct {
	Province int16
	Leaf     string // public key of the province, for its leaf link; empty: none is admitted
	Next     string // a second one, admitted while the province changes its key; empty: none
	National string // public key with which the national node works in the province's account
}

// HubOptions describe the national hub.
type HubOptions struct {
	Dir          string // store and configuration
	LeafListen   string // host:port for leaf links; port -1 takes a free one
	ClientListen string // host:port for clients; empty when only this process uses the server
	MaxStore     int64  // bytes of all streams together, shared out evenly; 0: 64 GiB
	Members      []Member
	Log          *slog.Logger `json:"-"` // takes what the server warns of; nil: nothing does
}

// LeafOptions describe a province's leaf server.
type LeafOptions struct {
	Dir          string
	Province     int16
	Seed         Seed         // the province's key, for the link and for its own connections
	Hubs         []string     // nats-leaf URLs of the hub, such as nats-leaf://127.0.0.1:7422
	ClientListen string       // as in HubOptions
	MaxStore     int64        // bytes of the outgoing stream; 0: 64 GiB
	Log          *slog.Logger // as in HubOptions
	own          string       // public key of the node's connection to its embedded server
}

const (
	defaultMaxStore = 64 << 30
	// maxPayload holds what a first copy asks for at once, which may be one large row (see package
	// copy); the stream's messages are much smaller. nats-server allows 64 MB at most.
	maxPayload = 64 << 20
)

// What a province's account may have at the hub. A province needs one link, and the national node
// a few connections and one stream for each epoch: whoever steals a key must not be able to take
// what the others need.
const (
	maxLinks       = 4 // the old link is still there when the new one comes, and a key may be changed meanwhile
	maxConnections = 64
	maxStreams     = 32
	maxConsumers   = 256
)

// HubDomain is the JetStream domain of the hub.
const HubDomain = "hub"

// DownAPI is the prefix under which a province's leaf server sources what comes down from the hub.
// It is an alias that stands for one call of the hub's JetStream, and only for consumers of the
// name DownConsumer: to begin delivery anew.
const DownAPI = "refs.api"

// DownConsumer is the durable consumer, in the province's account, that the leaf server sources from.
const DownConsumer = "leaf"

// downReset is the alias's subject; the star is the stream.
const downReset = DownAPI + ".CONSUMER.RESET.*." + DownConsumer

// Account is the name of a province's account, at the hub and at its leaf server.
func Account(province int16) string { return fmt.Sprintf("P%d", province) }

// LeafDomain is the JetStream domain of a province's leaf server.
func LeafDomain(province int16) string { return fmt.Sprintf("p%d", province) }

// inbox is where a province's connections take answers. It is their own, so that the province may
// be kept from listening to answers that are meant for the national node.
func inbox(province int16) string { return fmt.Sprintf("_INBOX.p%d", province) }

// HubConfig writes the hub's nats-server configuration. The link is not compressed: what travels
// on it is compressed already, and packing it again costs a few percent of the processor.
func HubConfig(o HubOptions) string {
	var b strings.Builder
	b.WriteString("# jike: national hub. Written by the node; edits are lost.\n")
	b.WriteString("server_name: jike-hub\n")
	writeCommon(&b, o.Dir, HubDomain, o.ClientListen, o.MaxStore)
	fmt.Fprintf(&b, "leafnodes {\n  listen: %q\n  no_advertise: true\n  compression: off\n}\n", o.LeafListen)
	b.WriteString(HubAccounts(o))
	return b.String()
}

// HubAccounts writes the accounts of the hub: the part of its configuration that changes when a
// province joins or changes its key. Every server of a hub has the same.
func HubAccounts(o HubOptions) string {
	share := o.MaxStore
	if share == 0 {
		share = defaultMaxStore
	}
	share /= int64(max(1, len(o.Members)))
	var b strings.Builder
	b.WriteString("accounts {\n")
	for _, m := range o.Members {
		writeMember(&b, m, share)
	}
	b.WriteString("}\n")
	return b.String()
}

// writeMember gives the province's key what its link needs, see mayPublish and mayTake. The mapping
// is what DownAPI says: whoever uses it with a stolen key gets the province's own reference data
// delivered anew, to its own leaf server.
func writeMember(b *strings.Builder, m Member, share int64) {
	fmt.Fprintf(b, "  %s {\n    jetstream { max_file: %d, max_streams: %d, max_consumers: %d }\n", Account(m.Province), share, maxStreams, maxConsumers)
	fmt.Fprintf(b, "    limits { max_connections: %d, max_leafnodes: %d, max_payload: %d }\n    users: [\n", maxConnections, maxLinks, maxPayload)
	for _, key := range []string{m.Leaf, m.Next} {
		if key != "" {
			fmt.Fprintf(b, "      { nkey: %s, allowed_connection_types: [LEAFNODE], permissions: {\n        publish: { allow: [ %s ] }\n        subscribe: { allow: [ %s ] }\n      } }\n",
				key, quoted(mayPublish(m.Province)), quoted(mayTake(m.Province)))
		}
	}
	fmt.Fprintf(b, "      { nkey: %s, allowed_connection_types: [STANDARD, IN_PROCESS] }\n", m.National)
	fmt.Fprintf(b, "    ]\n    mappings: { %q: %q }\n  }\n", downReset, "$JS.API.CONSUMER.RESET.{{wildcard(1)}}."+DownConsumer)
}

// mayPublish is what a province's link may bring into its account at the hub: notices and calls,
// answers to calls, the deliveries of the stream that the hub sources, the answers of the leaf's
// JetStream to the hub's, and for the stream that comes down the alias and the flow control of its
// one consumer. Nothing of the hub's own JetStream is among it: whoever steals the key can neither
// read what the hub keeps nor delete it.
func mayPublish(province int16) []string {
	return []string{
		fmt.Sprintf("ctl.national.%d.>", province), fmt.Sprintf("deliver.%d.>", province), "_INBOX.>", "$JSC.R.>",
		downReset, "$JS.FC.*." + DownConsumer + ".*",
	}
}

// mayTake is what a province's link may take from there: notices and calls, answers to its own
// calls, the hub's calls and flow control to the leaf's JetStream, and for the stream that comes down
// its deliveries and the hub's answers. Leaving out $JS.FC.> would stall sourcing for good with one
// line in the log.
func mayTake(province int16) []string {
	return []string{
		fmt.Sprintf("ctl.province.%d.>", province), inbox(province) + ".>",
		fmt.Sprintf("$JS.%s.API.>", LeafDomain(province)), "$JS.FC.>",
		fmt.Sprintf("deliver.down.%d.>", province), "$JSC.R.>",
	}
}

func quoted(list []string) string {
	quotes := make([]string, len(list))
	for i, s := range list {
		quotes[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(quotes, ", ")
}

// LeafConfig writes a province's nats-server configuration; it holds the seed, so the file must be
// readable by its owner only. The up subjects are denied on the
// link: only the stream's source may carry them, or the hub would store each message twice.
func LeafConfig(o LeafOptions) string {
	var b strings.Builder
	b.WriteString("# jike: leaf server of a province. Written by the node; edits are lost.\n")
	fmt.Fprintf(&b, "server_name: jike-%s\n", LeafDomain(o.Province))
	writeCommon(&b, o.Dir, LeafDomain(o.Province), o.ClientListen, o.MaxStore)
	users := []string{o.Seed.Public()}
	if o.own != "" {
		users = append(users, o.own)
	}
	for i, key := range users {
		users[i] = "{ nkey: " + key + " }"
	}
	fmt.Fprintf(&b, "accounts {\n  %s {\n    jetstream: enabled\n    users: [ %s ]\n  }\n}\n", Account(o.Province), strings.Join(users, ", "))
	fmt.Fprintf(&b, "leafnodes {\n  reconnect: \"500ms\"\n  remotes: [ {\n    compression: off\n    urls: [ %s ]\n    account: %s\n    nkey: %s\n    deny_exports: [\"up.>\"]\n    deny_imports: [\"down.>\"]\n  } ]\n}\n",
		quoted(o.Hubs), Account(o.Province), o.Seed.text())
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
