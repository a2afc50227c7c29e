/** Bytes and their hex. In the data of this package hashes and addresses are lower-case hex without 0x (`Hex`). */

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Lower-case hex without 0x. */
export type Hex = string;

const ENCODER = new TextEncoder();

/** Hex of bytes. */
export const hexOf = (data: Uint8Array): Hex => bytesToHex(data);

/** Bytes of lower-case hex. */
export const bytesOf = (hex: Hex): Uint8Array => hexToBytes(hex);

/** UTF-8. */
export const utf8 = (text: string): Uint8Array => ENCODER.encode(text);

/** All parts, one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A whole number as big-endian bytes of a fixed width. */
export function unsigned(value: number | bigint, width: number): Uint8Array {
  const out = new Uint8Array(width);
  let rest = BigInt(value);
  for (let at = width - 1; at >= 0; at--) {
    out[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return out;
}

/** Big-endian bytes as a number of any size. */
export const numberOf = (data: Uint8Array): bigint => (data.length ? BigInt(`0x${bytesToHex(data)}`) : 0n);

/** Equality of bytes; public data only, hence not in constant time. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Characters (Unicode code points) of a text, not UTF-16 units. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
