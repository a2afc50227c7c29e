/** Claims: a document taken apart, salted, and put in an order that says nothing (DESIGN §3). Consensus-critical. */

import { bytesOf, hexOf, join, utf8, type Hex } from "./bytes.js";
import { InputError } from "./errors.js";
import { leafHash, shake256 } from "./hashes.js";
import { isArray, isNormal, isObject, MAX_DEPTH, write, type Json } from "./json.js";
import { rootOf } from "./merkle.js";
import { integer } from "./strict.js";

export const MAX_CLAIMS = 4096;
export const SALT_BYTES = 16;
const PAD = 8;

/** Member names (strings) and array indexes (numbers). */
export type Path = readonly (string | number)[];

/** One scalar or empty container of a document, and where it stands. */
export interface Claim {
  readonly path: Path;
  readonly value: Json;
}

/** A path as a text that tells names from indexes: the key of maps. */
export const pathKey = (path: Path): string => JSON.stringify(path);

/** Every claim depth-first: members in RFC 8785 order, elements in index order. */
export function walk(document: Json): Claim[] {
  const claims: Claim[] = [];
  const visit = (value: Json, path: Path): void => {
    if (isObject(value) && value.size > 0) {
      for (const name of [...value.keys()].sort()) visit(value.get(name)!, [...path, name]);
    } else if (isArray(value) && value.length > 0) {
      value.forEach((element, at) => visit(element, [...path, at]));
    } else {
      claims.push({ path, value });
    }
  };
  visit(document, []);
  return claims;
}

/** JCS([path, value]). */
export const encodeClaim = (claim: Claim): Uint8Array => utf8(write([claim.path, claim.value]));

/** leaf(salt ‖ JCS([path, value])). */
export const claimLeaf = (claim: Claim, salt: Uint8Array): Uint8Array => leafHash(salt, encodeClaim(claim));

/** The tree over a document's claims: `salts` in walk order, `leaves` sorted and with decoys. */
export interface SaltedClaims {
  readonly subjectSalt: Uint8Array;
  readonly salts: readonly Uint8Array[];
  readonly leaves: readonly Hex[];
  readonly positions: readonly number[];
  readonly root: Uint8Array;
}

/** Salt claims with SHAKE256("rootseal/salts/1" ‖ seed), pad to a multiple of 8, sort. */
export function saltClaims(claims: readonly Claim[], seed: Hex): SaltedClaims {
  const count = claims.length;
  if (count < 1 || count > MAX_CLAIMS) throw new InputError("credential", `must have 1 to ${MAX_CLAIMS} claims`, count);
  const total = Math.ceil(count / PAD) * PAD;
  const stream = shake256(join(utf8("rootseal/salts/1"), bytesOf(seed)), SALT_BYTES * (1 + total));
  const salts = Array.from({ length: 1 + total }, (_, at) => stream.subarray(SALT_BYTES * at, SALT_BYTES * (at + 1)));
  const leaves = Array.from({ length: total }, (_, at) => {
    const salt = salts[at + 1]!;
    return hexOf(at < count ? claimLeaf(claims[at]!, salt) : leafHash(salt));
  });
  const ordered = [...leaves].sort();
  const place = new Map(ordered.map((leaf, position) => [leaf, position]));
  if (place.size !== total) throw new InputError("seed", "gives two equal claim leaves");
  const positions = leaves.slice(0, count).map((leaf) => place.get(leaf)!);
  return { subjectSalt: salts[0]!, salts: salts.slice(1, count + 1), leaves: ordered, positions, root: rootOf(ordered.map(bytesOf)) };
}

/** The path of a shown claim: 1 to 15 names and indexes. */
export function parsePath(value: Json, where: string): Path {
  if (!isArray(value) || value.length < 1 || value.length >= MAX_DEPTH) {
    throw new InputError(where, `must be an array of 1 to ${MAX_DEPTH - 1} names and indexes`);
  }
  return value.map((step, at) => parseStep(step, `${where}[${at}]`));
}

function parseStep(step: Json, where: string): string | number {
  if (typeof step !== "string") return integer(0, MAX_CLAIMS - 1)(step, where);
  if (step === "__proto__") throw new InputError(where, "is a forbidden name", step);
  if (!isNormal(step)) throw new InputError(where, "is not in Unicode normal form C", step);
  return step;
}

/** Refuse a path twice, a path below another, and a parent whose children are names and indexes mixed. */
export function checkPaths(paths: readonly Path[], where: string): void {
  const leaves = new Set(paths.map(pathKey));
  if (leaves.size !== paths.length) throw new InputError(where, "shows a path twice");
  const kinds = new Map<string, string>();
  for (const path of paths) {
    path.forEach((step, depth) => {
      const parent = pathKey(path.slice(0, depth));
      if (leaves.has(parent)) throw new InputError(where, "shows a path below another");
      const kind = kinds.get(parent) ?? typeof step;
      kinds.set(parent, kind);
      if (kind !== typeof step) throw new InputError(where, "mixes names and indexes under one parent");
    });
  }
}
