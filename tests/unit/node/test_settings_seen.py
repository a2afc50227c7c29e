"""The audit log names the settings that were changed, once and without their values, and what was handed out anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from node.config import read_config, write_config
from node.health import Health
from node.runner import Worker
from node.settings_seen import changed_settings, note_settings
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def lines(node: Node, act: str) -> list[tuple[str, dict[str, object]]]:
    return [(one.subject, json.loads(one.detail)) for one in node.services.store.acts.all() if one.act == act]


def test_changed_settings_are_named_once_and_their_values_never(node: Node) -> None:
    store, config = node.services.store, node.services.config
    assert not note_settings(store, config, 5), "there is nothing to compare with"
    changed = replace(config, second_approver=True, chain_urls=("https://chain.example/secret-code",))
    assert changed_settings(store, changed) == ("chain_urls", "second_approver")
    assert note_settings(store, changed, 6)
    assert not note_settings(store, changed, 7)
    assert note_settings(store, config, 8), "turned back it is a change, too"
    both = ("node.toml", {"settings": ["chain_urls", "second_approver"]})
    assert lines(node, "settings") == [both, both]
    assert b"secret-code" not in (store.facts.get("settings-seen") or b"")
    assert node.services.fsck(offline=True).findings == []


def test_a_setting_of_a_newer_version_is_no_change(node: Node) -> None:
    store, config = node.services.store, node.services.config
    note_settings(store, config, 5)
    seen = json.loads(store.facts.get("settings-seen") or b"")
    del seen["claim_days"]
    store.facts.put("settings-seen", json.dumps(seen).encode())
    assert changed_settings(store, config) == ()


def test_run_and_seal_compare_the_settings(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    def working() -> None:
        Worker(node.services, Health(node.services), node.clock).round()

    working()
    node.services.config = replace(node.services.config, grace_seconds=7)
    working()
    working()
    assert lines(node, "settings") == [("node.toml", {"settings": ["grace_seconds"]})]
    write_config(node.directory, replace(read_config(node.directory), grace_seconds=8))
    assert Program(capsys)("node", "seal", node.directory).code == 0
    assert lines(node, "settings")[1:] == [("node.toml", {"settings": ["grace_seconds"], "by": "command line"})]


def test_files_that_get_newer_proofs_are_a_line(node: Node, tmp_path: Path) -> None:
    services, out = node.services, tmp_path / "june"
    ids = sorted(row.id for row in services.issue(roster(3), "r.csv").issued)
    services.seal()
    services.export(None, out)
    assert services.update(out).unchanged == 3
    assert lines(node, "update") == [], "nothing was newer"
    services.anchor()
    assert services.update(out).written == 3
    ((subject, detail),) = lines(node, "update")
    assert (subject, sorted(detail["entries"])) == ("3 files", ids)  # type: ignore[call-overload]
