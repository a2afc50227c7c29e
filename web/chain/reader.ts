/**
 * Everything that one verification asks of a ledger, read as facts.
 *
 * The register and the anchors are read at the final head, the status map at latest, because a revocation must not wait
 * for finality. If either block leaves the chain meanwhile, everything is read again. A node that keeps no state of the
 * final head is read at latest instead, and what is newer than the final block is dropped by block number and time.
 */

import type { Hex } from "../core/bytes.js";
import { bytesOf, hexOf, numberOf, unsigned, utf8 } from "../core/bytes.js";
import type { AnchorFact, LedgerFacts } from "../core/facts.js";
import { keccak256 } from "../core/hashes.js";
import type { Question, WalletQuestion } from "../core/opening.js";
import type { LedgerPolicy } from "../core/policy.js";
import { Ledger, selector } from "./ledger.js";
import { blockAt, call, ChainProblem, codeAt, data, hexQuantity, quantity, RpcError, type Block, type Rpc } from "./rpc.js";

const TRIES = 3;
const ANCHORED = hexOf(keccak256(utf8("Anchored(uint64,uint64,bytes32,uint64,uint64,address)")));
/** Anybody may register, and anchor any size: a file must not make its verifier fetch a map without end. */
const MAX_MAPPED = 2 ** 26;
const IS_VALID_SIGNATURE = selector("isValidSignature(bytes32,bytes)");

interface Reading {
  readonly rpc: Rpc;
  readonly final: Block;
  readonly head: Block;
  /** Is the state of the final block itself asked? */
  readonly exact: boolean;
  /** The ledger at the block whose state is asked, and at the newest. */
  readonly ledger: Ledger;
  readonly latest: Ledger;
}

/** All facts about one issuer on the ledger of `policy`. Throws `ChainProblem`. */
export async function collect(rpc: Rpc, policy: LedgerPolicy, question: Question): Promise<LedgerFacts> {
  await checkPins(rpc, policy);
  for (let turn = 0; turn < TRIES; turn++) {
    const [final, head] = [await finalBlock(rpc, policy.finality), await blockAt(rpc, "latest")];
    if (final === null || head === null) throw new ChainProblem("problem.page_not_final");
    if (head.number < final.number) continue;
    const exact = await servesState(rpc, policy.address, final);
    const ledger = new Ledger(rpc, policy.address, exact ? final.number : head.number);
    const facts = await read({ rpc, final, head, exact, ledger, latest: new Ledger(rpc, policy.address, head.number) }, policy, question);
    if ((await stillThere(rpc, final)) && (await stillThere(rpc, head))) return facts;
  }
  throw new ChainProblem("problem.page_moving");
}

/** Do two nodes agree about a final block? Throws `ChainProblem` where they do not; silence is no disagreement. */
export async function agrees(other: Rpc, facts: LedgerFacts): Promise<void> {
  const block = await blockAt(other, facts.final.number).catch(() => null);
  if (block !== null && block.hash !== facts.final.hash) throw new ChainProblem("problem.page_disagree");
}

async function checkPins(rpc: Rpc, policy: LedgerPolicy): Promise<void> {
  const chainId = await rpc("eth_chainId", []);
  if (typeof chainId !== "string" || !/^0x[0-9a-fA-F]{1,16}$/.test(chainId)) throw new ChainProblem("problem.page_nonsense", "eth_chainId");
  if (BigInt(chainId) !== policy.chainId) throw new ChainProblem("problem.page_wrong_chain", `eip155:${BigInt(chainId)}`);
  if (policy.genesis !== null && (await blockAt(rpc, 0))?.hash !== policy.genesis) throw new ChainProblem("problem.page_wrong_genesis");
  const code = await codeAt(rpc, policy.address, "latest");
  if (code === "") throw new ChainProblem("problem.page_no_contract");
  if (policy.code !== null && hexOf(keccak256(bytesOf(code))) !== policy.code) throw new ChainProblem("problem.page_wrong_code");
}

/** The newest final block: the chain's own tag, or N blocks below the newest. */
async function finalBlock(rpc: Rpc, finality: string): Promise<Block | null> {
  if (finality === "tag") {
    return blockAt(rpc, "finalized").catch((error: unknown) => {
      throw error instanceof RpcError ? new ChainProblem("problem.page_no_finality") : error;
    });
  }
  const depth = Number(finality.slice("depth:".length));
  const head = await blockAt(rpc, "latest");
  return head === null || head.number < depth ? null : blockAt(rpc, head.number - depth);
}

async function servesState(rpc: Rpc, ledger: Hex, final: Block): Promise<boolean> {
  let code: Hex;
  try {
    code = await codeAt(rpc, ledger, final.number);
  } catch (error) {
    if (error instanceof RpcError) return false;
    throw error;
  }
  if (code === "") throw new ChainProblem("problem.page_not_final");
  return true;
}

const stillThere = async (rpc: Rpc, block: Block): Promise<boolean> => (await blockAt(rpc, block.number))?.hash === block.hash;

async function read(reading: Reading, policy: LedgerPolicy, question: Question): Promise<LedgerFacts> {
  const { ledger, final, head, latest } = reading;
  const issuer = question.home.issuer;
  const anchors = new Map<Hex, AnchorFact | null>();
  for (const root of question.roots) anchors.set(root, await anchorFact(reading, issuer, root));
  const accreditations = [];
  for (const accreditor of policy.accreditors.keys()) accreditations.push(...(await ledger.accreditations(issuer, accreditor)));
  const size = await latest.head(issuer);
  return {
    final,
    headSize: await headSize(reading, issuer),
    anchors,
    keys: (await ledger.keys(issuer)).filter((key) => key.addedAt <= final.timestamp),
    documents: (await ledger.documents(issuer)).filter((document) => document.blockNumber <= final.number),
    accreditations: accreditations.filter((given) => given.since <= final.timestamp),
    status: size > MAX_MAPPED ? null : await statusMap(reading, issuer, size),
    contractWallets: await walletAnswers(reading.rpc, question.wallets, head.number),
    statusEvents: null,
  };
}

async function statusMap({ head, latest }: Reading, issuer: number, size: number): Promise<LedgerFacts["status"]> {
  return { block: head, revoked: await latest.statusWords(issuer, 0, size), suspended: await latest.statusWords(issuer, 1, size) };
}

async function anchorFact(reading: Reading, issuer: number, root: Hex): Promise<AnchorFact | null> {
  const found = await reading.ledger.anchorOf(issuer, root);
  if (found === null || found.blockNumber > reading.final.number) return null;
  const block = await blockAt(reading.rpc, found.blockNumber);
  // Where the NUMBER instruction is not the block number (some rollups), blocks cannot be named.
  if (block === null || block.timestamp !== found.time) throw new ChainProblem("problem.page_nonsense", "eth_getBlockByNumber");
  return { sequence: found.sequence, size: found.size, previousSize: found.previousSize, keyIndex: found.keyIndex, block };
}

async function headSize({ rpc, ledger, exact, final, head }: Reading, issuer: number): Promise<number> {
  const size = await ledger.head(issuer);
  if (exact || head.number === final.number) return size;
  const method = "eth_getLogs";
  const topics = [`0x${ANCHORED}`, `0x${hexOf(unsigned(issuer, 32))}`];
  const range = { fromBlock: hexQuantity(final.number + 1), toBlock: hexQuantity(head.number) };
  const logs = await rpc(method, [{ address: `0x${ledger.address}`, topics, ...range }]);
  if (!Array.isArray(logs)) throw new ChainProblem("problem.page_nonsense", method);
  const events = logs.map((log: Record<string, unknown>) => ({
    place: [quantity(method, log["blockNumber"]), quantity(method, log["logIndex"])] as const,
    previousSize: Number(numberOf(bytesOf(data(method, log["data"], 96)).subarray(32, 64))),
  }));
  const first = events.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1])[0];
  return first?.previousSize ?? size;
}

/** ERC-1271 answers; null for a holder without code. A revert is a no. */
async function walletAnswers(rpc: Rpc, questions: readonly WalletQuestion[], at: number): Promise<LedgerFacts["contractWallets"]> {
  const answers = new Map<Hex, Map<string, boolean> | null>();
  for (const { holder, digest, signature } of questions) {
    if (!answers.has(holder)) answers.set(holder, (await codeAt(rpc, holder, at)) === "" ? null : new Map());
    answers.get(holder)?.set(`${digest}/${signature}`, await accepts(rpc, holder, digest, signature, at));
  }
  return answers;
}

async function accepts(rpc: Rpc, holder: Hex, digest: Hex, signature: Hex, at: number): Promise<boolean> {
  const length = signature.length / 2;
  const tail = [64, length].map((value) => hexOf(unsigned(value, 32))).join("") + signature.padEnd(Math.ceil(length / 32) * 64, "0");
  try {
    const answer = await call(rpc, holder, IS_VALID_SIGNATURE + digest + tail, at);
    return hexOf(answer.subarray(0, 32)) === IS_VALID_SIGNATURE.padEnd(64, "0");
  } catch (error) {
    if (error instanceof RpcError && error.reverted) return false;
    throw error;
  }
}
