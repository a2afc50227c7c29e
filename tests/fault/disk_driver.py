"""The program that strace hurts: a day of a node, safe to repeat. `python -m tests.fault.disk_driver DIR URL TIME`."""

from __future__ import annotations

import sys
from pathlib import Path

from anchor.web3_chain import open_chain
from node.config import read_config
from node.publishing import LogPublisher
from node.services import Services
from node.store import STORE_NAME, Store
from rootseal.errors import RootsealError
from rootseal.instants import format_date
from tests.support.devchain import rpc
from tests.unit.node.nodes import TEMPLATES, Clock, roster

SAID = 3  # a foreseen error in a sentence


def publish(directory: Path) -> int:
    """Write the files of an export and of the published log, offline; the same exit codes."""
    try:
        with Services.open(directory) as services:
            services.export(None, directory / "out")
            LogPublisher(services).write(directory / "log")
    except (RootsealError, OSError) as error:
        print(error, file=sys.stderr)
        return SAID
    return 0


def main(directory: Path, url: str, start: float) -> int:
    """Exit code 0 done, 3 a foreseen error; anything else is a bug. Acknowledged ids go to stdout."""
    clock = Clock(start, lambda: rpc(url, "evm_mine"))
    try:
        store = Store.open(directory / STORE_NAME)
        config = read_config(directory)
        with Services(directory, config, store, chain=open_chain(url), clock=clock, sleep=clock.sleep) as services:
            services.add_templates(TEMPLATES)
            date = format_date(int(start) - 86_400)
            outcome = services.issue(roster(3, date=date), "r.csv")
            print(*(row.id for row in (*outcome.issued, *outcome.already)), flush=True)
            services.seal()
            if not services.anchor(timeout=600).reached:
                return SAID
            services.export(None, directory / "out")
    except RootsealError as error:
        print(error, file=sys.stderr)
        return SAID
    return 0


if __name__ == "__main__":
    if sys.argv[2:] == ["publish"]:
        sys.exit(publish(Path(sys.argv[1])))
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
