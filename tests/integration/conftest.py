"""The sender on each chain that can be driven block by block, and a chain to which institutions publish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from rootseal.canonical import dumps
from tests.support.devchain import running_chain
from tests.support.drivers import DRIVEN, FakeDriver, driver
from tests.support.fake_node import FakeNode, fake_node
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program
from tests.support.sending import LEFT_OUT, Scene, prepared
from tests.support.updating import Holder


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


@pytest.fixture(scope="module")
def institution(publisher: ChainPublisher) -> Institution:
    institution = publisher.register()
    for learner in ("Ana Novak", "Bor Kos", "Cene Zupan"):
        institution.issue(learner)
    institution.seal()
    institution.publish()
    return institution


@pytest.fixture
def no_policy_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def node(institution: Institution) -> Iterator[FakeNode]:
    with fake_node() as running:
        for index, file in enumerate(institution.sealed):
            running.say(f"/v1/proofs/{file.commitment.hex()}", institution.proof_answer(index))
        running.say("/v1/issuer", dumps(institution.document))
        yield running


@pytest.fixture
def holder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], institution: Institution, publisher: ChainPublisher
) -> Holder:
    path = tmp_path / "held" / "a.credential.json"
    path.parent.mkdir()
    policy = publisher.policy(institution.home, publisher.url)
    return Holder(path, Program(capsys), institution.sealed[0], publisher.url, policy)
