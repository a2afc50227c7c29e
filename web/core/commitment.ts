/** The commitment: 32 bytes that stand for one credential in its home log (DESIGN §3). Consensus-critical. */

import { bytesOf, join, unsigned, utf8, type Hex } from "./bytes.js";
import { InputError } from "./errors.js";
import { ZERO_ADDRESS } from "./ethereum.js";
import { leafHash, sha256 } from "./hashes.js";
import type { Json } from "./json.js";
import { ethereumHex, hex, integer, nullable, type Members } from "./strict.js";

/** The chain, ledger and issuer number that a log belongs to. `key` is how facts are looked up. */
export class Home {
  readonly key: string;
  constructor(
    readonly chainId: bigint,
    readonly ledger: Hex,
    readonly issuer: number,
  ) {
    this.key = `eip155:${chainId}/${ledger}/${issuer}`;
  }

  /** The CAIP-2 name, `eip155:N`. */
  get chain(): string {
    return `eip155:${this.chainId}`;
  }

  /** H("rootseal/log/1" ‖ chainId u64 ‖ ledger ‖ issuer u64). */
  get logId(): Uint8Array {
    return sha256(join(utf8("rootseal/log/1"), unsigned(this.chainId, 8), bytesOf(this.ledger), unsigned(this.issuer, 8)));
  }
}

/** Who holds a credential and what it counts for; `credits` are hundredths of an ECTS credit. */
export interface Subject {
  readonly holder: Hex;
  readonly credits: number;
  readonly creditId: Hex;
}

const NO_CREDIT: Hex = "00".repeat(16);

/** The chain id of a CAIP-2 name `eip155:N`, 1 ≤ N < 2^64. */
export function parseChain(text: Json, where: string): bigint {
  const found = typeof text === "string" ? /^eip155:([1-9][0-9]{0,19})$/.exec(text) : null;
  const chainId = found ? BigInt(found[1]!) : 0n;
  if (!found || chainId >= 1n << 64n) throw new InputError(where, "must be a chain such as eip155:1", text);
  return chainId;
}

/** The members `chain`, `ledger`, `issuer`. */
export function readHome(m: Members): Home {
  return new Home(m.read("chain", parseChain), m.read("ledger", ethereumHex(20)), m.read("issuer", integer(1)));
}

/** The members `holder`, `credits`, `creditId`; null (never zeros) stands for none. */
export function readSubject(m: Members): Subject {
  const holder = m.read("holder", nullable(ethereumHex(20)));
  const creditId = m.read("creditId", nullable(hex(16)));
  if (holder === ZERO_ADDRESS) throw new InputError(`${m.where}.holder`, "is null where there is no holder");
  if (creditId === NO_CREDIT) throw new InputError(`${m.where}.creditId`, "is null where there are no credits");
  const credits = m.read("credits", integer());
  if ((credits === 0) !== (creditId === null)) {
    throw new InputError("subject.creditId", "is given exactly where there are credits", creditId);
  }
  return { holder: holder ?? ZERO_ADDRESS, credits, creditId: creditId ?? NO_CREDIT };
}

/** leaf(salt ‖ holder 20 ‖ credits u64 ‖ creditId 16). */
export const subjectHash = (subject: Subject, salt: Uint8Array): Uint8Array =>
  leafHash(salt, bytesOf(subject.holder), unsigned(subject.credits, 8), bytesOf(subject.creditId));

/** H(0x02 ‖ count u32 ‖ validFrom u64 ‖ validUntil u64 (0 = none) ‖ treeRoot); dates in UTC seconds. */
export const claimsRoot = (count: number, validFrom: number, validUntil: number, treeRoot: Uint8Array): Uint8Array =>
  sha256(join(Uint8Array.of(2), unsigned(count, 4), unsigned(validFrom, 8), unsigned(validUntil, 8), treeRoot));

/** H(0x03 ‖ logId ‖ claimsRoot ‖ subjectHash). */
export const commit = (home: Home, claims: Uint8Array, subject: Uint8Array): Uint8Array =>
  sha256(join(Uint8Array.of(3), home.logId, claims, subject));
