// Package contract owns the transactions: each one loads, lets a rule decide,
// stores and announces. It owns no rule. Whatever calls the chaincode comes
// through [Guard] first. Invariant: a transaction that answers with a fault has
// changed nothing.
package contract
