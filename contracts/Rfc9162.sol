// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Sha256} from "./Sha256.sol";

/// @dev Inclusion proofs exactly as RFC 9162 §2.1.3.2, over SHA-256. Consensus-critical; tests compare it with
/// rootseal/merkle.py over right and wrong proofs.
library Rfc9162 {
    /// @dev The root that an inclusion proof leads to. `complete` is false, and the root zero, unless index < size and the
    /// path has the one length that index and size demand.
    /// @param index Position of the leaf, from 0.
    /// @param size Number of leaves of the tree.
    /// @param leaf The leaf's hash.
    /// @param path The siblings, lowest level first.
    function rootFromInclusion(uint64 index, uint64 size, bytes32 leaf, bytes32[] calldata path)
        internal
        view
        returns (bool complete, bytes32 root)
    {
        // Steps 1 to 3; `here` and `last` are the RFC's fn and sn.
        if (index >= size) return (false, 0);
        uint256 here = index;
        uint256 last = size - 1;
        root = leaf;
        // Step 4.
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return (false, 0);
            if (here & 1 == 1 || here == last) {
                root = Sha256.node(path[i], root);
                while (here & 1 == 0 && here != 0) {
                    here >>= 1;
                    last >>= 1;
                }
            } else {
                root = Sha256.node(root, path[i]);
            }
            here >>= 1;
            last >>= 1;
        }
        // Step 5.
        return last == 0 ? (true, root) : (false, bytes32(0));
    }
}
