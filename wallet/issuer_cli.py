"""`rootseal issuer`: who an issuer is and was; and vouching for one with nothing but a keystore."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rootseal.commitment import Home
from rootseal.errors import InputError, UndeterminedError
from rootseal.instants import format_instant
from wallet.accredit_cli import accredit, withdraw
from wallet.console import finish, heading, line, paragraph, print_json
from wallet.issuer_site import Site, site_options
from wallet.new_key_cli import new_key

if TYPE_CHECKING:
    from anchor.issuer_history import IssuerHistory
    from wallet.domain_evidence import DomainEvidence

__all__ = ["issuer"]


@click.group("issuer")
def issuer() -> None:
    """Look an issuer up in the ledger, or vouch for one. No node and no account with anybody is needed.

    \b
    Examples:
      rootseal issuer show eip155:1:0xLEDGER/7 --rpc https://node.example
      rootseal issuer accredit eip155:1:0xLEDGER/7 --rpc https://node.example --key agency.json --from https://…
    """


@issuer.command("show")
@click.argument("place", metavar="eip155:CHAIN:0xLEDGER/NUMBER")
@click.option("--check-domain", is_flag=True, help="Ask the address that the issuer gave on the ledger.")
@site_options
def show(place: str, check_domain: bool, rpc: str | None, policy: Path | None, as_json: bool) -> None:
    """Tell an issuer's whole history: who registered it, its documents, keys, admins, who vouched for it, its end.

    Accreditations are told of those bodies that your policy trusts; anybody may accredit. Nothing is asked but
    the chain, unless you say --check-domain; what a domain says is shown with its date and trusted by nobody.

    \b
    Examples:
      rootseal issuer show eip155:1:0xLEDGER/7
      rootseal issuer show eip155:1:0xLEDGER/7 --rpc https://node.example --check-domain

    Exit codes: 0 shown; 2 no such issuer; 3 the chain could not be asked, or the domain does not speak for it.
    """
    from anchor.issuer_history import read_history
    from wallet.domain_evidence import recall

    site = Site.of(place, rpc, policy)
    history = read_history(site.chain, site.pins, site.home.issuer, site.finality)
    problem = _look_at_domain(site.home, history) if check_domain else None
    evidence = recall(site.home.chain, site.home.ledger, site.home.issuer)
    _print(site, history, evidence, problem, as_json)
    finish(3 if problem is not None else 0)


def _look_at_domain(home: Home, history: IssuerHistory) -> str | None:
    """Look and remember; a sentence where it could not be seen."""
    from wallet.domain_evidence import look, remember

    documents = history.documents
    if not documents or not any(documents[-1].document_hash):
        return "It has no document in force that a domain could show."
    if not history.record.uri:
        return "It gave no address on the ledger, so there is no domain to ask."
    try:
        evidence = look(history.record.uri, documents[-1].document_hash, int(time.time()))
    except (UndeterminedError, InputError) as error:
        return f"{error.diagnostics().rstrip('.')}."
    remember(home.chain, home.ledger, home.issuer, evidence)
    return None


def _print(
    site: Site, history: IssuerHistory, evidence: DomainEvidence | None, problem: str | None, as_json: bool
) -> None:
    from wallet.domain_evidence import sentences
    from wallet.issuer_story import chapters, summary, to_json

    own_name = None if site.policy is None else site.policy.issuer_name(site.home.issuer)
    if as_json:
        domain = None
        if evidence is not None:
            domain = {
                "url": evidence.url,
                "hash": evidence.digest.hex(),
                "did": evidence.did,
                "seenAt": evidence.seen_at,
                "current": evidence.digest == history.documents[-1].document_hash,
            }
        value = {"yourName": own_name, "domain": domain, "domainProblem": problem}
        print_json({"format": "rootseal/issuer-history/1", **to_json(history, site.policy), **value})
        return
    known = f"you trust it as “{own_name}”" if own_name else "your policy does not pin it"
    line(f"Issuer {site.home.issuer} of {site.home.chain}:0x{site.home.ledger.hex()} ({known}).")
    if site.policy is None or site.policy.test:
        line("TEST: this ledger counts as a test ledger, or is not pinned by your policy.")
    heading("History")
    for told in chapters(history, site.policy):
        paragraph(f"{format_instant(told.time)}  {told.sentence}", 2, 22)
    heading("Now")
    for sentence in summary(history, site.policy):
        paragraph(sentence, 2, 2)
    heading("Its domain")
    for sentence in [*([] if problem is None else [problem]), *([] if evidence is None else sentences(evidence))]:
        paragraph(sentence, 2, 2)
    if evidence is None and problem is None:
        paragraph("Nobody looked yet (--check-domain).", 2, 2)


issuer.add_command(accredit)
issuer.add_command(withdraw)
issuer.add_command(new_key)
