/** RFC 3339 date-times with a zone and whole seconds, as UTC seconds since 1970, and back. Consensus-critical. */

import { InputError } from "./errors.js";
import type { Json } from "./json.js";

/** 9999-12-31T23:59:59Z. */
export const LAST_INSTANT = 253_402_300_799;

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** UTC seconds of an RFC 3339 §5.6 date-time; zone obligatory, no fraction, second ≤ 59, years 1970 to 9999. */
export function parseInstant(text: Json, where: string): number {
  const found = typeof text === "string" ? INSTANT.exec(text) : null;
  if (!found) throw new InputError(where, "must be a date-time such as 2026-10-01T00:00:00Z");
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const [zoneHour, zoneMinute] = [Number(found[8] ?? 0), Number(found[9] ?? 0)];
  const real = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!real || hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) {
    throw new InputError(where, "is no real date-time from 1970 on (leap seconds are not allowed)", text);
  }
  const offset = (zoneHour * 60 + zoneMinute) * (found[7] === "-" ? -60 : 60);
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - offset;
  if (seconds < 0 || seconds > LAST_INSTANT) throw new InputError(where, "lies outside the years 1970 to 9999 in UTC", text);
  return seconds;
}

/** `YYYY-MM-DDTHH:MM:SSZ` of UTC seconds. */
export const formatInstant = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

/** `YYYY-MM-DD` of UTC seconds. */
export const formatDate = (seconds: number): string => formatInstant(seconds).slice(0, 10);
