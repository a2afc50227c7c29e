/** The hashes of the formats: SHA-256 trees (RFC 9162 §2.1.1), Keccak-256 (Ethereum), SHAKE256 (salts). */

import { sha256 as noble256 } from "@noble/hashes/sha2.js";
import { keccak_256, shake256 as nobleShake } from "@noble/hashes/sha3.js";
import { join } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** SHA-256. */
export const sha256 = (data: Uint8Array): Uint8Array => noble256(data);

/** Keccak-256 as Ethereum uses it (not FIPS 202 SHA3-256). */
export const keccak256 = (data: Uint8Array): Uint8Array => keccak_256(data);

/** SHAKE256 with an output of `length` bytes. */
export const shake256 = (data: Uint8Array, length: number): Uint8Array => nobleShake(data, { dkLen: length });

/** H(0x00 ‖ data). */
export const leafHash = (...data: readonly Uint8Array[]): Uint8Array => noble256(join(LEAF, ...data));

/** H(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => noble256(join(NODE, left, right));
