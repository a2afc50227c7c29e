"""`rootseal audit` on a real chain with the real ledger: clean is clean, each saboteur gives its own finding alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anchor.audit import log_head
from anchor.chain import Chain
from anchor.deploying import wait_for_receipt
from anchor.ledger_abi import load_contract
from anchor.ledger_events import anchored_events
from rootseal.ethereum import keccak256
from tests.support.devchain import ROOT
from tests.support.ledger_world import (
    ACCOUNTS,
    LedgerWorld,
    TamperingProxy,
    WorldIssuer,
    embedded_chain,
    file_server,
    publish,
)
from tests.support.program import Program

SCHEMA = ROOT / "docs" / "spec" / "schemas" / "audit.schema.json"


@dataclass(frozen=True)
class Audited:
    """How an audit ended."""

    code: int
    report: dict[str, Any]
    text: str
    out: Path

    @property
    def codes(self) -> list[str]:
        return [found["code"] for found in self.report["findings"]]


@dataclass
class Auditor:
    """`rootseal audit` with its output below `folder`; every report must fit its schema."""

    program: Program
    folder: Path
    runs: int = 0
    schema: dict[str, Any] = field(default_factory=lambda: json.loads(SCHEMA.read_text()))

    def __call__(self, world: LedgerWorld, *words: object, rpc: str | None = None) -> Audited:
        self.runs += 1
        out = self.folder / f"report-{self.runs}"
        run = self.program("audit", "--rpc", rpc or world.url, "--ledger", world.address_text, "--out", out, *words)
        assert (out / "report.json").exists(), run
        report = json.loads((out / "report.json").read_bytes())
        jsonschema.validate(report, self.schema)
        text = (out / "report.txt").read_text(encoding="utf-8")
        assert sha256((out / "report.json").read_bytes()).hexdigest() in text
        return Audited(run.code, report, text, out)


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(Program(capsys), tmp_path)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with embedded_chain() as chain:
        yield chain.info.url


@pytest.fixture(scope="module")
def rich(url: str) -> tuple[LedgerWorld, list[WorldIssuer]]:
    """A lawful history with everything in it: rotation, statuses, accreditation, a new admin, succession."""
    world = LedgerWorld(url)
    first, second = world.register("Uni \x1b[31mOne", 0), world.register("College Two", 1)
    third = world.register("Three", 2)
    document = world.ledger.documents(1)[0].document_hash
    world.send(5, "accredit", 1, document, "EQF 5", 0)
    world.send(5, "accredit", 1, document, "EQF 5 and 6", world.now + 10**6)
    world.send(6, "accredit", 1, document, "", 0)
    world.send(6, "withdraw", 1, document)
    for count in (7, 300, 249, 1):
        first.anchor(count)
    first.send("addKey", ACCOUNTS[7].address, 3)
    first.send("retireKey", ACCOUNTS[0].address, 0)
    first.key = 7
    first.anchor(20)
    world.send(7, "revoke", 1, [0, 1], [0b1011, 1], 1)
    world.send(7, "suspend", 1, [2], [1 << 5], 0)
    world.send(7, "reinstate", 1, [2], [1 << 5], 0)
    first.send("setUri", "https://one.example")
    first.send("transferAdmin", ACCOUNTS[8].address)
    world.send(8, "acceptAdmin", 1)
    first.admin = 8
    second.anchor(3)
    second.send("succeed", third.number)
    world.send(2, "acceptSuccession", second.number)
    return world, [first, second, third]


@pytest.fixture
def small(url: str) -> WorldIssuer:
    """A fresh ledger with one issuer and three anchors over 520 entries."""
    issuer = LedgerWorld(url).register("Small")
    for count in (10, 500, 10):
        issuer.anchor(count)
    return issuer


def test_clean_history_is_clean_and_the_same_input_gives_the_same_bytes(
    rich: tuple[LedgerWorld, list[WorldIssuer]], audit: Auditor, tmp_path: Path
) -> None:
    world, issuers = rich
    logs = [word for i in issuers[:2] for word in ("--log", publish(i, tmp_path / f"log{i.number}"))]
    first, again = audit(world, *logs), audit(world, *logs)
    assert (first.code, first.report["verdict"], first.codes, first.report["unchecked"]) == (0, "clean", [], [])
    assert [len(i["anchors"]) for i in first.report["issuers"]] == [5, 1, 0]
    assert all(anchor["reproduced"] for i in first.report["issuers"] for anchor in i["anchors"])
    assert [i["revoked"] for i in first.report["issuers"]] == [4, 0, 0]
    assert first.report["test"] is True
    assert (again.out / "report.json").read_bytes() == (first.out / "report.json").read_bytes()
    assert "CLEAN" in first.text
    assert "\x1b" not in first.text


def test_log_over_http_and_growing_beyond_the_last_anchor_is_clean(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    small.append(5)
    publish(small, tmp_path / "site" / "log")
    with file_server(tmp_path / "site") as address:
        for given in (address, f"{address}/log", f"{address}/log/"):
            result = audit(small.world, "--log", given)
            assert (result.code, result.report["issuers"][0]["log"]["size"]) == (0, 525)


def test_log_not_given_is_could_not_check(small: WorldIssuer, audit: Auditor) -> None:
    result = audit(small.world)
    assert (result.code, result.report["verdict"], result.codes) == (3, "unchecked", [])
    assert [item["why"] for item in result.report["unchecked"]] == ["none was given"]


def test_log_not_reachable_and_log_of_another_ledger_are_could_not_check(
    small: WorldIssuer, url: str, audit: Auditor, tmp_path: Path
) -> None:
    stranger = LedgerWorld(url).register("Small")
    stranger.anchor(4)
    foreign = publish(stranger, tmp_path / "foreign")
    (tmp_path / "empty").mkdir()
    with file_server(tmp_path / "empty") as address:
        gone = address
        absent = audit(small.world, "--log", address)
    for result in (absent, audit(small.world, "--log", gone), audit(small.world, "--log", foreign)):
        assert (result.code, result.codes, len(result.report["unchecked"])) == (3, [], 2)


def test_missing_issuer_document_and_missing_cryptography_are_could_not_check(
    small: WorldIssuer, audit: Auditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = publish(small, tmp_path / "log")
    with monkeypatch.context() as patch:
        patch.setattr(log_head, "_ed25519", lambda: None)
        without = audit(small.world, "--log", log)
    (log / "issuer.json").unlink()
    for result in (without, audit(small.world, "--log", log)):
        assert (result.code, result.codes) == (3, [])
        assert [item["what"] for item in result.report["unchecked"]] == ["the signature of the published log"]


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


def test_compromised_key_is_found_and_lawful_annulment_is_a_notice(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    world, log = small.world, publish(small, tmp_path / "log")
    world.send(0, "addKey", 1, ACCOUNTS[4].address, 2)
    world.send(4, "revoke", 1, [0], [3], 0)
    small.send("retireKey", ACCOUNTS[4].address, world.now)
    thief = audit(world, "--log", log)
    world.send(0, "annul", 1, [0], [1])
    annulled = audit(world, "--log", log)
    assert (thief.code, thief.codes) == (1, ["status.compromised"])
    assert sorted(annulled.codes) == ["status.annulled", "status.compromised"]
    small.send("retireKey", ACCOUNTS[0].address, world.now)
    assert "anchor.compromised" not in audit(world, "--log", log).codes
    since = world.ledger.anchor_of(1, _roots(world)[2])
    assert since is not None
    small.send("retireKey", ACCOUNTS[0].address, since.time)
    assert "anchor.compromised" in audit(world, "--log", log).codes


def _roots(world: LedgerWorld) -> list[bytes]:
    return [event.root for event in anchored_events(world.chain, world.address, 1, 0, world.head)]


def topic(signature: str) -> str:
    return "0x" + keccak256(signature.encode()).hex()


ANCHORED = topic("Anchored(uint64,uint64,bytes32,uint64,uint64,address)")
KEY_ADDED = topic("KeyAdded(uint64,address,uint16,uint8)")
STATUS = topic("StatusChanged(uint64,uint8,uint64,uint256,uint8,address)")


@pytest.mark.parametrize(
    ("name", "withheld"),
    [
        ("one anchor", lambda log: log["topics"][0] == ANCHORED and int(log["topics"][2], 16) == 2),
        ("the last anchor", lambda log: log["topics"][0] == ANCHORED and int(log["topics"][2], 16) == 3),
        ("a key", lambda log: log["topics"][0] == KEY_ADDED),
    ],
)
def test_provider_that_keeps_counted_events_back_is_found_alone(
    name: str, withheld: Any, small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, withheld) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
    assert (result.code, result.codes) == (1, ["provider.incomplete"])


def test_provider_that_keeps_everything_back_is_found(small: WorldIssuer, audit: Auditor) -> None:
    with TamperingProxy(small.world.url, lambda log: True) as provider:
        result = audit(small.world, rpc=provider.url)
    assert (result.code, set(result.codes)) == (1, {"provider.incomplete"})


def test_provider_that_keeps_a_revocation_back_is_found_alone(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    log = publish(small, tmp_path / "log")
    small.world.send(0, "revoke", 1, [0], [1], 0)
    with TamperingProxy(small.world.url, lambda log: bool(log["topics"][0] == STATUS)) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
    assert (result.code, result.codes) == (1, ["state.status"])


def test_pages_halve_where_the_provider_limits_them(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, span=2) as provider:
        limited = audit(small.world, "--log", log, rpc=provider.url)
    assert provider.refused > 0
    assert limited.code == 0
    assert (limited.out / "report.json").read_bytes() == (
        audit(small.world, "--log", log).out / "report.json"
    ).read_bytes()


def test_pruned_node_is_read_from_its_first_block(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, pruned=True) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
        words = ["--rpc", provider.url, "--ledger", small.world.address_text, "--from-block", small.world.head]
        late = audit.program("audit", *words, "--out", tmp_path / "late")
    assert (result.code, result.report["audited"]["deployedAt"], result.report["audited"]["fromBlock"]) == (0, None, 0)
    # Too late a start must not be blamed on the provider.
    assert (late.code, (tmp_path / "late").exists()) == (3, False)


def test_one_issuer_alone_needs_only_its_own_log(
    rich: tuple[LedgerWorld, list[WorldIssuer]], audit: Auditor, tmp_path: Path
) -> None:
    world, issuers = rich
    result = audit(world, "--issuer", 2, "--log", publish(issuers[1], tmp_path / "log"), "--finality", "depth:1")
    assert (result.code, [issuer["issuer"] for issuer in result.report["issuers"]]) == (0, [2])
    assert result.report["issuers"][0]["successor"] == 3


def test_foreign_code_at_the_address_is_found_alone(url: str, audit: Auditor) -> None:
    world = LedgerWorld(url)
    world.address = deploy_other_code(world.chain)
    result = audit(world)
    assert (result.code, result.codes) == (1, ["ledger.code"])


def deploy_other_code(chain: Chain) -> bytes:
    """The ledger with one byte of its constants changed: it answers, and is not the published one."""
    bytecode = bytearray(load_contract("CredentialLedger").bytecode)
    bytecode[-1] ^= 1
    sent = chain.send_unlocked(ACCOUNTS[0].address, None, bytes(bytecode), 0, 8_000_000)
    receipt = wait_for_receipt(chain, sent, timeout=30)
    assert receipt.contract is not None
    return receipt.contract


def test_bad_input_is_refused_and_changes_nothing(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, ledger = Program(capsys), small.world.address_text
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "thesis.txt").write_text("mine")
    out = tmp_path / "out"
    base = ["audit", "--rpc", small.world.url, "--ledger", ledger]
    wrong: list[list[object]] = [
        [*base, "--out", occupied],
        [*base, "--out", occupied / "thesis.txt"],
        [*base, "--out", out, "--issuer", 9],
        [*base, "--out", out, "--finality", "soon"],
        [*base, "--out", out, "--log", tmp_path / "nowhere"],
        [*base, "--out", out, "--log", "ftp://example"],
        [*base, "--out", out, "--from-block", small.world.head],
        [*base, "--out", out, "--from-block", small.world.head + 10_000],
        [*base, "--out", out, "--promise", occupied / "thesis.txt"],
        ["audit", "--rpc", small.world.url, "--ledger", "0x12", "--out", out],
    ]
    assert [program(*words).code for words in wrong] == [2] * len(wrong)
    assert not out.exists()
    assert [path.name for path in occupied.iterdir()] == ["thesis.txt"]


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


def test_no_chain_and_no_contract_are_could_not_check(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, out = Program(capsys), tmp_path / "out"
    nobody = "0x" + "12" * 20
    assert program("audit", "--rpc", small.world.url, "--ledger", nobody, "--out", out).code == 3
    unreachable = program("audit", "--rpc", "http://127.0.0.1:9", "--ledger", small.world.address_text, "--out", out)
    assert unreachable.code == 3
    assert not out.exists()


def test_earlier_report_is_replaced_and_json_on_stdout_is_the_file(
    small: WorldIssuer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    program, out, log = Program(capsys), tmp_path / "out", publish(small, tmp_path / "log")
    words = ["audit", "--rpc", small.world.url, "--ledger", small.world.address_text, "--out", out, "--json"]
    assert program(*words).code == 3
    (out / ".audit-part.0").write_bytes(b"left by a crash")
    run = program(*words, "--log", log, "--from-block", 0, "--issuer", 1)
    assert run.code == 0
    assert run.objects == [json.loads((out / "report.json").read_bytes())]
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json", "report.txt"]
