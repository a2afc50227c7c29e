/** The page: a file comes in, the chain is asked where the user wants it, the verdict is shown and read out. */

import { hexOf } from "../core/bytes.js";
import { sha256 } from "../core/hashes.js";
import {
  evidenceOf, InputError, ledgerOf, malformed, openFile, questionsOf, snapshotFacts, verifyOpened, type Facts, type LedgerFacts, type OpenedFile, type Question,
  type Verdict,
} from "../core/index.js";
import { askLedger, type Problem } from "./asking.js";
import { byId, tell } from "./dom.js";
import { startInput } from "./input.js";
import { choose, language, t } from "./language.js";
import { reportOf, sentenceOf } from "./report.js";
import { readSettings, SettingProblem, showPolicy, showSnapshots, startPolicy, startSnapshots, type Settings } from "./settings.js";

interface Given {
  readonly data: Uint8Array;
  readonly name: string | null;
}

/** Everything that a verdict was made from: in another language it is made again, without asking anybody. */
interface Asked extends Given {
  readonly file: OpenedFile | InputError;
  readonly settings: Settings;
  readonly answers: ReadonlyMap<string, LedgerFacts | Problem>;
  readonly now: number;
}

const DETAILS = { version: VERSION };
let given: Given | null = null;
let last: Asked | null = null;
let turn = 0;

/** Check what was given; of two checks that overlap, the later one counts. */
async function check(): Promise<void> {
  if (given === null) return;
  const mine = ++turn;
  const settings = settingsOrProblem();
  if (settings === null) return;
  byId("status").textContent = t("page.working");
  const file = opened(given.data);
  const answers = file instanceof InputError ? new Map<string, never>() : await ask(file, settings);
  if (mine !== turn || given === null) return;
  last = { ...given, file, settings, answers, now: Math.floor(Date.now() / 1000) };
  const sentence = show(last);
  byId("status").textContent = t("page.done", { sentence });
  byId("result").scrollIntoView();
  byId("result-heading").focus();
}

function settingsOrProblem(): Settings | null {
  const place = byId("settings-problem");
  try {
    const settings = readSettings();
    tell(place, null);
    return settings;
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    tell(place, error.message);
    return null;
  }
}

function opened(data: Uint8Array): OpenedFile | InputError {
  try {
    return openFile(data);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

async function ask(file: OpenedFile, settings: Settings): Promise<ReadonlyMap<string, LedgerFacts | Problem>> {
  const digest = file.signedDigest === null ? null : hexOf(file.signedDigest);
  const questions = questionsOf(file, digest);
  if (settings.snapshots.length) return new Map(questions.map((q) => [q.home.key, fromSnapshots(q, settings)]));
  const answers = questions.map(async (q) => [q.home.key, await askLedger(q, settings.policy, settings.source)] as const);
  return new Map(await Promise.all(answers));
}

/** Where snapshots are given, no chain is asked: the first of this issuer that proves anything speaks. */
function fromSnapshots(question: Question, { snapshots, blocks, policy }: Settings): LedgerFacts | Problem {
  let problem: Problem = { key: "problem.snapshot_other", details: {} };
  for (const snapshot of snapshots.filter(({ home }) => home.key === question.home.key)) {
    const found = snapshotFacts(snapshot, blocks, ledgerOf(policy, question.home)?.code ?? null);
    if (typeof found !== "string") return found;
    problem = { key: found, details: {} };
  }
  return problem;
}

function verdictOf({ file, settings, answers, now }: Asked): Verdict {
  if (file instanceof InputError) return malformed(file);
  const ledgers = new Map<string, LedgerFacts>();
  const problems = new Map<string, string>();
  for (const [key, answer] of answers) {
    if ("key" in answer) problems.set(key, t(answer.key, answer.details));
    else ledgers.set(key, answer);
  }
  const facts: Facts = { ledgers, problems, evidence: evidenceOf(file, settings.blocks) };
  return verifyOpened(file, { policy: settings.policy, facts, now, at: settings.at, expected: settings.expected });
}

/** Show the report; gives its first sentence. */
function show(asked: Asked): string {
  const verdict = verdictOf(asked);
  const file = asked.file instanceof InputError ? null : asked.file;
  byId("result-heading").textContent = t("page.result");
  byId("report").replaceChildren(...reportOf({ name: asked.name, hash: hexOf(sha256(asked.data)), file, verdict, now: asked.now }));
  byId("result").hidden = false;
  return verdict.credentials.map((credential) => sentenceOf(credential, verdict.test)).join(" ");
}

function speak(code: string): void {
  choose(code, DETAILS);
  byId<HTMLSelectElement>("language").value = language();
  showPolicy();
  showSnapshots();
  if (last !== null) show(last);
}

function forget(): void {
  [given, last] = [null, null];
  turn++;
  byId("result").hidden = true;
  byId("report").replaceChildren();
  byId<HTMLTextAreaElement>("paste").value = "";
  byId("file").focus();
}

byId("language").addEventListener("change", () => speak(byId<HTMLSelectElement>("language").value));
byId("again").addEventListener("click", () => void check());
byId("another").addEventListener("click", forget);
byId("print").addEventListener("click", () => print());
startPolicy(() => void check());
startSnapshots(() => void check());
startInput((data, name) => {
  given = { data, name };
  void check();
});
speak(navigator.language.slice(0, 2));
