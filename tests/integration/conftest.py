"""The sender on each chain that can be driven block by block, and a chain to which institutions publish."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anchor.web3_chain import open_chain
from tests.support.devchain import running_chain
from tests.support.drivers import DRIVEN, FakeDriver, driver
from tests.support.issued import ChainPublisher
from tests.support.sending import LEFT_OUT, Scene, prepared


@pytest.fixture(params=DRIVEN)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with driver(request.param, LEFT_OUT) as drive:
        yield prepared(drive)


@pytest.fixture
def fake() -> Scene:
    return prepared(FakeDriver())


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainPublisher]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        publisher = ChainPublisher(open_chain(chain.url))
        publisher.url = chain.url
        yield publisher
