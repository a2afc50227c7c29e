/** The holder's complete file, `*.credential.json` (DESIGN §4). Consensus-critical: format 1 verifies for ever. */

import { home, readProofs } from "./anchoring.js";
import { saltClaims, walk } from "./claims.js";
import { claimsRoot, commit, readSubject, subjectHash } from "./commitment.js";
import { InputError } from "./errors.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import { dateOf, type OpenedCredential } from "./opened.js";
import { hex, members, nullable, string, type Reading } from "./strict.js";

export const CREDENTIAL_FORMAT = "rootseal/credential/1";
const MEMBERS = ["format", "note", "home", "issuerDocument", "credential", "seed", "subject", "index", "promise", "anchors"];

/** An object as it stands. */
export const object: Reading<JsonObject> = (value, where) => {
  if (!isObject(value)) throw new InputError(where, "must be an object or null");
  return value;
};

/** Read a complete file from its parsed value and compute its commitment. */
export function openCredentialFile(value: Json): OpenedCredential {
  const m = members(value, "file", MEMBERS);
  const at = m.read("home", home);
  const issuerDocument = m.read("issuerDocument", nullable(object));
  const credential = m.read("credential", object);
  if (credential.size === 0) throw new InputError("file.credential", "must be an object with members");
  const seed = m.read("seed", hex(32));
  const subject = readSubject(members(m.raw("subject"), "file.subject", ["holder", "credits", "creditId"]));
  const proofs = readProofs(m);
  m.read("note", string());
  const claims = walk(credential);
  const salted = saltClaims(claims, seed);
  const [validFrom, validUntil] = [documentDate(credential, "validFrom"), documentDate(credential, "validUntil")];
  const count = salted.leaves.length;
  const commitment = commit(at, claimsRoot(count, validFrom, validUntil, salted.root), subjectHash(subject, salted.subjectSalt));
  return { home: at, issuerDocument, claims, complete: true, count, validFrom, validUntil, subject, commitment, proofs };
}

function documentDate(credential: JsonObject, name: string): number {
  const value = credential.get(name);
  return value === undefined ? 0 : dateOf(value, `file.credential.${name}`);
}
