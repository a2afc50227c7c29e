// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, vm} from "./Base.sol";

contract IssuersTest is LedgerTest {
    function test_register_countsFromOne() public {
        vm.assertEq(ledger.issuerCount(), 1);
        vm.assertEq(_register(STRANGER, 0), 2);
        vm.assertEq(ledger.issuerCount(), 2);
    }

    function test_register_storesWhatWasAsserted() public view {
        ICredentialLedger.Issuer memory issuer = ledger.issuerOf(ISSUER);
        vm.assertEq(issuer.name, "University");
        vm.assertEq(issuer.uri, "https://university.example");
        vm.assertEq(issuer.admin, ADMIN);
        vm.assertEq(issuer.registeredAt, NOW);
        vm.assertEq(issuer.pendingAdmin, address(0));
        vm.assertEq(issuer.successor, 0);
        vm.assertEq(issuer.proposedSuccessor, 0);
        vm.assertEq(issuer.succeededAt, 0);
    }

    function test_register_emitsIssuerAndDocument() public {
        _emits();
        emit ICredentialLedger.IssuerRegistered(2, STRANGER, "University", "https://university.example");
        _emits();
        emit ICredentialLedger.DocumentSet(2, DOCUMENT);
        _register(STRANGER, DOCUMENT);
    }

    function test_register_withHashZeroHasNoDocument() public {
        uint64 issuer = _register(STRANGER, 0);
        vm.assertEq(ledger.documentCount(issuer), 0);
        vm.assertEq(ledger.documents(issuer, 0, 10).length, 0);
    }

    function test_register_acceptsLimits() public {
        uint64 issuer = ledger.register(_text(128), _text(256), 0);
        vm.assertEq(bytes(ledger.issuerOf(issuer).name).length, 128);
        vm.assertEq(bytes(ledger.issuerOf(issuer).uri).length, 256);
        ledger.register(_text(1), "", 0);
    }

    function test_register_revertsWithBadNameLength() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadNameLength.selector, 0));
        ledger.register("", "", 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.BadNameLength.selector, 129));
        ledger.register(_text(129), "", 0);
    }

    function test_register_revertsWithUriTooLong() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UriTooLong.selector, 257));
        ledger.register("n", _text(257), 0);
    }

    function test_register_revertsWithValueTooLargeForTimeAndBlock() public {
        vm.warp(1 << 48);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, 1 << 48, (1 << 48) - 1));
        ledger.register("n", "", 0);
        vm.warp(NOW);
        vm.roll(1 << 48);
        _reverts(abi.encodeWithSelector(ICredentialLedger.ValueTooLarge.selector, 1 << 48, (1 << 48) - 1));
        ledger.register("n", "", DOCUMENT);
    }

    function test_setUri_replaces() public {
        _emits();
        emit ICredentialLedger.UriSet(ISSUER, "https://new.example");
        vm.prank(ADMIN);
        ledger.setUri(ISSUER, "https://new.example");
        vm.assertEq(ledger.issuerOf(ISSUER).uri, "https://new.example");
    }

    function test_setUri_revertsWithUriTooLong() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UriTooLong.selector, 257));
        vm.prank(ADMIN);
        ledger.setUri(ISSUER, _text(257));
    }

    function test_setDocument_appendsToHistory() public {
        vm.warp(NOW + 60);
        vm.roll(BLOCK + 5);
        _emits();
        emit ICredentialLedger.DocumentSet(ISSUER, 0);
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, 0);
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, DOCUMENT);
        ICredentialLedger.Document[] memory all = ledger.documents(ISSUER, 0, 3);
        vm.assertEq(ledger.documentCount(ISSUER), 3);
        vm.assertEq(all[0].documentHash, DOCUMENT);
        vm.assertEq(all[0].time, NOW);
        vm.assertEq(all[0].blockNumber, BLOCK);
        vm.assertEq(all[1].documentHash, bytes32(0));
        vm.assertEq(all[1].time, NOW + 60);
        vm.assertEq(all[1].blockNumber, BLOCK + 5);
        vm.assertEq(all[2].documentHash, DOCUMENT);
    }

    function test_setDocument_revertsWithDocumentUnchanged() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.DocumentUnchanged.selector, ISSUER, DOCUMENT));
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, DOCUMENT);
    }

    function test_setDocument_revertsWithDocumentUnchangedForZeroWithoutHistory() public {
        uint64 issuer = _register(ADMIN, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.DocumentUnchanged.selector, issuer, bytes32(0)));
        vm.prank(ADMIN);
        ledger.setDocument(issuer, 0);
    }

    function testFuzz_documents_isCutToWhatExists(uint64 from, uint64 count) public {
        for (uint256 i = 1; i < 5; ++i) {
            vm.prank(ADMIN);
            ledger.setDocument(ISSUER, bytes32(i));
        }
        ICredentialLedger.Document[] memory part = ledger.documents(ISSUER, from, count);
        uint256 left = from < 5 ? 5 - from : 0;
        vm.assertEq(part.length, count < left ? count : left);
        for (uint256 i = 0; i < part.length; ++i) {
            vm.assertEq(part[i].documentHash, from + i == 0 ? DOCUMENT : bytes32(from + i));
        }
    }

    function test_documents_isCutToWhatExists() public view {
        vm.assertEq(ledger.documents(ISSUER, 0, type(uint64).max).length, 1);
        vm.assertEq(ledger.documents(ISSUER, 1, 1).length, 0);
        vm.assertEq(ledger.documents(ISSUER, type(uint64).max, type(uint64).max).length, 0);
    }

    function test_transferAdmin_takesTwoSteps() public {
        _emits();
        emit ICredentialLedger.AdminTransferProposed(ISSUER, STRANGER);
        vm.prank(ADMIN);
        ledger.transferAdmin(ISSUER, STRANGER);
        vm.assertEq(ledger.issuerOf(ISSUER).admin, ADMIN);
        vm.assertEq(ledger.issuerOf(ISSUER).pendingAdmin, STRANGER);
        _emits();
        emit ICredentialLedger.AdminTransferred(ISSUER, ADMIN, STRANGER);
        vm.prank(STRANGER);
        ledger.acceptAdmin(ISSUER);
        vm.assertEq(ledger.issuerOf(ISSUER).admin, STRANGER);
        vm.assertEq(ledger.issuerOf(ISSUER).pendingAdmin, address(0));
        _revertsNotAdmin(ADMIN);
        ledger.setUri(ISSUER, "");
    }

    function test_transferAdmin_withZeroCancels() public {
        vm.prank(ADMIN);
        ledger.transferAdmin(ISSUER, STRANGER);
        vm.prank(ADMIN);
        ledger.transferAdmin(ISSUER, address(0));
        _reverts(abi.encodeWithSelector(ICredentialLedger.NotPendingAdmin.selector, ISSUER, STRANGER));
        vm.prank(STRANGER);
        ledger.acceptAdmin(ISSUER);
    }

    function test_acceptAdmin_revertsWithNotPendingAdmin() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.NotPendingAdmin.selector, ISSUER, ADMIN));
        vm.prank(ADMIN);
        ledger.acceptAdmin(ISSUER);
    }

    function test_acceptAdmin_revertsWithNotPendingAdminForZeroAddress() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.NotPendingAdmin.selector, ISSUER, address(0)));
        vm.prank(address(0));
        ledger.acceptAdmin(ISSUER);
    }

    function test_adminFunctions_revertWithNotAdmin() public {
        _revertsNotAdmin(KEY);
        ledger.setDocument(ISSUER, 0);
        _revertsNotAdmin(KEY);
        ledger.setUri(ISSUER, "");
        _revertsNotAdmin(KEY);
        ledger.transferAdmin(ISSUER, KEY);
        _revertsNotAdmin(KEY);
        ledger.addKey(ISSUER, STRANGER, BOTH);
        _revertsNotAdmin(KEY);
        ledger.retireKey(ISSUER, KEY, 0);
        _revertsNotAdmin(KEY);
        ledger.succeed(ISSUER, 0);
        _revertsNotAdmin(KEY);
        ledger.annul(ISSUER, _one(0), _mask(1));
    }

    function test_adminFunctions_revertWithUnknownIssuer() public {
        _revertsUnknownIssuer();
        ledger.setDocument(NOBODY, 0);
        _revertsUnknownIssuer();
        ledger.setUri(NOBODY, "");
        _revertsUnknownIssuer();
        ledger.transferAdmin(NOBODY, KEY);
        _revertsUnknownIssuer();
        ledger.addKey(NOBODY, STRANGER, BOTH);
        _revertsUnknownIssuer();
        ledger.retireKey(NOBODY, KEY, 0);
        _revertsUnknownIssuer();
        ledger.succeed(NOBODY, 0);
        _revertsUnknownIssuer();
        ledger.annul(NOBODY, _one(0), _mask(1));
    }

    function test_adminFunctions_revertWithUnknownIssuerForZeroAddress() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownIssuer.selector, NOBODY));
        vm.prank(address(0));
        ledger.setUri(NOBODY, "");
    }

    function test_views_answerZerosForUnknownIssuer() public view {
        ICredentialLedger.Issuer memory issuer = ledger.issuerOf(NOBODY);
        vm.assertEq(issuer.admin, address(0));
        vm.assertEq(issuer.registeredAt, 0);
        vm.assertEq(bytes(issuer.name).length, 0);
        vm.assertEq(ledger.documentCount(NOBODY), 0);
        vm.assertEq(ledger.documents(NOBODY, 0, 1).length, 0);
        vm.assertEq(ledger.keyCount(NOBODY), 0);
        (address key,, uint48 addedAt,,) = ledger.keyAt(NOBODY, 0);
        vm.assertEq(key, address(0));
        vm.assertEq(addedAt, 0);
        (,, addedAt,,) = ledger.keyOf(NOBODY, KEY);
        vm.assertEq(addedAt, 0);
        (uint64 sequence, uint64 size) = ledger.head(NOBODY);
        vm.assertEq(sequence + size, 0);
        (sequence,,,,,) = ledger.anchorOf(NOBODY, bytes32(uint256(1)));
        vm.assertEq(sequence, 0);
        vm.assertEq(ledger.accreditationCount(NOBODY, ADMIN), 0);
        vm.assertEq(ledger.accreditations(NOBODY, ADMIN, 0, 1).length, 0);
        vm.assertEq(ledger.statusWords(NOBODY, REVOKED, 0, 2)[1], 0);
    }
}
