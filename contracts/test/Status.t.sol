// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, Vm, vm} from "./Base.sol";

contract StatusTest is LedgerTest {
    uint64 private constant SIZE = 600; // two whole words and 88 bits

    function setUp() public override {
        super.setUp();
        _anchor(1, SIZE);
    }

    function _revoke(address sender, uint64 word, uint256 mask) private {
        vm.prank(sender);
        ledger.revoke(ISSUER, _one(word), _mask(mask), 0);
    }

    function _annul(uint64 word, uint256 mask) private {
        vm.prank(ADMIN);
        ledger.annul(ISSUER, _one(word), _mask(mask));
    }

    function _revertsBeyond(uint64 word, uint256 mask) private {
        _reverts(abi.encodeWithSelector(ICredentialLedger.StatusBeyondHead.selector, word, mask, SIZE));
    }

    function test_revoke_setsBits() public {
        _emits();
        emit ICredentialLedger.StatusChanged(ISSUER, REVOKED, 1, 5, 1, KEY);
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(1), _mask(5), 1);
        _emits();
        emit ICredentialLedger.StatusChanged(ISSUER, REVOKED, 1, 7, 0, STATUS_KEY);
        _revoke(STATUS_KEY, 1, 3);
        vm.assertEq(_word(REVOKED, 1), 7);
        vm.assertEq(_word(SUSPENDED, 1), 0);
    }

    function test_revoke_ofRevokedChangesAndEmitsNothing() public {
        _revoke(KEY, 1, 5);
        vm.recordLogs();
        _revoke(KEY, 1, 4);
        vm.assertEq(vm.getRecordedLogs().length, 0);
        vm.assertEq(_word(REVOKED, 1), 5);
    }

    function test_revoke_takesManyWordsAndRepeats() public {
        uint64[] memory words = new uint64[](3);
        (words[0], words[1], words[2]) = (2, 0, 2);
        uint256[] memory masks = new uint256[](3);
        (masks[0], masks[1], masks[2]) = (1, 1 << 255, 2);
        vm.prank(KEY);
        ledger.revoke(ISSUER, words, masks, 0);
        uint256[] memory map = ledger.statusWords(ISSUER, REVOKED, 0, 3);
        vm.assertEq(map[0], 1 << 255);
        vm.assertEq(map[1], 0);
        vm.assertEq(map[2], 3);
    }

    function test_suspendAndReinstate_leaveRevocations() public {
        _revoke(KEY, 0, 6);
        _emits();
        emit ICredentialLedger.StatusChanged(ISSUER, SUSPENDED, 0, 12, 0, KEY);
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(0), _mask(12), 0);
        _emits();
        emit ICredentialLedger.StatusChanged(ISSUER, SUSPENDED, 0, 8, 0, STATUS_KEY);
        vm.prank(STATUS_KEY);
        ledger.reinstate(ISSUER, _one(0), _mask(6), 0);
        vm.assertEq(_word(SUSPENDED, 0), 8);
        vm.assertEq(_word(REVOKED, 0), 6);
    }

    function test_statusWrites_acceptTheLastIndexAndNoMore() public {
        _revoke(KEY, 2, 1 << 87);
        _revoke(KEY, 1, 1 << 255);
        _revertsBeyond(2, 1 << 88);
        _revoke(KEY, 2, 1 << 88);
        _revertsBeyond(2, 3 << 87);
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(2), _mask(3 << 87), 0);
        _revertsBeyond(3, 1);
        vm.prank(KEY);
        ledger.reinstate(ISSUER, _one(3), _mask(1), 0);
        _revertsBeyond(type(uint64).max, 1);
        _revoke(KEY, type(uint64).max, 1);
        _retireKey(KEY, NOW);
        _revertsBeyond(2, 1 << 88);
        _annul(2, 1 << 88);
    }

    function test_statusWrites_revertWithStatusBeyondHeadAtWordBoundary() public {
        _anchor(2, 768);
        _revoke(KEY, 2, 1 << 255);
        _reverts(abi.encodeWithSelector(ICredentialLedger.StatusBeyondHead.selector, 3, 1, 768));
        _revoke(KEY, 3, 1);
    }

    function test_statusWrites_revertWithStatusBeyondHeadBeforeFirstAnchor() public {
        uint64 other = _register(ADMIN, 0);
        vm.prank(ADMIN);
        ledger.addKey(other, KEY, STATUS);
        _reverts(abi.encodeWithSelector(ICredentialLedger.StatusBeyondHead.selector, 0, 1, 0));
        vm.prank(KEY);
        ledger.revoke(other, _one(0), _mask(1), 0);
    }

    function testFuzz_revoke_respectsTheHead(uint64 size, uint64 index) public {
        size = SIZE + 1 + size % 2000;
        index = index % 3000;
        _anchor(2, size);
        if (index >= size) {
            _reverts(
                abi.encodeWithSelector(
                    ICredentialLedger.StatusBeyondHead.selector, index >> 8, 1 << (index & 255), size
                )
            );
        }
        _revoke(KEY, index >> 8, 1 << (index & 255));
        vm.assertEq(_word(REVOKED, index >> 8), index < size ? 1 << (index & 255) : 0);
    }

    function test_statusWrites_revertWithEmptyStatusWrite() public {
        bytes memory reason = abi.encodeWithSelector(ICredentialLedger.EmptyStatusWrite.selector);
        _reverts(reason);
        vm.prank(KEY);
        ledger.revoke(ISSUER, new uint64[](0), new uint256[](0), 0);
        _reverts(reason);
        vm.prank(KEY);
        ledger.suspend(ISSUER, new uint64[](0), _mask(1), 0);
        _reverts(reason);
        vm.prank(KEY);
        ledger.reinstate(ISSUER, new uint64[](0), new uint256[](0), 0);
        _retireKey(KEY, NOW);
        _reverts(reason);
        vm.prank(ADMIN);
        ledger.annul(ISSUER, new uint64[](0), new uint256[](0));
    }

    function test_statusWrites_revertWithLengthMismatch() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.LengthMismatch.selector, 1, 0));
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(0), new uint256[](0), 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.LengthMismatch.selector, 1, 2));
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(0), new uint256[](2), 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.LengthMismatch.selector, 2, 1));
        vm.prank(KEY);
        ledger.reinstate(ISSUER, new uint64[](2), _mask(1), 0);
    }

    /// @dev Words above 64 bits can be sent, though no ABI encoder does.
    function test_statusWrites_revertWithValueTooLarge(uint256 word, uint256 mask) public {
        if (word <= type(uint64).max) word |= 1 << 64;
        uint256[] memory words = new uint256[](1);
        words[0] = word;
        bytes memory call = abi.encodeWithSelector(ledger.revoke.selector, ISSUER, words, _mask(mask), 0);
        vm.prank(KEY);
        (bool ok, bytes memory reason) = address(ledger).call(call);
        vm.assertFalse(ok);
        vm.assertEq(
            keccak256(reason),
            keccak256(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, word, type(uint64).max))
        );
    }

    function test_statusWrites_revertWithZeroMask() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ZeroMask.selector, 1));
        _revoke(KEY, 1, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ZeroMask.selector, 1));
        vm.prank(KEY);
        ledger.reinstate(ISSUER, _one(1), _mask(0), 0);
    }

    function testFuzz_statusWrites_revertWithBadReason(uint8 reason) public {
        if (reason < 2) reason += 2;
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadReason.selector, reason));
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(0), _mask(1), reason);
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadReason.selector, reason));
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(0), _mask(1), reason);
    }

    function test_suspendAndReinstate_revertWithBadReasonForSuperseded() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadReason.selector, 1));
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(0), _mask(1), 1);
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadReason.selector, 1));
        vm.prank(KEY);
        ledger.reinstate(ISSUER, _one(0), _mask(1), 1);
    }

    function test_statusWrites_revertWithUnknownKey() public {
        bytes memory reason = abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, ISSUER, ADMIN);
        _reverts(reason);
        _revoke(ADMIN, 0, 1);
        _reverts(reason);
        vm.prank(ADMIN);
        ledger.suspend(ISSUER, _one(0), _mask(1), 0);
        _reverts(reason);
        vm.prank(ADMIN);
        ledger.reinstate(ISSUER, _one(0), _mask(1), 0);
    }

    function test_statusWrites_revertWithUnknownKeyForZeroAddress() public {
        _retireKey(STATUS_KEY, 0); // no usual status key is left in the head
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, ISSUER, address(0)));
        _revoke(address(0), 0, 1);
    }

    function test_statusWrites_revertWithUnknownKeyForOtherIssuer() public {
        uint64 other = _register(STRANGER, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, other, KEY));
        vm.prank(KEY);
        ledger.revoke(other, _one(0), _mask(1), 0);
    }

    function test_statusWrites_revertWithKeyLacksRole() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyLacksRole.selector, ISSUER, ANCHOR_KEY, ANCHOR, STATUS));
        _revoke(ANCHOR_KEY, 0, 1);
    }

    /// @dev The usual key (last added) and another one: retirement ends both, and leaves the other alone.
    function test_statusWrites_revertWithKeyIsRetired() public {
        _retireKey(STATUS_KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, STATUS_KEY, NOW));
        _revoke(STATUS_KEY, 0, 1);
        _revoke(KEY, 0, 1);
        _addKey(STRANGER, STATUS);
        _revoke(STRANGER, 0, 2);
        _retireKey(KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, KEY, NOW));
        _revoke(KEY, 0, 4);
        _revoke(STRANGER, 0, 4);
        vm.assertEq(_word(REVOKED, 0), 7);
    }

    function test_annul_takesBackAfterCompromise() public {
        _revoke(KEY, 0, 15);
        _retireKey(KEY, NOW);
        _emits();
        emit ICredentialLedger.StatusChanged(ISSUER, REVOKED, 0, 9, 0, ADMIN);
        _annul(0, 6);
        vm.assertEq(_word(REVOKED, 0), 9);
        vm.recordLogs();
        _annul(0, 6);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_annul_worksOnceCompromiseIsDeclaredLater() public {
        _revoke(KEY, 0, 1);
        _retireKey(KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.NoCompromisedStatusKey.selector, ISSUER));
        _annul(0, 1);
        _retireKey(KEY, NOW);
        _annul(0, 1);
        vm.assertEq(_word(REVOKED, 0), 0);
    }

    function test_annul_leavesSuspensions() public {
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(0), _mask(3), 0);
        _retireKey(KEY, NOW);
        _annul(0, 3);
        vm.assertEq(_word(SUSPENDED, 0), 3);
    }

    function test_annul_revertsWithNoCompromisedStatusKey() public {
        bytes memory reason = abi.encodeWithSelector(ICredentialLedger.NoCompromisedStatusKey.selector, ISSUER);
        _reverts(reason);
        _annul(0, 1);
        _retireKey(STATUS_KEY, 0);
        _reverts(reason);
        _annul(0, 1);
        _retireKey(ANCHOR_KEY, NOW); // compromised, but never wrote a status
        _reverts(reason);
        _annul(0, 1);
    }

    function test_statusWords_answersZerosBeyond() public {
        _revoke(KEY, 2, 1);
        uint256[] memory map = ledger.statusWords(ISSUER, REVOKED, 1, 4);
        vm.assertEq(map.length, 4);
        vm.assertEq(map[0] + map[2] + map[3], 0);
        vm.assertEq(map[1], 1);
        vm.assertEq(ledger.statusWords(ISSUER, REVOKED, 0, 0).length, 0);
        vm.assertEq(ledger.statusWords(ISSUER, SUSPENDED, type(uint64).max, 2)[1], 0);
    }

    function test_statusWords_revertsWithUnknownPurpose() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownPurpose.selector, 2));
        ledger.statusWords(ISSUER, 2, 0, 1);
    }
}
