// A device of the device protocol (docs/device-protocol.md) in Node.js, written
// from that document and with Node's own modules only. It shares no code with the
// reference in Go; the tests hold the two to each other. Node.js 20 has no
// ML-DSA, so its keys are the two classical ones.

import {createECDH, createHash, createHmac, createPrivateKey, createPublicKey, sign} from "node:crypto";

export const keyStatementType = "application/vnd.lifeledger.device-key.v1+json";
export const sessionStatementType = "application/vnd.lifeledger.session-key.v1+json";
export const segmentType = "application/vnd.lifeledger.segment.v1+protobuf";

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

// ---- keys

const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // order of P-256

const toNumber = (bytes) => BigInt("0x" + bytes.toString("hex"));
const to32 = (number) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");

// publicPoint is the uncompressed point of a scalar on P-256.
function publicPoint(scalar) {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey();
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

const der = (tag, body) => Buffer.concat([Buffer.from([tag, body.length]), body]);

function derInteger(number) {
  let hex = number.toString(16);
  if (hex.length % 2) hex = "0" + hex;
  let bytes = Buffer.from(hex, "hex");
  if (bytes[0] & 0x80) bytes = Buffer.concat([Buffer.from([0]), bytes]);
  return der(0x02, bytes);
}

// nonces gives the candidates for k of RFC 6979 with SHA-256, section 3.2.
function* nonces(scalar, digest) {
  const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  const h = to32(toNumber(digest) % n);
  let v = Buffer.alloc(32, 1);
  let k = Buffer.alloc(32, 0);
  for (const step of [0, 1]) {
    k = hmac(k, v, Buffer.from([step]), scalar, h);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const candidate = toNumber(v);
    if (candidate > 0n && candidate < n) yield candidate;
    k = hmac(k, v, Buffer.from([0]));
    v = hmac(k, v);
  }
}

// signP256 is deterministic ECDSA with the smaller S, in DER.
function signP256(scalar, message) {
  const digest = sha256(message);
  for (const k of nonces(scalar, digest)) {
    const r = toNumber(publicPoint(to32(k)).subarray(1, 33)) % n;
    let s = (power(k, n - 2n, n) * (toNumber(digest) + r * toNumber(scalar))) % n;
    if (r === 0n || s === 0n) continue;
    if (s > n >> 1n) s = n - s;
    return der(0x30, Buffer.concat([derInteger(r), derInteger(s)]));
  }
}

// makeKey makes the key of 32 bytes: the seed of Ed25519 or the scalar of P-256.
export function makeKey(algorithm, secret) {
  let spki, signer;
  switch (algorithm) {
    case "Ed25519": {
      const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
      const key = createPrivateKey({key: pkcs8, format: "der", type: "pkcs8"});
      spki = createPublicKey(key).export({format: "der", type: "spki"});
      signer = (message) => sign(null, message, key);
      break;
    }
    case "ECDSA-P256": {
      const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
      spki = Buffer.concat([prefix, publicPoint(secret)]);
      signer = (message) => signP256(secret, message);
      break;
    }
    default:
      throw new Error(`this device has no ${algorithm}`);
  }
  return {algorithm, publicKey: spki.toString("base64"), keyid: sha256(spki).toString("hex"), sign: signer};
}

// ---- envelopes

export function pae(type, payload) {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, "ascii"), payload]);
}

export function envelope(type, payload, ...keys) {
  const signed = pae(type, payload);
  return {
    payloadType: type,
    payload: payload.toString("base64"),
    signatures: keys.map((k) => ({keyid: k.keyid, sig: k.sign(signed).toString("base64")})),
  };
}

// statement is compact JSON with its members in the document's order.
export function keyStatement({ledger, deviceId, organisation, keyNumber}, key) {
  return Buffer.from(JSON.stringify({ledger, deviceId, organisation, keyNumber, algorithm: key.algorithm, publicKey: key.publicKey}));
}

export function sessionStatement({ledger, deviceId, shipmentId, sessionNumber}, key) {
  return Buffer.from(JSON.stringify({ledger, deviceId, shipmentId, sessionNumber, algorithm: key.algorithm, publicKey: key.publicKey}));
}

// ---- segments

export function varint(value) {
  let rest = BigInt(value);
  const bytes = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const zigzag = (value) => (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));

// A field with its default value is left out, unless it is always there.
export const numberField = (field, value) => (BigInt(value) === 0n ? Buffer.alloc(0) : Buffer.concat([varint(field << 3), varint(value)]));
export const bytesField = (field, value, always = false) =>
  value.length === 0 && !always ? Buffer.alloc(0) : Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);

const packed = (values) => Buffer.concat(values.map(varint));

const metrics = 6;

function channel(metric, readings) {
  const positions = [];
  const deltas = [];
  let next = 0;
  let before = 0;
  readings.forEach((reading, i) => {
    const value = reading.values[metric - 1];
    if (value === null) return;
    positions.push(i - next);
    deltas.push(zigzag(value - before));
    next = i + 1;
    before = value;
  });
  if (deltas.length === 0) return Buffer.alloc(0);
  return Buffer.concat([
    numberField(1, metric),
    deltas.length < readings.length ? bytesField(2, packed(positions)) : Buffer.alloc(0),
    bytesField(3, packed(deltas)),
  ]);
}

// encodeSegment packs readings: {at, values: [thousandths or null, one for each metric]}.
export function encodeSegment({ledger, shipmentId, deviceId, firstSequence, previous, final, readings}) {
  const parts = [
    bytesField(1, Buffer.from(ledger)),
    bytesField(2, Buffer.from(shipmentId)),
    bytesField(3, Buffer.from(deviceId)),
    numberField(4, firstSequence),
    bytesField(5, previous, true),
  ];
  if (readings.length > 0) parts.push(numberField(6, readings[0].at));
  parts.push(numberField(7, final ? 1 : 0));
  parts.push(bytesField(8, packed(readings.map((r, i) => (i === 0 ? 0 : r.at - readings[i - 1].at)))));
  for (let metric = 1; metric <= metrics; metric++) parts.push(bytesField(9, channel(metric, readings)));
  return Buffer.concat(parts);
}

// chain makes segments of a device for one shipment, each with the hash of the
// one before it.
export class Chain {
  constructor(about) {
    this.about = about;
    this.next = 1;
    this.previous = Buffer.alloc(32);
  }

  segment(readings, final) {
    const payload = encodeSegment({...this.about, firstSequence: this.next, previous: this.previous, final, readings});
    this.next += readings.length;
    this.previous = sha256(payload);
    return payload;
  }
}

// ---- recordings

// thousandths reads a decimal of at most three places, without a float.
function thousandths(text) {
  const match = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(text);
  if (!match) throw new Error(`${text} is not a decimal of at most three places`);
  const value = Number(match[2]) * 1000 + Number((match[3] ?? "").padEnd(3, "0"));
  return match[1] && value ? -value : value;
}

// readLine reads one line of a recording below its header.
export function readLine(line) {
  const [time, ...fields] = line.split(",");
  const at = Date.parse(time);
  if (fields.length !== metrics || Number.isNaN(at)) throw new Error(`${line} is not a reading`);
  const values = fields.map((field, i) => {
    if (field === "") return null;
    return i < 2 ? thousandths(field) : Number(field); // the others are whole thousandths
  });
  return {at, values};
}
