"""No entry is sealed unless it will be anchored under a document that names the issuer as the entry does.

A credential names its issuer by the document's `id`, and is judged by the document in force when its
entry was anchored. Where the two differ it is rejected for ever, and nothing can mend it: so the
settings, the ledger and the entries must agree before a promise is signed.
"""

from __future__ import annotations

from hashlib import sha256

from anchor.ledger import Ledger
from anchor.outbox import State
from node.connection import Connection
from node.issuer_document import document_bytes, issuer_id
from node.log_key import LogKey
from node.store import Store
from node.ways_out import way
from rootseal.errors import ConflictError, UndeterminedError

__all__ = ["check_document_in_force", "check_not_changing", "current_document"]


def current_document(connection: Connection) -> bytes:
    """The document that the settings give now: RFC 8785 bytes. Offline."""
    log_key = LogKey.load(connection.directory / connection.config.log_key_file)
    return document_bytes(connection.config, log_key.public)


def check_document_in_force(store: Store, connection: Connection, ledger: Ledger) -> None:
    """Raises `UndeterminedError` unless the ledger has the document of the settings in force, finally.

    Otherwise a credential sealed now could be anchored under a document that names another issuer.
    """
    digest = sha256(current_document(connection)).digest()
    history = ledger.documents(connection.config.home.issuer)
    if not history or history[-1].document_hash != digest:
        raise UndeterminedError(
            "the settings describe another issuer document than the ledger has in force; "
            f"{way('publish-first')}; nothing is sealed until then",
            "issuer.document",
        )
    if history[-1].block_number > connection.final().number:
        raise UndeterminedError("the new issuer document is not final yet; wait and seal again", "issuer.not_final")
    check_not_changing(store, connection)


def check_not_changing(store: Store, connection: Connection) -> None:
    """Raises `UndeterminedError` while a change of the document is on its way, or entries name another issuer.

    Asks the store alone, so that the sealer's own transaction can ask it.
    """
    if any("/setDocument/" in i.name and i.state is not State.FINAL for i in store.outbox.named("call/")):
        raise UndeterminedError(
            f"the issuer document is being changed; {way('publish')}",
            "issuer.changing",
        )
    identity = issuer_id(connection.config)
    foreign = store.awards.naming_another_issuer(identity)
    if foreign:
        raise ConflictError(
            f"{foreign} accepted credentials name another issuer than {identity}: they were issued under other "
            "settings; withdraw them and issue them again (copies that wait: `rootseal node copies DIR ID --withdraw`)"
        )
