"""From the list of awards to the chain, a second ledger, and people with tokens."""

from __future__ import annotations

from anchor.ledger import ledger_abi
from tests.integration.every_command.story import Story, first_file
from tests.support.devchain import ROOT, running_chain

SAMPLES = ROOT / "node" / "samples"


def issue(story: Story, holder: str) -> list[str]:
    """The ids of what stays in the log, after a rehearsal, refusals and a withdrawal."""
    node, roster, empty = story.node, story.folder / "roster.csv", story.folder / "empty.csv"
    assert not story.run("node status", node)["sealed"]
    assert story.run("node templates list", node)["templates"] == []
    story.run("node templates add", node, SAMPLES / "microcredentials.json")
    for item in story.run("node templates list", node)["templates"]:
        story.run("node templates show", node, item["key"])
    story.run("node templates sample", node, "lab-safety", "-o", empty)
    rows = (SAMPLES / "roster-demo.csv").read_text(encoding="utf-8")
    roster.write_text(rows.replace("0x9531985d5d9dc9f81818e811892f902bd23f0824", holder) + "\n\n", encoding="utf-8")
    tried = story.run("node issue", node, roster, "--dry-run", code=1)
    assert tried["sample"]
    assert tried["refused"]
    ids = [row["id"] for row in story.run("node issue", node, roster, code=1)["issued"]]
    assert len(story.run("node issue", node, roster, code=1)["already"]) == len(ids)
    assert story.run("node show", node, ids[-1])["standing"] == "accepted"
    story.run("node withdraw", node, ids.pop())
    story.run("node status", node)
    return ids


def anchor(story: Story, issued: list[str]) -> None:
    """Sealed, exported early, anchored and brought up to date."""
    node = story.node
    assert story.run("node anchor", node)["checkpoint"] is None
    story.run("node seal", node)
    assert story.run("node seal", node)["checkpoint"] is None
    story.run("node export", node, "--all", "-o", story.files)
    early = story.folder / "early.credential.json"
    early.write_bytes(first_file(story, issued).read_bytes())
    story.run("wallet receive", story.wallet, early)
    story.run("update", early, "--rpc", story.chain.url, "--policy", story.policy, code=3)
    assert story.run("node anchor", node)["anchor"]
    story.run("node update", node, "-o", story.files)
    story.run("wallet update", story.wallet, "--rpc", "http://127.0.0.1:9", "--policy", story.policy, code=3)
    assert story.run("node export-log", node, story.folder / "log")["before"] == 0


def witness(story: Story) -> None:
    """The same log on Anvil; and the published log read back, which has nothing new."""
    node, folder = story.node, story.folder / "anvil"
    folder.mkdir()
    with running_chain("anvil", folder, state=False) as other:
        bank = other.rpc("eth_accounts")[0]
        deployment = {"from": bank, "data": "0x" + ledger_abi().bytecode.hex(), "gas": hex(8_000_000)}
        receipt = None
        sent = other.rpc("eth_sendTransaction", deployment)
        while receipt is None:
            receipt = other.rpc("eth_getTransactionReceipt", sent)
        there = ("--chain-url", other.url, "--ledger", receipt["contractAddress"].lower())
        address = story.run("node keys list", node)["keys"][0]["address"]
        assert story.run("node ledgers add", node, *there, "--register", "--admin", address, code=3)["calls"]
        added = story.run("node ledgers add", node, *there, "--register")
        assert story.run("node ledgers anchor", node, "--timeout", "60")["ledgers"][0]["anchored"] > 0
        assert story.run("node status", node)["ledgers"]
    assert story.run("node ledgers anchor", node, "--timeout", "0", code=3)["ledgers"][0]["problem"]
    assert story.run("node ledgers list", node, code=3)["ledgers"][0]["number"] == added["number"]
    story.run("node ledgers remove", node, added["number"])
    done = story.run("node recover", node, "--log", story.folder / "log", "--dry-run")
    assert (done["byCommitment"], done["before"]) == (0, done["size"])


def people(story: Story) -> None:
    """Tokens, a second approver for a while, and what the keys need offline."""
    node, settings = story.node, story.node / "node.toml"
    ada, lin = story.folder / "ada.token", story.folder / "lin.token"
    story.run("node token add", node, "--person", "Ada", "--role", "issue", "-o", ada)
    made = story.run("node token add", node, "--person", "Lin", "--role", "approve", "--expires", "2100-01-01")
    lin.write_text(made["token"])
    assert story.run("node templates department", node, "lab-safety", "Chemistry")["department"] == "chemistry"
    assert story.run("node templates department", node, "lab-safety", "--none")["department"] is None
    plain = settings.read_text()
    settings.write_text(plain.replace("second_approver = false", "second_approver = true"))
    story.fail("node", "issue", node, story.folder / "roster.csv", code=1, kind="denied")
    head, *rows = (SAMPLES / "roster-demo.csv").read_text(encoding="utf-8").splitlines()
    for number in (1, 2):
        (story.folder / "more.csv").write_text(f"{head}\n{rows[0].replace('2026', f'201{number}')}\n", encoding="utf-8")
        story.run("node issue", node, story.folder / "more.csv", "--token-file", ada)
    waiting = story.run("node waiting", node)["submissions"]
    assert [len(item["rows"]) for item in waiting] == [1, 1]
    first, second = (item["id"] for item in waiting)
    approved = story.run("node approve", node, first, "--token-file", lin)
    assert approved["state"] == "approved"
    story.run("node withdraw", node, approved["preview"])
    assert story.run("node reject", node, second, "--reason", "twice")["withdrawn"] == 1
    settings.write_text(plain)
    assert len(story.run("node token list", node)["tokens"]) == 2
    assert not story.run("node token revoke", node, made["id"])["valid"]
    story.run("node recovery-sheet", node, "--with-encrypted-keys", "-o", story.folder / "sheet.html")
    (story.folder / "typed.txt").write_text((node / "admin-key.json").read_text())
    story.run("node keys restore", node, "--from", story.folder / "typed.txt", "--to", "admin-key.json")
    (story.folder / "new.txt").write_text("correct horse battery\n")
    story.run("node keys passphrase", node, "--new-passphrase-file", story.folder / "new.txt")
