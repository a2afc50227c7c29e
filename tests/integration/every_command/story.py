"""Runs commands with `--json` and holds what each prints against the schema of its format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.devchain import ChainProcess
from tests.support.program import Program
from tests.support.schemas import COMMANDS, validate


class Story:
    """A node, a wallet and files below `folder`, on `chain`; what was run stands in `answered`."""

    def __init__(self, program: Program, folder: Path, chain: ChainProcess) -> None:
        self.program, self.folder, self.chain = program, folder, chain
        self.node, self.wallet, self.files = folder / "node", folder / "wallet", folder / "files"
        self.secret = folder / "passphrase"
        self.policy = self.node / "policy.toml"
        self.answered: set[str] = set()

    def run(self, words: str, *arguments: object, code: int | None = 0) -> Any:
        """The first object; every object must be of a format that is listed for `words`. `code` None: any."""
        run = self.program(*words.split(), *arguments, "--json")
        assert code is None or run.code == code, (words, run)
        objects = [json.loads(run.out)] if words == "audit" else run.objects
        assert objects, run.err
        for value in objects:
            assert isinstance(value, dict)
            form = value["format"].removeprefix("rootseal/").removesuffix("/1")
            assert form in COMMANDS[f"rootseal {words}"].formats
            validate(value, form)
        assert run.out.isascii() or words == "audit"
        self.answered.add(f"rootseal {words}")
        return objects[0]

    def fail(self, words: str, *arguments: object, code: int, kind: str) -> None:
        """An error object on stderr and nothing on stdout."""
        run = self.program(*words.split(), *arguments, "--json")
        assert (run.code, run.out) == (code, ""), run
        value = json.loads(run.err.splitlines()[-1])
        validate(value, "error")
        assert (value["kind"], value["exit"]) == (kind, code)


def first_file(story: Story, issued: list[str]) -> Path:
    """The exported file of the first award."""
    return story.files / f"{issued[0].removeprefix('urn:uuid:')}.credential.json"
