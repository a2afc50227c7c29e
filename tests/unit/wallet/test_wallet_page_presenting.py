"""Presenting on the wallet's page: what is previewed is what is shown, signed, and handed out."""

from __future__ import annotations

import json
import re

import pytest

from rootseal.checks import Expected
from rootseal.opening import open_file
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.support.wallet_learner import SECRET, Learner, commitment, made_file, upload


def present(learner: Learner, preset: str = "title", **fields: object) -> str:
    """Receive, choose a preset, look, make; the page that follows."""
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    chosen = learner.get(f"/present?id={mine}&preset={preset}")
    shown = re.findall(r'name="show" value="([^"]+)" checked', chosen)
    assert shown
    return learner.post("/presentation", id=mine, show=shown, **fields)


@pytest.mark.parametrize("preset", ["title", "grade", "credits", "learner", "all"])
def test_the_preview_is_exactly_what_the_file_shows(learner: Learner, preset: str) -> None:
    data = learner.client.get(learner.gate.prefix + made_file(present(learner, preset))).data
    opened = open_file(data).credentials[0]
    mine = commitment(learner.institution.file(0))
    shown = re.findall(r'name="show" value="([^"]+)" checked', learner.get(f"/present?id={mine}&preset={preset}"))
    text = learner.post("/preview", id=mine, show=shown)
    part = text[text.index("one by one") : text.index("Every part that is hidden")]
    assert f"one by one ({len(opened.claims)})" in text
    assert part.count("<dt>") == len(opened.claims)
    assert ("Ana Novak" in data.decode()) is (preset in ("learner", "all")) is ("Ana Novak" in text)
    assert ("They will see everything" in text) is (preset == "all")
    assert all(check.outcome == "pass" for check in verify(data, now=1_800_000_000).credentials[0].checks[:3])


def test_three_ticked_claims_are_all_that_is_shown(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/presentation", id=mine, show=[f"{mine}:grade", f"{mine}:learner", f"{mine}:credits"])
    data = learner.client.get(learner.gate.prefix + made_file(text)).data.decode()
    assert "Ana Novak" in data and '"71"' in data and "creditsEarned" in data
    assert "Learning outcome" not in data and "criteria" not in data and '"validFrom"],"position"' not in data


def test_a_question_is_answered_with_the_wallets_key(learner: Learner) -> None:
    asked = {"audience": "Example Ltd", "nonce": "8c1f 02", "life": "3600"}
    text = present(learner, "grade", **asked, passphrase=SECRET)
    data = learner.client.get(learner.gate.prefix + made_file(text)).data
    now = Presentation.from_bytes(data).holder.created  # type: ignore[union-attr]
    check = verify(data, now=now, expected=Expected("Example Ltd", "8c1f 02")).credentials[0].checks[7]
    assert check.outcome == "pass", check.reason


def test_what_is_signed_is_said_before(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/preview", id=mine, show=f"{mine}:grade", audience="Example Ltd", nonce="8c1f", life="86400")
    assert "What you sign" in text and "Example Ltd" in text and "8c1f" in text and "Counts until" in text
    typed = json.loads(re.search(r'data-typed="([^"]+)"', text)[1].replace("&#34;", '"'))  # type: ignore[index]
    assert typed["message"]["audience"] == "Example Ltd"
    assert int(typed["message"]["expires"]) - int(typed["message"]["created"]) == 86_400


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"audience": "A", "nonce": "n", "passphrase": "wrong"}, "passphrase is wrong"),
        ({"audience": "A", "nonce": "n"}, "is needed to sign"),
        ({"audience": "A", "nonce": "n", "created": "5", "passphrase": SECRET}, "time of this answer is over"),
    ],
)
def test_what_goes_wrong_keeps_the_choice(learner: Learner, fields: dict[str, str], said: str) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/presentation", 422, id=mine, show=f"{mine}:grade", **fields)
    assert said in text and "Nothing was made." in text
    assert f'value="{mine}:grade"' in text and 'name="passphrase"' in text and "wrong" not in text.partition("<form")[2]


def test_half_a_question_is_refused(learner: Learner) -> None:
    learner.post("/receive", files=upload(learner.institution.file(0)))
    assert "two parts" in learner.post("/preview", 422, id=commitment(learner.institution.file(0)), audience="A")


def test_a_signature_of_another_key_is_not_handed_out(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    fields = {"id": commitment(file), "audience": "A", "nonce": "n"}
    name = f"signature-0x{learner.signer.address.hex()}"
    for signature in ("0x" + "11" * 64 + "1b", "0x12", "signed"):
        assert "Nothing was made." in learner.post("/presentation", 422, **fields, **{name: signature})


def test_without_proof_of_publication_it_is_said(learner: Learner) -> None:
    learner.institution.anchors.clear()
    assert "a verifier cannot decide on it" in present(learner)
