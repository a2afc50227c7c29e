"""Credits from the list of awards to their recognition, as the commands are typed, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from anchor.credits import Credits, TokenState
from anchor.keys import create_keystore, load_keystore
from anchor.ledger import Ledger
from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.store import STORE_NAME, Store
from rootseal.canonical import dumps
from rootseal.commitment import Subject
from rootseal.consents import Claim, Redemption
from rootseal.ethereum import checksum_address
from rootseal.policy import format_policy, parse_policy
from tests.integration.test_drills import PASSPHRASE, quick_keys
from tests.support.contract_wallet import deploy_wallet
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program, Run
from tests.unit.node.nodes import HEADER, TEMPLATES


@pytest.fixture(scope="module", params=["embedded", "anvil"])
def dev_chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain(request.param, tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@dataclass
class School:
    """A node `college` with credits in use, a wallet, and the program."""

    program: Program
    chain: ChainProcess
    folder: Path

    def run(self, words: str, *rest: object, code: int = 0) -> dict[str, object]:
        """One command with --json; its object."""
        run = self.raw(words, *rest, "--json")
        assert run.code == code, f"{words} {rest}\n{run.out}\n{run.err}"
        found: dict[str, object] = run.objects[-1] if run.objects else {}
        return found

    def raw(self, words: str, *rest: object) -> Run:
        return self.program(*words.split(), *rest)

    @property
    def node(self) -> Path:
        return self.folder / "college"

    @property
    def policy(self) -> Path:
        return self.node / "policy.toml"

    @property
    def secret(self) -> tuple[str, Path]:
        return "--passphrase-file", self.folder / "passphrase.txt"

    def wallet(self, name: str = "wallet") -> tuple[Path, str]:
        """A new wallet with a key that opens quickly; its folder and address."""
        folder = self.folder / name
        (folder / "credentials").mkdir(parents=True)
        return folder, "0x" + create_keystore(folder / "keystore.json", PASSPHRASE, "pbkdf2", 2).address.hex()

    def issue(self, holders: list[str], first: int = 0, template: str = "ledgers") -> list[str]:
        """One credential a holder, on chain; the ids."""
        rows = [
            f"{n:08},Ana {n},Kovač,l{n}@example.edu,{template},2026-10-01,,{h}\n" for n, h in enumerate(holders, first)
        ]
        (self.folder / "list.csv").write_text(HEADER + "".join(rows))
        found = self.run("node issue", self.node, self.folder / "list.csv")
        self.publish()
        return [str(row["id"]) for row in found["issued"]]  # type: ignore[attr-defined]

    def publish(self) -> None:
        self.run("node seal", self.node)
        self.run("node anchor", self.node)

    def hand_out(self, entry_id: str, wallet: Path) -> str:
        """Export one credential and receive it; its id in the wallet."""
        out = self.folder / f"out-{wallet.name}"
        self.run("node export", self.node, entry_id, "-o", out)
        name = f"{entry_id.removeprefix('urn:uuid:')}.credential.json"
        return str(self.run("wallet receive", wallet, out / name)["id"])

    def claim(self, wallet: Path, commitment: str, name: str = "a") -> Path:
        file = self.folder / f"{name}.claim.json"
        self.run("wallet claim", wallet, commitment, "-o", file, "--policy", self.policy, *self.secret)
        return file

    def credits(self) -> Credits:
        address = read_config(self.node).credits_contract
        assert address is not None
        return Credits(open_chain(self.chain.url), address)

    def sums(self, wallet: Path, code: int = 0) -> dict[str, int]:
        found = self.run("wallet credits", wallet, "--policy", self.policy, code=code)
        total = found["total"]
        assert isinstance(total, dict)
        return {name: amount for name, amount in total.items() if amount}


@pytest.fixture
def school(
    capsys: pytest.CaptureFixture[str], dev_chain: ChainProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> School:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "passphrase.txt").write_text(PASSPHRASE + "\n")
    made = School(Program(capsys), dev_chain, tmp_path)
    quick_keys(made.node)
    made.run("node init", made.node, "--chain-url", dev_chain.url, "--deploy", "--name", "Coast College")
    made.run("node credits deploy", made.node)
    (tmp_path / "templates.json").write_text(json.dumps([item.to_json() for item in TEMPLATES.values()]))
    made.run("node templates add", made.node, tmp_path / "templates.json")
    return made


def second_school(school: School, name: str = "abroad") -> tuple[Path, int]:
    """Another institution on the same ledger, with the same credits contract; its folder and number."""
    node, config = school.folder / name, read_config(school.node)
    quick_keys(node)
    ledger = f"0x{config.home.ledger.hex()}"
    made = school.run("node init", node, "--chain-url", school.chain.url, "--ledger", ledger, "--name", name)
    assert config.credits_contract is not None
    school.run("node credits deploy", node, "--contract", f"0x{config.credits_contract.hex()}")
    return node, int(str(made["issuer"]))


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
    (act,) = school.run("node credits list", abroad)["acts"]  # type: ignore[misc]
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
    assert [one["outcome"] for one in answers] == ["queued", "refused"]  # type: ignore[attr-defined]
    assert "can happen only once" in answers[1]["reason"]  # type: ignore[index]
    school.run("node anchor", school.node)
    assert credits.state(bytes.fromhex(old[0])) is TokenState.VOIDED
    assert credits.state(bytes.fromhex(new[0])) is TokenState.COUNTED
    assert school.sums(new_wallet) == {"earned": 500, "claimed": 500, "spent": 250}


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
    assert "must sign again" in answers[0]["reason"]  # type: ignore[index]


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
    assert school.run("node credits submit", school.node, file)["counts"]["queued"] == 1  # type: ignore[index]
    school.issue([holder], 9)
    (act,) = school.run("node credits list", school.node, code=1)["acts"]  # type: ignore[misc]
    assert (act["transaction"], act["token"]) == ("final", None)
    assert "is suspended" in act["problem"]
    with closing(Store.open(school.node / STORE_NAME)) as store:
        assert list(store.log.unanchored()) == []
    school.run("node reinstate", school.node, entry)
    school.run("node anchor", school.node)
    assert school.run("node credits submit", school.node, file)["counts"]["queued"] == 1  # type: ignore[index]
    school.run("node anchor", school.node)
    assert school.credits().state(bytes.fromhex(commitment)) is TokenState.COUNTED


def test_only_trusted_issuers_and_the_named_contract_count(school: School) -> None:
    wallet, holder = school.wallet()
    commitment = school.hand_out(school.issue([holder])[0], wallet)
    school.run("node credits submit", school.node, school.claim(wallet, commitment))
    school.run("node anchor", school.node)
    good = parse_policy(school.policy.read_text())
    (ledger,) = good.ledgers
    assert ledger.credits is not None
    own = school.folder / "own.toml"

    def overview(changed: object, code: int) -> dict[str, object]:
        own.write_text(format_policy(replace(good, ledgers=(changed,))))  # type: ignore[arg-type]
        return school.run("wallet credits", wallet, "--policy", own, code=code)

    strangers = overview(replace(ledger, issuers=((99, "Else"),)), 0)
    assert strangers["trusted"] == []
    assert strangers["untrusted"]["claimed"] == 250  # type: ignore[index]
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
        assert said in found["issuers"][0]["problem"], found  # type: ignore[index]
        assert found["total"]["claimed"] == 0  # type: ignore[index]
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
    assert len(waiting["calls"]) == 2, "document and address"  # type: ignore[arg-type]
    school.run("node publish", school.node)
    config = read_config(school.node)
    record = Ledger(open_chain(school.chain.url), config.home.ledger).issuer(config.home.issuer)
    assert record is not None
    assert record.uri == "https://registrar.example"
    assert school.run("node publish", school.node)["cost"] is None


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
