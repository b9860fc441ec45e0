package party

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Action is something that a role is needed for. What needs a relation to the
// record instead (its owner, its custodian) is decided in that record's rules.
type Action string

// The actions.
const (
	AnnounceOrganisation Action = "announce-organisation"
	RegisterDevice       Action = "register-device"
	IssueCredential      Action = "issue-credential"
	CarryStatement       Action = "carry-statement"
	AskLedger            Action = "ask-ledger"
	RegisterComponent    Action = "register-component"
	OwnComponent         Action = "own-component"
	KeepMachine          Action = "keep-machine"
	ProvideService       Action = "provide-service"
	ScanComponent        Action = "scan-component"
	ContestComponent     Action = "contest-component"
	TestComponent        Action = "test-component"
	ReworkComponent      Action = "rework-component"
	ProposeShipment      Action = "propose-shipment"
	CarryShipment        Action = "carry-shipment"
	RecordReadings       Action = "record-readings"
	HoldAccount          Action = "hold-account"
	VerifyOrganisation   Action = "verify-organisation"
	PublishStandard      Action = "publish-standard"
)

// Permission is one row of the table: any of the roles may do the action.
type Permission struct {
	Action Action
	Roles  []Role
	Says   string
}

// Permissions is the whole table.
func Permissions() []Permission {
	trading := []Role{Manufacturer, Service, Shipper, Owner}
	return []Permission{
		{AnnounceOrganisation, Roles(), "every member may announce a further organisation"},
		{RegisterDevice, trading, "who makes, keeps, carries or owns things registers devices"},
		{IssueCredential, []Role{Manufacturer, Service, Certifier}, "who makes, services or certifies things certifies engineers"},
		{CarryStatement, Roles(), "every member may carry a signed statement to the ledger"},
		{AskLedger, Roles(), "every member may ask that what has fallen due is put on record"},
		{RegisterComponent, []Role{Manufacturer}, "only a manufacturer announces components"},
		{OwnComponent, trading, "who makes, keeps, carries or owns things may own a component"},
		{ProvideService, []Role{Service}, "only a service company is contracted to serve components"},
		{ScanComponent, Roles(), "every member may read a component's tag and say where it was"},
		{ContestComponent, []Role{Manufacturer, Service, Certifier}, "who makes, serves or certifies components says that one is not its announcer's"},
		{TestComponent, []Role{Certifier, Service}, "a certifier or a service company tests components"},
		{ReworkComponent, []Role{Manufacturer, Service}, "a manufacturer or a service company remanufactures, reconditions and repairs"},
		{KeepMachine, trading, "who makes, keeps, carries or owns things installs and removes parts of machines"},
		{ProposeShipment, trading, "who makes, keeps, carries or owns things proposes and accepts shipments"},
		{CarryShipment, []Role{Shipper}, "only a shipper is named as carrier of a leg"},
		{RecordReadings, Roles(), "every member may carry a device's signed readings to the ledger"},
		{HoldAccount, trading, "who makes, keeps, carries or owns things holds accounts"},
		{VerifyOrganisation, []Role{Registrar}, "only a registrar verifies who an organisation is"},
		{PublishStandard, []Role{StandardsBody}, "only a standards body publishes standards"},
	}
}

// Permit refuses the action when none of o's roles allows it.
func Permit(o Organisation, a Action) error { return permit(o, a, o.Roles) }

// PermitToFinish is Permit for what ends or keeps safe that which an organisation has
// already: a role that it had is enough. So who loses a role still delivers, pays and
// is paid, and nobody else is left with its half of a bargain.
func PermitToFinish(o Organisation, a Action) error {
	return permit(o, a, slices.Concat(o.Roles, o.Former))
}

func permit(o Organisation, a Action, roles []Role) error {
	for _, p := range Permissions() {
		if p.Action == a && anyOf(roles, p.Roles) {
			return nil
		}
	}
	return fault.New(fault.CodeNotPermitted, "%s has no role that may %s", o.MSPID, a).With("action", string(a)).With("organisation", o.MSPID)
}
