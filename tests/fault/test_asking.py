"""Commands beside a running node: it is asked to seal; issue, withdraw and revoke are transactions of their own."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from node.asking import seal_or_ask, seal_requested
from node.config import read_config, write_config
from node.leasing import ADMIN_LEASE, Lease, LeaseHeld
from node.services import Services
from node.store import EntryState
from tests.fault.scene import PROMISE
from tests.fault.test_load import NodeProcess, settled, survived, wait_for
from tests.support.devchain import running_chain
from tests.support.faulty_proxy import FaultyProxy
from tests.unit.node.conftest import Node, node  # noqa: F401 - a fixture
from tests.unit.node.nodes import TEMPLATES, make_registered, roster


@pytest.mark.fault("commands beside the running node", "seal, issue, withdraw and revoke while `node run` works")
def test_commands_beside_a_running_node(tmp_path: Path) -> None:
    directory = tmp_path / "node"
    with running_chain("embedded", tmp_path) as chain, FaultyProxy(chain.url) as proxy:
        make_registered(directory, open_chain(chain.url))
        settings = replace(read_config(directory), chain_urls=(proxy.url,), promise_seconds=PROMISE)
        write_config(directory, replace(settings, grace_seconds=3600, anchor_interval_seconds=0))
        with Services.open(directory) as services:
            services.add_templates(TEMPLATES)
        node = NodeProcess(directory)
        try:
            with Services.open(directory) as services:
                wait_for(lambda: bool(services.store.facts.get("lease")))
                issued = services.issue(roster(4, date="2026-01-01"), "r.csv").issued
                services.withdraw(issued[3].id)
                point, asked = seal_or_ask(services, 60)
                assert asked
                assert point is not None
                assert point.size == 3
                assert settled(directory) == 3
                services.revoke([issued[0].id])
                index = services.entry(issued[0].id).index
                wait_for(lambda: services.status_map().revoked == (1 << (index or 0),))
                assert services.store.entries.counts()[EntryState.WITHDRAWN] == 1
                wait_for(lambda: not services.store.outbox.unfinished(services.connection.signer.address))
        finally:
            node.end(signal.SIGTERM)
        survived(directory, proxy, 3)


def test_without_a_running_node_the_command_seals_itself(node: Node) -> None:  # noqa: F811
    node.services.issue(roster(2), "r.csv")
    point, asked = seal_or_ask(node.services, 1)
    assert (point is not None, asked) == (True, False)


def test_another_command_that_works_is_named(node: Node) -> None:  # noqa: F811
    node.services.issue(roster(2), "r.csv")
    with Lease(node.services.store, "node anchor").kept(), pytest.raises(LeaseHeld, match="node anchor"):
        seal_or_ask(node.services, 1)
    assert not seal_requested(node.services.store)


def test_admins_take_turns_and_do_not_hold_up_the_node(node: Node) -> None:  # noqa: F811
    store = node.services.store
    with Lease(store, "node keys add", fact=ADMIN_LEASE).kept():
        assert Lease(store, "node run").take() is None
        with pytest.raises(LeaseHeld, match="node keys add"), Lease(store, "node accredit", fact=ADMIN_LEASE).kept():
            pass
