/** Asking a chain from a browser: only addresses that the user gave, or that stand in the user's policy. */

import { agrees, collect } from "../chain/reader.js";
import { ChainProblem, RpcError, type Rpc } from "../chain/rpc.js";
import { ledgerOf, type Details, type LedgerFacts, type LedgerPolicy, type Policy, type Question } from "../core/index.js";

/** Where to ask: the policy's own addresses, one that the user typed, or nobody. */
export type Source = { readonly kind: "policy" } | { readonly kind: "url"; readonly url: string } | { readonly kind: "nobody" };

/** Why there are no facts: a key of the page's texts and what fills it. */
export interface Problem {
  readonly key: string;
  readonly details: Details;
}

const TIMEOUT = 15_000;
const MAX_ANSWER = 16 << 20;

/** The facts about one home, or why there are none. Never throws for what a chain does. */
export async function askLedger(question: Question, policy: Policy | null, source: Source): Promise<LedgerFacts | Problem> {
  if (source.kind === "nobody") return problem("problem.offline");
  const listed = ledgerOf(policy, question.home);
  if (listed === null && source.kind === "policy") return problem(policy === null ? "problem.no_policy" : "problem.unlisted");
  const ledger = listed ?? unlisted(question);
  const urls = source.kind === "url" ? [source.url] : ledger.rpcs;
  let last = problem("problem.no_rpc");
  for (const url of urls) {
    try {
      const facts = await collect(rpcTo(url), ledger, question);
      for (const other of urls) if (other !== url) await agrees(rpcTo(other), facts);
      return facts;
    } catch (error) {
      if (!(error instanceof ChainProblem)) throw error;
      last = problem(error.key, { url: hostOf(url), remark: error.remark });
      if (error.key === "problem.page_disagree") return last;
    }
  }
  return last;
}

const problem = (key: string, details: Details = {}): Problem => ({ key, details });

/** With an address of the user's own an unlisted ledger may be asked: it can speak against a file, and never suffices. */
const unlisted = (question: Question): LedgerPolicy => ({
  chainId: question.home.chainId,
  address: question.home.ledger,
  genesis: null,
  code: null,
  rpcs: [],
  finality: "tag",
  markedTest: false,
  maxStatusAge: 86_400,
  issuers: new Map(),
  accreditors: new Map(),
  credits: null,
  name: "",
});

/** The part of an address that a person knows a server by. */
export const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return url.slice(0, 80);
  }
};

function rpcTo(url: string): Rpc {
  let id = 0;
  return async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    let answer: unknown;
    try {
      answer = JSON.parse(await post(url, body));
    } catch (error) {
      if (error instanceof ChainProblem) throw error;
      throw error instanceof SyntaxError ? new ChainProblem("problem.page_nonsense", method) : new ChainProblem("problem.page_silent");
    }
    if (typeof answer !== "object" || answer === null) throw new ChainProblem("problem.page_nonsense", method);
    const { error, result } = answer as { error?: { message?: unknown; code?: unknown }; result?: unknown };
    if (error) throw new RpcError(method, String(error.message ?? ""), error.code);
    return result;
  };
}

async function post(url: string, body: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    credentials: "omit",
    referrerPolicy: "no-referrer",
    redirect: "error",
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const text = await response.text();
  if (text.length > MAX_ANSWER) throw new ChainProblem("problem.page_nonsense");
  return text;
}
