package shipment

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// MaxAcknowledgements bounds what one party may say about one excursion.
const MaxAcknowledgements = 8

// MaxComment bounds the characters of what is said at once.
const MaxComment = 500

// Acknowledgement says that a party has seen an excursion, with its comment
// (OPC UA Alarms and Conditions, Acknowledge). It never changes, and it changes
// nothing about the excursion: seeing is not agreeing.
type Acknowledgement struct {
	ShipmentID    string       `json:"shipmentId"`
	ExcursionID   string       `json:"excursionId"`
	Organisation  string       `json:"organisation"`
	Number        uint64       `json:"number"` // of this party about this excursion: 1 acknowledges, later ones add a comment
	Comment       string       `json:"comment"`
	At            measure.Time `json:"at"`
	TransactionID string       `json:"transactionId"`
}

// Acknowledge is one party's word about an excursion. said is how much it has
// said about it before.
func (e Excursion) Acknowledge(t Terms, said int, comment string, w When) (Acknowledgement, error) {
	if !slices.Contains(t.Parties(), w.Actor) {
		return Acknowledgement{}, notParty(w.Actor)
	}
	if err := party.CheckText("comment", comment, 1, MaxComment); err != nil {
		return Acknowledgement{}, err
	}
	if said >= MaxAcknowledgements {
		return Acknowledgement{}, fault.New(fault.CodeAcknowledgementsMany, "%s has commented on %s %d times", w.Actor, e.ExcursionID, said).
			With("excursionId", e.ExcursionID).With("most", MaxAcknowledgements)
	}
	return Acknowledgement{
		ShipmentID: e.ShipmentID, ExcursionID: e.ExcursionID, Organisation: w.Actor, Number: uint64(said) + 1,
		Comment: comment, At: w.Now, TransactionID: w.TransactionID,
	}, nil
}

// ParseExcursionID takes an excursion's id apart. A limit's id has no full stop
// and a device's may have, so it is read from its end.
func ParseExcursionID(id string) (device, limit string, sequence uint64, err error) {
	rest, number, ok := cutLast(id)
	if ok {
		device, limit, ok = cutLast(rest)
	}
	sequence, parse := strconv.ParseUint(number, 10, 64)
	if !ok || device == "" || limit == "" || parse != nil || strconv.FormatUint(sequence, 10) != number {
		return "", "", 0, fault.New(fault.CodeIDInvalid, "an excursion's id is device.limit.sequence").With("field", "excursionId")
	}
	return device, limit, sequence, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
