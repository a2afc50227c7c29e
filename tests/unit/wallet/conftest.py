"""A learner at the page of a wallet on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.keys import create_keystore
from tests.support.issued import paper_institution
from tests.support.wallet_learner import SECRET, Learner, page
from wallet import accounts, backup
from wallet.box import Box


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks that are opened in no time: what they cost is not what is tested."""
    for module in (backup, accounts):
        monkeypatch.setattr(module, "_COST", {"n": 1 << 14, "r": 8, "p": 1})


@pytest.fixture
def learner(tmp_path: Path, cheap: None) -> Learner:
    """With a key, an empty box, and two credentials of an institution to come."""
    box = Box.create(tmp_path / "box")
    signer = create_keystore(box.keystore, SECRET, "pbkdf2", 2)
    institution = paper_institution(("Ana Novak", "Ana Novak"), signer.address)
    made = Learner(*page(box.directory), box, signer, institution)
    made.enter()
    return made
