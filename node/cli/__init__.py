"""The commands of an institution: `rootseal node …`. Each prints an answer and leaves with the codes of DESIGN §7."""

from __future__ import annotations

import click

from node.cli.accrediting import accredit
from node.cli.acts import reinstate, revoke, suspend
from node.cli.admin import admin, annul
from node.cli.anchoring import anchor, run
from node.cli.forecasting import forecast
from node.cli.handing_out import export, export_log, update
from node.cli.issuing import issue, seal, withdraw
from node.cli.keeping import backup, erase, restore
from node.cli.keys import keys
from node.cli.making import init
from node.cli.publishing import publish
from node.cli.reporting import fsck, status
from node.cli.succession import accept_succession, succeed
from node.cli.templates import templates

__all__ = ["main"]


class _InOrder(click.Group):
    """Help lists the commands in the order of the work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group("node", cls=_InOrder)
def main() -> None:
    """Run an issuing node. DIR, always the first argument, is its directory.

    The commands stand in the order of the work; 'run' seals and anchors by itself and serves the public pages.
    """


for _command in (
    init, forecast, templates, issue, withdraw, seal, anchor, export, update, run,
    status, revoke, suspend, reinstate, export_log, fsck, backup, restore, erase,
    publish, keys, admin, annul, accredit, succeed, accept_succession,
):  # fmt: skip
    main.add_command(_command)
