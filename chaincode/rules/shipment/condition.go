package shipment

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of what is said about the condition of goods.
const (
	MaxRemarks     = 500 // characters
	MaxPhotographs = 8
	MaxMediaType   = 96
)

// Condition is how the goods looked to one side when they were packed, handed
// over, or passed a checkpoint. It is that side's word; the ledger says when and
// by whom it was given.
type Condition struct {
	Code        ConditionCode `json:"code"`
	Remarks     string        `json:"remarks,omitempty" metadata:",optional"`
	Seals       []string      `json:"seals,omitempty" metadata:",optional"` // the numbers read from the seals
	Photographs []Photograph  `json:"photographs,omitempty" metadata:",optional"`
	Scanned     []string      `json:"scanned,omitempty" metadata:",optional"` // SSCCs of the terms' logistic units
}

// ConditionCode is how the goods looked, in a word.
type ConditionCode string

// The conditions.
const (
	Good           ConditionCode = "good"
	Damaged        ConditionCode = "damaged"
	Shortage       ConditionCode = "shortage"
	OtherCondition ConditionCode = "other"
)

// Photograph is a picture that somebody keeps; the ledger keeps its hash.
type Photograph struct {
	SHA256    string `json:"sha256"` // hex
	MediaType string `json:"mediaType"`
}

// check holds the condition to its bounds, and what was scanned to the units of
// the terms.
func (c *Condition) check(t Terms) error {
	if c == nil {
		return nil
	}
	wrong := func(field, format string, args ...any) error {
		return fault.New(fault.CodeConditionInvalid, format, args...).With("field", field)
	}
	if !slices.Contains([]ConditionCode{Good, Damaged, Shortage, OtherCondition}, c.Code) {
		return wrong("code", "the condition is good, damaged, shortage or other")
	}
	if err := party.CheckText("remarks", c.Remarks, 0, MaxRemarks); err != nil {
		return err
	}
	if len(c.Seals) > MaxSeals || len(c.Photographs) > MaxPhotographs {
		return wrong("seals", "a condition has at most %d seals and %d photographs", MaxSeals, MaxPhotographs)
	}
	for i, s := range c.Seals {
		if err := party.CheckID("seals", s); err != nil {
			return err
		}
		if slices.Contains(c.Seals[:i], s) {
			return wrong("seals", "seal %s stands twice", s)
		}
	}
	for _, p := range c.Photographs {
		kind, sub, ok := strings.Cut(p.MediaType, "/")
		if len(p.SHA256) != 64 || strings.Trim(p.SHA256, "0123456789abcdef") != "" || !ok || kind != "image" || sub == "" || len(p.MediaType) > MaxMediaType || strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz0123456789+.-") != "" {
			return wrong("photographs", "a photograph is the hex SHA-256 of a file and a media type such as image/jpeg")
		}
	}
	for i, u := range c.Scanned {
		if !slices.Contains(t.LogisticUnits, u) || slices.Contains(c.Scanned[:i], u) {
			return wrong("scanned", "entry %d of what was scanned is no logistic unit of the terms, or stands twice", i)
		}
	}
	return nil
}

// seals are those that the condition names, sorted; nil when it names none.
func (c *Condition) seals() []string {
	if c == nil || len(c.Seals) == 0 {
		return nil
	}
	return slices.Sorted(slices.Values(c.Seals))
}
