"""C2SP tiles, checkpoints and signed notes: the specifications' own examples, and wrong cases by defect."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rootseal.commitment import Home
from rootseal.errors import InputError, VerificationError
from rootseal.merkle import leaf_hash, root_of
from rootseal.tlog import (
    LogCheckpoint,
    NoteKey,
    Tile,
    bundle_bytes,
    open_note,
    origin,
    parse_bundle,
    parse_tile,
    sign_note,
    tile_bytes,
    tiles_of,
)

# c2sp.org/signed-note, "Verifier keys", example.
C2SP_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n"
    "\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey("rootseal/31337/0x" + "00" * 20 + "/1", PRIVATE.public_key().public_bytes_raw())


def test_the_note_of_the_specification_opens() -> None:
    key = NoteKey.from_vkey(C2SP_VKEY)
    assert key.vkey == C2SP_VKEY
    assert open_note(C2SP_NOTE.encode(), key, verify) == "This is an example message.\n"


def test_the_checkpoint_of_the_specification_reads_and_writes() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = LogCheckpoint.from_text(text)
    assert checkpoint.size == 20852163
    assert checkpoint.text == text


def test_origin_names_the_home() -> None:
    home = Home(31337, bytes(19) + b"\xab", 7)
    assert origin(home) == "rootseal/31337/0x" + "00" * 19 + "ab/7"


def test_a_note_by_our_key_opens_and_others_signatures_are_ignored() -> None:
    note = sign_note("a\n\nb\n", KEY, PRIVATE.sign)
    other = NoteKey("someone.example", KEY.public_key)
    more = note + f"\u2014 {other.name} {base64.b64encode(other.id + bytes(64)).decode()}\n"
    assert open_note(more.encode(), KEY, verify) == "a\n\nb\n"


def test_a_note_whose_text_was_altered_is_rejected() -> None:
    note = sign_note("size 10\n", KEY, PRIVATE.sign).replace("10", "11")
    with pytest.raises(VerificationError) as caught:
        open_note(note.encode(), KEY, verify)
    assert caught.value.code == "log.signature"


def test_a_note_that_our_key_did_not_sign_is_rejected() -> None:
    with pytest.raises(VerificationError) as caught:
        open_note(C2SP_NOTE.encode(), KEY, verify)
    assert caught.value.code == "log.unsigned"


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text only\n",
        b"text\n\nno dash\n",
        b"text\n\n\xe2\x80\x94 name AAAA",
        b"tab\there\n\n\xe2\x80\x94 name AAAA\n",
        b"\xff\n\n\xe2\x80\x94 name AAAA\n",
        b"text\n\n\xe2\x80\x94 na+me AAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 name AAAA\n" * 17,
        b"x" * 70_000,
    ],
    ids=["empty", "unsigned", "no-dash", "no-end", "control", "not-utf8", "plus", "too-many", "too-long"],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(InputError):
        open_note(note, KEY, verify)


@pytest.mark.parametrize(
    "vkey",
    ["", "name", "name+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", C2SP_VKEY.replace("+Aek", "+Bek")],
    ids=["empty", "no-parts", "wrong-id", "wrong-type"],
)
def test_a_wrong_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(InputError):
        NoteKey.from_vkey(vkey)


@pytest.mark.parametrize(
    "text",
    ["", "o\n1\n", "o\n01\nAAAA\n", "o\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "o\n1\n" + "A" * 43 + "=\nmore\n"],
    ids=["empty", "two-lines", "leading-zero", "short-root", "no-origin", "extension"],
)
def test_a_wrong_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        LogCheckpoint.from_text(text)


def test_paths_are_those_of_the_specification() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(None, 0, 7).path == "tile/entries/000.p/7"
    assert parse_tile("tile/0/x001/x234/067") == Tile(0, 1234067)
    assert parse_tile("tile/entries/000.p/7") == Tile(None, 0, 7)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/67",
        "tile/0/x000/067",
        "tile/00/067",
        "tile/6/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "/tile/0/000",
        "tile/5/001",
        "tile/0/../000",
        "tile/0/\u0661\u0662\u0663",
    ],
)
def test_what_is_no_tile_path_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        parse_tile(path)


def test_a_log_of_70000_has_the_tiles_of_the_specification() -> None:
    tiles = [tile for tile in tiles_of(70_000) if tile.level is not None]
    assert sum(1 for tile in tiles if tile.level == 0 and tile.width == 256) == 273
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert Tile(1, 0) in tiles
    assert all(tile.within(70_000) and parse_tile(tile.path) == tile for tile in tiles)


def test_a_log_of_256_has_one_full_tile_and_one_hash_above() -> None:
    assert list(tiles_of(256)) == [Tile(None, 0), Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_growth_needs_only_the_new_tiles() -> None:
    assert set(tiles_of(700)) - set(tiles_of(300)) == set(tiles_of(700, before=300))


def test_tiles_lead_to_the_root() -> None:
    entries = [number.to_bytes(32) for number in range(600)]
    leaves = [leaf_hash(entry) for entry in entries]

    def node(level: int, position: int) -> bytes:
        return root_of(leaves[position << level : (position + 1) << level])

    read = b"".join(tile_bytes(tile, node) for tile in tiles_of(600) if tile.level == 0)
    assert [read[at : at + 32] for at in range(0, len(read), 32)] == leaves
    above = tile_bytes(Tile(1, 0, 2), node)
    assert root_of([above[:32], above[32:], root_of(leaves[512:])]) == root_of(leaves)


def test_a_tile_beyond_the_log_is_not_within_it() -> None:
    assert Tile(0, 0, 5).within(5)
    assert not Tile(0, 0, 5).within(4)
    assert not Tile(1, 0, 1).within(255)


def test_bundles_round_trip() -> None:
    entries = [number.to_bytes(32) for number in range(3)]
    data = bundle_bytes(entries)
    assert data[:2] == b"\0\x20"
    assert parse_bundle(data, 3) == entries


@pytest.mark.parametrize(("data", "width"), [(b"", 1), (b"\0\x20" + bytes(31), 1), (b"\0\x21" + bytes(32), 1)])
def test_a_wrong_bundle_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(InputError):
        parse_bundle(data, width)
