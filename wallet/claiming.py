"""A learner's consent about credits: to claim them, and to have them recognised. Signed here, sent by whoever pays."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rootseal.commitment import Home
from rootseal.consents import Claim, Redemption, claim_of
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import checksum_address
from rootseal.files import CredentialFile
from rootseal.policy import CreditsContract, Policy
from wallet.accounts import accounts_of
from wallet.box import Box
from wallet.disk import PRIVATE_FILE, make_private_folder, write_atomically
from wallet.keyring import address_of, open_answers, open_key, passphrase_of

__all__ = ["Consent", "contract_of", "keep_award", "make_claim", "make_redemption", "send_claim"]

_DEV_MONEY = 10**18


@dataclass(frozen=True, slots=True)
class Consent:
    """How the learner signs: by the wallet's key, or with a signature made elsewhere.

    `for_contract` says that the holder is a contract which takes the wallet's key for its own (ERC-1271).
    """

    box: Box
    passphrase_file: Path | None = None
    for_contract: bool = False
    signature: bytes | None = None

    def over(self, digest: bytes, holder: bytes) -> bytes:
        """The signature. Raises `InputError` where this wallet cannot sign for `holder`."""
        if self.signature is not None:
            return self.signature
        if holder in {account.address for account in accounts_of(self.box)}:
            return open_answers(self.box, (holder,), passphrase_of(self.passphrase_file))[0].sign(digest)
        if not self.for_contract:
            raise InputError(
                "wallet",
                "does not hold the key of the address that the credential was issued to; where that address is a "
                "contract that takes this wallet's key, say --contract-wallet, or bring its --signature",
                checksum_address(holder),
            )
        return open_key(self.box.keystore, self.passphrase_file).sign(digest)


def contract_of(home: Home, policy: Policy | None, named: bytes | None) -> bytes:
    """The credits contract of a ledger: the one named, else the policy's. Raises `ConfigError` where there is none."""
    listed = None if policy is None else policy.ledger(home)
    known = None if listed is None else listed.credits
    if named is None and known is None:
        problem = "names no credits contract of this ledger; give --contract 0x…, or add it with `rootseal trust add`"
        raise ConfigError("policy", problem, str(home))
    if named is not None and known is not None and named != known.address:
        raise ConfigError("--contract", "is not the one that your policy names", checksum_address(named))
    return named if named is not None else known.address if known is not None else b""


def make_claim(file: CredentialFile, contract: bytes, deadline: int, consent: Consent) -> Claim:
    """The signed claim of a credential's credits. Raises as `claim_of` and `Consent.over`."""
    claim = claim_of(file, contract, deadline)
    return claim.signed(consent.over(claim.digest, claim.subject.holder))


def make_redemption(
    file: CredentialFile, contract: bytes, receiver: int, award: str, deadline: int, consent: Consent
) -> Redemption:
    """The signed consent that `receiver` recognises the credits, for `award`; a new salt each time."""
    unsigned = claim_of(file, contract, deadline)
    holder = unsigned.subject.holder
    made = Redemption(
        file.home, contract, unsigned.commitment, holder, receiver, award, secrets.token_bytes(32), deadline
    )
    return made.signed(consent.over(made.digest, holder))


def keep_award(box: Box, redemption: Redemption) -> Path:
    """Keep award and salt in the wallet: without them nobody can show later what stands on chain as a hash."""
    folder = box.directory / "awards"
    make_private_folder(folder)
    path = folder / f"{redemption.commitment.hex()}-{redemption.salt[:4].hex()}.redemption.json"
    write_atomically(path, redemption.to_bytes(), PRIVATE_FILE)
    return path


def send_claim(
    claim: Claim,
    rpc: str,
    pinned: CreditsContract | None,
    consent: Consent,
    report: Callable[[str], None],
    *,
    finality: str = "tag",
    dry_run: bool = False,
    timeout: float = 1800.0,
) -> int:
    """Send it with the wallet's own key and money, and wait until it is final; the gas, 0 where it was done before.

    What was signed is kept in the wallet before it is sent, so that the same command again finishes what was
    interrupted. Raises `Reverted` in words where the contract refuses it, `WrongChain`, `ChainUnavailable`.
    """
    from anchor.calling import Caller, LedgerCall, is_done, rehearse
    from anchor.credits import CONTRACT, check_contract, claim_arguments, credits_abi
    from anchor.deploying import fund, is_development_chain
    from anchor.fees import DEFAULT_CEILING
    from anchor.file_outbox import FileOutbox
    from anchor.keys import load_keystore
    from anchor.pins import Pins
    from anchor.sender import SendPolicy
    from anchor.web3_chain import open_chain

    chain, code_hash = open_chain(rpc), credits_abi().code_hash if pinned is None else pinned.code
    pins = Pins(claim.home.chain_id, contract=claim.contract, code_hash=code_hash)
    pins.check(chain)
    check_contract(chain, claim.contract, claim.home.ledger, code_hash)
    call = LedgerCall("claim your credits", "claim", claim_arguments(claim), CONTRACT)
    own = address_of(consent.box.keystore)
    if is_done(chain, claim.contract, own, call):
        return 0
    gas = rehearse(chain, claim.contract, own, call, DEFAULT_CEILING).gas
    if dry_run:
        return gas
    signer = load_keystore(consent.box.keystore, passphrase_of(consent.passphrase_file))
    if chain.balance(own) == 0 and is_development_chain(chain):
        fund(chain, own, _DEV_MONEY)
    outbox = FileOutbox(consent.box.directory / "sent.json")
    Caller(chain, outbox, signer, pins, claim.contract, SendPolicy(finality), report, timeout).send(call)
    return gas
