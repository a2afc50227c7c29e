"""Copies on the wallet's page: who it is for, which copy goes to them, and what happens when none is left."""

from __future__ import annotations

import html
import re

import pytest

from rootseal.checks import Expected
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.support.copies import address, issue_copies
from tests.support.issued import paper_institution
from tests.support.wallet_learner import SECRET, Learner, made_file
from wallet.shown import read_record


class Copied:
    """Somebody at the page, with `count` copies of one credential and one that has none."""

    def __init__(self, at: Learner, count: int = 3, own: bool = False) -> None:
        self.at = at
        institution = paper_institution(("Bor Kos",))
        holders = [at.signer.address if own else address(number) for number in range(count)]
        self.files = issue_copies(institution, holders)
        for file in (*self.files, institution.file(0)):
            at.box.keep(file)
        self.single = institution.file(0).commitment.hex()
        self.id = self.files[0].commitment.hex()

    def preview(self, who: str = "", code: int = 200, **fields: object) -> str:
        chosen = {"id": self.id, "show": f"{self.id}:title", "who": who, **fields}
        return self.at.post("/preview", code, **chosen)

    def make(self, who: str, **fields: object) -> bytes:
        """Look, make what was looked at, download."""
        text = self.preview(who, **fields)
        return self.download(self.at.post("/presentation", **{**self.form(text), **fields}))

    def form(self, text: str) -> dict[str, list[str]]:
        """The hidden fields of the form that makes the file, as a browser sends them."""
        part = text[text.index("/presentation") :]
        part = part[: part.index("</form>")]
        found: dict[str, list[str]] = {}
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', part):
            if name not in ("csrf_token", "audience", "nonce", "life"):
                found.setdefault(name, []).append(html.unescape(value))
        return found

    def download(self, text: str) -> bytes:
        return self.at.client.get(self.at.gate.prefix + made_file(text)).data


def number_of(copied: Copied, data: bytes) -> int:
    shown = Presentation.from_bytes(data).credentials[0].open().commitment
    return 1 + [file.commitment for file in copied.files].index(shown)


@pytest.fixture
def copied(learner: Learner) -> Copied:
    return Copied(learner)


def test_the_list_has_the_credential_once_and_says_how_many(copied: Copied) -> None:
    text = copied.at.get("/")
    assert text.count("3 copies, 0 shown") == 1 and text.count('class="card"') == 2
    copied.make("Example Ltd")
    assert "3 copies, 1 shown" in copied.at.get("/")
    shown = copied.at.get(f"/credential/{copied.id}")
    assert "Example Ltd (20" in shown and shown.count("shown to nobody") == 2 and "Carries the credits" in shown


def test_each_person_gets_a_copy_and_is_told_which(copied: Copied) -> None:
    text = copied.preview("Example Ltd")
    assert "Copy 3 of 3, for Example Ltd." in text and "Copies left then that nobody saw: 2 of 3." in text
    assert not copied.at.box.shown.exists()  # looking spends nothing
    assert [number_of(copied, copied.make(who)) for who in ("Example Ltd", "Other", "example ltd")] == [3, 2, 3]
    assert "No copy is left then" in copied.preview("Third") and "carries the credits" in copied.preview("Third")


def test_the_name_of_the_file_tells_of_no_other_copy(copied: Copied) -> None:
    text = copied.at.post("/presentation", **copied.form(copied.preview("Example Ltd")))
    assert f"{copied.files[2].commitment.hex()[:12]}.presentation.json" in text
    assert copied.id[:12] not in text and "Copy 3 of 3, for Example Ltd." in text


def test_nobody_named_is_asked_for_and_the_choice_is_kept(copied: Copied) -> None:
    text = copied.preview("", 422)
    assert "Say who it is for" in text and 'role="alert"' in text
    assert f'value="{copied.id}:title" checked' in text and 'id="who"' in text


def test_whoever_asks_is_whom_it_is_for(learner: Learner) -> None:
    own = Copied(learner, 2, own=True)
    asked = {"audience": "Example Ltd", "nonce": "8c1f", "life": "3600"}
    data = own.make("", **asked, passphrase=SECRET)
    now = Presentation.from_bytes(data).holder.created  # type: ignore[union-attr]
    check = verify(data, now=now, expected=Expected("Example Ltd", "8c1f")).credentials[0].checks[7]
    assert check.outcome == "pass", check.reason
    assert [one.who for one in read_record(own.at.box).showings] == ["Example Ltd"]
    assert "same address" in own.preview("Other", audience="Other", nonce="n")


def test_a_wrong_passphrase_spends_nothing(learner: Learner) -> None:
    own = Copied(learner, 2, own=True)
    asked = {"audience": "Example Ltd", "nonce": "8c1f", "life": "3600"}
    form = own.form(own.preview("", **asked))
    assert "passphrase is wrong" in own.at.post("/presentation", 422, **form, **asked, passphrase="another")
    assert not own.at.box.shown.exists()


def test_when_none_is_left_it_says_who_saw_which_and_offers_reuse(copied: Copied) -> None:
    for who in ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH"):
        copied.make(who)
    text = copied.preview("Elm plc", 422)
    assert "Somebody saw each copy" in text and 'name="reuse"' in text and 'value="Elm plc"' in text
    for row in ("Copy 3: Ayanda Ltd (20", "Copy 2: Bor d.o.o. (20", "Copy 1: Cleo GmbH (20"):
        assert row in text
    assert 'list="known"' in text and '<option value="Bor d.o.o.">' in text
    again = copied.preview("Elm plc", reuse="yes")
    assert "Shown to Ayanda Ltd too" in again
    assert number_of(copied, copied.make("Elm plc", reuse="yes")) == 3
    assert 'name="reuse"' not in copied.at.get(f"/present?id={copied.id}&preset=title")


def test_what_is_made_is_what_was_looked_at(copied: Copied) -> None:
    form = copied.form(copied.preview("Example Ltd"))
    copied.make("Quicker Ltd")
    text = copied.at.post("/presentation", 422, **form)
    assert "another one was chosen meanwhile" in text and "Copy 2 of 3, for Example Ltd." in text
    assert [one.who for one in read_record(copied.at.box).showings] == ["Quicker Ltd"]
    without = {name: value for name, value in form.items() if name != "copy"}
    assert "another one was chosen" in copied.at.post("/presentation", 422, **without)


def test_credits_are_shown_with_the_copy_that_carries_them(copied: Copied) -> None:
    assert "Copy 1 of 3, for Example Ltd." in copied.preview("Example Ltd", subject="yes")
    assert number_of(copied, copied.make("Example Ltd", subject="yes")) == 1
    assert "the copy that carries the credits" in copied.preview("Other", 422, subject="yes")


def test_a_credential_without_copies_needs_no_name(copied: Copied) -> None:
    fields = {"id": copied.single, "show": f"{copied.single}:title"}
    text = copied.at.post("/presentation", **fields)
    assert "Copy" not in text
    copied.at.post("/presentation", **fields, who="Example Ltd")
    assert [one.who for one in read_record(copied.at.box).showings] == ["?", "Example Ltd"]
    assert "Example Ltd (20" in copied.at.get(f"/credential/{copied.single}")


@pytest.mark.parametrize("who", ["a\x00b", "\x1b[2J", "a\u202eb", "A" * 10_000])
def test_a_hostile_name_is_refused(copied: Copied, who: str) -> None:
    text = copied.preview(who, 422)
    assert "whom it is for: " in text and not copied.at.box.shown.exists()
    assert "\u202e" not in text and "\x1b" not in text


def test_a_name_of_html_is_shown_as_text(copied: Copied) -> None:
    copied.make("<script>alert(1)</script>")
    for text in (copied.at.get(f"/credential/{copied.id}"), copied.at.get(f"/present?id={copied.id}&preset=title")):
        assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_a_damaged_record_is_told_and_shows_the_box(copied: Copied) -> None:
    copied.at.box.shown.write_text("{")
    text = copied.at.get("/")
    assert "The record of who saw which copy cannot be read" in text and "3 copies" in text
    assert "backup" in copied.preview("Example Ltd", 422)
    assert copied.at.box.shown.read_text() == "{"


def test_update_reaches_all_copies(copied: Copied) -> None:
    text = copied.at.post("/update", id=copied.id, node="http://127.0.0.1:9")
    assert len(set(re.findall(r"\b([0-9a-f]{12}): ", text))) == 3
