/** What can go wrong with bytes that a stranger wrote. */

/** The bytes given are not what the format allows: `where` names the member, `problem` says what is wrong with it. */
export class InputError extends Error {
  constructor(
    readonly where: string,
    readonly problem: string,
    readonly value?: unknown,
  ) {
    super(`${where}: ${problem}${value === undefined ? "" : ` (found ${shorten(value)})`}`);
    this.name = "InputError";
  }
}

/** A value on one harmless line of at most 80 characters, so that a hostile one cannot flood a message. */
export function shorten(value: unknown, limit = 80): string {
  const text = typeof value === "string" ? `'${value}'` : String(value);
  const plain = Array.from(text.slice(0, 2 * limit), (c) => (/[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? "\ufffd" : c));
  return text.length <= limit && plain.length <= limit ? plain.join("") : `${plain.slice(0, limit - 1).join("")}…`;
}
