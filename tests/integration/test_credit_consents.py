"""What a learner signs for credits: by key, by contract wallet or elsewhere; a bad one is refused with a sentence."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

from anchor.credits import TokenState
from anchor.keys import load_keystore
from anchor.web3_chain import open_chain
from node.store import STORE_NAME, Store
from rootseal.canonical import dumps
from rootseal.commitment import Subject
from rootseal.consents import Claim, Redemption
from tests.support import credit_school
from tests.support.contract_wallet import deploy_wallet
from tests.support.credit_school import School, second_school
from tests.support.school import PASSPHRASE

dev_chain, school = credit_school.dev_chain, credit_school.school


def owner_wallet(school: School, owner: str) -> str:
    """A contract on chain that answers for one key."""
    return f"0x{deploy_wallet(open_chain(school.chain.url), bytes.fromhex(owner[2:])).hex()}"


def test_a_contract_wallet_consents_through_erc_1271(school: School) -> None:
    wallet, key = school.wallet()
    _, stranger = school.wallet("stranger")
    commitment = school.hand_out(school.issue([owner_wallet(school, key)])[0], wallet)
    refused = school.raw("wallet claim", wallet, commitment, "-o", school.folder / "x.json", "--policy", school.policy,
                         *school.secret)  # fmt: skip
    assert (refused.code, "--contract-wallet" in refused.err) == (2, True)
    file = school.folder / "contract.claim.json"
    asked = ("--policy", school.policy, *school.secret)
    school.run("wallet claim", wallet, commitment, "-o", file, "--contract-wallet", *asked)
    school.run("node credits submit", school.node, file)
    school.run("node anchor", school.node)
    assert school.credits().state(bytes.fromhex(commitment)) is TokenState.COUNTED
    abroad, number = second_school(school)
    consent = school.folder / "contract.redemption.json"
    named = ("--receiver", number, "--award", "B", "--contract-wallet", *asked)
    school.run("wallet redeem", wallet, commitment, "-o", consent, *named)
    assert school.run("node credits redeem", abroad, "--claim", consent)["outcome"] == "queued"
    school.run("node anchor", abroad)
    assert school.sums(wallet) == {"earned": 250, "claimed": 250, "spent": 250}

    other = school.hand_out(school.issue([owner_wallet(school, stranger)], 7)[0], wallet)
    false = school.folder / "false.claim.json"
    school.run("wallet claim", wallet, other, "-o", false, "--contract-wallet", *asked)
    answers = school.run("node credits submit", school.node, false, code=1)["claims"]
    assert "must sign again" in answers[0]["reason"]


def test_a_learner_signs_elsewhere_or_pays_for_it(school: School) -> None:
    wallet, holder = school.wallet()
    first, second = (school.hand_out(entry, wallet) for entry in school.issue([holder, holder]))
    asked = ("--policy", school.policy, *school.secret)
    until = ("--until", "2100-01-01")
    told = school.run("wallet claim", wallet, first, "--digest", *until, *asked)
    signer = load_keystore(wallet / "keystore.json", PASSPHRASE)
    signature = "0x" + signer.sign_digest(bytes.fromhex(str(told["digest"])[2:])).hex()
    file = school.folder / "elsewhere.claim.json"
    school.run("wallet claim", wallet, first, "-o", file, "--signature", signature, *until, *asked)
    school.run("node credits submit", school.node, file)
    school.run("node anchor", school.node)
    sending = ("--send", "--rpc", school.chain.url, *asked)
    assert int(str(school.run("wallet claim", wallet, second, *sending, "--dry-run")["gas"])) > 100_000
    assert school.sums(wallet) == {"earned": 500, "claimed": 250, "pending": 250}
    assert school.run("wallet claim", wallet, second, *sending)["sent"] is True
    assert school.sums(wallet) == {"earned": 500, "claimed": 500}
    assert school.run("wallet claim", wallet, second, *sending)["gas"] == 0
    late = school.raw(
        "wallet claim", wallet, second, "-o", school.folder / "late.json", "--until", "2020-01-01", *asked
    )
    assert (late.code, "is over already" in late.err) == (2, True)


def test_every_bad_claim_is_refused_with_a_sentence_and_good_ones_go_on(school: School) -> None:
    wallet, holder = school.wallet()
    _, stranger = school.wallet("stranger")
    entries = school.issue([holder] * 5)
    ids = [school.hand_out(entry, wallet) for entry in entries]
    files = [school.claim(wallet, one, str(n)) for n, one in enumerate(ids)]
    school.run("node revoke", school.node, entries[0])
    school.run("node suspend", school.node, entries[1])
    school.run("node anchor", school.node)
    good = Claim.from_bytes(files[2].read_bytes())
    address = bytes.fromhex(stranger[2:])
    bad = {
        "is revoked": Claim.from_bytes(files[0].read_bytes()),
        "is suspended": Claim.from_bytes(files[1].read_bytes()),
        "is not what entry": replace(good, subject=replace(good.subject, credits=9999)),
        "is not what entry ": replace(good, subject=Subject(address, good.subject.credits, good.subject.credit_id)),
        "is not what entry  ": replace(good, index=good.index - 1 if good.index else 1),
        "it has no entry": replace(good, index=999),
        "never anchored the root": replace(good, root=bytes(31) + b"\1"),
        "must sign again": good.signed(good.signature[:64] + bytes([55 - good.signature[64]])),
        "ends within the hour": replace(good, deadline=1_700_000_000),
        "is not the credits contract": replace(good, contract=address),
        "is another ledger": replace(good, home=replace(good.home, ledger=address)),
    }
    paths = []
    for number, claim in enumerate(bad.values()):
        paths.append(school.folder / f"bad{number}.claim.json")
        paths[-1].write_bytes(claim.to_bytes())
    broken = school.folder / "broken.claim.json"
    broken.write_text('{"format":"rootseal/claim/1"}')
    copy = school.folder / "copy.claim.json"
    copy.write_bytes(files[3].read_bytes())
    found = school.run("node credits submit", school.node, *paths, broken, files[3], copy, files[4], code=1)
    assert found["counts"] == {"queued": 2, "already": 1, "refused": len(bad) + 1}
    answers = found["claims"]
    assert isinstance(answers, list)
    for said, answer in zip(bad, answers, strict=False):
        assert said.strip() in answer["reason"], (said, answer)
        assert answer["outcome"] == "refused"
    assert "is missing" in answers[len(bad)]["reason"]
    school.run("node anchor", school.node)
    assert school.sums(wallet) == {"earned": 750, "claimed": 500, "pending": 250, "suspended": 250, "revoked": 250}


def test_a_claim_that_loses_its_ground_holds_up_no_anchor(school: School) -> None:
    wallet, holder = school.wallet()
    entry = school.issue([holder])[0]
    commitment = school.hand_out(entry, wallet)
    file = school.claim(wallet, commitment)
    school.run("node suspend", school.node, entry)
    # Queued behind the suspension, which is not on chain yet, so that its rehearsal still succeeds.
    assert school.run("node credits submit", school.node, file)["counts"]["queued"] == 1
    school.issue([holder], 9)
    (act,) = school.run("node credits list", school.node, code=1)["acts"]
    assert (act["transaction"], act["token"]) == ("final", None)
    assert "is suspended" in act["problem"]
    with closing(Store.open(school.node / STORE_NAME)) as store:
        assert list(store.log.unanchored()) == []
    school.run("node reinstate", school.node, entry)
    school.run("node anchor", school.node)
    assert school.run("node credits submit", school.node, file)["counts"]["queued"] == 1
    school.run("node anchor", school.node)
    assert school.credits().state(bytes.fromhex(commitment)) is TokenState.COUNTED


def test_redemption_and_claim_files_are_read_strictly(school: School) -> None:
    wallet, holder = school.wallet()
    commitment = school.hand_out(school.issue([holder])[0], wallet)
    file = school.claim(wallet, commitment)
    claim = Claim.from_bytes(file.read_bytes())
    assert Claim.from_bytes(claim.to_bytes()) == claim
    assert claim.commitment.hex() == commitment
    consent = school.folder / "r.json"
    asked = ("--receiver", 3, "--award", "Č", "--policy", school.policy, *school.secret)
    school.run("wallet redeem", wallet, commitment, "-o", consent, *asked)
    redemption = Redemption.from_bytes(consent.read_bytes())
    assert Redemption.from_bytes(redemption.to_bytes()) == redemption
    for data in (file, consent):
        value = json.loads(data.read_bytes())
        for name in value:
            changed = school.folder / "changed.json"
            changed.write_bytes(dumps({key: item for key, item in value.items() if key != name}))
            command = ("node credits submit", changed) if data is file else ("node credits redeem", "--claim", changed)
            run = school.raw(command[0], school.node, *command[1:])
            assert run.code in (1, 2), (name, run)
            assert name in run.out + run.err
