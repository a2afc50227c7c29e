/** Check 5 of DESIGN §7: who issued it, judged by the register as it stood when it was published. */

import { introducing, type Anchor } from "./anchoring.js";
import { hexOf } from "./bytes.js";
import { problemOf } from "./checks.js";
import { compromisedAt, runsAt, type AccreditationFact, type DocumentFact, type Facts, type KeyFact, type LedgerFacts } from "./facts.js";
import { sha256 } from "./hashes.js";
import { formatDate } from "./instants.js";
import { canonical } from "./json.js";
import { issuerId, type OpenedCredential } from "./opened.js";
import type { LedgerPolicy, Policy } from "./policy.js";
import { check, type Check, type Statement } from "./verdict.js";

/** The check, plain notes beside it, and the name by which someone trusted knows the issuer. */
export interface IssuerJudgement {
  readonly check: Check;
  readonly statements: readonly Statement[];
  readonly name: string | null;
}

const judged = (
  code: string,
  details: Check["details"] = {},
  statements: readonly Statement[] = [],
  name: string | null = null,
): IssuerJudgement => ({
  check: check(code, details),
  statements,
  name,
});

/** Pinned, or accredited by someone trusted at the introducing anchor's time; the rest is unknown. */
export function issuerCheck(
  opened: OpenedCredential,
  anchored: Check,
  policy: Policy | null,
  ledgerPolicy: LedgerPolicy | null,
  facts: Facts,
  now: number,
): IssuerJudgement {
  const document = opened.issuerDocument;
  // An id that is no string names nobody; a document without an issuer id names nobody either (check 2).
  if (document !== null && (document.get("id") ?? null) !== issuerId(opened)) return judged("issuer.mismatch");
  const ledger = facts.ledgers.get(opened.home.key);
  const first = introducing(opened.proofs, opened.home);
  const compromised = ledger && first ? compromisedKey(first, ledger) : null;
  if (compromised) return judged("issuer.compromised");
  if (policy === null) return judged("issuer.no_policy");
  if (ledgerPolicy === null) return judged("issuer.untrusted", { name: ownName(opened) });
  if (!ledger) return judged("issuer.unreachable", { problem: problemOf(facts, opened) });
  if (!first || anchored.outcome !== "pass") return judged("issuer.unanchored");
  if (compromised === null) return judged("issuer.unreachable", { problem: "problem.no_key" });
  if (document === null) return judged("issuer.document_missing");
  const inForce = documentInForce(ledger.documents, first.block.number);
  if (inForce === undefined || hexOf(sha256(canonical(document))) !== inForce.hash) return judged("issuer.document");
  return vouched(opened, policy, ledgerPolicy, ledger, first, inForce, now);
}

/** The document registered last by the end of block `blockNumber`. */
export const documentInForce = (documents: readonly DocumentFact[], blockNumber: number): DocumentFact | undefined =>
  [...documents].reverse().find((d) => d.blockNumber <= blockNumber);

/** The key that published `anchor`, where the facts say so. */
export function introducingKey(anchor: Anchor, ledger: LedgerFacts): KeyFact | undefined {
  const fact = ledger.anchors.get(anchor.root);
  return fact ? ledger.keys[fact.keyIndex] : undefined;
}

/** Whether the introducing key was compromised when it published; null where the facts do not say. */
function compromisedKey(anchor: Anchor, ledger: LedgerFacts): boolean | null {
  const fact = ledger.anchors.get(anchor.root);
  const key = introducingKey(anchor, ledger);
  return fact && key ? compromisedAt(key, fact.block.timestamp) : null;
}

function vouched(
  opened: OpenedCredential,
  policy: Policy,
  ledgerPolicy: LedgerPolicy,
  ledger: LedgerFacts,
  anchor: Anchor,
  document: DocumentFact,
  now: number,
): IssuerJudgement {
  const pinned = ledgerPolicy.issuers.get(opened.home.issuer);
  const own = ownName(opened);
  if (pinned !== undefined) return judged("issuer.pinned", { name: pinned }, [], pinned);
  const trusted = ledger.accreditations.filter((a) => a.documentHash === document.hash && ledgerPolicy.accreditors.has(a.accreditor));
  const then = trusted.filter((a) => runsAt(a, anchor.block.timestamp));
  if (then.length === 0) return judged("issuer.untrusted", { name: own });
  // A clock behind the chain's must not find that an accreditation has not begun yet.
  const today = Math.max(now, anchor.block.timestamp);
  const still = new Set(trusted.filter((a) => runsAt(a, today)).map((a) => a.accreditor));
  // Of several, the one that stands to this day speaks: nobody is named who has since turned away.
  const speaker = then.find((a) => still.has(a.accreditor)) ?? then[0]!;
  const accreditor = ledgerPolicy.accreditors.get(speaker.accreditor)!;
  const lapsed = still.size > 0 ? [] : [lapse(speaker, accreditor, trusted, today)];
  if (policy.accreditedNow && still.size === 0) return judged("issuer.lapsed", {}, lapsed, own);
  const scope = speaker.scope ? { scope: oneLine(speaker.scope) } : {};
  return judged("issuer.accredited", { name: own, accreditor, ...scope }, lapsed, own);
}

/** When the accreditor's last accreditation ended; a renewed one ended only with what renewed it. */
function lapse(speaker: AccreditationFact, accreditor: string, trusted: readonly AccreditationFact[], today: number): Statement {
  const same = trusted.filter((a) => a.accreditor === speaker.accreditor && a.since <= today);
  const ends = same.map((a) => Math.min(...[a.validUntil, a.endedAt].filter((end) => end !== 0)));
  return { code: "note.lapsed", details: { accreditor, date: formatDate(Math.max(...ends)) } };
}

/** What the issuer calls itself, on one harmless line; its id where the file describes nobody. */
function ownName(opened: OpenedCredential): string {
  const name = opened.issuerDocument?.get("name");
  return oneLine(typeof name === "string" && name ? name : (issuerId(opened) ?? ""));
}

/** A stranger's words, quoted, without line ends and control characters, at most 128 characters. */
function oneLine(text: string): string {
  const plain = Array.from(text).filter((c) => c === " " || !/[\p{C}\p{Z}]/u.test(c));
  return `“${plain.slice(0, 128).join("")}”`;
}
