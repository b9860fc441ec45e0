package api

import "strings"

// AskTx asks several questions in one call: its arguments are a transaction that only
// reads, its argument, the next transaction, and so on. The answer is each question's
// response as Fabric's own message, behind its length, in the order of the questions. It is
// no transaction of a contract, and not in [Transactions]: whatever is asked through it may
// be asked alone, with the same answer.
const AskTx Transaction = "questions:Ask"

// MaxQuestions is how many questions one call asks.
const MaxQuestions = 32

// lengthy are the timeless questions for one record that read more than a few.
var lengthy = map[Transaction]bool{
	GetRecordsTx:    true, // as many as its question names
	GetAccountTx:    true, // the credits that wait for it
	GetRatingTx:     true, // all outcomes
	GetMemoryTx:     true, // what a component's life left behind
	GetDelegationTx: true, // the newest of all owners'
}

// Brief reports whether the transaction only reads, and no more than a few records by their
// keys, so that it holds nobody up who asks in the same call.
func (t Transaction) Brief() bool {
	_, name, _ := strings.Cut(string(t), ":")
	return t.Timeless() && strings.HasPrefix(name, "Get") && !lengthy[t]
}
