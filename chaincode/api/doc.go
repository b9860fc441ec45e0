// Package api owns the wire: the name of every contract, transaction and event,
// and the shape of every request. Answers are the records of package rules
// themselves, so that what is stored, sent and judged is one thing. Invariant:
// no floats, no maps, no custom decoding, and no two types of one name (contract-api
// tells types apart by name alone).
package api
