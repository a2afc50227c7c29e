"""`exit-bundle`: what outlives the institution, as files for any web server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, opened, tell
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.exit_bundle import Bundle

__all__ = ["exit_bundle"]


@click.command("exit-bundle")
@directory_argument
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--no-proofs", is_flag=True, help="Leave out the file of proofs for each entry, some kilobytes each.")
@json_option
def exit_bundle(directory: Path, out: Path, no_proofs: bool, as_json: bool) -> None:
    """Write everything that outlives this node to the new folder OUT, for any library to host.

    Log, checkpoints, proofs, register and statuses with proofs, evidence of an audit, programs, specification,
    and a page that verifies: with these, and the chain, credentials verify when the institution is gone. No
    credential and nobody's name is in it. Anchor everything first; make it again after the last revocation.

    \b
    Example:
      rootseal node exit-bundle mynode /srv/www/university

    Exit codes: 0 written; 2 OUT is there already; 3 the chain cannot be asked or nothing is sealed, and nothing is
    written; or it is written, and something is missing in it, which is said.
    """
    from node.exit_bundle import write_bundle

    with opened(directory) as services:
        bundle = write_bundle(services, out, tell, proofs=not no_proofs)
    answer(as_json, "exit-bundle", _json(bundle), _lines(bundle))
    leave(0 if bundle.complete else 3)


def _json(bundle: Bundle) -> dict[str, Any]:
    return {
        "out": str(bundle.path),
        "files": bundle.files,
        "size": bundle.size,
        "anchored": bundle.anchored,
        "block": {"number": bundle.block, "hash": "0x" + bundle.block_hash.hex()},
        "verdict": bundle.verdict,
        "missing": list(bundle.missing),
    }


def _lines(bundle: Bundle) -> list[str]:
    files, log = counted(bundle.files, "file"), counted(bundle.size, "entry")
    lines = [f"{bundle.path}: {files}; a log of {log}, {bundle.anchored} anchored."]
    lines.append(f"As of block {bundle.block}, 0x{bundle.block_hash.hex()}. Audit: {bundle.verdict}.")
    if bundle.unanchored:
        lines.append(
            f"{bundle.unanchored} sealed entries are on no chain: run 'rootseal node anchor', and make it again."
        )
    lines += [f"NOT in it: {item}" for item in bundle.missing]
    return [*lines, f"Read {bundle.path / 'README.txt'}; keep a copy where the institution has no say."]
