// Package sync is the command `jike sync`: it asks a running node about replication, and tells it
// what to do. One file per group of verbs.
package sync

// Cmd groups the verbs.
type Cmd struct {
	Explain explainCmd `cmd:"" help:"Say why a customer goes up to headquarters or not, since when, and what would change it."`
	Policy  policyCmd  `cmd:"" help:"Versions of the selection policy: list, show, propose, try, pause, resume, cancel, prove."`
	Resends resendsCmd `cmd:"" help:"Show how far the tables are whose rows are sent again, since a release added a column."`
}
