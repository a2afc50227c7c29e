/** Presentations: some claims shown, the rest as the roots of maximal hidden subtrees (DESIGN §4). Consensus-critical. */

import { home, readProofs, signature } from "./anchoring.js";
import { bytesOf, type Hex } from "./bytes.js";
import { checkPaths, claimLeaf, MAX_CLAIMS, parsePath, SALT_BYTES, type Claim } from "./claims.js";
import { claimsRoot, commit, readSubject, subjectHash, type Subject } from "./commitment.js";
import { InputError } from "./errors.js";
import { nodeHash, sha256 } from "./hashes.js";
import { canonical, isArray, isObject, type Json } from "./json.js";
import { split } from "./merkle.js";
import { claimAt, CREDITS_PATH, dateOf, missingClaim, type OpenedCredential } from "./opened.js";
import { object } from "./files.js";
import { array, hex, integer, members, nullable, seconds, string, type Reading } from "./strict.js";
import { presentationDigest } from "./typed_data.js";

export const PRESENTATION_FORMAT = "rootseal/presentation/1";
export const MAX_CREDENTIALS = 16;
const MAX_TEXT = 1024;
const MEMBERS = [
  "home", "issuerDocument", "validFrom", "validUntil", "count", "shown", "hidden", "subject", "index", "promise", "anchors",
];

/** The holder's answer to one verifier; times in UTC seconds, signatures ascending by holder address. */
export interface HolderProof {
  readonly audience: string;
  readonly nonce: string;
  readonly created: number;
  readonly expires: number;
  readonly signatures: readonly Hex[];
}

/** Opened credentials, and the answer with the digest that it signs. */
export interface OpenedPresentation {
  readonly credentials: readonly OpenedCredential[];
  readonly holder: HolderProof | null;
  readonly signedDigest: Uint8Array | null;
}

interface Shown {
  readonly position: number;
  readonly claim: Claim;
  readonly salt: Hex;
}

/** Read a presentation from its parsed value. */
export function openPresentation(value: Json): OpenedPresentation {
  const m = members(value, "file", ["format", "note", "credentials"], ["holder"]);
  const credentials = m.read("credentials", array(presented, 1, MAX_CREDENTIALS));
  const holder = m.has("holder") ? m.read("holder", holderProof) : null;
  m.read("note", string());
  if (holder === null) return { credentials, holder, signedDigest: null };
  const bound = sha256(canonical(new Map([...m.value].filter(([name]) => name !== "holder"))));
  const digest = presentationDigest(bound, holder.audience, holder.nonce, holder.created, holder.expires);
  return { credentials, holder, signedDigest: digest };
}

const holderProof: Reading<HolderProof> = (value, where) => {
  const m = members(value, where, ["audience", "nonce", "created", "expires", "signatures"]);
  return {
    audience: m.read("audience", string(MAX_TEXT)),
    nonce: m.read("nonce", string(MAX_TEXT)),
    created: m.read("created", seconds()),
    expires: m.read("expires", seconds()),
    signatures: m.read("signatures", array(signature, 1, MAX_CREDENTIALS)),
  };
};

const presented: Reading<OpenedCredential> = (value, where) => {
  const m = members(value, where, MEMBERS);
  const count = m.read("count", integer(8, MAX_CLAIMS));
  if (count % 8) throw new InputError(`${where}.count`, "must be a multiple of 8", count);
  const issuerDocument = m.read("issuerDocument", nullable(object));
  const at = m.read("home", home);
  const validFrom = m.read("validFrom", seconds());
  const validUntil = m.read("validUntil", nullable(seconds(1))) ?? 0;
  const shown = m.read("shown", array((v, w) => shownClaim(v, w, count), 1, count));
  const hidden = m.read("hidden", array(hex(32), 0, count));
  const subject = m.read("subject", subjectOrHash);
  const proofs = readProofs(m);
  const claims = shown.map((s) => s.claim);
  checkShown(shown, claims, subject, `${where}.shown`);
  const root = claimsRoot(count, validFrom, validUntil, treeRoot(count, shown, hidden));
  const subjectBytes = typeof subject === "string" ? bytesOf(subject) : subjectHash(subject.subject, bytesOf(subject.salt));
  const commitment = commit(at, root, subjectBytes);
  const known = typeof subject === "string" ? null : subject.subject;
  return { home: at, issuerDocument, claims, complete: false, count, validFrom, validUntil, subject: known, commitment, proofs };
};

function shownClaim(value: Json, where: string, count: number): Shown {
  const m = members(value, where, ["position", "path", "value", "salt"]);
  const shown = m.raw("value");
  if ((isObject(shown) && shown.size > 0) || (isArray(shown) && shown.length > 0)) {
    throw new InputError(`${where}.value`, "must be a scalar or an empty container");
  }
  const position = m.read("position", integer(0, count - 1));
  return { position, claim: { path: m.read("path", parsePath), value: shown }, salt: m.read("salt", hex(SALT_BYTES)) };
}

const subjectOrHash: Reading<{ subject: Subject; salt: Hex } | Hex> = (value, where) => {
  if (typeof value === "string") return hex(32)(value, where);
  const m = members(value, where, ["holder", "credits", "creditId", "salt"]);
  return { subject: readSubject(m), salt: m.read("salt", hex(SALT_BYTES)) };
};

/** The rules that concern several shown claims together. */
function checkShown(shown: readonly Shown[], claims: readonly Claim[], subject: { subject: Subject } | Hex, where: string): void {
  if (shown.some((s, at) => at > 0 && shown[at - 1]!.position >= s.position)) {
    throw new InputError(where, "must ascend strictly by position");
  }
  checkPaths(claims.map((claim) => claim.path), where);
  const missing = missingClaim(claims);
  if (missing !== null) throw new InputError(where, "must show what may not be hidden", missing);
  if (typeof subject !== "string" && subject.subject.credits !== 0 && !claimAt(claims, CREDITS_PATH)) {
    throw new InputError(where, "must show creditsEarned where the subject shows credits");
  }
  for (const { path, value } of claims) {
    // A path below a date means that the document has no date there, as a complete file is told too.
    if (path[0] === "validFrom" || path[0] === "validUntil") dateOf(path.length === 1 ? value : null, `${where}.${path[0]}`);
  }
}

/** root(0, count) of DESIGN §4; every hidden root is consumed, and they must suffice. */
export function treeRoot(count: number, shown: readonly Shown[], hidden: readonly Hex[]): Uint8Array {
  let [used, next] = [0, 0];
  const root = (low: number, size: number): Uint8Array => {
    const first = shown[next];
    if (first === undefined || first.position >= low + size) {
      const taken = hidden[used++];
      if (taken === undefined) throw new InputError("hidden", "has too few roots for what is not shown", hidden.length);
      return bytesOf(taken);
    }
    if (size === 1) {
      next++;
      return claimLeaf(first.claim, bytesOf(first.salt));
    }
    const left = root(low, split(size));
    return nodeHash(left, root(low + split(size), size - split(size)));
  };
  const whole = root(0, count);
  if (used !== hidden.length) throw new InputError("hidden", "has more roots than there are hidden parts", hidden.length);
  return whole;
}
