// node main.mjs vectors < vectors.json   computes every vector anew from what went into it
// node main.mjs record  < job.json       registers a device and records, as JSON to standard output
// node main.mjs deliver < job.json       the same, to a gateway
//
// A job is {ledger, organisation, shipmentId, deviceId, algorithm, secretHex, recording: [lines], split, final}
// and, to deliver, {base, token}, with registerOnly or registered where one of the two halves is wanted.
// The lines are those of a recording, without its header; split is how many readings a segment has.

import {readFileSync} from "node:fs";
import {Chain, envelope, keyStatement, keyStatementType, makeKey, pae, readLine, segmentType, sessionStatement, sessionStatementType, sha256} from "./device.mjs";
import {spki, unseal} from "./sealed.mjs";

function vectors(given) {
  const keys = given.keys.map((k) => makeKey(k.algorithm, Buffer.from(k.privateKeyHex, "hex")));
  const [first, second] = keys;
  const about = {ledger: "trade/lifeledger", deviceId: "smart-package-7", organisation: "ShipperMSP"};
  const announced = keyStatement({...about, keyNumber: 1}, first);
  const rotated = keyStatement({...about, keyNumber: 2}, second);
  const session = sessionStatement({...about, shipmentId: "SHP-1", sessionNumber: 1}, first);
  const chain = new Chain({ledger: about.ledger, shipmentId: "SHP-1", deviceId: about.deviceId});
  return {
    keys: keys.map((k, i) => ({algorithm: k.algorithm, privateKeyHex: given.keys[i].privateKeyHex, publicKey: k.publicKey, keyid: k.keyid})),
    keyStatement: {
      payload: announced.toString(),
      pae: pae(keyStatementType, announced).toString(),
      envelope: envelope(keyStatementType, announced, first),
    },
    rotation: envelope(keyStatementType, rotated, second, first),
    session: {payload: session.toString(), envelope: envelope(sessionStatementType, session, second, first)},
    sealed: sealedVector(given.sealed),
    segments: given.segments.map((s) => {
      const payload = chain.segment(s.recording.map(readLine), s.final);
      return {
        firstSequence: s.firstSequence,
        recording: s.recording,
        final: s.final,
        payloadHex: payload.toString("hex"),
        sha256: sha256(payload).toString("hex"),
        envelope: envelope(segmentType, payload, s.final ? second : first),
      };
    }),
  };
}

function sealedVector({organisation, privateKeyHex, payloadHex}) {
  const secret = Buffer.from(privateKeyHex, "hex");
  const {salt, payload} = unseal(Buffer.from(payloadHex, "hex"), secret);
  return {organisation, privateKeyHex, publicKey: spki(secret).toString("base64"), payloadHex, salt: salt.toString("base64"), opensHex: payload.toString("hex")};
}

function record(job) {
  const key = makeKey(job.algorithm, Buffer.from(job.secretHex, "hex"));
  const statement = keyStatement({...job, keyNumber: 1}, key);
  const chain = new Chain({ledger: job.ledger, shipmentId: job.shipmentId, deviceId: job.deviceId});
  const readings = job.recording.map(readLine);
  const envelopes = [];
  for (let i = 0; i < readings.length; i += job.split) {
    const last = i + job.split >= readings.length;
    envelopes.push(envelope(segmentType, chain.segment(readings.slice(i, i + job.split), job.final && last), key));
  }
  return {
    registration: {deviceId: job.deviceId, algorithm: key.algorithm, publicKey: key.publicKey, proof: envelope(keyStatementType, statement, key)},
    envelopes,
  };
}

// post sends a request, the same with the same key until it is answered for good.
async function post(job, path, value) {
  const body = JSON.stringify(value);
  const key = sha256(Buffer.from(`${path}\n${body}`)).toString("hex");
  for (let wait = 500; ; wait = Math.min(2 * wait, 60_000)) {
    let problem, status;
    try {
      const response = await fetch(job.base + path, {
        method: "POST",
        headers: {Authorization: `Bearer ${job.token}`, "Content-Type": "application/json", "Idempotency-Key": key},
        body,
        redirect: "error",
      });
      status = response.status;
      const text = await response.text();
      if (status === 200 || status === 201) return;
      problem = status === 202 ? {} : JSON.parse(text);
      if (problem.code === "request.already-done") return;
      if (!problem.retryable && ![202, 429, 502, 503, 504].includes(status)) {
        throw Object.assign(new Error(`${path}: ${problem.code}: ${problem.detail}`), {final: true});
      }
    } catch (err) {
      if (err.final) throw err;
      problem = {code: String(err)};
    }
    process.stderr.write(`${path}: ${status ?? "no answer"} ${problem.code ?? ""}, again in ${wait} ms\n`);
    await new Promise((resolve) => setTimeout(resolve, wait / 2 + Math.random() * (wait / 2)));
  }
}

async function deliver(job) {
  const {registration, envelopes} = record(job);
  if (!job.registered) await post(job, "/v1/devices", registration);
  if (job.registerOnly) return {registered: true};
  for (let i = 0; i < envelopes.length; i += 16) {
    await post(job, `/v1/shipments/${encodeURIComponent(job.shipmentId)}/segments`, {deviceId: job.deviceId, envelopes: envelopes.slice(i, i + 16)});
  }
  return {segments: envelopes.length};
}

const commands = {vectors, record, deliver};
const command = commands[process.argv[2]];
if (!command) {
  process.stderr.write("usage: node main.mjs vectors|record|deliver < input.json\n");
  process.exit(2);
}
process.stdout.write(JSON.stringify(await command(JSON.parse(readFileSync(0, "utf8")))) + "\n");
