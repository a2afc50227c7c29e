/** Strict readers of JSON members: each refuses a wrong type or range and names the member by its path. */

import type { Hex } from "./bytes.js";
import { InputError } from "./errors.js";
import { LAST_INSTANT } from "./instants.js";
import { fits, isArray, isObject, MAX_INTEGER, type Json, type JsonObject } from "./json.js";

export type Reading<T> = (value: Json, where: string) => T;

const HEX = /^(?:[0-9a-f]{2})*$/;

/** The members of an object that must have each required one, and none but these and the optional ones. */
export function members(value: Json, where: string, required: readonly string[], optional: readonly string[] = []): Members {
  if (!isObject(value)) throw new InputError(where, "must be an object", kindOf(value));
  for (const name of value.keys()) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw new InputError(`${where}.${/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) ? name : "…"}`, "is not a known member");
    }
  }
  for (const name of required) if (!value.has(name)) throw new InputError(`${where}.${name}`, "is missing");
  return new Members(value, where);
}

/** An object whose members are known to be there. */
export class Members {
  constructor(
    readonly value: JsonObject,
    readonly where: string,
  ) {}

  has(name: string): boolean {
    return this.value.has(name);
  }

  raw(name: string): Json {
    return this.value.get(name) ?? null;
  }

  read<T>(name: string, reading: Reading<T>): T {
    return reading(this.raw(name), `${this.where}.${name}`);
  }

  /** `fallback` where the member is absent. */
  readOr<T>(name: string, fallback: T, reading: Reading<T>): T {
    return this.value.has(name) ? this.read(name, reading) : fallback;
  }
}

/** An array of `low` to `high` items. */
export const array =
  <T>(item: Reading<T>, low = 0, high = 4096): Reading<readonly T[]> =>
  (value, where) => {
    if (!isArray(value)) throw new InputError(where, "must be an array", kindOf(value));
    if (value.length < low || value.length > high) {
      throw new InputError(where, `must have ${low} to ${high} elements`, `${value.length} elements`);
    }
    return value.map((element, at) => item(element, `${where}[${at}]`));
  };

/** null, or what `item` reads. */
export const nullable =
  <T>(item: Reading<T>): Reading<T | null> =>
  (value, where) =>
    value === null ? null : item(value, where);

/** A whole number from `low` to `high`. */
export const integer =
  (low = 0, high: number = MAX_INTEGER): Reading<number> =>
  (value, where) => {
    if (typeof value !== "number" || !Number.isInteger(value)) throw new InputError(where, "must be a whole number", kindOf(value));
    if (value < low || value > high) throw new InputError(where, `must be ${low} to ${high}`, value);
    return value;
  };

/** UTC seconds from `low` to the end of the year 9999. */
export const seconds = (low = 0): Reading<number> => integer(low, LAST_INSTANT);

/** A string of at most `high` characters. */
export const string =
  (high = 1 << 16): Reading<string> =>
  (value, where) => {
    if (typeof value !== "string") throw new InputError(where, "must be a string", kindOf(value));
    if (!fits(value, high)) throw new InputError(where, `must have at most ${high} characters`);
    return value;
  };

/** True or false. */
export const boolean: Reading<boolean> = (value, where) => {
  if (typeof value !== "boolean") throw new InputError(where, "must be true or false", kindOf(value));
  return value;
};

/** Lower-case hex without 0x, of `size` bytes where given. */
export const hex =
  (size?: number): Reading<Hex> =>
  (value, where) => {
    if (typeof value !== "string" || !HEX.test(value) || (size !== undefined && value.length !== 2 * size)) {
      throw new InputError(where, `must be lower-case hex${size === undefined ? "" : ` of ${size} bytes`} without 0x`, kindOf(value));
    }
    return value;
  };

/** Lower-case hex with 0x, of `size` bytes where given; given back without the 0x. */
export const ethereumHex =
  (size?: number): Reading<Hex> =>
  (value, where) => {
    const inner = typeof value === "string" && value.startsWith("0x") ? value.slice(2) : "x";
    if (!HEX.test(inner) || (size !== undefined && inner.length !== 2 * size)) {
      throw new InputError(where, `must be lower-case hex${size === undefined ? "" : ` of ${size} bytes`} after 0x`, kindOf(value));
    }
    return inner;
  };

function kindOf(value: Json): unknown {
  if (isObject(value)) return "an object";
  return isArray(value) ? "an array" : value;
}
