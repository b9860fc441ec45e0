package authority

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Row says who may submit one transaction that writes: with which role, in which
// relation to the records that it is about, and in which states of those.
type Row struct {
	Transaction string
	// Needs is what one of the organisation's roles has to allow; [party.Permissions]
	// says which roles do. "": the relation is enough.
	Needs party.Action
	// Later says that the role is asked for by the contract and not by the guard,
	// since who founds the consortium has none yet.
	Later bool
	// Finishes says that a role which the organisation had is enough: the transaction
	// ends or keeps safe what it has already, so that losing a role leaves nobody with
	// half of a bargain, and nothing without somebody who looks after it.
	Finishes bool
	// As are the relations, one of which the caller needs; none: anyone.
	As []Relation
	// In are the states in which it is taken, for each record that the state is of;
	// none: whatever the state.
	In []In
	// Also is what is asked for besides, in words.
	Also string
	// Refusal is the code for who has none of the relations, where it is not one of
	// the kind [fault.Forbidden].
	Refusal fault.Code
	// Delegable: the owner may let another organisation do it. Mandatable: it may
	// make it take the approval of several.
	Delegable, Mandatable bool
}

// In are states of one record.
type In struct {
	Record string
	States []string
}

// Rows is the whole table, by contract.
func Rows() []Row { return rows }

var rows = func() (all []Row) {
	for _, part := range [][]Row{participantRows, componentRows, machineRows, serviceRows, shipmentRows, moneyRows, channelRows} {
		all = append(all, part...)
	}
	return all
}()

var byName = func() map[string]Row {
	m := make(map[string]Row, len(rows))
	for _, r := range rows {
		m[r.Transaction] = r
	}
	return m
}()

// RowOf finds a transaction's row.
func RowOf(transaction string) (Row, bool) {
	r, ok := byName[transaction]
	return r, ok
}

func in(record string, states ...string) In { return In{record, states} }

var (
	living = in("component", "registered", "active", "decommissioning")
	inUse  = in("component", "registered", "active")
)

var participantRows = []Row{
	{Transaction: "participant:AnnounceOrganisation", Needs: party.AnnounceOrganisation, Later: true, Also: "the first one announces itself, and nobody does after that; nobody is announced twice; a registrar or a standards body at the founding only"},
	{Transaction: "participant:ChangeRoles", As: []Relation{Itself, ConsortiumMember}, Also: "what an organisation gives up of its own is done; everything else waits for the majority of the others, two at least where it is about somebody else"},
	{Transaction: "participant:AgreeToRoles", As: []Relation{ConsortiumMember}, In: []In{in("change of roles", "open")}, Also: "once, nobody about its own, and not what another decision has overtaken"},
	{Transaction: "participant:VerifyOrganisation", Needs: party.VerifyOrganisation, Also: "not itself"},
	{Transaction: "participant:WithdrawVerification", As: []Relation{Verifier}, In: []In{in("verification", "given")}},
	{Transaction: "participant:PublishStandard", Needs: party.PublishStandard},
	{Transaction: "participant:WithdrawStandard", As: []Relation{Publisher}, In: []In{in("standard", "published", "superseded")}},
	{Transaction: "participant:RegisterDevice", Needs: party.RegisterDevice, Also: "the device's key has signed it for this organisation"},
	{Transaction: "participant:RotateDeviceKey", As: []Relation{Registrar}, In: []In{in("device", "active")}, Refusal: fault.CodeKeyProofInvalid, Also: "the old and the new key have signed it"},
	{Transaction: "participant:RevokeDevice", As: []Relation{Registrar}, In: []In{in("device", "active")}},
	{Transaction: "participant:AnnounceEncryptionKey", Needs: party.ProposeShipment, Finishes: true},
	{Transaction: "participant:IssueCredential", Needs: party.IssueCredential, Also: "the engineer's key has signed it for this organisation"},
	{Transaction: "participant:RenewCredential", Needs: party.IssueCredential, As: []Relation{Issuer}, In: []In{in("credential", "active")}},
	{Transaction: "participant:RotateCredentialKey", As: []Relation{Issuer}, In: []In{in("credential", "active")}, Refusal: fault.CodeKeyProofInvalid, Also: "the new key has signed it"},
	{Transaction: "participant:RevokeCredential", As: []Relation{Issuer}, In: []In{in("credential", "active")}},
	{Transaction: "participant:QuarantineStatement", Needs: party.CarryStatement, Finishes: true, Also: "an engineer has signed it, too late"},
	{Transaction: "participant:ReleaseStatement", As: []Relation{QuarantineIssuer}, In: []In{in("quarantine", "held")}},
	{Transaction: "participant:RejectStatement", As: []Relation{QuarantineIssuer}, In: []In{in("quarantine", "held")}},
}

var componentRows = []Row{
	{Transaction: "component:Register", Needs: party.RegisterComponent},
	{Transaction: "component:RecordValidation", Needs: party.CarryStatement, In: []In{living}, Also: "an engineer with the skill has signed it, or the component itself"},
	{Transaction: "component:OfferOwnership", As: []Relation{Owner}, In: []In{inUse}, Delegable: true, Mandatable: true, Also: "neither held, recalled, pledged nor installed"},
	{Transaction: "component:AcceptOwnership", Needs: party.OwnComponent, As: []Relation{Receiver}, In: []In{inUse}, Refusal: fault.CodeOwnershipNoOffer, Also: "neither held, recalled, installed, nor pledged to another"},
	{Transaction: "component:DeclineOwnership", As: []Relation{Owner, Receiver}, In: []In{living}, Delegable: true},
	{Transaction: "component:Relocate", As: []Relation{Owner}, In: []In{living}, Delegable: true},
	{Transaction: "component:PlaceHold", As: []Relation{Maker, Owner, Regulator}, In: []In{living}},
	{Transaction: "component:ReleaseHold", As: []Relation{Placer, Owner}, In: []In{living}, Mandatable: true, Also: "the owner lifts an owner's hold only"},
	{Transaction: "component:Delegate", As: []Relation{Owner}, In: []In{living}, Mandatable: true, Also: "not installed"},
	{Transaction: "component:GrantAccess", As: []Relation{Owner}, In: []In{living}, Mandatable: true, Also: "a device or an engineer of the owner's has signed it"},
	{Transaction: "component:GrantReading", As: []Relation{Owner}, In: []In{living}, Mandatable: true, Also: "not installed; a name stands for one key in an owner's time, and a grant in force loses nothing"},
	{Transaction: "component:RevokeDelegation", As: []Relation{Owner}, In: []In{living}},
	{Transaction: "component:RecordAccess", Needs: party.CarryStatement, Finishes: true, In: []In{living}, Also: "who holds the key of a delegation in force has signed it"},
	{Transaction: "component:SetMandate", As: []Relation{Owner}, In: []In{living}, Mandatable: true, Also: "what is under a mandate takes its approval"},
	{Transaction: "component:AskApproval", As: []Relation{Owner, Member}, In: []In{living}},
	{Transaction: "component:Approve", Needs: party.CarryStatement, Finishes: true, As: []Relation{Member, Carrying}, In: []In{living}, Also: "once for each member; an engineer's word is brought by anyone"},
	{Transaction: "component:IssueRecall", Needs: party.RegisterComponent, Finishes: true, Also: "of the caller's own part numbers"},
	{Transaction: "component:ReleaseRecall", As: []Relation{Recaller}, Refusal: fault.CodeRecallNone},
	{Transaction: "component:ClearRecall", As: []Relation{Maker}, In: []In{living}},
	{Transaction: "component:AttachDocument", As: []Relation{Owner, Maker}, In: []In{living}, Delegable: true},
	{Transaction: "component:OfferPledge", As: []Relation{Owner}, In: []In{in("component", "active")}, Mandatable: true, Also: "neither held, recalled, pledged nor installed"},
	{Transaction: "component:AcceptPledge", Needs: party.HoldAccount, As: []Relation{Lender}, In: []In{in("component", "active"), in("pledge", "offered")}},
	{Transaction: "component:EndPledge", As: []Relation{Lender, Pledger}, In: []In{living, in("pledge", "offered", "in-force")}, Also: "while it is in force, the lender only"},
	{Transaction: "component:Decommission", As: []Relation{Owner}, In: []In{inUse}, Delegable: true, Mandatable: true, Also: "neither pledged, installed, travelling nor held as evidence"},
	{Transaction: "component:ConfirmDecommission", As: []Relation{Maker, Owner}, In: []In{in("component", "decommissioning")}, Mandatable: true, Also: "the owner, once the maker's time is over"},
	{Transaction: "component:WithdrawDecommission", As: []Relation{Owner}, In: []In{in("component", "decommissioning")}, Delegable: true},
	{Transaction: "component:ReturnCore", As: []Relation{Owner}, In: []In{inUse}, Delegable: true, Mandatable: true},
	{Transaction: "component:RecordTest", Needs: party.TestComponent, In: []In{inUse}},
	{Transaction: "component:AskConcession", As: []Relation{Owner, Maker}, In: []In{inUse}, Delegable: true},
	{Transaction: "component:DecideConcession", As: []Relation{Maker}, In: []In{inUse, in("concession", "asked")}},
	{Transaction: "component:RecordProcess", Needs: party.ReworkComponent, In: []In{inUse}, Mandatable: true},
	{Transaction: "component:DecideProcess", As: []Relation{Owner}, In: []In{inUse, in("process", "proposed")}, Delegable: true, Mandatable: true},
	{Transaction: "component:ChallengeTag", Needs: party.ScanComponent, In: []In{living}, Also: "its tag signs"},
	{Transaction: "component:Activate", As: []Relation{Consignee, Owner, Maker}, In: []In{in("component", "registered")}, Also: "the owner, unless the maker has named another; the maker to consent"},
	{Transaction: "component:RecordTagScan", Needs: party.ScanComponent, In: []In{living}},
	{Transaction: "component:ContestRegistration", Needs: party.ContestComponent, In: []In{living}, Also: "not its announcer"},
	{Transaction: "component:CloseFinding", As: []Relation{Owner, Maker, Reporter, Regulator}, In: []In{living}, Also: "that it is another's: who said so, or a regulator; everything else: owner or maker"},
}

var (
	machineLives = in("machine", "registered", "active", "decommissioning")
	machineInUse = in("machine", "registered", "active")
)

var machineRows = []Row{
	{Transaction: "component:DefineSlots", Needs: party.KeepMachine, As: []Relation{MachineOwner, Keeper}, In: []In{machineInUse}, Also: "the keeper, once there is one"},
	{Transaction: "component:AmendSlots", Needs: party.KeepMachine, As: []Relation{Keeper}, In: []In{machineInUse}},
	{Transaction: "component:Install", Needs: party.KeepMachine, Finishes: true, As: []Relation{MachineOwner, Serving}, In: []In{machineInUse}, Also: "the service company, for an open request"},
	{Transaction: "component:Remove", Needs: party.KeepMachine, Finishes: true, As: []Relation{MachineOwner, Serving}, In: []In{machineInUse}, Also: "the service company, for an open request"},
	{Transaction: "component:Replace", Needs: party.KeepMachine, Finishes: true, As: []Relation{MachineOwner, Serving}, In: []In{machineInUse}, Also: "the service company, for an open request"},
	{Transaction: "component:CompleteAssembly", Needs: party.KeepMachine, Finishes: true, As: []Relation{Keeper}, In: []In{machineInUse}},
	{Transaction: "component:HandOverConfiguration", Needs: party.KeepMachine, Finishes: true, As: []Relation{Keeper, MachineOwner}, In: []In{machineInUse}, Also: "the owner, once the warranty is over"},
	{Transaction: "component:ReportUsage", Needs: party.RecordReadings, Finishes: true, In: []In{living}, Also: "the component itself has signed it, or a device of its owner"},
	{Transaction: "component:ReplaceMeter", Needs: party.KeepMachine, Finishes: true, As: []Relation{Owner, ServingPart}, In: []In{inUse}, Also: "the service company, for an open request"},
	{Transaction: "component:RecordMachineScan", Needs: party.RecordReadings, Finishes: true, In: []In{machineLives}, Also: "the machine itself has signed it, or a device or engineer of its owner or service company"},
}

var serviceRows = []Row{
	{Transaction: "service:ProposeAgreement", As: []Relation{NamedOperator, NamedProvider}, Also: "the provider has a role that provides service, the operator one that owns things"},
	{Transaction: "service:AcceptAgreement", As: []Relation{AgreementOperator, AgreementProvider}, In: []In{in("agreement", "proposed")}, Also: "the side that has not proposed it"},
	{Transaction: "service:DeclineAgreement", As: []Relation{AgreementOperator, AgreementProvider}, In: []In{in("agreement", "proposed")}},
	{Transaction: "service:EndAgreement", As: []Relation{AgreementOperator, AgreementProvider}, In: []In{in("agreement", "active")}},
	{Transaction: "service:CoverComponents", As: []Relation{AgreementOperator}, In: []In{in("agreement", "active")}, Also: "of what it owns"},
	{Transaction: "service:AttachPlan", As: []Relation{Maker}, In: []In{living}, Also: "while it owns the component"},
	{Transaction: "service:ChangePlan", As: []Relation{Owner, Maker}, In: []In{living}, Also: "both agree, while the warranty runs"},
	{Transaction: "service:RaiseDue", Needs: party.AskLedger, Finishes: true, Also: "something has fallen due"},
	{Transaction: "service:ReportFault", As: []Relation{Owner, Serving}, In: []In{inUse}},
	{Transaction: "service:AcceptRequest", As: []Relation{Provider, Operator}, In: []In{in("request", "raised")}, Also: "the operator where nobody else serves it"},
	{Transaction: "service:RejectRequest", As: []Relation{Provider}, In: []In{in("request", "raised", "accepted", "scheduled")}},
	{Transaction: "service:AssignRequest", As: []Relation{Served}, In: []In{in("request", "raised", "rejected")}, Also: "to itself, or under an agreement of its own"},
	{Transaction: "service:ScheduleRequest", As: []Relation{Provider}, In: []In{in("request", "accepted", "scheduled")}, Also: "an engineer of its own, with the skill"},
	{Transaction: "service:StartWork", As: []Relation{Provider}, In: []In{in("request", "scheduled")}, Also: "it is still the operator's, and its machine"},
	{Transaction: "service:RecordStep", As: []Relation{Provider}, In: []In{in("request", "started")}, Also: "it is still the operator's, and its machine"},
	{Transaction: "service:CompleteWork", Needs: party.CarryStatement, Finishes: true, In: []In{in("request", "started")}, Also: "an engineer of the provider's with the skill has signed it"},
	{Transaction: "service:ReturnWork", As: []Relation{Operator}, In: []In{in("request", "done")}},
	{Transaction: "service:ConfirmWork", As: []Relation{Operator, Provider, Served}, In: []In{in("request", "done")}, Also: "the provider where the machine's own scan agrees, or nobody has said anything for long"},
	{Transaction: "service:CancelRequest", As: []Relation{Operator, Provider, Served, ServedMachine}, In: []In{in("request", "raised", "accepted", "scheduled", "started", "rejected")}, Also: "before it is begun, the owner, and not of what is critical for safety; begun, the provider, and the owner that has paid; each of them, where nothing can come of it; all but the provider having seen the steps on record"},
	{Transaction: "service:MarkOverdue", Needs: party.AskLedger, Finishes: true, In: []In{in("request", "raised", "accepted", "scheduled", "started", "rejected")}, Also: "its time and tolerance are over"},
	{Transaction: "service:PaySteps", As: []Relation{Operator, Provider}, In: []In{in("request", "started", "done", "cancelled")}, Also: "the provider, once another than itself has called it off"},
	{Transaction: "service:ChargeUsage", As: []Relation{AgreementOperator, AgreementProvider}},
	{Transaction: "service:ReportCondition", Needs: party.CarryStatement, In: []In{living}, Also: "the component itself has signed it, or a device of its owner"},
	{Transaction: "service:PromisePart", As: []Relation{Supplier}, In: []In{in("part order", "ordered", "promised")}},
	{Transaction: "service:DeclinePartOrder", As: []Relation{Supplier}, In: []In{in("part order", "ordered", "promised")}},
	{Transaction: "service:DeliverPart", As: []Relation{Supplier}, In: []In{in("part order", "ordered", "promised")}},
	{Transaction: "service:WithdrawPartOrder", As: []Relation{Buyer}, In: []In{in("part order", "ordered", "promised")}},
	{Transaction: "service:IssueCertificate", Needs: party.CarryStatement, Finishes: true, In: []In{in("request", "done", "confirmed")}, Also: "certifying staff have signed it"},
}
