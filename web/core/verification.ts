/**
 * Verification: the eight checks of DESIGN §7. Pure: what the chain says comes as `Facts`, the time as `now`.
 * Never throws on a hostile file.
 */

import { introducing } from "./anchoring.js";
import { anchorCheck, holderCheck, inclusionCheck, integrityCheck, statusCheck, validityCheck, type Expected } from "./checks.js";
import { InputError } from "./errors.js";
import { onThatDay } from "./dated.js";
import type { Facts } from "./facts.js";
import { formatDate } from "./instants.js";
import { issuerCheck } from "./issuer_check.js";
import type { OpenedCredential } from "./opened.js";
import { openFile, type OpenedFile } from "./opening.js";
import { isTest, ledgerOf, TEST_CHAINS, type Policy } from "./policy.js";
import { check, CHECKS, credentialVerdict, worst, type CheckName, type CredentialVerdict, type Statement, type Verdict } from "./verdict.js";

/** `now` is UTC seconds; `at` replaces it in checks 7 and 8 (checks 4 to 6 keep the newest); what held then is stated beside. */
export interface Asking {
  readonly policy: Policy | null;
  readonly facts: Facts;
  readonly now: number;
  readonly at?: number | null;
  readonly expected?: Expected | null;
}

/** The verdict on the bytes of a credential file or presentation. */
export function verify(data: Uint8Array, asking: Asking): Verdict {
  // Check 1: the format.
  let file: OpenedFile;
  try {
    file = openFile(data);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return malformed(error);
  }
  return verifyOpened(file, asking);
}

/** The verdict on bytes that could not be read. */
export function malformed(error: InputError): Verdict {
  const checks = [check("format.malformed", { problem: error.message }), ...unchecked(CHECKS.slice(1))];
  return { overall: "rejected", asOf: null, test: false, credentials: [credentialVerdict(checks)] };
}

/** Checks 2 to 8 of a file that was read. */
export function verifyOpened(file: OpenedFile, asking: Asking): Verdict {
  const credentials = file.credentials.map((opened) => verifyOne(opened, file, asking));
  return {
    overall: worst(credentials.map((c) => c.overall)),
    asOf: asOf(file, asking.facts),
    test: file.credentials.some((opened) => testOnly(opened, asking.policy)),
    credentials,
  };
}

function verifyOne(opened: OpenedCredential, file: OpenedFile, asking: Asking): CredentialVerdict {
  const { policy, facts, now } = asking;
  const at = asking.at ?? now;
  const expected = asking.expected ?? null;
  const ledgerPolicy = ledgerOf(policy, opened.home);
  const first = [check("format.ok"), integrityCheck(opened), inclusionCheck(opened)];
  const last = [validityCheck(opened, at), holderCheck(opened, file, facts, expected, at)];
  // Who brings an audience and a nonce asks: else a file could lose its answer on the way and still be verified.
  const asked = file.holder !== null || expected !== null || (policy?.holderRequired ?? false);
  if (first.some((c) => c.outcome === "fail")) {
    // Checks 4 to 6 are about the entry; this is not the entry, and its place says nothing about it.
    return credentialVerdict([...first, ...unchecked(["anchor", "issuer", "status"]), ...last], asked);
  }
  const anchor = anchorCheck(opened, facts, now);
  const issuer = issuerCheck(opened, anchor, policy, ledgerPolicy, facts, now);
  const status = statusCheck(opened, facts, ledgerPolicy, now);
  const beside = anchor.code === "anchor.ok" ? [...lateness(opened), ...onThatDay(opened, facts, ledgerPolicy, asking.at ?? null)] : [];
  const statements = [...issuer.statements, ...beside];
  return credentialVerdict([...first, anchor, issuer.check, status, ...last], asked, statements, issuer.name);
}

const unchecked = (names: readonly CheckName[]) => names.map((name) => check(`${name}.unchecked`));

function lateness(opened: OpenedCredential): readonly Statement[] {
  const { promise } = opened.proofs;
  const anchor = introducing(opened.proofs, opened.home);
  if (promise === null || !anchor || anchor.block.timestamp <= promise.anchorBy) return [];
  const details = { date: formatDate(anchor.block.timestamp), promised: formatDate(promise.anchorBy) };
  return [{ code: "note.late", details }];
}

function testOnly(opened: OpenedCredential, policy: Policy | null): boolean {
  const ledger = ledgerOf(policy, opened.home);
  return TEST_CHAINS.has(opened.home.chainId) || (ledger !== null && isTest(ledger));
}

/** The oldest block that a verdict stands on. */
function asOf(file: OpenedFile, facts: Facts): number | null {
  const used = file.credentials.flatMap((c) => facts.ledgers.get(c.home.key) ?? []);
  const times = used.map((f) => (f.status === null ? f.final : f.status.block).timestamp);
  return times.length ? Math.min(...times) : null;
}
