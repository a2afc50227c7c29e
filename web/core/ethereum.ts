/** Ethereum's primitives: addresses (EIP-55), signatures (EIP-2, SEC 1 §4.1.6). Consensus-critical. */

import { Point, recoverPublicKey } from "@noble/secp256k1";
import { bytesOf, hexOf, join, numberOf, utf8, type Hex } from "./bytes.js";
import { InputError } from "./errors.js";
import { keccak256 } from "./hashes.js";
import type { Json } from "./json.js";

export const ZERO_ADDRESS: Hex = "00".repeat(20);

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The EIP-55 mixed-case form, with 0x: for people. */
export function checksumAddress(address: Hex): string {
  const mask = hexOf(keccak256(utf8(address)));
  return `0x${Array.from(address, (digit, at) => (parseInt(mask[at]!, 16) > 7 ? digit.toUpperCase() : digit)).join("")}`;
}

/** 20 bytes of `0x…`: all-lower or all-upper digits, or a right EIP-55 checksum. */
export function parseAddress(text: Json, where: string): Hex {
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new InputError(where, "must be an address: 0x and 40 hexadecimal digits", text);
  }
  const digits = text.slice(2);
  const address = digits.toLowerCase();
  if (digits !== address && digits !== digits.toUpperCase() && checksumAddress(address) !== text) {
    throw new InputError(where, "has a wrong checksum (EIP-55): a digit was mistyped", text);
  }
  return address;
}

/** Why a signature is refused, or null: 65 bytes r‖s‖v, v 27 or 28, low s, r and s in range. */
export function signatureProblem(signature: Hex): string | null {
  if (signature.length !== 130) return "a signature has 65 bytes";
  if (!["1b", "1c"].includes(signature.slice(128))) return "the last byte of a signature is 27 or 28";
  const raw = bytesOf(signature);
  const [r, s] = [numberOf(raw.subarray(0, 32)), numberOf(raw.subarray(32, 64))];
  if (r <= 0n || r >= ORDER || s <= 0n || s >= ORDER) return "r and s of a signature lie between 1 and the curve's order";
  return s > ORDER / 2n ? "s of a signature must be the low one (EIP-2)" : null;
}

/** The address that signed the 32-byte digest, or null where the signature is none. */
export function recover(digest: Uint8Array, signature: Hex): Hex | null {
  if (signatureProblem(signature) !== null) return null;
  const raw = bytesOf(signature);
  try {
    const recovered = join(Uint8Array.of(raw[64]! - 27), raw.subarray(0, 64));
    const key = recoverPublicKey(recovered, digest, { prehash: false });
    return hexOf(keccak256(Point.fromBytes(key).toBytes(false).subarray(1)).subarray(12));
  } catch {
    return null;
  }
}
