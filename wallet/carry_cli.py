"""`rootseal wallet pdf`, `qr` and `link`: ways to carry a presentation on paper, on a screen, and by mail."""

from __future__ import annotations

from pathlib import Path

import click

from rootseal.errors import InputError
from rootseal.languages import LANGUAGES
from wallet.console import as_json_option, line, print_json
from wallet.disk import read_file, write_atomically

__all__ = ["link", "pdf", "qr"]

_PUBLIC = 0o644
_FILE = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
_force = click.option("--force", is_flag=True, help="Replace OUT if it is there.")
_complete = click.option("--complete", is_flag=True, help="FILE is complete, and shall show everything, for ever.")


@click.command("pdf")
@_FILE
@click.option(
    "-o", "--out", "output", metavar="OUT", required=True, type=click.Path(path_type=Path), help="The PDF to write."
)
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of its words.")
@_complete
@_force
@as_json_option
def pdf(file: Path, output: Path, language: str, complete: bool, force: bool, as_json: bool) -> None:
    """Make a printable certificate that carries FILE inside, and once more as codes to be scanned.

    What FILE does not show is not in the PDF either: choose it with `rootseal wallet present`. The PDF is PDF/A-3; an
    employer checks it as it is: rootseal verify certificate.pdf. A complete credential shows everything, and is taken
    with --complete alone.

    \b
    Examples:
      rootseal wallet pdf for-employer.presentation.json -o certificate.pdf
      rootseal wallet pdf for-employer.presentation.json -o potrdilo.pdf --language sl

    Exit codes: 0 written; 2 no such file, a complete one, or too much for codes: nothing was written.
    """
    from wallet.certificate import certificate

    data = _read(file, complete)
    _free(output, force)
    write_atomically(output, certificate(data, language), _PUBLIC)
    if as_json:
        print_json({"format": "rootseal/wallet-pdf/1", "file": str(output), "language": language})
        return
    line(f"Written to {output}. It shows and carries what {file.name} shows.")


@click.command("qr")
@_FILE
@click.option(
    "-o",
    "--out",
    "output",
    metavar="OUT",
    required=True,
    type=click.Path(path_type=Path),
    help="An image, .svg or .png.",
)
@_complete
@_force
@as_json_option
def qr(file: Path, output: Path, complete: bool, force: bool, as_json: bool) -> None:
    """Draw FILE as QR codes: OUT, or OUT-1, OUT-2 … where it needs several.

    A file made with `rootseal wallet present --small` needs fewest. Whoever photographs the codes has the file. A
    complete credential shows everything, and is taken with --complete alone.

    \b
    Examples:
      rootseal wallet qr for-employer.presentation.json -o code.svg
      rootseal wallet qr for-employer.presentation.json -o code.png --force

    Exit codes: 0 drawn; 2 no such file, a complete one, or too much for codes: nothing was drawn.
    """
    import segno

    from wallet.compact import compact, frames

    if output.suffix.lower() not in (".svg", ".png"):
        raise InputError("--out", "must end in .svg or .png", str(output))
    codes = frames(compact(_read(file, complete)))
    names = [output if len(codes) == 1 else output.with_stem(f"{output.stem}-{n}") for n in range(1, len(codes) + 1)]
    for name in names:
        _free(name, force)
    for name, code in zip(names, codes, strict=True):
        drawn = segno.make(code, error="l", boost_error=False)
        image = drawn.svg_inline(scale=4).encode() if name.suffix.lower() == ".svg" else _png(drawn)
        write_atomically(name, image, _PUBLIC)
    if as_json:
        print_json({"format": "rootseal/wallet-qr/1", "files": [str(name) for name in names]})
        return
    for name in names:
        line(str(name))
    if len(names) > 1:
        line(f"All {len(names)} codes are needed; they can be read in any order.")


@click.command("link")
@_FILE
@click.option("--node", metavar="URL", required=True, help="Who keeps it, locked: such as https://registrar.example.")
@click.option("--days", type=click.IntRange(1, 90), default=14, show_default=True, help="When the link ends.")
@_complete
@as_json_option
def link(file: Path, node: str, days: int, complete: bool, as_json: bool) -> None:
    """Make a link to FILE, for whoever cannot take an attachment.

    FILE is locked on this computer and left with the node, which cannot read it: the key stands in the link, after
    the #, and is sent nowhere. Whoever has the link has the file. When the link ends the node deletes what it keeps;
    the credential itself goes on as before. A complete credential shows everything, and is taken with --complete alone.

    \b
    Examples:
      rootseal wallet link for-employer.presentation.json --node https://registrar.example
      rootseal wallet link for-employer.presentation.json --node https://registrar.example --days 3

    Exit codes: 0 made; 1 the node does not keep it; 2 wrong usage; 3 the node cannot be asked now.
    """
    from rootseal.instants import format_date
    from wallet.sharing import share

    made = share(_read(file, complete), node, days)
    if as_json:
        print_json({"format": "rootseal/wallet-link/1", "link": made.url, "expiresAt": made.expires_at})
        return
    line(made.url)
    line(f"The link ends on {format_date(made.expires_at)}. That is the link alone: the credential does not end by it.")


def _png(drawn: object) -> bytes:
    import io

    import segno

    assert isinstance(drawn, segno.QRCode)
    out = io.BytesIO()
    drawn.save(out, kind="png", scale=6)
    return out.getvalue()


def _read(file: Path, complete: bool) -> bytes:
    """The file, as far as it is one of ours. A complete one discloses everything: only where that is wanted."""
    from rootseal.opening import open_file

    data = read_file(file)
    if any(one.complete for one in open_file(data).credentials) and not complete:
        problem = (
            "is a complete credential: who gets it reads everything in it, for ever. Choose what to show with "
            "`rootseal wallet present`, which makes a presentation; or give --complete"
        )
        raise InputError(str(file), problem)
    return data


def _free(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise InputError(str(path), "exists already; give another name, or --force to replace it")
