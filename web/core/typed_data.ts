/** EIP-712 hashes of what people and keys sign: checkpoints (the promise) and presentations. Consensus-critical. */

import { bytesOf, join, unsigned, utf8 } from "./bytes.js";
import type { Home } from "./commitment.js";
import { keccak256 } from "./hashes.js";

const typeHash = (text: string): Uint8Array => keccak256(utf8(text));
const word = (value: number | bigint): Uint8Array => unsigned(value, 32);

const NAME_AND_VERSION = join(typeHash("Rootseal"), typeHash("1"));
const CONTRACT_DOMAIN = typeHash("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
const PLAIN_DOMAIN = keccak256(join(typeHash("EIP712Domain(string name,string version)"), NAME_AND_VERSION));
const CHECKPOINT = typeHash("Checkpoint(uint64 issuer,uint64 size,bytes32 root,uint64 signedAt,uint64 anchorBy)");
const PRESENTATION = typeHash("Presentation(bytes32 digest,string audience,string nonce,uint64 created,uint64 expires)");

/** What an issuer's anchor key signs when it seals. Times are UTC seconds, `root` is 32 bytes. */
export function checkpointDigest(home: Home, size: number, root: Uint8Array, signedAt: number, anchorBy: number): Uint8Array {
  const ledger = join(new Uint8Array(12), bytesOf(home.ledger));
  const domain = keccak256(join(CONTRACT_DOMAIN, NAME_AND_VERSION, word(home.chainId), ledger));
  return digest(domain, keccak256(join(CHECKPOINT, word(home.issuer), word(size), root, word(signedAt), word(anchorBy))));
}

/** What a holder signs for one verifier; `presentation` is H of the file's RFC 8785 bytes without `holder`. */
export function presentationDigest(
  presentation: Uint8Array,
  audience: string,
  nonce: string,
  created: number,
  expires: number,
): Uint8Array {
  const texts = join(keccak256(utf8(audience)), keccak256(utf8(nonce)));
  return digest(PLAIN_DOMAIN, keccak256(join(PRESENTATION, presentation, texts, word(created), word(expires))));
}

const digest = (domain: Uint8Array, message: Uint8Array): Uint8Array => keccak256(join(Uint8Array.of(0x19, 1), domain, message));
