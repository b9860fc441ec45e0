// Package rules holds every business rule of lifeledger, one package for each
// subject, and no code of its own.
//
// A rule is a decision that two companies could argue about: who may do what,
// which step may follow which, what counts as a breach of the agreed terms, and
// what it costs. It is plain Go that gets everything it decides on as arguments
// and gives back what has changed, or a fault that says why not. It
// reads no clock, no file, no network, no environment and no random number,
// starts no goroutine, iterates over no map, and computes with integers only: so
// every peer comes to the same answer, today and when a court asks in ten years.
// The receiver of a decision is never changed; a refusal changes nothing.
//
// Packages under rules import the standard library and one another, and nothing
// else; not os, net, log, reflect, math/rand, testing or unsafe. Loading and storing
// belong to chaincode/contract and chaincode/ledger, signatures to chaincode/dsse,
// status codes to gateway/problem. The tests beside this file hold all of that.
//
// The meaning of a rule never changes under its id: a new meaning gets a new id,
// or a new rule set, and shipments keep the one that they were agreed under.
//
//   - fault: the one error that leaves a rule, and the catalogue of its codes
//   - measure: readings, units, times; thousandths in integers
//   - money: amounts, accounts
//   - party: organisations, devices, the table of permissions
//   - component: announcement and ownership of one component
//   - assembly: machines, what is installed in them, as built and as maintained
//   - usage: counters and the thresholds at which something falls due
//   - service: agreements, maintenance plans, requests, work, and what it costs
//   - shipment: terms, custody, judgement of readings, settlement
//
// README.md and docs/rules/README.md are generated from the rules themselves:
//
//go:generate go test -run TestTheCataloguesAreUpToDate -update .
package rules
