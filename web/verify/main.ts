/** The page: a file comes in, the chain is asked where the user wants it, the verdict is shown and read out. */

import { hexOf } from "../core/bytes.js";
import { sha256 } from "../core/hashes.js";
import {
  evidenceOf, InputError, ledgerOf, malformed, openFile, questionsOf, snapshotFacts, verifyOpened, type Facts, type LedgerFacts, type OpenedFile, type Question,
  type Verdict,
} from "../core/index.js";
import { askLedger, type Problem } from "./asking.js";
import { displayText } from "./content.js";
import { byId, tell } from "./dom.js";
import { startInput, type Incoming } from "./input.js";
import { choose, language, preferred, t } from "./language.js";
import { reportOf, sentenceOf } from "./report.js";
import { showServer } from "./server.js";
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

/** No verdict is seen any more, and none that is still being made will be: what comes next is another one. */
function clear(): void {
  turn++;
  last = null;
  byId("result").hidden = true;
  byId("report").replaceChildren();
  byId("status").textContent = "";
  tell(byId("working"), null);
}

/** Something new comes in: what was shown is of something else. Of two that come in, only the later one is heard. */
function begin(): Incoming {
  clear();
  given = null;
  const mine = turn;
  const place = byId("input-problem");
  tell(place, null);
  return {
    take: (data, name) => {
      if (mine !== turn) return;
      given = { data, name };
      void check();
    },
    refuse: (sentence) => mine === turn && alarm(place, sentence),
  };
}

/** Say what is wrong, where it is seen and read out. */
function alarm(place: HTMLElement, sentence: string): void {
  tell(place, sentence);
  place.focus();
  place.scrollIntoView({ block: "center" });
}

/** Check what was given; of two checks that overlap, the later one counts. */
async function check(): Promise<void> {
  if (given === null) return;
  const inside = byId("result").contains(document.activeElement);
  clear();
  const mine = turn;
  const settings = settingsOrProblem();
  if (settings === null) return;
  working(given.name, inside);
  const file = opened(given.data);
  const answers = file instanceof InputError ? new Map<string, never>() : await ask(file, settings);
  if (mine !== turn || given === null) return;
  last = { ...given, file, settings, answers, now: Math.floor(Date.now() / 1000) };
  const sentence = show(last);
  tell(byId("working"), null);
  byId("status").textContent = t("page.done", { sentence });
  byId("result").scrollIntoView();
  byId("result-heading").focus();
}

/** A chain may take its time to answer: what is being checked is said as long as it does. */
function working(name: string | null, focus: boolean): void {
  const place = byId("working");
  const shown = displayText(name ?? "", 200);
  tell(place, shown === null ? t("page.working") : t("page.working_on", { name: shown }));
  place.scrollIntoView({ block: "nearest" });
  if (focus) place.focus(); // the button that was pressed is gone
  byId("status").textContent = t("page.working");
}

function settingsOrProblem(): Settings | null {
  const [place, again] = [byId("settings-problem"), byId("settings-again")];
  try {
    const settings = readSettings();
    tell(place, null);
    again.hidden = true;
    return settings;
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    again.hidden = false;
    alarm(place, error.message);
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
  showServer();
  if (last !== null) show(last);
}

function forget(): void {
  clear();
  given = null;
  byId<HTMLTextAreaElement>("paste").value = "";
  byId("file").focus();
}

/** On paper nothing can be unfolded: the file's hash and the block are part of the report. */
function unfold(): void {
  for (const part of document.querySelectorAll<HTMLDetailsElement>("details.technical")) part.open = true;
}

byId("language").addEventListener("change", () => speak(byId<HTMLSelectElement>("language").value));
for (const id of ["again", "settings-again"]) byId(id).addEventListener("click", () => void check());
byId("another").addEventListener("click", forget);
byId("print").addEventListener("click", () => {
  unfold();
  print();
});
addEventListener("beforeprint", unfold);
startPolicy(() => void check());
startSnapshots(() => void check());
startInput(begin);
speak(preferred(new URLSearchParams(location.search).get("lang")));
document.documentElement.classList.add("ready");
