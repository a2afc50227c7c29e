"""Credits from the list of awards to their recognition, as the commands are typed, on both engines."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from anchor.credits import TokenState
from node.config import read_config
from node.store import STORE_NAME, Store
from rootseal.ethereum import checksum_address
from rootseal.policy import LedgerPolicy, format_policy, parse_policy
from tests.support import credit_school
from tests.support.credit_school import School, second_school

dev_chain, school = credit_school.dev_chain, credit_school.school


def test_the_contract_is_put_on_chain_and_named_with_lines_of_the_audit_log(school: School) -> None:
    def lines(node: Path) -> list[tuple[str, str, dict[str, object]]]:
        with closing(Store.open(node / STORE_NAME)) as store:
            acts = store.acts.all()
            return [(one.act, one.subject, json.loads(one.detail)) for one in acts if "credits" in one.act]

    contract = read_config(school.node).credits_contract
    assert contract is not None
    deployed, named = lines(school.node)
    assert (deployed[0], len(deployed[1]), deployed[2]) == ("credits deploy", 66, {"by": "command line"})
    settings = {"settings": ["credits_contract", "credits_code_hash"], "by": "command line"}
    assert named == ("credits contract", checksum_address(contract), settings)
    school.run("node credits deploy", school.node)
    assert len(lines(school.node)) == 2, "it was named before"
    abroad, _ = second_school(school)
    assert lines(abroad) == [named], "it was on chain already"


def test_from_the_award_to_its_recognition_abroad(school: School) -> None:
    wallet, holder = school.wallet()
    commitment = school.hand_out(school.issue([holder])[0], wallet)
    assert school.sums(wallet) == {"earned": 250, "pending": 250}

    file = school.claim(wallet, commitment)
    assert b"Ledgers" not in file.read_bytes(), "no title leaves the wallet"
    tried = school.run("node credits submit", school.node, file, "--dry-run")
    assert int(str(tried["gas"])) > 150_000
    assert school.run("node credits list", school.node)["acts"] == []
    assert school.run("node credits submit", school.node, file)["counts"] == {"queued": 1, "already": 0, "refused": 0}
    assert school.run("node credits submit", school.node, file)["counts"] == {"queued": 0, "already": 1, "refused": 0}
    school.run("node anchor", school.node)
    assert school.sums(wallet) == {"earned": 250, "claimed": 250}
    assert school.run("node credits submit", school.node, file)["counts"] == {"queued": 0, "already": 1, "refused": 0}

    abroad, number = second_school(school)
    consent = school.folder / "transfer.redemption.json"
    asked = ("--receiver", number, "--award", "Module INF-201", "--policy", school.policy, *school.secret)
    kept = school.run("wallet redeem", wallet, commitment, "-o", consent, *asked)
    assert Path(str(kept["kept"])).read_bytes() == consent.read_bytes()
    wrong = school.raw("node credits redeem", school.node, "--claim", consent)
    assert (wrong.code, "is not this institution" in wrong.err) == (2, True)
    assert school.run("node credits redeem", abroad, "--claim", consent, "--dry-run")["outcome"] == "queued"
    assert school.run("node credits redeem", abroad, "--claim", consent)["outcome"] == "queued"
    school.run("node anchor", abroad)
    assert school.sums(wallet) == {"earned": 250, "claimed": 250, "spent": 250}
    assert school.run("node credits redeem", abroad, "--claim", consent)["outcome"] == "already"
    (act,) = school.run("node credits list", abroad)["acts"]
    assert (act["kind"], act["award"], act["transaction"], act["problem"]) == (
        "redeem",
        "Module INF-201",
        "final",
        None,
    )

    third, other = second_school(school, "third")
    again = school.folder / "again.redemption.json"
    asked = ("--receiver", other, "--award", "The same once more", "--policy", school.policy, *school.secret)
    school.run("wallet redeem", wallet, commitment, "-o", again, *asked)
    refused = school.run("node credits redeem", third, "--claim", again, code=1)
    assert f"institution {number} recognised these credits already" in str(refused["reason"])


def test_a_lost_key_is_an_office_visit_and_what_was_spent_stays_spent(school: School) -> None:
    old_wallet, old_holder = school.wallet("old")
    new_wallet, new_holder = school.wallet("new")
    first, second = school.issue([old_holder, old_holder])
    old = [school.hand_out(entry, old_wallet) for entry in (first, second)]
    files = [school.claim(old_wallet, one, f"old{n}") for n, one in enumerate(old)]
    assert school.run("node credits submit", school.node, *files)["counts"] == {"queued": 2, "already": 0, "refused": 0}
    school.run("node anchor", school.node)
    abroad, number = second_school(school)
    consent = school.folder / "spent.redemption.json"
    asked = ("--receiver", number, "--award", "A", "--policy", school.policy, *school.secret)
    school.run("wallet redeem", old_wallet, old[1], "-o", consent, *asked)
    school.run("node credits redeem", abroad, "--claim", consent)
    school.run("node anchor", abroad)

    desk = ("--holder", new_holder, "--checked-by", "M. Novak", "--how", "passport at the desk")
    assert school.run("node reissue", school.node, first, *desk, "--dry-run")["new"] is None
    new_ids = [str(school.run("node reissue", school.node, entry, *desk)["new"]) for entry in (first, second)]
    again = school.run("node reissue", school.node, first, *desk)
    assert (again["already"], again["new"]) == (True, new_ids[0])
    early = school.raw("node export", school.node, new_ids[0], "-o", school.folder / "early")
    assert early.code == 3
    school.publish()
    new = [school.hand_out(entry, new_wallet) for entry in new_ids]
    credits = school.credits()
    assert credits.state(bytes.fromhex(old[0])) is TokenState.REVOKED
    assert school.sums(old_wallet) == {"revoked": 500}
    claims = [school.claim(new_wallet, one, f"new{n}") for n, one in enumerate(new)]
    answers = school.run("node credits submit", school.node, *claims, code=1)["claims"]
    assert [one["outcome"] for one in answers] == ["queued", "refused"]
    assert "can happen only once" in answers[1]["reason"]
    school.run("node anchor", school.node)
    assert credits.state(bytes.fromhex(old[0])) is TokenState.VOIDED
    assert credits.state(bytes.fromhex(new[0])) is TokenState.COUNTED
    assert school.sums(new_wallet) == {"earned": 500, "claimed": 500, "spent": 250}


def test_only_trusted_issuers_and_the_named_contract_count(school: School) -> None:
    wallet, holder = school.wallet()
    commitment = school.hand_out(school.issue([holder])[0], wallet)
    school.run("node credits submit", school.node, school.claim(wallet, commitment))
    school.run("node anchor", school.node)
    good = parse_policy(school.policy.read_text())
    (ledger,) = good.ledgers
    assert ledger.credits is not None
    own = school.folder / "own.toml"

    def overview(changed: LedgerPolicy, code: int) -> dict[str, Any]:
        own.write_text(format_policy(replace(good, ledgers=(changed,))))
        return school.run("wallet credits", wallet, "--policy", own, code=code)

    strangers = overview(replace(ledger, issuers=((99, "Else"),)), 0)
    assert strangers["trusted"] == []
    assert strangers["untrusted"]["claimed"] == 250
    for wrong, said in (
        (replace(ledger, credits=None), "names no credits contract"),
        (replace(ledger, credits=replace(ledger.credits, code=bytes(32))), "code hash"),
        (
            replace(ledger, credits=replace(ledger.credits, address=ledger.address, code=ledger.code or b"")),
            "names no ledger",
        ),
        (replace(ledger, rpcs=("http://127.0.0.1:9",)), "127.0.0.1:9"),
        (replace(ledger, genesis=bytes(31) + b"\7"), "genesis"),
    ):
        found = overview(wrong, 3)
        assert said in found["issuers"][0]["problem"], found
        assert found["total"]["claimed"] == 0
    nobody = school.run("wallet credits", wallet, code=3)
    assert nobody["trusted"] == []


def test_totals_are_paged_beyond_one_page(school: School) -> None:
    wallet, holder = school.wallet()
    entries = school.issue([holder] * 3)
    ids = [school.hand_out(entry, wallet) for entry in entries]
    files = [school.claim(wallet, one, str(n)) for n, one in enumerate(ids)]
    school.run("node credits submit", school.node, *files)
    school.run("node anchor", school.node)
    credits, issuer = school.credits(), read_config(school.node).home.issuer
    head = credits.chain.block("latest")
    assert head is not None
    address = bytes.fromhex(holder[2:])
    small = replace(credits, page=2)
    assert small.totals(address, issuer, head.number) == credits.totals(address, issuer, head.number)
    assert small.totals(address, issuer, head.number).counted == 750
    assert set(small.tokens(address, issuer)) == {bytes.fromhex(one) for one in ids}
    assert credits.tokens(address, issuer + 1) == ()
