/** Files out of QR codes (docs/spec/compact.md): frames, base45 (RFC 9285), zlib, CBOR (RFC 8949), canonical bytes. */

import { hexOf, utf8 } from "./bytes.js";
import { InputError } from "./errors.js";
import { sha256 } from "./hashes.js";
import { canonical, MAX_BYTES, type Json } from "./json.js";

/** Decompresses zlib (RFC 1950) up to a limit; rejects what is damaged, or larger. */
export type Inflate = (data: Uint8Array, limit: number) => Promise<Uint8Array>;

const PREFIX = "RS1:";
const MAX_TEXT = 4 * MAX_BYTES;
const MAX_FRAMES = 16;
const MAX_DEPTH = 32;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

const damaged = (): InputError => new InputError("code", "was not read completely, or was altered; read it again");

/** Codes of one file, gathered in any order. `text` is null until all are there. */
export class Gathering {
  private readonly parts = new Map<number, string>();
  private file: string | null = null;
  count = 0;

  /** How many different codes were read. */
  get have(): number {
    return this.parts.size;
  }

  /** Take one code; the whole text once it is complete. Throws `InputError` for what is none of these codes. */
  add(code: string): string | null {
    if (code.startsWith(PREFIX)) return code;
    const found = /^RS1\/([1-9][0-9]?)\/([1-9][0-9]?)\/([0-9A-F]{8}):(.+)$/s.exec(code);
    const [number, count] = [Number(found?.[1]), Number(found?.[2])];
    if (!found || number > count || count > MAX_FRAMES) throw new InputError("code", "is another program's");
    const file = `${count}/${found[3]}`;
    if (this.file !== file) {
      // Another file's code begins anew: whoever shows it has gone on to that file.
      this.parts.clear();
      [this.file, this.count] = [file, count];
    }
    this.parts.set(number, found[4]!);
    if (this.parts.size < count) return null;
    const text = Array.from({ length: count }, (_, at) => this.parts.get(at + 1)!).join("");
    if (hexOf(sha256(utf8(text))).slice(0, 8).toUpperCase() !== found[3] || !text.startsWith(PREFIX)) throw damaged();
    return text;
  }
}

/** The file's RFC 8785 bytes. Rejects with `InputError`. */
export async function expand(text: string, inflate: Inflate): Promise<Uint8Array> {
  if (text.length > MAX_TEXT) throw damaged();
  const packed = await inflate(base45(text.slice(PREFIX.length)), MAX_BYTES).catch(() => {
    throw damaged();
  });
  const reader = new CborReader(packed);
  const value = reader.value(0);
  if (reader.at !== packed.length) throw damaged();
  return canonical(value);
}

function base45(text: string): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < text.length; at += 3) {
    const places = Array.from(text.slice(at, at + 3), (letter) => ALPHABET.indexOf(letter));
    const size = places.length - 1;
    const number = places.reduceRight((sum, place) => 45 * sum + place, 0);
    if (places.includes(-1) || size === 0 || number >= 256 ** size) throw damaged();
    if (size === 2) out.push(number >> 8);
    out.push(number & 255);
  }
  return Uint8Array.from(out);
}

/** Only what a writer makes: no indefinite length, no tag but 23, no name that is not text. */
class CborReader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw damaged();
    const first = this.take(1)[0]!;
    const [major, small] = [first >> 5, first & 31];
    if (major === 7) return this.simple(small);
    const argument = this.argument(small);
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 2) return hexOf(this.take(argument));
    if (major === 3) return this.text(argument);
    if (major === 4) return Array.from({ length: this.bounded(argument) }, () => this.value(depth + 1));
    if (major === 5) return new Map(Array.from({ length: this.bounded(argument) }, () => [this.name(), this.value(depth + 1)]));
    const head = this.take(1)[0]!;
    if (argument !== 23 || head >> 5 !== 2) throw damaged();
    return `0x${hexOf(this.take(this.argument(head & 31)))}`;
  }

  private take(size: number): Uint8Array {
    if (this.at + size > this.data.length) throw damaged();
    this.at += size;
    return this.data.subarray(this.at - size, this.at);
  }

  private argument(small: number): number {
    if (small < 24) return small;
    if (small > 27) throw damaged();
    const start = this.at;
    this.take(2 ** (small - 24));
    if (small === 24) return this.view.getUint8(start);
    if (small === 25) return this.view.getUint16(start);
    if (small === 26) return this.view.getUint32(start);
    const large = Number(this.view.getBigUint64(start));
    if (!Number.isSafeInteger(large)) throw damaged();
    return large;
  }

  /** No more items than there are bytes left. */
  private bounded(count: number): number {
    if (count > this.data.length - this.at) throw damaged();
    return count;
  }

  private name(): string {
    const head = this.take(1)[0]!;
    if (head >> 5 !== 3) throw damaged();
    return this.text(this.argument(head & 31));
  }

  private text(size: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(size));
    } catch {
      throw damaged();
    }
  }

  private simple(small: number): Json {
    if (small === 20 || small === 21) return small === 21;
    if (small === 22) return null;
    const start = this.at;
    if (small === 27) return this.take(8) && this.view.getFloat64(start);
    if (small === 26) return this.take(4) && this.view.getFloat32(start);
    if (small === 25) return half(this.take(2));
    throw damaged();
  }
}

/** A 16-bit float (RFC 8949 appendix D). */
function half(bytes: Uint8Array): number {
  const [high, low] = [bytes[0]!, bytes[1]!];
  const exponent = (high >> 2) & 31;
  const fraction = ((high & 3) << 8) | low;
  if (exponent === 31) throw damaged();
  const size = exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25);
  return high & 0x80 ? -size : size;
}
