"""Keys: keystore files and signatures."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from anchor.chain import Fees, TransactionRequest
from anchor.keys import create_keystore, load_keystore, signer_from_secret
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import keccak256, recover, signature_problem
from tests.support.fake_blocks import decode_transaction

SECRET = keccak256(b"test")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_a_keystore_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    made = create_keystore(path, "correct horse", kdf="pbkdf2", iterations=10)
    assert load_keystore(path, "correct horse").address == made.address
    with pytest.raises(ConfigError, match="passphrase is wrong"):
        load_keystore(path, "wrong horse")


def test_a_keystore_is_scrypt_by_default_private_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    create_keystore(path, "x", iterations=2)
    assert json.loads(path.read_bytes())["crypto"]["kdf"] == "scrypt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_keystore_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(b"precious")
    with pytest.raises(ConfigError, match="not overwritten"):
        create_keystore(path, "x", iterations=2)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        create_keystore(tmp_path / "none" / "key.json", "x", kdf="pbkdf2", iterations=10)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"version":4}', b'{"version":3}', b'{"version":3,"crypto":7}', b"\xff\xfe",
     b'{"version":3,"crypto":{"kdf":"none","mac":"","cipher":"aes-128-ctr"}}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_keystore_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="keystore: "):
        load_keystore(path, "x")


def test_a_missing_keystore_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_keystore(tmp_path / "key.json", "x")


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31, b"\x01" * 33])
def test_what_is_no_secret_is_refused_and_not_shown(secret: bytes) -> None:
    with pytest.raises(InputError) as found:
        signer_from_secret(secret)
    assert secret.hex() not in str(found.value) or not secret
    assert found.value.__cause__ is None


def test_a_digest_is_signed_as_files_want_it() -> None:
    signer = signer_from_secret(SECRET)
    for number in range(50):
        digest = keccak256(bytes([number]))
        signature = signer.sign_digest(digest)
        assert signature_problem(signature) is None
        assert signature[64] in (27, 28)
        assert int.from_bytes(signature[32:64]) <= ORDER // 2
        assert recover(digest, signature) == signer.address


def test_only_digests_are_signed() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        signer_from_secret(SECRET).sign_digest(b"a message")


def test_a_signer_does_not_print_its_secret() -> None:
    shown = repr(signer_from_secret(SECRET))
    assert SECRET.hex() not in shown
    assert shown.startswith("Signer(0x")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("to", [b"\xab" * 20, None])
def test_a_signed_transaction_is_what_was_asked(legacy: bool, to: bytes | None) -> None:
    signer = signer_from_secret(SECRET)
    request = TransactionRequest(31337, 5, to, b"\x01\x02", 90_000, Fees(7, 3, legacy), 11)
    signed = signer.sign_transaction(request)
    assert signed.hash == keccak256(signed.raw)
    assert (signed.raw[0] == 2) is not legacy
    assert decode_transaction(signed.raw).sender == signer.address
    assert signer.sign_transaction(request) == signed


@pytest.mark.parametrize("module", ["anchor.keys", "anchor.web3_chain"])
def test_nested_json_does_not_crash_a_process_that_loaded_it(module: str) -> None:
    """py_ecc raises the recursion limit so far that the C stack overflows."""
    code = f"import json, {module}\ntry: json.loads('['*200_000)\nexcept RecursionError: print('survived')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "survived"
