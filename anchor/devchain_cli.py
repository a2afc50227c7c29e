"""`rootseal chain`: a development chain on this machine.

Errors are not caught here: the program `rootseal` turns every foreseen one into a sentence and its code.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Literal

import click

from anchor.devchain import ChainInfo, start


@click.command("chain")
@click.option(
    "--engine",
    type=click.Choice(["auto", "anvil", "embedded"]),
    default="auto",
    show_default=True,
    help="auto: what the state file was made by; else anvil where it is installed, else embedded.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8545, show_default=True, help="0 picks a free port.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the chain in this file. Without it the chain is gone when the command ends.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON (rootseal/chain/1).")
def main(engine: Literal["auto", "anvil", "embedded"], port: int, state: Path | None, as_json: bool) -> None:
    """Run an Ethereum chain for development on 127.0.0.1 until Ctrl-C.

    The first line printed is its URL. It has ten unlocked, funded accounts whose keys are
    public: never use it for anything of value. Each transaction is mined at once and becomes
    final without more traffic.

    \b
    embedded  (chain id 31338) needs nothing but Python. A transaction is on disk before its
              hash is answered: no crash loses it.
    anvil     (chain id 31337) is faster. Its state is saved after new blocks: if it or this
              command is killed, the last moment may be lost. After a restart, calls at blocks
              of earlier runs are refused; receipts and logs are all there.

    \b
    Examples:
      rootseal chain
      rootseal chain --engine embedded --state chain.db
      rootseal chain --port 0 --json

    Exit codes: 0 stopped; 2 bad option, port taken, state file unusable or in use; 3 the engine
    failed.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    # Before the start: a signal while starting is obeyed as soon as there is something to stop.
    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        chain = start(engine, port, None if state is None else state.absolute())
        try:
            _announce(chain.info, as_json)
            chain.run(stop)
        finally:
            chain.close()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _announce(info: ChainInfo, as_json: bool) -> None:
    kept = None if info.state is None else str(info.state)
    if as_json:
        line = {"url": info.url, "chainId": info.chain_id, "engine": info.engine, "state": kept, "pid": os.getpid()}
        click.echo(json.dumps({"format": "rootseal/chain/1", **line}, separators=(",", ":")))
        return
    click.echo(info.url)
    click.echo(f"{info.engine}, chain id {info.chain_id}, {kept or 'in memory only'}. For tests only; Ctrl-C stops it.")


if __name__ == "__main__":
    import sys

    from rootseal.__main__ import main as program

    sys.exit(program(["chain", *sys.argv[1:]]))
