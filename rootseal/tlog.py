"""The log as others read it: C2SP tiles, checkpoints and signed notes.

Sources: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note; origin in DESIGN §3.
An entry is the 32-byte commitment. Pure: hashes come from a lookup, signatures from functions that
the caller brings, so that the core needs no Ed25519 of its own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from rootseal.commitment import Home
from rootseal.errors import InputError, VerificationError
from rootseal.ethereum import address_text

__all__ = [
    "TILE_WIDTH",
    "LogCheckpoint",
    "NodeLookup",
    "NoteKey",
    "Tile",
    "bundle_bytes",
    "open_note",
    "origin",
    "parse_bundle",
    "parse_tile",
    "sign_note",
    "tile_bytes",
    "tiles_of",
]

NodeLookup = Callable[[int, int], bytes]
"""(level, position) → the hash of the complete subtree of 2^level leaves that begins at position · 2^level."""

TILE_WIDTH = 256
_ENTRY_BYTES = 32
_ED25519 = b"\x01"
_MAX_SIZE = 1 << 48
_MAX_NOTE = 1 << 16
_MAX_SIGNATURES = 16
_SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_TILE = re.compile(r"tile/(entries|0|[1-5])/((?:x\d{3}/){0,5}\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_NUMBER = re.compile(r"0|[1-9]\d{0,14}", re.ASCII)


def origin(home: Home) -> str:
    """`rootseal/<chainId>/<ledger>/<issuer>`: first line of every checkpoint, and the key's name (DESIGN §3)."""
    return f"rootseal/{home.chain_id}/{address_text(home.ledger)}/{home.issuer}"


@dataclass(frozen=True, slots=True)
class Tile:
    """One resource of the log: tile `index` of `level`, or an entry bundle where `level` is None; `width` 1 to 256."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`tile/0/x001/x234/067`, with `.p/W` where the tile is not full; relative to the log's prefix."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"

    @property
    def end(self) -> int:
        """How many entries a log must have before this resource exists."""
        return (self.index * TILE_WIDTH + self.width) << 8 * (self.level or 0)

    def within(self, size: int) -> bool:
        """True iff a log of `size` entries has this resource. Partial tiles of earlier sizes stay valid for ever."""
        return self.end <= size


def parse_tile(path: str) -> Tile:
    """The resource that a path relative to the log's prefix names. Raises `InputError`."""
    match = _TILE.fullmatch(path)
    if match is None:
        raise InputError("tile", "must be a path such as tile/0/x001/234 or tile/entries/000.p/7", path)
    groups = match[2].split("/")
    index = int("".join(group.lstrip("x") for group in groups))
    width = TILE_WIDTH if match[3] is None else int(match[3])
    tile = Tile(None if match[1] == "entries" else int(match[1]), index, width)
    # Only one spelling is the tile's own: no leading x000, no width of 256 and more.
    if tile.path != path or width > TILE_WIDTH or tile.end > _MAX_SIZE:
        raise InputError("tile", "is not the path of a tile", path)
    return tile


def tiles_of(size: int, before: int = 0) -> Iterator[Tile]:
    """Every tile and bundle that a log of `size` entries has and one of `before` had not, full or partial."""
    for level in (None, *range(6)):
        count, old = size >> 8 * (level or 0), before >> 8 * (level or 0)
        if not count:
            return
        if count == old:
            continue
        for index in range(old // TILE_WIDTH, count // TILE_WIDTH):
            yield Tile(level, index)
        if count % TILE_WIDTH:
            yield Tile(level, count // TILE_WIDTH, count % TILE_WIDTH)


def tile_bytes(tile: Tile, node: NodeLookup) -> bytes:
    """The hashes of a tile, 32 bytes each; the caller has checked that `tile.within(size)`."""
    if tile.level is None:
        raise InputError("tile", "is an entry bundle, not a tile of hashes", tile.path)
    first = tile.index * TILE_WIDTH
    return b"".join(node(8 * tile.level, at) for at in range(first, first + tile.width))


def bundle_bytes(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each commitment behind its length as u16, big-endian."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` commitments of an entry bundle. Raises `InputError` for any other length or content."""
    step = 2 + _ENTRY_BYTES
    if len(data) != width * step:
        raise InputError("bundle", f"must have {width} entries of {step} bytes", f"{len(data)} bytes")
    prefix = _ENTRY_BYTES.to_bytes(2)
    for at in range(0, len(data), step):
        if data[at : at + 2] != prefix:
            raise InputError("bundle", f"has an entry that is not {_ENTRY_BYTES} bytes long", data[at : at + 2])
    return [data[at + 2 : at + step] for at in range(0, len(data), step)]


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """The head of a log as a checkpoint's text gives it: origin, size, 32-byte root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Three lines, each with its line end."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> LogCheckpoint:
        """Exactly three lines: extension lines are not recommended, and Rootseal writes none. Raises `InputError`."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise InputError("checkpoint", "must have three lines: origin, size, root", text)
        if not _NUMBER.fullmatch(lines[1]) or int(lines[1]) >= _MAX_SIZE:
            raise InputError("checkpoint.size", "must be a decimal number below 2^48", lines[1])
        root = _unbase64(lines[2], "checkpoint.root")
        if len(root) != 32:
            raise InputError("checkpoint.root", "must be 32 bytes in base64", lines[2])
        return cls(lines[0], int(lines[1]), root)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """An Ed25519 key that signs notes: name (no spaces, no plus) and 32-byte public key (RFC 8032)."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() or ord(c) < 32 for c in self.name):
            raise InputError("key name", "must not be empty nor hold spaces or a plus", self.name)
        if len(self.public_key) != 32:
            raise InputError("public key", "must be 32 bytes", f"{len(self.public_key)} bytes")

    @property
    def id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """`name+id+base64(0x01 ‖ public key)`: what a reader of the log configures."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public_key)}"

    @classmethod
    def from_vkey(cls, text: str) -> NoteKey:
        """Read a vkey; its id must be that of its name and key. Raises `InputError`."""
        match = _VKEY.fullmatch(text)
        if match is None:
            raise InputError("vkey", "must be name+id+key", text)
        material = _unbase64(match[3], "vkey")
        if material[:1] != _ED25519 or len(material) != 33:
            raise InputError("vkey", "must hold an Ed25519 key", text)
        key = cls(match[1], material[1:])
        if key.id.hex() != match[2]:
            raise InputError("vkey", f"has another id than its key, which is {key.id.hex()}", match[2])
        return key


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> str:
    """The signed note over `text` (which ends in a line end); `sign` gives the 64-byte Ed25519 signature."""
    if not text.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in text):
        raise InputError("note", "must end in a line end and hold no other control character", text)
    return f"{text}\n\u2014 {key.name} {_base64(key.id + sign(text.encode()))}\n"


def open_note(note: bytes, key: NoteKey, verify: Callable[[bytes, bytes, bytes], bool]) -> str:
    """The text of a note that `key` signed; signatures by other keys are ignored.

    `verify(public_key, signature, message)` checks one Ed25519 signature. Raises `InputError` for
    what is no note, `VerificationError` where no signature by `key` is there or one is wrong.
    """
    text, lines = _split_note(note)
    found = False
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise InputError("note", "has a signature line that is none", line)
        raw = _unbase64(match[2], "note signature")
        if match[1] != key.name or raw[:4] != key.id:
            continue
        if len(raw) != 68 or not verify(key.public_key, raw[4:], text.encode()):
            raise VerificationError("log.signature", f"the log's note has a wrong signature by {key.name}")
        found = True
    if not found:
        raise VerificationError("log.unsigned", f"the log's note is not signed by {key.name} with key {key.id.hex()}")
    return text


def _split_note(note: bytes) -> tuple[str, list[str]]:
    if len(note) > _MAX_NOTE:
        raise InputError("note", f"is larger than {_MAX_NOTE} bytes", f"{len(note)} bytes")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise InputError("note", f"is not UTF-8 at byte {error.start}") from error
    if any(ord(c) < 32 and c != "\n" for c in whole):
        raise InputError("note", "holds a control character")
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise InputError("note", "must be a text, an empty line and signature lines")
    lines = signatures[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise InputError("note", f"has more than {_MAX_SIGNATURES} signatures", len(lines))
    return text + "\n", lines


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(where, "must be base64", text) from error
    if _base64(data) != text:
        raise InputError(where, "is not the one base64 form of its bytes", text)
    return data
