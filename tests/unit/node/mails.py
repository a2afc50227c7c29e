"""A node that mails to a server of the tests: its settings, a round of mailing, and what became of each mail."""

from __future__ import annotations

from dataclasses import replace

from node.config import NodeConfig
from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.services import Services
from tests.support.mail_server import MailServer
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def settings(services: Services, server: MailServer, **more: object) -> NodeConfig:
    """The node's settings with this server; `more` are exchanged."""
    base: dict[str, object] = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": "registrar@uni.example"}
    return replace(services.config, **(base | more))  # type: ignore[arg-type]


def mailer(node: Node, config: NodeConfig) -> Mailer:
    """Who mails for the node."""
    services = node.services
    return Mailer(node.directory, config, services.store, services.exporter, lambda: services.now)


def deliver(node: Node, server: MailServer, request: MailRequest | None = None, **more: object) -> MailOutcome:
    """One round of mailing."""
    return mailer(node, settings(node.services, server, **more)).deliver(request or MailRequest())


def final(node: Node, count: int) -> list[str]:
    """Issue to `count` learners, seal and anchor; the ids."""
    issued = node.services.issue(roster(count), "r.csv").issued
    node.services.seal()
    assert node.services.anchor().reached
    return [row.id for row in issued]


def states(node: Node) -> list[str]:
    """The states of all mails, in the order of the log."""
    ids = [entry.id for entry in node.services.store.entries.numbered(0, 1000)]
    return [mail.state for entry in ids for mail in node.services.store.mails.of(entry)]
