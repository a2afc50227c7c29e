// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Rfc9162} from "../Rfc9162.sol";
import {Sha256} from "../Sha256.sol";

/// @dev Makes the two libraries callable; tests/contract compares this one with Python.
contract Rfc9162Harness {
    struct Case {
        uint64 index;
        uint64 size;
        bytes32 leafHash;
        bytes32[] path;
    }

    struct Answer {
        bool complete;
        bytes32 root;
    }

    function rootFromInclusion(uint64 index, uint64 size, bytes32 leafHash, bytes32[] calldata path)
        external
        view
        returns (bool complete, bytes32 root)
    {
        return Rfc9162.rootFromInclusion(index, size, leafHash, path);
    }

    function rootsFromInclusion(Case[] calldata cases) external view returns (Answer[] memory answers) {
        answers = new Answer[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            Case calldata c = cases[i];
            (answers[i].complete, answers[i].root) = Rfc9162.rootFromInclusion(c.index, c.size, c.leafHash, c.path);
        }
    }

    function hash(bytes calldata data) external view returns (bytes32 digest) {
        return Sha256.hash(data);
    }

    function leaf(bytes32 data) external view returns (bytes32 digest) {
        return Sha256.leaf(data);
    }

    function node(bytes32 left, bytes32 right) external view returns (bytes32 digest) {
        return Sha256.node(left, right);
    }
}
