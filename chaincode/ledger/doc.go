// Package ledger owns the way to the shared state: keys, encoding, reads and
// writes, pages, the caller, the clock and the one event of a transaction. It
// refuses to know a business rule: package contract loads, asks rules, stores.
//
// Invariant: whatever a transaction does here comes out byte for byte the same
// on every endorsing peer, and costs the same however long the history is.
// Hence no map is iterated, no wall clock is read, no float is stored, and a
// writing transaction cannot scan.
//
// Writes are collected and leave in one batch at [Tx.Close]; a transaction that
// fails before writes nothing.
package ledger
