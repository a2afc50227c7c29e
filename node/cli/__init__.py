"""The commands of an institution: `rootseal node …`. Each prints an answer and leaves with the codes of DESIGN §7."""

from __future__ import annotations

import click

from node.cli.accrediting import accredit
from node.cli.acts import reinstate, revoke, suspend
from node.cli.admin import admin, annul
from node.cli.anchoring import anchor, run
from node.cli.approving import approve, reject, waiting
from node.cli.copying import copies
from node.cli.credits import credits_group
from node.cli.delivering import bounces, claim_link, deliver, delivered, deliveries
from node.cli.forecasting import forecast
from node.cli.handing_out import export, export_log, update
from node.cli.issuing import issue, seal, withdraw
from node.cli.keeping import backup, erase, restore
from node.cli.keys import keys
from node.cli.leaving import exit_bundle
from node.cli.looking import show
from node.cli.making import init
from node.cli.passphrases import recovery_sheet
from node.cli.publishing import publish
from node.cli.recovering import recover
from node.cli.reissuing import reason, reissue
from node.cli.reporting import fsck, status
from node.cli.succession import accept_succession, succeed
from node.cli.telling import errands, webhook
from node.cli.templates import templates
from node.cli.tokens import token
from node.cli.typeable import typeable_error
from node.cli.witnesses import ledgers
from node.principal import acting_on_command_line
from rootseal.errors import RootsealError

__all__ = ["main"]


class _InOrder(click.Group):
    """Help lists the commands in the order of the work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """What a command refuses names the directory that it was given."""
        try:
            return super().invoke(ctx)
        except RootsealError as error:
            typeable_error(error, ctx)
            raise


@click.group("node", cls=_InOrder)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run an issuing node. DIR, always the first argument, is its directory.

    The commands stand in the order of the work; 'run' seals and anchors by itself and serves the public pages.
    """
    ctx.with_resource(acting_on_command_line())


for _command in (
    init, forecast, templates, issue, show, withdraw, waiting, approve, reject, seal, anchor, export, update,
    deliver, bounces, claim_link, delivered, deliveries, run,
    status, revoke, suspend, reinstate, reissue, reason, copies, credits_group, export_log, fsck, backup, restore,
    recover, erase, exit_bundle, recovery_sheet, token, webhook, errands, publish, keys, ledgers, admin, annul,
    accredit,
    succeed, accept_succession,
):  # fmt: skip
    main.add_command(_command)
