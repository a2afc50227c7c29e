"""The inclusion verifier in Solidity answers what `rootseal.merkle` answers, over right and wrong proofs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3

from rootseal.merkle import Tree, leaf_hash, root_from_inclusion

HARNESS = "contracts/test/Rfc9162Harness.sol"
SOURCES = (HARNESS, "contracts/Rfc9162.sol", "contracts/Sha256.sol")
MAX_SIZE = (1 << 48) - 1
GAS = 30_000_000
ABSENT_SHA256 = (2).to_bytes(20)

Case = tuple[int, int, bytes, list[bytes]]


@pytest.fixture(scope="module")
def harness(compiler: ModuleType) -> Any:
    """The library behind a contract that only calls it, compiled as the contracts are."""
    output = compiler.run_compiler(compiler.standard_json(SOURCES))["contracts"][HARNESS]["Rfc9162Harness"]
    genesis = PyEVMBackend.generate_genesis_params({"gas_limit": 2 * GAS})
    web3 = Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend(genesis_parameters=genesis))))
    factory = web3.eth.contract(abi=output["abi"], bytecode=output["evm"]["bytecode"]["object"])
    receipt = web3.eth.get_transaction_receipt(factory.constructor().transact({"gas": 3_000_000}))
    return web3.eth.contract(address=receipt["contractAddress"], abi=output["abi"])


def agree(harness: Any, cases: Sequence[Case]) -> int:
    """Assert that both answer each case alike; return how many led to a root."""
    found = 0
    for start in range(0, len(cases), 64):
        part = cases[start : start + 64]
        for case, (complete, root) in zip(
            part, harness.functions.rootsFromInclusion(part).call({"gas": GAS}), strict=True
        ):
            expected = root_from_inclusion(*case)
            assert (root if complete else None) == expected, case
            assert complete or root == bytes(32)
            found += complete
    return found


def wrong(index: int, size: int, leaf: bytes, path: list[bytes]) -> Iterator[Case]:
    """What an adversary or a mistake makes of one right proof, each by one defect."""
    noise = bytes(range(32))
    yield index, index, leaf, path  # index = size
    yield index, 0, leaf, path  # no tree
    yield size, size, leaf, path
    yield MAX_SIZE, size, leaf, path  # index far beyond
    yield index ^ 1, size, leaf, path  # the neighbour's place
    yield index + 1, size, leaf, path
    yield index, size + 1, leaf, path
    yield index, 2 * size, leaf, path
    yield index, size, leaf, [*path, noise]  # a node appended, prepended, doubled
    yield index, size, leaf, [noise, *path]
    yield index, size, leaf, [*path, *path]
    yield index, size, leaf, []
    yield index, size, noise, path
    for at in range(len(path)):
        yield index, size, leaf, path[:at] + path[at + 1 :]  # a node left out
        yield index, size, leaf, [*path[:at], bytes(b ^ 1 for b in path[at]), *path[at + 1 :]]  # a node changed
    if len(path) > 1:
        yield index, size, leaf, path[::-1]


def test_every_leaf_of_small_trees(harness: Any) -> None:
    tree = Tree(leaf_hash(bytes([number])) for number in range(24))
    cases = [
        (index, size, tree.leaf(index), list(tree.inclusion_path(index, size)))
        for size in range(1, tree.size + 1)
        for index in range(size)
    ]
    assert agree(harness, cases) == len(cases)
    assert all(root_from_inclusion(*case) == tree.root(case[1]) for case in cases)


def test_every_defect_of_small_trees(harness: Any) -> None:
    tree = Tree(leaf_hash(bytes([number])) for number in range(11))
    rights = [
        (index, size, tree.leaf(index), list(tree.inclusion_path(index, size)))
        for size in (1, 2, 3, 5, 7, 8, 11)
        for index in range(size)
    ]
    for index, size, leaf, path in rights:
        for case in wrong(index, size, leaf, path):
            if case[:2] == (index, size) and case != (index, size, leaf, path):
                assert root_from_inclusion(*case) != tree.root(size)
    cases = [case for right in rights for case in wrong(*right)]
    assert 0 < agree(harness, cases) < len(cases)


def test_large_trees_up_to_the_bound(harness: Any) -> None:
    """No such tree can be built, but a path of the right length leads somewhere in both, of any other nowhere."""
    chance = random.Random(9162)
    cases: list[Case] = []
    for _ in range(150):
        size = chance.choice([MAX_SIZE, (1 << 47) + 1, 1 << chance.randrange(1, 48), chance.randrange(1, 1 << 48)])
        index = chance.choice([0, size - 1, chance.randrange(size), size, size + 1])
        path = [chance.randbytes(32) for _ in range(50)]
        fits = next((n for n in range(50) if root_from_inclusion(index, size, path[0], path[:n])), None)
        lengths = {0, 48, 49} if fits is None else {fits, fits + 1, max(fits - 1, 0)}
        cases += [(index, size, path[0], path[:n]) for n in lengths]
    assert agree(harness, cases) > 50


def test_a_chain_without_sha256_is_noticed(harness: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There a call succeeds and answers nothing, and Solidity's own `sha256` would return stale memory."""
    reverted = keccak(text="Sha256Failed()")[:4]
    calls: list[Callable[[], Any]] = [
        harness.functions.hash(b"data").call,
        harness.functions.leaf(bytes(32)).call,
        harness.functions.node(bytes(32), bytes(32)).call,
    ]
    for call in calls:
        assert len(call()) == 32
    backend = harness.w3.provider.ethereum_tester.backend
    machine = backend.chain.get_vm().state.computation_class
    without = {address: code for address, code in machine._precompiles.items() if address != ABSENT_SHA256}
    monkeypatch.setattr(machine, "_precompiles", without)
    for call in calls:
        with pytest.raises(TransactionFailed) as caught:
            call()
        assert repr(reverted) in str(caught.value)
