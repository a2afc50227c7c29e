"""Which language a command speaks to people: what the user says, else the environment's, else English."""

from __future__ import annotations

import os

import click

from rootseal.languages import LANGUAGES

__all__ = ["chosen_language", "language_option"]

language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="The language of the sentences. Default: that of LC_ALL or LANG where it is one of these, else English.",
)


def chosen_language(named: str | None) -> str:
    """`named`, else the language of LC_ALL, LC_MESSAGES or LANG (the first that is set, as POSIX orders them)."""
    if named is not None:
        return named
    values = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    spoken = next((value for value in values if value), "").partition("_")[0].partition(".")[0].lower()
    return spoken if spoken in LANGUAGES else "en"
