package api

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// IssueTokens creates tokens in the caller's account against a stated reserve (SH13).
type IssueTokens struct {
	Currency    money.Currency `json:"currency"`
	AmountMinor money.Minor    `json:"amountMinor"`
	Reserve     string         `json:"reserve"` // where the money is that stands behind the tokens
}

// RedeemTokens destroys tokens that the caller issued and holds.
type RedeemTokens struct {
	Currency    money.Currency `json:"currency"`
	AmountMinor money.Minor    `json:"amountMinor"`
	Reference   string         `json:"reference"` // of the payment out of the reserve
}

// CollectCredits puts credits that wait to the balance, at most a hundred. The
// account is the caller's own.
type CollectCredits struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Credits      []string       `json:"credits"` // credit ids
}

// SpreadAccount divides the balance among so many shards, in equal parts. The
// account is the caller's own.
type SpreadAccount struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Shards       int            `json:"shards"` // 1 to 16
}

// RequestRedemption asks an issuer to pay out tokens that the caller holds,
// whoever issued them.
type RequestRedemption struct {
	RedemptionID string         `json:"redemptionId"`
	Issuer       string         `json:"issuer"` // MSP id
	Currency     money.Currency `json:"currency"`
	AmountMinor  money.Minor    `json:"amountMinor"`
	PayTo        string         `json:"payTo"` // where the money is to go, such as a bank reference
}

// ConfirmRedemption says that the issuer has paid.
type ConfirmRedemption struct {
	RedemptionID string `json:"redemptionId"`
	Reference    string `json:"reference"` // of the payment
}

// DeclineRedemption says that the issuer will not pay.
type DeclineRedemption struct {
	RedemptionID string `json:"redemptionId"`
	Reason       string `json:"reason"`
}

// RedemptionRef names a redemption.
type RedemptionRef struct {
	RedemptionID string `json:"redemptionId"`
}

// AccountRef names an account.
type AccountRef struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
}

// AccountListRequest asks for one page of an account's postings.
type AccountListRequest struct {
	Organisation string         `json:"organisation"`
	Currency     money.Currency `json:"currency"`
	Limit        int            `json:"limit"`
	Cursor       string         `json:"cursor,omitempty" metadata:",optional"`
}
