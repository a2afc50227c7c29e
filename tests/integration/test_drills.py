"""docs/drills.md is typed as it stands, after the disaster that each drill is for, on the embedded chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor.chain import Reverted
from anchor.keys import create_keystore, load_keystore
from anchor.web3_chain import open_chain
from node.config import read_config
from node.drills import DRILLS as PRINTED
from node.ledger_keys import keystore_address
from rootseal.errors import ConfigError
from rootseal.ethereum import address_text
from rootseal.instants import format_instant
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.support.school import DRILLS, PASSPHRASE, School, open_school, quick_keys
from tests.support.thief import Thief
from tests.unit.node.nodes import roster


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@pytest.fixture
def school(
    capsys: pytest.CaptureFixture[str], dev_chain: ChainProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> School:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return open_school(Program(capsys), dev_chain, tmp_path)


def test_every_drill_of_the_documentation_is_typed_here() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_drill*.py"))
    assert all(f'drill("{name}")' in source or f'DRILLS["{name}"]' in source for name in DRILLS)


def test_the_recovery_sheet_has_the_drills_of_the_documentation_in_order() -> None:
    assert {drill.name: "\n".join(drill.commands) + "\n" for drill in PRINTED} == DRILLS
    assert [drill.name for drill in PRINTED] == list(DRILLS)


def test_hot_key_lost_what_it_had_queued_is_done_by_the_new_one(school: School) -> None:
    first = school.issue(2)
    school.ok("node", "anchor", "college")
    school.ok("node", "suspend", "college", first[1])
    later = school.issue(2, first=2)
    (school.folder / "college" / "key.json").unlink()
    school.drill("hot-key-lost")
    assert read_config(school.folder / "college").key_file == "key-2.json"
    assert school.verdict(school.export(first[0]))[0] == "verified"
    assert school.verdict(school.export(later[0]))[0] == "verified"
    assert "status.suspended" in school.verdict(school.export(first[1]))[1]
    assert school.ok("node", "fsck", "college", "--json").objects[0]["clean"]


def test_person_leaves_and_the_old_admin_can_do_nothing(school: School) -> None:
    (school.folder / "new-admin.txt").write_text("another passphrase\n")
    school.words["NEW"] = "0x" + "00" * 20
    lines = DRILLS["person-leaves"].splitlines()
    assert lines[0].startswith("rootseal issuer new-key")
    assert school.type(lines[0]).code == 0
    school.words["NEW"] = address_text(keystore_address(school.folder / "new-admin.json"))
    for line in lines[1:]:
        run = school.type(line)
        assert run.code == 0, f"{line}\n{run.out}\n{run.err}"
    assert "became admin in the place of" in " ".join(run.out.split())
    refused = school.program("node", "keys", "add", "college")
    assert (refused.code, "is not the admin" in refused.err) == (2, True)
    ids = school.issue(1)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(ids[0]))[0] == "verified"


def test_stolen_key_that_only_revoked(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    file = school.export(ids[0])
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    thief.revoke(json.loads(file.read_bytes())["index"])
    assert school.verdict(file)[0] == "rejected"
    school.words |= {"SINCE": format_instant(_now(school)), "REVOKED": ids[0]}
    early = school.program("node", "annul", "college", ids[0], "--yes")
    assert (early.code, "retired as compromised" in early.err) == (3, True)
    school.drill("stolen-used-for-status")
    assert school.verdict(file)[0] == "verified"
    more = school.issue(1, first=5)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(more[0]))[0] == "verified"


def test_stolen_key_that_anchored_a_fake_which_stays_a_fake_under_later_good_anchors(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    good = school.export(ids[0])
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    fake = school.folder / "fake.credential.json"
    school.words["SINCE"] = format_instant(thief.anchor_false())
    thief.revoke(json.loads(good.read_bytes())["index"])
    fake.write_bytes(thief.false_file())
    assert school.verdict(fake)[0] == "verified", "before anybody knows, the fake is as good as its key"
    school.words["REVOKED"] = ids[0]
    later = create_keystore(school.folder / "later.json", PASSPHRASE, "pbkdf2", 2)
    school.ok("node", "keys", "add", "college", "--address", address_text(later.address))
    _give_money(school, later.address)
    thief.commitments.append(bytes(31) + b"\7")
    thief.anchor(signer=later)
    fake.write_bytes(thief.false_file())
    assert len(json.loads(fake.read_bytes())["anchors"]) == 2
    assert school.program("node", "anchor", "college").code == 2, "the chain is ahead of the store"
    told = school.drill("stolen-anchored-over")
    assert "succeeded issuer" in " ".join(told.out.split())
    overall, codes = school.verdict(fake)
    assert (overall, "issuer.compromised" in codes) == ("rejected", True)
    assert school.verdict(good)[0] == "verified"
    (school.folder / "list.csv").write_bytes(roster(1, first=7))
    school.ok("node", "issue", "college", "list.csv")
    ended = school.program("node", "seal", "college")
    assert (ended.code, "succeeded by issuer" in ended.err) == (3, True)


def test_admin_key_lost_and_typed_back_from_the_recovery_sheet(school: School) -> None:
    admin = school.folder / "college" / "admin-key.json"
    address = keystore_address(admin)
    school.ok("node", "recovery-sheet", "college", "--with-encrypted-keys", "--text", "-o", "sheet.txt")
    block = (
        (school.folder / "sheet.txt").read_text().partition(f"Locked key admin-key.json {address_text(address)}\n")[2]
    )
    (school.folder / "typed.txt").write_text(block.partition("\n\n")[0])
    admin.unlink()
    assert school.program("node", "keys", "add", "college").code == 3, "nobody can sign"
    school.drill("key-from-paper")
    assert keystore_address(admin) == address
    school.ok("node", "keys", "add", "college")


def test_admin_key_lost_and_the_second_holder_who_was_invited_before_takes_over(school: School) -> None:
    school.ok("node", "admin", "transfer", "college", school.new_admin("second"))
    school.ok("node", "keys", "add", "college", "--address", "0x" + "07" * 20)  # an invitation changes nothing yet
    (school.folder / "college" / "admin-key.json").unlink()
    told = school.drill("admin-key-lost")
    assert "became admin in the place of" in " ".join(told.out.split())
    signing = ("--key", "second-admin.json", "--passphrase-file", "second-admin.txt")
    school.ok("node", "keys", "rotate", "college", *signing, "--yes")
    ids = school.issue(1)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(ids[0]))[0] == "verified"


def test_admin_key_gone_for_ever_the_hot_key_goes_on_and_a_new_issuer_begins(school: School) -> None:
    (school.folder / "college" / "admin-key.json").unlink()
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    school.ok("node", "revoke", "college", ids[1])
    school.ok("node", "anchor", "college")
    refused = school.program("node", "keys", "rotate", "college", "--yes")
    assert refused.code == 3, "only an unsigned call is left, which nobody can sign"
    quick_keys(school.folder / "college-2")
    school.drill("admin-key-gone")
    old = school.export(ids[0])
    assert school.verdict(old)[0] == "verified", "what the old issuer issued stays good"
    assert school.verdict(school.export(ids[1]))[0] == "rejected"
    school.ok("node", "templates", "add", "college-2", "templates.json")
    (school.folder / "list.csv").write_bytes(roster(1, first=9))
    made = school.ok("node", "issue", "college-2", "list.csv", "--json").objects[0]["issued"][0]["id"]
    for word in ("seal", "anchor"):
        school.ok("node", word, "college-2")
    school.ok("node", "export", "college-2", made, "-o", "out-2")
    assert school.verdict(school.folder / "out-2" / f"{made[9:]}.credential.json", "college-2")[0] == "verified"


def test_admin_key_stolen_and_the_school_is_quicker(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    thief, foreign = _admin_thief(school), create_keystore(school.folder / "foreign.json", PASSPHRASE, "pbkdf2", 2)
    school.words |= {"SINCE": format_instant(_now(school)), "FOREIGN": address_text(foreign.address)}
    thief.send("addKey", foreign.address, 3)
    thief.send("setDocument", bytes(31) + b"\7")
    school.words["NEW"] = school.new_admin("new")
    school.drill("admin-key-stolen")
    keys = school.ok("node", "keys", "list", "college", "--json").objects[0]["keys"]
    assert [bool(key["compromisedSince"]) for key in keys] == [False, True]
    with pytest.raises(Reverted):
        thief.send("addKey", bytes(19) + b"\7", 3)
    more = school.issue(1, first=5)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(more[0]))[0] == "verified"
    assert school.verdict(school.export(ids[0]))[0] == "verified"


def test_admin_key_stolen_and_the_thief_is_quicker(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    file = school.export(ids[0])
    thief, heir = _admin_thief(school), create_keystore(school.folder / "heir.json", PASSPHRASE, "pbkdf2", 2)
    _give_money(school, heir.address)
    thief.send("transferAdmin", heir.address)
    thief.send("acceptAdmin", signer=heir)
    refused = school.program("node", "keys", "rotate", "college", "--yes")
    assert (refused.code, "is not the admin" in refused.err) == (2, True)
    school.ok("node", "revoke", "college", ids[1])
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(ids[1]))[0] == "rejected", "the hot key works until the thief retires it"
    own = keystore_address(school.folder / "college" / "key.json")
    thief.send("retireKey", own, 1, signer=heir)
    assert school.verdict(file)[0] == "rejected", "the thief can call the school's own key compromised"
    (school.folder / "list.csv").write_bytes(roster(1, first=7))
    school.ok("node", "issue", "college", "list.csv")
    stopped = school.program("node", "seal", "college")
    assert (stopped.code, "is sealed" in stopped.err) == (3, True)
    quick_keys(school.folder / "college-2")
    school.drill("admin-key-taken")
    overall, codes = school.verdict(file)
    assert (overall, "issuer.compromised" in codes) == ("rejected", True)
    listed = school.ok("trust", "list", "--policy", "college/policy.toml", "--json").objects[0]
    assert [ledger["issuers"] for ledger in listed["ledgers"]] == [[]]


def test_an_officer_leaves_and_the_token_is_worth_nothing(school: School) -> None:
    settings = school.folder / "college" / "node.toml"
    settings.write_text(settings.read_text().replace("second_approver = false", "second_approver = true"))
    made = school.ok(
        "node", "token", "add", "college", "--person", "Ada", "--role", "issue", "-o", "ada.token", "--json"
    )
    (school.folder / "list.csv").write_bytes(roster(1))
    school.ok("node", "issue", "college", "list.csv", "--token-file", "ada.token")
    school.words["TOKEN"] = made.objects[0]["id"]
    school.drill("officer-leaves")
    (school.folder / "list.csv").write_bytes(roster(1, first=1))
    refused = school.program("node", "issue", "college", "list.csv", "--token-file", "ada.token")
    assert (refused.code, "no token that is valid here" in refused.err) == (1, True)


def test_who_knew_the_passphrase_leaves_with_copies_that_are_worth_nothing(school: School) -> None:
    copy = (school.folder / "college" / "key.json").read_bytes()
    (school.folder / "new.txt").write_text("a passphrase that he never saw\n")
    school.drill("passphrase-known")
    (school.folder / "copy.json").write_bytes(copy)
    stolen = load_keystore(school.folder / "copy.json", PASSPHRASE)
    keys = school.ok("node", "keys", "list", "college", "--json").objects[0]["keys"]
    assert {key["address"]: bool(key["retiredAt"]) for key in keys}[address_text(stolen.address)], "the copy is retired"
    for path in (school.folder / "college").glob("*key*.json"):
        if "log" not in path.name:
            load_keystore(path, "a passphrase that he never saw")
            with pytest.raises(ConfigError):
                load_keystore(path, PASSPHRASE)
    ids = school.issue(1)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(ids[0]))[0] == "verified"


def _admin_thief(school: School) -> Thief:
    """Somebody with a copy of the admin's key, and money of his own."""
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    thief.signer = load_keystore(school.folder / "college" / "admin-key.json", PASSPHRASE)
    _give_money(school, thief.signer.address)
    return thief


def _now(school: School) -> int:
    block = open_chain(school.chain.url).block("latest")
    assert block is not None
    return block.timestamp


def _give_money(school: School, address: bytes) -> None:
    from anchor.deploying import fund

    fund(open_chain(school.chain.url), address, 10**18)
