// Package projection owns the read model: the records of the ledger as rows of a
// SQL database, made from the write sets of valid transactions, block by block.
// It refuses to own questions (package query asks them) and to be believed: every
// row names the block and the transaction that it comes from, and can be held
// against the ledger. It writes nothing anywhere else.
//
// Invariant: the rows and the height that the database names are one state of the
// ledger. Whatever has happened to the process, the stream or the database in
// between, the tables are what a fresh replay of the blocks below that height gives.
package projection
