"""The custom errors of both contracts in plain sentences, with the values that the contract gave and the way out."""

from __future__ import annotations

from typing import Final

from anchor.chain import ChainUnavailable, Reverted
from anchor.credits_errors import CREDITS_SENTENCES
from anchor.ledger_abi import ContractAbi, Entry, decode_values, load_contract

__all__ = ["decode_revert", "explained"]

_SENTENCES: Final = {
    "UnknownIssuer": "the ledger knows no issuer {issuer}: check the number and the ledger's address",
    "NotAdmin": "{sender} is not the admin of issuer {issuer}: use the admin's key",
    "NotPendingAdmin": "{sender} was not invited to become admin of issuer {issuer}: the admin must invite it first",
    "BadNameLength": "the institution's name must be 1 to 128 bytes long, not {length}",
    "UriTooLong": "the address (URI) must be at most 256 bytes long, not {length}",
    "ScopeTooLong": "the scope must be at most 256 bytes long, not {length}",
    "DocumentUnchanged": "this issuer document is in force already",
    "DocumentNotCurrent": "the document {documentHash} is not the one in force ({current}): look at that one first",
    "ZeroKey": "the zero address cannot be a key",
    "BadRoles": "a key's roles are 1 (anchor), 2 (status) or 3 (both), not {roles}",
    "KeyAlreadyAdded": "{key} was added to issuer {issuer} before, and can be added only once",
    "TooManyKeys": "issuer {issuer} has as many keys as there can be",
    "UnknownKey": "{key} was never a key of issuer {issuer}: the admin must add it first",
    "KeyIsRetired": "the key {key} was retired at {retiredAt}: the admin must add another one",
    "KeyLacksRole": "the key {key} has roles {roles}, but {needed} is needed: use a key that has it",
    "CompromiseInFuture": "the date of compromise {compromisedSince} lies after the block time {time}",
    "CompromiseNotLowered": "a date of compromise can only be lowered: it is {current} already",
    "NoCompromisedStatusKey": (
        "nothing may be annulled: no status key of issuer {issuer} was retired as compromised;"
        " retire the stolen key with its date first"
    ),
    "IssuerEnded": "issuer {issuer} was succeeded by issuer {successor} and has ended",
    "SelfSuccession": "issuer {issuer} cannot succeed itself",
    "NoSuccessionProposed": "issuer {issuer} has invited no successor",
    "ValidityInPast": "the accreditation would be over at once: {validUntil} is not after {time}",
    "NoRunningAccreditation": "{accreditor} has no running accreditation of this document",
    "WrongSequence": (
        "anchor {sequence} is not the next one, {expected} is: another node anchors for this issuer,"
        " or this node's store is older than the chain"
    ),
    "SizeNotGrown": "the log must grow: {size} entries are not more than the {headSize} anchored already",
    "ZeroRoot": "a root cannot be zero",
    "RootAlreadyAnchored": "this root was anchored before, as anchor {sequence}",
    "ValueTooLarge": "{value} is more than the ledger can hold ({max})",
    "EmptyStatusWrite": "there is nothing to change",
    "LengthMismatch": "there are {words} words but {masks} masks",
    "ZeroMask": "the mask of word {word} selects nothing",
    "StatusBeyondHead": "the status of an entry can change only after it was anchored (word {word})",
    "BadReason": "the reason {reason} is not one that may stand on chain",
    "UnknownPurpose": "the status purpose {purpose} does not exist",
    "Error": "the contract refused the call: {message}",
    "Panic": "the contract failed with panic code {code}: this is a bug of the contract",
}
_BUILT_IN: Final = {
    bytes.fromhex("08c379a0"): ("Error", ("string",), ("message",)),
    bytes.fromhex("4e487b71"): ("Panic", ("uint256",), ("code",)),
}


def decode_revert(data: bytes, contract: ContractAbi | None = None) -> Reverted:
    """Revert data as a named error; an unknown or damaged one keeps its bytes and has no name."""
    entry = _error(data[:4], contract)
    found = _BUILT_IN.get(data[:4]) if entry is None else (entry.name, entry.inputs, entry.names)
    if found is None:
        return Reverted("", {}, data)
    name, types, names = found
    try:
        arguments = dict(zip(names, decode_values(name, types, data[4:]), strict=True))
    except ChainUnavailable:
        return Reverted("", {}, data)
    template = _SENTENCES.get(name) or CREDITS_SENTENCES.get(name)
    shown = {key: "0x" + value.hex() if isinstance(value, bytes) else value for key, value in arguments.items()}
    return Reverted(name, arguments, data, None if template is None else template.format(**shown))


def _error(selector: bytes, contract: ContractAbi | None) -> Entry | None:
    """The error of this contract, or of either where none is named: they give one name to one error."""
    if contract is not None:
        return contract.errors.get(selector)
    of_ledger = load_contract("CredentialLedger").errors.get(selector)
    return of_ledger or load_contract("EctxCredits").errors.get(selector)


def explained(error: Reverted, contract: ContractAbi | None = None) -> Reverted:
    """The same revert with its name, where the contract knows it."""
    return error if error.name else decode_revert(error.data, contract)
