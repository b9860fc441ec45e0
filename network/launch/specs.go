package launch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/fabricbin"
	"github.com/lifeledger/lifeledger/network/supervise"
	"github.com/lifeledger/lifeledger/network/topology"
)

// Kinds of process. A process is named KIND.ORGANISATION.
const (
	CA        = "ca"
	Orderer   = "orderer"
	CouchDB   = "couchdb"
	Peer      = "peer"
	Chaincode = "chaincode"
	Gateway   = "gateway"
)

// stages order the stop: gateways end first, CAs last.
var stages = map[string]int{CA: 1, Orderer: 2, CouchDB: 2, Peer: 3, Chaincode: 4, Gateway: 5}

// builder makes the command lines and environments of all processes.
type builder struct {
	layout
	t         *topology.Topology
	fabric    *fabricbin.Programs
	packageID string
	couch     *couch // nil: no peer has its state in CouchDB
}

func (b *builder) spec(kind string, o topology.Organisation, args, env []string, ports map[string]int) supervise.Spec {
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	return supervise.Spec{
		Name: kind + "." + o.Name, Kind: kind, Org: o.Name, Stage: stages[kind],
		Args: args, Env: append(base, env...), Dir: string(b.layout), Ports: ports,
	}
}

func (b *builder) server(o topology.Organisation) crypto.Server {
	return crypto.Server{Home: b.layout.ca(o.Name), Org: o.Name, Domain: o.Domain, Host: b.t.Host, Port: o.Ports.CA}
}

func (b *builder) ca(o topology.Organisation) supervise.Spec {
	return b.spec(CA, o, b.server(o).Args(b.fabric.CAServer), []string{
		// The file has no setting for this; without it all servers want port 9443.
		"FABRIC_CA_SERVER_OPERATIONS_LISTENADDRESS=" + b.t.Address(o.Ports.CAOperations),
	}, map[string]int{"ca": o.Ports.CA, "operations": o.Ports.CAOperations})
}

func (b *builder) orderer(o topology.Organisation) supervise.Spec {
	tls, data := b.org(o.Name, "orderer", "tls"), b.data(o.Name, "orderer")
	cert, key := filepath.Join(tls, crypto.TLSCert), filepath.Join(tls, crypto.TLSKey)
	return b.spec(Orderer, o, []string{b.fabric.Orderer}, []string{
		"FABRIC_CFG_PATH=" + b.fabric.Config,
		"FABRIC_LOGGING_SPEC=" + b.t.Peer.LogSpec,
		"FABRIC_LOGGING_FORMAT=" + logFormat,
		"ORDERER_GENERAL_LISTENADDRESS=" + b.t.Host,
		"ORDERER_GENERAL_LISTENPORT=" + strconv.Itoa(o.Ports.Orderer),
		"ORDERER_GENERAL_LOCALMSPID=" + o.MSPID,
		"ORDERER_GENERAL_LOCALMSPDIR=" + b.org(o.Name, "orderer", "msp"),
		"ORDERER_GENERAL_TLS_ENABLED=true",
		"ORDERER_GENERAL_TLS_CERTIFICATE=" + cert,
		"ORDERER_GENERAL_TLS_PRIVATEKEY=" + key,
		"ORDERER_GENERAL_TLS_ROOTCAS=[" + b.tlsRoots() + "]",
		"ORDERER_FILELEDGER_LOCATION=" + data,
		"ORDERER_CONSENSUS_WALDIR=" + filepath.Join(data, "wal"),
		"ORDERER_CONSENSUS_SNAPDIR=" + filepath.Join(data, "snapshots"),
		"ORDERER_OPERATIONS_LISTENADDRESS=" + b.t.Address(o.Ports.OrdererOperations),
		"ORDERER_OPERATIONS_TLS_ENABLED=true",
		"ORDERER_OPERATIONS_TLS_CERTIFICATE=" + cert,
		"ORDERER_OPERATIONS_TLS_PRIVATEKEY=" + key,
		"ORDERER_OPERATIONS_TLS_CLIENTAUTHREQUIRED=true",
		"ORDERER_OPERATIONS_TLS_CLIENTROOTCAS=[" + b.tlsRoot(o.Name) + "]",
		"ORDERER_METRICS_PROVIDER=prometheus",
		// Only the organisation's own administrator may join or remove channels.
		"ORDERER_ADMIN_LISTENADDRESS=" + b.t.Address(o.Ports.OrdererAdmin),
		"ORDERER_ADMIN_TLS_ENABLED=true",
		"ORDERER_ADMIN_TLS_CERTIFICATE=" + cert,
		"ORDERER_ADMIN_TLS_PRIVATEKEY=" + key,
		"ORDERER_ADMIN_TLS_CLIENTAUTHREQUIRED=true",
		"ORDERER_ADMIN_TLS_CLIENTROOTCAS=[" + b.tlsRoot(o.Name) + "]",
	}, map[string]int{"orderer": o.Ports.Orderer, "admin": o.Ports.OrdererAdmin, "operations": o.Ports.OrdererOperations})
}

func (b *builder) peer(o topology.Organisation) (supervise.Spec, error) {
	tls, data := b.org(o.Name, "peer", "tls"), b.data(o.Name, "peer")
	here, err := json.Marshal(map[string]string{
		"address":    b.t.Address(o.Ports.Chaincode),
		"rootCert":   b.tlsRoot(o.Name),
		"clientCert": filepath.Join(tls, crypto.TLSCert),
		"clientKey":  filepath.Join(tls, crypto.TLSKey),
	})
	if err != nil {
		return supervise.Spec{}, err
	}
	address := b.t.Address(o.Ports.Peer)
	return b.spec(Peer, o, []string{b.fabric.Peer, "node", "start"}, append([]string{
		"FABRIC_CFG_PATH=" + b.fabric.Config,
		"FABRIC_LOGGING_SPEC=" + b.t.Peer.LogSpec,
		"FABRIC_LOGGING_FORMAT=" + logFormat,
		"CORE_PEER_ID=peer0." + o.Domain,
		"CORE_PEER_ADDRESS=" + address,
		"CORE_PEER_LISTENADDRESS=" + address,
		// Each peer needs its own, else all of them bind 7052.
		"CORE_PEER_CHAINCODELISTENADDRESS=" + b.t.Address(o.Ports.PeerChaincode),
		"CORE_PEER_LOCALMSPID=" + o.MSPID,
		"CORE_PEER_MSPCONFIGPATH=" + b.org(o.Name, "peer", "msp"),
		"CORE_PEER_TLS_ENABLED=true",
		"CORE_PEER_TLS_CERT_FILE=" + filepath.Join(tls, crypto.TLSCert),
		"CORE_PEER_TLS_KEY_FILE=" + filepath.Join(tls, crypto.TLSKey),
		// The roots of all organisations, so that gossip trusts the others before it
		// has read the channel's configuration; with its own only, it waits half a minute.
		"CORE_PEER_TLS_ROOTCERT_FILE=" + b.tlsRoots(),
		"CORE_PEER_FILESYSTEMPATH=" + data,
		"CORE_LEDGER_SNAPSHOTS_ROOTDIR=" + filepath.Join(data, "snapshots"),
		// Nothing asks the peer for a key's history: the gateway's read model has it.
		"CORE_LEDGER_HISTORY_ENABLEHISTORYDATABASE=false",
		"CORE_OPERATIONS_LISTENADDRESS=" + b.t.Address(o.Ports.PeerOperations),
		"CORE_OPERATIONS_TLS_ENABLED=true",
		"CORE_OPERATIONS_TLS_CERT_FILE=" + filepath.Join(tls, crypto.TLSCert),
		"CORE_OPERATIONS_TLS_KEY_FILE=" + filepath.Join(tls, crypto.TLSKey),
		"CORE_OPERATIONS_TLS_CLIENTAUTHREQUIRED=true",
		"CORE_OPERATIONS_TLS_CLIENTROOTCAS_FILES=" + b.tlsRoot(o.Name),
		"CORE_METRICS_PROVIDER=prometheus",
		"CORE_VM_ENDPOINT=", // no Docker
		"CORE_PEER_LIMITS_CONCURRENCY_GATEWAYSERVICE=" + strconv.Itoa(b.t.Peer.GatewayConcurrency),
		"CORE_CHAINCODE_EXTERNALBUILDERS=[{name: ccaas, path: " + b.path("bin", "builder") + ", propagateEnvironment: [CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG]}]",
		"CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG=" + string(here),
	}, slices.Concat(gossip(address), b.stateDatabase(o))...), map[string]int{"peer": o.Ports.Peer, "chaincode": o.Ports.PeerChaincode, "operations": o.Ports.PeerOperations}), nil
}

// logFormat is Fabric's own without the colours, which only disturb in a file.
const logFormat = "%{time:2006-01-02T15:04:05.000Z07:00} %{level} [%{module}] %{shortfunc} %{message}"

// gossip makes peers find each other within a second; Fabric's own intervals suit
// networks of hundreds of peers and take half a minute.
func gossip(address string) []string {
	return []string{
		"CORE_PEER_GOSSIP_BOOTSTRAP=" + address,
		"CORE_PEER_GOSSIP_EXTERNALENDPOINT=" + address,
		"CORE_PEER_GOSSIP_ORGLEADER=true",
		"CORE_PEER_GOSSIP_USELEADERELECTION=false",
		"CORE_PEER_GOSSIP_RECONNECTINTERVAL=500ms",
		"CORE_PEER_GOSSIP_PUBLISHSTATEINFOINTERVAL=500ms",
		"CORE_PEER_GOSSIP_REQUESTSTATEINFOINTERVAL=500ms",
		"CORE_PEER_GOSSIP_ALIVETIMEINTERVAL=1s",
		"CORE_PEER_GOSSIP_ALIVEEXPIRATIONTIMEOUT=25s", // a machine that stalls for seconds loses no member,
		"CORE_PEER_GOSSIP_PUBLISHCERTPERIOD=1s",
		"CORE_PEER_GOSSIP_MEMBERSHIPTRACKERINTERVAL=1s",
	}
}

func (b *builder) chaincode(o topology.Organisation) (supervise.Spec, error) {
	tls, binary := b.org(o.Name, "chaincode", "tls"), b.bin("chaincode")
	s := b.spec(Chaincode, o, []string{binary}, []string{
		"CHAINCODE_ID=" + b.packageID,
		"CHAINCODE_SERVER_ADDRESS=" + b.t.Address(o.Ports.Chaincode),
		"CHAINCODE_TLS_CERT=" + filepath.Join(tls, crypto.TLSCert),
		"CHAINCODE_TLS_KEY=" + filepath.Join(tls, crypto.TLSKey),
		// Only holders of a TLS certificate of the same organisation may call it.
		"CHAINCODE_CLIENT_CA_CERT=" + b.tlsRoot(o.Name),
	}, map[string]int{"chaincode": o.Ports.Chaincode})
	digest, err := fabricbin.Digest(binary)
	s.Digest = digest + " " + b.packageID // it shows itself to its peer under that id
	return s, err
}

func (b *builder) gateway(o topology.Organisation) (supervise.Spec, error) {
	binary := b.bin("gateway")
	s := b.spec(Gateway, o, []string{binary, "-c", b.gatewayConfig(o.Name)}, nil, map[string]int{"gateway": o.Ports.Gateway})
	var err error
	s.Digest, err = fabricbin.Digest(binary)
	return s, err
}
