/** The second implementation of Rootseal's formats and verdicts, for browsers: pure, without network, clock or storage. */

export { introducing, publicationKey, type Anchor, type BlockRef, type Proofs } from "./anchoring.js";
export { bytesOf, hexOf, type Hex } from "./bytes.js";
export type { Expected } from "./checks.js";
export type { Claim, Path } from "./claims.js";
export { expand, Gathering, type Inflate } from "./compact.js";
export { Home, parseChain, type Subject } from "./commitment.js";
export { InputError } from "./errors.js";
export { checksumAddress, recover } from "./ethereum.js";
export { checkEvidence, evidenceOf } from "./evidence.js";
export { NO_FACTS, type Facts, type LedgerFacts } from "./facts.js";
export { formatDate, formatInstant, parseInstant } from "./instants.js";
export { canonical, isArray, isObject, parse, write, type Json, type JsonObject } from "./json.js";
export { disclosed, type OpenedCredential } from "./opened.js";
export { holdersOf, openFile, questionsOf, type OpenedFile, type Question, type WalletQuestion } from "./opening.js";
export { formatPolicy, isTest, ledgerOf, parsePolicy, type LedgerPolicy, type Policy } from "./policy.js";
export { headline, OUTCOMES, type Check, type Details, type CredentialVerdict, type Statement, type Overall, type Verdict } from "./verdict.js";
export { MAX_SNAPSHOT, readSnapshot, snapshotFacts, type Snapshot } from "./snapshot.js";
export { say, type Texts } from "./say.js";
export { malformed, verify, verifyOpened, type Asking } from "./verification.js";
