/**
 * What a credential says, for people: labels and values fit for display, in the order of the reference implementation.
 *
 * Tolerant on purpose: the document may be anybody's, or have most of its claims hidden. Nothing here says that it is true.
 */

import { disclosed, formatDate, isArray, isObject, type Json, type OpenedCredential } from "../core/index.js";

/** A fact of the document: the key of its label, and its value; `number` of a learning outcome. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly number?: number;
}

const MAX_ITEMS = 50;
const MAX_TEXT = 200_000;
const MAX_LINES = 400;
const OUTCOME = "Learning outcome";

/** The labelled lines of an achievement's criteria text → element. */
const LINES: ReadonlyMap<string, string> = new Map([
  ["Awarding body", "awarding_body"],
  ["Country of the issuer", "country"],
  [OUTCOME, "learning_outcomes"],
  ["Workload", "workload"],
  ["Level", "level"],
  ["Type of assessment", "assessment"],
  ["Form of participation", "participation"],
  ["Type of quality assurance", "quality_assurance"],
  ["Prerequisites", "prerequisites"],
  ["Supervision and identity verification", "supervision"],
  ["Grade scale", "grade_scale"],
  ["Stackability", "stackability"],
  ["Language", "language"],
  ["Validity", "validity"],
  ["Further information", "further_information"],
]);

const ORDER = [
  "learner_name", "learner_id", "title", "issuer_name", "issuer_id", "credits", "grade", "description", "field_of_study",
  "awarding_body", "country", "learning_outcomes", "workload", "level", "assessment", "participation", "quality_assurance",
  "prerequisites", "supervision", "grade_scale", "stackability", "language", "validity", "further_information",
];

/** What an employer looks for: said to be hidden rather than silently left out. */
const EXPECTED = ["learner_name", "level", "credits", "grade", "workload", "learning_outcomes"];

/** The facts that are shown, and the labels of expected ones that are not. */
export function contentOf(opened: OpenedCredential): { facts: readonly Fact[]; hidden: readonly string[]; title: string | null } {
  const values = readDocument(disclosed(opened.claims));
  const facts: Fact[] = ORDER.flatMap((name) =>
    (values.get(name) ?? []).map((value, at) =>
      name === "learning_outcomes" ? { label: "label.learning_outcome", value, number: at + 1 } : { label: `label.${name}`, value },
    ),
  );
  if (opened.validFrom) facts.push({ label: "label.valid_from", value: formatDate(opened.validFrom) });
  facts.push({ label: "label.valid_until", value: opened.validUntil ? formatDate(opened.validUntil) : "label.no_end" });
  const hidden = opened.complete ? [] : EXPECTED.filter((name) => !values.has(name)).map((name) => `label.${name}`);
  return { facts, hidden, title: values.get("title")?.[0] ?? null };
}

function readDocument(document: Json): Map<string, readonly string[]> {
  const subject = member(document, "credentialSubject");
  const achievement = member(subject, "achievement");
  const issuer = member(document, "issuer");
  const [name, id] = identities(member(subject, "identifier"));
  const values = criteria(achievement);
  const put = (key: string, value: string | null): void => {
    if (value !== null) values.set(key, [value]);
  };
  put("learner_name", name);
  put("learner_id", id);
  put("title", displayText(member(achievement, "name")) ?? displayText(member(document, "name")));
  put("issuer_name", displayText(member(issuer, "name")));
  put("issuer_id", displayText(typeof issuer === "string" ? issuer : member(issuer, "id")));
  put("credits", number(member(subject, "creditsEarned")));
  put("grade", items(member(subject, "result")).map((result) => displayText(member(result, "value"), 100)).find((grade) => grade) ?? null);
  put("description", displayText(member(achievement, "description")));
  put("field_of_study", displayText(member(achievement, "fieldOfStudy")));
  return values;
}

const member = (value: Json | undefined, name: string): Json | undefined => (isObject(value) ? value.get(name) : undefined);

/** The elements of an array; of a partly hidden one, whose indexes may be keys, those shown. */
const items = (value: Json | undefined): readonly Json[] =>
  (isObject(value) ? [...value.values()] : isArray(value) ? value : []).slice(0, MAX_ITEMS);

/** The labelled lines; the achievement's own language and level where no line has one. */
function criteria(achievement: Json | undefined): Map<string, readonly string[]> {
  const narrative = member(member(achievement, "criteria"), "narrative");
  const found = new Map<string, string[]>();
  for (const line of (typeof narrative === "string" ? narrative.slice(0, MAX_TEXT) : "").split("\n").slice(0, MAX_LINES)) {
    const at = line.indexOf(": ");
    const label = line.slice(0, Math.max(at, 0));
    const name = LINES.get(/^Learning outcome [0-9]*$/.test(label) ? OUTCOME : label);
    const value = at < 0 || name === undefined ? null : displayText(line.slice(at + 2));
    if (name === undefined || value === null) continue;
    found.set(name, name === "learning_outcomes" ? [...(found.get(name) ?? []), value].slice(0, MAX_ITEMS) : [(found.get(name) ?? [])[0] ?? value]);
  }
  const language = displayText(member(achievement, "inLanguage"), 20);
  if (language !== null && !found.has("language")) found.set("language", [language]);
  for (const alignment of items(member(achievement, "alignment"))) {
    const target = displayText(member(alignment, "targetName"));
    if (target?.startsWith("EQF level ") && !found.has("level")) found.set("level", [target]);
  }
  return found;
}

/** The learner's name and id: what is shown in the clear, the first of each. */
function identities(value: Json | undefined): [string | null, string | null] {
  let [name, id]: [string | null, string | null] = [null, null];
  for (const item of items(value)) {
    if (member(item, "hashed") === true) continue;
    const text = displayText(member(item, "identityHash"), 500);
    const kind = member(item, "identityType");
    if (kind === "name") name ??= text;
    if (kind === "identifier") id ??= text;
  }
  return [name, id];
}

const number = (value: Json | undefined): string | null =>
  typeof value === "number" && value > 0 && value < 1_000_000 ? String(value) : null;

/**
 * What may be shown of a text that anybody may have written: control, bidi and other invisible characters are taken out,
 * the rest is cut to `limit` characters. Null where nothing is left.
 */
export function displayText(value: Json | undefined, limit = 2000): string | null {
  if (typeof value !== "string") return null;
  const harmful = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\p{Noncharacter_Code_Point}/u;
  const text = Array.from(value.slice(0, 4 * limit)).slice(0, 2 * limit).filter((c) => !harmful.test(c)).join("").trim();
  const all = Array.from(text);
  return (all.length > limit ? `${all.slice(0, limit - 1).join("")}…` : text) || null;
}
