/** What register and status were on a day that the verifier names: statements beside the verdict, never in it. */

import { introducing, type Anchor } from "./anchoring.js";
import { runsAt, type Facts, type LedgerFacts, type StatusEvent, type StatusFact } from "./facts.js";
import { formatDate, formatInstant } from "./instants.js";
import { documentInForce, introducingKey } from "./issuer_check.js";
import type { OpenedCredential } from "./opened.js";
import type { LedgerPolicy } from "./policy.js";
import type { Details, Statement } from "./verdict.js";

const [REVOKED, SUSPENDED] = [0, 1];
const NO_DOCUMENT = "00".repeat(32);

const say = (code: string, details: Details): Statement => ({ code, details });

/** Status, accreditation, document and key at `at` (UTC seconds; null: nobody asked), for an entry whose check 4 passed. */
export function onThatDay(opened: OpenedCredential, facts: Facts, policy: LedgerPolicy | null, at: number | null): readonly Statement[] {
  const ledger = facts.ledgers.get(opened.home.key);
  const anchor = introducing(opened.proofs, opened.home);
  if (at === null || !ledger || !anchor) return [];
  // A day where `at` is its beginning, else the very second.
  const date = at % 86_400 ? formatInstant(at) : formatDate(at);
  const early = at < anchor.block.timestamp ? [say("at.unpublished", { date, published: formatDate(anchor.block.timestamp) })] : [];
  const status = statusThen(opened.proofs.index, ledger, at, date);
  if (at > ledger.final.timestamp) return [...early, status]; // the register may have changed since
  return [
    ...early,
    status,
    ...accreditationsThen(anchor, ledger, policy, at, date),
    documentThen(anchor, ledger, at, date),
    ...keyThen(anchor, ledger, at, date),
  ];
}

function statusThen(index: number, ledger: LedgerFacts, at: number, date: string): Statement {
  const { status, statusEvents: events } = ledger;
  const unknown = (problem: string): Statement => say("at.status_unknown", { date, problem });
  if (status === null || events === null) return unknown("problem.no_events");
  if (at > status.block.timestamp) return unknown("problem.too_new");
  const word = Math.floor(index / 256);
  const bit = 1n << BigInt(index % 256);
  if (![REVOKED, SUSPENDED].every((purpose) => leadsTo(status, events, purpose, word))) return unknown("problem.events_differ");
  if (wordThen(events, REVOKED, word, at) & bit) return say("at.status_revoked", { date });
  return say(wordThen(events, SUSPENDED, word, at) & bit ? "at.status_suspended" : "at.status_clear", { date });
}

/** True iff the events end in the word that the ledger has: else some were withheld. */
const leadsTo = (status: StatusFact, events: readonly StatusEvent[], purpose: number, word: number): boolean =>
  (purpose === REVOKED ? status.revoked : status.suspended)[word] === wordThen(events, purpose, word, status.block.timestamp);

/** The word's value at `at`: the last change up to then. */
const wordThen = (events: readonly StatusEvent[], purpose: number, word: number, at: number): bigint =>
  [...events].reverse().find((e) => e.purpose === purpose && e.word === word && e.time <= at)?.value ?? 0n;

/** By those whom the policy trusts; nothing where it trusts no accreditor. */
function accreditationsThen(anchor: Anchor, ledger: LedgerFacts, policy: LedgerPolicy | null, at: number, date: string): readonly Statement[] {
  const document = documentInForce(ledger.documents, anchor.block.number);
  if (policy === null || policy.accreditors.size === 0 || !document) return [];
  const running = ledger.accreditations.filter((a) => a.documentHash === document.hash && runsAt(a, at));
  const names = new Set(running.flatMap((a) => policy.accreditors.get(a.accreditor) ?? []));
  if (names.size === 0) return [say("at.not_accredited", { date })];
  return [...names].map((accreditor) => say("at.accredited", { date, accreditor }));
}

function documentThen(anchor: Anchor, ledger: LedgerFacts, at: number, date: string): Statement {
  const issuedUnder = documentInForce(ledger.documents, anchor.block.number);
  const then = [...ledger.documents].reverse().find((d) => d.time <= at);
  if (!then || then.hash === NO_DOCUMENT) return say("at.document_none", { date });
  return say(issuedUnder?.hash === then.hash ? "at.document_same" : "at.document_other", { date });
}

function keyThen(anchor: Anchor, ledger: LedgerFacts, at: number, date: string): readonly Statement[] {
  const key = introducingKey(anchor, ledger);
  if (!key) return [];
  const retired = key.retiredAt !== 0 && at >= key.retiredAt;
  const word = at < key.addedAt ? "absent" : retired ? "retired" : "active";
  const since = key.compromisedSince;
  const later = since !== 0 && anchor.block.timestamp < since ? [say("at.key_compromised", { since: formatDate(since) })] : [];
  return [say(`at.key_${word}`, { date }), ...later];
}
