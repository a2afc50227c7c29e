"""The admin's acts: document, keys, rotation, annulment; by the key, or handed out unsigned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.chain import Reverted
from anchor.keys import create_keystore
from anchor.ledger import Ledger, call_data
from node.annulling import annul, plan
from node.config import read_config, write_config
from node.connection import Connection
from node.governing import AdminKey, Governor, Waiting
from node.leasing import Lease, LeaseHeld
from node.ledger_keys import add_call, consequences, named_key, retire_call
from node.principal import acting_on_command_line
from node.registering import publish, state
from node.rotating import old_key, rotate
from node.stopped import node_stopped
from rootseal.errors import AnchoringError, ConfigError, ConflictError, InputError, StoreError, UndeterminedError
from rootseal.ethereum import checksum_address
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import PASSPHRASE, roster


def governor(node: Node, key: AdminKey | None = None) -> Governor:
    config = read_config(node.directory)
    connection = Connection(node.directory, config, chain=node.chain)
    made = Governor(
        node.directory,
        key or AdminKey(),
        lambda _: None,
        timeout=5.0,
        sleep=lambda _: node.chain.mine(),
        connection=connection,
    )
    made.config = config
    return made


@pytest.fixture
def admin(node: Node) -> AdminKey:
    """The issuer's admin is a keystore now: invited by the account that registered, accepted by itself."""
    file = node.directory / "admin-key.json"
    signer = create_keystore(file, PASSPHRASE, "pbkdf2", 2)
    home = read_config(node.directory).home
    bank = node.chain.accounts()[0]
    node.chain.send_unlocked(bank, home.ledger, call_data("transferAdmin", home.issuer, signer.address), 0, 10**6)
    node.chain.set_balance(signer.address, 10**18)
    with governor(node) as made:
        from anchor.calling import LedgerCall

        made.send(LedgerCall("accept", "acceptAdmin", (made.issuer,)))
        made.require_admin()
    return AdminKey(file)


def settings(node: Node, **changes: object) -> None:
    write_config(node.directory, replace(read_config(node.directory), **changes))  # type: ignore[arg-type]


def issued(node: Node, count: int = 2) -> list[str]:
    node.services.issue(roster(count), "r.csv")
    node.services.seal()
    assert node.services.anchor().reached
    return [entry.id for entry in node.services.store.entries.sealed(0, count)]


def test_publish_puts_the_new_document_in_force_once(node: Node, admin: AdminKey) -> None:
    settings(node, url="https://uni.example")
    with governor(node, admin) as made:
        assert publish(made, dry_run=True) is not None
        assert not state(made).unchanged
        assert publish(made) is not None
        assert state(made).unchanged
        assert publish(made) is None
        assert len(made.ledger.documents(made.issuer)) == 2
        assert made.store.documents.get(state(made).digest) == state(made).content


def test_every_call_on_the_ledger_is_one_line_of_the_audit_log(node: Node, admin: AdminKey) -> None:
    settings(node, url="https://uni.example")
    with acting_on_command_line(), governor(node, admin) as made:
        publish(made)
        publish(made)  # nothing to do
        added = add_call(made, bytes([7]) * 20, 2)
        assert made.send(added)
        assert not made.send(added)
        lines = [act for act in made.store.acts.all() if act.act == "ledger call"]
        assert [line.subject for line in lines] == ["acceptAdmin", "setDocument", "addKey"]
        detail = json.loads(lines[-1].detail)
        assert (detail["by"], detail["data"]) == ("command line", "0x" + added.data.hex())
        assert detail["from"] == checksum_address(made.sender())


def test_publish_refuses_while_sealed_entries_are_not_anchored(node: Node, admin: AdminKey) -> None:
    node.services.issue(roster(1), "r.csv")
    node.services.seal()
    settings(node, url="https://uni.example")
    with governor(node, admin) as made:
        with pytest.raises(ConflictError, match="node anchor"):
            publish(made)
        assert len(made.ledger.documents(made.issuer)) == 1


def test_publish_refuses_while_accepted_credentials_name_another_issuer(node: Node, admin: AdminKey) -> None:
    node.services.issue(roster(2), "r.csv")
    settings(node, public_url="https://uni.example")
    with governor(node, admin) as made, pytest.raises(ConflictError, match="2 accepted credentials"):
        publish(made)


def test_a_change_that_had_no_money_holds_sealing_up_and_is_forgotten_when_settings_go_back(
    node: Node, admin: AdminKey
) -> None:
    before = read_config(node.directory)
    settings(node, url="https://uni.example")
    with governor(node, admin) as made:
        node.chain.set_balance(made.sender(), 0)
        made._fund_on_development_chain = lambda _: None  # type: ignore[method-assign]
        with pytest.raises(AnchoringError, match="insufficient funds"):
            publish(made)
    write_config(node.directory, before)
    services = node.reopened()
    services.issue(roster(1), "r.csv")
    with pytest.raises(UndeterminedError, match="being changed"):
        services.seal()
    with governor(node, admin) as made:
        assert publish(made) is None
    assert services.seal() is not None


def test_entries_sealed_while_publish_was_asking_the_chain_are_seen(
    node: Node, admin: AdminKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.services.issue(roster(1), "r.csv")
    settings(node, url="https://uni.example")
    with governor(node, admin) as made:
        cost = made.cost

        def sealed_meanwhile(*arguments: object) -> object:
            node.services.seal()
            return cost(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(made, "cost", sealed_meanwhile)
        with pytest.raises(ConflictError, match="node anchor"):
            publish(made)
        assert made.store.outbox.named("call/" + made.sender().hex()[:16] + "/setDocument") == ()


def test_nothing_is_sealed_while_settings_and_ledger_differ(node: Node, admin: AdminKey) -> None:
    settings(node, public_url="https://uni.example")
    services = node.reopened()
    services.issue(roster(1), "r.csv")
    with pytest.raises(UndeterminedError, match="node publish"):
        services.seal()
    with governor(node, admin) as made:
        publish(made)
    assert services.seal() is not None


def test_nothing_is_sealed_that_names_the_issuer_of_before(node: Node) -> None:
    before = read_config(node.directory)
    settings(node, public_url="https://uni.example")
    node.reopened().issue(roster(1), "r.csv")
    write_config(node.directory, before)
    with pytest.raises(ConflictError, match="withdraw them"):
        node.reopened().seal()


def test_a_key_that_is_not_the_admins_is_refused(node: Node, tmp_path: Path) -> None:
    other = create_keystore(tmp_path / "other.json", PASSPHRASE, "pbkdf2", 2)
    with governor(node, AdminKey(tmp_path / "other.json")) as made, pytest.raises(ConfigError, match="not the admin"):
        made.require_admin()
    assert other.address


def test_where_the_admin_is_elsewhere_the_unsigned_call_is_handed_out_and_later_found_done(node: Node) -> None:
    with governor(node) as made:
        key = bytes([7]) * 20
        with pytest.raises(Waiting) as waiting:
            made.send(add_call(made, key, 2))
        call = waiting.value.calls[0]
        assert call.data == call_data("addKey", made.issuer, key, 2)
        node.chain.send_unlocked(node.chain.accounts()[0], call.to, call.data, 0, 10**6)
        assert not made.send(add_call(made, key, 2))
        (line,) = [act for act in made.store.acts.all() if act.act == "ledger call"]
        assert (line.subject, json.loads(line.detail)["signed"]) == ("addKey", "elsewhere")


def test_a_compromise_date_can_only_be_lowered_and_tells_what_it_takes_back(node: Node, admin: AdminKey) -> None:
    issued(node, 3)
    with governor(node, admin) as made:
        _, key = named_key(made, "0")
        now = made.connection.latest().timestamp
        assert consequences(made, key, 0).lost == ()
        found = consequences(made, key, 1)
        assert (found.anchors, found.lost, found.credentials) == (1, (1,), 3)
        assert not found.others_anchor
        with pytest.raises(InputError, match="future"):
            retire_call(made, key, now + 1000)
        made.send(retire_call(made, key, now - 5))
        _, key = named_key(made, "0")
        with pytest.raises(ConflictError, match="lowered"):
            retire_call(made, key, now - 4)
        made.send(retire_call(made, key, now - 9))
        assert named_key(made, "0")[1].compromised_since == now - 9
        for wrong in ("1", "0x" + "11" * 20, "key"):
            with pytest.raises(InputError):
                named_key(made, wrong)


def test_rotation_hands_the_queue_over_and_the_node_goes_on(node: Node, admin: AdminKey) -> None:
    ids = issued(node, 2)
    node.services.revoke([ids[0]])
    node.services.issue(roster(2, first=5), "r.csv")
    node.services.seal()
    with governor(node, admin) as made:
        done = rotate(made, old_key(made, None), 0, lambda _: None)
        assert (done.moved, done.key_file.name) == (1, "key-2.json")
    services = node.reopened()
    assert services.connection.signer.address == done.new
    assert services.anchor().reached
    assert services.status_map().revoked == (1 << services.entry(ids[0]).index,)  # type: ignore[operator]
    assert services.fsck().findings == []


@pytest.mark.parametrize("step", ["add", "retire", "move"])
def test_rotation_interrupted_at_any_step_is_finished_by_the_same_command(
    node: Node, admin: AdminKey, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    target = {"add": "retire_call", "retire": "_move_queue", "move": "write_config"}[step]
    with governor(node, admin) as made, monkeypatch.context() as patched:
        patched.setattr(f"node.rotating.{target}", crash)
        with pytest.raises(Crash):
            rotate(made, old_key(made, None), 0, lambda _: None)
    with governor(node, admin) as made:
        rotate(made, old_key(made, None), 0, lambda _: None)
        keys = made.ledger.keys(made.issuer)
    assert [bool(key.retired_at) for key in keys] == [True, False], "one new key, however often it was begun"
    assert read_config(node.directory).key_file == "key-2.json"


def test_a_lost_keystore_is_told_from_the_ledger(node: Node, admin: AdminKey) -> None:
    (node.directory / "key.json").unlink()
    with governor(node, admin) as made:
        assert old_key(made, None).address == made.ledger.keys(1)[0].address
        made.send(add_call(made, bytes([7]) * 20, 3))
        with pytest.raises(InputError, match="--old"):
            old_key(made, None)


def test_annulment_needs_a_compromised_key_and_leaves_the_nodes_own_revocations(node: Node, admin: AdminKey) -> None:
    ids = issued(node, 3)
    home = read_config(node.directory).home
    with governor(node, admin) as made:
        assert plan(made, ids).call is None
        thief = made.connection.signer
        made.caller(thief).send(_revoke(home.issuer, 0b101))
        planned = plan(made, ids)
        assert len(planned.entries) == 2
        with pytest.raises(Reverted, match="nothing may be annulled"):
            annul(made, planned)
        made.send(retire_call(made, named_key(made, "0")[1], made.connection.latest().timestamp))
        annul(made, planned)
        assert Ledger(node.chain, home.ledger).status_words(home.issuer, 0, 3) == (0,)
    node.services.store.statuses.add([_own_act(ids[0], node)])
    with governor(node, admin) as made, pytest.raises(ConflictError, match="by this node itself"):
        plan(made, ids)


def test_a_succeeded_issuer_seals_nothing(node: Node) -> None:
    home, bank = read_config(node.directory).home, node.chain.accounts()[0]
    for name, arguments in (
        ("register", ("Next", "", bytes(32))),
        ("succeed", (home.issuer, home.issuer + 1)),
        ("acceptSuccession", (home.issuer,)),
    ):
        node.chain.send_unlocked(bank, home.ledger, call_data(name, *arguments), 0, 10**6)
    node.services.issue(roster(1), "r.csv")
    with pytest.raises(AnchoringError, match="succeeded by issuer"):
        node.services.seal()


def test_nothing_of_this_happens_under_a_running_node(node: Node) -> None:
    store = node.services.store
    with node_stopped(node.directory, store, "a"), pytest.raises(StoreError, match="runs here"):
        node_stopped(node.directory, store, "b").__enter__()
    with Lease(store, "node anchor").kept(), pytest.raises(LeaseHeld, match="node anchor"):
        node_stopped(node.directory, store, "b").__enter__()


def _revoke(issuer: int, mask: int) -> object:
    from anchor.calling import LedgerCall

    return LedgerCall("revoke", "revoke", (issuer, [0], [mask], 0))


def _own_act(entry_id: str, node: Node) -> object:
    from anchor.outbox import Intent
    from node.store import Act, StatusAct

    node.services.store.outbox.add(Intent("status/9/revoke", bytes(20), bytes(20), b""))
    return StatusAct(entry_id, Act.REVOKE, 0, "status/9/revoke", 1)
