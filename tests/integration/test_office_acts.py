"""Acts of the office: a reason handed over, an award issued anew for another key, a new address."""

from __future__ import annotations

import json
from dataclasses import replace

from anchor.ledger import Ledger
from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.store import STORE_NAME
from tests.support import credit_school
from tests.support.credit_school import School

dev_chain, school = credit_school.dev_chain, credit_school.school


def test_a_reason_is_handed_over_signed_and_goes_with_erasure(school: School) -> None:
    wallet, holder = school.wallet()
    entry = school.issue([holder])[0]
    commitment = school.hand_out(entry, wallet)
    none = school.raw("node reason", school.node, entry, "-o", school.folder / "none.json")
    assert (none.code, "--note" in none.err) == (3, True)
    why = "Examination board, 3 October: the project was not the learner's own"
    school.run("node revoke", school.node, entry, "--note", why)
    school.run("node anchor", school.node)
    file = school.folder / "reason.json"
    school.run("node reason", school.node, entry, "-o", file)
    found = school.run("wallet reason", wallet, file, "--policy", school.policy)
    assert (found["outcome"], found["reason"], found["held"], found["act"]) == ("confirmed", why, True, "revoke")
    assert school.run("wallet reason", wallet, file, "--policy", school.policy, "--rpc", "http://127.0.0.1:9", code=3)
    false = school.folder / "false.json"
    false.write_bytes(file.read_bytes().replace(b"not the learner's", b"very much the learner's"))
    assert school.run("wallet reason", wallet, false, "--policy", school.policy, code=1)["outcome"] == "refuted"
    chain = open_chain(school.chain.url)
    head = chain.block("latest")
    assert head is not None
    assert why.encode() not in b"".join(
        log.data for log in chain.logs(read_config(school.node).home.ledger, [], 0, head.number)
    )
    school.raw("node erase", school.node, entry)
    assert why.encode() not in (school.node / STORE_NAME).read_bytes()
    assert school.raw("node reason", school.node, entry, "-o", school.folder / "late.json").code == 3
    assert commitment


def test_a_reissue_is_refused_where_a_key_is_not_what_is_wrong(school: School) -> None:
    _, holder = school.wallet()
    _, other = school.wallet("other")
    gone, suspended, fine = school.issue([holder] * 3)
    school.run("node revoke", school.node, gone)
    school.run("node suspend", school.node, suspended)
    school.run("node anchor", school.node)
    desk = ("--checked-by", "M. Novak", "--how", "passport")
    for entry, address, code, said in (
        (gone, other, 3, "a reason of its own"),
        (suspended, other, 3, "reinstate it first"),
        (fine, holder, 2, "has already"),
        (fine, "0x" + "0" * 40, 2, "zero address"),
        (fine, "0x12", 2, "must be an address"),
    ):
        run = school.raw("node reissue", school.node, entry, "--holder", address, *desk)
        assert (run.code, said in run.err) == (code, True), run.err
    assert school.raw("node reissue", school.node, fine, "--holder", other, "--checked-by", " ", "--how", "x").code == 2


def test_a_moved_node_is_found_at_its_new_address(school: School) -> None:
    write_config(school.node, replace(read_config(school.node), public_url="https://registrar.example"))
    tried = school.run("node publish", school.node, "--dry-run")
    assert (tried["uri"], tried["uriInForce"]) == ("https://registrar.example", None)
    elsewhere = json.loads((school.node / "admin-key.json").read_text())["address"].removeprefix("0x")
    waiting = school.run("node publish", school.node, "--admin", f"0x{elsewhere}", code=3)
    assert len(waiting["calls"]) == 2, "document and address"
    school.run("node publish", school.node)
    config = read_config(school.node)
    record = Ledger(open_chain(school.chain.url), config.home.ledger).issuer(config.home.issuer)
    assert record is not None
    assert record.uri == "https://registrar.example"
    assert school.run("node publish", school.node)["cost"] is None
