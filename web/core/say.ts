/** Sentences: the texts of one language, filled with details. The texts are docs/spec/catalogue.json and the page's own. */

import type { Details } from "./verdict.js";

/** Key → sentence with named placeholders, of one language. */
export type Texts = Readonly<Record<string, string>>;

/**
 * The sentence of `key`. Where a detail names a variant of the key (`validity.ok:until`), that variant speaks; a problem
 * that is itself a key of the texts is said in the same language, any other is a technical remark and stays.
 */
export function say(texts: Texts, key: string, details: Details = {}): string {
  const variant = Object.keys(details).map((name) => `${key}:${name}`).find((name) => Object.hasOwn(texts, name));
  const sentence = texts[variant ?? key];
  if (sentence === undefined) throw new Error(`no such text: ${key}`);
  return sentence.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = String(details[name] ?? "");
    return name === "problem" && Object.hasOwn(texts, value) ? texts[value]! : value;
  });
}
