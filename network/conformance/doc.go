// Package conformance owns the proof that what is tested on the in-memory ledger
// holds on a real network: the same scenarios, the same validation codes, the
// same order of keys, and calls by Fabric's own `peer` that go around every
// gateway. It has tests only; unlike the rest of network/ they import chaincode/.
// Invariant: the suite starts its own network on free ports and leaves nothing
// running.
package conformance
