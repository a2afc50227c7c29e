/** What the verifier says: whom to trust, whom to ask, what was asked of the holder, and for which day. */

import {
  checksumAddress, formatPolicy, InputError, isTest, MAX_SNAPSHOT, parseChain, parseInstant, parsePolicy, readSnapshot, type Expected, type LedgerPolicy, type Policy,
  type Snapshot,
} from "../core/index.js";
import { hostOf, type Source } from "./asking.js";
import { displayText } from "./content.js";
import { byId, h, tell } from "./dom.js";
import { t } from "./language.js";

/** One reading of the settings. */
export interface Settings {
  readonly policy: Policy | null;
  readonly source: Source;
  readonly blocks: ReadonlySet<string>;
  readonly expected: Expected | null;
  readonly at: number | null;
  /** They stand for the chain where there are any. */
  readonly snapshots: readonly Snapshot[];
}

/** A setting that cannot be used, in a sentence. */
export class SettingProblem extends Error {}

const KEY = "rootseal/policy";
const MAX_POLICY = 1 << 20;

let policy: Policy | null = null;
let fromPage = false;
let snapshots: readonly Snapshot[] = [];

const value = (id: string): string => byId<HTMLInputElement>(id).value;

/** The settings as they stand. Throws `SettingProblem`. */
export function readSettings(): Settings {
  return { policy, source: source(), blocks: blocks(), expected: expected(), at: day(), snapshots };
}

function source(): Source {
  const kind = document.querySelector<HTMLInputElement>("input[name=source]:checked")?.value;
  if (kind !== "url") return { kind: kind === "nobody" ? "nobody" : "policy" };
  const url = value("chain-url").trim();
  if (!/^https?:\/\/[^\s/]/.test(url)) throw new SettingProblem(t("page.chain_url_wrong"));
  return { kind, url };
}

/** Before anybody is asked: who it will be. */
function showAsks(): void {
  tell(byId("asks"), snapshots.length ? t("page.asks_snapshot") : asks());
}

function asks(): string | null {
  let chosen: Source;
  try {
    chosen = source();
  } catch (error) {
    if (error instanceof SettingProblem) return t("page.asks_nobody");
    throw error;
  }
  if (chosen.kind === "nobody") return t("page.asks_nobody");
  const urls = chosen.kind === "url" ? [chosen.url] : policy?.ledgers.flatMap((ledger) => ledger.rpcs);
  if (!urls) return null; // that nobody is trusted yet is said already
  return urls.length ? t("page.asks", { hosts: [...new Set(urls.map(hostOf))].join(", ") }) : t("page.asks_unknown");
}

function blocks(): ReadonlySet<string> {
  const lines = value("blocks").split(/\s+/).filter(Boolean);
  return new Set(
    lines.map((line) => {
      const found = /^(eip155:[0-9]+):0x([0-9a-fA-F]{64})$/.exec(line);
      if (!found) throw new SettingProblem(t("page.blocks_wrong", { problem: displayText(line, 80) ?? "" }));
      return `eip155:${parseChain(found[1]!, "block")}:${found[2]!.toLowerCase()}`;
    }),
  );
}

function expected(): Expected | null {
  const [audience, nonce] = [value("audience"), value("nonce")];
  if ((audience === "") !== (nonce === "")) throw new SettingProblem(t("page.question_half"));
  return audience === "" ? null : { audience, nonce };
}

const day = (): number | null => (value("date") === "" ? null : parseInstant(`${value("date")}T00:00:00Z`, "date"));

/** Wire up the part of the page that is about trust; `changed` is called after each change of the policy. */
export function startPolicy(changed: () => void): void {
  for (const choice of document.querySelectorAll("input[name=source], #chain-url")) choice.addEventListener("input", showAsks);
  const use = (text: string, origin: "user" | "page"): boolean => {
    try {
      policy = text.trim() === "" ? null : parsePolicy(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      say(t("page.policy_wrong", { problem: displayText(error.message, 300) ?? "" }));
      return false;
    }
    fromPage = origin === "page" && policy !== null;
    byId<HTMLTextAreaElement>("policy-text").value = text;
    showPolicy();
    changed();
    return true;
  };
  byId("policy-apply").addEventListener("click", () => use(value("policy-text"), "user") && say(t("page.policy_used")));
  byId("policy-file").addEventListener("change", () => void importPolicy(use));
  byId("policy-save").addEventListener("click", savePolicy);
  byId("policy-remember").addEventListener("click", () => {
    if (use(value("policy-text"), "user") && stored((s) => s.setItem(KEY, value("policy-text")))) say(t("page.policy_remembered"));
  });
  byId("policy-forget").addEventListener("click", () => stored((s) => s.removeItem(KEY)) && say(t("page.policy_forgotten")));
  let remembered: string | null = null;
  stored((s) => (remembered = s.getItem(KEY)));
  const preset: unknown = JSON.parse(byId("policy-preset").textContent ?? "null");
  if (remembered !== null) use(remembered, "user");
  else if (typeof preset === "string") use(preset, "page");
}

const say = (sentence: string): void => tell(byId("policy-status"), sentence);

async function importPolicy(use: (text: string, origin: "user") => boolean): Promise<void> {
  const input = byId<HTMLInputElement>("policy-file");
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  if (file.size > MAX_POLICY) return say(t("page.policy_wrong", { problem: `${file.size} bytes` }));
  if (use(await file.text(), "user")) say(t("page.policy_used"));
}

function savePolicy(): void {
  const text = value("policy-text") || formatPolicy({ ledgers: [], holderRequired: false, accreditedNow: false });
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/toml" })), download: "policy.toml" });
  link.click();
}

/** Storage may be switched off, or the page opened from a place without any. */
function stored(act: (storage: Storage) => unknown): boolean {
  try {
    act(localStorage);
    return true;
  } catch {
    return false;
  }
}

/** Wire up the snapshots; `changed` is called when other ones are in use. */
export function startSnapshots(changed: () => void): void {
  const input = byId<HTMLInputElement>("snapshot");
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length) void importSnapshots(files, changed);
  });
  byId("snapshot-forget").addEventListener("click", () => {
    snapshots = [];
    showSnapshots();
    input.focus(); // the button is gone
    changed();
  });
}

async function importSnapshots(files: readonly File[], changed: () => void): Promise<void> {
  const read: Snapshot[] = [];
  try {
    for (const file of files) {
      if (file.size > MAX_SNAPSHOT) throw new InputError("snapshot", `is larger than ${MAX_SNAPSHOT} bytes`);
      read.push(readSnapshot(new Uint8Array(await file.arrayBuffer())));
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    byId("snapshot-status").textContent = t("page.snapshot_wrong", { problem: displayText(error.message, 300) ?? "" });
    return;
  }
  snapshots = [...snapshots, ...read];
  showSnapshots();
  changed();
}

/** The snapshots in use, in words. */
export function showSnapshots(): void {
  showAsks();
  const homes = snapshots.map(({ home }) => `${home.chain} / ${home.issuer}`).join(", ");
  byId("snapshot-status").textContent = homes ? t("page.snapshot_used", { homes }) : "";
  byId("snapshot-forget").hidden = snapshots.length === 0;
}

/** The policy in words. */
export function showPolicy(): void {
  showAsks();
  const place = byId("policy-words");
  if (policy === null) return place.replaceChildren(h("p", {}, t("page.policy_none")));
  const ledgers = policy.ledgers.map((ledger) => h("div", {}, h("p", {}, placeOf(ledger)), trusted(ledger)));
  place.replaceChildren(
    ...(fromPage ? [h("p", { class: "note" }, t("page.policy_source"))] : []),
    ...(ledgers.length ? ledgers : [h("p", {}, t("page.policy_empty"))]),
    ...(policy.holderRequired ? [h("p", {}, t("page.policy_holder"))] : []),
  );
}

function placeOf(ledger: LedgerPolicy): string {
  const chain = `eip155:${ledger.chainId}`;
  const name = displayText(ledger.name, 200);
  return t("page.policy_ledger", { chain: name ? `${name} (${chain})` : chain, ledger: checksumAddress(ledger.address) });
}

function trusted(ledger: LedgerPolicy): HTMLElement {
  const lines = [
    ...[...ledger.issuers].map(([number, name]) => t("page.policy_issuer", { number, name: displayText(name) ?? "" })),
    ...[...ledger.accreditors].map(([address, name]) =>
      t("page.policy_accreditor", { name: displayText(name) ?? "", address: checksumAddress(address) }),
    ),
  ];
  if (lines.length === 0) lines.push(t("page.policy_nobody"));
  if (isTest(ledger)) lines.push(t("page.policy_test"));
  return h("ul", { class: "policy-list" }, ...lines.map((line) => h("li", { dir: "auto" }, line)));
}
