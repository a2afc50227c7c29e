"""Ways out that stand in refusals: one table with the words for the command line and those for the console's pages.

Whoever refuses says the command with `way`; the console puts its own words in the command's place with `on_pages`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["WAYS", "on_pages", "way"]

_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")
# Ids, roles and the like: whatever stands in a place has no spaces, quotation marks, or stops at its end.
_ANY: Final = re.compile(r"[`']rootseal (?:node )?([a-z]+(?:-[a-z]+)*)[^`']*[`']")
_VALUE: Final = r"(?P<{}>[^\s`';,]+)"


@dataclass(frozen=True, slots=True)
class Way:
    """`command` names the command, `page` what the console offers instead. Both may have places like `{id}`."""

    command: str
    page: str


WAYS: Final[dict[str, Way]] = {
    "correct": Way(
        "correct it with `rootseal node issue DIR FILE --supersedes {id}`, a list of this row alone",
        "correct it with “Correct” on its page and a list of this row alone",
    ),
    "correct-other": Way(
        "if the other was issued already, correct it with 'rootseal node issue --supersedes'",
        "if the other was issued already, find it under “Credentials” and correct it with “Correct” on its page",
    ),
    "correct-newer": Way("correct that one with --supersedes {id}", "correct that one: it is {id}"),
    "issue-plainly": Way(
        "issue the row without --supersedes", "issue the row and leave the number of a credential empty"
    ),
    "withdraw-and-issue": Way(
        "take it back with `rootseal node withdraw DIR {id}` and issue this row again",
        "take it back with “Withdraw” on its page and issue this row again",
    ),
    "withdraw": Way(
        "take it back with `rootseal node withdraw` instead", "take it back with “Withdraw” on its page instead"
    ),
    "anchor": Way("run `rootseal node anchor` and try again", "choose “Anchor now” on the first page and try again"),
    "revoke": Way("Take its effect away with `rootseal node revoke`", "Take its effect away with “Revoke” on its page"),
    "token": Way(
        "'rootseal node token add DIR --person … --role {role}' makes one that may",
        "whoever runs the node can make one that may",
    ),
    "passphrase": Way(
        "put the right passphrase into the first line of {file}, or restore the key from a backup",
        "whoever runs the node has to put the right passphrase in place",
    ),
    "fsck": Way("run `rootseal node fsck`", "tell whoever runs the node"),
    "waiting": Way("see 'rootseal node waiting'", "see “Approvals”"),
    "publish-first": Way("run `rootseal node publish DIR`", "whoever runs the node has to put it in force (“publish”)"),
    "publish": Way(
        "finish it with `rootseal node publish DIR`", "whoever runs the node has to finish that (“publish”)"
    ),
}
"""Every way out that a page of the console can come to show, by name."""


def way(name: str, **values: str) -> str:
    """The words for the command line."""
    return WAYS[name].command.format(**values)


def on_pages(text: str) -> str:
    """A refusal as the console says it: each command in it replaced by what its pages offer, or by who can type it."""
    for pattern, page in _PATTERNS:
        text = pattern.sub(lambda found, page=page: page.format(**found.groupdict()), text)  # type: ignore[misc]
    return _ANY.sub(r"“\1” on the command line (whoever runs the node can)", text)


def _pattern(command: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(lambda place: _VALUE.format(place[1]), re.escape(command)))


_PATTERNS: Final = tuple((_pattern(found.command), found.page) for found in WAYS.values())
