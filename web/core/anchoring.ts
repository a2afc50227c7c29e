/** What ties an entry to its log and its log to a chain, as it stands in files (DESIGN §4). Consensus-critical. */

import type { Hex } from "./bytes.js";
import { Home, readHome } from "./commitment.js";
import { InputError } from "./errors.js";
import { signatureProblem } from "./ethereum.js";
import { array, ethereumHex, hex, integer, Members, members, nullable, seconds, type Reading } from "./strict.js";

export const MAX_INDEX = 2 ** 48 - 1;
export const MAX_ANCHORS = 64;
const MAX_PATH = 48;

/** A block; `timestamp` in UTC seconds. */
export interface BlockRef {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

/** An RLP header and the trie proof of the anchoring receipt; `logIndex` counts within that receipt. */
export interface Evidence {
  readonly header: Hex;
  readonly receiptIndex: number;
  readonly receiptProof: readonly Hex[];
  readonly logIndex: number;
}

/** A signed checkpoint and the entry's path in it. */
export interface SignedPromise {
  readonly size: number;
  readonly root: Hex;
  readonly path: readonly Hex[];
  readonly signedAt: number;
  readonly anchorBy: number;
  readonly signature: Hex;
}

/** One final anchor whose log holds the entry: at home, or on another ledger as a witness of existence. */
export interface Anchor {
  readonly home: Home;
  readonly sequence: number;
  readonly size: number;
  readonly previousSize: number;
  readonly root: Hex;
  readonly path: readonly Hex[];
  readonly transaction: Hex;
  readonly block: BlockRef;
  readonly evidence: Evidence | null;
}

/** Where an entry stands in its home log, and what shows it. */
export interface Proofs {
  readonly index: number;
  readonly promise: SignedPromise | null;
  readonly anchors: readonly Anchor[];
}

const size = integer(1, MAX_INDEX);
const path = array(hex(32), 0, MAX_PATH);

/** A home as a member of a file. */
export const home: Reading<Home> = (value, where) => readHome(members(value, where, ["chain", "ledger", "issuer"]));

/** 65 bytes r‖s‖v with v 27 or 28 and low s, else refused. */
export const signature: Reading<Hex> = (value, where) => {
  const raw = ethereumHex(65)(value, where);
  const problem = signatureProblem(raw);
  if (problem !== null) throw new InputError(where, problem);
  return raw;
};

const promise: Reading<SignedPromise> = (value, where) => {
  const m = members(value, where, ["size", "root", "path", "signedAt", "anchorBy", "signature"]);
  return {
    size: m.read("size", size),
    root: m.read("root", hex(32)),
    path: m.read("path", path),
    signedAt: m.read("signedAt", seconds()),
    anchorBy: m.read("anchorBy", seconds()),
    signature: m.read("signature", signature),
  };
};

const evidence: Reading<Evidence> = (value, where) => {
  const m = members(value, where, ["header", "receiptIndex", "receiptProof", "logIndex"]);
  return {
    header: m.read("header", ethereumHex()),
    receiptIndex: m.read("receiptIndex", integer()),
    receiptProof: m.read("receiptProof", array(ethereumHex(), 1, 64)),
    logIndex: m.read("logIndex", integer()),
  };
};

const block: Reading<BlockRef> = (value, where) => {
  const m = members(value, where, ["number", "hash", "timestamp"]);
  return { number: m.read("number", integer()), hash: m.read("hash", ethereumHex(32)), timestamp: m.read("timestamp", seconds()) };
};

const anchor: Reading<Anchor> = (value, where) => {
  const own = ["sequence", "size", "previousSize", "root", "path", "transaction", "block", "evidence"];
  const m = members(value, where, ["chain", "ledger", "issuer", ...own]);
  const entries = m.read("size", size);
  return {
    home: readHome(m),
    sequence: m.read("sequence", integer(1)),
    size: entries,
    previousSize: m.read("previousSize", integer(0, entries - 1)),
    root: m.read("root", hex(32)),
    path: m.read("path", path),
    transaction: m.read("transaction", ethereumHex(32)),
    block: m.read("block", block),
    evidence: m.read("evidence", nullable(evidence)),
  };
};

/** How a publication is looked up in facts: home and root. */
export const publicationKey = (where: Home, root: Hex): string => `${where.key}/${root}`;

/** The members `index`, `promise`, `anchors`. */
export function readProofs(m: Members): Proofs {
  const anchors = m.read("anchors", array(anchor, 0, MAX_ANCHORS));
  if (new Set(anchors.map((a) => publicationKey(a.home, a.root))).size !== anchors.length) {
    // A ledger takes a root once; told twice, one account could borrow the evidence of the other.
    throw new InputError(`${m.where}.anchors`, "must not name one publication twice");
  }
  return { index: m.read("index", integer(0, MAX_INDEX)), promise: m.read("promise", nullable(promise)), anchors };
}

/** The anchors on the home ledger: the only ones that checks 4 to 6 look at. */
export const anchorsAt = (proofs: Proofs, at: Home): readonly Anchor[] => proofs.anchors.filter((a) => a.home.key === at.key);

/** The home anchor with previousSize ≤ index < size, if the file holds it. */
export const introducing = (proofs: Proofs, at: Home): Anchor | undefined =>
  anchorsAt(proofs, at).find((a) => a.previousSize <= proofs.index && proofs.index < a.size);
