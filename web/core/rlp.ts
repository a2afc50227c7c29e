/** Strict RLP decoding (Yellow Paper appendix B), and encoding of one whole number. Consensus-critical. */

import { hexOf } from "./bytes.js";

export type Rlp = Uint8Array | readonly Rlp[];

/** The bytes are not exactly one canonical item. */
export class NotRlp extends Error {}

const MAX_DEPTH = 400;

/** Bytes or nested lists of bytes. Throws `NotRlp`. */
export function decodeRlp(data: Uint8Array): Rlp {
  const [item, end] = decodeItem(data, 0, data.length, 0);
  if (end !== data.length) throw new NotRlp("bytes to spare");
  return item;
}

function decodeItem(data: Uint8Array, at: number, limit: number, depth: number): [Rlp, number] {
  if (at >= limit || depth > MAX_DEPTH) throw new NotRlp("ends too early, or is nested too deep");
  const first = data[at]!;
  if (first < 0x80) return [data.subarray(at, at + 1), at + 1];
  const list = first >= 0xc0;
  const short = first - (list ? 0xc0 : 0x80);
  const [start, length] = short < 56 ? [at + 1, short] : longLength(data, at + 1, short - 55, limit);
  const end = start + length;
  if (end > limit) throw new NotRlp("ends too early");
  if (!list) {
    if (length === 1 && short === 1 && data[start]! < 0x80) throw new NotRlp("one small byte with a prefix");
    return [data.subarray(start, end), end];
  }
  const items: Rlp[] = [];
  for (let next = start; next < end; ) {
    const [item, after] = decodeItem(data, next, end, depth + 1);
    items.push(item);
    next = after;
  }
  return [items, end];
}

function longLength(data: Uint8Array, at: number, width: number, limit: number): [number, number] {
  if (at + width > limit || data[at] === 0) throw new NotRlp("a length with leading zeros, or cut short");
  const length = Number(`0x${hexOf(data.subarray(at, at + width))}`);
  if (length < 56) throw new NotRlp("a long form of a short length");
  return [at + width, length];
}

/** RLP of a whole number below 2^32. */
export function encodeRlpNumber(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes.length === 1 && bytes[0]! < 0x80 ? Uint8Array.from(bytes) : Uint8Array.from([0x80 + bytes.length, ...bytes]);
}
