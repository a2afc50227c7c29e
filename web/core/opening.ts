/** Open any file of ours: a complete credential or a presentation, told apart by its `format`. */

import { anchorsAt, publicationKey, type Anchor } from "./anchoring.js";
import type { Hex } from "./bytes.js";
import type { Home } from "./commitment.js";
import { InputError } from "./errors.js";
import { recover, ZERO_ADDRESS } from "./ethereum.js";
import { CREDENTIAL_FORMAT, openCredentialFile } from "./files.js";
import { isObject, parse } from "./json.js";
import type { OpenedCredential } from "./opened.js";
import { openPresentation, PRESENTATION_FORMAT, type OpenedPresentation } from "./presentation.js";

export type OpenedFile = OpenedPresentation;

/** A signature that no key of `holder` made: does a contract at that address accept it (ERC-1271)? */
export interface WalletQuestion {
  readonly holder: Hex;
  readonly digest: Hex;
  readonly signature: Hex;
}

/** What a verification needs to know of one home. */
export interface Question {
  readonly home: Home;
  readonly roots: readonly Hex[];
  readonly wallets: readonly WalletQuestion[];
}

/** Read and open strictly. Throws `InputError` naming the member. */
export function openFile(data: Uint8Array): OpenedFile {
  const value = parse(data);
  const format = isObject(value) ? value.get("format") : undefined;
  if (format === CREDENTIAL_FORMAT) return { credentials: [openCredentialFile(value)], holder: null, signedDigest: null };
  if (format === PRESENTATION_FORMAT) {
    const opened = openPresentation(value);
    checkPublications(opened.credentials);
    return opened;
  }
  throw new InputError("file.format", `must be ${CREDENTIAL_FORMAT} or ${PRESENTATION_FORMAT}`, typeof format === "string" ? format : undefined);
}

/** Refuse one publication told in two ways: what proves the one account must not lend itself to the other. */
function checkPublications(credentials: readonly OpenedCredential[]): void {
  const told = new Map<string, string>();
  for (const anchor of credentials.flatMap((credential) => credential.proofs.anchors)) {
    const key = publicationKey(anchor.home, anchor.root);
    const account = told.get(key) ?? accountOf(anchor);
    told.set(key, account);
    if (account !== accountOf(anchor)) throw new InputError("file.credentials", "describe one publication in two ways");
  }
}

const accountOf = (a: Anchor): string =>
  [a.sequence, a.size, a.previousSize, a.block.number, a.block.hash, a.block.timestamp].join();

/** The distinct holder addresses that are shown, ascending: one signature is due for each. */
export function holdersOf(file: OpenedFile): readonly Hex[] {
  const shown = new Set(file.credentials.flatMap((c) => (c.subject === null ? [] : [c.subject.holder])));
  shown.delete(ZERO_ADDRESS);
  return [...shown].sort();
}

/** One question a home, in the order of the file. */
export function questionsOf(file: OpenedFile, hexDigest: Hex | null): readonly Question[] {
  const wallets = walletQuestions(file, hexDigest);
  const homes = new Map(file.credentials.map((c) => [c.home.key, c.home]));
  return [...homes.values()].map((home) => {
    const own = file.credentials.filter((c) => c.home.key === home.key);
    const holders = new Set(own.map((c) => c.subject?.holder));
    const roots = new Set(own.flatMap((c) => anchorsAt(c.proofs, home).map((anchor) => anchor.root)));
    return { home, roots: [...roots], wallets: wallets.filter((w) => holders.has(w.holder)) };
  });
}

function walletQuestions(file: OpenedFile, digest: Hex | null): readonly WalletQuestion[] {
  const { holder: proof, signedDigest } = file;
  const holders = holdersOf(file);
  if (proof === null || digest === null || signedDigest === null || proof.signatures.length !== holders.length) return [];
  return holders
    .map((holder, at) => ({ holder, digest, signature: proof.signatures[at]! }))
    .filter((question) => recover(signedDigest, question.signature) !== question.holder);
}
