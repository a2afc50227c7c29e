/** Verdicts: three-valued checks and how they add up (DESIGN §7). "Could not check" is never green, never an accusation. */

export const CHECKS = ["format", "integrity", "inclusion", "anchor", "issuer", "status", "validity", "holder"] as const;
export type CheckName = (typeof CHECKS)[number];
export type Outcome = "pass" | "fail" | "unknown";
export type Overall = "verified" | "rejected" | "undetermined";

const PASSES = "format.ok integrity.ok inclusion.ok anchor.ok anchor.block_hash issuer.pinned issuer.accredited status.ok validity.ok holder.ok";
const FAILS =
  "format.malformed integrity.document integrity.dates integrity.credits inclusion.mismatch inclusion.index anchor.absent " +
  "anchor.evidence anchor.promise issuer.compromised issuer.mismatch status.revoked status.suspended validity.expired " +
  "validity.not_yet holder.signature holder.audience holder.nonce holder.expired holder.not_yet";
const UNKNOWNS =
  "integrity.unchecked inclusion.none inclusion.unchecked anchor.pending anchor.overdue anchor.not_final anchor.none " +
  "anchor.introducing anchor.unreachable anchor.moved anchor.equivocation anchor.unchecked issuer.no_policy issuer.untrusted " +
  "issuer.unreachable issuer.unanchored issuer.document_missing issuer.document issuer.lapsed issuer.unchecked status.stale " +
  "status.unreachable status.unanchored status.unchecked validity.unchecked holder.absent holder.unasked holder.hidden " +
  "holder.none holder.contract holder.unchecked";

/** Every code and what it means; the same as the catalogue of the reference implementation. */
export const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ...PASSES.split(" ").map((code) => [code, "pass"] as const),
  ...FAILS.split(" ").map((code) => [code, "fail"] as const),
  ...UNKNOWNS.split(" ").map((code) => [code, "unknown"] as const),
]);

/** What a sentence is filled in with; dates are `YYYY-MM-DD`. A `problem` is a key of the texts, or a technical remark. */
export type Details = Readonly<Record<string, string | number>>;

/** One of the eight checks: `number` 1 to 8; the sentence is made from `code` and `details` in the reader's language. */
export interface Check {
  readonly number: number;
  readonly name: CheckName;
  readonly outcome: Outcome;
  readonly code: string;
  readonly details: Details;
}

/** A plain statement beside the checks, which no outcome depends on: `code` is `note.…` or `at.…`. */
export interface Statement {
  readonly code: string;
  readonly details: Details;
}

/** The check that `code` belongs to. */
export function check(code: string, details: Details = {}): Check {
  const name = code.split(".")[0] as CheckName;
  const outcome = OUTCOMES.get(code);
  if (outcome === undefined) throw new Error(`no such code: ${code}`);
  return { number: CHECKS.indexOf(name) + 1, name, outcome, code, details };
}

/** The eight checks of one credential; `issuerName` is the verifier's own name for the issuer, or null. */
export interface CredentialVerdict {
  readonly overall: Overall;
  readonly checks: readonly Check[];
  readonly holderAsked: boolean;
  readonly statements: readonly Statement[];
  readonly issuerName: string | null;
}

/** The verdict on one file. `asOf`: UTC seconds of the oldest chain data used, or null. */
export interface Verdict {
  readonly overall: Overall;
  readonly asOf: number | null;
  readonly test: boolean;
  readonly credentials: readonly CredentialVerdict[];
}

/** rejected if any check fails; verified if 1 to 7 pass, and 8 where asked; else undetermined. */
export function credentialVerdict(
  checks: readonly Check[],
  holderAsked = false,
  statements: readonly Statement[] = [],
  issuerName: string | null = null,
): CredentialVerdict {
  const needed = holderAsked ? checks : checks.slice(0, 7);
  const passed = needed.every((c) => c.outcome === "pass");
  const overall = checks.some((c) => c.outcome === "fail") ? "rejected" : passed ? "verified" : "undetermined";
  return { overall, checks, holderAsked, statements, issuerName };
}

/** rejected before undetermined before verified; of nothing: undetermined. */
export function worst(overalls: readonly Overall[]): Overall {
  const order: readonly Overall[] = ["rejected", "undetermined", "verified"];
  return order.find((overall) => overalls.includes(overall)) ?? "undetermined";
}

/** Which sentence comes first, and the check that it speaks of. */
export function headline(verdict: CredentialVerdict): { kind: "genuine" | "genuine_but" | "rejected" | "undetermined"; check: Check } {
  const failed = verdict.checks.filter((c) => c.outcome === "fail");
  const genuine = verdict.checks.slice(0, 5).every((c) => c.outcome === "pass");
  if (verdict.overall === "verified") return { kind: "genuine", check: verdict.checks[4]! };
  if (failed[0]) return { kind: genuine && failed.every((c) => c.number >= 6) ? "genuine_but" : "rejected", check: failed[0] };
  const needed = verdict.holderAsked ? verdict.checks : verdict.checks.slice(0, 7);
  return { kind: "undetermined", check: needed.find((c) => c.outcome === "unknown")! };
}
