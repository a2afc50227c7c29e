// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev Trees and proofs by the recursive definitions of RFC 9162 §2.1.1 and §2.1.3.1: the slow, other way.
library Trees {
    function root(bytes32[] memory leaves) internal pure returns (bytes32 hash) {
        return _range(leaves, 0, leaves.length);
    }

    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory found = new bytes32[](64);
        uint256 count = _path(leaves, 0, leaves.length, index, found, 0);
        siblings = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            siblings[i] = found[i];
        }
    }

    function _range(bytes32[] memory leaves, uint256 low, uint256 n) private pure returns (bytes32 hash) {
        if (n == 0) return sha256("");
        if (n == 1) return leaves[low];
        uint256 k = _split(n);
        return sha256(abi.encodePacked(bytes1(0x01), _range(leaves, low, k), _range(leaves, low + k, n - k)));
    }

    function _path(bytes32[] memory leaves, uint256 low, uint256 n, uint256 index, bytes32[] memory found, uint256 count)
        private
        pure
        returns (uint256 newCount)
    {
        if (n == 1) return count;
        uint256 k = _split(n);
        if (index < k) {
            count = _path(leaves, low, k, index, found, count);
            found[count] = _range(leaves, low + k, n - k);
        } else {
            count = _path(leaves, low + k, n - k, index - k, found, count);
            found[count] = _range(leaves, low, k);
        }
        return count + 1;
    }

    /// @dev The largest power of two below n.
    function _split(uint256 n) private pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }
}
