/** Trees, inclusion and consistency proofs exactly as RFC 9162 §2.1, over SHA-256. Consensus-critical. */

import { sameBytes } from "./bytes.js";
import { nodeHash, sha256 } from "./hashes.js";

/** The root of nothing: H(""). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array());

const half = (value: number): number => Math.floor(value / 2);
const odd = (value: number): boolean => value % 2 === 1;

/** The largest power of two below `count` (count ≥ 2). */
export function split(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** The root over leaf hashes: pairing level by level, an odd last node carried upwards, is the RFC's split. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  if (level.length === 0) return EMPTY_ROOT;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at]!;
      const right = level[at + 1];
      above.push(right === undefined ? left : nodeHash(left, right));
    }
    level = above;
  }
  return level[0]!;
}

/** The root that an inclusion proof leads to, or null where index or length are wrong: RFC 9162 §2.1.3.2. */
export function rootFromInclusion(index: number, size: number, leaf: Uint8Array, path: readonly Uint8Array[]): Uint8Array | null {
  if (!(index >= 0 && index < size) || path.length !== pathLength(index, size)) return null;
  let [here, last, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (odd(here) || here === last) {
      root = nodeHash(sibling, root);
      while (!odd(here) && here > 0) [here, last] = [half(here), half(last)];
    } else {
      root = nodeHash(root, sibling);
    }
    [here, last] = [half(here), half(last)];
  }
  return root;
}

/** Nodes in the path of `index`: the levels below the split from the last leaf, and its left siblings above. */
function pathLength(index: number, size: number): number {
  const differing = BigInt(index) ^ BigInt(size - 1);
  const inner = differing === 0n ? 0 : differing.toString(2).length;
  const above = (BigInt(index) >> BigInt(inner)).toString(2);
  return inner + above.split("1").length - 1;
}

/** True iff `path` proves that the tree of size `first` is a prefix of that of size `second`: RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!(first >= 0 && first <= second)) return false;
  if (first === 0 || first === second) {
    return path.length === 0 && sameBytes(firstRoot, first === 0 ? EMPTY_ROOT : secondRoot);
  }
  const complete = (BigInt(first) & BigInt(first - 1)) === 0n;
  const [start, ...rest] = complete ? [firstRoot, ...path] : path;
  if (start === undefined) return false;
  let [here, last] = [first - 1, second - 1];
  while (odd(here)) [here, last] = [half(here), half(last)];
  let [before, after] = [start, start];
  for (const node of rest) {
    if (last === 0) return false;
    if (odd(here) || here === last) {
      [before, after] = [nodeHash(node, before), nodeHash(node, after)];
      while (!odd(here) && here > 0) [here, last] = [half(here), half(last)];
    } else {
      after = nodeHash(after, node);
    }
    [here, last] = [half(here), half(last)];
  }
  return last === 0 && sameBytes(before, firstRoot) && sameBytes(after, secondRoot);
}
