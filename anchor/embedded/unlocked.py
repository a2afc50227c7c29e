"""eth_sendTransaction: what a client leaves out is filled in and signed with an unlocked key."""

from __future__ import annotations

from typing import Any

from eth.vm.forks.prague import PragueVM
from eth_keys.datatypes import PrivateKey

from anchor.embedded import params
from anchor.embedded.chain import CHAIN_ID, EmbeddedChain
from anchor.embedded.errors import invalid_params, rejected
from anchor.embedded.execution import Call, estimate

TIP = 10**9  # wei; nobody competes for space, so any tip would do


def sign_unlocked(chain: EmbeddedChain, fields: dict[str, Any]) -> bytes:
    """The raw bytes of a transaction object, signed by its `from`.

    A `gasPrice` makes a legacy transaction, anything else type 2. Raises RpcError for an
    account that is not unlocked, another chain's id, fees that contradict each other, and for a
    call whose gas cannot be estimated.
    """
    wanted = params.call(fields)
    key = next((item.key for item in chain.accounts if item.address == wanted.sender), None)
    if key is None:
        raise rejected("unknown account")
    if params.optional_quantity(fields, "chainId") not in (None, CHAIN_ID):
        raise rejected(f"chainId does not match node's (have={fields['chainId']}, want={CHAIN_ID})")
    unsigned = _unsigned(chain, fields, wanted)
    return bytes(unsigned.as_signed_transaction(PrivateKey(key), chain_id=CHAIN_ID).encode())


def next_base_fee(chain: EmbeddedChain) -> int:
    """Wei per gas that the next block will burn."""
    return int(chain.next_header().base_fee_per_gas or 0)


def _unsigned(chain: EmbeddedChain, fields: dict[str, Any], wanted: Call) -> Any:
    builder: Any = PragueVM.get_transaction_builder()
    nonce = params.optional_quantity(fields, "nonce")
    state: Any = chain.state_at(chain.head())
    common: dict[str, Any] = {
        "nonce": state.get_nonce(wanted.sender) if nonce is None else nonce,
        "gas": wanted.gas or estimate(chain, chain.next_header(), wanted),
        "to": wanted.to,
        "value": wanted.value,
        "data": wanted.data,
    }
    price, cap, tip = _fees(chain, fields)
    if price is not None:
        return builder.create_unsigned_transaction(gas_price=price, **common)
    return builder.new_unsigned_dynamic_fee_transaction(
        chain_id=CHAIN_ID,
        max_fee_per_gas=cap,
        max_priority_fee_per_gas=tip,
        access_list=wanted.access_list,
        **common,
    )


def _fees(chain: EmbeddedChain, fields: dict[str, Any]) -> tuple[int | None, int, int]:
    """(gas price of a legacy transaction or None, fee cap, tip), in wei per gas."""
    price, cap, tip = (
        params.optional_quantity(fields, name) for name in ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
    )
    if price is not None:
        if cap is not None or tip is not None:
            raise invalid_params("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) given")
        return price, 0, 0
    tip = min(TIP, TIP if cap is None else cap) if tip is None else tip
    # Twice the base fee, as clients do: it stays payable through five full blocks.
    return None, 2 * next_base_fee(chain) + tip if cap is None else cap, tip
