// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, vm} from "./Base.sol";

contract AnchorsTest is LedgerTest {
    bytes32 private constant ROOT = keccak256("a root");

    function _send(address sender, uint64 sequence, uint64 size, bytes32 root) private {
        vm.prank(sender);
        ledger.anchor(ISSUER, sequence, size, root);
    }

    function _checkAnchor(bytes32 root, uint64[5] memory expected, uint16 expectedKey) private view {
        (uint64 sequence, uint64 size, uint64 previousSize, uint64 time, uint64 blockNumber, uint16 keyIndex) =
            ledger.anchorOf(ISSUER, root);
        vm.assertEq(sequence, expected[0]);
        vm.assertEq(size, expected[1]);
        vm.assertEq(previousSize, expected[2]);
        vm.assertEq(time, expected[3]);
        vm.assertEq(blockNumber, expected[4]);
        vm.assertEq(keyIndex, expectedKey);
    }

    function _checkHead(uint64 expectedSequence, uint64 expectedSize) private view {
        (uint64 sequence, uint64 size) = ledger.head(ISSUER);
        vm.assertEq(sequence, expectedSequence);
        vm.assertEq(size, expectedSize);
    }

    function test_anchor_isRecorded() public {
        _emits();
        emit ICredentialLedger.Anchored(ISSUER, 1, ROOT, 40, 0, KEY);
        _send(KEY, 1, 40, ROOT);
        vm.warp(NOW + 12);
        vm.roll(BLOCK + 1);
        _emits();
        emit ICredentialLedger.Anchored(ISSUER, 2, bytes32(uint256(2)), 41, 40, ANCHOR_KEY);
        _send(ANCHOR_KEY, 2, 41, bytes32(uint256(2)));
        _checkAnchor(ROOT, [uint64(1), 40, 0, NOW, BLOCK], 0);
        _checkAnchor(bytes32(uint256(2)), [uint64(2), 41, 40, NOW + 12, BLOCK + 1], 1);
        _checkHead(2, 41);
    }

    function test_anchor_fillsOneSlotToItsWidths() public {
        vm.warp(type(uint48).max);
        vm.roll(type(uint48).max);
        _send(KEY, 1, type(uint48).max - 1, ROOT);
        _send(ANCHOR_KEY, 2, type(uint48).max, bytes32(uint256(1)));
        uint64 max = type(uint48).max;
        _checkAnchor(ROOT, [uint64(1), max - 1, 0, max, max], 0);
        _checkAnchor(bytes32(uint256(1)), [uint64(2), max, max - 1, max, max], 1);
        _checkHead(2, max);
    }

    function test_anchor_ofOneIssuerLeavesOthers() public {
        uint64 other = _register(STRANGER, 0);
        vm.prank(STRANGER);
        ledger.addKey(other, STRANGER, ANCHOR);
        _send(KEY, 1, 40, ROOT);
        // A root is new per issuer: another may anchor the same.
        vm.prank(STRANGER);
        ledger.anchor(other, 1, 7, ROOT);
        _checkHead(1, 40);
        (uint64 sequence, uint64 size,,,, uint16 keyIndex) = ledger.anchorOf(other, ROOT);
        vm.assertEq(sequence, 1);
        vm.assertEq(size, 7);
        vm.assertEq(keyIndex, 0);
    }

    function test_anchor_revertsWithWrongSequence() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.WrongSequence.selector, 0, 1));
        _send(KEY, 0, 1, ROOT);
        _reverts(abi.encodeWithSelector(ICredentialLedger.WrongSequence.selector, 2, 1));
        _send(KEY, 2, 1, ROOT);
        _send(KEY, 1, 1, ROOT);
        _reverts(abi.encodeWithSelector(ICredentialLedger.WrongSequence.selector, type(uint64).max, 2));
        _send(KEY, type(uint64).max, 2, bytes32(uint256(1)));
    }

    function test_anchor_repeatedRevertsWithWrongSequence() public {
        _send(KEY, 1, 1, ROOT);
        _reverts(abi.encodeWithSelector(ICredentialLedger.WrongSequence.selector, 1, 2));
        _send(KEY, 1, 1, ROOT);
    }

    function test_anchor_revertsWithSizeNotGrown() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.SizeNotGrown.selector, 0, 0));
        _send(KEY, 1, 0, ROOT);
        _send(KEY, 1, 10, ROOT);
        _reverts(abi.encodeWithSelector(ICredentialLedger.SizeNotGrown.selector, 10, 10));
        _send(KEY, 2, 10, bytes32(uint256(1)));
    }

    function test_anchor_revertsWithValueTooLargeForSize() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, 1 << 48, (1 << 48) - 1));
        _send(KEY, 1, 1 << 48, ROOT);
    }

    function test_anchor_revertsWithValueTooLargeForTimeAndBlock() public {
        vm.warp(1 << 48);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, 1 << 48, (1 << 48) - 1));
        _send(KEY, 1, 1, ROOT);
        vm.warp(NOW);
        vm.roll(1 << 48);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, 1 << 48, (1 << 48) - 1));
        _send(KEY, 1, 1, ROOT);
    }

    function test_anchor_revertsWithValueTooLargeForSequence() public {
        // _heads is the third variable; its sequence is pretended to be the last but one.
        bytes32 slot = keccak256(abi.encode(ISSUER, 2));
        uint256 value = uint256(vm.load(address(ledger), slot));
        vm.assertEq(uint256(uint160(value)), uint160(STATUS_KEY));
        vm.store(address(ledger), slot, bytes32(value | uint256(type(uint40).max - 1) << 208));
        uint64 last = type(uint40).max;
        _send(KEY, last, 1, ROOT);
        _checkHead(last, 1);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, uint256(last) + 1, last));
        _send(KEY, last + 1, 2, bytes32(uint256(1)));
    }

    function test_anchor_revertsWithZeroRoot() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ZeroRoot.selector));
        _send(KEY, 1, 1, 0);
    }

    function test_anchor_revertsWithRootAlreadyAnchored() public {
        _send(KEY, 1, 1, ROOT);
        _send(KEY, 2, 2, bytes32(uint256(1)));
        _reverts(abi.encodeWithSelector(ICredentialLedger.RootAlreadyAnchored.selector, ROOT, 1));
        _send(KEY, 3, 3, ROOT);
    }

    function test_anchor_revertsWithUnknownKey() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, ISSUER, ADMIN));
        _send(ADMIN, 1, 1, ROOT);
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, NOBODY, KEY));
        vm.prank(KEY);
        ledger.anchor(NOBODY, 1, 1, ROOT);
    }

    function test_anchor_revertsWithKeyLacksRole() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyLacksRole.selector, ISSUER, STATUS_KEY, STATUS, ANCHOR));
        _send(STATUS_KEY, 1, 1, ROOT);
    }

    function test_anchor_revertsWithKeyIsRetired() public {
        _retireKey(ANCHOR_KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, ANCHOR_KEY, NOW));
        _send(ANCHOR_KEY, 1, 1, ROOT);
    }

    function testFuzz_anchor_growsWithoutGaps(uint48[8] memory sizes) public {
        uint64 sequence = 0;
        uint64 head = 0;
        for (uint64 i = 0; i < sizes.length; ++i) {
            bytes32 root = bytes32(uint256(i) + 1);
            vm.prank(KEY);
            try ledger.anchor(ISSUER, sequence + 1, sizes[i], root) {
                vm.assertTrue(sizes[i] > head);
                _checkAnchor(root, [++sequence, sizes[i], head, NOW, BLOCK], 0);
                head = sizes[i];
            } catch {
                vm.assertTrue(sizes[i] <= head);
            }
            _checkHead(sequence, head);
        }
    }
}
