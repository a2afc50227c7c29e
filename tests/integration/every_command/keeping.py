"""What the office does afterwards: hand out, revoke, audit, back up, copy and erase."""

from __future__ import annotations

from dataclasses import replace

from node.announcing import announce
from node.config import read_config, write_config
from node.services import Services
from tests.integration.every_command.story import Story
from tests.support.mail_server import mail_server


def hand_out(story: Story, issued: list[str]) -> None:
    """Mail to a real server, links, bounces, the ledger; webhooks to an address where nobody answers."""
    node, config = story.node, read_config(story.node)
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        write_config(node, replace(config, smtp_url=url, mail_from="r@uni.example"))
        assert story.run("node deliver", node, "--limit", 1, "--dry-run")["sample"]
        assert story.run("node deliver", node, "--limit", 1, "--only", issued[0])["handedOver"] == 1
    stray = story.folder / "stray.eml"
    stray.write_text("Subject: hello\n\nyou\n")
    assert story.run("node bounces", node, stray)["foreign"] == 1
    story.fail("node", "claim-link", node, issued[0], code=2, kind="config")
    write_config(node, replace(read_config(node), public_url="https://registrar.example"))
    assert story.run("node claim-link", node, issued[0])["link"].startswith("https://registrar.example/claim#")
    write_config(node, config)
    assert story.run("node delivered", node, issued[1], "--by-hand")["counted"]
    told = story.run("node deliveries", node, "--csv", story.folder / "deliveries.csv")
    assert told["total"]["delivered"] == 2
    hook = story.run("node webhook add", node, "http://127.0.0.1:9/", "--allow-private")["id"]
    assert story.run("node webhook list", node)["webhooks"]
    story.run("node webhook test", node, hook, code=3)
    with Services.open(node) as services:
        announce(services.store, "overdue", "checkpoint/0", {}, services.now)
    assert story.run("node errands", node, "--once", code=3)["webhooks"]["failed"] == 1
    assert story.run("node webhook log", node, hook)["deliveries"][0]["attempts"] == 1
    story.run("node webhook remove", node, hook)


def afterwards(story: Story, issued: list[str]) -> None:
    """Status, forecast, fsck, audit, and the way out."""
    node = story.node
    story.run("node revoke", node, issued[1], "--reason", "superseded")
    assert story.run("node revoke", node, issued[1])["already"]
    story.run("node suspend", node, issued[2])
    story.run("node anchor", node, "--wait", "sent")
    story.run("node anchor", node)
    story.run("node reinstate", node, issued[2])
    assert story.run("node status", node)["anchor"]
    story.run("node forecast", node, "--per-year", 500, "--batches", 12, "--gas-price", "12.5", "--coin-price", "0.4")
    story.run("node forecast", node, "--per-year", 0, "--batches", 0)
    story.run("node fsck", node, "--offline")
    story.run("node fsck", node, code=3)
    report = ("--out", story.folder / "report", "--log", story.folder / "log")
    ledger = story.run("node status", node)["home"]["ledger"]
    story.run("audit", "--rpc", story.chain.url, "--ledger", ledger, *report)
    state = ("--once", "--state", story.folder / "watch", "--log", story.folder / "log")
    story.run("audit watch", "--rpc", story.chain.url, "--ledger", ledger, *state, code=None)
    assert story.run("node exit-bundle", node, story.folder / "bundle", code=None)["files"] > 10
    story.run("doctor", node, code=None)
    story.run("doctor", "--file", story.folder / "plain.presentation.json")
    story.run("doctor", "--file", story.folder / "notes.txt", code=1)


def keep(story: Story, issued: list[str]) -> None:
    """Backup, copies and erasure."""
    node, listed_ids = story.node, story.folder / "suspend.csv"
    listed_ids.write_text(f"id\n{issued[3]}\nurn:uuid:nothing\n")
    assert story.run("node suspend", node, "--file", listed_ids, "--dry-run", code=1)["counts"]["refused"] == 1
    story.run("node backup", node, story.folder / "backup.tar")
    story.run("node restore", story.folder / "backup.tar", story.folder / "restored")
    assert len(story.run("node copies", node, issued[0])["copies"]) == 1
    held = story.run("node show", node, issued[0])["holder"]
    new = ("--holder", "0x" + "0b" * 20) if held else ()
    assert story.run("node copies", node, issued[0], "--add", 1, *new, "--dry-run")["added"] == []
    added = story.run("node copies", node, issued[0], "--add", 1, *new)["added"]
    assert story.run("node status", node)["copiesWaiting"] == 1
    assert story.run("node copies", node, issued[0], "--withdraw")["taken"] == added
    story.run("node erase", node, issued[4], "--dry-run")
    story.run("node erase", node, issued[4], code=None)
