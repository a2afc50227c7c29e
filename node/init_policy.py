"""The policy that `node init` writes: one that trusts this node's own issuer, for trying out `rootseal verify`.

On a test chain it says `test`, and so will every verdict under it. A verifier elsewhere writes his own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from anchor.files import write_atomically
from node.config import NodeConfig
from rootseal.policy import DEFAULT_MAX_STATUS_AGE, TEST_CHAINS, LedgerPolicy, Policy, format_policy

__all__ = ["POLICY_NAME", "own_policy", "public_policy", "write_policy"]

POLICY_NAME = "policy.toml"
# A development chain makes a block only when somebody sends something: its newest may be old and still the truth.
_QUIET_CHAIN = 365 * 86_400


def own_policy(config: NodeConfig) -> Policy:
    """Trust in this node's own issuer on its own ledger, and in nobody else."""
    home = config.home
    ledger = LedgerPolicy(
        home.chain_id,
        home.ledger,
        genesis=config.genesis_hash,
        code=config.ledger_code_hash,
        rpcs=config.chain_urls,
        # A policy asks for at least one block on top.
        finality="depth:1" if config.finality == "depth:0" else config.finality,
        marked_test=config.test,
        max_status_age=_QUIET_CHAIN if home.chain_id in TEST_CHAINS else DEFAULT_MAX_STATUS_AGE,
        issuers=((home.issuer, config.name),),
        name=f"{config.name}{' (test)' if config.test else ''}",
    )
    return Policy((ledger,))


def public_policy(config: NodeConfig) -> Policy:
    """The same for everybody's eyes: it names only the endpoints that the operator allows to be shown.

    Those that the node itself asks, perhaps with a key in them, are nobody else's.
    """
    policy = own_policy(config)
    return replace(policy, ledgers=tuple(replace(one, rpcs=config.public_chain_urls) for one in policy.ledgers))


def write_policy(directory: Path, config: NodeConfig) -> Path:
    """Write `policy.toml` where there is none; one that is there may have been edited, and stays."""
    path = directory / POLICY_NAME
    if not path.exists():
        write_atomically(path, format_policy(own_policy(config)).encode(), mode=0o644)
    return path
