"""Credential files against log and anchors: found, lost, dated back, or not to be told."""

from __future__ import annotations

from dataclasses import replace

from anchor.audit.conduct import DAY, Standards
from anchor.audit.given_files import GivenFile, judge_file, read_given
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.anchoring import Proofs
from tests.support.issued import paper_institution
from tests.support.world import START

WORLD = paper_institution(["Ana Novak", "Berta Kos", "Cene Zupan"])
NAME = "ana.credential.json"


def given(index: int = 1) -> GivenFile:
    [found] = read_given(NAME, WORLD.file(index).to_bytes())
    return found


def issuer(file: GivenFile, time: int = START) -> IssuerState:
    state = IssuerState(1)
    for anchor in file.credential.proofs.anchors:
        state.anchors.append(
            AnchorEntry(
                anchor.sequence, anchor.size, anchor.previous_size, anchor.root, b"", 0, 7, time, anchor.transaction
            )
        )
    return state


def test_file_that_its_own_proofs_bind_is_found_without_a_log() -> None:
    file = given()
    judged = judge_file(file, issuer(file, file.credential.valid_from), {}, Standards())
    assert (judged.outcome, judged.findings, judged.unchecked) == ("found", (), ())


def test_file_without_proofs_needs_the_log_and_another_entry_there_is_a_finding() -> None:
    file = given()
    state = issuer(file, file.credential.valid_from)
    bare = GivenFile(NAME, replace(file.credential, proofs=Proofs(file.index, None, ())))
    assert judge_file(bare, state, {}, Standards()).outcome == "unchecked"
    there = {file.index: bytes(file.credential.commitment)}
    assert judge_file(bare, state, there, Standards()).outcome == "found"
    lost = judge_file(file, state, {file.index: bytes(32)}, Standards())
    assert [found.code for found in lost.findings] == ["file.missing"]


def test_anchor_that_is_not_on_the_chain_binds_nothing() -> None:
    file = given()
    state = issuer(file)
    state.anchors = [replace(anchor, root=bytes(32)) for anchor in state.anchors]
    assert judge_file(file, state, {}, Standards()).outcome == "unchecked"


def test_date_counts_from_the_introducing_anchor_and_the_limit_is_the_auditors() -> None:
    file = given()
    dated = file.credential.valid_from
    assert dated
    at_the_limit = issuer(file, dated + 10 * DAY)
    assert judge_file(file, at_the_limit, {}, Standards(backdating=10 * DAY)).outcome == "found"
    [found] = judge_file(file, at_the_limit, {}, Standards(backdating=10 * DAY - 1)).findings
    assert (found.code, dict(found.details)["days"]) == ("file.backdated", 10)
    assert "Ana" not in found.sentence.replace(NAME, "")
    undated = GivenFile(NAME, replace(file.credential, valid_from=0))
    assert judge_file(undated, issuer(file, dated + 9999 * DAY), {}, Standards()).outcome == "found"


def test_entry_that_is_not_anchored_yet_is_open() -> None:
    file = given()
    assert judge_file(file, IssuerState(1), {}, Standards()).outcome == "open"
