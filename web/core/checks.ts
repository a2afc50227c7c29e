/** Checks 2 to 4 and 6 to 8 of DESIGN §7; check 5 is in `issuer_check`. */

import { anchorsAt, introducing, publicationKey, type Anchor, type SignedPromise } from "./anchoring.js";
import { bytesOf, hexOf, type Hex } from "./bytes.js";
import { ZERO_ADDRESS, recover } from "./ethereum.js";
import type { AnchorFact, Facts, KeyFact, LedgerFacts } from "./facts.js";
import { leafHash } from "./hashes.js";
import { formatDate } from "./instants.js";
import { rootFromInclusion } from "./merkle.js";
import { claimAt, creditsOf, CREDITS_PATH, dateOf, missingClaim, type OpenedCredential } from "./opened.js";
import { holdersOf, type OpenedFile } from "./opening.js";
import { DEFAULT_MAX_STATUS_AGE, type LedgerPolicy } from "./policy.js";
import { checkpointDigest } from "./typed_data.js";
import { check, type Check } from "./verdict.js";

const ANCHOR_ROLE = 1;

/** What the verifier asked the holder: both its own, never taken from the file. */
export interface Expected {
  readonly audience: string;
  readonly nonce: string;
}

/** Why there are no facts about a home: a key of the texts, or a technical remark. */
export const problemOf = (facts: Facts, opened: OpenedCredential): string => facts.problems.get(opened.home.key) ?? "problem.not_given";

/** Check 2: document, subject and dates agree. The commitment itself was computed when the file was opened. */
export function integrityCheck(opened: OpenedCredential): Check {
  const missing = missingClaim(opened.claims);
  if (missing !== null) return check("integrity.document", { problem: missing });
  for (const [name, committed] of [["validFrom", opened.validFrom], ["validUntil", opened.validUntil]] as const) {
    const claim = claimAt(opened.claims, [name]);
    if (claim && dateOf(claim.value, name) !== committed) return check("integrity.dates");
  }
  // Zero credits beside creditsEarned are right: of several copies one alone carries them.
  const held = opened.subject?.credits ?? 0;
  const earned = claimAt(opened.claims, CREDITS_PATH);
  if (held !== 0 && (!earned || creditsOf(earned.value) !== BigInt(held))) return check("integrity.credits");
  return check("integrity.ok");
}

/** Check 3: the commitment leads to the root of every anchor, witnesses included, and of the promise. */
export function inclusionCheck(opened: OpenedCredential): Check {
  const { index, anchors, promise } = opened.proofs;
  const states: readonly (Anchor | SignedPromise)[] = promise === null ? anchors : [...anchors, promise];
  const leaf = leafHash(opened.commitment);
  if (states.length === 0) return check("inclusion.none");
  for (const state of states) {
    if (index >= state.size) return check("inclusion.index", { index, size: state.size });
    const root = rootFromInclusion(index, state.size, leaf, state.path.map(bytesOf));
    if (root === null || hexOf(root) !== state.root) return check("inclusion.mismatch");
  }
  return check("inclusion.ok");
}

/** Check 4: sequence, sizes and root stand on the home ledger, final. Witnesses never matter here. */
export function anchorCheck(opened: OpenedCredential, facts: Facts, now: number): Check {
  const { home, proofs } = opened;
  const own = anchorsAt(proofs, home);
  const evidence = (anchor: Anchor) => facts.evidence.get(publicationKey(home, anchor.root));
  for (const anchor of own) {
    const problem = evidence(anchor)?.problem ?? null;
    if (problem !== null) return check("anchor.evidence", { problem });
  }
  const ledger = facts.ledgers.get(home.key);
  const first = introducing(proofs, home);
  if (ledger) {
    for (const anchor of own) {
      const wrong = againstLedger(anchor, ledger);
      if (wrong) return wrong;
    }
    const wrong = promiseCheck(opened, ledger);
    if (wrong) return wrong;
    if (first) return published("anchor.ok", first);
  } else if (first) {
    if (evidence(first)?.trustedHash) return published("anchor.block_hash", first);
    return check("anchor.unreachable", { problem: problemOf(facts, opened) });
  }
  if (own.length > 0) return check("anchor.introducing");
  if (ledger && promiseKey(opened, ledger)?.compromisedSince) return check("anchor.none");
  return pending(proofs.promise, now);
}

const published = (code: string, anchor: Anchor): Check =>
  check(code, { date: formatDate(anchor.block.timestamp), sequence: anchor.sequence });

function pending(promise: SignedPromise | null, now: number): Check {
  if (promise === null) return check("anchor.none");
  return check(now <= promise.anchorBy ? "anchor.pending" : "anchor.overdue", { date: formatDate(promise.anchorBy) });
}

/** What is wrong with one home anchor, or null. The facts were read at the final head. */
function againstLedger(anchor: Anchor, ledger: LedgerFacts): Check | null {
  const fact = ledger.anchors.get(anchor.root);
  if (fact === undefined) return check("anchor.unreachable", { problem: "problem.not_asked" });
  if ((fact ?? anchor).block.number > ledger.final.number) return check("anchor.not_final");
  if (fact === null || !sameFacts(anchor, fact)) return check("anchor.absent");
  const [a, b] = [anchor.block, fact.block];
  // A snapshot tells number and time of a publication's block, not its hash.
  const same = a.number === b.number && (b.hash === "" || a.hash === b.hash) && a.timestamp === b.timestamp;
  return same ? null : check("anchor.moved");
}

const sameFacts = (anchor: Anchor, fact: AnchorFact): boolean =>
  anchor.sequence === fact.sequence && anchor.size === fact.size && anchor.previousSize === fact.previousSize;

/** A promise must come from an anchor key of the issuer, and not contradict what was published. */
function promiseCheck(opened: OpenedCredential, ledger: LedgerFacts): Check | null {
  const promise = opened.proofs.promise;
  if (promise === null) return null;
  if (!promiseKey(opened, ledger)) return check("anchor.promise");
  const forked = anchorsAt(opened.proofs, opened.home).some((a) => a.size === promise.size && a.root !== promise.root);
  return forked ? check("anchor.equivocation") : null;
}

/** The issuer's anchor key that signed the file's promise. */
function promiseKey(opened: OpenedCredential, ledger: LedgerFacts): KeyFact | undefined {
  const promise = opened.proofs.promise;
  if (promise === null) return undefined;
  const digest = checkpointDigest(opened.home, promise.size, bytesOf(promise.root), promise.signedAt, promise.anchorBy);
  const signer = recover(digest, promise.signature);
  return ledger.keys.find((key) => key.address === signer && (key.roles & ANCHOR_ROLE) !== 0);
}

/** True iff the ledger, or a key of the issuer, puts this entry at its index: else it is only the file's word. */
function entered(opened: OpenedCredential, ledger: LedgerFacts): boolean {
  if (anchorsAt(opened.proofs, opened.home).some((a) => ledger.anchors.get(a.root)?.size === a.size)) return true;
  return promiseKey(opened, ledger)?.compromisedSince === 0;
}

/** Check 6: neither revoked nor suspended at home, from the whole map at the latest block. */
export function statusCheck(opened: OpenedCredential, facts: Facts, policy: LedgerPolicy | null, now: number): Check {
  const ledger = facts.ledgers.get(opened.home.key);
  if (!ledger) return check("status.unreachable", { problem: problemOf(facts, opened) });
  const status = ledger.status;
  if (status === null) return check("status.unreachable", { problem: "problem.no_map" });
  const index = opened.proofs.index;
  const word = Math.floor(index / 256);
  const bit = 1n << BigInt(index % 256);
  const [revoked, suspended] = [status.revoked[word], status.suspended[word]];
  if (index >= ledger.headSize || revoked === undefined || suspended === undefined || !entered(opened, ledger)) {
    return check("status.unanchored");
  }
  const date = formatDate(status.block.timestamp);
  if (revoked & bit) return check("status.revoked", { date });
  if (suspended & bit) return check("status.suspended", { date });
  const oldest = policy?.maxStatusAge ?? DEFAULT_MAX_STATUS_AGE;
  return check(now - status.block.timestamp > oldest ? "status.stale" : "status.ok", { date });
}

/** Check 7: validFrom ≤ at < validUntil. */
export function validityCheck(opened: OpenedCredential, at: number): Check {
  const { validFrom, validUntil } = opened;
  if (at < validFrom) return check("validity.not_yet", { date: formatDate(validFrom) });
  if (validUntil && at >= validUntil) return check("validity.expired", { date: formatDate(validUntil) });
  return check("validity.ok", { date: formatDate(at), ...(validUntil ? { until: formatDate(validUntil) } : {}) });
}

/** Check 8: the one it was issued to answered this verifier's own question in time. */
export function holderCheck(opened: OpenedCredential, file: OpenedFile, facts: Facts, expected: Expected | null, at: number): Check {
  const { holder: proof, signedDigest } = file;
  if (proof === null || signedDigest === null) return check("holder.absent");
  if (opened.subject === null) return check("holder.hidden");
  if (opened.subject.holder === ZERO_ADDRESS) return check("holder.none");
  const wrong = signatureCheck(opened, opened.subject.holder, file, facts, signedDigest);
  if (wrong) return wrong;
  if (expected === null) return check("holder.unasked");
  if (proof.audience !== expected.audience) return check("holder.audience");
  if (proof.nonce !== expected.nonce) return check("holder.nonce");
  if (at < proof.created) return check("holder.not_yet", { date: formatDate(proof.created) });
  if (at >= proof.expires) return check("holder.expired", { date: formatDate(proof.expires) });
  return check("holder.ok");
}

/** What is wrong with the signature that is due for this holder, or null. */
function signatureCheck(opened: OpenedCredential, holder: Hex, file: OpenedFile, facts: Facts, digest: Uint8Array): Check | null {
  const holders = holdersOf(file);
  const signatures = file.holder?.signatures ?? [];
  const signature = signatures[holders.indexOf(holder)];
  if (signatures.length !== holders.length || signature === undefined) return check("holder.signature");
  if (recover(digest, signature) === holder) return null;
  const ledger = facts.ledgers.get(opened.home.key);
  if (!ledger) return check("holder.contract", { problem: problemOf(facts, opened) });
  const answers = ledger.contractWallets.get(holder);
  if (answers === undefined) return check("holder.contract", { problem: "problem.wallet_not_asked" });
  if (answers === null) return check("holder.signature");
  const accepted = answers.get(`${hexOf(digest)}/${signature}`);
  if (accepted === undefined) return check("holder.contract", { problem: "problem.no_answer" });
  return accepted ? null : check("holder.signature");
}
