"""The ledger's custom errors in plain sentences, with the values that the contract gave."""

from __future__ import annotations

from typing import Final

from anchor.chain import ChainUnavailable, Reverted
from anchor.ledger_abi import ContractAbi, decode_values, load_contract

__all__ = ["decode_revert", "explained"]

_SENTENCES: Final = {
    "UnknownIssuer": "the ledger knows no issuer {issuer}",
    "NotAdmin": "{sender} is not the admin of issuer {issuer}",
    "NotPendingAdmin": "{sender} was not invited to become admin of issuer {issuer}",
    "BadNameLength": "the institution's name must be 1 to 128 bytes long, not {length}",
    "UriTooLong": "the address (URI) must be at most 256 bytes long, not {length}",
    "ScopeTooLong": "the scope must be at most 256 bytes long, not {length}",
    "DocumentUnchanged": "this issuer document is in force already",
    "DocumentNotCurrent": "the document {documentHash} is not the one in force ({current})",
    "ZeroKey": "the zero address cannot be a key",
    "BadRoles": "a key's roles are 1 (anchor), 2 (status) or 3 (both), not {roles}",
    "KeyAlreadyAdded": "{key} was added to issuer {issuer} before, and can be added only once",
    "TooManyKeys": "issuer {issuer} has as many keys as there can be",
    "UnknownKey": "{key} was never a key of issuer {issuer}",
    "KeyIsRetired": "the key {key} was retired at {retiredAt}",
    "KeyLacksRole": "the key {key} has roles {roles}, but {needed} is needed",
    "CompromiseInFuture": "the date of compromise {compromisedSince} lies after the block time {time}",
    "CompromiseNotLowered": "a date of compromise can only be lowered: it is {current} already",
    "NoCompromisedStatusKey": "nothing may be annulled: no status key of issuer {issuer} was retired as compromised",
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
    known = contract or load_contract("CredentialLedger")
    entry = known.errors.get(data[:4])
    found = _BUILT_IN.get(data[:4]) if entry is None else (entry.name, entry.inputs, entry.names)
    if found is None:
        return Reverted("", {}, data)
    name, types, names = found
    try:
        arguments = dict(zip(names, decode_values(name, types, data[4:]), strict=True))
    except ChainUnavailable:
        return Reverted("", {}, data)
    template = _SENTENCES.get(name)
    shown = {key: "0x" + value.hex() if isinstance(value, bytes) else value for key, value in arguments.items()}
    return Reverted(name, arguments, data, None if template is None else template.format(**shown))


def explained(error: Reverted, contract: ContractAbi | None = None) -> Reverted:
    """The same revert with its name, where the contract knows it."""
    return error if error.name else decode_revert(error.data, contract)
