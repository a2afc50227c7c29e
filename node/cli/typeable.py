"""Commands in sentences, made such that they can be typed: with the node's real directory, quoted for a shell.

Who refuses deep inside knows no directory and writes DIR, or the command's words alone. Here, where the command line
has named one, it is put in.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, Final

import click

from rootseal.errors import RootsealError

__all__ = ["remember_directory", "typeable", "typeable_error"]

_KEY: Final = "rootseal.directory"
_WORDS: Final = r"rootseal (?:node )?[a-z][a-z-]*(?: [a-z][a-z-]*)?"
_PLACEHOLDER: Final = re.compile(rf"({_WORDS}) DIR(?![\w-])")
_QUOTED: Final = re.compile(rf"(?P<mark>['`])(?P<command>{_WORDS} (?:DIR(?![\w-])[^'`]*|--[^'`]+)|{_WORDS})(?P=mark)")
_RUN: Final = ("run",)
"""Named in sentences as the process that works, not to be typed."""


def remember_directory(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """Callback of the argument DIR: all that this command says names it."""
    context.meta[_KEY] = value
    return value


def typeable(text: str) -> str:
    """`text` with the directory of this command in every command that it names; as it is where none was given."""
    context = click.get_current_context(silent=True)
    directory = None if context is None else context.meta.get(_KEY)
    return text if directory is None else _filled(text, str(directory))


def typeable_error(error: RootsealError, context: click.Context) -> None:
    """The same for what an error says."""
    directory = context.meta.get(_KEY)
    if directory is not None:
        error.args = tuple(_filled(part, str(directory)) if isinstance(part, str) else part for part in error.args)


def _filled(text: str, directory: str) -> str:
    place = shlex.quote(f"./{directory}" if directory.startswith("-") else directory)

    def quoted(found: re.Match[str]) -> str:
        command = found["command"]
        if " DIR" in command:
            command = _PLACEHOLDER.sub(lambda one: f"{one[1]} {place}", command)
        elif _takes_directory(words := command.split(" --")[0].split()):
            head = " ".join(words)
            command = f"{head} {place}{command[len(head) :]}"
        mark = "`" if "'" in command else found["mark"]
        return f"{mark}{command}{mark}"

    return _PLACEHOLDER.sub(lambda one: f"{one[1]} {place}", _QUOTED.sub(quoted, text))


def _takes_directory(words: list[str]) -> bool:
    """Whether `rootseal node WORD [WORD]` is a command whose argument is a node's directory."""
    from node.cli import main  # it imports every command, and each of them this module

    command: Any = main if words[1] == "node" else None
    for word in words[2:]:
        command = command.commands.get(word) if isinstance(command, click.Group) else None
    leaf = command is not None and not isinstance(command, click.Group) and tuple(words[2:]) != _RUN
    return leaf and any(parameter.name == "directory" for parameter in command.params)
