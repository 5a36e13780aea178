// Package bench is the command `jike bench`: it measures ratios within one run, ours against what
// PostgreSQL or JSON would do, and prints them as lines "name value unit".
package bench

// Cmd groups the measurements.
type Cmd struct {
	Sync       Sync       `cmd:"" help:"Replication through the stream against PostgreSQL's own logical replication."`
	SyncCopy   SyncCopy   `cmd:"" help:"The first copy of a province that joins with rows against COPY piped into COPY."`
	SyncJoin   SyncJoin   `cmd:"" help:"Thirty-one provinces with rows join headquarters at once: memory and fairness."`
	Reconcile  Reconcile  `cmd:"" help:"A reconciliation against a fixed aggregate in psql; ten planted differences found and repaired."`
	XML        XML        `cmd:"" name:"xml" help:"The partner's query of a customer with its family against the portal's JSON overview."`
	Duplicates Duplicates `cmd:"" help:"The question whether a customer that is typed is there already, at a million customers."`
	Portal     Portal     `cmd:"" help:"Lists, search and the overview of a province with a million customers, at a set rate."`
	Report     Report     `cmd:"" help:"Headquarters' reports over the summaries of 31 provinces and 36 months."`
	Servers    Servers    `cmd:"" hidden:""`
}
