package api

// timely are the transactions that only read and whose answer depends on when, or
// in which transaction, it is asked, and not on what is on the ledger alone.
var timely = map[Transaction]bool{
	PingTx:         true,
	FindRecordsTx:  true, // whose question may name moments before now
	CheckReadingTx: true, // what a reader is let read until now
	GetPlanDueTx:   true, // what has fallen due by now
	GetStatementTx: true, // what may be collected by now
	TrackTx:        true, // what is late by now
}

// timeless are all others that only read.
var timeless = func() map[Transaction]bool {
	all := make(map[Transaction]bool)
	for _, t := range Transactions() {
		if !t.Writes && !timely[t.Name] {
			all[t.Name] = true
		}
	}
	return all
}()

// Timeless reports whether the transaction only reads and answers the same to the
// same caller for as long as the ledger's state is the same.
func (t Transaction) Timeless() bool { return timeless[t] }
