/** The page's languages: the shared catalogue of verdicts, and the page's own texts over it. */

import catalogue from "../../docs/spec/catalogue.json";
import { say, type Details, type Texts } from "../core/index.js";
import de from "../texts/page.de.json";
import en from "../texts/page.en.json";
import sl from "../texts/page.sl.json";

const TEXTS: Readonly<Record<string, Texts>> = {
  en: { ...catalogue.languages.en, ...en },
  de: { ...catalogue.languages.de, ...de },
  sl: { ...catalogue.languages.sl, ...sl },
};

let current = "en";

/** The chosen language's texts. */
export const texts = (): Texts => TEXTS[current]!;

/** A sentence in the chosen language. */
export const t = (key: string, details: Details = {}): string => say(texts(), key, details);

/** The code of the chosen language. */
export const language = (): string => current;

/** The first of `named` and the browser's languages that the page has; English where it has none of them. */
export const preferred = (named: string | null): string =>
  [named ?? "", ...navigator.languages.map((code) => code.slice(0, 2))].find((code) => Object.hasOwn(TEXTS, code)) ?? "en";

/** Choose a language by its code; an unknown one is English. Rewrites every fixed text of the page. */
export function choose(code: string, details: Details): void {
  current = Object.hasOwn(TEXTS, code) ? code : "en";
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll<HTMLElement>("[data-t]")) {
    element.textContent = t(element.dataset["t"]!, details);
  }
}
