package authority

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

var (
	underWay  = in("shipment", "agreed", "packed", "in-transit")
	travels   = in("shipment", "in-transit")
	delivered = in("shipment", "delivered")
)

var shipmentRows = []Row{
	{Transaction: "shipment:Propose", Needs: party.ProposeShipment, As: []Relation{NamedParty}, Also: "the carriers have a role that carries"},
	{Transaction: "shipment:AmendTerms", Needs: party.ProposeShipment, As: []Relation{Party}, In: []In{in("shipment", "proposed")}, Also: "the carriers have a role that carries"},
	{Transaction: "shipment:AcceptTerms", Needs: party.ProposeShipment, As: []Relation{Party}, In: []In{in("shipment", "proposed")}, Also: "once"},
	{Transaction: "shipment:WithdrawTerms", As: []Relation{Party}, In: []In{in("shipment", "proposed")}},
	{Transaction: "shipment:Pack", As: []Relation{Consignor}, In: []In{in("shipment", "agreed")}},
	{Transaction: "shipment:OfferHandover", As: []Relation{Consignor, Custodian}, In: []In{underWay}, Also: "the consignor before the goods travel, then who has them"},
	{Transaction: "shipment:AcceptHandover", As: []Relation{Offeree}, Refusal: fault.CodeHandoverNoOffer},
	{Transaction: "shipment:DeclineHandover", As: []Relation{Offeree, Offerer}, Refusal: fault.CodeHandoverNoOffer},
	{Transaction: "shipment:RecordCheckpoint", As: []Relation{Custodian}, In: []In{travels}},
	{Transaction: "shipment:Split", As: []Relation{Custodian}, In: []In{travels}, Also: "of this part"},
	{Transaction: "shipment:Join", As: []Relation{Custodian}, In: []In{travels}, Also: "of both parts"},
	{Transaction: "shipment:Cancel", As: []Relation{Party}, In: []In{underWay}, Also: "once"},
	{Transaction: "shipment:DeclareLost", As: []Relation{Consignor, Consignee, Payer}, In: []In{travels}, Also: "once the time is over"},
	{Transaction: "shipment:RecordReadings", Needs: party.RecordReadings, Finishes: true, In: []In{in("shipment", "packed", "in-transit", "delivered", "lost")}, Also: "a device that the terms name has signed them"},
	{Transaction: "shipment:AnnounceSessionKey", Needs: party.RecordReadings, Finishes: true, In: []In{in("shipment", "agreed", "packed", "in-transit", "delivered")}, Also: "the device has signed it"},
	{Transaction: "shipment:ReportFork", Needs: party.RecordReadings, Finishes: true, Also: "the device has signed two histories"},
	{Transaction: "shipment:OpenSegments", As: []Relation{Party}},
	{Transaction: "shipment:AcknowledgeExcursion", As: []Relation{Party}, Also: "once for each excursion"},
	{Transaction: "shipment:AcceptDelivery", As: []Relation{Consignee}, In: []In{delivered}},
	{Transaction: "shipment:OpenDispute", As: []Relation{Party}, In: []In{in("shipment", "delivered", "lost")}, Also: "against a carrier, by who is not that carrier"},
	{Transaction: "shipment:AddEvidence", As: []Relation{Party}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}},
	{Transaction: "shipment:OfferResolution", As: []Relation{Party}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}, Also: "claimant and carrier"},
	{Transaction: "shipment:AcceptResolution", As: []Relation{Party}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}, Also: "the side that has not offered it"},
	{Transaction: "shipment:DecideDispute", As: []Relation{Arbiter}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}},
	{Transaction: "shipment:WithdrawDispute", As: []Relation{Party}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}, Also: "the claimant"},
	{Transaction: "shipment:Settle", As: []Relation{Party}, In: []In{in("shipment", "delivered", "in-dispute", "lost")}, Also: "accepted, or the time for that is over"},
	{Transaction: "shipment:Consolidate", Also: "who has all of the goods in custody"},
	{Transaction: "shipment:OfferConsolidation", As: []Relation{ConsolidationCustodian}},
	{Transaction: "shipment:AcceptConsolidation", As: []Relation{ConsolidationOfferee}, Refusal: fault.CodeHandoverNoOffer},
	{Transaction: "shipment:DeclineConsolidation", As: []Relation{ConsolidationOfferee, ConsolidationCustodian}, Refusal: fault.CodeHandoverNoOffer},
	{Transaction: "shipment:Deconsolidate", As: []Relation{ConsolidationCustodian}},
	{Transaction: "shipment:AttestParticipation", Needs: party.ProposeShipment, Also: "who was a party to the shipments, by outcomes that are not counted yet"},
}

var moneyRows = []Row{
	{Transaction: "settlement:Issue", Needs: party.HoldAccount, Also: "its own tokens, to itself"},
	{Transaction: "settlement:Redeem", Needs: party.HoldAccount, Finishes: true, Also: "its own tokens"},
	{Transaction: "settlement:Collect", Needs: party.HoldAccount, Finishes: true, As: []Relation{AccountHolder}},
	{Transaction: "settlement:Spread", Needs: party.HoldAccount, As: []Relation{AccountHolder}},
	{Transaction: "settlement:RequestRedemption", Needs: party.HoldAccount, Finishes: true, Also: "of another's tokens"},
	{Transaction: "settlement:ConfirmRedemption", Needs: party.HoldAccount, Finishes: true, As: []Relation{RedemptionIssuer}, In: []In{in("redemption", "requested")}},
	{Transaction: "settlement:DeclineRedemption", Needs: party.HoldAccount, Finishes: true, As: []Relation{RedemptionIssuer}, In: []In{in("redemption", "requested")}},
	{Transaction: "settlement:WithdrawRedemption", Needs: party.HoldAccount, Finishes: true, As: []Relation{RedemptionHolder}, In: []In{in("redemption", "requested")}},
}

var channelRows = []Row{
	{Transaction: "paychannel:Open", Needs: party.HoldAccount, Also: "its key has signed it"},
	{Transaction: "paychannel:Accept", Needs: party.HoldAccount, As: []Relation{Counterparty}, In: []In{in("payment channel", "offered")}, Refusal: fault.CodeKeyProofInvalid, Also: "its key has signed it"},
	{Transaction: "paychannel:Withdraw", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "offered")}},
	{Transaction: "paychannel:TopUp", Needs: party.HoldAccount, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open")}},
	{Transaction: "paychannel:ReplaceKey", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open")}, Also: "the new key has signed it"},
	{Transaction: "paychannel:Present", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open", "closing")}, Also: "the other side has signed what is shown"},
	{Transaction: "paychannel:Close", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open")}},
	{Transaction: "paychannel:ReportContradiction", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open", "closing", "finished")}},
	{Transaction: "paychannel:Finish", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "closing")}, Also: "once its time is over"},
	{Transaction: "paychannel:FinishJointly", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "open", "closing")}, Also: "both keys have signed it"},
	{Transaction: "paychannel:Itemise", Needs: party.HoldAccount, Finishes: true, As: []Relation{Opener, Counterparty}, In: []In{in("payment channel", "finished")}, Also: "each side its own"},
}
