/**
 * The format `rootseal/snapshot/1` (docs/spec/snapshot.md): what a ledger says of one issuer after one block, with proofs.
 *
 * Consensus-critical. Everything that a snapshot says is read again from its own nodes, under a block hash that the verifier
 * knows, and compared; every node must be needed. A changed byte makes it worthless, and never makes it say something else.
 */

import { home as readHome } from "./anchoring.js";
import { bytesOf, hexOf, join, numberOf, sameBytes, unsigned, type Hex } from "./bytes.js";
import type { Home } from "./commitment.js";
import { InputError } from "./errors.js";
import { compact, nibbles } from "./evidence.js";
import type { AccreditationFact, LedgerFacts } from "./facts.js";
import { keccak256 } from "./hashes.js";
import { parse, write, type Json } from "./json.js";
import { decodeRlp, NotRlp, type Rlp } from "./rlp.js";
import { array, ethereumHex, hex, members, type Reading } from "./strict.js";

export const SNAPSHOT_FORMAT = "rootseal/snapshot/1";
export const MAX_SNAPSHOT = 64 << 20;
/** keccak-256 of the runtime code of the published ledger contract. */
export const LEDGER_CODE: Hex = "b0b4c6c4dfb369036fb39dfb17007317311c1e981a6c0b6255eb0cd5be0798ac";

const MAX_LIST = 1 << 16;
const MAX_NODES = 1 << 18;
const MAX_HEADER = 4096;
const MAX_SCOPE = 256n;
const WORD = 1n << 256n;
const EMPTY_TRIE = keccak256(Uint8Array.of(0x80));
const MEMBERS = ["format", "home", "header", "head", "anchors", "keys", "documents", "accreditations", "status", "nodes"];

/** A snapshot as it was read: it says nothing yet. */
export interface Snapshot {
  readonly home: Home;
  readonly header: Uint8Array;
  readonly roots: readonly Hex[];
  readonly accreditors: readonly Hex[];
  readonly nodes: readonly Hex[];
  /** The members that the nodes must show, canonically. */
  readonly said: string;
}

/** Read a snapshot. Throws `InputError`. */
export function readSnapshot(data: Uint8Array): Snapshot {
  const m = members(parse(data, "snapshot", MAX_SNAPSHOT), "snapshot", MEMBERS);
  if (m.raw("format") !== SNAPSHOT_FORMAT) throw new InputError("snapshot.format", `must be ${SNAPSHOT_FORMAT}`);
  const field = <T>(name: string, own: readonly string[], reading: Reading<T>): Reading<T> => (value, where) => members(value, where, own).read(name, reading);
  const anchor = ["root", "sequence", "size", "previousSize", "time", "blockNumber", "keyIndex"];
  return {
    home: m.read("home", readHome),
    header: bytesOf(m.read("header", ethereumHex())),
    roots: m.read("anchors", array(field("root", anchor, hex(32)), 0, MAX_LIST)),
    accreditors: m.read("accreditations", array(field("accreditor", ["accreditor", "given"], ethereumHex(20)), 0, MAX_LIST)),
    nodes: m.read("nodes", array(ethereumHex(), 0, MAX_NODES)),
    said: write(STATE.map((name) => m.raw(name))),
  };
}

const STATE = ["head", "anchors", "keys", "documents", "accreditations", "status"];

/** The facts that a snapshot proves, or the key of a sentence why it proves none. `trusted` are `eip155:N:hash`. */
export function snapshotFacts(snapshot: Snapshot, trusted: ReadonlySet<string>, code: Hex | null = null): LedgerFacts | string {
  const hash = hexOf(keccak256(snapshot.header));
  if (!trusted.has(`${snapshot.home.chain}:${hash}`)) return "problem.snapshot_hash";
  if (code !== null && code !== LEDGER_CODE) return "problem.snapshot_code";
  try {
    return proven(snapshot, hash);
  } catch (error) {
    if (error instanceof WrongCode) return "problem.snapshot_code";
    if (error instanceof NotProven || error instanceof NotRlp) return "problem.snapshot_proof";
    throw error;
  }
}

class NotProven extends Error {}
class WrongCode extends Error {}

function proven(snapshot: Snapshot, hash: Hex): LedgerFacts {
  const fields = snapshot.header.length > MAX_HEADER ? null : decodeRlp(snapshot.header);
  if (fields === null || fields instanceof Uint8Array || fields.length < 15) throw new NotProven("header");
  const [stateRoot, number, time] = [fields[3], fields[8], fields[11]];
  if (!fields.every((field) => field instanceof Uint8Array)) throw new NotProven("header");
  const trie = new Trie(snapshot.nodes);
  const account = decoded(trie.value(stateRoot as Uint8Array, bytesOf(snapshot.home.ledger)));
  if (account instanceof Uint8Array || account.length !== 4 || !account.every((field) => field instanceof Uint8Array)) throw new NotProven("account");
  const [, , storageRoot, codeHash] = account as readonly Uint8Array[];
  const state = new State((slot) => trie.word(storageRoot!, slot), snapshot.home.issuer);
  const { said, facts } = state.read(snapshot.roots, snapshot.accreditors);
  if (hexOf(codeHash!) !== LEDGER_CODE) throw new WrongCode();
  const repeated = [snapshot.roots, snapshot.accreditors].some((items) => new Set(items).size !== items.length);
  if (said !== snapshot.said || repeated || !trie.neededExactly(snapshot.nodes)) throw new NotProven("another state");
  const block = { number: Number(numberOf(number as Uint8Array)), hash, timestamp: Number(numberOf(time as Uint8Array)) };
  return { ...facts, final: block, status: { ...facts.maps, block } };
}

/** Trie nodes by their hash, and which of them were needed. */
class Trie {
  private readonly nodes: ReadonlyMap<Hex, Hex>;
  private readonly used = new Set<Hex>();

  constructor(nodes: readonly Hex[]) {
    this.nodes = new Map(nodes.map((node) => [hexOf(keccak256(bytesOf(node))), node]));
  }

  /** Ascending, each once, each needed. */
  neededExactly(nodes: readonly Hex[]): boolean {
    const needed = [...this.used].map((hash) => this.nodes.get(hash)!).sort();
    return needed.length === nodes.length && needed.every((node, at) => node === nodes[at]);
  }

  /** What the trie with this root has at keccak(key); empty where it has nothing. */
  value(root: Uint8Array, key: Uint8Array): Uint8Array {
    if (sameBytes(root, EMPTY_TRIE)) return new Uint8Array();
    let path = nibbles(keccak256(key));
    let node = this.follow(root);
    for (;;) {
      if (node instanceof Uint8Array) {
        if (node.length === 0) return node;
        throw new NotProven("a node");
      }
      if (node.length === 17) {
        if (path.length === 0) return leaf(node[16]!);
        node = this.follow(node[path[0]!]!);
        path = path.slice(1);
      } else if (node.length === 2) {
        const [ends, piece] = compact(node[0]!);
        if (piece.some((nibble, at) => nibble !== path[at]) || (ends && piece.length !== path.length)) return new Uint8Array();
        if (ends) return leaf(node[1]!);
        node = this.follow(node[1]!);
        path = path.slice(piece.length);
      } else throw new NotProven("a node");
    }
  }

  word(root: Uint8Array, slot: bigint): bigint {
    const encoded = this.value(root, unsigned(slot % WORD, 32));
    const value = encoded.length ? decodeRlp(encoded) : encoded;
    if (!(value instanceof Uint8Array) || value.length > 32) throw new NotProven("a word");
    return numberOf(value);
  }

  /** The node that a reference means: a hash, the node itself where it is short, or nothing. */
  private follow(reference: Rlp): Rlp {
    if (!(reference instanceof Uint8Array) || reference.length === 0) return reference;
    const node = reference.length === 32 ? this.nodes.get(hexOf(reference)) : undefined;
    if (node === undefined) throw new NotProven("a node is missing");
    this.used.add(hexOf(reference));
    return decodeRlp(bytesOf(node));
  }
}

const leaf = (value: Rlp): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new NotProven("a value");
  return value;
};

const decoded = (encoded: Uint8Array): Rlp => {
  if (encoded.length === 0) throw new NotProven("there is no such account");
  return decodeRlp(encoded);
};

const bits = (word: bigint, from: number, count: number): number => Number((word >> BigInt(from)) & ((1n << BigInt(count)) - 1n));
const hashed = (...words: readonly bigint[]): bigint => numberOf(keccak256(join(...words.map((word) => unsigned(word % WORD, 32)))));
const mapping = (slot: bigint, key: bigint): bigint => hashed(key, slot);
const hex32 = (word: bigint): Hex => hexOf(unsigned(word, 32));
const object = (members: Readonly<Record<string, Json>>): Json => new Map(Object.entries(members));

/** One issuer's state of the ledger, by the slots of docs/spec/snapshot.md. */
class State {
  constructor(
    private readonly word: (slot: bigint) => bigint,
    issuer: number,
  ) {
    this.issuer = BigInt(issuer);
  }

  private readonly issuer: bigint;

  read(roots: readonly Hex[], accreditors: readonly Hex[]) {
    const head = this.word(mapping(2n, this.issuer));
    const size = bits(head, 160, 48);
    const maps = { revoked: this.map(0n, size), suspended: this.map(1n, size) };
    const anchors = roots.map((root) => this.anchor(root));
    const keys = this.list(mapping(6n, this.issuer), 1).map(([address]) => this.key(hex32(address!).slice(24)));
    const documents = this.list(mapping(7n, this.issuer), 2).map(([hash, w]) => ({ hash: hex32(hash!), time: bits(w!, 0, 48), blockNumber: bits(w!, 48, 48) }));
    const given = accreditors.map((accreditor) => this.given(accreditor));
    const said = write([
      object({ sequence: bits(head, 208, 40), size }),
      anchors.map((a) => object(a)),
      keys.map((k) => object({ ...k, address: `0x${k.address}` })),
      documents.map((d) => object(d)),
      given.map((g, at) => object({ accreditor: `0x${accreditors[at]!}`, given: g.map((a) => a.said) })),
      object({ revoked: maps.revoked.map(hex32), suspended: maps.suspended.map(hex32) }),
    ]);
    const found = anchors.map(({ root, time, blockNumber, ...a }) => [root, { ...a, block: { number: blockNumber, hash: "", timestamp: time } }] as const);
    const accreditations = given.flatMap((g) => g.map((a) => a.fact));
    const facts = { headSize: size, anchors: new Map(found), keys, documents, accreditations, contractWallets: new Map(), statusEvents: null, maps };
    return { said, facts };
  }

  private map(purpose: bigint, size: number): readonly bigint[] {
    const count = Math.ceil(size / 256);
    if (count > MAX_LIST) throw new NotProven("too large");
    const base = mapping(mapping(4n, this.issuer), purpose);
    return Array.from({ length: count }, (_, at) => this.word(mapping(base, BigInt(at))));
  }

  private anchor(root: Hex) {
    const w = this.word(mapping(mapping(3n, this.issuer), BigInt(`0x${root}`)));
    if (w === 0n) throw new NotProven("a root was never anchored");
    const [sequence, size, previousSize, time, blockNumber] = [0, 48, 96, 144, 192].map((at) => bits(w, at, 48)) as [number, number, number, number, number];
    return { root, sequence, size, previousSize, time, blockNumber, keyIndex: bits(w, 240, 16) };
  }

  private key(address: Hex) {
    const w = this.word(mapping(mapping(5n, this.issuer), BigInt(`0x${address}`)));
    return { address, roles: bits(w, 16, 8), addedAt: bits(w, 24, 48), retiredAt: bits(w, 72, 48), compromisedSince: bits(w, 120, 48) };
  }

  private given(accreditor: Hex): { said: Json; fact: AccreditationFact }[] {
    const slot = mapping(mapping(8n, this.issuer), BigInt(`0x${accreditor}`));
    return this.list(slot, 3).map(([hash, w, text], at) => {
      const until = (w! >> 48n) & ((1n << 64n) - 1n);
      const scope = this.text(hashed(slot) + BigInt(3 * at + 2), text!);
      const common = { documentHash: hex32(hash!), since: bits(w!, 0, 48), endedAt: bits(w!, 112, 48), renewed: bits(w!, 160, 8) !== 0, scope };
      return { said: object({ ...common, validUntil: String(until) }), fact: { ...common, accreditor, validUntil: Number(until) } };
    });
  }

  /** The elements, `width` words each, of the array whose length is at `slot`. */
  private list(slot: bigint, width: number): bigint[][] {
    const length = this.word(slot);
    if (length > BigInt(MAX_LIST)) throw new NotProven("too large");
    const start = hashed(slot);
    return Array.from({ length: Number(length) }, (_, row) => Array.from({ length: width }, (_, at) => this.word(start + BigInt(row * width + at))));
  }

  /** A string: up to 31 bytes lie in its own word, a longer one from keccak(slot) on. */
  private text(slot: bigint, word: bigint): string {
    if ((word & 1n) === 0n) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(unsigned(word, 32).subarray(0, bits(word, 1, 7)));
    const length = word >> 1n;
    if (length > MAX_SCOPE) throw new NotProven("too large");
    const start = hashed(slot);
    const words = Array.from({ length: Math.ceil(Number(length) / 32) }, (_, at) => unsigned(this.word(start + BigInt(at)), 32));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(join(...words).subarray(0, Number(length)));
  }
}
