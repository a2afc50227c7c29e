"""Many addresses from one seed: the box's locked seed, and which address was given to which issuer.

    DIR/seed.json      {"cipher":"AES-256-GCM","data":"<hex>","format":"rootseal/seed/1","kdf":{…},"nonce":"<24 hex>"}
    DIR/accounts.json  {"accounts":[{"address":"0x…","index":0,"issuer":"Example University"}…],
                        "format":"rootseal/accounts/1"}

Address i is that of m/44'/60'/0'/0/i; 0 is the one in keystore.json, for whoever has no address of its own. All are
worked out ahead, so that an issuer gets one without the passphrase. Specified in docs/spec/wallet-words.md.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rootseal.canonical import Json, dumps, loads
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import address_text, parse_address
from rootseal.microcredential import clean_text
from rootseal.strict import array, integer, members, nullable, string
from wallet.box import Box
from wallet.disk import PRIVATE_FILE, read_file, write_atomically
from wallet.locking import CIPHER, COST, is_hex, is_kdf, key_of, new_kdf
from wallet.phrases import Phrase, Remark
from wallet.shown import NOT_AS_WRITTEN, is_same

__all__ = [
    "GAP",
    "MAX_COPIES",
    "Account",
    "account_for",
    "accounts_for",
    "accounts_of",
    "create_box",
    "has_words",
    "open_seed",
    "prepare_more",
]

GAP: Final = 20
"""BIP-44: after so many addresses in a row that nobody used, no later one is looked for."""

MAX_COPIES: Final = 64
"""So many addresses may one issuer have, for copies that two employers cannot link by place or hash."""

_AHEAD: Final = 100
_MAX: Final = 10_000
_SEED_FORMAT: Final = "rootseal/seed/1"
_ACCOUNTS_FORMAT: Final = "rootseal/accounts/1"
_COST = COST
_SEED_BYTES: Final = 64
_LIMIT: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """One address of the wallet. `issuer` is the learner's own name for whom it was given to, None for nobody yet."""

    index: int
    address: bytes
    issuer: str | None

    def to_json(self) -> dict[str, Json]:
        """One element of `accounts`."""
        return {"index": self.index, "address": address_text(self.address), "issuer": self.issuer}


def has_words(box: Box) -> bool:
    """True iff the box's keys come from recovery words."""
    return box.seed.exists()


def create_box(directory: Path, seed: bytes, passphrase: str, used: Iterable[bytes] = ()) -> Box:
    """A new box whose keys all come from `seed`. `used` are addresses that credentials are bound to.

    Their places are found as far as no `GAP` lies between them. The key comes last: after a crash the same command
    finishes the work. Raises as `Box.create`.
    """
    from anchor.keys import signer_from_seed, write_keystore

    box, wanted = Box.create(directory), frozenset(used)
    found = _derived(seed, 0, _AHEAD)
    while any(account.address in wanted for account in found[-GAP:]):
        found += _derived(seed, len(found), GAP)
    taken = tuple(
        replace(account, issuer="restored") if account.index and account.address in wanted else account
        for account in found
    )
    write_atomically(box.seed, _sealed(seed, passphrase), PRIVATE_FILE)
    _write(box, taken)
    write_keystore(box.keystore, signer_from_seed(seed, 0), passphrase)
    return box


def accounts_of(box: Box) -> tuple[Account, ...]:
    """Every address worked out so far, by index; of a box without words the one of its keystore."""
    from wallet.keyring import address_of

    if not has_words(box):
        return (Account(0, address_of(box.keystore), None),)
    data = read_file(box.accounts, _LIMIT)
    try:
        m = members(json.loads(data), "accounts.json", ("format", "accounts"))
        if m["format"] != _ACCOUNTS_FORMAT:
            raise InputError("format", f"must be {_ACCOUNTS_FORMAT}")
        return array(m["accounts"], "accounts.json.accounts", _account, 1, _MAX)
    except (ValueError, RecursionError) as error:
        said = "is damaged ({why}); make the wallet anew with your words: rootseal wallet restore-words"
        problem = Phrase(said, why=Remark(str(error), NOT_AS_WRITTEN))
        raise ConfigError("accounts.json", problem, str(box.accounts)) from None


def account_for(box: Box, issuer: str) -> Account:
    """The first address that was given to `issuer`, else a fresh one. Raises as `accounts_for`."""
    return accounts_for(box, issuer, 1)[0]


def accounts_for(box: Box, issuer: str, count: int) -> tuple[Account, ...]:
    """The first `count` addresses of `issuer`; those that are lacking are fresh ones, kept under that name.

    Names that differ in capitals and spaces alone are one. A fresh one is one that no credential is bound to. Raises
    `InputError` where the wallet has no words, `count` is not 1 to `MAX_COPIES`, or too few are left (`prepare_more`
    makes more): then none is given.
    """
    if not 1 <= count <= MAX_COPIES:
        raise InputError("--copies", Phrase("must be 1 to {most}", most=MAX_COPIES), count)
    name = clean_text(issuer, "issuer", "the name", 200)
    if not has_words(box):
        said = "this wallet has one key and one address; a wallet made with recovery words has one for each issuer"
        raise InputError("issuer", Phrase(said))
    known = accounts_of(box)
    # As it was written the first time: capitals and spaces make nobody another, as with whom something is shown to.
    given = [account for account in known if account.issuer is not None and is_same(account.issuer, name)][:count]
    kept = given[0].issuer if given else name
    if len(given) == count:
        return tuple(given)
    bound = {held.file.subject.holder for held in box.credentials()}
    free = [a for a in known if a.index and a.issuer is None and a.address not in bound][: count - len(given)]
    if len(given) + len(free) < count:
        raise InputError("issuer", Phrase("no address is left that was worked out ahead; add some with --more"))
    fresh = {account.index: replace(account, issuer=kept) for account in free}
    _write(box, tuple(fresh.get(account.index, account) for account in known))
    return (*given, *fresh.values())


def prepare_more(box: Box, passphrase: str) -> None:
    """Work out a hundred addresses more. Raises `ConfigError` for a wrong passphrase."""
    known = accounts_of(box)
    _write(box, known + _derived(open_seed(box, passphrase), len(known), _AHEAD))


def open_seed(box: Box, passphrase: str) -> bytes:
    """The 64 bytes in seed.json. Raises `ConfigError`: a wrong passphrase, or a damaged file."""
    where, data = str(box.seed), read_file(box.seed, _LIMIT)
    try:
        found = loads(data)
        if not isinstance(found, dict):
            raise ValueError
        text = found.pop("data")
    except (ValueError, KeyError):
        said = "is damaged; restore the wallet from a backup or the words"
        raise ConfigError("seed.json", Phrase(said), where) from None
    if not _is_header(found) or not is_hex(text, _SEED_BYTES + 16):
        raise ConfigError("seed.json", Phrase("is not of format {format}", format=_SEED_FORMAT), where)
    key = key_of(passphrase, found["kdf"])  # type: ignore[arg-type]
    try:
        return AESGCM(key).decrypt(bytes.fromhex(str(found["nonce"])), bytes.fromhex(str(text)), dumps(found))
    except InvalidTag:
        raise ConfigError("passphrase", Phrase("is wrong, or the wallet's file was altered"), where) from None


def _derived(seed: bytes, first: int, count: int) -> tuple[Account, ...]:
    from anchor.keys import signer_from_seed

    return tuple(Account(i, signer_from_seed(seed, i).address, None) for i in range(first, first + count))


def _sealed(seed: bytes, passphrase: str) -> bytes:
    nonce, kdf = secrets.token_bytes(12), new_kdf(_COST)
    header: dict[str, Json] = {"format": _SEED_FORMAT, "cipher": CIPHER, "kdf": kdf, "nonce": nonce.hex()}
    sealed = AESGCM(key_of(passphrase, kdf)).encrypt(nonce, seed, dumps(header))
    return dumps({**header, "data": sealed.hex()})


def _is_header(found: dict[str, Json]) -> bool:
    return (
        set(found) == {"format", "cipher", "kdf", "nonce"}
        and (found["format"], found["cipher"]) == (_SEED_FORMAT, CIPHER)
        and is_hex(found["nonce"], 12)
        and is_kdf(found["kdf"])
    )


def _write(box: Box, accounts: tuple[Account, ...]) -> None:
    # Not the core's writer: its limits are those of a credential file.
    shape = {"format": _ACCOUNTS_FORMAT, "accounts": [account.to_json() for account in accounts]}
    write_atomically(box.accounts, json.dumps(shape, separators=(",", ":")).encode(), PRIVATE_FILE)


def _account(value: Json, where: str) -> Account:
    m = members(value, where, ("index", "address", "issuer"))
    return Account(
        integer(m["index"], f"{where}.index", 0, _MAX),
        parse_address(string(m["address"], f"{where}.address"), f"{where}.address"),
        nullable(m["issuer"], f"{where}.issuer", string),
    )
