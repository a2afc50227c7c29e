/** What the chain says, as data: an argument of `verify`, never read by the core itself. Times are UTC seconds. */

import type { BlockRef } from "./anchoring.js";
import type { Hex } from "./bytes.js";

/** `anchorOf(issuer, root)`, read at the final head, and the block that holds it. */
export interface AnchorFact {
  readonly sequence: number;
  readonly size: number;
  readonly previousSize: number;
  readonly keyIndex: number;
  readonly block: BlockRef;
}

/** `keyAt(issuer, index)`; the last two are 0 where that never happened. Roles: 1 anchor, 2 status. */
export interface KeyFact {
  readonly address: Hex;
  readonly roles: number;
  readonly addedAt: number;
  readonly retiredAt: number;
  readonly compromisedSince: number;
}

/** One entry of the issuer's document history: in force from the end of `blockNumber` on. */
export interface DocumentFact {
  readonly hash: Hex;
  readonly time: number;
  readonly blockNumber: number;
}

/** One accreditation; `validUntil` and `endedAt` are 0 where open. */
export interface AccreditationFact {
  readonly accreditor: Hex;
  readonly documentHash: Hex;
  readonly since: number;
  readonly validUntil: number;
  readonly endedAt: number;
  readonly renewed: boolean;
  readonly scope: string;
}

/** The whole status map at `block`: bit i of word w is index 256·w + i. */
export interface StatusFact {
  readonly block: BlockRef;
  readonly revoked: readonly bigint[];
  readonly suspended: readonly bigint[];
}

/** From `time` on, word `word` of a purpose (0 revoked, 1 suspended) is `value`. */
export interface StatusEvent {
  readonly time: number;
  readonly purpose: number;
  readonly word: number;
  readonly value: bigint;
}

/** All that one verification asks of one issuer; `anchors` by root, null where the ledger at `final` has none. */
export interface LedgerFacts {
  readonly final: BlockRef;
  readonly headSize: number;
  readonly anchors: ReadonlyMap<Hex, AnchorFact | null>;
  readonly keys: readonly KeyFact[];
  readonly documents: readonly DocumentFact[];
  readonly accreditations: readonly AccreditationFact[];
  readonly status: StatusFact | null;
  /** By holder address that was asked about: its ERC-1271 answers by `digest/signature`, or null where it has no code. */
  readonly contractWallets: ReadonlyMap<Hex, ReadonlyMap<string, boolean> | null>;
  /** All changes of the issuer's status up to the block of `status`, in order; null where they are not at hand. */
  readonly statusEvents: readonly StatusEvent[] | null;
}

/** The outcome of checking one anchor's evidence; `trustedHash` where the verifier supplied this block hash. */
export interface EvidenceFact {
  readonly problem: string | null;
  readonly key: Hex | null;
  readonly trustedHash: boolean;
}

/** Everything from outside: by `Home.key`; evidence by `publicationKey`. `problems` say why facts are missing. */
export interface Facts {
  readonly ledgers: ReadonlyMap<string, LedgerFacts>;
  readonly problems: ReadonlyMap<string, string>;
  readonly evidence: ReadonlyMap<string, EvidenceFact>;
}

export const NO_FACTS: Facts = { ledgers: new Map(), problems: new Map(), evidence: new Map() };

/** True iff an act of this key at `time` is worthless. */
export const compromisedAt = (key: KeyFact, time: number): boolean => key.compromisedSince !== 0 && time >= key.compromisedSince;

/** True iff an accreditation ran at `time`: since ≤ time < every end that is set. */
export const runsAt = (a: AccreditationFact, time: number): boolean =>
  a.since <= time && (a.validUntil === 0 || time < a.validUntil) && (a.endedAt === 0 || time < a.endedAt);
