"""Audits of published logs and promises: each saboteur gives its own finding alone."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support import auditing
from tests.support.auditing import Auditor
from tests.support.ledger_world import ACCOUNTS, LedgerWorld, WorldIssuer, publish

audit, url, small = auditing.audit, auditing.url, auditing.small


def dropped(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, issuer.entries[:100] + issuer.entries[101:])


def dropped_and_padded(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, [*issuer.entries[:100], *issuer.entries[101:], bytes(31) + b"\1"])


def altered(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, [*issuer.entries[:300], sha256(b"other").digest(), *issuer.entries[301:]])


def altered_in_place(issuer: WorldIssuer, folder: Path) -> Path:
    """Only the entry bundle is changed; tiles and checkpoint are still the honest ones."""
    publish(issuer, folder)
    bundle = folder / "tile/entries/001"
    data = bytearray(bundle.read_bytes())
    data[40] ^= 1
    bundle.write_bytes(data)
    return folder


def reordered(issuer: WorldIssuer, folder: Path) -> Path:
    entries = list(issuer.entries)
    entries[3], entries[4] = entries[4], entries[3]
    return publish(issuer, folder, entries)


def cut_short(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, issuer.entries[:515])


def wrong_checkpoint(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, checkpoint_root=sha256(b"no such root").digest())


def wrong_signature(issuer: WorldIssuer, folder: Path) -> Path:
    return publish(issuer, folder, signer=Ed25519PrivateKey.from_private_bytes(bytes(32)))


def wrong_document(issuer: WorldIssuer, folder: Path) -> Path:
    publish(issuer, folder)
    (folder / "issuer.json").write_bytes(issuer.document.replace(b"Example", b"Another"))
    return folder


def wrong_tile(issuer: WorldIssuer, folder: Path) -> Path:
    publish(issuer, folder)
    (folder / "tile/1/000.p/2").write_bytes(bytes(64))
    return folder


def missing_bundle(issuer: WorldIssuer, folder: Path) -> Path:
    publish(issuer, folder)
    (folder / "tile/entries/002.p/8").unlink()
    return folder


def short_bundle(issuer: WorldIssuer, folder: Path) -> Path:
    publish(issuer, folder)
    bundle = folder / "tile/entries/002.p/8"
    bundle.write_bytes(bundle.read_bytes()[:-34])
    return folder


@pytest.mark.parametrize(
    ("saboteur", "code", "sequence"),
    [
        (dropped, "log.root", 2),
        (dropped_and_padded, "log.root", 2),
        (altered, "log.root", 2),
        (altered_in_place, "log.root", 2),
        (reordered, "log.root", 1),
        (cut_short, "log.short", 3),
        (wrong_checkpoint, "log.checkpoint", None),
        (wrong_signature, "log.signature", None),
        (wrong_document, "log.document", None),
        (wrong_tile, "log.tiles", None),
        (missing_bundle, "log.missing", None),
        (short_bundle, "log.malformed", None),
    ],
)
def test_each_saboteur_of_the_published_log_gives_its_finding_alone(
    saboteur: Any, code: str, sequence: int | None, small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    result = audit(small.world, "--log", saboteur(small, tmp_path / "log"))
    assert (result.code, result.codes, result.report["unchecked"]) == (1, [code], [])
    assert result.report["findings"][0]["evidence"]["sequence"] == sequence
    assert result.report["findings"][0]["issuer"] == small.number
    assert code in result.text


def test_duplicate_commitment_is_found_alone(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    small.entries += [small.entries[17], small.entries[5]]
    small.anchor(1)
    result = audit(small.world, "--log", publish(small, tmp_path / "log"))
    assert (result.code, result.codes) == (1, ["log.duplicate"])
    assert result.report["findings"][0]["evidence"]["details"] == {"count": 2, "first": 17, "second": 520}


def test_promises_kept_and_open_are_clean(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    later = small.world.now + 10**6
    small.append(30)
    files = [
        small.proof_file(tmp_path / "kept.json", small.promise(520, later)),
        small.credential_file(tmp_path / "between.credential.json", small.promise(400, later)),
        small.proof_file(tmp_path / "open.json", small.promise(550, later)),
    ]
    words = [word for file in files for word in ("--promise", file)]
    result = audit(small.world, "--log", publish(small, tmp_path / "log"), *words)
    assert (result.code, result.codes, result.report["unchecked"]) == (0, [], [])
    assert [(p["outcome"], p["anchor"]) for p in result.report["promises"]] == [
        ("kept", 3),
        ("kept", 2),
        ("open", None),
    ]
    without = audit(small.world, *words)
    assert without.code == 3
    assert [p["outcome"] for p in without.report["promises"]] == ["kept", "unchecked", "open"]


def broken(issuer: WorldIssuer) -> list[Any]:
    issuer.append(3)
    return [issuer.promise(523, issuer.world.now - 1)]


def kept_too_late(issuer: WorldIssuer) -> list[Any]:
    issuer.append(1)
    made = [issuer.promise(521, issuer.world.now - 1)]
    issuer.anchor()
    return made


def forged(issuer: WorldIssuer) -> list[Any]:
    return [issuer.promise(520, issuer.world.now, key=9)]


def against_the_anchor(issuer: WorldIssuer) -> list[Any]:
    return [issuer.promise(510, issuer.world.now + 999, signed_root=sha256(b"other").digest())]


def against_the_log(issuer: WorldIssuer) -> list[Any]:
    return [issuer.promise(400, issuer.world.now + 999, signed_root=sha256(b"other").digest())]


def against_each_other(issuer: WorldIssuer) -> list[Any]:
    later = issuer.world.now + 999
    return [issuer.promise(600, later), issuer.promise(600, later, signed_root=sha256(b"other").digest())]


def by_a_retired_key(issuer: WorldIssuer) -> list[Any]:
    issuer.send("retireKey", ACCOUNTS[issuer.key].address, 0)
    return [issuer.promise(520, issuer.world.now + 3600)]


@pytest.mark.parametrize(
    ("saboteur", "code"),
    [
        (broken, "promise.unkept"),
        (kept_too_late, "promise.unkept"),
        (forged, "promise.signature"),
        (against_the_anchor, "promise.equivocation"),
        (against_the_log, "promise.equivocation"),
        (against_each_other, "promise.equivocation"),
        (by_a_retired_key, "promise.key"),
    ],
)
def test_each_saboteur_of_promises_gives_its_finding_alone(
    saboteur: Any, code: str, small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    promises = saboteur(small)
    files = [small.proof_file(tmp_path / f"p{n}.json", promise) for n, promise in enumerate(promises)]
    words = [word for file in files for word in ("--promise", file)]
    result = audit(small.world, "--log", publish(small, tmp_path / "log"), *words)
    assert (result.code, result.codes, result.report["unchecked"]) == (1, [code], [])


def test_promise_of_another_ledger_is_could_not_check(
    small: WorldIssuer, url: str, audit: Auditor, tmp_path: Path
) -> None:
    other = LedgerWorld(url).register("Other")
    other.append(1)
    file = other.credential_file(tmp_path / "c.json", other.promise(1, other.world.now))
    result = audit(small.world, "--log", publish(small, tmp_path / "log"), "--promise", file)
    assert (result.code, result.codes, len(result.report["unchecked"])) == (3, [], 1)


def test_copy_of_a_log_must_agree_and_be_signed(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    log = publish(small, tmp_path / "log")
    older = publish(small, tmp_path / "older", small.entries[:300])
    twin = shutil.copytree(log, tmp_path / "twin")
    words = ["--log", older, "--log", log, "--log", twin]
    good = audit(small.world, *words)
    assert (good.code, good.codes, good.report["unchecked"]) == (0, [], [])
    assert good.report["issuers"][0]["log"]["size"] == 520
    forged = publish(
        small, tmp_path / "forged", small.entries[:7], signer=Ed25519PrivateKey.from_private_bytes(bytes(32))
    )
    unsigned = audit(small.world, *words, "--log", forged)
    assert (unsigned.code, unsigned.codes, len(unsigned.report["unchecked"])) == (3, [], 1)
