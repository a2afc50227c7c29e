// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC1271} from "./TokenStandards.sol";

/// @dev Whether somebody agreed to something, by their key or by the contract that they are. Consensus-critical.
library Consent {
    /// @dev Half the order of secp256k1: of the two forms of a signature the one with the lower s is taken.
    uint256 internal constant MAX_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @dev True iff `signature` is `signer`'s over `digest`: 65 bytes r ‖ s ‖ v with low s and v 27 or 28; or else, where
    /// there is a contract at that address, whatever this contract accepts (ERC-1271). A key comes first, for an account
    /// with a key may have code too (EIP-7702). Never reverts because of what the contract answers.
    function isGiven(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool given) {
        return _byKey(signer, digest, signature) || _byContract(signer, digest, signature);
    }

    function _byKey(address signer, bytes32 digest, bytes calldata signature) private pure returns (bool given) {
        if (signature.length != 65) return false;
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > MAX_S || (v != 27 && v != 28)) return false;
        address found = ecrecover(digest, v, r, s);
        return found != address(0) && found == signer;
    }

    function _byContract(address signer, bytes32 digest, bytes calldata signature) private view returns (bool given) {
        if (signer.code.length == 0) return false;
        (bool ok, bytes memory answer) =
            signer.staticcall(abi.encodeCall(IERC1271.isValidSignature, (digest, signature)));
        return ok && answer.length >= 32 && abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
