package fabric

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// endorsers says for every transaction that writes who has to be asked. It
// follows from the keys that the transaction changes (chaincode/ledger/keys.go
// says which of those have a policy of their own). A transaction that is put to
// too few fails at commit, with PolicyFailure.
var endorsers = map[api.Transaction]scope{
	api.AnnounceOrganisationTx: majority,
	api.ChangeRolesTx:          majority, // an organisation's record is the members', whose majority changes it
	api.AgreeToRolesTx:         majority,
	api.VerifyOrganisationTx:   majority,
	api.WithdrawVerificationTx: majority,
	api.PublishStandardTx:      majority,
	api.WithdrawStandardTx:     majority,
	api.RegisterDeviceTx:       majority,
	api.RotateDeviceKeyTx:      everyParty, // the device: its organisation
	api.RevokeDeviceTx:         everyParty,

	api.IssueCredentialTx:     majority,
	api.RenewCredentialTx:     everyParty, // the credential: its issuer
	api.RotateCredentialKeyTx: everyParty,
	api.RevokeCredentialTx:    everyParty,
	api.QuarantineStatementTx: majority,
	api.ReleaseStatementTx:    everyParty, // the quarantine: the issuer
	api.RejectStatementTx:     everyParty,
	api.RecordValidationTx:    majority,

	api.RegisterComponentTx: majority,
	api.OfferOwnershipTx:    everyParty, // the component: its owner
	api.AcceptOwnershipTx:   everyParty,
	api.DeclineOwnershipTx:  everyParty,

	// The component: its owner, and who lends on it.
	api.RelocateComponentTx:    everyParty,
	api.AttachDocumentTx:       everyParty,
	api.OfferPledgeTx:          everyParty,
	api.AcceptPledgeTx:         everyParty,
	api.EndPledgeTx:            everyParty,
	api.DecommissionTx:         everyParty,
	api.ConfirmDecommissionTx:  everyParty,
	api.WithdrawDecommissionTx: everyParty,
	api.ReturnCoreTx:           everyParty,
	api.RecordTestTx:           everyParty,
	api.AskConcessionTx:        everyParty,
	api.DecideConcessionTx:     everyParty,
	api.RecordProcessTx:        everyParty,
	api.DecideProcessTx:        everyParty,
	api.ActivateComponentTx:    everyParty,

	// The hold: who placed the last one; recall and clearance: the maker.
	api.PlaceHoldTx:     everyParty,
	api.ReleaseHoldTx:   everyParty,
	api.IssueRecallTx:   everyParty,
	api.ReleaseRecallTx: everyParty,
	api.ClearRecallTx:   everyParty,

	// The delegation, the mandate, the approval: the owner; a use is counted in the delegation.
	api.DelegateTx:         everyParty,
	api.GrantAccessTx:      everyParty,
	api.GrantReadingTx:     everyParty,
	api.RevokeDelegationTx: everyParty,
	api.RecordAccessTx:     everyParty,
	api.SetMandateTx:       everyParty,
	api.AskApprovalTx:      everyParty,
	api.ApproveTx:          everyParty,

	// Tags and findings, which nobody in particular protects.
	api.ChallengeTagTx:        majority,
	api.RecordTagScanTx:       majority,
	api.ContestRegistrationTx: majority,
	api.CloseFindingTx:        majority,

	// Slots, pages and counters, likewise; parts that go in or out: their owner, and who lends on them.
	api.DefineSlotsTx:           majority,
	api.AmendSlotsTx:            majority,
	api.InstallPartsTx:          everyParty,
	api.RemovePartsTx:           everyParty,
	api.ReplacePartTx:           everyParty,
	api.CompleteAssemblyTx:      majority,
	api.HandOverConfigurationTx: majority,
	api.ReportUsageTx:           majority,
	api.ReplaceMeterTx:          everyParty,
	api.RecordMachineScanTx:     majority,

	// The agreement and bills: operator and provider; payments: their accounts; what work changes: the parts.
	api.ProposeAgreementTx: majority,
	api.AcceptAgreementTx:  everyParty,
	api.DeclineAgreementTx: everyParty,
	api.EndAgreementTx:     everyParty,
	api.CoverComponentsTx:  everyParty,
	api.AcceptRequestTx:    everyParty,
	api.CompleteWorkTx:     everyParty,
	api.ConfirmWorkTx:      everyParty,
	api.PayStepsTx:         everyParty,
	api.ChargeUsageTx:      everyParty,

	// Plans, requests, steps, orders and certificates, which nobody in particular protects.
	api.AttachPlanTx:        majority,
	api.ChangePlanTx:        majority,
	api.RaiseDueTx:          majority,
	api.ReportFaultTx:       majority,
	api.RejectRequestTx:     majority,
	api.AssignRequestTx:     majority,
	api.ScheduleRequestTx:   majority,
	api.StartWorkTx:         majority,
	api.RecordStepTx:        majority,
	api.ReturnWorkTx:        majority,
	api.CancelRequestTx:     majority,
	api.MarkOverdueTx:       majority,
	api.ReportConditionTx:   majority,
	api.PromisePartTx:       majority,
	api.DeclinePartOrderTx:  majority,
	api.DeliverPartTx:       majority,
	api.WithdrawPartOrderTx: majority,
	api.IssueCertificateTx:  majority,

	api.ProposeShipmentTx:       majority,   // new records have no policy yet
	api.AcceptTermsTx:           everyParty, // the terms and the accounts that fund the escrow
	api.WithdrawTermsTx:         everyParty, // the same, and the escrow: every party
	api.OfferHandoverTx:         majority,
	api.AcceptHandoverTx:        majority,
	api.DeclineHandoverTx:       majority,
	api.RecordReadingsTx:        majority,
	api.OpenSegmentsTx:          majority,
	api.AnnounceEncryptionKeyTx: everyParty, // the key: its organisation
	api.AnnounceSessionKeyTx:    majority,
	api.ReportForkTx:            majority,
	api.SettleTx:                everyParty, // the statement, the escrow and the accounts

	api.AcknowledgeExcursionTx: majority, // a new record has no policy yet

	api.AmendTermsTx:           everyParty, // the terms, the escrow and the payer's account
	api.PackTx:                 majority,
	api.RecordCheckpointTx:     majority,
	api.CancelShipmentTx:       everyParty, // the last consent empties the escrow
	api.DeclareLostTx:          majority,
	api.SplitShipmentTx:        majority,
	api.JoinPartTx:             majority,
	api.ConsolidateTx:          majority,
	api.OfferConsolidationTx:   majority,
	api.AcceptConsolidationTx:  majority,
	api.DeclineConsolidationTx: majority,
	api.DeconsolidateTx:        majority,

	api.AcceptDeliveryTx:   everyParty, // the review of the delivery
	api.OpenDisputeTx:      everyParty,
	api.AddEvidenceTx:      everyParty,
	api.OfferResolutionTx:  everyParty,
	api.AcceptResolutionTx: everyParty,
	api.DecideDisputeTx:    everyParty,
	api.WithdrawDisputeTx:  everyParty,

	api.IssueTokensTx:  everyParty, // the account: its organisation
	api.RedeemTokensTx: everyParty,

	api.RequestRedemptionTx:  everyParty, // the holder's account
	api.ConfirmRedemptionTx:  everyParty, // the redemption: holder and issuer; the issuer's account
	api.DeclineRedemptionTx:  everyParty,
	api.WithdrawRedemptionTx: everyParty,

	api.CollectCreditsTx:      everyParty, // the credits and the account: its organisation
	api.SpreadAccountTx:       everyParty,
	api.AttestParticipationTx: majority,

	api.OpenChannelTx:          everyParty, // the opener's account; later the channel: both sides
	api.AcceptChannelTx:        everyParty,
	api.WithdrawChannelTx:      everyParty,
	api.TopUpChannelTx:         everyParty,
	api.ReplaceChannelKeyTx:    everyParty,
	api.PresentProofTx:         everyParty,
	api.CloseChannelTx:         everyParty,
	api.ReportContradictionTx:  everyParty,
	api.FinishChannelTx:        everyParty,
	api.FinishChannelJointlyTx: everyParty,
	api.ItemiseChannelTx:       everyParty,
}

// scope is how many organisations a transaction is put to.
type scope int

const (
	// everyParty: all of them, since a record names who must agree to its change.
	// The safe choice, and so the one for a transaction that is not in the table.
	everyParty scope = iota
	// majority: the own organisation and as many others, in turn, as the chaincode's
	// own policy asks for.
	majority
)

// avoidFor is how long an organisation whose peer did not answer is not asked
// first. A peer's gateway notices a dead peer itself, but only by trying it.
const avoidFor = 3 * time.Second

// roster chooses who endorses.
type roster struct {
	own string
	all []string // sorted; empty: the peer chooses

	mu    sync.Mutex
	turn  int                  // guarded by mu; whose turn it is among the others
	avoid map[string]time.Time // guarded by mu; until when
}

func newRoster(own string, all []string) *roster {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return &roster{own: own, all: slices.Compact(sorted), avoid: make(map[string]time.Time)}
}

// choose names the organisations to ask for a transaction; none means that the
// peer is to choose. At the first try an organisation that lately did not answer
// is passed over where enough others are there.
func (r *roster) choose(tx api.Transaction, now time.Time) []string {
	if len(r.all) == 0 {
		return nil
	}
	if endorsers[tx] == everyParty {
		return r.all
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var well, ill []string
	for i := range r.all {
		org := r.all[(r.turn+i)%len(r.all)]
		switch {
		case now.Before(r.avoid[org]):
			ill = append(ill, org)
		case org == r.own:
			well = slices.Insert(well, 0, org)
		default:
			well = append(well, org)
		}
	}
	r.turn = (r.turn + 1) % len(r.all)
	return append(well, ill...)[:len(r.all)/2+1]
}

// instead names whom to ask when those asked did not answer: another majority, if
// one is left. None means that the peer is to find out by itself which
// organisations this very transaction needs.
func (r *roster) instead(tx api.Transaction, asked []string, now time.Time) []string {
	if endorsers[tx] == everyParty {
		return nil
	}
	next := r.choose(tx, now)
	r.mu.Lock()
	defer r.mu.Unlock()
	same := 0
	for _, org := range next {
		if now.Before(r.avoid[org]) {
			return nil
		}
		if slices.Contains(asked, org) {
			same++
		}
	}
	if same == len(asked) {
		return nil
	}
	return next
}

// failed takes note of the organisations that an error says did not answer, and
// reports whether there are any; if not, it is the own peer that cannot be reached.
func (r *roster) failed(e *Error, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := false
	note := func(org string) { r.avoid[org], found = now.Add(avoidFor), true }
	for _, p := range e.Peers {
		if ofWords(p.Message, Internal) == Unreachable {
			note(p.Organisation)
		}
	}
	if e.cause != nil && strings.Contains(e.cause.Error(), saysNoEndorsers) {
		for _, org := range r.all {
			if strings.Contains(e.cause.Error(), org) {
				note(org)
			}
		}
	}
	return found
}
