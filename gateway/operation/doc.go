// Package operation owns durable submits, exactly once: the outbox of signed
// transactions, the idempotency keys of callers, the order of operations on one
// entity, and what is tried again. It refuses to own how a peer is spoken to
// (package fabric) and what a request means (the chaincode). Invariant: what was
// acknowledged is never lost, and no request has its effect twice, whatever
// process is killed whenever.
package operation
