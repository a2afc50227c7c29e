"""A real development chain with a real ledger, driven through `anchor.ledger`, and saboteurs of what it publishes.

Everything but addresses and times follows from the arguments. `LedgerWorld` is one ledger;
`WorldIssuer` is one issuer on it with its log; `publish` writes the log as a node does; `TamperingProxy`
stands between an auditor and the chain and tells less than the truth.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anchor.chain import Chain, Receipt
from anchor.deploying import deploy_unlocked, wait_for_receipt
from anchor.embedded.accounts import dev_accounts
from anchor.embedded.running import EmbeddedDevChain
from anchor.keys import signer_from_secret
from anchor.ledger import Ledger, call_data
from anchor.ledger_events import registered_issuer
from anchor.web3_chain import open_chain
from rootseal.anchoring import Promise, Proofs
from rootseal.canonical import dumps
from rootseal.commitment import Home, Subject
from rootseal.ethereum import address_text
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.tlog import LogCheckpoint, NoteKey, bundle_bytes, origin, sign_note, tile_bytes, tiles_of
from rootseal.typed_data import checkpoint_digest
from tests.support.badge_document import credential_document
from tests.support.devchain import post
from tests.support.serving import serving

ACCOUNTS = dev_accounts()
BOTH_ROLES = 3
_GAS = 3_000_000


@contextmanager
def embedded_chain() -> Iterator[EmbeddedDevChain]:
    """A chain in memory, in this process, on a free port."""
    chain = EmbeddedDevChain(0, None)
    try:
        yield chain
    finally:
        chain.close()


class LedgerWorld:
    """One fresh ledger on the chain at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.chain: Chain = open_chain(url)
        self.address = deploy_unlocked(self.chain).address
        self.ledger = Ledger(self.chain, self.address)

    @property
    def address_text(self) -> str:
        """0x…"""
        return address_text(self.address)

    @property
    def now(self) -> int:
        """The newest block's time."""
        block = self.chain.block("latest")
        assert block is not None
        return block.timestamp

    @property
    def head(self) -> int:
        """The newest block's number."""
        block = self.chain.block("latest")
        assert block is not None
        return block.number

    def send(self, account: int, function: str, *arguments: object) -> Receipt:
        """One ledger call by an unlocked account, mined."""
        data = call_data(function, *arguments)
        sent = self.chain.send_unlocked(ACCOUNTS[account].address, self.address, data, 0, _GAS)
        receipt = wait_for_receipt(self.chain, sent, timeout=20)
        assert receipt.status == 1, function
        return receipt

    def register(self, name: str, account: int = 0, key: int | None = None) -> WorldIssuer:
        """An issuer with account `account` as admin, one key with both roles, and its document in force."""
        number = registered_issuer(self.send(account, "register", name, "", bytes(32)), self.address)
        assert number is not None
        issuer = WorldIssuer(self, number, account, account if key is None else key)
        self.send(account, "setDocument", number, sha256(issuer.document).digest())
        self.send(account, "addKey", number, ACCOUNTS[issuer.key].address, BOTH_ROLES)
        return issuer


@dataclass
class WorldIssuer:
    """An issuer with account numbers of its admin and its anchoring key, and the entries of its log."""

    world: LedgerWorld
    number: int
    admin: int
    key: int
    entries: list[bytes] = field(default_factory=list)
    anchored: int = 0
    sequence: int = 0

    @property
    def home(self) -> Home:
        """Where its log belongs."""
        return Home(self.world.chain.chain_id(), self.world.address, self.number)

    @property
    def log_key(self) -> Ed25519PrivateKey:
        """The key of its checkpoint notes."""
        return Ed25519PrivateKey.from_private_bytes(sha256(b"log key %d" % self.number).digest())

    @property
    def note_key(self) -> NoteKey:
        """The public half."""
        return NoteKey(origin(self.home), self.log_key.public_key().public_bytes_raw())

    @property
    def document(self) -> bytes:
        """Its `rootseal/issuer/1` document."""
        key = self.note_key
        return dumps(
            {
                "format": "rootseal/issuer/1",
                "id": f"urn:rootseal:{self.home.chain}:{self.world.address_text}:{self.number}",
                "name": "Example University",
                "country": "PT",
                "url": None,
                "log": None,
                "logKey": {"ed25519": key.public_key.hex(), "vkey": key.vkey},
            }
        )

    def append(self, count: int) -> None:
        """Seal `count` more entries."""
        start = len(self.entries)
        self.entries += [sha256(b"%d/%d" % (self.number, index)).digest() for index in range(start, start + count)]

    def anchor(self, count: int = 0) -> Receipt:
        """Seal `count` more and anchor everything."""
        self.append(count)
        self.sequence += 1
        self.anchored = len(self.entries)
        return self.world.send(
            self.key, "anchor", self.number, self.sequence, self.anchored, root(self.entries)
        )  # fmt: skip

    def send(self, function: str, *arguments: object) -> Receipt:
        """A call of its admin about itself."""
        return self.world.send(self.admin, function, self.number, *arguments)

    def promise(
        self, size: int, anchor_by: int, *, signed_root: bytes | None = None, key: int | None = None
    ) -> Promise:
        """A signed checkpoint for entry 0, dated an hour before `anchor_by`."""
        tree = Tree(map(leaf_hash, self.entries[:size]))
        signed = tree.root() if signed_root is None else signed_root
        digest = checkpoint_digest(self.home, size, signed, anchor_by - 3600, anchor_by)
        signer = signer_from_secret(ACCOUNTS[self.key if key is None else key].key)
        path = tree.inclusion_path(0) if tree.size else ()
        return Promise(size, signed, path, anchor_by - 3600, anchor_by, signer.sign_digest(digest))

    def proof_file(self, path: Path, promise: Promise) -> Path:
        """What `/v1/proofs/<commitment>` answers, as a file."""
        value = {"format": "rootseal/proof/1", "commitment": self.entries[0].hex(), **Proofs(0, promise, ()).to_json()}
        path.write_bytes(dumps(value))
        return path

    def credential_file(self, path: Path, promise: Promise) -> Path:
        """A learner's whole file that holds `promise`."""
        document = credential_document(0, f"urn:rootseal:{self.home.chain}:{self.world.address_text}:{self.number}")
        file = CredentialFile(self.home, None, document, bytes(32), Subject(), Proofs(0, promise, ()))
        path.write_bytes(file.to_bytes())
        return path


def root(entries: Sequence[bytes]) -> bytes:
    """The log root over commitments."""
    return Tree(map(leaf_hash, entries)).root()


def publish(
    issuer: WorldIssuer,
    folder: Path,
    entries: Sequence[bytes] | None = None,
    *,
    checkpoint_root: bytes | None = None,
    signer: Ed25519PrivateKey | None = None,
) -> Path:
    """Write the log as a node does; a saboteur gives other entries, another root, or another signing key."""
    listed = issuer.entries if entries is None else entries
    tree = Tree(map(leaf_hash, listed))
    for tile in tiles_of(len(listed)):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        first = tile.index * 256
        bundle = tile.level is None
        path.write_bytes(
            bundle_bytes(listed[first : first + tile.width]) if bundle else tile_bytes(tile, tree.node)
        )  # fmt: skip
    text = LogCheckpoint(
        origin(issuer.home), len(listed), tree.root() if checkpoint_root is None else checkpoint_root
    ).text
    key = issuer.log_key if signer is None else signer
    (folder / "issuer.json").write_bytes(issuer.document)
    (folder / "checkpoint").write_text(sign_note(text, issuer.note_key, key.sign), encoding="utf-8")
    return folder


class _Handler(BaseHTTPRequestHandler):
    proxy: TamperingProxy

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(self.proxy.answer(request)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


class TamperingProxy:
    """A provider in front of `url`: keeps back events for which `withheld` is true, refuses spans over `span`.

    With `pruned` it has no state of old blocks, as most nodes.
    """

    def __init__(
        self,
        url: str,
        withheld: Callable[[dict[str, Any]], bool] = lambda log: False,
        *,
        span: int | None = None,
        pruned: bool = False,
    ) -> None:
        self._pruned = pruned
        self._target = url
        self._withheld = withheld
        self._span = span
        self.refused = 0
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._running = ExitStack()

    def __enter__(self) -> TamperingProxy:
        self.url = self._running.enter_context(serving(self._server))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The chain's answer, or less."""
        if self._pruned and request["method"] == "eth_getCode" and self._is_old(request["params"][1]):
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "missing trie node"}}
        if request["method"] != "eth_getLogs":
            return dict(post(self._target, request))
        asked = request["params"][0]
        if self._span is not None and int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= self._span:
            self.refused += 1
            error = {"code": -32005, "message": "query returned more than 10000 results"}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        answer = dict(post(self._target, request))
        answer["result"] = [log for log in answer["result"] if not self._withheld(log)]
        return answer

    def _is_old(self, block: str) -> bool:
        head = post(self._target, {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})
        return block.startswith("0x") and int(block, 16) < int(head["result"], 16)
