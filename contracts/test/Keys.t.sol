// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, vm} from "./Base.sol";

contract KeysTest is LedgerTest {
    address private constant NEW = address(0xD0);

    function _state(address key) private view returns (uint48 retiredAt, uint48 compromisedSince) {
        (,,, retiredAt, compromisedSince) = ledger.keyOf(ISSUER, key);
    }

    function test_addKey_listsInOrder() public {
        vm.warp(NOW + 9);
        _emits();
        emit ICredentialLedger.KeyAdded(ISSUER, NEW, 3, STATUS);
        _addKey(NEW, STATUS);
        vm.assertEq(ledger.keyCount(ISSUER), 4);
        (address key, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 since) = ledger.keyAt(ISSUER, 3);
        vm.assertEq(key, NEW);
        vm.assertEq(roles, STATUS);
        vm.assertEq(addedAt, NOW + 9);
        vm.assertEq(uint256(retiredAt) + since, 0);
        uint16 keyIndex;
        (keyIndex, roles, addedAt, retiredAt, since) = ledger.keyOf(ISSUER, NEW);
        vm.assertEq(keyIndex, 3);
        vm.assertEq(roles, STATUS);
        vm.assertEq(addedAt, NOW + 9);
        (key,,,,) = ledger.keyAt(ISSUER, 4);
        vm.assertEq(key, address(0));
    }

    function test_addKey_isPerIssuer() public {
        uint64 other = _register(STRANGER, 0);
        vm.prank(STRANGER);
        ledger.addKey(other, KEY, STATUS);
        (uint16 keyIndex, uint8 roles,,,) = ledger.keyOf(other, KEY);
        vm.assertEq(keyIndex, 0);
        vm.assertEq(roles, STATUS);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyLacksRole.selector, other, KEY, STATUS, ANCHOR));
        vm.prank(KEY);
        ledger.anchor(other, 1, 1, bytes32(uint256(1)));
    }

    function test_addKey_revertsWithZeroKey() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ZeroKey.selector, ISSUER));
        _addKey(address(0), BOTH);
    }

    function testFuzz_addKey_revertsWithBadRoles(uint8 roles) public {
        if (roles >= 1 && roles <= 3) roles += 3;
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadRoles.selector, roles));
        _addKey(NEW, roles);
    }

    function test_addKey_revertsWithKeyAlreadyAdded() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyAlreadyAdded.selector, ISSUER, KEY));
        _addKey(KEY, ANCHOR);
        _retireKey(KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyAlreadyAdded.selector, ISSUER, KEY));
        _addKey(KEY, ANCHOR);
    }

    function test_addKey_revertsWithTooManyKeys() public {
        // _keyList is the seventh variable: the list's length is pretended, for 65,535 additions take too long.
        bytes32 slot = keccak256(abi.encode(ISSUER, 6));
        vm.assertEq(uint256(vm.load(address(ledger), slot)), 3);
        vm.store(address(ledger), slot, bytes32(uint256(65_534)));
        _addKey(NEW, ANCHOR);
        vm.assertEq(ledger.keyCount(ISSUER), 65_535);
        (address key,,,,) = ledger.keyAt(ISSUER, 65_534);
        vm.assertEq(key, NEW);
        _reverts(abi.encodeWithSelector(ICredentialLedger.TooManyKeys.selector, ISSUER));
        _addKey(STRANGER, ANCHOR);
    }

    function test_retireKey_routineEndsTheKey() public {
        vm.warp(NOW + 5);
        _emits();
        emit ICredentialLedger.KeyRetired(ISSUER, KEY, 0, NOW + 5, 0);
        _retireKey(KEY, 0);
        (, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 since) = ledger.keyAt(ISSUER, 0);
        vm.assertEq(roles, BOTH);
        vm.assertEq(addedAt, NOW);
        vm.assertEq(retiredAt, NOW + 5);
        vm.assertEq(since, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, KEY, NOW + 5));
        vm.prank(KEY);
        ledger.anchor(ISSUER, 1, 1, bytes32(uint256(1)));
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, KEY, NOW + 5));
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(0), _mask(1), 0);
    }

    function test_retireKey_worksForTheLastKey() public {
        _retireKey(KEY, 0);
        _retireKey(ANCHOR_KEY, 0);
        _retireKey(STATUS_KEY, NOW);
        (uint48 retiredAt, uint48 since) = _state(STATUS_KEY);
        vm.assertEq(retiredAt, NOW);
        vm.assertEq(since, NOW);
    }

    function test_retireKey_datesCompromiseOnceThenLowersOnly() public {
        _retireKey(KEY, 0);
        vm.warp(NOW + 1000);
        _emits();
        emit ICredentialLedger.KeyRetired(ISSUER, KEY, 0, NOW, NOW + 900);
        _retireKey(KEY, NOW + 900);
        _retireKey(KEY, NOW - 5);
        _retireKey(KEY, 1);
        (uint48 retiredAt, uint48 since) = _state(KEY);
        vm.assertEq(retiredAt, NOW);
        vm.assertEq(since, 1);
    }

    function test_retireKey_revertsWithCompromiseNotLowered() public {
        _retireKey(KEY, NOW - 10);
        _reverts(abi.encodeWithSelector(ICredentialLedger.CompromiseNotLowered.selector, NOW - 10, NOW - 10));
        _retireKey(KEY, NOW - 10);
        _reverts(abi.encodeWithSelector(ICredentialLedger.CompromiseNotLowered.selector, NOW - 10, NOW - 9));
        _retireKey(KEY, NOW - 9);
    }

    function test_retireKey_revertsWithKeyIsRetired() public {
        _retireKey(KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, KEY, NOW));
        _retireKey(KEY, 0);
        _retireKey(KEY, NOW);
        _reverts(abi.encodeWithSelector(ICredentialLedger.KeyIsRetired.selector, ISSUER, KEY, NOW));
        _retireKey(KEY, 0);
    }

    function test_retireKey_revertsWithCompromiseInFuture() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.CompromiseInFuture.selector, NOW + 1, NOW));
        _retireKey(KEY, NOW + 1);
        _retireKey(KEY, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.CompromiseInFuture.selector, NOW + 1, NOW));
        _retireKey(KEY, NOW + 1);
    }

    function test_retireKey_revertsWithUnknownKey() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownKey.selector, ISSUER, NEW));
        _retireKey(NEW, 0);
    }

    /// @dev Any sequence of dates leaves: retired once, and the lowest accepted date.
    function testFuzz_retireKey_dateOnlyFalls(uint48[6] memory dates) public {
        uint48 lowest = 0;
        bool retired = false;
        for (uint256 i = 0; i < dates.length; ++i) {
            uint48 date = dates[i] % (NOW + 2);
            vm.prank(ADMIN);
            try ledger.retireKey(ISSUER, KEY, date) {
                vm.assertTrue(date <= NOW && (!retired || (date != 0 && (lowest == 0 || date < lowest))));
                lowest = date;
                retired = true;
            } catch {
                vm.assertTrue(date > NOW || (retired && (date == 0 || (lowest != 0 && date >= lowest))));
            }
            (uint48 retiredAt, uint48 since) = _state(KEY);
            vm.assertEq(retiredAt, retired ? NOW : 0);
            vm.assertEq(since, lowest);
        }
    }
}
