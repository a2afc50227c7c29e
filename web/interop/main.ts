/**
 * The core behind one process for tests: JSON lines in, JSON lines out, in order.
 *
 * A line is `{"op": …}` with the arguments of that operation; bytes are hex. Errors of ours answer `{"refused": where}`;
 * anything else ends the process, for it is a bug.
 */

import { anchorsAt } from "../core/anchoring.js";
import { bytesOf, hexOf, utf8, type Hex } from "../core/bytes.js";
import { encodeClaim, saltClaims, walk } from "../core/claims.js";
import { claimsRoot, commit, Home, readSubject, subjectHash } from "../core/commitment.js";
import { expand, Gathering } from "../core/compact.js";
import { InputError } from "../core/errors.js";
import { recover, signatureProblem } from "../core/ethereum.js";
import { checkEvidence, evidenceOf } from "../core/evidence.js";
import type { Facts } from "../core/facts.js";
import { leafHash } from "../core/hashes.js";
import { parse, write } from "../core/json.js";
import { rootFromInclusion, rootOf, verifyConsistency } from "../core/merkle.js";
import { openFile, questionsOf } from "../core/opening.js";
import { formatPolicy, parsePolicy, type Policy } from "../core/policy.js";
import { LEDGER_CODE, readSnapshot, snapshotFacts } from "../core/snapshot.js";
import { say, type Texts } from "../core/say.js";
import { members } from "../core/strict.js";
import { checkpointDigest, presentationDigest } from "../core/typed_data.js";
import { OUTCOMES, type Details, type Verdict } from "../core/verdict.js";
import { verify } from "../core/verification.js";
import { factsFromJson } from "./facts_json.js";

declare const process: { stdin: AsyncIterable<Uint8Array>; stdout: { write(text: string): void } };
type Any = any;

const bare = (text: string): Hex => text.replace(/^0x/, "");
const homeOf = (m: Any): Home => new Home(BigInt(m.chain.slice("eip155:".length)), bare(m.ledger), m.issuer);
const paths = (path: string[]): Uint8Array[] => path.map(bytesOf);
const stored = { facts: [] as Facts[], policies: [] as Policy[], texts: {} as Texts };

const OPERATIONS: Record<string, (m: Any) => unknown> = {
  outcomes: () => Object.fromEntries(OUTCOMES),
  canonical: (m) => write(parse(bytesOf(m.data))),
  commitment,
  root: (m) => hexOf(rootOf(Array.from({ length: m.size }, (_, at) => leafHash(utf8(String(at)))))),
  inclusion: (m) => {
    const root = rootFromInclusion(m.index, m.size, bytesOf(m.leaf), paths(m.path));
    return root !== null && hexOf(root) === m.root;
  },
  consistency: (m) => verifyConsistency(m.first, m.second, bytesOf(m.firstRoot), bytesOf(m.secondRoot), paths(m.path)),
  checkpoint: (m) => hexOf(checkpointDigest(homeOf(m.home), m.size, bytesOf(m.root), m.signedAt, m.anchorBy)),
  presentation: (m) => hexOf(presentationDigest(bytesOf(m.fileDigest), m.audience, m.nonce, m.created, m.expires)),
  recover: (m) => recover(bytesOf(m.digest), bare(m.signature)),
  signatureProblem: (m) => signatureProblem(bare(m.signature)),
  open: (m) => {
    const file = openFile(bytesOf(m.data));
    const digest = file.signedDigest === null ? null : hexOf(file.signedDigest);
    const questions = questionsOf(file, digest).map((q) => ({ home: q.home.key, roots: q.roots, wallets: q.wallets }));
    return { commitments: file.credentials.map((c) => hexOf(c.commitment)), signedDigest: digest, questions };
  },
  evidence: (m) => Object.fromEntries(evidenceOf(openFile(bytesOf(m.data)), new Set(m.trusted ?? []))),
  anchorEvidence: (m) => {
    const credential = openFile(bytesOf(m.data)).credentials[0]!;
    const anchor = anchorsAt(credential.proofs, credential.home)[0]!;
    return checkEvidence(anchor, m.evidence).problem === null;
  },
  addFacts: (m) => stored.facts.push(factsFromJson(m.facts)) - 1,
  texts: (m) => Object.keys((stored.texts = m.texts)).length,
  addPolicy: (m) => stored.policies.push(parsePolicy(m.policy)) - 1,
  policy: (m) => formatPolicy(parsePolicy(m.policy)),
  verify: (m) => {
    const facts = stored.facts[m.facts]!;
    const policy = m.policy === null ? null : stored.policies[m.policy]!;
    const verdict = verify(bytesOf(m.data), { policy, facts, now: m.now, at: m.at ?? null, expected: m.expected ?? null });
    return spoken(verdict);
  },
  codes,
  ledgerCode: () => LEDGER_CODE,
  snapshot: (m) => {
    const snapshot = readSnapshot(bytesOf(m.snapshot));
    const found = snapshotFacts(snapshot, new Set(m.trusted));
    if (typeof found === "string") return found;
    const file = openFile(bytesOf(m.data));
    const facts: Facts = { ledgers: new Map([[snapshot.home.key, found]]), problems: new Map(), evidence: evidenceOf(file) };
    const verdict = verify(bytesOf(m.data), { policy: parsePolicy(m.policy), facts, now: m.now });
    return { overall: verdict.overall, codes: verdict.credentials[0]!.checks.map((c) => c.code) };
  },
  compact,
};

/** Overall, test, as-of, and all codes; the evidence is examined by this core itself. */
function codes(m: Any): unknown {
  const data = bytesOf(m.data);
  const known = stored.facts[m.facts]!;
  let evidence = known.evidence;
  try {
    evidence = evidenceOf(openFile(data), new Set(m.trusted));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  const policy = m.policy === null ? null : stored.policies[m.policy]!;
  const verdict = verify(data, { policy, facts: { ...known, evidence }, now: m.now, at: m.at, expected: m.expected });
  const said = verdict.credentials.flatMap((c) => [c.checks.map((k) => k.code), c.statements.map((s) => s.code)]);
  return [verdict.overall, verdict.test, verdict.asOf, ...said];
}

/** The verdict as the reference implementation writes it: problems in words, sentences beside the codes. */
function spoken(verdict: Verdict): unknown {
  const words = (details: Details): Details =>
    "problem" in details ? { ...details, problem: stored.texts[details["problem"]!] ?? details["problem"]! } : details;
  return {
    format: "rootseal/verdict/1",
    overall: verdict.overall,
    asOf: verdict.asOf,
    test: verdict.test,
    credentials: verdict.credentials.map((c) => ({
      overall: c.overall,
      checks: c.checks.map((k) => ({ ...k, details: words(k.details), reason: say(stored.texts, k.code, k.details) })),
      statements: c.statements.map((s) => ({ ...s, details: words(s.details), text: say(stored.texts, s.code, s.details) })),
    })),
  };
}

function commitment(m: Any): unknown {
  const document = parse(utf8(m.document));
  const claims = walk(document);
  const salted = saltClaims(claims, m.seed);
  const subject = readSubject(members(parse(utf8(m.subject)), "subject", ["holder", "credits", "creditId"]));
  const home = homeOf(m.home);
  const root = claimsRoot(salted.leaves.length, m.validFrom, m.validUntil, salted.root);
  const subjectBytes = subjectHash(subject, salted.subjectSalt);
  return {
    claims: claims.map((claim, at) => ({
      encoded: new TextDecoder().decode(encodeClaim(claim)),
      salt: hexOf(salted.salts[at]!),
      position: salted.positions[at],
    })),
    subjectSalt: hexOf(salted.subjectSalt),
    leaves: salted.leaves,
    count: salted.leaves.length,
    treeRoot: hexOf(salted.root),
    claimsRoot: hexOf(root),
    subjectHash: hexOf(subjectBytes),
    logId: hexOf(home.logId),
    commitment: hexOf(commit(home, root, subjectBytes)),
  };
}

/** The only operation that takes time: decompression is the platform's. */
async function compact(m: Any): Promise<unknown> {
  const codes = new Gathering();
  const text = (m.codes as string[]).map((code) => codes.add(code)).find((whole) => whole !== null);
  return text === undefined || text === null ? null : hexOf(await expand(text, inflate));
}

async function inflate(data: Uint8Array, limit: number): Promise<Uint8Array> {
  const stream = new Blob([data.slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
  const found = new Uint8Array(await new Response(stream).arrayBuffer());
  if (found.length > limit) throw new RangeError("too large");
  return found;
}

async function answer(line: string): Promise<string> {
  const m = JSON.parse(line) as Any;
  try {
    return JSON.stringify({ ok: await OPERATIONS[m.op]!(m) });
  } catch (error) {
    if (error instanceof InputError) return JSON.stringify({ refused: error.where, problem: error.problem });
    throw error;
  }
}

const decoder = new TextDecoder();
let rest = "";
for await (const chunk of process.stdin) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop()!;
  const answers: string[] = [];
  for (const line of lines) answers.push(await answer(line));
  if (answers.length) process.stdout.write(`${answers.join("\n")}\n`);
}
