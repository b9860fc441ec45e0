// A party of confidential terms in Node.js: it opens sealed segments
// (docs/device-protocol.md, "Sealed segments"), with HPKE (RFC 9180) written out.

import {createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman} from "node:crypto";
import {sha256} from "./device.mjs";

const spkiPrefix = Buffer.from("302a300506032b656e032100", "hex");
const pkcs8Prefix = Buffer.from("302e020100300506032b656e04220420", "hex");

const privateKey = (secret) => createPrivateKey({key: Buffer.concat([pkcs8Prefix, secret]), format: "der", type: "pkcs8"});
const publicKey = (raw) => createPublicKey({key: Buffer.concat([spkiPrefix, raw]), format: "der", type: "spki"});

// spki is the SubjectPublicKeyInfo of a private key's other half.
export const spki = (secret) => createPublicKey(privateKey(secret)).export({format: "der", type: "spki"});

// fields gives the fields of a message in order, with where each begins.
function fields(message) {
  const out = [];
  let at = 0;
  const number = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const begin = at;
    const tag = Number(number());
    let value = number();
    if ((tag & 7) === 2) {
      const end = at + Number(value);
      value = message.subarray(at, end);
      at = end;
    }
    out.push({field: tag >> 3, value, begin});
  }
  return out;
}

const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();

// labelled are HKDF's two halves with RFC 9180's labels; no output is longer than one hash.
function labelled(suite) {
  const extract = (salt, label, ikm) => hmac(salt, "HPKE-v1", suite, label, ikm);
  const expand = (prk, label, info, length) => hmac(prk, [0, length], "HPKE-v1", suite, label, info, [1]).subarray(0, length);
  return {extract, expand};
}

function openGCM(key, nonce, text, data) {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce);
  decipher.setAAD(data);
  decipher.setAuthTag(text.subarray(text.length - 16));
  return Buffer.concat([decipher.update(text.subarray(0, text.length - 16)), decipher.final()]);
}

// openHPKE is base mode, single shot, with empty additional data.
function openHPKE(secret, enc, info, text) {
  const kem = labelled(Buffer.from([...Buffer.from("KEM"), 0x00, 0x20]));
  const own = spki(secret).subarray(spkiPrefix.length);
  const dh = diffieHellman({privateKey: privateKey(secret), publicKey: publicKey(enc)});
  const shared = kem.expand(kem.extract("", "eae_prk", dh), "shared_secret", Buffer.concat([enc, own]), 32);
  const hpke = labelled(Buffer.from([...Buffer.from("HPKE"), 0x00, 0x20, 0x00, 0x01, 0x00, 0x02]));
  const context = Buffer.concat([Buffer.from([0]), hpke.extract("", "psk_id_hash", ""), hpke.extract("", "info_hash", info)]);
  const prk = hpke.extract(shared, "secret", "");
  return openGCM(hpke.expand(prk, "key", context, 32), hpke.expand(prk, "base_nonce", context, 12), text, Buffer.alloc(0));
}

// unseal gives salt and payload of what was sealed to a private key.
export function unseal(sealed, secret) {
  const all = fields(sealed);
  const recipients = all.filter((f) => f.field === 11);
  const header = sealed.subarray(0, recipients[0].begin);
  const id = sha256(spki(secret));
  const mine = recipients.map((f) => fields(f.value).map((g) => g.value)).find((r) => r[1].equals(id));
  if (!mine) throw new Error("the segment is not sealed to this key");
  const [, , enc, wrap] = mine;
  const content = openHPKE(secret, enc, Buffer.concat([Buffer.from("lifeledger sealed-segment v1"), header]), wrap);
  const salted = openGCM(content, Buffer.alloc(12), all.find((f) => f.field === 12).value, header);
  if (!sha256(salted).equals(all.find((f) => f.field === 10).value)) throw new Error("it is not what the device committed to");
  return {salt: salted.subarray(0, 32), payload: salted.subarray(32)};
}
