"""Making a presentation: what is shown, what stays hidden, and the answer to a verifier's question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rootseal.anchoring import Proofs
from rootseal.claims import Claim, Path
from rootseal.errors import InputError, VerificationError
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.files import CredentialFile
from rootseal.presentation import MAX_CREDENTIALS, HolderProof, Presentation, PresentedCredential, present
from rootseal.verification import verify
from wallet.disclosing import choose

__all__ = ["Answer", "Preview", "Question", "answered", "assemble", "preview", "require_sound"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a verifier asked, and how long the answer shall count: times in UTC seconds."""

    audience: str
    nonce: str
    created: int
    expires: int

    def __post_init__(self) -> None:
        for name, text in (("--audience", self.audience), ("--nonce", self.nonce)):
            if not 0 < len(text) <= 1024 or not text.isprintable():
                raise InputError(name, "must be 1 to 1,024 printable characters, exactly as the verifier gave it", text)


class Answer:
    """Signs with the keys that a wallet has: `address` (20 bytes) and `sign(digest)` (65 bytes)."""

    __slots__ = ("address", "sign")

    def __init__(self, address: bytes, sign: Callable[[bytes], bytes]) -> None:
        self.address = address
        self.sign = sign


@dataclass(frozen=True, slots=True)
class Preview:
    """What one credential of a presentation shows, and the paths that stay hidden, in walk order."""

    shown: tuple[Claim, ...]
    hidden: tuple[Path, ...]
    holder: str | None


def assemble(
    files: Sequence[CredentialFile], wishes: Sequence[str], show_subject: bool, *, small: bool = False
) -> Presentation:
    """1 to 16 credentials in one unsigned presentation. Raises `InputError` naming a wish that fits none.

    `small` leaves out what a verifier who asks a chain can do without.
    """
    if not 1 <= len(files) <= MAX_CREDENTIALS:
        raise InputError("ID", f"a presentation holds 1 to {MAX_CREDENTIALS} credentials", len(files))
    presented = (_presented(file, wishes, show_subject) for file in files)
    return Presentation(tuple(_smaller(one) if small else one for one in presented))


def preview(file: CredentialFile, presented: PresentedCredential) -> Preview:
    """Exactly what the verifier will see of `file`."""
    shown = {item.claim.path: item.claim for item in presented.shown}
    claims, _ = file.salted()
    holder = None
    if not isinstance(presented.subject, bytes) and presented.subject[0].holder != ZERO_ADDRESS:
        holder = checksum_address(presented.subject[0].holder)
    return Preview(
        tuple(claim for claim in claims if claim.path in shown),
        tuple(claim.path for claim in claims if claim.path not in shown),
        holder,
    )


def answered(presentation: Presentation, question: Question, answer: Answer) -> Presentation:
    """The presentation with one signature per distinct holder address, ascending by address.

    Raises `InputError` where a credential is bound to no address, or to one that the wallet has no key for.
    """
    holders = {_holder_of(at, credential) for at, credential in enumerate(presentation.credentials, 1)}
    for holder in sorted(holders):
        if holder != answer.address:
            raise InputError(
                "wallet",
                "does not hold the key of the address that the credential was issued to, so it cannot sign for it",
                checksum_address(holder),
            )
    proof = HolderProof(question.audience, question.nonce, question.created, question.expires, ())
    digest = proof.digest(presentation.digest)
    signatures = tuple(answer.sign(digest) for _ in sorted(holders))
    return replace(presentation, holder=replace(proof, signatures=signatures))


def require_sound(data: bytes, now: int) -> None:
    """Refuse to hand out what a verifier would not accept: the first three checks, on the finished bytes."""
    for credential in verify(data, now=now).credentials:
        for check in credential.checks[:3]:
            if check.outcome != "pass":
                raise VerificationError(check.code, check.reason)


def _presented(file: CredentialFile, wishes: Sequence[str], show_subject: bool) -> PresentedCredential:
    claims, _ = file.salted()
    return present(file, choose(wishes, claims).shows, show_subject)


def _smaller(presented: PresentedCredential) -> PresentedCredential:
    """With the introducing anchor alone, without its evidence, where there is one; else as it is."""
    proofs = presented.proofs
    introducing = proofs.introducing(presented.home)
    if introducing is None:
        return presented
    return replace(presented, proofs=Proofs(proofs.index, None, (replace(introducing, evidence=None),)))


def _holder_of(at: int, credential: PresentedCredential) -> bytes:
    if isinstance(credential.subject, bytes):
        raise InputError("--subject", "is needed to sign: the address that signs must be shown")
    holder = credential.subject[0].holder
    if holder == ZERO_ADDRESS:
        raise InputError("ID", f"credential {at} was issued to no address, so nobody can sign for it")
    return holder
