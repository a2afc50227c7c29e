/** Whom a verifier trusts, format `rootseal/policy/1` (DESIGN §7). Trust comes from here, never from a file. */

import type { Hex } from "./bytes.js";
import { parseChain, type Home } from "./commitment.js";
import { InputError } from "./errors.js";
import { checksumAddress, parseAddress } from "./ethereum.js";
import { array, boolean, ethereumHex, integer, members, string, type Reading } from "./strict.js";
import { parseToml } from "./toml.js";

export const POLICY_FORMAT = "rootseal/policy/1";
export const TEST_CHAINS: ReadonlySet<bigint> = new Set([1337n, 31337n, 31338n]);
export const DEFAULT_MAX_STATUS_AGE = 86_400;

/** One ledger contract and whom to believe on it; `genesis` and `code` are null where not pinned. */
export interface LedgerPolicy {
  readonly chainId: bigint;
  readonly address: Hex;
  readonly genesis: Hex | null;
  readonly code: Hex | null;
  readonly rpcs: readonly string[];
  readonly finality: string;
  readonly markedTest: boolean;
  readonly maxStatusAge: number;
  readonly issuers: ReadonlyMap<number, string>;
  readonly accreditors: ReadonlyMap<Hex, string>;
  readonly credits: CreditsContract | null;
  readonly name: string;
}

/** The one contract whose credits count on a ledger, and keccak-256 of its code. Not used in verifying. */
export interface CreditsContract {
  readonly address: Hex;
  readonly code: Hex;
}

/** The ledgers that a verifier looks at, and what it asks for beyond checks 1 to 7. */
export interface Policy {
  readonly ledgers: readonly LedgerPolicy[];
  readonly holderRequired: boolean;
  readonly accreditedNow: boolean;
}

/** The policy for a home's chain and ledger, if it is covered. */
export const ledgerOf = (policy: Policy | null, home: Home): LedgerPolicy | null =>
  policy?.ledgers.find((p) => p.chainId === home.chainId && p.address === home.ledger) ?? null;

/** True where no verdict may be mistaken for a real one: marked so, a development chain, or no genesis pinned. */
export const isTest = (ledger: LedgerPolicy): boolean =>
  ledger.markedTest || TEST_CHAINS.has(ledger.chainId) || ledger.genesis === null;

/** Read `policy.toml`. Throws `InputError` naming the setting. */
export function parsePolicy(text: string): Policy {
  const m = members(parseToml(text), "policy", ["format"], ["holder", "accredited_now", "ledgers"]);
  if (m.raw("format") !== POLICY_FORMAT) throw new InputError("policy.format", `must be ${POLICY_FORMAT}`);
  const ledgers = m.readOr("ledgers", [], array(ledger, 0, 1000));
  if (new Set(ledgers.map((l) => `${l.chainId}/${l.address}`)).size !== ledgers.length) {
    throw new InputError("policy.ledgers", "names one ledger twice");
  }
  const holder = m.readOr("holder", "optional", choice("optional", "required"));
  return { ledgers, holderRequired: holder === "required", accreditedNow: m.readOr("accredited_now", false, boolean) };
}

const choice =
  (...words: readonly string[]): Reading<string> =>
  (value, where) => {
    if (typeof value !== "string" || !words.includes(value)) throw new InputError(where, `must be one of ${words.join(", ")}`);
    return value;
  };

const finality: Reading<string> = (value, where) => {
  const text = string()(value, where);
  if (!/^(?:tag|depth:[1-9][0-9]{0,5})$/.test(text)) throw new InputError(where, "must be tag or depth:N", text);
  return text;
};

/** An http:// or https:// address of a node of the chain. */
export const rpcUrl: Reading<string> = (value, where) => {
  const url = string(2048)(value, where);
  if (!/^https?:\/\//.test(url)) throw new InputError(where, "must be an http:// or https:// address", url);
  return url;
};

const issuer: Reading<[number, string]> = (value, where) => {
  const m = members(value, where, ["number", "name"]);
  return [m.read("number", integer(1)), m.read("name", string(200))];
};

const accreditor: Reading<[Hex, string]> = (value, where) => {
  const m = members(value, where, ["address", "name"]);
  return [m.read("address", parseAddress), m.read("name", string(200))];
};

const credits: Reading<CreditsContract> = (value, where) => {
  const m = members(value, where, ["address", "code"]);
  return { address: m.read("address", parseAddress), code: m.read("code", ethereumHex(32)) };
};

const OPTIONAL = ["name", "genesis", "code", "rpcs", "finality", "test", "max_status_age", "issuers", "accreditors", "credits"];

const ledger: Reading<LedgerPolicy> = (value, where) => {
  const m = members(value, where, ["chain", "address"], OPTIONAL);
  return {
    chainId: m.read("chain", parseChain),
    address: m.read("address", parseAddress),
    genesis: m.readOr<Hex | null>("genesis", null, ethereumHex(32)),
    code: m.readOr<Hex | null>("code", null, ethereumHex(32)),
    rpcs: m.readOr("rpcs", [], array(rpcUrl, 0, 16)),
    finality: m.readOr("finality", "tag", finality),
    markedTest: m.readOr("test", false, boolean),
    maxStatusAge: m.readOr("max_status_age", DEFAULT_MAX_STATUS_AGE, integer(1)),
    issuers: new Map(m.readOr("issuers", [], array(issuer))),
    accreditors: new Map(m.readOr("accreditors", [], array(accreditor))),
    credits: m.readOr<CreditsContract | null>("credits", null, credits),
    name: m.readOr("name", "", string(200)),
  };
};

/** The TOML text that `parsePolicy` reads back to an equal policy. */
export function formatPolicy(policy: Policy): string {
  const head = [
    `format = ${quoted(POLICY_FORMAT)}`,
    `holder = ${quoted(policy.holderRequired ? "required" : "optional")}`,
    `accredited_now = ${policy.accreditedNow}`,
  ];
  return `${[...head, ...policy.ledgers.flatMap((ledger) => ["", "[[ledgers]]", ...ledgerLines(ledger)])].join("\n")}\n`;
}

function ledgerLines(l: LedgerPolicy): string[] {
  const table = (rows: readonly string[]): string => (rows.length ? `[\n${rows.map((row) => `    ${row},\n`).join("")}]` : "[]");
  return [
    `name = ${quoted(l.name)}`,
    `chain = "eip155:${l.chainId}"`,
    `address = "${checksumAddress(l.address)}"`,
    ...(l.genesis === null ? [] : [`genesis = "0x${l.genesis}"`]),
    ...(l.code === null ? [] : [`code = "0x${l.code}"`]),
    `rpcs = ${table(l.rpcs.map(quoted))}`,
    `finality = ${quoted(l.finality)}`,
    `test = ${l.markedTest}`,
    `max_status_age = ${l.maxStatusAge}`,
    `issuers = ${table([...l.issuers].map(([number, name]) => `{ number = ${number}, name = ${quoted(name)} }`))}`,
    `accreditors = ${table([...l.accreditors].map(([a, name]) => `{ address = "${checksumAddress(a)}", name = ${quoted(name)} }`))}`,
    ...(l.credits === null ? [] : [`credits = { address = "${checksumAddress(l.credits.address)}", code = "0x${l.credits.code}" }`]),
  ];
}

/** A TOML basic string: JSON's escapes, and U+007F, are TOML's too; a tab stands for itself. */
function quoted(text: string): string {
  const inner = text.split("\t").map((part) => JSON.stringify(part).slice(1, -1));
  return `"${inner.join("\t").replace(/\u007f/g, "\\u007f")}"`;
}
