"""`status`, `fsck`: how the node is, and whether what it holds is true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.shapes import anchor_json, checkpoint_json
from node.cli.terminal import answer, directory_argument, harmless, json_option, leave, opened
from rootseal.anchoring import home_json
from rootseal.instants import format_instant
from rootseal.plurals import agreeing, counted

if TYPE_CHECKING:
    from node.fsck import FsckReport
    from node.store import Checkpoint
    from node.summary import NodeStatus, WitnessStatus

__all__ = ["fsck", "status"]

_ETHER = 10**18


@click.command()
@directory_argument
@json_option
def status(directory: Path, as_json: bool) -> None:
    """Say how many credentials are where, which promises are due, what holds them up, and how chain and money stand.

    \b
    Example:
      rootseal node status mynode

    Exit codes: 0 well; 1 a promise is overdue, the chain is ahead of this store, sealing or anchoring is held up, or
    an acknowledged award is set aside; 3 the chain cannot be asked.
    """
    from node.funds_now import open_witness
    from node.summary import summarise

    with opened(directory, anyway=True) as services:
        found = summarise(services.store, services.connection, services.now, open_witness)
        home = services.home
    answer(as_json, "status", {"home": home_json(home), **_status_json(found)}, _status_lines(found, str(home)))
    leave(1 if found.overdue else 3 if found.chain is None else 0 if found.healthy else 1)


def _status_json(found: NodeStatus) -> dict[str, Any]:
    chain = found.chain
    return {
        "test": found.test,
        "healthy": found.healthy,
        "accepted": found.accepted,
        "copiesWaiting": found.copies_waiting,
        "setAside": [
            {
                "id": row.taken.entry,
                "microCredential": row.taken.micro_credential,
                "acceptedAt": row.taken.at,
                "since": row.since,
                "reason": row.reason,
            }
            for row in found.set_aside
        ],
        "sealed": found.sealed,
        "withdrawn": found.withdrawn,
        "anchored": found.anchored,
        "oldestAcceptedAt": found.oldest_accepted_at,
        "checkpoint": None if found.checkpoint is None else checkpoint_json(found.checkpoint),
        "anchor": None if found.anchor is None else anchor_json(found.anchor),
        "overdue": [checkpoint_json(point) for point in found.overdue],
        "near": [checkpoint_json(point) for point in found.near],
        "transactions": found.intents,
        "chain": None
        if chain is None
        else {
            "latestBlock": chain.latest_block,
            "finalBlock": chain.final_block,
            "headSequence": chain.head_sequence,
            "headSize": chain.head_size,
            "balanceWei": None if chain.balance is None else str(chain.balance),
        },
        "chainProblem": found.chain_problem,
        "problems": [{"code": problem.code, "sentence": problem.sentence} for problem in found.problems],
        "nextAnchor": {
            "due": found.next_anchor.due,
            "reason": found.next_anchor.reason,
            "at": found.next_anchor.at,
        },
        "awaitingApproval": found.approvals,
        "recovered": found.recovered,
        "ledgers": [
            {
                "number": witness.number,
                "chain": witness.chain_id,
                "sequence": witness.sequence,
                "anchored": witness.anchored,
                "balanceWei": None if witness.balance is None else str(witness.balance),
                "problem": witness.problem,
            }
            for witness in found.witnesses
        ],
    }


def _status_lines(found: NodeStatus, home: str) -> list[str]:
    lines = ["TEST: nothing made here is real."] if found.test else []
    lines += [
        f"Home: {home}",
        f"Credentials: {found.accepted} accepted, {found.sealed} sealed, {found.withdrawn} withdrawn.",
    ]
    if found.oldest_accepted_at is not None:
        lines.append(f"The oldest has waited to be sealed since {format_instant(found.oldest_accepted_at)}.")
    if found.copies_waiting:
        one, many = "is a further copy: it", "are further copies: each"
        noun = agreeing(found.copies_waiting, one, many)
        lines.append(
            f"Of the accepted, {found.copies_waiting} {noun} is sealed when the one before it is final on chain."
        )
    if found.set_aside:
        what = agreeing(len(found.set_aside), "is set aside: its credential", "are set aside: their credentials")
        lines.append(f"Of the accepted, {len(found.set_aside)} {what} cannot be made. See PROBLEM below.")
    if found.approvals:
        noun = "list waits" if found.approvals == 1 else "lists wait"
        lines.append(f"{found.approvals} {noun} for a second person's approval.")
    if found.checkpoint is None:
        lines.append("Nothing is sealed yet.")
    else:
        lines.append(f"The log has {counted(found.checkpoint.size, 'entry')}; final on chain: {found.anchored}.")
    if found.recovered:
        lines.append(
            f"Of {counted(found.recovered, 'entry')} only the commitment is known, read from the published log."
        )
    for point in found.overdue:
        lines.append(_promised("OVERDUE", point, "was promised", "were promised"))
    for point in found.near:
        lines.append(_promised("Due soon", point, "is promised", "are promised"))
    waiting = ", ".join(f"{count} {state}" for state, count in found.intents.items() if count)
    lines.append(f"Transactions: {waiting or 'none'}.")
    lines += [f"PROBLEM: {harmless(problem.sentence, 1500)}." for problem in found.problems]
    lines += [_next_line(found), *map(_witness_line, found.witnesses)]
    if found.chain is None:
        return [*lines, f"The chain cannot be asked: {found.chain_problem}"]
    lines.append(f"Chain: the newest block is {found.chain.latest_block}; final up to block {found.chain.final_block}.")
    if found.chain.balance is not None:
        lines.append(f"The node's key holds {_coins(found.chain.balance)} of the chain's coin.")
    return lines


def _next_line(found: NodeStatus) -> str:
    decision = found.next_anchor
    if decision.reason == "nothing" and found.checkpoint is None:
        return "Next anchor: none before something is sealed."
    if decision.reason in ("nothing", "ahead"):
        return f"Next anchor: none, for {decision.sentence}."
    when = (
        "due now"
        if decision.due
        else "later"
        if decision.at is None
        else f"at {format_instant(decision.at)} at the latest"
    )
    return f"Next anchor: {when}, because {decision.sentence}."


def _coins(wei: int) -> str:
    """A little must not read as nothing."""
    return "less than 0.0001" if 0 < wei < _ETHER // 10_000 else f"{wei / _ETHER:.4f}"


def _witness_line(witness: WitnessStatus) -> str:
    line = f"Ledger {witness.number} on chain {witness.chain_id}: {counted(witness.anchored, 'entry')} final there."
    if witness.balance is not None:
        line += f" The node's key holds {_coins(witness.balance)} of that chain's coin."
    return line if witness.problem is None else f"{line} Problem: {harmless(witness.problem, 300)}"


@click.command()
@directory_argument
@click.option("--repair", is_flag=True, help="Put right what can be derived; never what was promised.")
@click.option("--offline", is_flag=True, help="Do not ask the chain.")
@json_option
def fsck(directory: Path, repair: bool, offline: bool, as_json: bool) -> None:
    """Prove the store against itself and against the chain: every document, root, signature and anchor again.

    \b
    Examples:
      rootseal node fsck mynode
      rootseal node fsck mynode --offline

    Exit codes: 0 clean; 1 findings; 3 clean as far as looked, but something could not be checked.
    """
    with opened(directory) as services:
        report = services.fsck(repair=repair, offline=offline)
    answer(as_json, "fsck", _fsck_json(report), _fsck_lines(report))
    leave(1 if not report.clean else 3 if report.unchecked and not offline else 0)


def _fsck_json(report: FsckReport) -> dict[str, Any]:
    return {
        "clean": report.clean,
        "entries": report.entries,
        "erased": report.erased,
        "recovered": report.recovered,
        "checkpoints": report.checkpoints,
        "anchors": report.anchors,
        "witnessAnchors": report.witness_anchors,
        "actsSinceSeal": report.acts_since_seal,
        "findings": [
            {"code": finding.code, "sentence": finding.sentence, "repaired": finding.repaired}
            for finding in report.findings
        ],
        "unchecked": list(report.unchecked),
    }


def _promised(word: str, point: Checkpoint, one: str, many: str) -> str:
    verb = agreeing(point.size, one, many)
    return f"{word}: {counted(point.size, 'entry')} {verb} on chain by {format_instant(point.anchor_by)}."


def _fsck_lines(report: FsckReport) -> list[str]:
    lines = [
        f"Checked {counted(report.entries, 'entry')}, {counted(report.checkpoints, 'checkpoint')} and "
        f"{counted(report.anchors, 'anchor')}."
    ]
    if report.erased:
        lines.append(f"Erased, so that only the commitment is whole: {counted(report.erased, 'entry')}.")
    if report.recovered:
        entries = counted(report.recovered, "entry")
        lines.append(f"Known by the commitment alone, because recovered, and in no line of the audit log: {entries}.")
    if report.witness_anchors:
        lines.append(f"Checked {counted(report.witness_anchors, 'anchor')} on other ledgers.")
    if report.acts_since_seal:
        count = report.acts_since_seal
        last = agreeing(count, "last line", f"last {count} lines")
        same = agreeing(count, "it is", "they are")
        verb = agreeing(count, "is", "are")
        lines.append(
            f"The {last} of the audit log {verb} under no seal yet: until the next one nothing else shows that {same} "
            "unchanged."
        )
    for finding in report.findings:
        mark = "repaired" if finding.repaired else "FINDING"
        lines.append(f"{mark}: {harmless(finding.sentence, 400)} [{finding.code}]")
    lines += [f"Not checked: {harmless(sentence, 400)}" for sentence in report.unchecked]
    if report.clean:
        lines.append("Clean." if not report.unchecked else "Nothing wrong in what was checked.")
    return lines
