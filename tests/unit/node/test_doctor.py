"""`rootseal doctor DIR`: each thing that can be wrong is found, said, and comes with a way out."""

from __future__ import annotations

import json
import sqlite3
import urllib.error
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from anchor.chain import ChainUnavailable
from node.announcing import announce
from node.backup_record import record_backup
from node.cli.doctoring import doctor
from node.config import read_config, write_config
from node.doctor import diagnose
from node.doctor_result import DoctorReport
from node.gas import ANCHOR, REVOKE_ALONE, SETUP, gas_of
from node.publishing import LogPublisher
from node.store import STORE_NAME
from node.webhooks import Webhooks
from tests.support.fake_chain import FakeChain
from tests.support.mail_server import mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import START, make_node, roster


def nothing(url: str) -> bytes:
    raise urllib.error.URLError("no network")


@pytest.fixture
def tidy(node: Node) -> Node:
    """As `node init` leaves it: nobody else may read it."""
    for path in (node.directory, *node.directory.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return node


def examined(node: Node, fetch: Callable[[str], bytes] = nothing, now: int = START) -> DoctorReport:
    return diagnose(node.directory, chain=node.chain, fetch=fetch, clock=lambda: now)


def change(node: Node, **settings: object) -> None:
    write_config(node.directory, replace(read_config(node.directory), **settings))  # type: ignore[arg-type]


def real(node: Node) -> None:
    """The same node as if on a chain that is no development chain."""
    node.chain.id = 100
    change(node, test=False, chain_id=100)


def test_a_sound_node_is_well_and_says_test(tidy: Node) -> None:
    report = examined(tidy)
    assert [r for r in report.results if r.outcome != "ok"] == []
    assert report.exit_code == 0
    assert "TEST" in report.of("settings").sentence


def test_nothing_is_changed_by_looking(tidy: Node) -> None:
    tidy.services.close()
    before = {path: path.read_bytes() for path in tidy.directory.iterdir() if path.suffix != ".lock"}
    examined(tidy)
    after = {path: path.read_bytes() for path in before}
    assert after == before


def test_every_result_that_is_not_ok_has_a_way_out(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "n")
    (tmp_path / "n" / "key.json").unlink()
    (tmp_path / "n" / STORE_NAME).write_bytes(b"no database" * 100)
    chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    report = diagnose(tmp_path / "n", chain=chain, fetch=nothing, clock=lambda: START)
    assert report.exit_code == 1
    bad = [r for r in report.results if r.outcome != "ok"]
    assert {"key", "database", "chain reachable"} <= {r.check for r in bad}
    assert all(r.way_out for r in bad)


@pytest.mark.parametrize("name", ["key.json", "passphrase", "log-key.json", STORE_NAME, "."])
def test_a_file_that_others_may_read_is_a_problem(tidy: Node, name: str) -> None:
    (tidy.directory / name).chmod(0o755)
    found = examined(tidy).of("permissions")
    assert found.outcome == "problem"
    assert found.way_out is not None
    assert found.way_out.startswith("chmod go-rwx ")


def test_a_wrong_passphrase_is_found(tidy: Node) -> None:
    (tidy.directory / "passphrase").write_text("wrong\n")
    found = examined(tidy).of("key")
    assert "passphrase is wrong" in found.sentence
    assert f"into the first line of {tidy.directory / 'passphrase'}, or restore" in str(found.way_out)


def test_the_balance_is_told_in_anchors(tidy: Node) -> None:
    key = tidy.services.connection.signer.address
    price = 2 * 10**9
    tidy.chain.set_balance(key, 1234 * price * gas_of(ANCHOR))
    assert examined(tidy).of("balance").sentence == "enough for about 1,234 anchors at today's price"
    tidy.chain.set_balance(key, 3 * price * gas_of(ANCHOR))
    assert examined(tidy).of("balance").outcome == "problem"
    tidy.chain.set_balance(key, 0)
    assert "no money for even one anchor" in examined(tidy).of("balance").sentence
    tidy.chain.set_base_fee(10**13)
    tidy.chain.mine()
    assert "max_fee_per_gas" in examined(tidy).of("balance").sentence


def test_another_chain_of_the_same_number_is_found_by_its_genesis(tidy: Node) -> None:
    tidy.chain = FakeChain(seed=9)
    report = examined(tidy)
    assert report.of("chain id").outcome == "ok"
    assert report.of("genesis").outcome == "problem"
    assert report.exit_code == 1


def test_another_chain_id_is_found(tidy: Node) -> None:
    tidy.chain.id = 7
    report = examined(tidy)
    assert "is chain 7" in report.of("chain id").sentence
    assert report.of("genesis, ledger code").outcome == "unknown"


def test_a_chain_that_is_silent_is_a_problem_and_hides_nothing_else(tidy: Node) -> None:
    tidy.chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    report = examined(tidy)
    assert report.of("chain reachable").outcome == "problem"
    assert report.of("database").outcome == "ok"


def test_a_key_that_was_retired_is_found(tidy: Node) -> None:
    change(tidy, issuer=2)
    assert examined(tidy).of("registration").outcome == "problem"


def test_changed_settings_whose_document_is_not_registered(tidy: Node) -> None:
    change(tidy, name="Another University")
    assert "not the registered one" in examined(tidy).of("registration").sentence


def test_a_clock_that_is_behind_is_found(tidy: Node) -> None:
    latest = tidy.chain.block("latest")
    assert latest is not None
    assert examined(tidy, now=latest.timestamp - 3600).of("clock").outcome == "problem"
    real(tidy)
    assert examined(tidy, now=latest.timestamp + 7200).of("clock").outcome == "unknown"
    assert examined(tidy, now=latest.timestamp + 20).of("clock").outcome == "ok"


def test_a_promise_signed_in_the_future_shows_that_the_clock_is_wrong(tidy: Node) -> None:
    tidy.services.issue(roster(1), "r.csv")
    tidy.services.seal()
    assert "a promise was signed" in examined(tidy, now=START - 7200).of("clock").sentence


def test_promises_near_and_past(tidy: Node) -> None:
    tidy.services.issue(roster(1), "r.csv")
    tidy.services.seal()
    by = START + 86_400
    assert examined(tidy).of("promises").outcome == "ok"
    assert "which is near" in examined(tidy, now=by - 3600).of("promises").sentence
    assert "OVERDUE" in examined(tidy, now=by).of("promises").sentence


def test_a_damaged_database_is_found(tidy: Node) -> None:
    tidy.services.issue(roster(400), "r.csv")
    tidy.services.close()
    path = tidy.directory / STORE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = bytearray(path.read_bytes())
    data[40 * 4096 : 60 * 4096] = bytes(20 * 4096)
    path.write_bytes(data)
    report = examined(tidy)
    assert report.of("database").outcome == "problem"
    assert report.of("awards, promises, backup, published log, mail, webhooks").outcome == "unknown"


def test_an_older_schema_is_told_and_not_upgraded(tidy: Node) -> None:
    tidy.services.close()
    with sqlite3.connect(tidy.directory / STORE_NAME) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert examined(tidy).of("database").outcome == "unknown"
    assert sqlite3.connect(tidy.directory / STORE_NAME).execute("PRAGMA user_version").fetchone() == (0,)


def test_a_backup_older_than_the_newest_promise_is_a_problem_on_a_real_chain(tidy: Node) -> None:
    assert "nothing is sealed yet" in examined(tidy).of("backup").sentence
    tidy.services.issue(roster(1), "r.csv")
    tidy.services.seal()
    assert "fine for a test ledger only" in examined(tidy).of("backup").sentence
    real(tidy)
    store = tidy.services.store
    assert "none was ever made" in examined(tidy).of("backup").sentence
    record_backup(store, START - 10)
    assert examined(tidy).of("backup").outcome == "ok"
    assert "sealed since" in examined(tidy, now=START + 2 * 86_400).of("backup").sentence
    record_backup(store, START + 10)
    assert examined(tidy, now=START + 9 * 86_400).of("backup").outcome == "ok"


def test_an_admin_key_beside_the_nodes_key_is_a_problem_on_a_real_chain(tidy: Node) -> None:
    (tidy.directory / "admin-key.json").write_text("{}")
    (tidy.directory / "admin-key.json").chmod(0o600)
    assert examined(tidy).of("admin key").outcome == "ok"
    real(tidy)
    assert examined(tidy).of("admin key").outcome == "problem"


def test_the_published_log_is_compared(tidy: Node) -> None:
    notes = []
    for first in (0, 2):
        tidy.services.issue(roster(2, first=first), "r.csv")
        tidy.services.seal()
        notes.append(LogPublisher(tidy.services).checkpoint()[1].encode())
    change(tidy, public_url="https://registrar.example")
    asked: list[str] = []

    def shown(url: str) -> bytes:
        asked.append(url)
        return notes[1]

    assert examined(tidy, shown).of("published log").outcome == "ok"
    assert asked == ["https://registrar.example/log/checkpoint"]
    assert "shows 2 entries of the 4 that are sealed" in examined(tidy, lambda _: notes[0]).of("published log").sentence
    assert examined(tidy, lambda _: b"<html>").of("published log").outcome == "problem"
    assert examined(tidy, nothing).of("published log").outcome == "unknown"


def test_an_unfinished_registration_says_what_to_run(tidy: Node) -> None:
    change(tidy, issuer=None)
    assert "rootseal node init" in str(examined(tidy).of("settings").way_out)


def test_the_command_answers_for_programs_and_people(tmp_path: Path) -> None:
    run = CliRunner().invoke(doctor, [str(tmp_path / "none"), "--json"], standalone_mode=False)
    value = json.loads(run.stdout)
    assert (value["format"], value["test"], value["exit"]) == ("rootseal/doctor/1", None, 1)
    assert value["checks"][0]["outcome"] == "problem"
    make_node(tmp_path / "n")
    shown = CliRunner().invoke(doctor, [str(tmp_path / "n")]).stdout
    assert shown.startswith("*** TEST ledger")
    assert "PROBLEM    permissions" in shown
    assert CliRunner().invoke(doctor, []).exit_code == 2


def test_the_gas_table_is_the_measured_one() -> None:
    root = Path(__file__).parents[3]
    measured, packaged = (
        json.loads((root / folder / "gas.json").read_text())["transactionGas"] for folder in ("contracts", "node")
    )
    assert packaged == {act: measured[act] for act in packaged}, "copy the figures of contracts/gas.json to node/"
    assert {ANCHOR, REVOKE_ALONE, *SETUP} == set(packaged)


def test_the_mail_server_is_greeted_and_gets_no_mail(tidy: Node) -> None:
    assert "no mail is sent" in examined(tidy).of("mail").sentence
    with mail_server(password="pass") as server:
        (tidy.directory / "mail-secret").write_text("pass\n")
        config = replace(
            read_config(tidy.directory),
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            mail_from="registrar@uni.example",
            smtp_user="node",
            smtp_password_file="mail-secret",
        )
        write_config(tidy.directory, config)
        found = examined(tidy).of("mail")
        assert (found.outcome, server.logins, server.taken) == ("ok", ["node"], [])
        (tidy.directory / "mail-secret").write_text("wrong\n")
        assert "535" in examined(tidy).of("mail").sentence
        write_config(tidy.directory, replace(config, mail_template="nothing.txt"))
        assert "mail_template" in examined(tidy).of("mail").sentence
    write_config(tidy.directory, replace(config, smtp_password_file="nothing"))
    assert "smtp_password_file" in examined(tidy).of("mail").sentence


def test_webhooks_that_wait_for_long_are_a_problem(tidy: Node) -> None:
    assert examined(tidy).of("webhooks").sentence == "there are none"
    services = tidy.services
    hooks = Webhooks(services.store, services.home, test=True, clock=tidy.clock)
    hooks.add("https://uni.example/", [], allow_private=False)
    announce(services.store, "overdue", "checkpoint/9", {}, services.now)
    assert examined(tidy).of("webhooks").outcome == "ok"
    assert "the oldest for 2 hours" in examined(tidy, now=START + 7200).of("webhooks").sentence
