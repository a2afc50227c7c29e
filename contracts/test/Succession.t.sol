// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {LedgerTest, vm} from "./Base.sol";

contract SuccessionTest is LedgerTest {
    uint64 private other;

    function setUp() public override {
        super.setUp();
        other = _register(STRANGER, 0);
        _anchor(1, 300);
    }

    function _propose(uint64 successor) private {
        vm.prank(ADMIN);
        ledger.succeed(ISSUER, successor);
    }

    function _accept() private {
        vm.prank(STRANGER);
        ledger.acceptSuccession(ISSUER);
    }

    function test_succeed_changesNothingUntilAccepted() public {
        _emits();
        emit ICredentialLedger.SuccessionProposed(ISSUER, other);
        _propose(other);
        vm.assertEq(ledger.issuerOf(ISSUER).proposedSuccessor, other);
        vm.assertEq(ledger.issuerOf(ISSUER).successor, 0);
        _anchor(2, 301);
    }

    function test_succeed_withZeroWithdraws() public {
        _propose(other);
        _emits();
        emit ICredentialLedger.SuccessionProposed(ISSUER, 0);
        _propose(0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.NoSuccessionProposed.selector, ISSUER));
        _accept();
    }

    function test_succeed_revertsWithSelfSuccession() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.SelfSuccession.selector, ISSUER));
        _propose(ISSUER);
    }

    function test_succeed_revertsWithUnknownIssuer() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownIssuer.selector, NOBODY));
        _propose(NOBODY);
    }

    function test_acceptSuccession_isFinal() public {
        _propose(other);
        vm.warp(NOW + 50);
        _emits();
        emit ICredentialLedger.Succeeded(ISSUER, other);
        _accept();
        ICredentialLedger.Issuer memory issuer = ledger.issuerOf(ISSUER);
        vm.assertEq(issuer.successor, other);
        vm.assertEq(issuer.succeededAt, NOW + 50);
        vm.assertEq(issuer.proposedSuccessor, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        _propose(0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        _propose(other);
        _reverts(abi.encodeWithSelector(ICredentialLedger.NoSuccessionProposed.selector, ISSUER));
        _accept();
    }

    function test_acceptSuccession_endsAnchoring() public {
        _propose(other);
        _accept();
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        _anchor(2, 301);
        (uint64 sequence, uint64 size) = ledger.head(ISSUER);
        vm.assertEq(sequence, 1);
        vm.assertEq(size, 300);
    }

    function test_acceptSuccession_endsAnchoringForKeysAddedLater() public {
        _propose(other);
        _accept();
        _addKey(address(0xD1), BOTH);
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        vm.prank(address(0xD1));
        ledger.anchor(ISSUER, 2, 301, bytes32(uint256(7)));
        _retireKey(address(0xD1), 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        _anchor(2, 301);
    }

    function test_acceptSuccession_keepsStatusAndAdminActs() public {
        _propose(other);
        _accept();
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(0), _mask(6), 0);
        vm.prank(STATUS_KEY);
        ledger.suspend(ISSUER, _one(1), _mask(1), 0);
        vm.prank(STATUS_KEY);
        ledger.reinstate(ISSUER, _one(1), _mask(1), 0);
        _addKey(address(0xD1), STATUS);
        vm.prank(address(0xD1));
        ledger.revoke(ISSUER, _one(0), _mask(1), 0);
        _retireKey(address(0xD1), NOW);
        vm.prank(ADMIN);
        ledger.annul(ISSUER, _one(0), _mask(1));
        vm.assertEq(_word(REVOKED, 0), 6);
        vm.prank(ADMIN);
        ledger.setDocument(ISSUER, bytes32(uint256(9)));
        vm.prank(ADMIN);
        ledger.setUri(ISSUER, "https://archive.example");
        vm.prank(ADMIN);
        ledger.transferAdmin(ISSUER, KEY);
        vm.prank(KEY);
        ledger.acceptAdmin(ISSUER);
        ledger.accredit(ISSUER, bytes32(uint256(9)), "", 0);
    }

    function test_acceptSuccession_revertsWithNoSuccessionProposed() public {
        _reverts(abi.encodeWithSelector(ICredentialLedger.NoSuccessionProposed.selector, ISSUER));
        _accept();
    }

    function test_acceptSuccession_revertsWithNotAdmin() public {
        _propose(other);
        _reverts(abi.encodeWithSelector(ICredentialLedger.NotAdmin.selector, other, ADMIN));
        vm.prank(ADMIN);
        ledger.acceptSuccession(ISSUER);
    }

    function test_succession_revertsWithIssuerEndedWhereItWouldClose() public {
        // Both propose each other; the one accepted first wins and the other can never close the circle.
        _propose(other);
        vm.prank(STRANGER);
        ledger.succeed(other, ISSUER);
        _accept();
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        vm.prank(ADMIN);
        ledger.acceptSuccession(other);
        vm.prank(STRANGER);
        ledger.succeed(other, 0);
        _reverts(abi.encodeWithSelector(ICredentialLedger.IssuerEnded.selector, ISSUER, other));
        vm.prank(STRANGER);
        ledger.succeed(other, ISSUER);
    }

    function test_succession_makesChains() public {
        uint64 third = _register(KEY, 0);
        _propose(other);
        _accept();
        vm.prank(STRANGER);
        ledger.succeed(other, third);
        vm.prank(KEY);
        ledger.acceptSuccession(other);
        vm.assertEq(ledger.issuerOf(ISSUER).successor, other);
        vm.assertEq(ledger.issuerOf(other).successor, third);
    }
}
