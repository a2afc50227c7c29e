"""What the admin and an accreditor do."""

from __future__ import annotations

import json
from pathlib import Path

from anchor.keys import create_keystore
from tests.integration.every_command.story import Story
from tests.support.school import quick_keys


def govern(story: Story, issued: list[str]) -> None:
    """What the admin does: rehearsed where that is enough, and unsigned where the key is elsewhere."""
    node, document = story.node, story.folder / "log" / "issuer.json"
    admin = "0x" + json.loads((node / "admin-key.json").read_text())["address"].removeprefix("0x")
    story.run("node publish", node, "--dry-run")
    story.run("node keys add", node, "--dry-run")
    waiting = story.run("node keys add", node, "--address", "0x" + "07" * 20, "--admin", admin, code=3)
    assert waiting["calls"]
    story.run("node keys retire", node, 0, "--dry-run")
    story.run("node accredit", node, 1, "--document", document, "--yes")
    story.run("node accredit", node, 1, "--withdraw", "--dry-run")
    look_up(story, document)
    story.run("node keys rotate", node, "--compromised-since", "2020-01-01", "--yes")
    assert len(story.run("node keys list", node)["keys"]) == 2
    assert story.run("node annul", node, issued[3], "--dry-run")["unaffected"]
    other, ledger = story.folder / "other", story.run("node status", node, code=None)["home"]["ledger"]
    quick_keys(other)
    number = story.run("node init", other, "--chain-url", story.chain.url, "--ledger", ledger, "--name", "B")["issuer"]
    story.run("node succeed", node, number, "--yes")
    story.run("node accept-succession", other, 1, "--dry-run")
    heir = create_keystore(story.folder / "heir.json", "correct horse", "pbkdf2", 2)
    story.run("node admin transfer", node, f"0x{heir.address.hex()}")
    signing = ("--key", story.folder / "heir.json", "--passphrase-file", story.secret)
    story.run("node admin accept", node, *signing, "--dry-run")


def look_up(story: Story, document: Path) -> None:
    """An issuer's history, and an accreditor with a keystore and no node."""
    home = story.run("node status", story.node, code=None)["home"]
    place, agency = f"{home['chain']}:{home['ledger']}/{home['issuer']}", story.folder / "agency.json"
    made = story.run("issuer new-key", agency, "--passphrase-file", story.secret)
    signing = ("--rpc", story.chain.url, "--key", agency, "--passphrase-file", story.secret)
    story.run("issuer accredit", place, *signing, "--document", document, "--until", "2100-01-01", "--yes")
    elsewhere = ("--rpc", story.chain.url, "--sender", made["address"])
    assert story.run("issuer withdraw", place, *elsewhere, code=3)["calls"]
    assert story.run("issuer show", place, "--policy", story.policy)["yourName"] == "Uni"
