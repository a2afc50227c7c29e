// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Rfc9162Harness} from "./Rfc9162Harness.sol";
import {Sha256} from "../Sha256.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Base.sol";

contract Rfc9162Test {
    bool public constant IS_TEST = true;

    Rfc9162Harness private harness = new Rfc9162Harness();

    function test_rootFromInclusion_ofEveryLeafOfSmallTrees() public view {
        for (uint64 size = 1; size <= 17; ++size) {
            bytes32[] memory leaves = _leaves(size);
            for (uint64 index = 0; index < size; ++index) {
                _leads(index, size, leaves[index], Trees.path(leaves, index), Trees.root(leaves));
            }
        }
    }

    function test_rootFromInclusion_ofAnyLeaf(uint64 size, uint64 index) public view {
        size = 1 + size % 70;
        index = index % size;
        bytes32[] memory leaves = _leaves(size);
        _leads(index, size, leaves[index], Trees.path(leaves, index), Trees.root(leaves));
    }

    function test_rootFromInclusion_ofChangedNodeIsAnother(uint64 size, uint64 index, uint256 place, bytes32 change)
        public
        view
    {
        size = 2 + size % 60;
        index = index % size;
        if (change == 0) change = bytes32(uint256(1));
        bytes32[] memory leaves = _leaves(size);
        bytes32[] memory path = Trees.path(leaves, index);
        path[place % path.length] ^= change;
        (bool complete, bytes32 root) = harness.rootFromInclusion(index, size, leaves[index], path);
        vm.assertTrue(complete);
        vm.assertTrue(root != Trees.root(leaves));
    }

    function test_rootFromInclusion_isIncompleteBeyondSize(uint64 index, uint64 size, bytes32 leaf, bytes32[] memory path)
        public
        view
    {
        if (index < size) (index, size) = (size, index);
        _incomplete(index, size, leaf, path);
    }

    function test_rootFromInclusion_isIncompleteForOtherLengths(uint64 size, uint64 index, uint256 length) public view {
        size = 1 + size % 60;
        index = index % size;
        bytes32[] memory leaves = _leaves(size);
        bytes32[] memory path = Trees.path(leaves, index);
        length = length % 9;
        if (length == path.length) return;
        bytes32[] memory other = new bytes32[](length);
        for (uint256 i = 0; i < length && i < path.length; ++i) {
            other[i] = path[i];
        }
        _incomplete(index, size, leaves[index], other);
    }

    function test_sha256_isThatOfTheCompiler(bytes calldata data, bytes32 left, bytes32 right) public view {
        vm.assertEq(harness.hash(data), sha256(data));
        vm.assertEq(harness.leaf(left), sha256(abi.encodePacked(bytes1(0x00), left)));
        vm.assertEq(harness.node(left, right), sha256(abi.encodePacked(bytes1(0x01), left, right)));
    }

    /// @dev With too little gas for the precompile and enough for the rest; it must not answer anything else.
    function test_sha256_revertsWithSha256Failed() public view {
        bytes memory data = new bytes(200_000);
        bool seen;
        bytes memory call = abi.encodeCall(harness.hash, (data));
        for (uint256 gas = 60_000; gas < 400_000; gas += 2_000) {
            (bool ok, bytes memory answer) = address(harness).staticcall{gas: gas}(call);
            if (ok) vm.assertEq(abi.decode(answer, (bytes32)), sha256(data));
            else if (answer.length != 0) seen = bytes4(answer) == Sha256.Sha256Failed.selector;
        }
        vm.assertTrue(seen);
    }

    function _leads(uint64 index, uint64 size, bytes32 leaf, bytes32[] memory path, bytes32 expected) private view {
        (bool complete, bytes32 root) = harness.rootFromInclusion(index, size, leaf, path);
        vm.assertTrue(complete);
        vm.assertEq(root, expected);
    }

    function _incomplete(uint64 index, uint64 size, bytes32 leaf, bytes32[] memory path) private view {
        (bool complete, bytes32 root) = harness.rootFromInclusion(index, size, leaf, path);
        vm.assertFalse(complete);
        vm.assertEq(root, bytes32(0));
    }

    function _leaves(uint64 size) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint64 i = 0; i < size; ++i) {
            leaves[i] = sha256(abi.encode(i));
        }
    }
}
