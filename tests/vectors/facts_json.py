"""The facts of a verification as JSON, so that another implementation can be given them (see README.md here)."""

from __future__ import annotations

from typing import Any

from rootseal.anchoring import home_json
from rootseal.commitment import Home
from rootseal.facts import (
    AccreditationFact,
    AnchorFact,
    BlockFact,
    DocumentFact,
    EvidenceFact,
    Facts,
    KeyFact,
    LedgerFacts,
    StatusEvent,
    StatusFact,
)

__all__ = ["facts_from_json", "facts_to_json"]


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """The JSON that `facts_from_json` reads back to equal facts."""
    return {
        "ledgers": [_ledger_json(ledger) for ledger in facts.ledgers.values()],
        "problems": [{**home_json(Home(*key)), "problem": text} for key, text in facts.problems.items()],
        "evidence": [
            {
                **home_json(Home(*key[:3])),
                "root": key[3].hex(),
                "problem": fact.problem,
                "key": None if fact.key is None else "0x" + fact.key.hex(),
                "trustedHash": fact.trusted_hash,
            }
            for key, fact in facts.evidence.items()
        ],
    }


def facts_from_json(value: dict[str, Any]) -> Facts:
    """Facts from their JSON. For vectors, hence without any checking."""
    return Facts(
        {_home(m).key: _ledger(m) for m in value["ledgers"]},
        {_home(m).key: m["problem"] for m in value["problems"]},
        {
            (*_home(m).key, bytes.fromhex(m["root"])): EvidenceFact(
                m["problem"], None if m["key"] is None else _bytes(m["key"]), m["trustedHash"]
            )
            for m in value["evidence"]
        },
    )


def _ledger_json(ledger: LedgerFacts) -> dict[str, Any]:
    return {
        **home_json(Home(ledger.chain_id, ledger.ledger, ledger.issuer)),
        "final": _block_json(ledger.final),
        "headSize": ledger.head_size,
        "anchors": [{"root": root.hex(), "anchor": _anchor_json(fact)} for root, fact in ledger.anchors.items()],
        "keys": [
            {
                "address": "0x" + key.address.hex(),
                "roles": key.roles,
                "addedAt": key.added_at,
                "retiredAt": key.retired_at,
                "compromisedSince": key.compromised_since,
            }
            for key in ledger.keys
        ],
        "documents": [
            {"hash": d.document_hash.hex(), "time": d.time, "blockNumber": d.block_number} for d in ledger.documents
        ],
        "accreditations": [
            {
                "accreditor": "0x" + a.accreditor.hex(),
                "documentHash": a.document_hash.hex(),
                "since": a.since,
                "validUntil": a.valid_until,
                "endedAt": a.ended_at,
                "renewed": a.renewed,
                "scope": a.scope,
            }
            for a in ledger.accreditations
        ],
        "status": None
        if ledger.status is None
        else {
            "block": _block_json(ledger.status.block),
            "revoked": [f"{word:064x}" for word in ledger.status.revoked],
            "suspended": [f"{word:064x}" for word in ledger.status.suspended],
        },
        "contractWallets": [
            {
                "holder": "0x" + holder.hex(),
                "answers": None
                if answers is None
                else [
                    {"digest": digest.hex(), "signature": "0x" + signature.hex(), "accepted": accepted}
                    for (digest, signature), accepted in answers.items()
                ],
            }
            for holder, answers in ledger.contract_wallets.items()
        ],
        "statusEvents": None
        if ledger.status_events is None
        else [
            {"time": e.time, "purpose": e.purpose, "word": e.word, "value": f"{e.value:064x}"}
            for e in ledger.status_events
        ],
    }


def _ledger(m: dict[str, Any]) -> LedgerFacts:
    home, status = _home(m), m["status"]
    return LedgerFacts(
        home.chain_id,
        home.ledger,
        home.issuer,
        _block(m["final"]),
        m["headSize"],
        {bytes.fromhex(a["root"]): _anchor(a["anchor"]) for a in m["anchors"]},
        tuple(
            KeyFact(_bytes(k["address"]), k["roles"], k["addedAt"], k["retiredAt"], k["compromisedSince"])
            for k in m["keys"]
        ),
        tuple(DocumentFact(bytes.fromhex(d["hash"]), d["time"], d["blockNumber"]) for d in m["documents"]),
        tuple(
            AccreditationFact(
                _bytes(a["accreditor"]),
                bytes.fromhex(a["documentHash"]),
                a["since"],
                a["validUntil"],
                a["endedAt"],
                a["renewed"],
                a["scope"],
            )
            for a in m["accreditations"]
        ),
        None
        if status is None
        else StatusFact(
            _block(status["block"]),
            tuple(int(word, 16) for word in status["revoked"]),
            tuple(int(word, 16) for word in status["suspended"]),
        ),
        {
            _bytes(w["holder"]): None
            if w["answers"] is None
            else {(bytes.fromhex(a["digest"]), _bytes(a["signature"])): a["accepted"] for a in w["answers"]}
            for w in m["contractWallets"]
        },
        None
        if m["statusEvents"] is None
        else tuple(StatusEvent(e["time"], e["purpose"], e["word"], int(e["value"], 16)) for e in m["statusEvents"]),
    )


def _anchor_json(fact: AnchorFact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    return {
        "sequence": fact.sequence,
        "size": fact.size,
        "previousSize": fact.previous_size,
        "keyIndex": fact.key_index,
        "block": _block_json(fact.block),
    }


def _anchor(m: dict[str, Any] | None) -> AnchorFact | None:
    if m is None:
        return None
    return AnchorFact(m["sequence"], m["size"], m["previousSize"], m["keyIndex"], _block(m["block"]))


def _block_json(block: BlockFact) -> dict[str, Any]:
    return {"number": block.number, "hash": "0x" + block.hash.hex(), "timestamp": block.timestamp}


def _block(m: dict[str, Any]) -> BlockFact:
    return BlockFact(m["number"], _bytes(m["hash"]), m["timestamp"])


def _home(m: dict[str, Any]) -> Home:
    return Home.of(m["chain"], m["ledger"], m["issuer"])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
