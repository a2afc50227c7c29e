"""Which credentials are copies of each other, and what an id means where there are several."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rootseal.commitment import Subject
from rootseal.errors import InputError
from rootseal.files import CredentialFile
from tests.support.copies import add_copies, address, issue_copies, nobodys
from tests.support.issued import Institution, paper_institution
from tests.support.program import Program
from wallet.box import Box
from wallet.copies import carrier_named, copies_of, everything_named, pick

HOLDERS = [address(number) for number in range(4)]


@pytest.fixture
def institution() -> Institution:
    return paper_institution(("Bor Kos",))


def box_of(folder: Path, *files: CredentialFile) -> Box:
    box = Box.create(folder / "box")
    for file in files:
        box.keep(file)
    return box


def groups(box: Box) -> list[list[int]]:
    """Places in the log, credential by credential."""
    return sorted([held.file.proofs.index for held in copies.members] for copies in copies_of(box.credentials()))


def test_one_document_but_for_its_id_and_one_home_is_one_credential(tmp_path: Path, institution: Institution) -> None:
    files = issue_copies(institution, HOLDERS)
    other = institution.file(0)
    box = box_of(tmp_path, *reversed(files), other)
    places = [file.proofs.index for file in files]
    assert groups(box) == sorted([[other.proofs.index], places])
    (copies,) = [one for one in copies_of(box.credentials()) if one.several]
    assert [copies.number(held) for held in copies.members] == [1, 2, 3, 4]
    assert copies.carrier is not None and copies.carrier.commitment == files[0].commitment


@pytest.mark.parametrize("member", ["name", "validFrom", "extra"])
def test_whatever_else_differs_is_another_credential(tmp_path: Path, institution: Institution, member: str) -> None:
    first, second = issue_copies(institution, HOLDERS[:2])
    value = "2026-10-02T00:00:00Z" if member == "validFrom" else "other"
    changed = replace(second, credential={**second.credential, member: value})
    assert [len(one) for one in groups(box_of(tmp_path, first, changed))] == [1, 1]


def test_the_same_words_of_another_institution_are_another_credential(tmp_path: Path) -> None:
    one, other = paper_institution(("Ana Novak",)), paper_institution(("Ana Novak",))
    elsewhere = replace(other.file(0), home=replace(other.home, issuer=2))
    assert [len(places) for places in groups(box_of(tmp_path, one.file(0), elsewhere))] == [1, 1]


def test_what_was_issued_anew_is_no_copy_of_what_it_replaces(tmp_path: Path, institution: Institution) -> None:
    old = issue_copies(institution, HOLDERS[:2])
    place = old[0].proofs.index
    institution.copy(place, address(9))
    institution.waiting[-1] = replace(
        institution.waiting[-1], subject=Subject(address(9), old[0].subject.credits, old[0].subject.credit_id)
    )
    institution.seal()
    institution.publish()
    anew = institution.file(len(institution.sealed) - 1)
    added = add_copies(institution, place, [address(10)])
    box = box_of(tmp_path, *old, anew, *added)
    assert groups(box) == [[file.proofs.index for file in old], [anew.proofs.index, added[0].proofs.index]]


def test_a_short_id_means_the_credential_and_a_whole_one_the_copy(tmp_path: Path, institution: Institution) -> None:
    files = issue_copies(institution, HOLDERS)
    box = box_of(tmp_path, *files, institution.file(0))
    third = files[2].commitment.hex()
    (short,), (whole,) = pick(box, [third[:12]]), pick(box, [third])
    (by_document,) = pick(box, [str(files[2].credential["id"])])
    assert len(short.copies.members) == 4 and not short.exact
    assert whole.exact and by_document.exact and whole.named == by_document.named == short.named
    assert [len(one.copies.members) for one in pick(box, [file.commitment.hex()[:12] for file in files])] == [4]
    assert {held.file.proofs.index for held in everything_named(box, [third[:12]])} == {
        file.proofs.index for file in files
    }
    assert [held.commitment for held in everything_named(box, [third])] == [files[2].commitment]
    assert len(everything_named(box, [])) == 5 and len(pick(box, [])) == 2


def test_a_whole_id_beside_a_short_one_of_its_credential_counts(tmp_path: Path, institution: Institution) -> None:
    files = issue_copies(institution, HOLDERS[:3])
    box = box_of(tmp_path, *files)
    whole, short = files[1].commitment.hex(), files[2].commitment.hex()[:12]
    for wishes in ([whole, short], [short, whole], [whole, whole]):
        (picked,) = pick(box, wishes)
        assert picked.exact and picked.named.commitment == files[1].commitment
    with pytest.raises(InputError, match="second copy"):
        pick(box, [whole, files[2].commitment.hex()])


@pytest.mark.parametrize("wish", ["", "ffff", "zz", "urn:uuid:00000000-0000-4000-8000-999999999999", "A" * 64])
def test_an_id_of_nothing_is_told(tmp_path: Path, institution: Institution, wish: str) -> None:
    with pytest.raises(InputError, match="names no credential"):
        pick(box_of(tmp_path, *issue_copies(institution, nobodys(2))), [wish])


def test_credits_are_claimed_with_the_copy_that_carries_them(tmp_path: Path, institution: Institution) -> None:
    files = issue_copies(institution, HOLDERS)
    box = box_of(tmp_path, *files)
    assert carrier_named(box, files[3].commitment.hex()[:12]).commitment == files[0].commitment
    assert carrier_named(box, files[3].commitment.hex()).commitment == files[3].commitment


def test_the_list_has_a_credential_once(
    tmp_path: Path, institution: Institution, capsys: pytest.CaptureFixture[str]
) -> None:
    program, files = Program(capsys), issue_copies(institution, HOLDERS)
    box = box_of(tmp_path, *files, institution.file(0))
    text = program("wallet", "list", box.directory).out
    assert text.count("issued by") == 2 and text.count("4 copies, 0 shown") == 1
    name = files[2].commitment.hex()[:12]
    shown = ("wallet", "present", box.directory, name, "--disclose", "title", "--for", "Example Ltd")
    assert program(*shown, "-o", tmp_path / "p.json").code == 0
    assert "4 copies, 1 shown" in program("wallet", "list", box.directory).out
    every = program("wallet", "list", box.directory, "--copies").out
    assert every.count("shown to nobody") == 4 and every.count("shown to Example Ltd on 20") == 1
    assert every.count("carries the credits") == 1
    found = program("wallet", "list", box.directory, "--json").objects[0]["credentials"]
    (group,) = [one for one in found if len(one["copies"]) == 4]
    assert [copy["number"] for copy in group["copies"]] == [1, 2, 3, 4]
    assert [copy["credits"] > 0 for copy in group["copies"]] == [True, False, False, False]
    assert group["credits"] == group["copies"][0]["credits"] and group["id"].startswith(group["shortId"])
    assert [[one["who"] for one in copy["shown"]] for copy in group["copies"]] == [[], [], [], ["Example Ltd"]]


def test_a_damaged_record_hides_no_credential(
    tmp_path: Path, institution: Institution, capsys: pytest.CaptureFixture[str]
) -> None:
    program, box = Program(capsys), box_of(tmp_path, *issue_copies(institution, HOLDERS))
    box.shown.write_text("{")
    run = program("wallet", "list", box.directory)
    assert run.code == 1 and "shown.json: DAMAGED" in run.out and "4 copies; who saw them is not known" in run.out
    run = program("wallet", "list", box.directory, "--json")
    states = [one["state"] for one in json.loads(run.out)["credentials"]]
    assert (run.code, states) == (1, ["anchored", "damaged"])


def test_received_together_and_received_twice(
    tmp_path: Path, institution: Institution, capsys: pytest.CaptureFixture[str]
) -> None:
    program, box = Program(capsys), box_of(tmp_path)
    paths = []
    for number, file in enumerate(issue_copies(institution, HOLDERS)):
        paths.append(tmp_path / f"{number}.credential.json")
        paths[-1].write_bytes(file.to_bytes())
    run = program("wallet", "receive", box.directory, *paths, *paths[:2], "--json")
    assert run.code == 0
    assert [one["outcome"] for one in run.objects] == ["received"] * 4 + ["already here"] * 2
    assert [len(one) for one in groups(box)] == [4]
