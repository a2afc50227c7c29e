"""`rootseal wallet pdf` and `qr`: ways to carry a presentation on paper and on a screen."""

from __future__ import annotations

from pathlib import Path

import click

from rootseal.errors import InputError
from rootseal.languages import LANGUAGES
from wallet.console import as_json_option, line, print_json
from wallet.disk import read_file, write_atomically

__all__ = ["pdf", "qr"]

_PUBLIC = 0o644
_FILE = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
_force = click.option("--force", is_flag=True, help="Replace OUT if it is there.")


@click.command("pdf")
@_FILE
@click.option("-o", "--output", metavar="OUT", required=True, type=click.Path(path_type=Path), help="The PDF to write.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of its words.")
@_force
@as_json_option
def pdf(file: Path, output: Path, language: str, force: bool, as_json: bool) -> None:
    """Make a printable certificate that carries FILE inside, and once more as codes to be scanned.

    What FILE does not show is not in the PDF either: choose it with `rootseal wallet present`. The PDF is PDF/A-3; an
    employer checks it as it is: rootseal verify certificate.pdf.

    \b
    Examples:
      rootseal wallet pdf for-employer.presentation.json -o certificate.pdf
      rootseal wallet pdf for-employer.presentation.json -o potrdilo.pdf --language sl

    Exit codes: 0 written; 2 no such file, or too much for codes: nothing was written.
    """
    from wallet.certificate import certificate

    data = _read(file)
    _free(output, force)
    write_atomically(output, certificate(data, language), _PUBLIC)
    if as_json:
        print_json({"format": "rootseal/wallet-pdf/1", "file": str(output), "language": language})
        return
    line(f"Written to {output}. It shows and carries what {file.name} shows.")


@click.command("qr")
@_FILE
@click.option(
    "-o", "--output", metavar="OUT", required=True, type=click.Path(path_type=Path), help="An image, .svg or .png."
)
@_force
@as_json_option
def qr(file: Path, output: Path, force: bool, as_json: bool) -> None:
    """Draw FILE as QR codes: OUT, or OUT-1, OUT-2 … where it needs several.

    A file made with `rootseal wallet present --small` needs fewest. Whoever photographs the codes has the file.

    \b
    Examples:
      rootseal wallet qr for-employer.presentation.json -o code.svg
      rootseal wallet qr for-employer.presentation.json -o code.png --force

    Exit codes: 0 drawn; 2 no such file, or too much for codes: nothing was drawn.
    """
    import segno

    from wallet.compact import compact, frames

    if output.suffix.lower() not in (".svg", ".png"):
        raise InputError("--output", "must end in .svg or .png", str(output))
    codes = frames(compact(_read(file)))
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


def _png(drawn: object) -> bytes:
    import io

    import segno

    assert isinstance(drawn, segno.QRCode)
    out = io.BytesIO()
    drawn.save(out, kind="png", scale=6)
    return out.getvalue()


def _read(file: Path) -> bytes:
    """The file, as far as it is one of ours."""
    from rootseal.opening import open_file

    data = read_file(file)
    open_file(data)
    return data


def _free(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise InputError(str(path), "exists already; give another name, or --force to replace it")
