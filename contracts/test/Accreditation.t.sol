// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, vm} from "./Base.sol";

contract AccreditationTest is LedgerTest {
    address private constant AGENCY = address(0xE0);
    bytes32 private constant OTHER = keccak256("other document");

    function _accredit(bytes32 documentHash, uint64 validUntil) private {
        vm.prank(AGENCY);
        ledger.accredit(ISSUER, documentHash, "EQF 4 to 7", validUntil);
    }

    function _withdraw(bytes32 documentHash) private {
        vm.prank(AGENCY);
        ledger.withdraw(ISSUER, documentHash);
    }

    function _at(uint64 index) private view returns (ICredentialLedger.Accreditation memory entry) {
        return ledger.accreditations(ISSUER, AGENCY, index, 1)[0];
    }

    function _revertsNoneRunning(bytes32 documentHash) private {
        _reverts(
            abi.encodeWithSelector(ICredentialLedger.NoRunningAccreditation.selector, ISSUER, AGENCY, documentHash)
        );
    }

    function test_accredit_isRecorded() public {
        _emits();
        emit ICredentialLedger.Accredited(ISSUER, AGENCY, DOCUMENT, 0, NOW + 100, false, "EQF 4 to 7");
        _accredit(DOCUMENT, NOW + 100);
        vm.assertEq(ledger.accreditationCount(ISSUER, AGENCY), 1);
        ICredentialLedger.Accreditation memory entry = _at(0);
        vm.assertEq(entry.documentHash, DOCUMENT);
        vm.assertEq(entry.since, NOW);
        vm.assertEq(entry.sinceBlock, BLOCK);
        vm.assertEq(entry.validUntil, NOW + 100);
        vm.assertEq(entry.endedAt, 0);
        vm.assertFalse(entry.renewed);
        vm.assertEq(entry.scope, "EQF 4 to 7");
    }

    function test_accredit_againRenews() public {
        _accredit(DOCUMENT, 0);
        vm.warp(NOW + 10);
        _emits();
        emit ICredentialLedger.Accredited(ISSUER, AGENCY, DOCUMENT, 1, 0, true, "EQF 4 to 7");
        _accredit(DOCUMENT, 0);
        vm.assertEq(_at(0).endedAt, NOW + 10);
        vm.assertTrue(_at(0).renewed);
        vm.assertEq(_at(1).endedAt, 0);
        vm.assertEq(_at(1).since, NOW + 10);
        _withdraw(DOCUMENT);
        vm.assertFalse(_at(1).renewed);
        vm.assertEq(_at(1).endedAt, NOW + 10);
        _revertsNoneRunning(DOCUMENT);
        _withdraw(DOCUMENT);
    }

    function test_accredit_afterExpiryDoesNotRenew() public {
        _accredit(DOCUMENT, NOW + 10);
        vm.warp(NOW + 10);
        _accredit(DOCUMENT, 0);
        vm.assertEq(_at(0).endedAt, 0);
        vm.assertFalse(_at(0).renewed);
        vm.assertEq(ledger.accreditationCount(ISSUER, AGENCY), 2);
    }

    function test_accredit_afterWithdrawalDoesNotRenew() public {
        _accredit(DOCUMENT, 0);
        _withdraw(DOCUMENT);
        vm.warp(NOW + 10);
        _accredit(DOCUMENT, 0);
        vm.assertEq(_at(0).endedAt, NOW);
        vm.assertFalse(_at(0).renewed);
    }

    function test_accredit_ofAnotherDocumentLeavesTheFirst() public {
        _accredit(DOCUMENT, 0);
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, OTHER);
        _accredit(OTHER, 0);
        vm.assertEq(_at(0).endedAt, 0);
        // A document that is no longer in force can still lose its accreditation.
        _withdraw(DOCUMENT);
        vm.assertEq(_at(0).endedAt, NOW);
        vm.assertEq(_at(1).endedAt, 0);
    }

    function test_accredit_listsArePerAccreditor() public {
        _accredit(DOCUMENT, 0);
        ledger.accredit(ISSUER, DOCUMENT, "", 0);
        vm.assertEq(ledger.accreditationCount(ISSUER, AGENCY), 1);
        vm.assertEq(ledger.accreditationCount(ISSUER, address(this)), 1);
        vm.assertEq(_at(0).endedAt, 0);
        ledger.withdraw(ISSUER, DOCUMENT);
        vm.assertEq(_at(0).endedAt, 0);
    }

    function test_accredit_acceptsLongestScope() public {
        ledger.accredit(ISSUER, DOCUMENT, _text(256), 0);
        vm.assertEq(bytes(ledger.accreditations(ISSUER, address(this), 0, 1)[0].scope).length, 256);
    }

    function test_accredit_revertsWithScopeTooLong() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ScopeTooLong.selector, 257));
        ledger.accredit(ISSUER, DOCUMENT, _text(257), 0);
    }

    function test_accredit_revertsWithDocumentNotCurrent() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.DocumentNotCurrent.selector, ISSUER, OTHER, DOCUMENT));
        _accredit(OTHER, 0);
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, OTHER);
        _reverts(abi.encodeWithSelector(ICredentialLedger.DocumentNotCurrent.selector, ISSUER, DOCUMENT, OTHER));
        _accredit(DOCUMENT, 0);
    }

    function test_accredit_revertsWithDocumentNotCurrentForZero() public {
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.DocumentNotCurrent.selector, ISSUER, bytes32(0), bytes32(0)));
        _accredit(0, 0);
    }

    function test_accredit_revertsWithUnknownIssuer() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownIssuer.selector, NOBODY));
        ledger.accredit(NOBODY, DOCUMENT, "", 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownIssuer.selector, 0));
        ledger.accredit(0, DOCUMENT, "", 0);
    }

    function test_accredit_revertsWithValidityInPast() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValidityInPast.selector, NOW, NOW));
        _accredit(DOCUMENT, NOW);
        _accredit(DOCUMENT, NOW + 1);
    }

    function test_withdraw_endsTheRunningOne() public {
        _accredit(DOCUMENT, 0);
        vm.warp(NOW + 3);
        _emits();
        emit ICredentialLedger.AccreditationWithdrawn(ISSUER, AGENCY, DOCUMENT, 0);
        _withdraw(DOCUMENT);
        vm.assertEq(_at(0).endedAt, NOW + 3);
        vm.assertFalse(_at(0).renewed);
    }

    function test_withdraw_revertsWithNoRunningAccreditation() public {
        _revertsNoneRunning(DOCUMENT);
        _withdraw(DOCUMENT);
        _accredit(DOCUMENT, NOW + 10);
        _revertsNoneRunning(OTHER);
        _withdraw(OTHER);
        vm.warp(NOW + 10);
        _revertsNoneRunning(DOCUMENT);
        _withdraw(DOCUMENT);
    }

    function testFuzz_accreditations_isCutToWhatExists(uint64 from, uint64 count) public {
        for (uint64 i = 0; i < 4; ++i) {
            _accredit(DOCUMENT, NOW + 1 + i);
        }
        ICredentialLedger.Accreditation[] memory part = ledger.accreditations(ISSUER, AGENCY, from, count);
        uint256 left = from < 4 ? 4 - from : 0;
        vm.assertEq(part.length, count < left ? count : left);
        for (uint256 i = 0; i < part.length; ++i) {
            vm.assertEq(part[i].validUntil, NOW + 1 + from + i);
        }
        vm.assertEq(ledger.accreditations(ISSUER, AGENCY, 1, type(uint64).max).length, 3);
    }
}
