"""The learner's box: what gets in, what is refused, and what is kept of two sets of proofs."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from rootseal.anchoring import Proofs
from rootseal.errors import InputError, VerificationError
from rootseal.files import CredentialFile
from tests.support.issued import Institution, paper_institution
from tests.support.program import Program
from wallet.box import Box, Held
from wallet.merging import is_anchored, merge
from wallet.proving import require_proof

NOW = 1_800_000_000


@pytest.fixture(scope="module")
def institution() -> Institution:
    return paper_institution(("Ana Novak", "Bor Kos", "Cene Zupan"))


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = Box.create(tmp_path / "box")
    create_keystore(made.keystore, "secret", "pbkdf2", 2)
    return made


def saved(folder: Path, file: CredentialFile, name: str = "a.credential.json") -> Path:
    path = folder / name
    path.write_bytes(file.to_bytes())
    return path


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_makes_a_private_box_and_never_overwrites_one(tmp_path: Path, program: Program) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    box = tmp_path / "box"
    done = program("wallet", "init", box, "--passphrase-file", passphrase, "--json")
    assert done.code == 0
    assert done.objects[0]["address"].startswith("0x")
    assert stat.S_IMODE(box.stat().st_mode) == 0o700
    assert stat.S_IMODE((box / "keystore.json").stat().st_mode) == 0o600
    before = contents(box)
    again = program("wallet", "init", box, "--passphrase-file", passphrase)
    assert again.code == 2
    assert "holds a wallet already" in again.err
    assert contents(box) == before
    assert program("wallet", "address", box).out.strip().lower() == done.objects[0]["address"]


def test_init_after_a_crash_before_the_key_finishes_the_work(tmp_path: Path) -> None:
    Box.create(tmp_path / "box")
    Box.create(tmp_path / "box")


def test_init_refuses_a_folder_with_other_things(tmp_path: Path, program: Program) -> None:
    (tmp_path / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        Box.create(tmp_path)


def test_init_needs_a_passphrase_from_somewhere(tmp_path: Path, program: Program) -> None:
    run = program("wallet", "init", tmp_path / "box")
    assert run.code == 2
    assert "--passphrase-file" in run.err
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 2000])
def test_a_useless_passphrase_file_is_refused(tmp_path: Path, program: Program, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    assert program("wallet", "init", tmp_path / "box", "--passphrase-file", tmp_path / "p").code == 2
    assert not (tmp_path / "box").exists()


def test_receive_then_again_is_already_here(
    tmp_path: Path, box: Box, institution: Institution, program: Program
) -> None:
    path = saved(tmp_path, institution.file(0))
    first = program("wallet", "receive", box.directory, path, "--json")
    before = contents(box.directory)
    second = program("wallet", "receive", box.directory, path, "--json")
    assert [first.code, second.code] == [0, 0]
    assert [first.objects[0]["outcome"], second.objects[0]["outcome"]] == ["received", "already here"]
    assert contents(box.directory) == before
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in before)


def test_receive_keeps_the_better_proofs(tmp_path: Path, box: Box, institution: Institution, program: Program) -> None:
    promise, anchored = saved(tmp_path, institution.sealed[0], "p"), saved(tmp_path, institution.file(0), "a")
    runs = [program("wallet", "receive", box.directory, path, "--json") for path in (promise, anchored, promise)]
    assert [run.objects[0]["outcome"] for run in runs] == ["received", "improved", "already here"]
    (held,) = box.credentials()
    assert is_anchored(held.file)
    assert held.file.proofs.promise == institution.sealed[0].proofs.promise


def altered(file: CredentialFile) -> CredentialFile:
    return replace(file, credential={**file.credential, "name": "A better title"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (altered, "altered"),
        (lambda f: replace(f, proofs=replace(f.proofs, index=1)), "altered"),
        (lambda f: replace(f, proofs=replace(f.proofs, index=7)), "only 3 entries"),
        (lambda f: replace(f, home=replace(f.home, issuer=2)), "altered"),
        (lambda f: replace(f, home=replace(f.home, chain_id=1)), "altered"),
        (lambda f: replace(f, home=replace(f.home, ledger=b"\6" * 20)), "altered"),
        (lambda f: replace(f, seed=bytes(32)), "altered"),
        (lambda f: replace(f, subject=replace(f.subject, credits=50_000)), "credits"),
        (lambda f: replace(f, proofs=Proofs(0, None, ())), "neither a promise nor an anchor"),
        (lambda f: replace(f, issuer_document={"format": "rootseal/issuer/1", "id": "urn:x"}), "another issuer"),
    ],
)
def test_what_does_not_prove_itself_changes_nothing(
    tmp_path: Path, box: Box, institution: Institution, program: Program, spoil, said: str
) -> None:  # type: ignore[no-untyped-def]
    before = contents(box.directory)
    run = program("wallet", "receive", box.directory, saved(tmp_path, spoil(institution.file(0))), "--json")
    assert run.code == 1
    assert run.objects[0]["outcome"] == "refused"
    assert said in run.objects[0]["reason"]
    assert contents(box.directory) == before


def test_one_bad_file_does_not_stop_the_good_ones(
    tmp_path: Path, box: Box, institution: Institution, program: Program
) -> None:
    (tmp_path / "bad").write_bytes(b"{}")
    run = program("wallet", "receive", box.directory, tmp_path / "bad", saved(tmp_path, institution.file(1)), "--json")
    assert run.code == 1
    assert [result["outcome"] for result in run.objects] == ["refused", "received"]


def test_a_presentation_is_refused_with_the_way_out(
    tmp_path: Path, box: Box, institution: Institution, program: Program
) -> None:
    program("wallet", "receive", box.directory, saved(tmp_path, institution.file(0)))
    name = box.credentials()[0].short_id
    assert program("wallet", "present", box.directory, name, "--disclose", "all", "-o", tmp_path / "p").code == 0
    run = program("wallet", "receive", box.directory, tmp_path / "p")
    assert run.code == 1
    assert "is a presentation" in run.out


def test_a_missing_file_is_usage_and_receives_nothing(
    tmp_path: Path, box: Box, institution: Institution, program: Program
) -> None:
    run = program("wallet", "receive", box.directory, saved(tmp_path, institution.file(0)), tmp_path / "nowhere")
    assert run.code == 2
    assert "nowhere" in run.err
    assert box.credentials() == ()


def test_a_file_of_ten_megabytes_is_refused(tmp_path: Path, box: Box, program: Program) -> None:
    (tmp_path / "big").write_bytes(b'"' + b"x" * 10_000_000 + b'"')
    run = program("wallet", "receive", box.directory, tmp_path / "big", "--json")
    assert run.code == 1
    assert "larger than" in run.objects[0]["reason"]


def test_a_credential_for_another_address_is_kept_and_said_so(tmp_path: Path, box: Box, program: Program) -> None:
    other = paper_institution(("Ana Novak",), holder=b"\x77" * 20)
    run = program("wallet", "receive", box.directory, saved(tmp_path, other.file(0)), "--json")
    assert run.code == 0
    assert "cannot sign" in run.objects[0]["reason"]


def test_list_tells_promise_from_anchor_and_names_damage(
    tmp_path: Path, box: Box, institution: Institution, program: Program
) -> None:
    for index, file in enumerate((institution.sealed[0], institution.file(1), institution.file(2))):
        program("wallet", "receive", box.directory, saved(tmp_path, file, str(index)))
    spoilt = box.directory / "credentials" / f"{institution.file(2).commitment.hex()}.credential.json"
    spoilt.write_bytes(altered(institution.file(2)).to_bytes())
    run = program("wallet", "list", box.directory, "--json")
    states = {entry.get("id"): entry["state"] for entry in run.objects[0]["credentials"]}
    assert run.code == 1
    assert states[institution.file(0).commitment.hex()] == "promise"
    assert states[institution.file(1).commitment.hex()] == "anchored"
    assert states[None] == "damaged"
    people = program("wallet", "list", box.directory).out
    assert "FinTech" in people
    assert "promised" in people
    assert "DAMAGED" in people


def test_a_damaged_credential_is_healed_by_receiving_it_again(
    tmp_path: Path, box: Box, institution: Institution
) -> None:
    held, _ = box.keep(institution.file(0))
    held.path.write_bytes(b"half a fi")
    assert box.credentials() == ()
    assert box.keep(institution.file(0))[1] == "received"
    assert box.credentials()[0].file == institution.file(0)


def test_find_takes_digits_or_the_document_id(box: Box, institution: Institution) -> None:
    held, _ = box.keep(institution.file(0))
    document_id = str(held.file.credential["id"])
    for wish in (held.short_id, held.commitment.hex(), document_id, document_id.removeprefix("urn:uuid:")):
        assert box.find(wish) == held
    for wish in ("", "abc", "zzzz", "0" * 64):
        with pytest.raises(InputError, match="names no credential"):
            box.find(wish)


def test_no_wallet_is_said_with_the_way_out(tmp_path: Path, program: Program) -> None:
    run = program("wallet", "list", tmp_path / "nowhere")
    assert run.code == 2
    assert "rootseal wallet init" in run.err


def test_merge_refuses_another_place_in_the_log(institution: Institution) -> None:
    ours = institution.file(0)
    with pytest.raises(VerificationError, match="place"):
        merge(ours, ours.with_proofs(replace(ours.proofs, index=1), None))


def test_merge_refuses_a_second_first_publication(institution: Institution) -> None:
    ours = institution.file(0)
    anchor = ours.proofs.anchors[0]
    false = replace(anchor, root=bytes(31) + b"\1", sequence=9)
    with pytest.raises(VerificationError, match="another first publication"):
        merge(ours, ours.with_proofs(replace(ours.proofs, anchors=(false,)), None))


def test_merge_refuses_other_facts_about_the_same_root(institution: Institution) -> None:
    ours = institution.file(0)
    anchor = ours.proofs.anchors[0]
    moved = replace(anchor, block=replace(anchor.block, timestamp=anchor.block.timestamp - 1))
    with pytest.raises(VerificationError, match="otherwise"):
        merge(ours, ours.with_proofs(replace(ours.proofs, anchors=(moved,)), None))


def test_merge_adds_witnesses_behind_the_home_anchor(institution: Institution) -> None:
    ours = institution.file(0)
    anchor = ours.proofs.anchors[0]
    witness = replace(anchor, home=replace(anchor.home, chain_id=1))
    merged = merge(ours.with_proofs(replace(ours.proofs, anchors=(witness,)), None), ours)
    assert merged.proofs.anchors == (anchor, witness)


def test_merge_is_bounded_and_keeps_the_introducing_anchor(institution: Institution) -> None:
    ours = institution.file(0)
    anchor = ours.proofs.anchors[0]
    many = tuple(replace(anchor, home=replace(anchor.home, chain_id=n)) for n in range(1, 65))
    merged = merge(ours.with_proofs(replace(ours.proofs, anchors=many), None), ours)
    assert len(merged.proofs.anchors) == 64
    assert is_anchored(merged)
    CredentialFile.from_bytes(merged.to_bytes())


def test_require_proof_gives_the_file_back(institution: Institution) -> None:
    assert require_proof(institution.file(0).to_bytes(), NOW) == institution.file(0)


def test_entries_ignore_half_written_files(box: Box, institution: Institution) -> None:
    held, _ = box.keep(institution.file(0))
    (held.path.parent / ".x.credential.json.abc.part").write_bytes(b"half")
    assert [entry for entry in box.entries() if isinstance(entry, Held)] == [held]
    assert len(list(box.entries())) == 1
