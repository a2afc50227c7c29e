"""What `make bench` runs: the node's real path, and the bare loops that it is compared with."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pymerkle
import rfc8785

import rootseal
from node.samples import templates
from rootseal.canonical import Json
from tests.support.issued import paper_institution
from tests.unit.node.nodes import HEADER, Clock, make_node, open_node

__all__ = ["bare_rows", "issue_and_seal", "offline_verification", "pymerkle_tree"]

_GRADES = {"fintech-innovation": "81", "endnote-workshop": "", "inshore-fishing": "achieved"}


def _roster(rows: int) -> bytes:
    keys = list(templates())
    lines = []
    for n in range(rows):
        key = keys[n % len(keys)]
        lines.append(f"{n:08},Ana {n},Kovač,l{n}@example.edu,{key},2026-09-01,{_GRADES.get(key, 'pass')},\n")
    return (HEADER + "".join(lines)).encode()


def issue_and_seal(folder: Path, rows: int) -> float:
    """CPU seconds from the bytes of a list to the signed checkpoint over all its entries."""
    clock = Clock()
    chain = make_node(folder)
    with open_node(folder, chain, clock) as services:
        services.add_templates(templates())
        data = _roster(rows)
        services.connection.signer.sign_digest(bytes(32))  # unlocking the key takes a second, once a process
        start = time.process_time()
        outcome = services.issue(data, "list.csv")
        checkpoint = services.seal()
        spent = time.process_time() - start
    if len(outcome.issued) != rows or checkpoint is None or checkpoint.size != rows:
        raise SystemExit(f"issued {len(outcome.issued)} of {rows}, sealed {checkpoint}")
    return spent


def bare_rows(path: Path, rows: int) -> float:
    """CPU seconds for the least that any node must do: JSON, 64 claims and their tree (128 hashes), a durable row."""
    members = {str(i): "v" * 20 for i in range(40)}
    document = {"@context": ["a" * 40, "b" * 60], "narrative": "n" * 900, "members": members}
    claim = b"c" * 80
    start = time.process_time()
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, document BLOB, commitment BLOB UNIQUE)")
    with database:
        for row in range(rows):
            body = json.dumps(document, ensure_ascii=False).encode()
            digest = row.to_bytes(8)
            for _ in range(128):
                digest = sha256(digest + claim).digest()
            database.execute("INSERT INTO entries VALUES (?, ?, ?)", (row, body, digest))
    database.close()
    return time.process_time() - start


def offline_verification() -> tuple[Callable[[], object], Callable[[], object], bytes]:
    """Verify one anchored credential file; write its value with rfc8785; and the file's bytes."""
    data = paper_institution([f"Ana Novak{n}" for n in range(1000)]).file(500).to_bytes()
    value: Json = json.loads(data)
    now = 1_800_000_000

    def verify() -> object:
        return rootseal.verify(data, None, now=now)

    verdict = rootseal.verify(data, None, now=now)
    if [c.outcome for c in verdict.credentials[0].checks[:3]] != ["pass"] * 3:
        raise SystemExit(f"the file for the benchmark does not verify: {verdict.to_json()}")
    return verify, lambda: rfc8785.dumps(value), data


def pymerkle_tree(leaves: Sequence[bytes]) -> bytes:
    """The root by pymerkle, in memory."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    root: bytes = tree.get_state()
    return root
