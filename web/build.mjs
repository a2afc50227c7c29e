/**
 * Builds what the browser gets, reproducibly: `node web/build.mjs` writes node/pages/, `--check` compares instead,
 * `--interop FILE` bundles the core for the tests.
 */

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const WEB = dirname(fileURLToPath(import.meta.url));
const PAGES = join(WEB, "..", "node", "pages");

/** One file of JavaScript from an entry point. */
async function bundle(entry, options = {}) {
  const result = await build({
    entryPoints: [join(WEB, entry)],
    absWorkingDir: WEB,
    bundle: true,
    write: false,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    target: "es2022",
    logLevel: "warning",
    ...options,
  });
  return result.outputFiles[0].text;
}

const [option, argument] = process.argv.slice(2);
if (option === "--interop") {
  writeFileSync(argument, await bundle("interop/main.ts", { format: "esm", minify: false, platform: "node" }));
}

/** A CSP source for an inline script or style. */
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** JavaScript that may stand in a script element as it is. */
function inlinable(script) {
  if (/<\/script|<!--/i.test(script)) throw new Error("a script holds the end of its own element");
  return script.trim();
}

/** The verify page: one file that needs nothing else. */
async function verifyPage() {
  const read = (name) => readFileSync(join(WEB, name), "utf8");
  const version = /^version = "([^"]+)"$/m.exec(read("../pyproject.toml"))[1];
  const texts = (code) => JSON.parse(read(`texts/page.${code}.json`));
  const english = texts("en");
  const parts = {
    style: (await bundle("verify/page.css", { loader: { ".css": "css" } })).trim(),
    qr: inlinable(await bundle("verify/qr.ts", { format: "iife" })),
    main: inlinable(await bundle("verify/main.ts", { format: "iife", define: { VERSION: JSON.stringify(version) } })),
  };
  parts.csp = [
    "default-src 'none'",
    `script-src ${hash(parts.qr)} ${hash(parts.main)}`,
    `style-src ${hash(parts.style)}`,
    "img-src data:",
    "connect-src https: http:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  parts.noscript = ["en", "de", "sl"].map((code) => `<p lang="${code}">${escape(texts(code)["page.noscript"])}</p>`).join("");
  const source = read("verify/page.html");
  const place = /data-t="([a-z_0-9.]+)"><\//g;
  const fixed = (all, key) => all[key].replace("{version}", version);
  const page = source
    .replace(place, (_, key) => `data-t="${key}">${escape(fixed(english, key))}</`)
    .replace(/\{\{([a-z]+)\}\}/g, (_, name) => parts[name]);
  const keys = [...new Set(Array.from(source.matchAll(place), ([, key]) => key))].sort();
  const inLanguage = (code) => Object.fromEntries(keys.map((key) => [key, fixed(texts(code), key)]));
  const others = Object.fromEntries(["de", "sl"].map((code) => [code, inLanguage(code)]));
  return { page, parts, others };
}

/** Sizes in bytes, plain and gzipped. */
const sizes = (text) => ({ bytes: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length });

if (option === undefined || option === "--check" || option === "--sizes") {
  const { page, parts, others } = await verifyPage();
  // The second is for a server: what stands in the page before its script runs, in the languages other than English.
  const files = { "verify.html": page, "verify.texts.json": `${JSON.stringify(others, null, 1)}\n` };
  if (option === "--sizes") {
    const core = await bundle("core/index.ts", { format: "esm" });
    console.log(JSON.stringify({ core: sizes(core), verifier: sizes(parts.main), qr: sizes(parts.qr), page: sizes(page) }));
  } else if (option === "--check") {
    for (const [name, built] of Object.entries(files)) {
      let committed = "";
      try {
        committed = readFileSync(join(PAGES, name), "utf8");
      } catch {}
      if (committed !== built) {
        console.error(`node/pages/${name} is not what web/ builds: run make web`);
        process.exitCode = 1;
      }
    }
  } else {
    mkdirSync(PAGES, { recursive: true });
    for (const [name, built] of Object.entries(files)) writeFileSync(join(PAGES, name), built);
  }
}
