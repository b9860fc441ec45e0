// Package ledgertest owns an in-memory ledger for tests that behaves as Fabric
// does where Fabric surprises: no read-your-own-writes, versions checked at
// commit, phantoms, key-level endorsement, paged scans that forbid writes,
// composite-key order, one event. It refuses what the product does not use
// (private data, rich queries, history, calls between chaincodes) with an error.
//
// Invariant: a transaction is simulated on committed state only, at least twice,
// and counts as endorsed only if every simulation gave the same bytes.
//
// Differences from a peer, all visible in this package only: a range read of more
// than 50 keys keeps its raw reads instead of a Merkle summary; blocks are cut by
// the test; signatures of endorsers are taken as given; a panic of the chaincode
// reaches the test.
package ledgertest
