"""Everything that an audit reads, written down as it is read, and read again without a network.

A `Recording` maps questions to answers, both as JSON. `RecordingChain` and `RecordingSource` stand between the
audit and the world and write down; `RecordedChain` and `RecordedSource` answer from what was written, and
what was never asked cannot be answered. An audit of a recording gives the report of the audit that made it.
The auditor's database must be a fresh one while recording, or pages that it holds already are not asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

from anchor.audit.reading import ReadingChain
from anchor.audit.sources import Source
from anchor.chain import Block, BlockTag, Chain, ChainUnavailable, FeeQuote, LogEntry, Receipt, Reverted, RpcError
from rootseal.canonical import Json
from rootseal.errors import AnchoringError, InputError, UndeterminedError

__all__ = ["RECORDING_FORMAT", "RecordedChain", "RecordedSource", "Recording", "RecordingChain", "RecordingSource"]

RECORDING_FORMAT: Final = "rootseal/audit-recording/1"


@dataclass(slots=True)
class Recording:
    """Answers by question. The first answer stands: an audit rests on one block, and asks nothing twice differently."""

    answers: dict[str, Json] = field(default_factory=dict)

    def put(self, question: str, answer: Json) -> None:
        """Write an answer down."""
        self.answers.setdefault(question, answer)

    def get(self, question: str) -> Any:
        """The answer. Raises `ChainUnavailable` where it was never asked."""
        if question not in self.answers:
            raise ChainUnavailable("the recording", "holds no answer to a question of the audit", question)
        return self.answers[question]

    def merge_pages(self) -> None:
        """Make one page of all pages of events that touch: how they were cut is the provider's mood."""
        pages: dict[str, list[tuple[int, int, str]]] = {}
        for question in self.answers:
            head, _, rest = question.partition("/logs/")
            if rest and not head.startswith("log/"):
                address, first, last = rest.split("/")
                pages.setdefault(f"{head}/logs/{address}", []).append((int(first), int(last), question))
        for name, found in pages.items():
            found.sort()
            if all(before[1] + 1 == after[0] for before, after in pairwise(found)):
                answers = [self.answers.pop(question) for _, _, question in found]
                merged = [log for answer in answers if isinstance(answer, list) for log in answer]
                self.answers[f"{name}/{found[0][0]}/{found[-1][1]}"] = merged

    def to_json(self) -> Json:
        """The whole, in the order of the questions' names."""
        return {"format": RECORDING_FORMAT, "answers": {name: self.answers[name] for name in sorted(self.answers)}}

    @classmethod
    def from_json(cls, value: Json) -> Recording:
        """Read it back. Raises `InputError`."""
        if not isinstance(value, dict) or value.get("format") != RECORDING_FORMAT:
            raise InputError("recording.format", f"must be {RECORDING_FORMAT}")
        answers = value.get("answers")
        if not isinstance(answers, dict):
            raise InputError("recording.answers", "must be an object")
        return cls(dict(answers))


class RecordingChain(ReadingChain):
    """Writes down what `inner` answers, refusals too. `who` tells two providers apart."""

    def __init__(self, inner: Chain, recording: Recording, who: str = "first") -> None:
        super().__init__(inner)
        self._recording = recording
        self._who = who

    def chain_id(self) -> int:
        """See `Chain`."""
        found = self.inner.chain_id()
        self._recording.put(f"{self._who}/chainId", found)
        return found

    def block(self, at: BlockTag) -> Block | None:
        """See `Chain`."""
        question = f"{self._who}/block/{at}"
        try:
            found = self.inner.block(at)
        except RpcError as error:
            self._refused(question, error)
            raise
        self._recording.put(question, None if found is None else _block_json(found))
        return found

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        """See `Chain`."""
        question = f"{self._who}/code/{address.hex()}/{at}"
        try:
            found = self.inner.code(address, at)
        except RpcError as error:
            self._refused(question, error)
            raise
        self._recording.put(question, {"data": found.hex()})
        return found

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """See `Chain`."""
        question = f"{self._who}/call/{to.hex()}/{data.hex()}/{at}"
        try:
            found = self.inner.call(to, data, at, sender)
        except RpcError as error:
            self._refused(question, error)
            raise
        except Reverted as error:
            self._recording.put(question, {"reverted": error.data.hex()})
            raise
        self._recording.put(question, {"data": found.hex()})
        return found

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        """See `Chain`; refused pages are not written down, for a recording is not asked in pages that fit."""
        found = self.inner.logs(address, topics, first, last)
        if not topics:
            self._recording.put(f"{self._who}/logs/{address.hex()}/{first}/{last}", [_log_json(log) for log in found])
        return found

    def _refused(self, question: str, error: RpcError) -> None:
        self._recording.put(question, {"refused": {"number": error.number, "message": error.message}})


class RecordedChain:
    """Implements `Chain` for an audit, from a recording alone. Sending is refused."""

    def __init__(self, recording: Recording, who: str = "first") -> None:
        self._recording = recording
        self._who = who
        self._read: dict[bytes, list[tuple[int, int, tuple[LogEntry, ...]]]] = {}

    def chain_id(self) -> int:
        """See `Chain`."""
        return int(self._recording.get(f"{self._who}/chainId"))

    def block(self, at: BlockTag) -> Block | None:
        """See `Chain`."""
        found = self._recording.get(f"{self._who}/block/{at}")
        if found is None:
            return None
        _raise_refusal("eth_getBlockByNumber", found)
        return _block(found)

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        """See `Chain`."""
        return self._data("eth_getCode", f"code/{address.hex()}/{at}")

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        """See `Chain`."""
        return self._data("eth_call", f"call/{to.hex()}/{data.hex()}/{at}")

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        """Events out of the recorded pages, however they were cut. Raises `ChainUnavailable` for a hole."""
        found: list[LogEntry] = []
        reached = first
        for start, end, logs in self._pages(address):
            if start <= reached <= end:
                found += [log for log in logs if reached <= log.block_number <= last]
                reached = end + 1
            if reached > last:
                return tuple(found)
        raise ChainUnavailable("the recording", "lacks the events from a block on", reached)

    def balance(self, address: bytes) -> int:
        """Refused: an audit does not ask."""
        raise _not_recorded()

    def nonce(self, address: bytes) -> int:
        """Refused: an audit does not ask."""
        raise _not_recorded()

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        """Refused."""
        raise _not_recorded()

    def receipt(self, transaction: bytes) -> Receipt | None:
        """Refused: receipts with their proofs are evidence of their own."""
        raise _not_recorded()

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        """Refused, as `receipt`."""
        raise _not_recorded()

    def fee_quote(self) -> FeeQuote:
        """Refused."""
        raise _not_recorded()

    def send_raw(self, raw: bytes) -> bytes:
        """Refused."""
        raise _not_recorded()

    def accounts(self) -> tuple[bytes, ...]:
        """None."""
        return ()

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        """Refused."""
        raise _not_recorded()

    def _pages(self, address: bytes) -> list[tuple[int, int, tuple[LogEntry, ...]]]:
        if address not in self._read:
            start = f"{self._who}/logs/{address.hex()}/"
            pages = []
            for question, answer in self._recording.answers.items():
                if question.startswith(start) and isinstance(answer, list):
                    first, last = map(int, question[len(start) :].split("/"))
                    pages.append((first, last, tuple(_log(address, cast(Any, log)) for log in answer)))
            self._read[address] = sorted(pages, key=lambda page: (page[0], -page[1]))
        return self._read[address]

    def _data(self, method: str, question: str) -> bytes:
        found = self._recording.get(f"{self._who}/{question}")
        _raise_refusal(method, found)
        return bytes.fromhex(found["data"])


@dataclass(slots=True)
class RecordingSource:
    """A `Source` that writes down what `inner` answers; `position` tells several logs apart."""

    inner: Source
    recording: Recording
    position: int
    label: str = ""

    def __post_init__(self) -> None:
        self.label = self.inner.label
        self.recording.put(f"log/{self.position}", self.label)

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`."""
        question = f"log/{self.position}/{path}"
        try:
            found = self.inner.get(path, limit)
        except UndeterminedError as error:
            self.recording.put(question, {"undetermined": error.reason})
            raise
        self.keep(question, path, found)
        return found

    def keep(self, question: str, path: str, found: bytes | None) -> None:
        """Write an answer down; None where there is no such file."""
        self.recording.put(question, None if found is None else base64.b64encode(found).decode())

    def close(self) -> None:
        """See `Source.close`."""
        self.inner.close()


@dataclass(slots=True)
class RecordedSource:
    """A `Source` from a recording alone."""

    recording: Recording
    position: int
    label: str = ""

    def __post_init__(self) -> None:
        self.label = str(self.recording.get(f"log/{self.position}"))

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`."""
        found = self.recording.get(f"log/{self.position}/{path}")
        if isinstance(found, dict):
            raise UndeterminedError(str(found["undetermined"]), "log.recorded")
        return None if found is None else base64.b64decode(found)

    def close(self) -> None:
        """Nothing is held open."""


def _raise_refusal(method: str, found: Mapping[str, Any]) -> None:
    if "refused" in found:
        raise RpcError(method, int(found["refused"]["number"]), str(found["refused"]["message"]))
    if "reverted" in found:
        raise Reverted("", {}, bytes.fromhex(found["reverted"]))


def _block_json(block: Block) -> Json:
    return {
        "number": block.number,
        "hash": block.hash.hex(),
        "parentHash": block.parent_hash.hex(),
        "timestamp": block.timestamp,
    }


def _block(value: Mapping[str, Any]) -> Block:
    return Block(
        int(value["number"]),
        bytes.fromhex(value["hash"]),
        bytes.fromhex(value["parentHash"]),
        int(value["timestamp"]),
        None,
    )


def _log_json(log: LogEntry) -> Json:
    topics: list[Json] = [topic.hex() for topic in log.topics]
    place: list[Json] = [log.block_number, log.block_hash.hex(), log.transaction.hex(), log.log_index]
    return {"topics": topics, "data": log.data.hex(), "place": place}


def _log(address: bytes, value: Mapping[str, Any]) -> LogEntry:
    number, block_hash, transaction, index = value["place"]
    return LogEntry(
        address,
        tuple(bytes.fromhex(topic) for topic in value["topics"]),
        bytes.fromhex(value["data"]),
        int(number),
        bytes.fromhex(block_hash),
        bytes.fromhex(transaction),
        int(index),
    )


def _not_recorded() -> AnchoringError:
    return AnchoringError("a recording answers what an audit asks, and nothing else")
