// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev The two storage slots that anchors and status writes touch, packed by hand: the compiler stores a packed struct
/// member by member, which costs some 2,000 gas more for each anchor. The bits lie as it would lay them, the first
/// member lowest. Callers guarantee the widths. Consensus-critical.

/// @dev An issuer's head: statusKey 160 bits, size 48, sequence 40, ended 8.
///
/// `statusKey` is the last added key with the status role while it is active, else zero: a copy of what the key list
/// says, so that the usual status write needs no second cold slot. `ended` (was succeeded) is a copy for the same
/// reason. Sequence numbers have 40 bits: more anchors than a chain could hold.
type HeadSlot is uint256;

/// @dev One anchor: sequence 48 bits, size 48, previousSize 48, time 48, blockNumber 48, keyIndex 16.
/// Zero iff there is no such anchor, for sequence numbers start at 1.
type AnchorSlot is uint256;

using HeadSlots for HeadSlot global;
using AnchorSlots for AnchorSlot global;

library HeadSlots {
    function statusKey(HeadSlot self) internal pure returns (address key) {
        return address(uint160(HeadSlot.unwrap(self)));
    }

    function size(HeadSlot self) internal pure returns (uint64 entries) {
        return uint48(HeadSlot.unwrap(self) >> 160);
    }

    function sequence(HeadSlot self) internal pure returns (uint64 number) {
        return uint40(HeadSlot.unwrap(self) >> 208);
    }

    function ended(HeadSlot self) internal pure returns (bool succeeded) {
        return HeadSlot.unwrap(self) >> 248 != 0;
    }

    function withStatusKey(HeadSlot self, address key) internal pure returns (HeadSlot changed) {
        return HeadSlot.wrap(HeadSlot.unwrap(self) >> 160 << 160 | uint160(key));
    }

    /// @dev Of a head that has not ended.
    function withAnchor(HeadSlot self, uint48 newSize, uint40 newSequence) internal pure returns (HeadSlot changed) {
        return HeadSlot.wrap(uint160(HeadSlot.unwrap(self)) | uint256(newSize) << 160 | uint256(newSequence) << 208);
    }

    function withEnd(HeadSlot self) internal pure returns (HeadSlot changed) {
        return HeadSlot.wrap(HeadSlot.unwrap(self) | 1 << 248);
    }
}

library AnchorSlots {
    function pack(
        uint48 newSequence,
        uint48 newSize,
        uint48 newPreviousSize,
        uint48 newTime,
        uint48 newBlockNumber,
        uint16 newKeyIndex
    ) internal pure returns (AnchorSlot packed) {
        return AnchorSlot.wrap(
            uint256(newSequence) | uint256(newSize) << 48 | uint256(newPreviousSize) << 96 | uint256(newTime) << 144
                | uint256(newBlockNumber) << 192 | uint256(newKeyIndex) << 240
        );
    }

    function isZero(AnchorSlot self) internal pure returns (bool absent) {
        return AnchorSlot.unwrap(self) == 0;
    }

    function sequence(AnchorSlot self) internal pure returns (uint64 number) {
        return uint48(AnchorSlot.unwrap(self));
    }

    function size(AnchorSlot self) internal pure returns (uint64 entries) {
        return uint48(AnchorSlot.unwrap(self) >> 48);
    }

    function previousSize(AnchorSlot self) internal pure returns (uint64 entries) {
        return uint48(AnchorSlot.unwrap(self) >> 96);
    }

    function time(AnchorSlot self) internal pure returns (uint64 seconds_) {
        return uint48(AnchorSlot.unwrap(self) >> 144);
    }

    function blockNumber(AnchorSlot self) internal pure returns (uint64 number) {
        return uint48(AnchorSlot.unwrap(self) >> 192);
    }

    function keyIndex(AnchorSlot self) internal pure returns (uint16 index) {
        return uint16(AnchorSlot.unwrap(self) >> 240);
    }
}
