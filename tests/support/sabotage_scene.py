"""What a saboteur works on: a history, what the auditor is given, and a provider that lies on order."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rootseal.ethereum import keccak256
from tests.support.devchain import post
from tests.support.history import History, HistoryIssuer
from tests.support.ledger_world import TamperingProxy

Log = dict[str, Any]
Change = Callable[[Log], Log | None]


class LyingProvider(TamperingProxy):
    """Tells every event through `change`; None keeps it back. `answers` change the results of other methods."""

    def __init__(self, url: str, change: Change, answers: dict[str, Callable[[Any], Any]] | None = None) -> None:
        super().__init__(url)
        self._change = change
        self._answers = answers or {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = dict(post(self._target, request))
        if request["method"] == "eth_getLogs":
            told = [self._change(dict(log)) for log in answer["result"]]
            answer["result"] = [log for log in told if log is not None]
        elif request["method"] in self._answers and "result" in answer:
            answer["result"] = self._answers[request["method"]](answer["result"])
        return answer


@dataclass
class Scene:
    """A history and everything that the auditor is given: a saboteur changes what it likes."""

    history: History
    folder: Path
    stack: ExitStack
    rpcs: list[str] = field(default_factory=list)
    ledger: str = ""
    credits: str = ""
    logs: dict[int, str] = field(default_factory=dict)
    extra: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rpcs = [self.history.url]
        self.ledger = self.history.address_text
        self.credits = "0x" + self.history.credits.address.hex()
        self.publish()

    def publish(self) -> None:
        """All logs as they are now, in place of what was published before."""
        shutil.rmtree(self.folder / "logs", ignore_errors=True)
        found = self.history.publish(self.folder / "logs")
        self.logs = {number: f"{number}={path}" for number, path in found.items()}

    def log(self, issuer: int) -> Path:
        """Where the log of an issuer lies."""
        return self.folder / "logs" / f"log{issuer}"

    def lie(self, change: Change, answers: dict[str, Callable[[Any], Any]] | None = None) -> str:
        """From now on the auditor's provider tells events through `change`."""
        provider = self.stack.enter_context(LyingProvider(self.history.url, change, answers))
        self.rpcs = [provider.url]
        return provider.url

    def words(self) -> list[object]:
        """The command line, without --out."""
        h = self.history
        accreditors = [w for a in h.accreditors for w in ("--accreditor", "0x" + a.address.hex())]
        logs = [w for place in self.logs.values() for w in ("--log", place)]
        rpcs = [w for rpc in self.rpcs for w in ("--rpc", rpc)]
        credits = ["--credits", self.credits] if self.credits else []
        return ["audit", *rpcs, "--ledger", self.ledger, *credits, *logs, *accreditors, "--silence", 120, *self.extra]

    def promise(self, issuer: HistoryIssuer, *promises: Any) -> None:
        """Give the auditor proof files with these promises."""
        for number, promise in enumerate(promises):
            path = self.folder / f"proof{issuer.number}-{number}.json"
            self.extra += ["--promise", issuer.proof_file(path, promise)]


def topic(signature: str) -> str:
    return "0x" + keccak256(signature.encode()).hex()


ANCHORED = topic("Anchored(uint64,uint64,bytes32,uint64,uint64,address)")
KEY_ADDED = topic("KeyAdded(uint64,address,uint16,uint8)")
DOCUMENT_SET = topic("DocumentSet(uint64,bytes32)")
STATUS = topic("StatusChanged(uint64,uint8,uint64,uint256,uint8,address)")
CLAIMED = topic("Claimed(uint256,uint64,address,uint64,uint64,bytes16)")
REDEEMED = topic("Redeemed(uint256,uint64,bytes32,address)")
TRANSFER = topic("Transfer(address,address,uint256)")


def word(number: int) -> str:
    return f"{number:064x}"


def anchor_numbered(log: Log, issuer: int) -> int:
    """Its sequence where it is an anchor of `issuer`, else 0."""
    ours = log["topics"][0] == ANCHORED and int(log["topics"][1], 16) == issuer
    return int(log["topics"][2], 16) if ours else 0


def altered(log: Log, signature: str, issuer: int, at: int) -> Log:
    """The letter at `at` from the end of the data is another one."""
    if log["topics"][0] == topic(signature) and int(log["topics"][1], 16) == issuer:
        data = bytearray.fromhex(log["data"][2:])
        data[at // 2] ^= 1
        log["data"] = "0x" + data.hex()
    return log


def add_to_slot(s: Scene, contract: bytes, slot: int, added: int) -> None:
    driver = s.history.driver
    driver.store(contract, slot, driver.stored(contract, slot) + added)
    driver.mine(60)
