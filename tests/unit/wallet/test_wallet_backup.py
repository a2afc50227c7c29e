"""One encrypted file restores the box elsewhere, equal byte by byte; anything else is told and changes nothing."""

from __future__ import annotations

import json
import random
import stat
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from rootseal.errors import InputError
from tests.support.issued import paper_institution
from tests.support.program import Program
from wallet import backup
from wallet.backup import make_backup, read_backup, restore_box
from wallet.box import Box

NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_COST", {"n": 1 << 14, "r": 8, "p": 1})


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = Box.create(tmp_path / "box")
    create_keystore(made.keystore, "wallet secret", "pbkdf2", 2)
    institution = paper_institution(("Ana Novak", "Bor Kos"))
    for index in range(2):
        made.keep(institution.file(index))
    return made


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_restored_box_is_equal_and_private(box: Box, tmp_path: Path) -> None:
    out = tmp_path / "stick" / "b.backup"
    out.parent.mkdir()
    assert make_backup(box, out, "secret", NOW).credentials == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = restore_box(tmp_path / "again", read_backup(out, "secret"))
    assert contents(again.directory) == contents(box.directory)
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in again.directory.rglob("*"))


def test_nothing_of_the_box_can_be_read_in_the_file(box: Box, tmp_path: Path) -> None:
    make_backup(box, tmp_path / "b", "secret", NOW)
    data = (tmp_path / "b").read_bytes()
    assert set(json.loads(data)) == {"format", "cipher", "kdf", "made", "nonce", "data"}
    assert b"Novak" not in data


def test_another_passphrase_does_not_open_it(box: Box, tmp_path: Path) -> None:
    make_backup(box, tmp_path / "b", "secret", NOW)
    with pytest.raises(InputError, match="passphrase is another one"):
        read_backup(tmp_path / "b", "Secret")


def test_no_altered_and_no_shortened_file_opens(box: Box, tmp_path: Path) -> None:
    make_backup(box, tmp_path / "b", "secret", NOW)
    whole, chance = (tmp_path / "b").read_bytes(), random.Random(7)
    broken = tmp_path / "broken"
    header = whole.index(b'"data"')
    places = [*range(0, 60), *(chance.randrange(len(whole) - 1) for _ in range(40)), whole.index(b'"made"') + 9]
    for place in places:
        altered = bytearray(whole)
        altered[place] ^= 1 << chance.randrange(3)
        if json_equal(whole, altered):
            continue
        broken.write_bytes(altered)
        with pytest.raises(InputError):
            read_backup(broken, "secret")
    for size in (0, 1, header, len(whole) // 2, len(whole) - 3):
        broken.write_bytes(whole[:size])
        with pytest.raises(InputError, match="only a part"):
            read_backup(broken, "secret")


def json_equal(one: bytes, other: bytes | bytearray) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/b/c/d", "A", "", "a/../b", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(backup._sealed({name: b"x"}, "secret", NOW))
    with pytest.raises(InputError, match="no wallet writes"):
        read_backup(tmp_path / "b", "secret")


def test_a_cost_that_would_stop_the_machine_is_refused(box: Box, tmp_path: Path) -> None:
    make_backup(box, tmp_path / "b", "secret", NOW)
    found = json.loads((tmp_path / "b").read_bytes())
    found["kdf"]["n"] = 1 << 40
    (tmp_path / "b").write_text(json.dumps(found))
    with pytest.raises(InputError, match="newer version"):
        read_backup(tmp_path / "b", "secret")


def test_what_exists_is_never_overwritten(box: Box, tmp_path: Path) -> None:
    out = tmp_path / "b"
    made = make_backup(box, out, "secret", NOW)
    with pytest.raises(InputError, match="is there already"):
        make_backup(box, out, "secret", NOW)
    with pytest.raises(InputError, match="holds a wallet already"):
        restore_box(box.directory, made)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear diary")
    with pytest.raises(InputError, match=r"holds letter\.txt"):
        restore_box(tmp_path / "other", made)
    with pytest.raises(InputError, match="lies in the wallet itself"):
        make_backup(box, box.directory / "b", "secret", NOW)


def test_a_restore_cut_short_is_finished_by_the_same_command(box: Box, tmp_path: Path) -> None:
    made = make_backup(box, tmp_path / "b", "secret", NOW)
    restore_box(tmp_path / "again", made)
    (tmp_path / "again" / "keystore.json").unlink()
    (tmp_path / "again" / ".keystore.json.0011").write_bytes(b"half")
    again = restore_box(tmp_path / "again", made)
    assert again.keystore.read_bytes() == box.keystore.read_bytes()


def test_a_file_that_no_wallet_writes_stops_the_backup(box: Box, tmp_path: Path) -> None:
    (box.directory / "My notes.txt").write_text("x")
    with pytest.raises(InputError, match="is no file of a wallet"):
        make_backup(box, tmp_path / "b", "secret", NOW)
    assert not (tmp_path / "b").exists()


def test_the_commands(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, secret = Program(capsys), tmp_path / "secret"
    secret.write_text("secret\n")
    out, again = tmp_path / "w.backup", tmp_path / "again"
    told = program("wallet", "backup", str(box.directory), "-o", str(out), "--passphrase-file", str(secret))
    assert "2 credentials, written and read back" in told.out
    told = program("wallet", "restore", str(again), str(out), "--passphrase-file", str(secret))
    assert "with 2 credentials, as it was on" in told.out
    secret.write_text("wrong")
    told = program("wallet", "restore", str(tmp_path / "x"), str(out), "--passphrase-file", str(secret))
    assert told.code == 2
    assert not (tmp_path / "x").exists()


def test_a_backup_says_what_was_saved(box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, secret = Program(capsys), tmp_path / "secret"
    secret.write_text("another secret\n")
    key = ("--passphrase-file", secret)
    assert (
        "your key and 2 credentials, written"
        in program("wallet", "backup", box.directory, "-o", tmp_path / "a", *key).out
    )
    box.keystore.unlink()
    made = program("wallet", "backup", box.directory, "-o", tmp_path / "b", *key)
    assert made.code == 0
    assert "2 credentials, and no key" in made.out and "your key" not in made.out
    (told,) = program("wallet", "backup", box.directory, "-o", tmp_path / "c", *key, "--json").objects
    assert (told["key"], told["credentials"]) == (False, 2)
    again = program("wallet", "restore", tmp_path / "again", tmp_path / "b", *key)
    assert "had no key" in again.out and "passphrase" not in again.out
