"""`credits deploy|submit|redeem|list`: learners' credits as tokens, claimed and recognised by the institution."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.governing import cost_json, cost_line, dry_run_option
from node.cli.keys import EitherOrder
from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened, tell
from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, parse_address

if TYPE_CHECKING:
    from node.crediting import CreditAnswer, CreditLine, Submission

__all__ = ["credits_group"]

_MAX_FILE = 64 * 1024
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("credits", cls=EitherOrder)
def credits_group() -> None:
    """Credits as tokens that a learner receives and cannot pass on.

    The learner signs a claim in the wallet and hands the file over; the institution pays and sends. Another
    institution recognises credits once, with the learner's signature. Titles and names never go on chain.

    \b
    Examples:
      rootseal node credits deploy mynode
      rootseal node credits submit mynode claims/*.claim.json --dry-run
      rootseal node credits redeem mynode --claim transfer.redemption.json
    """


@credits_group.command()
@directory_argument
@click.option("--contract", metavar="0x…", help="Take this one, which is on chain already, and deploy nothing.")
@click.option("--timeout", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds to wait.")
@dry_run_option
@json_option
def deploy(directory: Path, contract: str | None, timeout: float, dry_run: bool, as_json: bool) -> None:
    """Put the credits contract of this ledger on chain, or take the one given, and name it in node.toml.

    One contract serves all institutions of a ledger, for ever, and nobody owns it: ask the others first whether
    there is one. Its code and its ledger are checked. Verifiers name it in their policy.

    \b
    Examples:
      rootseal node credits deploy mynode --dry-run
      rootseal node credits deploy mynode --contract 0x…

    Exit codes: 0 named in node.toml; 2 another one is named already; 3 no money, or not final yet: run it again.
    """
    from node.credits_contract import Setup, adopt, deployment_cost, put_on_chain
    from node.stopped import node_stopped

    given = None if contract is None else parse_address(contract, "--contract")
    with opened(directory) as services, node_stopped(directory, services.store, "node credits deploy"):
        setup = Setup(directory, services.store, services.connection, tell, timeout)
        address, cost = services.config.credits_contract or given, None
        if address is not None and not dry_run:
            adopt(setup, address)
        elif address is None:
            cost = deployment_cost(services.connection)
            address = None if dry_run else put_on_chain(setup)
    value = {
        "done": not dry_run,
        "dryRun": dry_run,
        "contract": None if address is None else address_text(address),
        "cost": cost_json(cost),
    }
    named = "" if address is None else f"Credits count in {checksum_address(address)}"
    lines = [cost_line(cost) if address is None else f"{named}."] if dry_run else [f"{named}, as node.toml says now."]
    answer(as_json, "credits-deploy", value, lines)


@credits_group.command()
@directory_argument
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=_FILE)
@dry_run_option
@json_option
def submit(directory: Path, files: Sequence[Path], dry_run: bool, as_json: bool) -> None:
    """Claim credits for learners who signed for it ('rootseal wallet claim'). 'anchor' or 'run' sends it.

    Each claim is rehearsed against the contract first: what it would refuse is told with the reason and not
    sent. Good ones are queued even where others are refused; nothing is claimed or paid twice.

    \b
    Examples:
      rootseal node credits submit mynode claims/*.claim.json --dry-run
      rootseal node credits submit mynode ana.claim.json

    Exit codes: 0 queued, or claimed before; 1 claims were refused; 2 bad input; 3 the chain cannot be asked.
    """
    from node.crediting import Crediting

    contents = [(str(file), _read(file)) for file in files]
    with opened(directory) as services:
        outcome = Crediting(services.store, services.connection).submit(contents, services.now, dry_run=dry_run)
    answer(as_json, "credits-submit", _submission_json(outcome), _submission_lines(outcome))
    leave(1 if outcome.count("refused") else 0)


@credits_group.command()
@directory_argument
@click.option("--claim", "file", metavar="FILE", required=True, type=_FILE, help="What the learner signed.")
@dry_run_option
@json_option
def redeem(directory: Path, file: Path, dry_run: bool, as_json: bool) -> None:
    """Recognise a learner's credits, once for ever ('rootseal wallet redeem' makes FILE). 'anchor' or 'run' sends it.

    This institution must be the one that the learner named. On chain stands that it recognised them, and a
    salted hash of what for; the words stay in your database.

    \b
    Example:
      rootseal node credits redeem mynode --claim transfer.redemption.json --dry-run

    Exit codes: 0 queued, or recognised before; 1 the contract refuses it; 2 bad input; 3 the chain cannot be asked.
    """
    from node.crediting import Crediting

    with opened(directory) as services:
        crediting = Crediting(services.store, services.connection)
        found = crediting.redeem(str(file), _read(file), services.now, dry_run=dry_run)
    value = {"dryRun": dry_run, **_answer_json(found)}
    lines = [_sentence(found, dry_run)]
    if found.outcome == "queued":
        lines.append(_cost_words(found.gas, found.wei) if dry_run else _takes_effect())
    answer(as_json, "credits-redeem", value, lines)
    leave(1 if found.outcome == "refused" else 0)


@credits_group.command("list")
@directory_argument
@json_option
def list_credits(directory: Path, as_json: bool) -> None:
    """List what was claimed and recognised here, how far it is, and what it is worth now.

    \b
    Example:
      rootseal node credits list mynode

    Exit codes: 0 listed; 1 something was given up because the contract refused it; 3 the chain cannot be asked.
    """
    from node.crediting import Crediting

    with opened(directory) as services:
        found = Crediting(services.store, services.connection).lines()
    answer(
        as_json,
        "credits-list",
        {"acts": [_line_json(one) for one in found]},
        [_line_words(one) for one in found] or ["Nothing was claimed or recognised here yet."],
    )
    leave(1 if any(one.problem for one in found) else 0)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_MAX_FILE + 1)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}") from error


def _submission_json(outcome: Submission) -> dict[str, Any]:
    answers = outcome.answers
    return {
        "dryRun": outcome.dry_run,
        "counts": {"queued": outcome.count("queued"), "already": outcome.count("already"),
                   "refused": outcome.count("refused")},
        "gas": sum(one.gas for one in answers),
        "wei": str(sum(one.wei for one in answers)),
        "claims": [_answer_json(one) for one in answers],
    }  # fmt: skip


def _answer_json(found: CreditAnswer) -> dict[str, Any]:
    return {
        "file": found.name,
        "commitment": None if found.commitment is None else found.commitment.hex(),
        "credits": found.credits,
        "outcome": found.outcome,
        "reason": found.reason,
        "gas": found.gas,
        "wei": str(found.wei),
    }


def _submission_lines(outcome: Submission) -> list[str]:
    lines = [_sentence(one, outcome.dry_run) for one in outcome.answers]
    if outcome.count("queued"):
        gas, wei = sum(one.gas for one in outcome.answers), sum(one.wei for one in outcome.answers)
        lines.append(_cost_words(gas, wei) if outcome.dry_run else _takes_effect())
    return lines


def _sentence(found: CreditAnswer, dry_run: bool) -> str:
    said = {"queued": "would be queued" if dry_run else "queued", "already": "nothing to do", "refused": "refused"}
    ects = f" ({found.credits / 100:g} ECTS)" if found.credits else ""
    reason = f": {harmless(found.reason, 500)}" if found.reason else ""
    return f"{harmless(found.name)}{ects}: {said[found.outcome]}{reason}"


def _cost_words(gas: int, wei: int) -> str:
    from anchor.calling import Cost

    return cost_line(Cost(gas, wei))


def _takes_effect() -> str:
    return "It takes effect when it is on chain: 'rootseal node anchor DIR' sends it, and so does 'run'."


def _line_json(one: CreditLine) -> dict[str, Any]:
    return {
        "kind": one.act.kind,
        "commitment": one.act.commitment.hex(),
        "at": one.act.at,
        "award": one.act.award,
        "transaction": one.state.value,
        "token": None if one.token is None else one.token.name.lower(),
        "problem": one.problem,
    }


def _line_words(one: CreditLine) -> str:
    worth = "not on chain" if one.token is None else one.token.name.lower()
    problem = f"; given up: {harmless(one.problem, 500)}" if one.problem else ""
    return f"{one.act.kind} {one.act.commitment.hex()[:16]}…: transaction {one.state.value}, token {worth}{problem}"
