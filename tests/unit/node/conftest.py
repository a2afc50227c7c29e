"""A registered node on the fake chain, for every test here that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from node.access import Access, Role
from node.app import create_app
from node.services import Services
from tests.support.api_caller import Caller, ServedClient
from tests.support.fake_chain import FakeChain
from tests.unit.node.nodes import Clock, make_node, open_node


@dataclass
class Node:
    """Directory, chain, clock and the open services."""

    directory: Path
    chain: FakeChain
    clock: Clock
    services: Services

    def reopened(self) -> Services:
        """The services as a new process would open them."""
        self.services.close()
        self.services = open_node(self.directory, self.chain, self.clock)
        return self.services


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    clock = Clock()
    chain = make_node(tmp_path / "node")
    made = Node(tmp_path / "node", chain, clock, open_node(tmp_path / "node", chain, clock))
    yield made
    made.services.close()


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credential is made of what was taken in because it is quiet."""
    monkeypatch.setattr("node.store.group_commit._QUIET_SECONDS", 1e6)


@pytest.fixture
def app(node: Node) -> Flask:
    """Its web application."""
    return create_app(node.services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor."""
    return app.test_client()


@pytest.fixture
def person(node: Node) -> Iterator[Callable[..., Caller]]:
    """Makes people with tokens; without roles with all of them."""
    access, client = Access(node.services.store, node.clock), ServedClient(node.services)

    def make(*roles: Role, departments: tuple[str, ...] = (), name: str = "Petra") -> Caller:
        token = access.add(name, roles or tuple(Role), departments).text
        access.authenticate(token)  # the first use of a day is written down by the ordinary routes
        return Caller(client, token)

    yield make
    client.close()


@pytest.fixture
def petra(person: Callable[..., Caller]) -> Caller:
    """Who may do everything."""
    return person()


@pytest.fixture
def token(node: Node) -> Callable[..., str]:
    """Makes tokens; without roles with all of them."""
    access = Access(node.services.store, node.clock)

    def make(*roles: Role, name: str = "Petra", departments: tuple[str, ...] = ()) -> str:
        return access.add(name, roles or tuple(Role), departments).text

    return make
