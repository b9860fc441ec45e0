package ledger

import (
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// timeFormat is RFC 3339 in UTC with milliseconds, the product's form of a time.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Now is the transaction's time in UTC, cut to milliseconds.
//
// It is the client's claim, the same on every peer because it is part of the
// signed proposal. An endorsing peer refuses a proposal whose time is further
// from its own clock than its window allows (15 minutes unless configured), so a
// client can shift a record by that much and no more; it must not be the only
// thing that a deadline rests on.
func (t *Tx) Now() time.Time { return t.now }

func readClock(stub shim.ChaincodeStubInterface) (time.Time, error) {
	ts, err := stub.GetTxTimestamp()
	if err != nil {
		return time.Time{}, fault.Wrap(err, "read transaction time")
	}
	if err := ts.CheckValid(); err != nil {
		return time.Time{}, fault.New(fault.CodeTimeInvalid, "the transaction has no valid time").Because(err)
	}
	now := ts.AsTime().UTC().Truncate(time.Millisecond)
	if now.UnixMilli() < 0 {
		// Keys and records hold times since 1970 only.
		return time.Time{}, fault.New(fault.CodeTimeInvalid, "the transaction's time is before 1970")
	}
	return now, nil
}
