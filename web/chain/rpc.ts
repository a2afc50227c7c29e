/** JSON-RPC values into checked data (Ethereum execution-apis). A node that answers nonsense is one that cannot be asked. */

import { bytesOf, type Hex } from "../core/bytes.js";

/** Asks one node of a chain; rejects with `ChainProblem` or `RpcError`. */
export type Rpc = (method: string, params: readonly unknown[]) => Promise<unknown>;

export type ProblemKey =
  | "problem.page_silent"
  | "problem.page_nonsense"
  | "problem.page_wrong_chain"
  | "problem.page_wrong_genesis"
  | "problem.page_no_contract"
  | "problem.page_wrong_code"
  | "problem.page_not_final"
  | "problem.page_no_finality"
  | "problem.page_moving"
  | "problem.page_disagree"
  | "problem.page_refused";

/** Why a chain could not be asked: a key of the page's texts, and a technical remark. */
export class ChainProblem extends Error {
  constructor(
    readonly key: ProblemKey,
    readonly remark = "",
  ) {
    super(`${key} ${remark}`);
  }
}

/** The node answered with an error object; `reverted` where it says that a contract refused. */
export class RpcError extends ChainProblem {
  readonly reverted: boolean;
  constructor(method: string, message: string, code?: unknown) {
    super("problem.page_refused", `${method}: ${message.slice(0, 120)}`);
    this.reverted = code === 3 || /revert|vm execution error|invalid opcode|out of gas/i.test(message);
  }
}

/** A block as the reading needs it. */
export interface Block {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

const nonsense = (method: string): ChainProblem => new ChainProblem("problem.page_nonsense", method);

/** A hexadecimal quantity of at most 53 bits. */
export function quantity(method: string, value: unknown): number {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw nonsense(method);
  const number = Number(BigInt(value));
  if (!Number.isSafeInteger(number)) throw nonsense(method);
  return number;
}

/** Hexadecimal data, of `size` bytes where given; lower-case without 0x. */
export function data(method: string, value: unknown, size?: number): Hex {
  if (typeof value !== "string" || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) throw nonsense(method);
  if (size !== undefined && value.length !== 2 + 2 * size) throw nonsense(method);
  return value.slice(2).toLowerCase();
}

/** A quantity as JSON-RPC writes it. */
export const hexQuantity = (value: number | bigint): string => `0x${value.toString(16)}`;

/** `eth_getBlockByNumber`; null where there is no such block. */
export async function blockAt(rpc: Rpc, at: number | "latest" | "finalized"): Promise<Block | null> {
  const method = "eth_getBlockByNumber";
  const found = await rpc(method, [typeof at === "number" ? hexQuantity(at) : at, false]);
  if (found === null || found === undefined) return null;
  if (typeof found !== "object") throw nonsense(method);
  const m = found as Record<string, unknown>;
  return { number: quantity(method, m["number"]), hash: data(method, m["hash"], 32), timestamp: quantity(method, m["timestamp"]) };
}

/** `eth_call` at a block number. */
export async function call(rpc: Rpc, to: Hex, input: Hex, at: number): Promise<Uint8Array> {
  return bytesOf(data("eth_call", await rpc("eth_call", [{ to: `0x${to}`, data: `0x${input}` }, hexQuantity(at)])));
}

/** `eth_getCode`. */
export const codeAt = async (rpc: Rpc, address: Hex, at: number | "latest"): Promise<Hex> =>
  data("eth_getCode", await rpc("eth_getCode", [`0x${address}`, typeof at === "number" ? hexQuantity(at) : at]));
