/**
 * Evidence that an anchor stands in a block: the header, and the receipt under its receiptsRoot.
 *
 * Consensus-critical. Sources: Yellow Paper §4.3 and appendix D (tries), EIP-2718 (typed receipts). A header hash
 * proves nothing by itself: whether the block is on the chain is the verifier's to know.
 */

import { publicationKey, type Anchor, type Evidence } from "./anchoring.js";
import { bytesOf, hexOf, numberOf, sameBytes, utf8, type Hex } from "./bytes.js";
import type { EvidenceFact } from "./facts.js";
import { keccak256 } from "./hashes.js";
import type { OpenedFile } from "./opening.js";
import { decodeRlp, encodeRlpNumber, NotRlp, type Rlp } from "./rlp.js";

const MAX_HEADER = 4096;
const MAX_NODES = 16;
const MAX_INDEX = 1 << 24;
const [RECEIPTS_ROOT, NUMBER, TIMESTAMP, HEADER_FIELDS] = [5, 8, 11, 15];
const ANCHORED = keccak256(utf8("Anchored(uint64,uint64,bytes32,uint64,uint64,address)"));

/** A sentence that says why evidence does not fit. */
class Misfit extends Error {}

interface Log {
  readonly address: Uint8Array;
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** Does the evidence show this very anchor in a block with hash `anchor.block.hash`? Never throws. */
export function checkEvidence(anchor: Anchor, evidence: Evidence, trustedHash = false): EvidenceFact {
  try {
    return { problem: null, key: provenKey(anchor, evidence), trustedHash };
  } catch (error) {
    if (error instanceof Misfit) return { problem: error.message, key: null, trustedHash };
    if (error instanceof NotRlp) return { problem: "the evidence is not made of RLP", key: null, trustedHash };
    throw error;
  }
}

/** The outcome for every publication that a file has evidence for; `trusted` are `eip155:N:hash` of known blocks. */
export function evidenceOf(file: OpenedFile, trusted: ReadonlySet<string> = new Set()): ReadonlyMap<string, EvidenceFact> {
  const found = new Map<string, EvidenceFact>();
  for (const anchor of file.credentials.flatMap((credential) => credential.proofs.anchors)) {
    if (anchor.evidence === null) continue;
    const key = publicationKey(anchor.home, anchor.root);
    if (found.get(key)?.problem) continue;
    const fact = checkEvidence(anchor, anchor.evidence, trusted.has(`${anchor.home.chain}:${anchor.block.hash}`));
    if (!found.has(key) || fact.problem !== null) found.set(key, fact);
  }
  return found;
}

function provenKey(anchor: Anchor, evidence: Evidence): Hex {
  const header = bytesOf(evidence.header);
  if (header.length > MAX_HEADER) throw new Misfit("the header is too long");
  if (hexOf(keccak256(header)) !== anchor.block.hash) throw new Misfit("the header does not hash to the block hash");
  const fields = decodeRlp(header);
  if (!isListOfBytes(fields) || fields.length < HEADER_FIELDS) throw new Misfit("the header is not a list of at least 15 fields");
  if (numberOf(fields[NUMBER]!) !== BigInt(anchor.block.number)) throw new Misfit("the header has another block number");
  if (numberOf(fields[TIMESTAMP]!) !== BigInt(anchor.block.timestamp)) throw new Misfit("the header has another timestamp");
  const receipt = provenReceipt(fields[RECEIPTS_ROOT]!, evidence.receiptIndex, evidence.receiptProof);
  const logs = succeededLogs(receipt);
  const log = logs[evidence.logIndex];
  if (log === undefined) throw new Misfit("the receipt has no event at the log index");
  return sameEvent(anchor, log);
}

/** The encoded receipt at `index` under `root`: each node of the proof used once and in order. */
function provenReceipt(root: Uint8Array, index: number, proof: readonly Hex[]): Uint8Array {
  if (index >= MAX_INDEX) throw new Misfit("the receipt index is out of range");
  if (proof.length === 0 || proof.length > MAX_NODES) throw new Misfit("the receipt proof is too long or empty");
  let path = nibbles(encodeRlpNumber(index));
  let expected: Rlp = root;
  for (const [number, encoded] of proof.map(bytesOf).entries()) {
    if (!(expected instanceof Uint8Array) || expected.length !== 32) throw new Misfit("the receipt proof does not lead to the receipt");
    if (!sameBytes(keccak256(encoded), expected)) throw new Misfit("a node of the receipt proof does not hash to what refers to it");
    const node = decodeRlp(encoded);
    if (node instanceof Uint8Array || (node.length !== 17 && node.length !== 2)) {
      throw new Misfit("the receipt proof is not made of trie nodes");
    }
    if (node.length === 17) {
      const [step, ...rest] = path;
      if (step === undefined) throw new Misfit("the receipt proof does not lead to the receipt");
      [expected, path] = [node[step]!, rest];
      continue;
    }
    const [leaf, piece] = compact(node[0]!);
    if (piece.some((nibble, at) => nibble !== path[at]) || (leaf && piece.length !== path.length)) {
      throw new Misfit("the receipt proof leads to another receipt index");
    }
    [expected, path] = [node[1]!, path.slice(piece.length)];
    if (!leaf) continue;
    if (number !== proof.length - 1 || !(expected instanceof Uint8Array)) throw new Misfit("the receipt proof has nodes to spare");
    return expected;
  }
  throw new Misfit("the receipt proof does not lead to the receipt");
}

/** Hex-prefix decoding (Yellow Paper appendix C): is it a leaf, and the nibbles. */
export function compact(encoded: Rlp): [boolean, number[]] {
  const all = encoded instanceof Uint8Array ? nibbles(encoded) : [];
  const flag = all[0];
  if (flag === undefined || flag > 3 || (flag % 2 === 0 && all[1] !== 0)) throw new Misfit("a hex prefix is not canonical");
  return [flag >= 2, all.slice(flag % 2 === 1 ? 1 : 2)];
}

/** The half bytes, high one first. */
export const nibbles = (data: Uint8Array): number[] => Array.from(data).flatMap((byte) => [byte >> 4, byte & 15]);

function succeededLogs(encoded: Uint8Array): readonly Log[] {
  if (encoded.length === 0) throw new Misfit("the block has no receipt at the receipt index");
  // EIP-2718: a first byte below 0x80 is the type; an untyped receipt is an RLP list (0xc0 and above).
  const fields = decodeRlp(encoded[0]! < 0x80 ? encoded.subarray(1) : encoded);
  const unknown = new Misfit("the receipt is not one that this version knows");
  if (fields instanceof Uint8Array || fields.length !== 4) throw unknown;
  const [status, , , logs] = fields;
  if (!(status instanceof Uint8Array) || logs === undefined || logs instanceof Uint8Array) throw unknown;
  if (status.length === 0) throw new Misfit("the receipt says that the transaction failed");
  if (status.length !== 1 || status[0] !== 1) throw unknown;
  return logs.map(logOf);
}

function logOf(log: Rlp): Log {
  const [address, topics, data] = log instanceof Uint8Array || log.length !== 3 ? [] : log;
  if (!(address instanceof Uint8Array) || !(data instanceof Uint8Array) || topics === undefined || !isListOfBytes(topics)) {
    throw new Misfit("a log is not address, topics and data");
  }
  return { address, topics, data };
}

const isListOfBytes = (value: Rlp): value is readonly Uint8Array[] =>
  !(value instanceof Uint8Array) && value.every((item) => item instanceof Uint8Array);

/** The anchoring key, where the event is this very anchor's. */
function sameEvent(anchor: Anchor, log: Log): Hex {
  if (hexOf(log.address) !== anchor.home.ledger) throw new Misfit("the event is another contract's");
  const [topic, issuer, sequence, root] = log.topics;
  if (!topic || !issuer || !sequence || !root || log.topics.length !== 4 || !sameBytes(topic, ANCHORED)) {
    throw new Misfit("the event is not Anchored");
  }
  if (log.topics.some((t) => t.length !== 32) || log.data.length !== 96) throw new Misfit("the Anchored event has the wrong length");
  const key = log.data.subarray(64);
  if (key.subarray(0, 12).some((byte) => byte !== 0)) throw new Misfit("the Anchored event has values that do not fit their types");
  const pairs: readonly [string, Uint8Array, number][] = [
    ["issuer", issuer, anchor.home.issuer],
    ["sequence", sequence, anchor.sequence],
    ["size", log.data.subarray(0, 32), anchor.size],
    ["previousSize", log.data.subarray(32, 64), anchor.previousSize],
  ];
  if (hexOf(root) !== anchor.root) throw new Misfit("the event has another root");
  const wrong = pairs.find(([, found, claimed]) => numberOf(found) !== BigInt(claimed));
  if (wrong) throw new Misfit(`the event has another ${wrong[0]}`);
  return hexOf(key.subarray(12));
}
