"""What an update on the wallet's page says about a chain, in three languages: no sentence of another one is left."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.keys import Signer
from tests.support.fake_node import FakeNode
from tests.support.issued import ChainPublisher, Institution
from tests.support.updating import route, telling
from tests.support.wallet_learner import Learner, commitment
from wallet.box import Box
from wallet.page.app import create_page
from wallet.page.gate import Gate
from wallet.page.site import Site
from wallet.page.speaking import Speaker

pytestmark = pytest.mark.usefixtures("no_policy_of_ones_own")
NOBODY = "http://127.0.0.1:9"
every_language = pytest.mark.parametrize("language", ["en", "de", "sl"])


class Update:
    """A learner's page with the promise of one credential, and a chain to ask."""

    def __init__(self, folder: Path, institution: Institution, rpc: str, language: str) -> None:
        gate, box = Gate(), Box.create(folder / "box")
        self.file, _ = box.keep(institution.sealed[0])
        client = create_page(Site(box.directory, None, rpc), gate).test_client()
        self.at = Learner(client, gate, box, Signer(b"\x01" * 32), institution)
        self.at.enter()
        self.at.get(f"/?language={language}")

    def told(self, node: str) -> str:
        """The notice after an update, in one line."""
        text = self.at.post("/update", id=commitment(self.file.file), node=node)
        notice = text.partition('class="notice"')[2].partition("</div>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", notice.replace("&#39;", "'")).split())


@every_language
def test_a_chain_that_is_down_is_said(tmp_path: Path, institution: Institution, node: FakeNode, language: str) -> None:
    said, speak = Update(tmp_path, institution, NOBODY, language).told(""), Speaker(language)
    assert speak("the chain could not be asked: {reason}", reason="").strip() in said
    if language != "en":
        assert speak("no node of the chain gave an answer that can be used ({addresses})", addresses=NOBODY) in said
        assert "did not answer" not in said


@every_language
def test_a_false_account_is_said(tmp_path: Path, institution: Institution, publisher: ChainPublisher,
                                 node: FakeNode, language: str) -> None:  # fmt: skip
    proofs = institution.proofs(0)
    false = replace(proofs.anchors[0], evidence=None, sequence=7)
    node.say(route(institution), telling(institution, replace(proofs, anchors=(false,))))
    said, speak = Update(tmp_path, institution, publisher.url, language).told(node.url), Speaker(language)
    assert speak("it describes the publication in anchor {anchor} otherwise than the chain does", anchor=7) in said


@every_language
def test_up_to_date_is_said(
    tmp_path: Path, institution: Institution, publisher: ChainPublisher, node: FakeNode, language: str
) -> None:
    said, speak = Update(tmp_path, institution, publisher.url, language).told(node.url), Speaker(language)
    assert speak("Up to date: it holds its proof of publication, and the chain agrees.") in said
