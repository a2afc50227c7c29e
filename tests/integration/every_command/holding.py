"""What a learner does: keep, show, link, print, claim credits, ask for reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from werkzeug.serving import make_server

from node.app import create_app
from node.services import Services
from tests.integration.every_command.story import Story
from tests.support.copies import issue_copies
from tests.support.issued import paper_institution
from tests.support.serving import serving
from wallet.box import Box


def show_copies(story: Story) -> None:
    """A credential in two copies: each verifier gets one of its own."""
    box = Box.create(story.folder / "wallet of copies")
    for file in issue_copies(paper_institution(), [bytes([number]) * 20 for number in (1, 2)]):
        box.keep(file)
    (held,) = story.run("wallet list", box.directory)["credentials"]
    assert [copy["shown"] for copy in held["copies"]] == [[], []]
    show = ("wallet present", box.directory, held["shortId"], "--disclose", "title", "--for")
    assert story.run(*show, "Example Ltd", "--dry-run")["dryRun"]
    out = ("-o", story.folder / "copy.presentation.json", "--force")
    left = [story.run(*show, who, *out)["credentials"][0]["copy"]["left"] for who in ("Example Ltd", "Other")]
    assert left == [1, 0] and story.run(*show, "Third", "--reuse", *out)["credentials"][0]["copy"]["seenBy"]
    story.fail(*show, "Fourth", *out, code=1, kind="verification")
    story.fail(*show[:-1], *out, code=2, kind="input")


def hold_and_show(story: Story) -> None:
    """Received, shown, printed, backed up and restored."""
    wallet, stray = story.wallet, story.folder / "notes.txt"
    stray.write_text("not a credential")
    story.run("wallet list", wallet)
    files = sorted(story.files.glob("*.credential.json"))
    story.run("wallet receive", wallet, *files, stray, code=1)
    held = story.run("wallet list", wallet)["credentials"]
    assert len(held) == len(files)
    mine = next(item["id"] for item in held if item["holder"] == story.run("wallet address", wallet)["address"])
    asked = ("--audience", "Example Ltd", "--nonce", "8c1f02", "--passphrase-file", story.secret)
    shown = story.run(
        "wallet present", wallet, mine, "--disclose", "title", *asked, "-o", story.folder / "p.presentation.json"
    )
    assert shown["signatures"] == 1
    story.run("wallet present", wallet, mine, "--disclose", "grade", "-o", story.folder / "plain.presentation.json")
    shown_file = story.folder / "plain.presentation.json"
    story.run("wallet pdf", shown_file, "-o", story.folder / "certificate.pdf")
    assert len(story.run("wallet qr", shown_file, "-o", story.folder / "code.png")["files"]) > 1
    leave(story, shown_file)
    copy, key = story.folder / "wallet.backup", ("--passphrase-file", story.secret)
    assert story.run("wallet backup", wallet, "-o", copy, *key)["credentials"] == len(files)
    assert story.run("wallet restore", story.folder / "wallet again", copy, *key)["credentials"] == len(files)
    spare, words = story.folder / "wallet of words", ("--words-file", story.folder / "words.txt")
    first = story.run("wallet init", spare, *words, *key)["address"]
    assert story.run("wallet addresses", spare, "--issuer", "Uni")["given"] != first
    assert len(story.run("wallet addresses", spare, "--issuer", "Uni", "--copies", 4)["givenCopies"]) == 4
    show_copies(story)
    assert story.run("wallet restore-words", story.folder / "wallet anew", *words, *key)["address"] == first
    credit(story)
    next(path for path in wallet.rglob("*.credential.json")).write_text("{}")
    assert any(item["state"] == "damaged" for item in story.run("wallet list", wallet, code=1)["credentials"])


def leave(story: Story, file: Path) -> None:
    """With a node that keeps locked files, and with one that does not."""
    with Services.open(story.node) as opened:
        for on in (True, False):
            services = Services(opened.directory, replace(opened.config, share_links=on), opened.store)
            server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
            with serving(server) as url:
                words = (file, "--node", url)
                if on:
                    assert "/shared#" in story.run("wallet link", *words)["link"]
                else:
                    assert story.program("wallet", "link", *words).code == 1


def credit(story: Story) -> None:
    """Claimed by the institution, recognised by it too, and issued anew; and why something was revoked."""
    node, wallet = story.node, story.wallet
    own = story.run("wallet address", wallet)["address"]
    held = story.run("wallet list", wallet)["credentials"]
    mine = next(item for item in held if item["holder"] == own and item["credits"])
    story.run("node credits deploy", node, "--dry-run")
    story.run("node credits deploy", node)
    consent, broken = story.folder / "a.claim.json", story.folder / "broken.claim.json"
    broken.write_text("{}")
    signing = ("--policy", story.policy, "--passphrase-file", story.secret)
    story.run("wallet claim", wallet, mine["id"], "-o", consent, *signing)
    story.run("node credits submit", node, consent, broken, code=1)
    story.run("wallet claim", wallet, mine["id"], "--send", "--rpc", story.chain.url, *signing, "--dry-run")
    story.run("node anchor", node)
    number, transfer = story.run("node status", node)["home"]["issuer"], story.folder / "t.redemption.json"
    story.run("wallet redeem", wallet, mine["id"], "--receiver", number, "--award", "A", "-o", transfer, *signing)
    story.run("node credits redeem", node, "--claim", transfer)
    assert story.run("node credits list", node)["acts"]
    assert story.run("wallet credits", wallet, "--policy", story.policy)["total"]["claimed"]
    story.run("wallet credits", wallet, code=3)
    desk = ("--holder", "0x" + "09" * 20, "--checked-by", "M. Novak", "--how", "passport", "--dry-run")
    entry = f"urn:uuid:{next(story.files.glob('*.credential.json')).name.partition('.')[0]}"
    assert story.run("node reissue", node, entry, *desk)["new"] is None
    story.run("node suspend", node, entry, "--note", "Fees")
    story.run("node reason", node, entry, "-o", story.folder / "reason.json")
    story.run("wallet reason", wallet, story.folder / "reason.json", "--policy", story.policy)
    story.run("node reinstate", node, entry)
    story.run("node anchor", node)
