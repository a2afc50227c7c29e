/**
 * The part of TOML 1.0 that policies are written in: comments, bare and quoted keys, tables, arrays of tables, strings on
 * one line, whole numbers, true and false, arrays, inline tables. Anything else is refused with its line, never guessed.
 */

import { InputError } from "./errors.js";
import type { Json } from "./json.js";

type Table = Map<string, Json>;

const MAX_TEXT = 1 << 20;
const MAX_DEPTH = 16;

/** The value of a TOML text as JSON. Throws `InputError` naming the line. */
export function parseToml(text: string): Json {
  if (text.length > MAX_TEXT) throw new InputError("policy", "is too long");
  return new TomlReader(text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n")).document();
}

class TomlReader {
  private at = 0;
  private readonly root: Table = new Map();
  private readonly arrays = new Set<Json>();

  constructor(private readonly text: string) {}

  document(): Json {
    let table = this.root;
    for (;;) {
      this.skip(/(?:[ \t\n]|#[^\n\u0000-\u0008\u000b-\u001f\u007f]*(?=\n|$))*/y);
      if (this.at >= this.text.length) return this.root;
      if (this.text[this.at] === "[") table = this.header();
      else this.pair(table);
      this.skip(/[ \t]*(?:#[^\n\u0000-\u0008\u000b-\u001f\u007f]*)?/y);
      if (this.at < this.text.length && !this.take("\n")) throw this.wrong("has something after a value");
    }
  }

  private wrong(problem: string): InputError {
    const line = this.text.slice(0, this.at).split("\n").length;
    return new InputError(`policy, line ${line}`, problem);
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private header(): Table {
    const many = this.take("[[") || !this.take("[");
    const path = this.keys();
    if (!this.take(many ? "]]" : "]")) throw this.wrong("has a heading that is not closed");
    const name = path.pop()!;
    const parent = path.reduce<Table>((table, key) => this.descend(table, key), this.root);
    const found = parent.get(name);
    const fresh: Table = new Map();
    if (many) {
      if (found !== undefined && !this.arrays.has(found)) throw this.wrong("names one setting twice");
      const items = (found ?? []) as Json[];
      this.arrays.add(items);
      items.push(fresh);
      parent.set(name, items);
    } else {
      if (found !== undefined) throw this.wrong("names one table twice");
      parent.set(name, fresh);
    }
    return fresh;
  }

  /** The table under a key; of an array of tables, the last. */
  private descend(table: Table, key: string): Table {
    const found = table.get(key);
    if (found === undefined) {
      const fresh: Table = new Map();
      table.set(key, fresh);
      return fresh;
    }
    const inner = this.arrays.has(found) ? (found as Json[]).at(-1) : found;
    if (!(inner instanceof Map)) throw this.wrong("has a table below a value");
    return inner;
  }

  private keys(): string[] {
    const path: string[] = [];
    do {
      this.skip(/[ \t]*/y);
      const key = this.skip(/[A-Za-z0-9_-]+/y) || (/["']/.test(this.text[this.at] ?? "") ? this.string() : undefined);
      if (key === undefined) throw this.wrong("should have the name of a setting here");
      if (key === "__proto__") throw this.wrong("has a forbidden name");
      path.push(key);
      this.skip(/[ \t]*/y);
    } while (this.take("."));
    return path;
  }

  private pair(table: Table, depth = 0): void {
    const path = this.keys();
    if (path.length !== 1) throw this.wrong("has a dotted name, which policies do not use");
    if (!this.take("=")) throw this.wrong("should have = after the name of a setting");
    this.skip(/[ \t]*/y);
    const name = path[0]!;
    if (table.has(name)) throw this.wrong(`has the setting ${name} twice`);
    table.set(name, this.value(depth));
  }

  private value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.wrong("is nested too deep");
    const first = this.text[this.at];
    if (first === '"' || first === "'") return this.string();
    if (first === "[") return this.array(depth + 1);
    if (first === "{") return this.inline(depth + 1);
    const word = this.skip(/[A-Za-z0-9_+.:-]+/y);
    if (word === "true" || word === "false") return word === "true";
    if (!/^[+-]?(?:0|[1-9](?:_?[0-9])*)$/.test(word)) throw this.wrong("has a value that policies do not use");
    const number = Number(word.replace(/_/g, ""));
    if (!Number.isSafeInteger(number)) throw this.wrong("has a number that is too large");
    return number;
  }

  private array(depth: number): Json {
    const blank = /(?:[ \t\n]|#[^\n]*)*/y;
    const items: Json[] = [];
    this.take("[");
    for (;;) {
      this.skip(blank);
      if (this.take("]")) return items;
      items.push(this.value(depth));
      this.skip(blank);
      if (this.take("]")) return items;
      if (!this.take(",")) throw this.wrong("has an array that is not closed");
    }
  }

  private inline(depth: number): Json {
    const table: Table = new Map();
    this.take("{");
    this.skip(/[ \t]*/y);
    if (this.take("}")) return table;
    for (;;) {
      this.pair(table, depth);
      this.skip(/[ \t]*/y);
      if (this.take("}")) return table;
      if (!this.take(",")) throw this.wrong("has a table that is not closed");
    }
  }

  private string(): string {
    if (this.text.startsWith('"""', this.at) || this.text.startsWith("'''", this.at)) {
      throw this.wrong("has a text over several lines, which policies do not use");
    }
    if (this.take("'")) {
      const inner = this.skip(/[^'\n\u0000-\u0008\u000b-\u001f\u007f]*/y);
      if (!this.take("'")) throw this.wrong("has a text that is not closed");
      return inner;
    }
    this.take('"');
    const inner = this.skip(/(?:[^"\\\n\u0000-\u0008\u000b-\u001f\u007f]|\\["\\bfnrt]|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8})*/y);
    if (!this.take('"')) throw this.wrong("has a text that is not closed");
    return inner.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g, (_, short?: string, long?: string, one?: string) =>
      one !== undefined ? ESCAPES[one]! : this.character(parseInt((short ?? long)!, 16)),
    );
  }

  private character(code: number): string {
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw this.wrong("has a character that does not exist");
    return String.fromCodePoint(code);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
