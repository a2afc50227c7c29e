"""`verify` never raises and never crashes, whatever the bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import rootseal
from rootseal.anchoring import BlockRef, Promise
from rootseal.canonical import dumps
from rootseal.facts import Facts
from tests.support.world import World

HOSTILE = {
    "arrays a million deep": b"[" * (1 << 20),
    "objects deep": b'{"a":' * 200_000,
    "arrays behind a string with quotes": b'["\\"",' * 100_000,
    "arrays behind a string that does not end": b'"' + b"[" * 100_000,
    "escapes that do not end": b'"' + b"\\" * 99_999,
    "quotes and escapes": b'"\\' * 300_000,
    "closing first": b"]" * 500_000 + b"[" * 500_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_deep_nesting_is_refused_even_where_the_recursion_limit_was_raised(kind: str, tmp_path: Path) -> None:
    """py-ecc, which comes with eth-account and web3, sets the limit to 100,000; there the C parser would overflow."""
    path = tmp_path / "file"
    path.write_bytes(HOSTILE[kind])
    code = (
        "import sys, rootseal, pathlib; sys.setrecursionlimit(100_000)\n"
        "print(rootseal.verify(pathlib.Path(sys.argv[1]).read_bytes(), now=0).overall)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "rejected"), done.stderr[-300:]


def test_times_at_the_end_of_days_do_not_raise(world: World) -> None:
    last = 253_402_300_799
    file = world.file(4)
    promise = file.proofs.promise
    assert isinstance(promise, Promise)
    for anchor_by, timestamp in ((last, 0), (0, last), (last, last)):
        proofs = replace(
            file.proofs,
            promise=replace(promise, anchor_by=anchor_by),
            anchors=tuple(replace(a, block=BlockRef(0, a.block.hash, timestamp)) for a in file.proofs.anchors),
        )
        for anchors in (proofs.anchors, ()):
            data = replace(file, proofs=replace(proofs, anchors=anchors)).to_bytes()
            for facts in (Facts(), world.facts()):
                for now in (0, world.now, last):
                    assert rootseal.verify(data, world.policy, facts, now=now).overall != "verified"


@pytest.mark.parametrize("name", ["\x1b]0;verified\x07", "\u202edeifirev", "a\nGenuine.", "😀" * 1000, "", " "])
def test_words_of_strangers_stay_on_one_harmless_line(name: str, world: World) -> None:
    file = replace(world.file(4), issuer_document={**world.issuer_document, "name": name})
    stranger = World(name="other").policy.__class__()
    texts = [rootseal.verify(file.to_bytes(), stranger, world.facts(), now=world.now).credentials[0]]
    value = json.loads(file.to_bytes())
    value[name + "x"] = 1
    texts.append(rootseal.verify(dumps(value), None, now=world.now).credentials[0])
    scope = world.ledger_facts(accreditations=(world.accreditation(scope=name + "scope"),))
    texts.append(
        rootseal.verify(
            world.file(4).to_bytes(), world.accreditor_policy, world.facts(scope), now=world.now
        ).credentials[0]
    )
    for credential in texts:
        for check in credential.checks:
            assert check.reason.isprintable() and len(check.reason) < 500


def test_largest_presentation_is_verified_in_bounded_time(world: World) -> None:
    value = json.loads(rootseal.Presentation((world.presented(4, lambda path: True),)).to_bytes())
    value["credentials"] *= 16
    assert rootseal.verify(dumps(value), world.policy, world.facts(), now=world.now).overall == "verified"
