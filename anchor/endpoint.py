"""One endpoint of a pool: believed only while it shows the pinned chain, and passed over after a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from anchor.chain import Block, Chain, ChainUnavailable, RpcError, WrongChain
from anchor.pins import Pins
from rootseal.errors import UndeterminedError

__all__ = ["Endpoint", "EndpointsDisagree", "compare", "nobody"]

T = TypeVar("T")

_FIRST_REST: Final = 1.0  # seconds that an endpoint is passed over after a failure, doubled up to
_LONGEST_REST: Final = 60.0
_BELIEVED: Final = 12.0  # seconds until the pins are compared again


class EndpointsDisagree(UndeterminedError):  # noqa: N818 - reads as what happened
    """Two endpoints name different hashes for a block that both call final: one of them is wrong or lies.

    Nothing is believed meanwhile. The operator finds out which, and takes it out of the settings.
    """

    def __init__(self, number: int, first: tuple[str, bytes], second: tuple[str, bytes]) -> None:
        self.number = number
        self.endpoints = (first[0], second[0])
        told = " but ".join(f"0x{block_hash.hex()} by {name}" for name, block_hash in (first, second))
        super().__init__(
            f"endpoints disagree about final block {number}: {told}; find out which is wrong and remove it",
            "chain.disagree",
        )


class Endpoint:
    """`name` is fit for messages: host and port, never a path with an API key. `clock` never goes back."""

    def __init__(self, name: str, chain: Chain, pins: Pins, clock: Callable[[], float]) -> None:
        self.name = name
        self.rests_until = 0.0
        self.problem: UndeterminedError | None = None
        self._chain = chain
        self._pins = pins
        self._clock = clock
        self._failures = 0
        self._believed_until = 0.0

    @property
    def rests(self) -> bool:
        """True iff it failed a short while ago."""
        return self.rests_until > self._clock()

    def ask(self, question: Callable[[Chain], T]) -> T:
        """The answer. Raises `WrongChain` where it serves another chain; a failure lets it rest."""
        try:
            if self._believed_until <= self._clock():
                self._pins.check(self._chain)
                self._believed_until = self._clock() + _BELIEVED
            answer = question(self._chain)
        except RpcError:
            raise  # an answer, although not the one that was hoped for: no reason to rest
        except (ChainUnavailable, WrongChain) as error:
            self._rest(error)
            raise
        self._failures, self.rests_until, self.problem = 0, 0.0, None
        return answer

    def _rest(self, error: UndeterminedError) -> None:
        # Another chain does not become the right one in a second; and one that comes back is checked anew.
        seconds = _LONGEST_REST if isinstance(error, WrongChain) else _FIRST_REST * 2.0 ** min(self._failures, 10)
        self._failures += 1
        self.rests_until = self._clock() + min(seconds, _LONGEST_REST)
        self._believed_until = 0.0
        self.problem = error


def compare(told: Sequence[tuple[Endpoint, Block]]) -> None:
    """Raises `EndpointsDisagree` unless all have the lowest of the blocks that they call final."""
    if len({block.hash for _, block in told}) < 2:
        return
    first, lowest = min(told, key=lambda pair: pair[1].number)
    for endpoint, final in told:
        try:
            block = final if final.number == lowest.number else endpoint.ask(lambda chain: chain.block(lowest.number))
        except (ChainUnavailable, WrongChain):
            continue  # who does not answer contradicts nobody
        if block is not None and block.hash != lowest.hash:
            raise EndpointsDisagree(lowest.number, (first.name, lowest.hash), (endpoint.name, block.hash))


def nobody(failures: Sequence[tuple[Endpoint, UndeterminedError]]) -> UndeterminedError:
    """The one error for all: an endpoint's own answer first, then silence, then "wrong chain"."""
    errors = [error for _, error in failures]
    answered = next((error for error in errors if isinstance(error, RpcError)), None)
    if answered is not None or len(errors) == 1 or all(isinstance(error, WrongChain) for error in errors):
        return answered or errors[0]
    method = next(error.method for error in errors if isinstance(error, ChainUnavailable))
    told = "; ".join(f"{endpoint.name}: {error}" for endpoint, error in failures)
    return ChainUnavailable(method, f"no endpoint answered ({told})")
