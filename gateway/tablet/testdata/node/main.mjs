// A tablet of docs/statements.md in Node.js, written from that document; keys and
// envelopes are those of the device in JavaScript. It shares no code with the
// reference in Go; the tests hold the two to each other.
//
// node main.mjs vectors < vectors.json   computes every vector anew from what went into it
// node main.mjs sign    < job.json       signs a chain: {ledger, signer, subject, kind, algorithm, secretHex, signedAt, bodies}

import {readFileSync} from "node:fs";
import {envelope, makeKey, pae, sha256} from "../../../smartpackage/testdata/node/device.mjs";

const credentialKeyType = "application/vnd.lifeledger.credential-key.v1+json";
const statementType = "application/vnd.lifeledger.statement.v1+json";

// JSON.stringify writes the one form, when the members are in order and no text has
// what does not occur in a statement.
const form = (value) => Buffer.from(JSON.stringify(value), "utf8");

function credentialKey({ledger, credentialId, issuer}, keyNumber, key) {
  return form({ledger, credentialId, issuer, keyNumber, algorithm: key.algorithm, publicKey: key.publicKey});
}

// Chain signs the statements of one signer about one subject.
class Chain {
  constructor(ledger, signer, subject) {
    Object.assign(this, {ledger, signer, subject, sequence: 0, previous: "0".repeat(64)});
  }

  next(kind, signedAt, body) {
    const {ledger, signer, subject, previous} = this;
    const payload = form({ledger, kind, subject, signer, sequence: ++this.sequence, previous, signedAt, body});
    this.previous = sha256(payload).toString("hex");
    return payload;
  }
}

function vectors(given) {
  const keys = given.keys.map((k) => makeKey(k.algorithm, Buffer.from(k.privateKeyHex, "hex")));
  const about = given.about;
  const announced = credentialKey(about, 1, keys[0]);
  const next = credentialKey(about, 2, keys[1]);
  const chain = new Chain(about.ledger, "credential:" + about.credentialId, given.subject);
  return {
    keys: keys.map((k, i) => ({algorithm: k.algorithm, privateKeyHex: given.keys[i].privateKeyHex, publicKey: k.publicKey, keyid: k.keyid})),
    about,
    subject: given.subject,
    credentialKey: {
      payload: announced.toString(),
      pae: pae(credentialKeyType, announced).toString(),
      envelope: envelope(credentialKeyType, announced, keys[0]),
    },
    nextKey: envelope(credentialKeyType, next, keys[1]),
    statements: given.statements.map(({kind, key, signedAt, body}) => {
      const payload = chain.next(kind, signedAt, body);
      return {kind, key, signedAt, body, payload: payload.toString(), sha256: chain.previous, envelope: envelope(statementType, payload, keys[key])};
    }),
  };
}

function sign(job) {
  const key = makeKey(job.algorithm, Buffer.from(job.secretHex, "hex"));
  const chain = new Chain(job.ledger, job.signer, job.subject);
  return job.bodies.map((body) => envelope(statementType, chain.next(job.kind, job.signedAt, body), key));
}

const input = JSON.parse(readFileSync(0, "utf8"));
const commands = {vectors, sign};
process.stdout.write(JSON.stringify(commands[process.argv[2]](input)));
