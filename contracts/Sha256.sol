// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev SHA-256 by the precompiled contract at address 2. Solidity's own `sha256` checks that the call succeeded, but not
/// that it answered: on a chain without that contract it would return what memory happened to hold. Consensus-critical.
library Sha256 {
    /// @notice The SHA-256 precompile failed or is absent.
    error Sha256Failed();

    /// @dev H(data).
    function hash(bytes memory data) internal view returns (bytes32 digest) {
        assembly ("memory-safe") {
            digest := add(data, 32)
        }
        return _hash(uint256(digest), data.length);
    }

    /// @dev H(0x00 ‖ data): a leaf of RFC 9162 §2.1.1.
    function leaf(bytes32 data) internal view returns (bytes32 digest) {
        uint256 start;
        assembly ("memory-safe") {
            // Beyond the free memory pointer: nothing is kept there.
            start := mload(64)
            mstore8(start, 0)
            mstore(add(start, 1), data)
        }
        return _hash(start, 33);
    }

    /// @dev H(0x01 ‖ left ‖ right): an inner node of RFC 9162 §2.1.1.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(64)
            mstore8(start, 1)
            mstore(add(start, 1), left)
            mstore(add(start, 33), right)
        }
        return _hash(start, 65);
    }

    function _hash(uint256 start, uint256 length) private view returns (bytes32 digest) {
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 2, start, length, 0, 32)
            // After the call, in a statement of its own: arguments are evaluated from the last to the first.
            ok := and(ok, eq(returndatasize(), 32))
            digest := mload(0)
        }
        if (!ok) revert Sha256Failed();
    }
}
