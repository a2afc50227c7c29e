/** The views of ICredentialLedger that a verification asks (Solidity ABI specification), decoded strictly. */

import { hexOf, numberOf, unsigned, utf8, type Hex } from "../core/bytes.js";
import { keccak256 } from "../core/hashes.js";
import type { AccreditationFact, DocumentFact, KeyFact } from "../core/facts.js";
import { call, ChainProblem, type Rpc } from "./rpc.js";

const PAGE = 256;
const STATUS_PAGE = 1024;

/** `anchorOf`, with the block as the contract saw it. */
export interface AnchorRecord {
  readonly sequence: number;
  readonly size: number;
  readonly previousSize: number;
  readonly time: number;
  readonly blockNumber: number;
  readonly keyIndex: number;
}

/** 32-byte words of an answer. */
class Words {
  constructor(private readonly answer: Uint8Array) {}

  bytes(word: number): Uint8Array {
    const found = this.answer.subarray(32 * word, 32 * (word + 1));
    if (found.length !== 32) throw new ChainProblem("problem.page_nonsense", "eth_call");
    return found;
  }

  big(word: number): bigint {
    return numberOf(this.bytes(word));
  }

  /** A number of at most 53 bits. */
  number(word: number): number {
    const value = Number(this.big(word));
    if (!Number.isSafeInteger(value)) throw new ChainProblem("problem.page_nonsense", "eth_call");
    return value;
  }

  hash(word: number): Hex {
    return hexOf(this.bytes(word));
  }

  address(word: number): Hex {
    return hexOf(this.bytes(word).subarray(12));
  }

  /** What an offset (in bytes, from `base`) points to, as a word number. */
  at(word: number, base: number): number {
    const offset = this.number(word);
    if (offset % 32 || offset > this.answer.length) throw new ChainProblem("problem.page_nonsense", "eth_call");
    return base + offset / 32;
  }

  text(word: number): string {
    const length = this.number(word);
    const start = 32 * (word + 1);
    if (start + length > this.answer.length) throw new ChainProblem("problem.page_nonsense", "eth_call");
    return new TextDecoder().decode(this.answer.subarray(start, start + length));
  }
}

/** One ledger contract at one block. */
export class Ledger {
  constructor(
    private readonly rpc: Rpc,
    readonly address: Hex,
    private readonly at: number,
  ) {}

  async head(issuer: number): Promise<number> {
    return (await this.ask("head(uint64)", issuer)).number(1);
  }

  async anchorOf(issuer: number, root: Hex): Promise<AnchorRecord | null> {
    const w = await this.ask("anchorOf(uint64,bytes32)", issuer, root);
    const [sequence, size, previousSize, time, blockNumber, keyIndex] = [0, 1, 2, 3, 4, 5].map((at) => w.number(at)) as [
      number, number, number, number, number, number,
    ];
    return sequence === 0 ? null : { sequence, size, previousSize, time, blockNumber, keyIndex };
  }

  /** All keys ever added, by index. */
  async keys(issuer: number): Promise<KeyFact[]> {
    const count = (await this.ask("keyCount(uint64)", issuer)).number(0);
    const keys: KeyFact[] = [];
    for (let index = 0; index < count; index++) {
      const w = await this.ask("keyAt(uint64,uint16)", issuer, index);
      const [roles, addedAt, retiredAt, compromisedSince] = [1, 2, 3, 4].map((at) => w.number(at)) as [number, number, number, number];
      keys.push({ address: w.address(0), roles, addedAt, retiredAt, compromisedSince });
    }
    return keys;
  }

  /** The whole document history, oldest first. */
  async documents(issuer: number): Promise<DocumentFact[]> {
    const count = (await this.ask("documentCount(uint64)", issuer)).number(0);
    return this.paged(count, PAGE, async (first, size) => {
      const w = await this.ask("documents(uint64,uint64,uint64)", issuer, first, size);
      const start = w.at(0, 0);
      return rows(w.number(start), (row) => {
        const at = start + 1 + 3 * row;
        return { hash: w.hash(at), time: w.number(at + 1), blockNumber: w.number(at + 2) };
      });
    });
  }

  /** All that this accreditor ever gave this issuer, oldest first. */
  async accreditations(issuer: number, accreditor: Hex): Promise<AccreditationFact[]> {
    const count = (await this.ask("accreditationCount(uint64,address)", issuer, accreditor)).number(0);
    return this.paged(count, PAGE, async (first, size) => {
      const w = await this.ask("accreditations(uint64,address,uint64,uint64)", issuer, accreditor, first, size);
      const start = w.at(0, 0);
      return rows(w.number(start), (row) => {
        const at = w.at(start + 1 + row, start + 1);
        return {
          accreditor,
          documentHash: w.hash(at),
          since: w.number(at + 1),
          validUntil: Number(w.big(at + 2)),
          endedAt: w.number(at + 3),
          renewed: w.number(at + 4) !== 0,
          scope: w.text(w.at(at + 6, at)),
        };
      });
    });
  }

  /** The whole map for a log of `size` entries. Never one index: who asks for one tells whom he looks at. */
  async statusWords(issuer: number, purpose: number, size: number): Promise<bigint[]> {
    return this.paged(Math.ceil(size / 256), STATUS_PAGE, async (first, count) => {
      const w = await this.ask("statusWords(uint64,uint8,uint64,uint64)", issuer, purpose, first, count);
      const start = w.at(0, 0);
      return rows(w.number(start), (row) => w.big(start + 1 + row));
    });
  }

  private async paged<T>(count: number, size: number, page: (first: number, size: number) => Promise<T[]>): Promise<T[]> {
    const found: T[] = [];
    while (found.length < count) {
      const wanted = Math.min(size, count - found.length);
      const more = await page(found.length, wanted);
      if (more.length !== wanted) throw new ChainProblem("problem.page_nonsense", "eth_call");
      found.push(...more);
    }
    return found;
  }

  /** Arguments are whole numbers, or hex (32 bytes as they are, shorter ones on the right). */
  private async ask(signature: string, ...values: readonly (number | Hex)[]): Promise<Words> {
    const words = values.map((value) => (typeof value === "number" ? hexOf(unsigned(value, 32)) : value.padStart(64, "0")));
    return new Words(await call(this.rpc, this.address, selector(signature) + words.join(""), this.at));
  }
}

/** The first four bytes of a function's hash. */
export const selector = (signature: string): Hex => hexOf(keccak256(utf8(signature)).subarray(0, 4));

const rows = <T>(count: number, row: (at: number) => T): T[] => {
  if (count > STATUS_PAGE) throw new ChainProblem("problem.page_nonsense", "eth_call");
  return Array.from({ length: count }, (_, at) => row(at));
};
