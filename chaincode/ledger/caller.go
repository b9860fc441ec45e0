package ledger

import (
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/cid"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Caller is who signed the proposal. The peer has checked the signature and the
// certificate chain; the name is unique only within the organisation.
type Caller struct {
	MSPID string // the organisation's MSP id
	Name  string // the certificate's common name
}

// readCaller refuses whatever is not a named X.509 identity: the product's
// permissions are given to organisations and names, and an identity without
// either would silently match nothing, or everything.
func readCaller(stub shim.ChaincodeStubInterface) (Caller, error) {
	id, err := cid.New(stub)
	if err != nil {
		return Caller{}, fault.New(fault.CodeCallerUnknown, "the caller's identity cannot be read").Because(err)
	}
	msp, err := id.GetMSPID()
	if err != nil {
		return Caller{}, fault.New(fault.CodeCallerUnknown, "the caller's organisation cannot be read").Because(err)
	}
	cert, err := id.GetX509Certificate()
	if err != nil || cert == nil {
		return Caller{}, fault.New(fault.CodeCallerUnknown, "the caller has no X.509 certificate").Because(err)
	}
	if msp == "" || cert.Subject.CommonName == "" {
		return Caller{}, fault.New(fault.CodeCallerUnknown, "the caller's certificate names nobody")
	}
	return Caller{MSPID: msp, Name: cert.Subject.CommonName}, nil
}

// readLedgerID finds the chaincode's name, which the shim does not offer, in the
// proposal that the client signed.
func readLedgerID(stub shim.ChaincodeStubInterface) (string, error) {
	signed, err := stub.GetSignedProposal()
	if err != nil {
		return "", fault.Wrap(err, "read signed proposal")
	}
	var proposal peer.Proposal
	if err := proto.Unmarshal(signed.GetProposalBytes(), &proposal); err != nil {
		return "", fault.Wrap(err, "decode proposal")
	}
	var header common.Header
	if err := proto.Unmarshal(proposal.GetHeader(), &header); err != nil {
		return "", fault.Wrap(err, "decode proposal header")
	}
	var channel common.ChannelHeader
	if err := proto.Unmarshal(header.GetChannelHeader(), &channel); err != nil {
		return "", fault.Wrap(err, "decode channel header")
	}
	var ext peer.ChaincodeHeaderExtension
	if err := proto.Unmarshal(channel.GetExtension(), &ext); err != nil {
		return "", fault.Wrap(err, "decode chaincode header extension")
	}
	name := ext.GetChaincodeId().GetName()
	if name == "" || stub.GetChannelID() == "" {
		return "", fault.New(fault.CodeInternal, "the proposal names no chaincode or no channel")
	}
	return stub.GetChannelID() + "/" + name, nil
}
