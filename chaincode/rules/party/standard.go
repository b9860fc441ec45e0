package party

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// StandardStatus is where a version of a standard stands.
type StandardStatus string

// The statuses of a standard.
const (
	StandardPublished  StandardStatus = "published"
	StandardSuperseded StandardStatus = "superseded"
	StandardWithdrawn  StandardStatus = "withdrawn"
)

// StandardRef names one version of a standard. Two publishers may give the same name.
type StandardRef struct {
	Publisher  string `json:"publisher"` // MSP id
	StandardID string `json:"standardId"`
	Version    string `json:"version"`
}

// Standard is one version of a standard, as its publisher has published it (ID7). The
// document is elsewhere; its hash says which one it is.
type Standard struct {
	Publisher     string         `json:"publisher"`
	StandardID    string         `json:"standardId"`
	Version       string         `json:"version"`
	Title         string         `json:"title"`
	DocumentHash  string         `json:"documentHash"`
	Supersedes    string         `json:"supersedes,omitempty" metadata:",optional"`   // version
	SupersededBy  string         `json:"supersededBy,omitempty" metadata:",optional"` // version
	Status        StandardStatus `json:"status"`
	PublishedAt   measure.Time   `json:"publishedAt"`
	WithdrawnFor  string         `json:"withdrawnFor,omitempty" metadata:",optional"`
	ChangedAt     measure.Time   `json:"changedAt"`
	TransactionID string         `json:"transactionId"` // that changed it last
}

// Publish makes a version of a standard.
func (s Standard) Publish(w When) (Standard, error) {
	if err := CheckID("standardId", s.StandardID); err != nil {
		return s, err
	}
	if err := CheckID("version", s.Version); err != nil {
		return s, err
	}
	if err := CheckText("title", s.Title, 1, 200); err != nil {
		return s, err
	}
	if err := CheckHash("documentHash", s.DocumentHash); err != nil {
		return s, err
	}
	s.Publisher, s.Status, s.SupersededBy, s.WithdrawnFor = w.Actor, StandardPublished, "", ""
	s.PublishedAt, s.ChangedAt, s.TransactionID = w.Now, w.Now, w.TransactionID
	return s, nil
}

// Supersede says that another version takes this one's place.
func (s Standard) Supersede(by string, w When) (Standard, error) {
	if s.Status != StandardPublished {
		return s, s.over()
	}
	s.Status, s.SupersededBy, s.ChangedAt, s.TransactionID = StandardSuperseded, by, w.Now, w.TransactionID
	return s, nil
}

// Withdraw says that nothing is to be done by this version any more. What was done by
// it before stays on record. Who is no standards body any more still may.
func (s Standard) Withdraw(reason string, w When) (Standard, error) {
	if s.Publisher != w.Actor {
		return s, fault.New(fault.CodeNotPermitted, "%s has not published %s", w.Actor, s.StandardID).With("organisation", w.Actor)
	}
	if s.Status == StandardWithdrawn {
		return s, s.over()
	}
	if err := CheckText("reason", reason, 1, 200); err != nil {
		return s, err
	}
	s.Status, s.WithdrawnFor, s.ChangedAt, s.TransactionID = StandardWithdrawn, reason, w.Now, w.TransactionID
	return s, nil
}

// Serves refuses to record that something was done by a version that was withdrawn.
// One that is superseded serves: what was built to it is tested by it.
func (s Standard) Serves() error {
	if s.Status == StandardWithdrawn {
		return s.over()
	}
	return nil
}

func (s Standard) over() error {
	return fault.New(fault.CodeStandardOver, "version %s of %s is %s", s.Version, s.StandardID, s.Status).With("status", string(s.Status))
}
