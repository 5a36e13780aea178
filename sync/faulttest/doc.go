// Package faulttest breaks a running replication in every way that the design promises to survive,
// and checks from outside that nothing was lost, doubled, torn or leaked.
//
// # The rig
//
// A Rig is a province and headquarters in which every part is a process of its own: PostgreSQL of
// both, the nats-servers of leaf and hub, capture with the province's side of reconciliation, and
// apply with headquarters' side. Each can be killed, stopped and started by itself. The Go parts
// are the test binary, started again with a role (Main). Leaf and hub reach each other only
// through a Link, a proxy that cuts, delays, slows down and looks at what passes. The leaf's store lies on
// a file system of its own (Volume), whose power can be cut: what was not synced is gone then.
//
// # The checker
//
// Writers (Load) keep a history: each transaction of a lane carries the lane's next number, writes an
// appended row with it, and stores in a table that never leaves the province what the lane's
// selected rows then are. Some transactions also carry the next number of one serial of the whole
// province, drawn under a lock that is held to the commit, so that its order is the commit order.
// An Observer polls headquarters and judges every state it sees, by plain SQL and nothing of the product:
//
//	whole      the rows of a lane are exactly those after its transaction n, and no other number's
//	ordered    the serials seen are 1 to the highest, without a gap; no transaction is there
//	           without one that ended before it began; no number goes back
//	complete   in the end both databases hold the same rows, column by column
//	silent     no value planted in unselected rows and columns was on the link or in a stream
//
// A row whose large values were not in the log when it entered the selection waits for its
// repair; what is known to wait (sync.divergence) is listed apart and judged when it has come. So are
// keys of which a change is parked (sync.dirty), until they are repaired. Where the log has a gap, or
// is another one, a new epoch begins, and headquarters shows a state of the history again when its
// own reconciliation has proved that epoch. An epoch that begins without need is a finding.
//
// # Faults
//
// A Fault is a named function of the rig and a seeded source of random numbers. TestFaults carries each
// out once, the long run (JIKE_LONG) as many rounds as JIKE_ROUNDS says, and both compare after each.
// What is drawn follows from the seed, which is printed and taken from JIKE_SEED; when it happens
// does not, since no two runs have the same speed.
//
// # Negative controls
//
// A check that cannot fail proves nothing. The controls build this package with one mechanism of the product
// switched off, by an overlay of one source file that exists only for that build, and demand
// that the suite fails with the finding that names it.
package faulttest
