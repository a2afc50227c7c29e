"""The core's tests prove themselves offline: a socket that is opened during one of them is an error."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from tests.support.world import World


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to a network raises."""

    def refuse(*arguments: object, **options: object) -> NoReturn:
        raise AssertionError("the pure core and its tests use no network")

    for name in ("socket", "create_connection", "create_server", "socketpair", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.fixture(scope="session")
def world() -> World:
    """Thirteen entries in three anchors on a development chain."""
    return World()


@pytest.fixture(scope="session")
def real_world() -> World:
    """The same on a chain that is not for tests, so that no verdict says TEST."""
    return World(chain_id=100)


@pytest.fixture(scope="session")
def make_world() -> Iterator[Callable[..., World]]:
    """Any other world."""
    yield World
