package api

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// ProposeAgreement offers an agreement about serving components, from either side.
type ProposeAgreement struct {
	AgreementID string              `json:"agreementId"`
	Operator    string              `json:"operator"` // MSP id
	Provider    string              `json:"provider"` // MSP id
	Currency    money.Currency      `json:"currency"`
	Prices      []service.StepPrice `json:"prices"`
	Rates       []service.UsageRate `json:"rates"`
	AcceptDays  int64               `json:"acceptDays,omitempty" metadata:",optional"`
	ValidFrom   measure.Time        `json:"validFrom"`
	ValidUntil  measure.Time        `json:"validUntil,omitempty" metadata:",optional"`
	TermsHash   string              `json:"termsHash,omitempty" metadata:",optional"` // hex SHA-256
}

// AgreementRef names an agreement.
type AgreementRef struct {
	AgreementID string `json:"agreementId"`
}

// CoverComponents puts components of the operator under an agreement.
type CoverComponents struct {
	AgreementID string   `json:"agreementId"`
	Components  []string `json:"components"` // ids
}

// CoveredComponents says what an agreement holds for from now on.
type CoveredComponents struct {
	AgreementID string         `json:"agreementId"`
	Covered     []service.Care `json:"covered"`
}
