"""Every `--json` and every HTTP answer fits its committed schema: one story of a node in which each command is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.every_command.governing import govern
from tests.integration.every_command.holding import hold_and_show
from tests.integration.every_command.issuing import anchor, issue, people, witness
from tests.integration.every_command.keeping import afterwards, hand_out, keep
from tests.integration.every_command.pages import pages
from tests.integration.every_command.story import Story
from tests.integration.every_command.verifying import verify
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.support.schemas import COMMANDS, validate
from tests.support.school import quick_keys


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as running:
        yield running


@pytest.fixture
def story(
    tmp_path: Path, chain: ChainProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Story:
    """A node that `node init` has just made, with keys that open quickly, and a policy of the verifier's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Story(Program(capsys), tmp_path, chain)
    made.secret.write_text("correct horse\n")
    quick_keys(made.node)
    made.run("node init", made.node, "--chain-url", chain.url, "--deploy", "--name", "Uni")
    return made


def test_every_command_prints_what_its_schema_says(story: Story) -> None:
    validate(story.chain.info, "chain")
    story.answered.add("rootseal chain")
    holder = story.run("wallet init", story.wallet, "--passphrase-file", story.secret)["address"]
    assert story.run("wallet address", story.wallet)["address"] == holder
    issued = issue(story, holder)
    assert pages(story) == {"proof-pending", "checkpoints", "issuer", "status", "health", "did"}
    anchor(story, issued)
    assert pages(story) >= {"proof", "checkpoints"}
    witness(story)
    people(story)
    hold_and_show(story)
    verify(story)
    hand_out(story, issued)
    afterwards(story, issued)
    keep(story, issued)
    govern(story, issued)
    errors(story)
    assert story.answered == set(COMMANDS)


def errors(story: Story) -> None:
    """Each kind of error, as an object on stderr."""
    story.fail("node", "status", story.folder / "nothing", code=2, kind="config")
    story.fail("node", "issue", story.node, code=2, kind="usage")
    story.fail("node", "withdraw", story.node, "urn:uuid:nothing", code=2, kind="input")
    story.fail("wallet", "address", story.folder / "nothing", code=2, kind="input")
    port = story.chain.url.rpartition(":")[2]
    story.fail("chain", "--engine", "embedded", "--port", port, code=2, kind="config")
    story.fail("prove", code=2, kind="usage")
    story.fail("update", story.folder / "notes.json", "--rpc", "http://127.0.0.1:9", code=2, kind="input")
