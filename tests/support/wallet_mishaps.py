"""What can go wrong at the wallet's page, brought about: one function a mishap, each gives the page that tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.keys import signer_from_seed
from rootseal.canonical import dumps, loads
from rootseal.files import CredentialFile
from rootseal.presentation import Presentation, present
from tests.support.copies import address, issue_copies
from tests.support.fake_node import FakeNode
from tests.support.issued import paper_institution
from tests.support.wallet_learner import SECRET, Learner, commitment, made_file, page, upload
from wallet.accounts import create_box
from wallet.box import Box
from wallet.words import seed_of

WORDS = ("abandon",) * 23 + ("art",)
NOWHERE = "http://127.0.0.1:9"
LOCK = "four quiet words"


@dataclass
class Scene:
    """A learner at the page, an institution's node, and a folder for what is made on the way."""

    at: Learner
    node: FakeNode
    folder: Path

    @property
    def held(self) -> CredentialFile:
        """What the wallet holds: the first credential, with its promise alone."""
        return self.at.institution.sealed[0]

    def fresh(self) -> Learner:
        """Another page, over a folder without a wallet, in the same language."""
        folder = self.folder / "fresh"
        made = Learner(*page(folder), Box(folder), self.at.signer, self.at.institution)
        made.enter()
        made.get(f"/start?language={self.language}")
        return made

    @property
    def language(self) -> str:
        found = re.search(r'<html lang="(\w+)"', self.at.get("/add"))
        assert found is not None
        return found[1]

    def with_words(self) -> Learner:
        """Another page, over a wallet with recovery words."""
        box = create_box(self.folder / "words", seed_of(WORDS), SECRET)
        made = Learner(*page(box.directory), box, signer_from_seed(seed_of(WORDS), 0), self.at.institution)
        made.enter()
        made.get(f"/?language={self.language}")
        return made

    def receive(self, data: bytes) -> str:
        return self.at.post("/receive", files=upload(data))

    def link(self, link: str, code: int = 422) -> str:
        return self.at.post("/receive", code, link=link)

    def fetch(self, status: int, answer: bytes = b"{}", **headers: str) -> str:
        """With a whole link, from the node, which answers that."""
        self.node.say("/v1/claims", answer, status, **headers)
        return self.link(f"{self.node.url}/claim#{'A' * 43}", 200)

    def restore(self, data: bytes, passphrase: str = LOCK) -> str:
        return start(self.fresh(), "/restore", backup=upload(data, "b"), passphrase=passphrase)

    def backup(self) -> bytes:
        text = self.at.post("/backup", passphrase=LOCK, again=LOCK)
        return self.at.client.get(self.at.gate.prefix + made_file(text)).data

    def words(self, text: str) -> str:
        return start(self.fresh(), "/restore-words", words=text, passphrase=LOCK, again=LOCK)

    def update(self, status: int = 200, answer: bytes = b"{}", **headers: str) -> str:
        """From the node, which answers that about what the wallet holds."""
        self.node.say(f"/v1/proofs/{commitment(self.held)}", answer, status, **headers)
        return self.at.post("/update", id=commitment(self.held), node=self.node.url)

    def proofs(self, **members: object) -> bytes:
        """What the institution's node answers, but for these members."""
        answer = loads(self.at.institution.proof_answer(0))
        assert isinstance(answer, dict)
        return dumps({**answer, **members})  # type: ignore[dict-item]

    def preview(self, **fields: object) -> str:
        mine = commitment(self.held)
        return self.at.post("/preview", 422, id=mine, show=f"{mine}:title", **fields)

    def sign(self, **fields: object) -> str:
        mine = commitment(self.held)
        asked = {"audience": "A", "nonce": "n", "passphrase": SECRET, **fields}
        return self.at.post("/presentation", 422, id=mine, show=f"{mine}:title", **asked)

    def damaged(self, content: str) -> str:
        """The list, with a file that is no credential."""
        (self.at.box.directory / "credentials" / ("ab" * 32 + ".credential.json")).write_text(content)
        return self.at.get("/")


def start(at: Learner, path: str, **fields: object) -> str:
    token = re.search(r'name="csrf_token" value="([^"]+)"', at.get("/start"))
    assert token is not None
    answer = at.client.post(at.gate.prefix + path, data={"csrf_token": token[1], **fields}, follow_redirects=True)
    assert answer.status_code == 422
    return answer.text


def moved(scene: Scene) -> str:
    """The same credential, entered by a longer list at another place of the log."""
    for others in range(1, 60):
        names = ("Ana Novak", "Ana Novak", *("Eva Zver" for _ in range(others)))
        for file in paper_institution(names, scene.at.signer.address).sealed:
            if file.commitment == scene.held.commitment and file.proofs.index != scene.held.proofs.index:
                return scene.receive(file.to_bytes())
    raise AssertionError("it stood at the same place each time")


def retold(scene: Scene, **changes: object) -> str:
    """Received with its anchor, and again with another account of it."""
    file = scene.at.institution.file(0)
    (anchor,) = file.proofs.anchors
    scene.receive(file.to_bytes())
    told = replace(file.proofs, anchors=(replace(anchor, **changes),))  # type: ignore[arg-type]
    return scene.receive(file.with_proofs(told, file.issuer_document).to_bytes())


def shown_alone(scene: Scene) -> bytes:
    return Presentation((present(scene.held, lambda path: True, show_subject=False),)).to_bytes()


def backup_with(scene: Scene, **members: object) -> bytes:
    return json.dumps({**json.loads(scene.backup()), **members}).encode()


def stranger(scene: Scene, **fields: object) -> str:
    """A question about a credential of somebody else's address, or of none."""
    institution = paper_institution(("Eva Zver",), address(7))
    scene.at.box.keep(institution.sealed[0])
    mine = commitment(institution.sealed[0])
    return scene.at.post("/presentation", 422, id=mine, show=f"{mine}:title", audience="A", nonce="n", **fields)


def unbound(scene: Scene) -> str:
    institution = paper_institution(("Eva Zver",))
    scene.at.box.keep(institution.sealed[0])
    mine = commitment(institution.sealed[0])
    return scene.at.post("/preview", 422, id=mine, show=f"{mine}:title", audience="A", nonce="n")


def taken_meanwhile(scene: Scene) -> str:
    copies = issue_copies(paper_institution(("Bor Kos",)), [address(number) for number in range(3)])
    for file in copies:
        scene.at.box.keep(file)
    mine = commitment(copies[0])
    return scene.at.post("/presentation", 422, id=mine, show=f"{mine}:title", who="Example Ltd", copy="00" * 32)


def two_copies(scene: Scene) -> str:
    copies = issue_copies(paper_institution(("Bor Kos",)), [address(number) for number in range(3)])
    for file in copies:
        scene.at.box.keep(file)
    return scene.at.get(f"/present?id={commitment(copies[0])}&id={commitment(copies[1])}", 422)


def spoiled(scene: Scene, name: str, content: str) -> str:
    """Signed for, with a file of the wallet that is not as it was written."""
    (scene.at.box.directory / name).write_text(content)
    return scene.sign()


def spoiled_words(scene: Scene, name: str, change: Callable[[str], str]) -> str:
    at = scene.with_words()
    file = paper_institution(("Ana Novak",), at.signer.address).sealed[0]
    at.box.keep(file)
    path = at.box.directory / name
    path.write_text(change(path.read_text()))
    mine = commitment(file)
    return at.post("/presentation", 422, id=mine, show=f"{mine}:title", audience="A", nonce="n", passphrase="x")


def unread_record(scene: Scene) -> str:
    scene.at.box.shown.write_text("{")
    return scene.at.get("/")


def other_file(scene: Scene) -> str:
    (scene.at.box.directory / "My Notes.txt").write_text("mine")
    return scene.at.post("/backup", 422, passphrase=LOCK, again=LOCK)


def left_behind(scene: Scene) -> str:
    """A folder that another restore left behind."""
    data, at = scene.backup(), scene.fresh()
    at.box.directory.mkdir()
    (at.box.directory / "seed.json").write_text("another")
    return start(at, "/restore", backup=upload(data, "b"), passphrase=LOCK)


def too_many(scene: Scene) -> str:
    return scene.at.post("/receive", 422, files=[upload(b"{}", f"{number}.json") for number in range(201)])


def addresses(scene: Scene, **fields: object) -> str:
    return scene.with_words().post("/addresses", 422, **fields)


def published(scene: Scene) -> bytes:
    return scene.at.institution.proof_answer(0)


def without_key_address(scene: Scene) -> str:
    scene.at.box.keystore.write_text("{}")
    return scene.at.get("/addresses", 422)


MOVED = {"Location": "http://127.0.0.1:9/there"}


def stale(scene: Scene, reason: str) -> str:
    answer = dumps({"code": f"claim.{reason}", "detail": "The node's own words are in one language."})
    return scene.fetch(410, answer)


def seventeen(scene: Scene) -> str:
    """More credentials than one file may show."""
    institution = paper_institution([f"Learner {number}" for number in range(17)])
    for file in institution.sealed:
        scene.at.box.keep(file)
    ids = [commitment(file) for file in institution.sealed]
    return scene.at.post("/preview", 422, id=ids)


def lost_record(scene: Scene) -> str:
    """The list, where the record of who saw what is a link to nothing."""
    scene.at.box.shown.symlink_to(scene.folder / "gone.json")
    return scene.at.get("/")
