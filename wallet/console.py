"""The edge to a person's terminal: harmless text, JSON lines, exit codes (DESIGN §7).

Errors are not caught here: the program `rootseal` turns every foreseen one into a sentence and its code.
"""

from __future__ import annotations

import json
import sys
import textwrap

import click

from rootseal.microcredential import display_text

__all__ = ["as_json_option", "finish", "harmless", "heading", "line", "paragraph", "print_json"]

_WIDTH = 100

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, one object per line.")


def harmless(text: object, limit: int = 2000) -> str:
    """What may reach a terminal of text that anybody may have written.

    Terminal escapes, control characters and bidi overrides are taken out, line ends become spaces, and
    the rest is cut to `limit` characters. Never raises; empty where nothing is left.
    """
    return display_text(" ".join(str(text)[: 4 * limit].splitlines()), limit) or ""


def line(text: str = "", indent: int = 0) -> None:
    """Print one line made harmless, `indent` spaces in."""
    _echo(" " * indent + harmless(text) if text else "")


def heading(text: str) -> None:
    """Print an empty line and a heading."""
    _echo("")
    _echo(harmless(text))


def paragraph(text: str, indent: int = 0, hang: int = 0) -> None:
    """Print text made harmless, wrapped; lines after the first stand `hang` spaces further in."""
    first, rest = " " * indent, " " * (indent + hang)
    _echo(textwrap.fill(harmless(text, 6000), _WIDTH, initial_indent=first, subsequent_indent=rest))


def print_json(value: object) -> None:
    """One JSON object on one line. ASCII only: no terminal and no pipe can be upset by it."""
    _echo(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def finish(code: int) -> None:
    """Leave the program with `code` where it is not 0."""
    if code:
        click.get_current_context().exit(code)


def _echo(text: str) -> None:
    # A name in Slovene must not crash the report in a terminal of another alphabet.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
