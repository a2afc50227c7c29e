/** A server that this page came from may check files, too: one quiet link to its form, for whom the page fails. */

import { displayText } from "./content.js";
import { byId, h } from "./dom.js";
import { language, t } from "./language.js";

/** Where the page was opened from a disk, or its server has no form, there is no link. */
export function showServer(): void {
  const form: unknown = JSON.parse(byId("server-form").textContent ?? "null");
  if (location.protocol === "file:" || typeof form !== "object" || form === null) return;
  const { name, url } = form as { name: string; url: string };
  const words = t("page.server", { name: displayText(name, 200) ?? "" });
  byId("server").replaceChildren(h("a", { href: `${url}?lang=${language()}` }, words));
  byId("server").hidden = false;
}
