"""What to type in which disaster: the commands of docs/drills.md, for the recovery sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DRILLS", "Drill"]


@dataclass(frozen=True, slots=True)
class Drill:
    """`name` is that of the block in docs/drills.md; `college` in its commands is the node's directory."""

    name: str
    title: str
    commands: tuple[str, ...]


DRILLS: Final = (
    Drill(
        "hot-key-lost",
        "The hot key is lost",
        (
            "rootseal node keys rotate college --yes",
            "rootseal node keys list college",
            "rootseal node anchor college",
        ),
    ),
    Drill(
        "key-from-paper",
        "A key file is lost, and this sheet has it",
        ("rootseal node keys restore college --from typed.txt --to admin-key.json",),
    ),
    Drill(
        "machine-lost",
        "The machine is lost",
        (
            "rootseal node restore college-backup.tar college",
            "rootseal node keys restore college --from typed.txt --to admin-key.json",
            "rootseal node recover college --log $LOG --take-status",
            "rootseal node fsck college",
            "rootseal node backup college college-new.tar",
        ),
    ),
    Drill(
        "officer-leaves",
        "A person with a token leaves",
        (
            "rootseal node token list college",
            "rootseal node token revoke college $TOKEN",
        ),
    ),
    Drill(
        "passphrase-known",
        "A person who knew the passphrase leaves",
        (
            "rootseal node keys passphrase college --new-passphrase-file new.txt",
            "rootseal node keys rotate college --yes",
            "rootseal node backup college college-new.tar",
        ),
    ),
    Drill(
        "person-leaves",
        "The person with the admin's key leaves",
        (
            "rootseal issuer new-key new-admin.json --passphrase-file new-admin.txt",
            "rootseal node admin transfer college $NEW",
            "rootseal node admin accept college --key new-admin.json --passphrase-file new-admin.txt",
            "rootseal node keys rotate college --key new-admin.json --passphrase-file new-admin.txt --yes",
            "rootseal issuer show $ISSUER --policy college/policy.toml",
        ),
    ),
    Drill(
        "stolen-used-for-status",
        "The hot key was stolen, and nothing false was anchored",
        (
            "rootseal node keys retire college $STOLEN --compromised-since $SINCE --dry-run",
            "rootseal node keys rotate college --compromised-since $SINCE --yes",
            "rootseal node annul college $REVOKED --yes",
            "rootseal node status college",
        ),
    ),
    Drill(
        "stolen-anchored-over",
        "The hot key was stolen, and the thief anchored over your log",
        (
            "rootseal node keys retire college $STOLEN --compromised-since $SINCE --yes",
            "rootseal node annul college $REVOKED --yes",
            'rootseal node init college-2 --chain-url $RPC --ledger $LEDGER --name "Coast College" --country IE',
            "rootseal node succeed college $SUCCESSOR --yes",
            "rootseal node accept-succession college-2 $PREDECESSOR --yes",
            "rootseal issuer show $ISSUER --policy college/policy.toml",
        ),
    ),
    Drill(
        "admin-key-lost",
        "The admin's key is lost, and a second holder was invited before",
        (
            "rootseal node admin accept college --key second-admin.json --passphrase-file second-admin.txt",
            "rootseal issuer show $ISSUER --policy college/policy.toml",
        ),
    ),
    Drill(
        "admin-key-gone",
        "The admin's key is lost, and there is no other copy and no second holder",
        (
            'rootseal node init college-2 --chain-url $RPC --ledger $LEDGER --name "Coast College" --country IE',
            "rootseal issuer show $NEWISSUER --policy college-2/policy.toml",
        ),
    ),
    Drill(
        "admin-key-stolen",
        "The admin's key was stolen, and the admin is still you",
        (
            "rootseal node admin transfer college $NEW",
            "rootseal node admin accept college --key new-admin.json --passphrase-file new-admin.txt",
            "rootseal node keys list college",
            "rootseal node keys retire college $FOREIGN --key new-admin.json --passphrase-file new-admin.txt "
            "--compromised-since $SINCE --yes",
            "rootseal node publish college --key new-admin.json --passphrase-file new-admin.txt",
            "rootseal issuer show $ISSUER --policy college/policy.toml",
        ),
    ),
    Drill(
        "admin-key-taken",
        "The admin's key was stolen, and the thief is the admin now",
        (
            "rootseal issuer show $ISSUER --policy college/policy.toml",
            'rootseal node init college-2 --chain-url $RPC --ledger $LEDGER --name "Coast College" --country IE',
            "rootseal trust remove $ISSUER --policy college/policy.toml",
            "rootseal issuer show $NEWISSUER --policy college-2/policy.toml",
        ),
    ),
)
"""In the order of the document."""
