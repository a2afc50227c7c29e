/** A credential as a file opens it: whole, or with parts hidden. What verification looks at. Consensus-critical. */

import type { Proofs } from "./anchoring.js";
import { pathKey, type Claim, type Path } from "./claims.js";
import type { Home, Subject } from "./commitment.js";
import { InputError } from "./errors.js";
import { parseInstant } from "./instants.js";
import type { Json, JsonObject } from "./json.js";

export const CREDITS_PATH: Path = ["credentialSubject", "creditsEarned"];
export const NAME_PATH: Path = ["credentialSubject", "achievement", "name"];

/** One credential with its commitment computed; dates are UTC seconds, 0 where absent; `subject` null where hidden. */
export interface OpenedCredential {
  readonly home: Home;
  readonly issuerDocument: JsonObject | null;
  readonly claims: readonly Claim[];
  readonly complete: boolean;
  readonly count: number;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly subject: Subject | null;
  readonly commitment: Uint8Array;
  readonly proofs: Proofs;
}

/** The shown claim at exactly `path`. */
export function claimAt(claims: readonly Claim[], path: Path): Claim | undefined {
  const key = pathKey(path);
  return claims.find((claim) => pathKey(claim.path) === key);
}

/** The document's issuer `id` (or the issuer itself where it is a plain string), if shown. */
export function issuerId(opened: OpenedCredential): string | null {
  const claim = claimAt(opened.claims, ["issuer", "id"]) ?? claimAt(opened.claims, ["issuer"]);
  return typeof claim?.value === "string" ? claim.value : null;
}

/** Which of the claims that are always shown is missing, or null. */
export function missingClaim(claims: readonly Claim[]): string | null {
  for (const top of ["@context", "type"]) {
    if (!shownWhole(claims, top)) return top;
  }
  const issuer = claimAt(claims, ["issuer", "id"]) ?? claimAt(claims, ["issuer"]);
  if (typeof issuer?.value !== "string") return "issuer.id";
  return typeof claimAt(claims, NAME_PATH)?.value === "string" ? null : NAME_PATH.join(".");
}

/** A scalar, or an array without a gap from its first element on. */
function shownWhole(claims: readonly Claim[], top: string): boolean {
  const indexes = new Set<number>();
  for (const { path } of claims) {
    if (path[0] !== top) continue;
    if (path.length === 1) return true;
    if (typeof path[1] === "number") indexes.add(path[1]);
  }
  return indexes.size > 0 && Math.max(...indexes) === indexes.size - 1;
}

/** UTC seconds of a document's date; an end in 1970's first second would hash as none and is refused. */
export function dateOf(value: Json, where: string): number {
  const seconds = parseInstant(value, where);
  if (seconds === 0 && where.endsWith("validUntil")) throw new InputError(where, "must lie after 1970-01-01T00:00:00Z");
  return seconds;
}

/** Exactly 100 × `creditsEarned` as a whole number, or null where that is none. */
export function creditsOf(earned: Json): bigint | null {
  const found = typeof earned === "number" ? /^(\d+)(?:\.(\d{1,2}))?$/.exec(String(earned)) : null;
  if (!found) return null;
  const hundredfold = BigInt(found[1]! + (found[2] ?? "").padEnd(2, "0"));
  return hundredfold > 0n ? hundredfold : null;
}

/** The document that the shown claims span; of an array with hidden elements, the shown ones in order. */
export function disclosed(claims: readonly Claim[]): Json {
  if (claims.length === 1 && claims[0]!.path.length === 0) return claims[0]!.value;
  const groups = new Map<string | number, Claim[]>();
  for (const { path, value } of claims) {
    const step = path[0]!;
    const group = groups.get(step) ?? [];
    group.push({ path: path.slice(1), value });
    groups.set(step, group);
  }
  const steps = [...groups.keys()];
  if (steps.every((step) => typeof step === "number")) {
    return (steps as number[]).sort((a, b) => a - b).map((step) => disclosed(groups.get(step)!));
  }
  return new Map(steps.map((step) => [String(step), disclosed(groups.get(step)!)]));
}
