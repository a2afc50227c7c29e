"""Making a presentation: what is shown, what stays hidden, and the answer to a verifier's question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rootseal.anchoring import Proofs
from rootseal.claims import Claim, Path
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.files import CredentialFile
from rootseal.presentation import MAX_CREDENTIALS, HolderProof, Presentation, PresentedCredential, present
from rootseal.verification import verify
from wallet.disclosing import Disclosure, choose
from wallet.phrases import Phrase
from wallet.proving import CheckFailedError

__all__ = [
    "Answer",
    "Preview",
    "Question",
    "answered",
    "assemble",
    "assemble_each",
    "holders_of",
    "preview",
    "require_sound",
    "unsigned",
]


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
                said = "must be 1 to 1,024 printable characters, exactly as the verifier gave it"
                raise InputError(name, Phrase(said), text)


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
    chosen = [(file, choose(wishes, file.salted()[0])) for file in files]
    return assemble_each(chosen, show_subject, small=small)


def assemble_each(
    chosen: Sequence[tuple[CredentialFile, Disclosure]], show_subject: bool, *, small: bool = False
) -> Presentation:
    """As `assemble`, with a choice of its own for each credential."""
    if not 1 <= len(chosen) <= MAX_CREDENTIALS:
        said = "a presentation holds 1 to {most} credentials"
        raise InputError("ID", Phrase(said, most=MAX_CREDENTIALS), len(chosen))
    presented = (present(file, disclosure.shows, show_subject) for file, disclosure in chosen)
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


def holders_of(presentation: Presentation) -> tuple[bytes, ...]:
    """The distinct addresses that must sign, ascending. Raises `InputError` where a credential is bound to none."""
    return tuple(sorted({_holder_of(at, one) for at, one in enumerate(presentation.credentials, 1)}))


def unsigned(presentation: Presentation, question: Question) -> tuple[HolderProof, bytes]:
    """The answer without signatures, and the 32-byte EIP-712 digest that each holder signs."""
    proof = HolderProof(question.audience, question.nonce, question.created, question.expires, ())
    return proof, proof.digest(presentation.digest)


def answered(presentation: Presentation, question: Question, *answers: Answer) -> Presentation:
    """The presentation with one signature per distinct holder address, ascending by address.

    Raises `InputError` where a credential is bound to no address, or to one that the wallet has no key for.
    """
    keys = {answer.address: answer for answer in answers}
    holders = holders_of(presentation)
    for holder in holders:
        if holder not in keys:
            raise InputError(
                "wallet",
                Phrase(
                    "does not hold the key of the address that the credential was issued to, so it cannot sign for it"
                ),
                checksum_address(holder),
            )
    proof, digest = unsigned(presentation, question)
    signatures = tuple(keys[holder].sign(digest) for holder in holders)
    return replace(presentation, holder=replace(proof, signatures=signatures))


def require_sound(data: bytes, now: int) -> None:
    """Refuse to hand out what a verifier would not accept: the first three checks, on the finished bytes."""
    for credential in verify(data, now=now).credentials:
        for check in credential.checks[:3]:
            if check.outcome != "pass":
                raise CheckFailedError(check)


def _smaller(presented: PresentedCredential) -> PresentedCredential:
    """With the introducing anchor alone, without its evidence, where there is one; else as it is."""
    proofs = presented.proofs
    introducing = proofs.introducing(presented.home)
    if introducing is None:
        return presented
    return replace(presented, proofs=Proofs(proofs.index, None, (replace(introducing, evidence=None),)))


def _holder_of(at: int, credential: PresentedCredential) -> bytes:
    if isinstance(credential.subject, bytes):
        raise InputError("--subject", Phrase("is needed to sign: the address that signs must be shown"))
    holder = credential.subject[0].holder
    if holder == ZERO_ADDRESS:
        said = "credential {number} was issued to no address, so nobody can sign for it"
        raise InputError("ID", Phrase(said, number=at))
    return holder
