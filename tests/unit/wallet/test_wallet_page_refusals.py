"""Every refusal that can be brought about at the wallet's page, in German and Slovene: no English sentence is left."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from rootseal.canonical import MAX_BYTES
from tests.support.fake_node import fake_node
from tests.support.wallet_learner import SECRET, Learner, commitment
from tests.support.wallet_mishaps import (
    LOCK,
    MOVED,
    NOWHERE,
    Scene,
    addresses,
    backup_with,
    left_behind,
    lost_record,
    moved,
    other_file,
    published,
    retold,
    seventeen,
    shown_alone,
    spoiled,
    spoiled_words,
    stale,
    start,
    stranger,
    taken_meanwhile,
    too_many,
    two_copies,
    unbound,
    unread_record,
    without_key_address,
)
from tests.support.wallet_sentences import phrases, said_below, said_by_the_page
from wallet.page.speaking import TRANSLATIONS

pytestmark = pytest.mark.usefixtures("cheap")
_PLACEHOLDER = re.compile(r"\{\w+\}")


@pytest.fixture
def scene(learner: Learner, tmp_path: Path) -> Iterator[Scene]:
    learner.box.keep(learner.institution.sealed[0])
    with fake_node() as node:
        yield Scene(learner, node, tmp_path)


CASES: dict[str, Callable[[Scene], str]] = {
    # what is received
    "is larger than {size} MiB, and no credential is": lambda s: s.at.upload_large(2 << 20).text,
    "does not fit: this is another file than a credential's, or it was damaged or altered on the way. Get it again "
    "from whoever gave it to you": lambda s: s.receive(s.held.to_bytes()[:900]) + s.receive(b"\xff") + s.receive(b"{}"),
    "is a presentation, which hides parts; only complete credentials (*.credential.json) can be kept":
        lambda s: s.receive(shown_alone(s)),
    "it describes a publication otherwise than what is here": lambda s: retold(s, sequence=7),
    "are more than {most} at once": too_many,
    "choose at least one file, or give a link": lambda s: s.at.post("/receive", 422),
    # claim links
    "is no web address": lambda s: s.link("https://[claim"),
    "must look like https://registrar.example/claim#…; copy it whole from the mail": lambda s: s.link("somewhere"),
    "must begin with https://: the secret in it must not travel readable":
        lambda s: s.link("http://registrar.example/claim#" + "A" * 43),
    "is incomplete: 43 characters must stand after the #. Copy it whole from the mail":
        lambda s: s.link("https://registrar.example/claim#A"),
    "{address} could not be reached: {why}": lambda s: s.link(f"{NOWHERE}/claim#{'A' * 43}", 200),
    "nothing listens there (connection refused)": lambda s: s.link(f"{NOWHERE}/claim#{'A' * 43}", 200),
    "answered with status {status}": lambda s: s.fetch(500, b"oops"),
    "this link is not known there; ask the office that awarded your credential for a new one":
        lambda s: stale(s, "unknown"),
    "this link was used already, and each can be used once; ask the office that awarded your credential for a new one":
        lambda s: stale(s, "used"),
    "this link has expired, your credential has not; ask the office that awarded your credential for a new link":
        lambda s: stale(s, "expired"),
    "this credential is not handed out any more; ask the office that awarded it": lambda s: stale(s, "gone"),
    "{address} answered with more than {size} bytes": lambda s: s.fetch(200, b" " * (MAX_BYTES + 2)),
    "{address} says that there are {count} copies; at most {most} are fetched":
        lambda s: s.fetch(200, s.held.to_bytes(), **{"Rootseal-Copies": "9999"}),
    # backups and words
    "choose the file of a backup": lambda s: start(s.fresh(), "/restore", passphrase=LOCK),
    "does not open: the passphrase is another one, or the file was altered or is not complete":
        lambda s: s.restore(s.backup(), "another"),
    "is no backup of a wallet, or only a part of one": lambda s: s.restore(s.backup()[:-100]),
    "is no backup of format {format}; a newer version of rootseal may have made it":
        lambda s: s.restore(backup_with(s, format="rootseal/backup/2")),
    "holds {file}, which is not of this backup; choose a new folder": left_behind,
    "holds a wallet already; nothing was changed": lambda s: s.at.get("/start", 422),
    "is no file of a wallet; move it to another place, then make the backup": other_file,
    "was typed differently the second time": lambda s: s.at.post("/backup", 422, passphrase=LOCK, again="x"),
    "must have at least {count} characters; four words that do not belong together are good":
        lambda s: s.at.post("/backup", 422, passphrase="x", again="x"),
    "there must be {count} of them, and these are {found}": lambda s: s.words("abandon"),
    "number {places} is not in the list of words: look for a slip": lambda s: s.words("abandon " * 23 + "zzz"),
    "do not belong together: two may be swapped, or one be another word of the list":
        lambda s: s.words("abandon " * 24),
    # what is chosen and signed
    "choose at least one": lambda s: s.at.get("/present", 422),
    "names no credential in this wallet; `rootseal wallet list` shows the ids":
        lambda s: s.at.get("/credential/ffff", 422),
    "names a second copy of one credential: one file would link the two for ever": two_copies,
    "has two parts, who asked and their word: give both, or neither": lambda s: s.preview(audience="A"),
    "counts for a time that is not offered": lambda s: s.preview(audience="A", nonce="n", life="5"),
    "must be 1 to 1,024 printable characters, exactly as the verifier gave it":
        lambda s: s.preview(who="B", audience="A\u202e", nonce="n"),
    "cannot be answered: a credential was issued to no key. Leave it out.": unbound,
    "is missing, is too long, or has characters that cannot be seen":
        lambda s: s.preview(who="A" * 2000) + addresses(s, issuer="a\u202eb"),
    "is needed to sign": lambda s: s.sign(passphrase=""),
    "the time of this answer is over; go back and make it anew": lambda s: s.sign(created="5"),
    "the passphrase is wrong, or the file was altered": lambda s: s.sign(passphrase="wrong"),
    "one is missing, or is none: sign again":
        lambda s: s.sign(**{f"signature-0x{s.at.signer.address.hex()}": "signed"}),
    "does not hold the key of the address that the credential was issued to, so it cannot sign for it":
        lambda s: stranger(s, passphrase=SECRET),
    "another one was chosen meanwhile; look at it, then make it": taken_meanwhile,
    # the wallet's own files
    "does not state its address": without_key_address,
    "is not a keystore of version 3":
        lambda s: spoiled(s, "keystore.json", f'{{"address":"{s.at.signer.address.hex()}"}}'),
    "is damaged or cannot be read; restore the wallet from a backup or from its words":
        lambda s: spoiled(s, "keystore.json", f'{{"version":3,"address":"{s.at.signer.address.hex()}","crypto":7}}'),
    "is damaged; restore the wallet from a backup or the words":
        lambda s: spoiled_words(s, "seed.json", lambda text: text[:-1]),
    "is not of format {format}":
        lambda s: spoiled_words(s, "seed.json", lambda text: text.replace("rootseal/seed/1", "rootseal/seed/2")),
    "is wrong, or the wallet's file was altered": lambda s: spoiled_words(s, "seed.json", lambda text: text),
    "is damaged ({why}); make the wallet anew with your words: rootseal wallet restore-words":
        lambda s: spoiled_words(s, "accounts.json", lambda text: text[:-1]),
    "is damaged ({why}), and nothing else says which copy was shown to whom. Bring it back from a backup of the "
    "wallet. Without one, move it to another place: every copy then counts as shown to nobody, so that one may be "
    "shown to a second person": unread_record,
    "it is not as a wallet writes it": unread_record,
    "the file was altered: its name and its content do not belong together":
        lambda s: s.damaged(s.held.to_bytes().decode()),
    "a presentation holds 1 to {most} credentials": seventeen,
    "cannot be read: {why}": lost_record,
    "your policy does not list its ledger, so no credits contract is known": lambda s: s.at.get("/credits"),
    # addresses
    "must be a number, such as 1": lambda s: addresses(s, issuer="A", copies="x"),
    "must be 1 to {most}": lambda s: addresses(s, issuer="A", copies="65"),
    "this wallet has one key and one address; a wallet made with recovery words has one for each issuer":
        lambda s: s.at.post("/addresses", 422, issuer="A"),
    # updates
    "name the issuer's node (--from URL), a node of the chain (--rpc URL), or both":
        lambda s: s.at.post("/update", 422, id=commitment(s.held), node=""),
    "must be an address such as https://registrar.example":
        lambda s: s.at.post("/update", 422, id=commitment(s.held), node="registrar"),
    "{node} does not know this credential": lambda s: s.update(404),
    "{node} answered with HTTP {status}": lambda s: s.update(500),
    "The issuer has accepted it and not published it yet.": lambda s: s.update(202),
    "not published yet as far as could be found.": lambda s: s.update(202),
    "nothing new": lambda s: s.update(202),
    "Nothing was changed: {reason}": lambda s: s.update(404),
    "{address} points elsewhere ({target}), which is not followed": lambda s: s.update(302, **MOVED),
    "{node} gave no usable answer: {why}": lambda s: s.update(200, b"<html>"),
    "it is not what an issuer's node answers": lambda s: s.update(200, b"<html>"),
    "{node} answered about another credential": lambda s: s.update(200, s.proofs(commitment="00" * 32)),
    "it claims place {theirs} of the log, but what is here proves place {ours}": moved,
    "the issuer's node says it is published in anchor {anchor}": lambda s: s.update(200, published(s)),
    "name a chain (--rpc, or a policy with one) so that this can be checked before it is written; nothing was changed":
        lambda s: s.update(200, published(s)),
}  # fmt: skip


def visible(text: str) -> str:
    """What stands on the page, in one line."""
    main = text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def pieces(sentence: str) -> list[str]:
    """What stands between the placeholders, where it is long enough to be known again."""
    return [part for part in (piece.strip(" .;:") for piece in _PLACEHOLDER.split(sentence)) if len(part) > 9]


@cache
def english() -> list[str]:
    """Of every sentence of the catalogue, in which nothing of another language can be mistaken for it."""
    said = said_by_the_page() | phrases() | said_below()
    return sorted({piece for sentence in said for piece in pieces(sentence) if " " in piece})


@pytest.mark.parametrize("language", ["de", "sl"])
@pytest.mark.parametrize("sentence", list(CASES))
def test_no_english_is_left(scene: Scene, sentence: str, language: str) -> None:
    scene.at.get(f"/?language={language}")
    text = visible(CASES[sentence](scene))
    for piece in pieces(TRANSLATIONS[language][sentence]) or [TRANSLATIONS[language][sentence]]:
        assert " ".join(piece.split()) in text, text
    left = [piece for piece in english() if piece in text]
    assert left == [], text


# What only a chain brings about (tests/integration/test_wallet_update_page.py has some of it); that nothing of it is
# English then is shown of each sentence in test_wallet_page_languages.
WITH_A_CHAIN = ("chain_check.py", "credits.py", "issuer_http.py", "merging.py", "settling.py", "updating.py")
# A full disk, a race, an accident of 2^-16, hundreds of MiB, or what the page cannot ask for.
REST = {
    "another program showed one of these copies to somebody meanwhile; do it once more",
    "cannot be made: {folder} is no folder that you may write to", "cannot be made: {why}", "cannot be opened: {why}",
    "cannot be written: {why}", "credential {number} was issued to no address, so nobody can sign for it",
    "holds a file whose name no wallet writes", "holds more than the {size} MiB of one backup; copy the folder",
    "holds {most} entries, and no more; move it to another place to begin anew",
    "is larger than {size} MiB: it is no backup of a wallet",
    "is needed to sign: the address that signs must be shown", "is neither a wallet nor an empty folder",
    "is no wallet; make one with: rootseal wallet init {folder}", "is not a file",
    "is not empty; choose a new folder for the wallet", "is there already; give the backup a new name",
    "its list of addresses is not that of its keys; make it anew with your words",
    "lies in the wallet itself; keep a backup in another place",
    "names several credentials, give more digits; `rootseal wallet list` shows the ids",
    "no address is left that was worked out ahead; add some with --more",
    "opens, but does not hold the files of a wallet", "the link was not tried",
    "was not written as it should be; the disk may be faulty: choose another one",
}  # fmt: skip


def test_every_phrase_was_brought_about_or_it_is_said_why_not() -> None:
    assert phrases() - set(CASES) - phrases(*WITH_A_CHAIN) == REST
