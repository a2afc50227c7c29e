"""Transactions signed with a key and sent to any chain without an outbox in between."""

from __future__ import annotations

from anchor.chain import Chain, Fees, Receipt, TransactionRequest
from anchor.deploying import wait_for_receipt
from anchor.keys import Signer
from anchor.ledger import call_data


def send(chain: Chain, signer: Signer, to: bytes | None, data: bytes) -> Receipt:
    """The receipt of a transaction that `signer` signs and the chain takes."""
    signed = signer.sign_transaction(request_for(chain, signer, to, data))
    assert chain.send_raw(signed.raw) == signed.hash
    return wait_for_receipt(chain, signed.hash, timeout=20)


def request_for(chain: Chain, signer: Signer, to: bytes | None, data: bytes) -> TransactionRequest:
    """What `send` signs: gas for any act on the ledger, and fees that outlive a doubled base fee."""
    quote = chain.fee_quote()
    fees = Fees(2 * (quote.base_fee or 0) + quote.tip, quote.tip)
    return TransactionRequest(chain.chain_id(), chain.nonce(signer.address), to, data, 900_000, fees)


def registered(chain: Chain, signer: Signer, ledger: bytes) -> int:
    """A new issuer whose admin and only key is `signer`."""
    receipt = send(chain, signer, ledger, call_data("register", "University", "", bytes(32)))
    issuer = int.from_bytes(receipt.logs[0].topics[1])
    assert send(chain, signer, ledger, call_data("addKey", issuer, signer.address, 3)).status == 1
    return issuer
