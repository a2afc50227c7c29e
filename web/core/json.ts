/**
 * The strict reader of everything that comes from a file, and RFC 8785 writing.
 *
 * `JSON.parse` hides duplicate keys and forms of numbers, so the reader is our own: it accepts exactly the bytes that
 * RFC 8785 would write, apart from one leading byte order mark and trailing line ends. Consensus-critical.
 */

import { characters, utf8 } from "./bytes.js";
import { InputError } from "./errors.js";

/** Objects are maps: no name of a stranger's choosing can reach a prototype. */
export type JsonObject = ReadonlyMap<string, Json>;
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export const MAX_BYTES = 1 << 20;
export const MAX_DEPTH = 16;
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;

/** The value of strictly canonical bytes. Throws `InputError`. */
export function parse(data: Uint8Array, where = "file", limit = MAX_BYTES): Json {
  if (data.length > limit) throw new InputError(where, `is larger than ${limit} bytes`, data.length);
  const start = data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? 3 : 0;
  let end = data.length;
  while (end > start && (data[end - 1] === 10 || data[end - 1] === 13)) end--;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data.subarray(start, end));
  } catch {
    throw new InputError(where, "is not UTF-8");
  }
  const reader = new Reader(text, where);
  const value = reader.value(0);
  if (reader.at !== text.length) throw reader.wrong();
  return value;
}

/** Unassigned in Unicode 14.0, and since then of a kind that normalisation moves, joins or takes apart (known up to 17.0). */
const LATER =
  /[\u0897\u1acf-\u1add\u1ae0-\u1aeb\u{105c0}-\u{105ff}\u{10d69}-\u{10d6d}\u{10efa}-\u{10eff}\u{11380}-\u{113d0}\u{11f41}\u{11f42}\u{16100}-\u{1613f}\u{16d63}-\u{16d6a}\u{1e08f}\u{1e4ec}-\u{1e4ef}\u{1e5ee}\u{1e5ef}\u{1e6e3}-\u{1e6f5}]/gu;

/** Is a name in normal form C of Unicode 14.0? What that version does not assign counts as a letter of its own, in newer browsers too. */
export function isNormal(name: string): boolean {
  const known = name.replace(LATER, "\ue000");
  return known.normalize("NFC") === known;
}

class Reader {
  at = 0;
  constructor(
    readonly text: string,
    readonly where: string,
  ) {}

  wrong(): InputError {
    const found = this.text.slice(this.at, this.at + 20);
    return new InputError(this.where, `is not canonical JSON (RFC 8785) from character ${this.at} on`, found);
  }

  value(depth: number): Json {
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth + 1);
      case "[":
        return this.array(depth + 1);
      case '"':
        return this.string();
      case "t":
        return this.literal("true", true);
      case "f":
        return this.literal("false", false);
      case "n":
        return this.literal("null", null);
      default:
        return this.number();
    }
  }

  private literal<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.wrong();
    this.at += word.length;
    return value;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private deeper(depth: number): void {
    if (depth > MAX_DEPTH) throw new InputError(this.where, `is nested deeper than ${MAX_DEPTH}`);
    this.at++;
  }

  private array(depth: number): Json {
    this.deeper(depth);
    const items: Json[] = [];
    if (this.take("]")) return items;
    for (;;) {
      items.push(this.value(depth));
      if (this.take("]")) return items;
      if (!this.take(",")) throw this.wrong();
    }
  }

  private object(depth: number): Json {
    this.deeper(depth);
    const members = new Map<string, Json>();
    if (this.take("}")) return members;
    let last: string | undefined;
    for (;;) {
      const name = this.string();
      this.checkName(name, last);
      last = name;
      if (!this.take(":")) throw this.wrong();
      members.set(name, this.value(depth));
      if (this.take("}")) return members;
      if (!this.take(",")) throw this.wrong();
    }
  }

  /** Names ascend strictly by UTF-16 units (RFC 8785 §3.2.3), so that none can stand twice. */
  private checkName(name: string, last: string | undefined): void {
    if (name === "__proto__") throw new InputError(this.where, "has a forbidden key", name);
    if (!isNormal(name)) {
      throw new InputError(this.where, "has a key that is not in Unicode normal form C", name);
    }
    if (last === undefined || last < name) return;
    const problem = last === name ? "has a key twice in one object" : "has keys out of order";
    throw new InputError(this.where, problem, name);
  }

  private string(): string {
    const start = this.at;
    if (!this.take('"')) throw this.wrong();
    for (;;) {
      PLAIN.lastIndex = this.at;
      this.at += PLAIN.exec(this.text)![0].length;
      if (this.take('"')) break;
      if (this.text[this.at] !== "\\" || this.at + 1 >= this.text.length) throw this.wrong();
      this.at += 2;
    }
    const written = this.text.slice(start, this.at);
    if (!written.includes("\\")) return written.slice(1, -1);
    let value: unknown;
    try {
      value = JSON.parse(written);
    } catch {
      throw this.wrong();
    }
    // Only the one way of escaping that RFC 8785 knows; a lone surrogate is never written back as it was read.
    if (typeof value !== "string" || !isWellFormed(value) || JSON.stringify(value) !== written) throw this.wrong();
    return value;
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const written = NUMBER.exec(this.text)?.[0];
    if (written === undefined) throw this.wrong();
    if (/[eE]/.test(written)) throw new InputError(this.where, "has a number with an exponent", written);
    const value = Number(written);
    if (!written.includes(".") && Math.abs(value) > MAX_INTEGER) {
      throw new InputError(this.where, "has an integer beyond 2^53−1", written);
    }
    if (String(value) !== written) throw this.wrong();
    this.at += written.length;
    return value;
  }
}

/** True iff a text has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

/** The RFC 8785 text of a value. Throws `InputError` for what I-JSON cannot hold. */
export function write(value: Json): string {
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw new InputError("JSON", "has a lone surrogate", value);
    return JSON.stringify(value);
  }
  if (typeof value === "number") return writeNumber(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (isObject(value)) {
    return `{${[...value.keys()].sort().map((name) => `${write(name)}:${write(value.get(name)!)}`).join(",")}}`;
  }
  return `[${value.map(write).join(",")}]`;
}

/** The RFC 8785 bytes of a value. */
export const canonical = (value: Json): Uint8Array => utf8(write(value));

/** RFC 8785 §3.2.2.3: the way in which ECMAScript writes numbers; those that no file may carry are refused. */
function writeNumber(value: number): string {
  const text = String(value);
  if (!Number.isFinite(value) || /e/.test(text) || (Number.isInteger(value) && Math.abs(value) > MAX_INTEGER)) {
    throw new InputError("JSON", "has a number with an exponent or beyond 2^53−1", value);
  }
  return Object.is(value, -0) ? "0" : text;
}

/** True for an object (never for an array). */
export const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;

/** True for an array. */
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** At most `limit` characters? */
export const fits = (text: string, limit: number): boolean => text.length <= limit || characters(text) <= limit;
