package api

import "github.com/lifeledger/lifeledger/chaincode/rules/disclosure"

// AttestParticipation asks for an attestation under the pseudonym that the
// caller's organisation has by Secret (PV11).
type AttestParticipation struct {
	Secret    string                `json:"secret"` // 16 to 32 bytes in hexadecimal; another secret is another pseudonym
	Role      disclosure.TakingPart `json:"role"`
	Shipments []disclosure.Salted   `json:"shipments"` // 1 to 50, settled
}

// AttestationRef names an attestation.
type AttestationRef struct {
	Pseudonym string `json:"pseudonym"`
	Number    uint64 `json:"number"`
}

// CheckDisclosure asks whether what was shown opens an attestation.
type CheckDisclosure struct {
	Pseudonym    string              `json:"pseudonym"`
	Number       uint64              `json:"number"`
	Organisation string              `json:"organisation,omitempty" metadata:",optional"` // with Secret
	Secret       string              `json:"secret,omitempty" metadata:",optional"`
	Shipments    []disclosure.Salted `json:"shipments,omitempty" metadata:",optional"`
}

// Disclosure is an attestation and what was shown to be behind it. Everything in
// it has been checked.
type Disclosure struct {
	Attestation  disclosure.Attestation `json:"attestation"`
	Organisation string                 `json:"organisation,omitempty" metadata:",optional"`
	Shipments    []string               `json:"shipments"`
}

// AttestationPage is a page of the attestations under a pseudonym.
type AttestationPage struct {
	Items []disclosure.Attestation `json:"items"`
	Next  string                   `json:"next"`
}
