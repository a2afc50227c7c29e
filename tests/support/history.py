"""A seeded history of a whole ledger on Anvil: what years of five institutions leave on a chain, in half a minute.

Everything follows from the plan: issuers with rotating keys, a stolen key, a succession, a new admin, a new
description, revocations and suspensions, accreditations, credits claimed, given up, claimed again and
recognised. All of it lawful: an audit of it has no finding.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from anchor.keys import Signer
from anchor.ledger import Ledger, call_data
from rootseal.anchoring import Promise, Proofs
from rootseal.canonical import dumps
from rootseal.commitment import Subject
from rootseal.ethereum import address_text
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.merkle import Tree, leaf_hash
from rootseal.typed_data import checkpoint_digest
from tests.support.badge_document import credential_document
from tests.support.history_credits import Credit, HistoryCredits
from tests.support.ledger_world import WorldIssuer, publish
from tests.support.scripted_chain import ScriptedChain, party

__all__ = ["FULL", "SMALL", "Given", "History", "HistoryIssuer", "Plan", "make_history"]

DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """How much. The order of everything follows from `seed`."""

    anchors: int
    entries: int
    claims: int
    issuers: int = 5
    seed: int = 7


FULL = Plan(anchors=200, entries=50_000, claims=60)
SMALL = Plan(anchors=40, entries=2_000, claims=16)


@dataclass
class Given:
    """A credential file that a learner holds, once its entry is in the log."""

    file: CredentialFile
    issuer: int

    @property
    def commitment(self) -> bytes:
        """Its entry."""
        return bytes(self.file.commitment)

    def write(self, path: Path, index: int, promise: Promise | None = None) -> Path:
        """The file, saying that it stands at `index`."""
        path.write_bytes(self.file.with_proofs(Proofs(index, promise, ()), None).to_bytes())
        return path


@dataclass
class HistoryIssuer(WorldIssuer):
    """An issuer of a history: keys by name, its tree, and how often it changed its description."""

    tree: Tree = field(default_factory=Tree)
    anchor_key: Signer = field(default_factory=lambda: party("nobody"))
    status_key: Signer = field(default_factory=lambda: party("nobody"))
    owner: Signer = field(default_factory=lambda: party("nobody"))
    version: int = 1
    ended: bool = False
    before: int = 0

    @property
    def document(self) -> bytes:
        """Its description; each version has another address of its own page."""
        value: Any = json.loads(super().document)
        return dumps(value | {"url": f"https://v{self.version}.issuer{self.number}.example"})

    def promise(self, size: int, anchor_by: int, *, signed_root: bytes | None = None, key: Any = None) -> Promise:
        """A signed checkpoint for entry 0, dated an hour before `anchor_by`."""
        signed = self.tree.root(size) if signed_root is None else signed_root
        signer: Signer = key or self.anchor_key
        digest = checkpoint_digest(self.home, size, signed, anchor_by - 3600, anchor_by)
        path = self.tree.inclusion_path(0, size)
        return Promise(size, signed, path, anchor_by - 3600, anchor_by, signer.sign_digest(digest))


class History:
    """The ledger and its issuers; what `make_history` made, and what a saboteur goes on with."""

    def __init__(self, driver: ScriptedChain, seed: int) -> None:
        self.driver = driver
        self.chain = driver.chain
        self.random = random.Random(seed)
        self.deployer = party("deployer")
        self.address = driver.create(self.deployer.address, "CredentialLedger")
        self.ledger = Ledger(self.chain, self.address)
        self.credits = HistoryCredits(self, driver.create(
            self.deployer.address, "EctxCredits", bytes(12) + self.address
        ))  # fmt: skip
        self.accreditors = (party("agency"), party("ministry"))
        self.issuers: list[HistoryIssuer] = []
        self.given: list[Given] = []

    @property
    def address_text(self) -> str:
        """0x…"""
        return address_text(self.address)

    @property
    def url(self) -> str:
        """Of the chain."""
        return self.driver.url

    @property
    def now(self) -> int:
        """The newest block's time."""
        return self.driver.now

    def send(self, sender: Signer, function: str, *arguments: object) -> None:
        """A call of the ledger in the next block."""
        self.driver.send(sender.address, self.address, call_data(function, *arguments))

    def register(self, number: int) -> HistoryIssuer:
        """An issuer with an admin, an anchor key, a status key and a description."""
        owner = party(f"admin {number}")
        self.send(owner, "register", f"Institution {number}", f"https://issuer{number}.example", bytes(32))
        self.driver.mine()
        issuer = HistoryIssuer(self, number, 0, 0, owner=owner)  # type: ignore[arg-type]
        self.issuers.append(issuer)
        self.describe(issuer)
        self.rotate(issuer, 1)
        self.rotate(issuer, 2)
        self.driver.mine()
        return issuer

    def describe(self, issuer: HistoryIssuer) -> None:
        """Its description as it is now comes into force."""
        self.send(issuer.owner, "setDocument", issuer.number, sha256(issuer.document).digest())

    def accredit(self, accreditor: Signer, issuer: HistoryIssuer, days: int = 0) -> None:
        """For its description, for so many days (0: without end)."""
        until = self.now + days * DAY if days else 0
        self.send(accreditor, "accredit", issuer.number, sha256(issuer.document).digest(), "EQF 5 and 6", until)

    def rotate(self, issuer: HistoryIssuer, role: int, since: int | None = None) -> None:
        """A new key for role 1 (anchor) or 2 (status); the old one is retired, as stolen where `since` is given."""
        name = "anchor_key" if role == 1 else "status_key"
        old: Signer = getattr(issuer, name)
        new = party(f"{name} of {issuer.number} after {old.address.hex()}")
        self.send(issuer.owner, "addKey", issuer.number, new.address, role)
        if old.address != party("nobody").address:
            self.send(issuer.owner, "retireKey", issuer.number, old.address, since or 0)
        setattr(issuer, name, new)

    def seal(self, issuer: HistoryIssuer, count: int, *known: bytes) -> None:
        """Append `count` entries, `known` ones among them, ordered by their bytes."""
        rest = [self.random.randbytes(32) for _ in range(count - len(known))]
        self.append(issuer, sorted([*rest, *known]))

    def append(self, issuer: HistoryIssuer, entries: list[bytes]) -> None:
        """Append these as they are."""
        issuer.entries += entries
        issuer.tree.extend(map(leaf_hash, entries))

    def anchor(self, issuer: HistoryIssuer, key: Signer | None = None) -> None:
        """Anchor everything that is sealed, in the next block."""
        issuer.sequence += 1
        issuer.before, issuer.anchored = issuer.anchored, len(issuer.entries)
        signer = key or issuer.anchor_key
        self.send(signer, "anchor", issuer.number, issuer.sequence, issuer.anchored, issuer.tree.root())

    def status(self, issuer: HistoryIssuer, function: str, indexes: list[int], reason: int = 0) -> None:
        """`revoke`, `suspend` or `reinstate` these entries in the next block."""
        words = sorted({index >> 8 for index in indexes})
        masks = [sum(1 << (index & 255) for index in set(indexes) if index >> 8 == word) for word in words]
        self.send(issuer.status_key, function, issuer.number, words, masks, reason)

    def credential(self, issuer: HistoryIssuer, dated: int) -> Given:
        """A credential of `issuer` dated `dated` that is in no log yet."""
        number = len(self.given)
        document = credential_document(number, f"urn:rootseal:{issuer.home.chain}:{self.address_text}:{issuer.number}")
        document["validFrom"] = format_instant(dated)
        seed = sha256(b"file %d" % number).digest()
        given = Given(CredentialFile(issuer.home, None, document, seed, Subject(), Proofs(0, None, ())), issuer.number)
        self.given.append(given)
        return given

    def publish(self, folder: Path) -> dict[int, Path]:
        """Every log, as its node would publish it; by issuer."""
        return {i.number: publish(i, folder / f"log{i.number}") for i in self.issuers if i.sequence}

    def running(self) -> list[HistoryIssuer]:
        """Those that still anchor."""
        return [issuer for issuer in self.issuers if not issuer.ended]


def make_history(driver: ScriptedChain, plan: Plan) -> History:
    """Live through the plan. Every transaction succeeds, and everything is final at the end."""
    history = History(driver, plan.seed)
    for number in range(1, plan.issuers + 1):
        history.register(number)
    agency, ministry = history.accreditors
    for issuer in history.issuers:
        history.accredit(agency if issuer.number % 2 else ministry, issuer, 0 if issuer.number % 3 else 2000)
    driver.mine()
    _Years(history, plan).live()
    driver.settle()
    return history


class _Years:
    """The anchors one after the other, and what happens between them."""

    def __init__(self, history: History, plan: Plan) -> None:
        self.h = history
        self.plan = plan
        self.random = history.random
        self.sizes = self._sizes()
        self.claimable = {round((at + 0.5) * plan.anchors / plan.claims * 0.8) for at in range(plan.claims)}
        milestones = (
            self._rotate_anchor_key,
            self._new_description,
            self._new_admin,
            self._rotate_status_key,
            self._renewal,
            self._stolen_status_key,
            self._stolen_anchor_key,
            self._succession,
        )
        self.milestones = {round((at + 1) * plan.anchors / 10): what for at, what in enumerate(milestones)}

    def live(self) -> None:
        turn: list[HistoryIssuer] = []
        for number in range(self.plan.anchors):
            if number in self.milestones:
                self.milestones[number]()
                turn = [issuer for issuer in turn if not issuer.ended]
            if not turn:
                turn = self.h.running()
                self.random.shuffle(turn)
            self._anchor(turn.pop(), self.sizes[number], number)
            self._statuses(number)
        self.h.credits.finish()

    def _sizes(self) -> list[int]:
        weights = [self.random.randint(1, 20) for _ in range(self.plan.anchors)]
        sizes = [max(4, self.plan.entries * weight // sum(weights)) for weight in weights]
        sizes[-1] += self.plan.entries - sum(sizes)
        return sizes

    def _anchor(self, issuer: HistoryIssuer, count: int, number: int) -> None:
        known: list[bytes] = []
        credit: Credit | None = None
        if number in self.claimable:
            credit = self.h.credits.issue(issuer)
            known.append(credit.commitment)
        if number % (self.plan.anchors // 4) == 1:
            known.append(self.h.credential(issuer, self.h.now - 5 * DAY).commitment)
        self.h.seal(issuer, count, *known)
        self.h.anchor(issuer)
        self.h.driver.mine(self.random.randint(3, 7) * DAY + self.random.randint(0, DAY))
        self.h.credits.anchored(issuer)

    def _statuses(self, number: int) -> None:
        issuer = self.random.choice(self.h.running())
        plain = self.h.credits.plain_indexes(issuer)
        if number % 3 == 0 and len(plain) > 4:
            self.h.status(issuer, "revoke", self.random.sample(plain, 2), self.random.randint(0, 1))
            self.h.driver.mine(3600)
        if number % 7 == 0 and len(plain) > 4:
            chosen = [self.random.choice(plain)]
            self.h.status(issuer, "suspend", chosen)
            self.h.driver.mine(3600)
            self.h.status(issuer, "reinstate", chosen)
            self.h.driver.mine(DAY)
        self.h.credits.step(number)

    def _rotate_anchor_key(self) -> None:
        self.h.rotate(self.h.issuers[0], 1)
        self.h.driver.mine()

    def _rotate_status_key(self) -> None:
        self.h.rotate(self.h.issuers[1], 2)
        self.h.driver.mine()

    def _new_description(self) -> None:
        issuer = self.h.issuers[2]
        issuer.version += 1
        self.h.describe(issuer)
        self.h.accredit(self.h.accreditors[0], issuer, 1500)
        self.h.driver.mine()

    def _new_admin(self) -> None:
        issuer, new = self.h.issuers[1], party("second admin of 2")
        self.h.send(issuer.owner, "transferAdmin", issuer.number, new.address)
        self.h.send(new, "acceptAdmin", issuer.number)
        self.h.driver.mine()
        issuer.owner = new

    def _renewal(self) -> None:
        self.h.accredit(self.h.accreditors[0], self.h.issuers[0], 3000)
        self.h.accredit(self.h.accreditors[1], self.h.issuers[0])
        self.h.driver.mine()

    def _stolen_status_key(self) -> None:
        """Noticed before the thief did anything: nothing that was done with it falls into the time."""
        self.h.rotate(self.h.issuers[3], 2, self.h.now)
        self.h.driver.mine()

    def _stolen_anchor_key(self) -> None:
        self.h.driver.mine(60)
        self.h.rotate(self.h.issuers[2], 1, self.h.now)
        self.h.driver.mine()

    def _succession(self) -> None:
        ending, heir = self.h.issuers[4], self.h.issuers[0]
        self.h.send(ending.owner, "succeed", ending.number, heir.number)
        self.h.send(heir.owner, "acceptSuccession", ending.number)
        self.h.driver.mine()
        ending.ended = True
