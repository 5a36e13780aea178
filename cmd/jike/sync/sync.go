// Package sync groups the commands with which an operator looks after the replication between
// provinces and headquarters.
package sync

// Cmd groups the commands.
type Cmd struct {
	Copy Copy `cmd:"" help:"Tell how far the first copy of provinces is that joined with rows, or give one up."`
}
