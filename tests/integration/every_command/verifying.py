"""What an employer does: files, folders and archives, with a chain and without, and whom to trust."""

from __future__ import annotations

import zipfile

from tests.integration.every_command.story import Story


def verify(story: Story) -> None:
    """Presentations, bad files, offline, and the verifier's own policy."""
    plain, answered = story.folder / "plain.presentation.json", story.folder / "p.presentation.json"
    story.run("verify", plain, "--policy", story.policy)
    story.run("verify", plain, answered, code=3)
    story.run("verify", answered, "--policy", story.policy, "--audience", "Else", "--nonce", "1", code=1)
    (story.folder / "notes.json").write_text("{}")
    story.run("verify", story.folder / "notes.json", code=1)
    (story.folder / "applications").mkdir()
    (story.folder / "applications" / "plain.json").write_bytes(plain.read_bytes())
    (story.folder / "applications" / "letter.docx").write_text("Dear Sir")
    story.run("verify", story.folder / "applications", "--policy", story.policy, "--csv", story.folder / "table.csv")
    with zipfile.ZipFile(story.folder / "applications.zip", "w") as archive:
        archive.write(story.folder / "notes.json", "notes.json")
    story.run("verify", story.folder / "applications.zip", code=1)
    home = story.run("node status", story.node)["home"]
    where = ("--rpc", story.chain.url, "--ledger", f"{home['chain']}:{home['ledger']}", "--issuer", home["issuer"])
    made = story.run("snapshot", *where, "-o", story.folder / "snapshot.json", "--policy", story.policy)
    offline = ("--status", story.folder / "snapshot.json", "--block-hash", made["blockHash"])
    story.run("verify", plain, "--policy", story.policy, *offline, "--at", "2026-01-01", "--language", "sl", code=1)
    story.run("trust list")
    story.run("trust list", "--policy", story.policy)
    ledger = f"eip155:31338:0x{'05' * 20}"
    named = ("--issuer", "7=University", "--accreditor", f"0x{'06' * 20}=Agency", "--rpc", "https://node.example")
    story.run("trust add", ledger, *named, "--finality", "depth:12", "--genesis", "0x" + "07" * 32)
    story.run("trust remove", f"{ledger}/7")
