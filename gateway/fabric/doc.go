// Package fabric owns the way to the ledger: one connection to the
// organisation's own peer, the identity that signs, who endorses what, how long
// each step may take, and what an error of a peer means. It is the only importer
// of fabric-gateway. It refuses to own durability, retries of whole operations
// and idempotency: those are package operation's. Invariant: an error that leaves
// this package is an [*Error] with a [Condition], or the context's own error.
package fabric
