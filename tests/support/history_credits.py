"""The credits of a history: issued to learners, claimed, given up, re-issued and claimed again, recognised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from anchor.keys import Signer
from anchor.ledger_abi import load_contract
from rootseal.commitment import ClaimsRoot, Subject, commit
from tests.support.scripted_chain import party

if TYPE_CHECKING:
    from tests.support.history import History, HistoryIssuer

__all__ = ["Credit", "HistoryCredits"]


@dataclass
class Credit:
    """One entry that carries credits, and what became of it."""

    issuer: HistoryIssuer
    holder: Signer
    credits: int
    credit_id: bytes
    claims_root: bytes
    salt: bytes
    index: int = -1
    size: int = 0
    claimed: bool = False
    fate: str = ""

    @property
    def commitment(self) -> bytes:
        """Its entry, and the number of its token."""
        subject = Subject(self.holder.address, self.credits, self.credit_id)
        return bytes(commit(self.issuer.home, ClaimsRoot(self.claims_root), subject.hash(self.salt)))

    @property
    def token(self) -> int:
        """The number of its token."""
        return int.from_bytes(self.commitment)


@dataclass
class HistoryCredits:
    """The credits contract at `address`, and all credits that were ever issued."""

    history: History
    address: bytes
    all: list[Credit] = field(default_factory=list)

    def send(self, sender: Signer, function: str, *arguments: object) -> None:
        """A call of the credits contract in the next block."""
        data = load_contract("EctxCredits").encode_call(function, *arguments)
        self.history.driver.send(sender.address, self.address, data)

    def ask(self, function: str, *arguments: object) -> Any:
        """One view at latest."""
        abi = load_contract("EctxCredits")
        data = self.history.chain.call(self.address, abi.encode_call(function, *arguments))
        return abi.decode_result(function, data)[0]

    def issue(self, issuer: HistoryIssuer, again: Credit | None = None) -> Credit:
        """An entry for the next batch; `again` issues the same credits anew, to the same learner."""
        rng = self.history.random
        holder = party(f"learner {rng.randint(1, 12)}") if again is None else again.holder
        amount = rng.choice((250, 500, 1000)) if again is None else again.credits
        number = rng.randbytes(16) if again is None else again.credit_id
        credit = Credit(issuer, holder, amount, number, rng.randbytes(32), rng.randbytes(16))
        self.all.append(credit)
        return credit

    def anchored(self, issuer: HistoryIssuer) -> None:
        """Find out where the new ones stand in the log."""
        for credit in self.all:
            if credit.issuer is issuer and credit.index < 0:
                credit.index = issuer.entries.index(credit.commitment, issuer.before)
                credit.size = issuer.anchored

    def claim(self, credit: Credit) -> None:
        """In the next block, sent by the institution with the learner's consent."""
        issuer, deadline = credit.issuer, self.history.now + 10**7
        entry = (
            issuer.number, credit.index, issuer.tree.root(credit.size), credit.claims_root, credit.salt,
            credit.holder.address, credit.credits, credit.credit_id,
        )  # fmt: skip
        digest = self.ask("claimDigest", credit.commitment, deadline)
        path = list(issuer.tree.inclusion_path(credit.index, credit.size))
        self.send(issuer.owner, "claim", entry, path, deadline, credit.holder.sign_digest(digest))
        credit.claimed = True

    def redeem(self, credit: Credit, receiver: HistoryIssuer) -> None:
        """Another institution recognises it in the next block."""
        deadline, award = self.history.now + 10**7, self.history.random.randbytes(32)
        digest = self.ask("redeemDigest", credit.token, receiver.number, award, deadline)
        signature = credit.holder.sign_digest(digest)
        self.send(receiver.status_key, "redeem", credit.token, receiver.number, award, deadline, signature)
        credit.fate = "redeemed"

    def step(self, number: int) -> None:
        """Now and then a learner claims what was issued, and does something with it."""
        waiting = [credit for credit in self.all if credit.index >= 0 and not credit.claimed and not credit.fate]
        for credit in waiting[:2]:
            self.claim(credit)
        if waiting:
            self.history.driver.mine(1800)
        held = [credit for credit in self.all if credit.claimed and not credit.fate]
        if number % 5 == 4 and held:
            self._use(held[0], number)

    def finish(self) -> None:
        """Whatever is issued is claimed."""
        while [credit for credit in self.all if credit.index >= 0 and not credit.claimed and not credit.fate]:
            self.step(0)

    def plain_indexes(self, issuer: HistoryIssuer) -> list[int]:
        """Anchored entries that carry no credits."""
        taken = {credit.index for credit in self.all if credit.issuer is issuer}
        return [index for index in range(issuer.anchored) if index not in taken]

    def _use(self, credit: Credit, number: int) -> None:
        uses = ("redeem", "burn", "redeem", "reissue", "redeem", "revoke", "suspend")
        use = uses[number // 5 % len(uses)]
        issuer = credit.issuer
        if use == "redeem":
            self.redeem(credit, next(other for other in self.history.running() if other is not issuer))
        elif use == "burn":
            self.send(credit.holder, "burn", credit.token)
            credit.fate = "burned"
        elif use == "suspend":
            self.history.status(issuer, "suspend", [credit.index])
            credit.fate = "suspended"
        else:
            self.history.status(issuer, "revoke", [credit.index], 1 if use == "reissue" else 0)
            credit.fate = "revoked"
        self.history.driver.mine(1800)
        if use == "reissue" and not issuer.ended:
            self._reissue(credit)

    def _reissue(self, credit: Credit) -> None:
        """The same credits in a new entry; claiming it voids the old token."""
        new = self.issue(credit.issuer, credit)
        self.history.seal(credit.issuer, 5, new.commitment)
        self.history.anchor(credit.issuer)
        self.history.driver.mine(3600)
        self.anchored(credit.issuer)
        self.claim(new)
        self.history.driver.mine(3600)
