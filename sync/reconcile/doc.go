// Package reconcile proves that headquarters holds the same rows and columns as a province at one
// exact position of the province's log, repairs what differs, and keeps a certificate that both
// nodes sign. Both keep writing all the while.
//
// # A run
//
// Headquarters drives (run), the province answers (Province). The steps, in their order:
//
//	snapshot  capture holds publishing, makes a temporary slot and learns its consistent point X; the
//	          slot's snapshot sees exactly the commits below X. The barrier is published between
//	          the last commit below X and the first at or above it, and publishing goes on.
//	barrier   apply commits everything in front of the barrier, takes a snapshot on a connection of its own,
//	          and goes on. Now each side holds a snapshot of the same moment of the province's log.
//	compare   the province cuts each table into ranges of a thousand rows of its key and digests them;
//	          headquarters digests the same ranges. A range that differs is drilled down: row by
//	          row, then column by column. Cost grows with the differences, not with the table.
//	repair    the province reads the rows that differ FOR SHARE and writes them into its log as they are
//	          now, so that they reach headquarters in order with what is being changed meanwhile.
//	recheck   a second barrier, behind the repair; the ranges that differed are compared again.
//	sign      headquarters states what was found, the province checks the statement against what it
//	          digested itself, both sign, both keep the certificate. Each certificate carries the
//	          digest of the one before.
//
// Above 10,000 differences, or 0.1 % of a table, a run stops before the repair and waits for a
// person (needsApproval), unless nothing is proved yet in this epoch, selection or schema, or a resync
// was asked for. A person may end a run at any step (Cancel); what is repaired by then stays so.
//
// # What a run is about
//
// A run compares everything, or a part: one table, or a range of its keys (Scope). Its certificate
// says so, stands in the same chain, and proves nothing about the rest: only a certificate about
// everything that left no difference proves an epoch. A resync is such a run without the limit of
// differences: it blocks nobody, truncates nothing, and transfers the differences only.
//
// A province that is a release behind headquarters is compared in the columns that both have; the
// certificate names them (shared). One that is of a newer release is refused until headquarters is
// upgraded, as its stream is.
//
// Runs begin by schedule, on demand, and by themselves: in an epoch in which nothing is proved
// (keepProving), and where a stop of the node cut one off (National.cut). Of those that nobody waits for,
// a few go on at once, the others queue (turn); they are repeated while they fail (persist).
//
// # What an interruption costs
//
// A digest is worth something at its point only, and the snapshot that keeps the point dies with its
// connection. A certificate of tables at different points would be weaker than one that says "at this
// point both sides were equal", and to vouch for it the province would have to keep signed digests of
// runs that never ended. So the unit that is repeated is the run of one province, which costs
// seconds for a million rows: provinces that were done in a night stay done. What need not end a run
// does not: requests are asked again while the link is down (call), and a lost barrier is put in
// anew (meet).
//
// # Invariants
//
//   - No false difference: both snapshots are of one position. A snapshot whose position is only
//     "about then" was wrong in most of a lab's runs; commit LSN < X, and no other rule, was right in all.
//   - None is missed: ranges lie seamlessly from the smallest to the largest possible key
//     (checkPage), and rows that only headquarters has fall into one of them.
//   - A repair cannot overtake or undo a later change: it travels in the log. A row that only
//     headquarters has is deleted if its stamp (epoch, LSN) is older than X; one whose stamp the
//     stream cannot have written is disowned first, so that it counts as older.
//   - Whatever fails ends the run as failed with its reason. It changes nothing that a repeated
//     run would not find again, so runs are simply repeated.
//   - The province signs only what it digested itself: point, epoch, selection, scope and digests of
//     the certificate are held against its own (vouch).
//   - A snapshot is leased: if headquarters goes away, the province lets it go after two minutes, so that it
//     does not keep PostgreSQL from removing dead rows.
package reconcile
