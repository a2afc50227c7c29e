"""The sender on each chain that can be driven block by block."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.drivers import DRIVEN, FakeDriver, driver
from tests.support.sending import LEFT_OUT, Scene, prepared


@pytest.fixture(params=DRIVEN)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with driver(request.param, LEFT_OUT) as drive:
        yield prepared(drive)


@pytest.fixture
def fake() -> Scene:
    return prepared(FakeDriver())
