"""The delivery ledger: what became of every row of every list, and the proof that it adds up.

rows in = issued + refused + withdrawn (+ rows that had their credential from another list), and
issued = delivered + waiting + failed. Each credential has exactly one fate, so that the second sum cannot fail;
the first compares what was counted when the list came in with what the store holds now.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from node.store import Store
from node.store.lists import Fate, ListRow
from rootseal.errors import InputError

__all__ = ["FATES", "Group", "Ledger", "ListAccount", "delivery_csv", "delivery_ledger", "hand_over"]

Group = Literal["withdrawn", "delivered", "waiting", "failed"]

FATES: Final[dict[str, tuple[Group, str]]] = {
    "withdrawn": ("withdrawn", "taken back before it was sealed"),
    "by_hand": ("delivered", "handed over by hand"),
    "claimed": ("delivered", "fetched with a claim link"),
    "mailed": ("delivered", "mailed, and the mail server took it"),
    "not_sealed": ("waiting", "not sealed yet"),
    "copies_waiting": ("waiting", "not all of its copies are published yet"),
    "not_sent": ("waiting", "nobody has sent it yet"),
    "queued": ("waiting", "its mail waits for the mail server"),
    "uncertain": ("waiting", "its mail may have arrived"),
    "link_open": ("waiting", "its claim link was not opened yet"),
    "bounced": ("failed", "its mail came back"),
    "refused": ("failed", "the mail server refused it"),
    "failed": ("failed", "its mail was given up"),
    "link_expired": ("failed", "its claim link expired unopened"),
    "revoked": ("failed", "revoked or superseded before it was delivered"),
    "erased": ("failed", "not here any more before it was delivered: erased, or only recovered from the log"),
}
"""Every fate of a credential: the sum that it belongs to, and in words."""

_ANSWERED: Final = frozenset(("queued", "uncertain", "bounced", "refused", "failed"))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ListAccount:
    """One list's account; `number` and `at` are None for credentials that belong to no list.

    `rows`, `refused` and `repeated` were counted when it came in; `fates` counts its credentials now.
    """

    number: int | None
    at: int | None
    rows: int
    refused: int
    repeated: int
    fates: Counter[str]

    def of(self, group: Group) -> int:
        """How many credentials are in one group."""
        return sum(count for code, count in self.fates.items() if FATES[code][0] == group)

    @property
    def issued(self) -> int:
        """Credentials that were not withdrawn."""
        return self.fates.total() - self.of("withdrawn")

    @property
    def adds_up(self) -> bool:
        """Whether both sums hold."""
        settled = self.of("delivered") + self.of("waiting") + self.of("failed")
        rows = self.issued + self.refused + self.of("withdrawn") + self.repeated
        return self.issued == settled and self.rows == rows

    def to_json(self) -> dict[str, Any]:
        """One element of `lists`, and `total`, of `rootseal/node-deliveries/1`."""
        return {
            "list": self.number,
            "at": self.at,
            "rows": self.rows,
            "issued": self.issued,
            "refused": self.refused,
            "withdrawn": self.of("withdrawn"),
            "repeated": self.repeated,
            "delivered": self.of("delivered"),
            "waiting": self.of("waiting"),
            "failed": self.of("failed"),
            "fates": {code: self.fates[code] for code in FATES},
            "addsUp": self.adds_up,
        }


@dataclass(frozen=True, slots=True)
class Ledger:
    """All lists, and their sum."""

    lists: tuple[ListAccount, ...]
    total: ListAccount

    @property
    def adds_up(self) -> bool:
        """Whether every list does, and the total."""
        return self.total.adds_up and all(account.adds_up for account in self.lists)


def delivery_ledger(store: Store, now: int) -> Ledger:
    """The ledger at `now` (UTC seconds), from one state of the store."""
    lists = tuple(_account(row, fates) for row, fates in store.lists.grouped(now) if row is not None or fates)
    fates = sum((account.fates for account in lists), Counter[str]())
    rows, refused, repeated = (sum(getattr(a, name) for a in lists) for name in ("rows", "refused", "repeated"))
    return Ledger(lists, ListAccount(None, None, rows, refused, repeated, fates))


def _account(row: ListRow | None, fates: Iterable[Fate]) -> ListAccount:
    counted = Counter(fate.code for fate in fates)
    if row is None:
        # From before lists were counted: nothing is known but the credentials themselves.
        return ListAccount(None, None, counted.total(), 0, 0, counted)
    return ListAccount(row.number, row.at, row.rows, row.refused, row.repeated, counted)


def delivery_csv(store: Store, now: int) -> bytes:
    """One line a credential, for a spreadsheet (UTF-8 with byte-order mark). Holds learner ids: not for publication.

    `answer` are the mail server's own words, without addresses, where a mail was refused, given up, put off or sent
    back.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(("list", "line", "learner_id", "id", "state", "detail", "answer"))
    for row, fate in _each(store, now):
        group, words = FATES[fate.code]
        if fate.code == "copies_waiting":
            words = "{} of {} copies are published".format(*store.copies.published(fate.id))
        learner = "" if fate.code == "erased" else fate.learner
        answer = _answer(store, fate) if fate.code in _ANSWERED else ""
        number = "" if row is None else row.number
        writer.writerow((number, fate.line, _cell(learner), fate.id, group, words, _cell(answer)))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _answer(store: Store, fate: Fate) -> str:
    """What a mail server said last about its mails."""
    return next((mail.bounce or mail.answer or "" for mail in reversed(store.mails.of(fate.id))), "")


def _cell(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _each(store: Store, now: int) -> Iterator[tuple[ListRow | None, Fate]]:
    for row, fates in store.lists.grouped(now):
        for fate in fates:
            yield row, fate


def hand_over(store: Store, entry_ids: Iterable[str], now: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Count them as handed over by hand, all or none, each with all copies: newly counted ones, and those that were.

    Raises `InputError` for an unknown id, and for one that was never sealed: there is no file to hand over.
    """
    named = store.entries.get_all(entry_ids)
    entries = list({first.id: first for first in (store.entries.award(entry)[0] for entry in named)}.values())
    for entry in entries:
        if entry.index is None:
            raise InputError(
                "id", f"is {entry.state.value}, so there is no file that could have been handed over", entry.id
            )
    with store.writing():
        new = tuple(entry.id for entry in entries if store.hand_overs.add(entry.id, now))
        if new:
            store.acts.add(now, "delivered by hand", f"{len(new)} entries", {"entries": list(new)})
    return new, tuple(entry.id for entry in entries if entry.id not in set(new))
