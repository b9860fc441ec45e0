// Package scenario owns stories about the ledger as text: a txtar file whose
// comment tells the story and whose script plays it, on any [Backend], any
// number of times. It supports tests and the demo; nothing that runs in a consortium
// imports it. Invariant: a
// script names no absolute time and no fixed identifier, so it does not depend
// on what the ledger holds already; every answer that a script does not expect
// ends it.
//
// A script has one command on a line; JSON may run over several lines. A word
// ${…} stands for a variable's value: ${run} is unique to the run, ${ccy} is a
// currency of the run's own, ${now-10m} and ${t0+90s} are times, ${n+2} is a
// sum, ${box} is the id of the device box, and ${sscc.x} a logistic unit of the run's own.
//
//	consortium                      announce the three organisations, unless they are
//	fresh                           end here unless the ledger was empty
//	device box Ed25519              a device with a key made from its name and the run
//	device twin Ed25519 box         the same key, or a half of it, in another device
//	session ShipperMSP box s 1      the key of its first session in shipment s, with alg=, ledger=, shipment=, device=, key=, signer= and alone
//	open ServiceMSP box s 0 2       reveal the sealed segments of box in s from the first until before the third; record … sealed seals them
//	encryption ServiceMSP one       announce the X25519 key made from a seed
//	report ShipperMSP box s fork readings=temp:[9] at=1   a segment as record makes it, reported as a fork
//	register ShipperMSP box         register it; rotate ShipperMSP box Ed25519 gives it its next key
//	engineer ann Ed25519            an engineer with a key of her own; ${ann} is the id of her credential
//	machine pump Ed25519            a machine with a key of its own; ${pump} is its component id
//	holder rent Ed25519             who holds a key to which access is granted under the name ${rent}
//	certify ServiceMSP ann {…}      issue her credential with this grant; rekey ServiceMSP ann ECDSA-P256
//	                                gives her the next key
//	state word ann service-work SUBJECT [option …] {…}   a variable: the envelope of ann's next statement of
//	                                this kind about the subject, with this body; ${word.hash} is its hash.
//	                                box, pump and rent make statements in the same way
//	claim ORG ID box …              register ID with box's key and a statement about what
//	                                as=ORG, device=ID, ledger=L and signer=BOX say
//	call ORG contract:Tx {…}        submit; key=… before the JSON is the idempotency key
//	evaluate ORG contract:Tx {…}    ask
//	raw ORG "name" "argument" …     submit exactly these arguments, Go strings
//	record ORG box SHIPMENT from=TIME step=1s readings=temp:[20.5,41] [option …]
//	sign name box TYPE {…}          a variable: an envelope of this payload type, signed by box,
//	                                or by several (box,crate), over the JSON without blanks;
//	                                forge after the type spoils the signature
//	hash name {…}                   a variable: hex SHA-256 of the JSON without blanks
//	wait 3s                         until the ledger's clock is so much later
//	expect {…}                      the last answer has at least these members
//	fault code {…}                  the last call was refused with this code, and these params
//	tolerate code                   the last call succeeded or was refused with this code
//	event name {…}                  the last call's event, and members of its envelope
//	let name VALUE | .path          a variable: the value, or a part of the last answer
//
// Options of state: instead (under the number of the last one, which was refused,
// or to make a second history); skip (leave a number out); unlinked (names no
// statement before it); at=TIME (what the signer's clock says); by=NAME (whose key
// signs); former (the signer's key before the present one); forge; ledger=,
// subject=, signer= (what the signed bytes say instead). Options of certify: id=,
// ledger=, issuer=, number= (what the key's proof says), by=NAME.
//
// Options of record: final; split=N (readings in one segment); replay (the last
// accepted envelopes again); fork (other readings under numbers already used);
// skip=N (leave numbers out); signer=BOX; forge (another signature); garbage (a
// signed payload that is no segment); ledger=, shipment=, device= (what the
// signed bytes say instead); unlinked (no hash of the segment before).
package scenario
