// Package couchstandin is a stand-in for CouchDB, for tests only: it answers the HTTP
// calls that a Fabric peer makes of its state database, so that the ledger's rich
// queries, their indexes and their pages can be tried with real peers where there is no
// CouchDB. It owns documents with revisions, attachments, Mango selectors, indexes and
// bookmarks. It refuses to be more: one process, no replication, no views but Mango's, no
// promise about a power failure. What it does not know it answers with 501, never with a
// guess, and what it proves is our queries, never CouchDB's speed or durability.
//
// Invariant: an answer of _find depends on the documents and the question only; which
// index served it decides the order and the warning, never which documents match.
package couchstandin
