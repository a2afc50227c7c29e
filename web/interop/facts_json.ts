/** Facts from the JSON of the test vectors (tests/vectors/README.md). For tests, hence without any checking. */

import type { BlockRef } from "../core/anchoring.js";
import type { Hex } from "../core/bytes.js";
import { Home } from "../core/commitment.js";
import type { AnchorFact, EvidenceFact, Facts, LedgerFacts } from "../core/facts.js";

type Any = any;

const bare = (text: string): Hex => text.replace(/^0x/, "");
const homeOf = (m: Any): Home => new Home(BigInt(m.chain.slice("eip155:".length)), bare(m.ledger), m.issuer);
const blockOf = (m: Any): BlockRef => ({ number: m.number, hash: bare(m.hash), timestamp: m.timestamp });
const word = (text: string): bigint => BigInt(`0x${bare(text)}`);

/** What `facts_from_json` reads. */
export function factsFromJson(value: Any): Facts {
  const evidence: [string, EvidenceFact][] = value.evidence.map((m: Any) => [
    `${homeOf(m).key}/${m.root}`,
    { problem: m.problem, key: m.key === null ? null : bare(m.key), trustedHash: m.trustedHash },
  ]);
  return {
    ledgers: new Map(value.ledgers.map((m: Any) => [homeOf(m).key, ledgerOf(m)])),
    problems: new Map(value.problems.map((m: Any) => [homeOf(m).key, m.problem])),
    evidence: new Map(evidence),
  };
}

function ledgerOf(m: Any): LedgerFacts {
  return {
    final: blockOf(m.final),
    headSize: m.headSize,
    anchors: new Map(m.anchors.map((a: Any) => [a.root, anchorOf(a.anchor)])),
    keys: m.keys.map((k: Any) => ({ ...k, address: bare(k.address) })),
    documents: m.documents,
    accreditations: m.accreditations.map((a: Any) => ({ ...a, accreditor: bare(a.accreditor) })),
    status:
      m.status === null
        ? null
        : { block: blockOf(m.status.block), revoked: m.status.revoked.map(word), suspended: m.status.suspended.map(word) },
    contractWallets: new Map(
      m.contractWallets.map((w: Any) => [
        bare(w.holder),
        w.answers === null ? null : new Map(w.answers.map((a: Any) => [`${a.digest}/${bare(a.signature)}`, a.accepted])),
      ]),
    ),
    statusEvents: m.statusEvents?.map((e: Any) => ({ ...e, value: word(e.value) })) ?? null,
  };
}

const anchorOf = (m: Any): AnchorFact | null => (m === null ? null : { ...m, block: blockOf(m.block) });
