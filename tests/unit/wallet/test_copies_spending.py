"""Which copy goes to whom, and that nothing is handed out that is not written down."""

from __future__ import annotations

import ast
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from rootseal.errors import ConfigError, ConflictError, RootsealError, VerificationError
from rootseal.files import CredentialFile
from rootseal.presentation import Presentation
from tests.support.copies import add_copies, address, issue_copies, nobodys, place_of
from tests.support.issued import Institution, paper_institution
from wallet import backup
from wallet.backup import make_backup, read_backup, restore_box
from wallet.box import Box
from wallet.copies import pick
from wallet.presenting import assemble
from wallet.shown import read_record, write_record
from wallet.spending import CopiesSpentError, NobodyNamedError, Plan, Wish, hand_out, plan

NOW = 1_800_000_000


@dataclass
class Learner:
    """A box with four copies of one credential and one that has none, and everything that was handed out."""

    box: Box
    institution: Institution
    files: list[CredentialFile]
    out: list[bytes] = field(default_factory=list)

    @property
    def credential(self) -> str:
        return self.files[0].commitment.hex()[:12]

    def plan(self, who: str | None, *ids: str, **wish: bool) -> Plan:
        return plan(self.box, pick(self.box, ids or (self.credential,)), Wish(who, **wish))

    def show(self, who: str | None, *ids: str, **wish: bool) -> list[int]:
        """Hand it out; the numbers of the copies."""
        planned = self.plan(who, *ids, **wish)
        hand_out(planned, self.made(planned, wish.get("credits", False)), NOW, self.out.append)
        return [choice.number for choice in planned.choices]

    def made(self, planned: Plan, subject: bool = False) -> Presentation:
        return assemble([held.file for held in planned.held], ["title"], subject)

    def whole(self, number: int) -> str:
        return self.files[number - 1].commitment.hex()


def learner_of(folder: Path, holders: Sequence[bytes], *, publish: bool = True) -> Learner:
    institution = paper_institution(("Ana Novak",))
    institution.issue("Ana Novak", template="endnote-workshop")
    institution.seal(1_790_820_000)
    institution.publish()
    files = issue_copies(institution, holders, publish=publish)
    box = Box.create(folder / "box")
    for file in (*files, institution.file(1)):
        box.keep(file)
    return Learner(box, institution, files)


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    return learner_of(tmp_path, [address(number) for number in range(4)])


def test_each_gets_another_copy_and_the_credits_go_last(learner: Learner) -> None:
    assert [learner.show(who) for who in ("A", "B", "C", "D")] == [[4], [3], [2], [1]]
    assert [learner.plan(who).choices[0].left for who in ("A", "D")] == [0, 0]
    commitments = [Presentation.from_bytes(data).credentials[0].open().commitment for data in learner.out]
    assert commitments == [file.commitment for file in reversed(learner.files)]


def test_the_same_person_gets_the_same_copy_again(learner: Learner) -> None:
    assert learner.show("Example Ltd") == learner.show(" example  LTD ") == [4]
    assert learner.show("Other") == [3] and learner.show("Example Ltd") == [4]
    assert learner.out[0] == learner.out[1]
    assert len(read_record(learner.box).showings) == 2


def test_how_many_are_left_is_counted(learner: Learner) -> None:
    assert learner.plan("A").choices[0].left == 3
    learner.show("A")
    assert learner.plan("A").choices[0].left == 3 and learner.plan("B").choices[0].left == 2


def test_nobody_named_is_refused_with_the_reason(learner: Learner) -> None:
    with pytest.raises(NobodyNamedError, match=r"4 copies.*one person alone") as caught:
        learner.plan(None)
    assert caught.value.exit_code == 2 and "--for" in str(caught.value)
    assert not learner.box.shown.exists()


def test_when_none_is_left_it_is_refused_with_who_saw_which_and_the_ways_out(learner: Learner) -> None:
    for who in ("Ayanda Ltd", "Bor d.o.o.", "Cleo GmbH", "Duna Kft."):
        learner.show(who)
    with pytest.raises(CopiesSpentError) as caught:
        learner.plan("Elm plc")
    said = caught.value.diagnostics()
    for who, number in (("Ayanda Ltd", 4), ("Bor d.o.o.", 3), ("Cleo GmbH", 2), ("Duna Kft.", 1)):
        assert f"copy {number}: {who}, 2027-01-15" in said
    assert "rootseal node copies DIR ID --add N" in said and "--reuse" in said
    assert (caught.value.code, caught.value.exit_code) == ("copies.none_left", 1)
    assert learner.show("Ayanda Ltd") == [4]


def test_reuse_takes_the_copy_that_fewest_saw_and_says_who(learner: Learner) -> None:
    for who in ("A", "B", "C", "D"):
        learner.show(who)
    planned = learner.plan("E", reuse=True)
    assert planned.choices[0].number == 4 and [one.who for one in planned.choices[0].others] == ["A"]
    assert learner.show("E", reuse=True) == [4] and learner.show("F", reuse=True) == [3]
    assert learner.show("E") == [4]


def test_reuse_spends_a_fresh_copy_while_there_is_one(learner: Learner) -> None:
    learner.show("A")
    assert learner.show("B", reuse=True) == [3]


def test_credits_are_shown_with_the_copy_that_carries_them(learner: Learner) -> None:
    assert learner.show("A", credits=True) == [1]
    assert learner.plan("A").choices[0].carries
    assert learner.show("B") == [4]
    with pytest.raises(CopiesSpentError, match="without --subject") as caught:
        learner.plan("B", credits=True)
    assert caught.value.code == "copies.credits_seen" and "copy 1: A" in str(caught.value)
    with pytest.raises(CopiesSpentError, match="without --subject"):
        learner.plan("C", credits=True)
    for who in ("C", "D"):
        learner.show(who)
    # Nothing else could go to E either.
    with pytest.raises(CopiesSpentError, match="carries the credits was shown") as caught:
        learner.plan("E", credits=True)
    assert "without --subject" not in str(caught.value)
    assert learner.show("B", credits=True, reuse=True) == [1]
    assert learner.show("A", credits=True) == [1] and learner.show("B") == [4]


def test_where_no_copy_carries_credits_any_will_do(tmp_path: Path) -> None:
    learner = learner_of(tmp_path, nobodys(3))
    (learner.box.directory / "credentials" / f"{learner.whole(1)}.credential.json").unlink()
    planned = plan(learner.box, pick(learner.box, [learner.whole(2)[:12]]), Wish("A", credits=True))
    assert planned.choices[0].number == 2 and not planned.choices[0].carries


def test_a_whole_id_means_that_copy_and_keeps_to_the_record(learner: Learner) -> None:
    assert learner.show("A", learner.whole(2)) == [2]
    with pytest.raises(CopiesSpentError, match="copy 2: A") as caught:
        learner.plan("B", learner.whole(2))
    assert caught.value.code == "copies.seen"
    with pytest.raises(NobodyNamedError):
        learner.plan(None, learner.whole(3))
    assert learner.show("A", learner.whole(2)) == [2] and learner.show("A") == [2]
    assert learner.show("B", learner.whole(2), reuse=True) == [2]
    assert learner.show("A", learner.whole(3)) == [3]


def test_a_credential_of_one_copy_needs_no_name_and_refuses_nobody(learner: Learner) -> None:
    single = learner.institution.file(1).commitment.hex()[:12]
    assert learner.show(None, single) == learner.show(None, single) == [1]
    assert learner.show("A", single) == learner.show("B", single) == [1]
    assert [one.who for one in read_record(learner.box).showings] == ["?", "A", "B"]


def test_what_somebody_saw_while_it_was_the_only_copy_is_not_shown_to_a_second_person(learner: Learner) -> None:
    for file in list(learner.box.credentials())[1:]:
        file.path.unlink()
    (only,) = learner.box.credentials()
    learner.show(None, only.commitment.hex())
    for file in learner.files:
        learner.box.keep(file)
    shown = [held.commitment for who in ("B", "C", "D") for held in learner.plan(who).held if learner.show(who)]
    assert only.commitment not in shown and len(set(shown)) == 3
    with pytest.raises(CopiesSpentError):
        learner.show("E")


def test_in_one_presentation_each_credential_picks_its_copy_for_that_person(learner: Learner) -> None:
    single = learner.institution.file(1).commitment.hex()[:12]
    learner.show("A")
    assert learner.show("B", learner.credential, single) == [3, 1]
    planned = learner.plan("A", single, learner.credential)
    assert [choice.number for choice in planned.choices] == [1, 4]
    assert [one.who for one in planned.choices[0].others] == ["B"]  # what is shown beside a copy links it


def test_an_answer_prefers_a_copy_that_the_wallet_can_sign_for(tmp_path: Path) -> None:
    box = Box.create(tmp_path / "other")
    mine = create_keystore(box.keystore, "secret", "pbkdf2", 2).address
    learner = learner_of(tmp_path, [address(0), mine, address(2), address(3)])
    (tmp_path / "box" / "keystore.json").write_bytes(box.keystore.read_bytes())
    assert learner.plan("A", signing=True).choices[0].number == 2
    assert learner.plan("A").choices[0].number == 4


def test_copies_of_one_address_are_told(tmp_path: Path) -> None:
    learner = learner_of(tmp_path, [address(1)] * 3)
    assert learner.plan("A").choices[0].same_address
    assert not learner_of(tmp_path / "nobodys", nobodys(3)).plan("A").choices[0].same_address


def test_what_is_published_goes_before_what_is_only_promised(tmp_path: Path) -> None:
    learner = learner_of(tmp_path, nobodys(3))
    first = place_of(learner.institution, 2)
    for file in add_copies(learner.institution, first, nobodys(1), publish=False):
        learner.box.keep(file)
    assert learner.show("A") == [3] and learner.show("B") == [2] and learner.show("C") == [4]


def test_a_kill_between_record_and_file_loses_nothing(learner: Learner) -> None:
    planned = learner.plan("A")
    made, before = learner.made(planned), learner.box.shown
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            hand_out(planned, made, NOW, lambda data: os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert [one.who for one in read_record(learner.box).showings] == ["A"] and before.exists()
    assert learner.plan("B").choices[0].number == 3
    assert learner.show("A") == [4] and learner.out == [made.to_bytes()]


def test_only_what_was_planned_is_handed_out(learner: Learner) -> None:
    planned, other = learner.plan("A"), learner.plan("A", learner.whole(2))
    with pytest.raises(ValueError, match="only the planned copies"):
        hand_out(planned, learner.made(other), NOW, learner.out.append)
    assert learner.out == [] and not learner.box.shown.exists()


def test_what_does_not_prove_itself_is_neither_recorded_nor_handed_out(learner: Learner) -> None:
    file = learner.files[3]
    anchor = replace(file.proofs.anchors[0], path=(bytes(32), *file.proofs.anchors[0].path[1:]))
    broken = file.with_proofs(replace(file.proofs, promise=None, anchors=(anchor,)), file.issuer_document)
    learner.box.find(learner.whole(4)).save(broken)
    with pytest.raises(VerificationError, match="log"):
        learner.show("A")
    assert learner.out == [] and not learner.box.shown.exists()


def test_a_disk_that_refuses_the_record_hands_out_nothing(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes, mode: int) -> None:
        raise OSError(28, "No space left on device")

    planned = learner.plan("A")
    monkeypatch.setattr("anchor.files.write_atomically", refuse)
    with pytest.raises(RootsealError, match="No space left"):
        hand_out(planned, learner.made(planned), NOW, learner.out.append)
    assert learner.out == []


def test_two_programs_at_once_never_show_one_copy_to_two_people(learner: Learner) -> None:
    """Four people at once, each in a thread that tries again when another was quicker."""
    ready, shown = threading.Barrier(4), {}

    def show(who: str) -> None:
        ready.wait()
        while who not in shown:
            planned = learner.plan(who)
            try:
                shown[who] = hand_out(planned, learner.made(planned), NOW, lambda _, one=planned: one.choices[0].number)  # type: ignore[misc]
            except ConflictError:
                continue

    threads = [threading.Thread(target=show, args=(who,)) for who in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(shown.values()) == [1, 2, 3, 4]


def test_a_copy_that_another_program_took_meanwhile_is_not_handed_out(learner: Learner) -> None:
    first, second = learner.plan("A"), learner.plan("B")
    hand_out(first, learner.made(first), NOW, learner.out.append)
    with pytest.raises(ConflictError, match="once more"):
        hand_out(second, learner.made(second), NOW, learner.out.append)
    assert len(learner.out) == 1 and [one.who for one in read_record(learner.box).showings] == ["A"]
    assert learner.show("B") == [3]


def test_a_damaged_record_refuses_and_stays_as_it_is(learner: Learner) -> None:
    learner.box.shown.write_text("{}")
    for who in ("A", "B"):
        with pytest.raises(ConfigError, match=r"shown\.json.*backup"):
            learner.plan(who)
    with pytest.raises(ConfigError, match=r"shown\.json.*backup"):  # nothing goes out that cannot be written down
        learner.show(None, learner.institution.file(1).commitment.hex())
    assert learner.box.shown.read_text() == "{}"


def test_a_backup_carries_the_record_and_brings_it_back(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_COST", {"n": 1 << 14, "r": 8, "p": 1})
    learner.show("A")
    make_backup(learner.box, tmp_path / "b", "secret", NOW)
    again = Learner(
        restore_box(tmp_path / "again", read_backup(tmp_path / "b", "secret")), learner.institution, learner.files
    )
    assert read_record(again.box) == read_record(learner.box)
    assert again.show("A") == [4] and again.show("B") == [3]


def test_copies_that_are_gone_from_the_box_stay_in_the_record(learner: Learner) -> None:
    learner.show("A")
    (learner.box.directory / "credentials" / f"{learner.whole(4)}.credential.json").unlink()
    assert learner.show("A") == [3]
    learner.box.keep(learner.files[3])
    assert learner.show("B") == [2] and learner.show("A") == [4]
    write_record(learner.box, read_record(learner.box))


def test_everything_that_makes_a_presentation_hands_it_out_here() -> None:
    """Two places make one, and both import `hand_out`, the page through the module that answers its forms."""
    makers = {"assemble", "assemble_each", "answered", "present"}
    root = Path(__file__).parents[3] / "wallet"
    found: dict[str, set[str]] = {}
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in ("wallet.presenting", "rootseal.presentation"):
                taken = makers & {name.name for name in node.names}
                found.setdefault(path.relative_to(root).as_posix(), set()).update(taken)
    assert {name: taken for name, taken in found.items() if taken} == {
        "presenting.py": {"present"},
        "present_cli.py": {"assemble", "answered"},
        "page/choosing.py": {"assemble_each"},
        "page/answering.py": {"answered"},
    }
    for name in ("present_cli.py", "page/answering.py"):
        assert "hand_out(planned, made, now," in (root / name).read_text()
