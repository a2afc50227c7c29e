/** The verdict for people: one sentence first, then what was issued, the checks, and what they do not prove. */

import {
  checksumAddress, formatInstant, headline, hexOf, introducing, isArray, isObject, write,
  type Check, type CredentialVerdict, type OpenedCredential, type OpenedFile, type Verdict,
} from "../core/index.js";
import { contentOf, displayText } from "./content.js";
import { h, sign, words } from "./dom.js";
import { t } from "./language.js";

/** What was checked: the file may be one that could not be read. */
export interface Checked {
  readonly name: string | null;
  readonly hash: string;
  readonly file: OpenedFile | null;
  readonly verdict: Verdict;
  readonly now: number;
}

const SIGNS = { verified: "pass", rejected: "fail", undetermined: "unknown" } as const;
const NO_HOLDER = "00".repeat(20);
const MAX_RAW = 4096;

/** The one plain sentence, marked where it is only a test. */
export function sentenceOf(credential: CredentialVerdict, test: boolean): string {
  const first = headline(credential);
  const said = [t(`verdict.${first.kind}`, { reason: reason(first.check) })];
  if (first.kind === "genuine") {
    said.push(reason(credential.checks[6]!));
    if (credential.holderAsked) said.push(reason(credential.checks[7]!));
  }
  return test ? t("verdict.test", { sentence: said.join(" ") }) : said.join(" ");
}

/** A moment in words that need no knowledge of RFC 3339. */
const moment = (seconds: number): string => formatInstant(seconds).replace("T", " ").replace("Z", " UTC");

const reason = (check: Check): string => t(check.code, check.details);

/** The whole report. */
export function reportOf(checked: Checked): Node[] {
  const { verdict, file } = checked;
  const many = verdict.credentials.length > 1;
  const parts = verdict.credentials.flatMap((credential, at) => [
    many ? h("h3", {}, t("report.number", { number: at + 1, count: verdict.credentials.length })) : null,
    ...credentialParts(credential, file?.credentials[at] ?? null, file, verdict.test),
  ]);
  return [
    checked.name === null ? null : h("p", { class: "of-file", dir: "auto" }, `${t("page.file_name")}: ${displayText(checked.name, 200) ?? "…"}`),
    ...parts,
    h("h3", {}, t("report.limits_heading")),
    h("p", {}, t("report.limits")),
    h("h3", {}, t("report.as_of")),
    ...times(checked),
    technical(checked),
  ].filter((part): part is HTMLElement => part !== null);
}

function credentialParts(credential: CredentialVerdict, opened: OpenedCredential | null, file: OpenedFile | null, test: boolean): (Node | null)[] {
  const altered = credential.checks.slice(0, 3).some((check) => check.outcome === "fail");
  return [
    h(
      "div",
      { class: `verdict ${credential.overall}` },
      sign(SIGNS[credential.overall]),
      h("p", { class: "word" }, t(`page.overall_${credential.overall}`)),
      h("p", { class: "sentence", dir: "auto" }, ...words(sentenceOf(credential, test))),
    ),
    credential.overall === "undetermined" ? h("p", {}, balance(credential)) : null,
    test ? h("p", { class: "test" }, t("report.test")) : null,
    opened === null ? null : altered ? h("p", {}, t("page.not_read_out")) : content(credential, opened, file),
    h("h3", {}, t("report.checks")),
    h("ol", { class: "checks" }, ...credential.checks.map(checkRow)),
    ...credential.statements.map((s) => h("p", { class: "note", dir: "auto" }, t("report.note", { sentence: t(s.code, s.details) }))),
  ];
}

/** For a verdict that could not be decided: what was shown, and what is not known. */
function balance(credential: CredentialVerdict): string {
  const asked = credential.holderAsked ? credential.checks : credential.checks.slice(0, 7);
  const list = (outcome: string, kind: string, names: readonly string[]): string =>
    asked.filter((c) => c.outcome === outcome && names.includes(c.name)).map((c) => t(`${kind}.${c.name}`)).join(", ") || t("report.nothing");
  const shown = list("pass", "shown", ["inclusion", "anchor", "issuer", "status", "validity", "holder"]);
  return t("report.balance", { shown, unknown: list("unknown", "open", ["inclusion", "anchor", "issuer", "status", "holder"]) });
}

function checkRow(check: Check): HTMLElement {
  const word = h("span", { class: `word outcome-${check.outcome}` }, t(`report.${check.outcome}`));
  const icon = h("span", { class: `outcome-${check.outcome}` }, sign(check.outcome));
  const title = h("p", { class: "name" }, `${check.number}. ${t(`title.${check.name}`)}: `, word);
  return h("li", { "data-code": check.code }, icon, h("div", {}, title, h("p", { dir: "auto" }, ...words(reason(check)))));
}

function content(credential: CredentialVerdict, opened: OpenedCredential, file: OpenedFile | null): HTMLElement {
  const genuine = credential.checks.slice(0, 5).every((check) => check.outcome === "pass");
  const { facts, hidden, title } = contentOf(opened);
  const rows = facts.filter((fact) => fact.label !== "label.title").map((fact) => {
    const label = fact.number === undefined ? t(fact.label) : t(fact.label, { number: fact.number });
    return row(label, fact.value === "label.no_end" ? t(fact.value) : fact.value);
  });
  const absent = hidden.map((label) => row(t(label), t("label.hidden"), "absent"));
  const rest = opened.complete ? [] : [row(t("label.anything_else"), t("label.left_out"), "absent")];
  const kind = opened.complete ? "complete" : file?.holder ? "answer" : "presentation";
  const told = opened.complete ? t("report.complete") : `${t(`page.kind_${kind}`)}. ${t("page.kind_presentation_text")}`;
  return h(
    "div",
    { class: "card" },
    h("p", { class: "kind" }, t(genuine ? "report.issued" : "report.claimed")),
    title === null ? null : h("h3", { class: "title", dir: "auto" }, title),
    h("dl", {}, ...[...rows, ...absent, ...rest].flat()),
    h("p", { class: "kind", "data-kind": kind }, opened.complete ? h("strong", {}, `${t("page.kind_complete")}. `) : null, told),
    raw(opened),
  );
}

const row = (label: string, value: string, kind = ""): HTMLElement[] => [
  h("dt", {}, label),
  h("dd", { dir: "auto", ...(kind ? { class: kind } : {}) }, value),
];

/** Every shown claim, word for word; invisible characters are made visible by JSON's escapes. */
function raw(opened: OpenedCredential): HTMLElement {
  const part = h("details", { class: "raw" }, h("summary", {}, t("page.raw")));
  part.addEventListener("toggle", () => {
    if (part.childElementCount > 1) return;
    const rows = opened.claims.slice(0, MAX_RAW).map(({ path, value }) => {
      const place = path.map((step) => (typeof step === "number" ? `[${step}]` : visible(step))).join(" › ");
      const empty = isObject(value) || isArray(value) ? write(value) : null;
      return h("tr", {}, h("td", { dir: "auto" }, place), h("td", { dir: "auto" }, empty ?? visible(typeof value === "string" ? value : String(value))));
    });
    const head = h("tr", {}, h("th", { scope: "col" }, t("page.raw_path")), h("th", { scope: "col" }, t("page.raw_value")));
    part.append(h("div", { class: "table", tabindex: "0", role: "region", "aria-label": t("page.raw") }, h("table", {}, head, ...rows)));
  });
  return part;
}

const visible = (text: string): string =>
  text.replace(/(?![\u200c\u200d\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

function times({ file, verdict, now }: Checked): HTMLElement[] {
  const homes = new Map(file?.credentials.map((c) => [c.home.key, c.home]));
  const chain =
    verdict.asOf === null
      ? t("report.no_chain")
      : t("report.chain_state", { date: moment(verdict.asOf), age: age(now - verdict.asOf) });
  return [
    h("p", {}, ...words(t("report.checked_on", { date: moment(now) }))),
    h("p", {}, ...words(chain)),
    ...[...homes.values()].map((home) => h("p", {}, t("report.chain", { home: `${home.chain} ${checksumAddress(home.ledger)} / ${home.issuer}` }))),
  ];
}

function age(seconds: number): string {
  if (seconds < -60) return t("report.ahead");
  for (const [size, unit] of [[86_400, "day"], [3_600, "hour"], [60, "minute"]] as const) {
    const count = Math.floor(seconds / size);
    if (count === 1) return t(`report.${unit}`);
    if (count > 1) return t(`report.${unit}s`, { count });
  }
  return t("report.now");
}

function technical({ name, hash, file }: Checked): HTMLElement {
  const rows = [...(name === null ? [] : row(t("page.file_name"), displayText(name, 200) ?? "…")), ...row(t("page.file_hash"), hash)];
  for (const opened of file?.credentials ?? []) {
    const anchor = introducing(opened.proofs, opened.home);
    rows.push(...row(t("page.entry"), hexOf(opened.commitment)), ...row(t("page.place"), String(opened.proofs.index)));
    if (opened.subject !== null && opened.subject.holder !== NO_HOLDER) rows.push(...row(t("page.holder"), checksumAddress(opened.subject.holder)));
    if (!anchor) continue;
    const { sequence, block } = anchor;
    const where = t("page.publication_text", { sequence, block: block.number, time: moment(block.timestamp) });
    rows.push(...row(t("page.publication"), where), ...row(t("page.block_hash"), `0x${block.hash}`), ...row(t("page.transaction"), `0x${anchor.transaction}`));
  }
  return h("details", { class: "technical" }, h("summary", {}, t("page.technical")), h("dl", {}, ...rows));
}

