// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IEctxCredits} from "../IEctxCredits.sol";
import {Trees} from "./Trees.sol";
import {LedgerTest, deployCredits, vm} from "./Base.sol";

/// @dev What `claim` takes.
struct Request {
    IEctxCredits.Entry entry;
    bytes32[] path;
    uint64 deadline;
    bytes signature;
}

/// @dev An issuer with a log, three learners with keys, and a second institution (issuer 2) with a status key.
abstract contract CreditsTest is LedgerTest {
    uint64 internal constant RECEIVER = 2;
    address internal constant RECEIVER_KEY = address(0xD0);
    address internal constant COURIER = address(0xE0);
    uint256 internal constant ALICE_KEY = 0xA11CE;
    uint256 internal constant BOB_KEY = 0xB0B;
    bytes16 internal constant CREDIT = bytes16(uint128(77));
    bytes32 internal constant AWARD = keccak256("award");
    uint64 internal constant DEADLINE = NOW + 1 days;

    IEctxCredits internal credits;
    address internal alice;
    address internal bob;
    bytes32[] internal leaves;
    bytes32 internal root;
    uint64 internal sequence;

    function setUp() public virtual override {
        super.setUp();
        credits = deployCredits(address(ledger));
        alice = vm.addr(ALICE_KEY);
        bob = vm.addr(BOB_KEY);
        _register(STRANGER, 0);
        vm.prank(STRANGER);
        ledger.addKey(RECEIVER, RECEIVER_KEY, STATUS);
    }

    // ------------------------------------------------------------------------------------------------ the log

    /// @dev Accepts an entry at the end of the log; it is anchored by the next `_seal`.
    function _accept(address holder, uint64 amount, bytes16 creditId) internal returns (IEctxCredits.Entry memory e) {
        uint64 index = uint64(leaves.length);
        e = IEctxCredits.Entry({
            issuer: ISSUER,
            index: index,
            root: 0,
            claimsRoot: keccak256(abi.encode("claims", index)),
            salt: bytes16(uint128(1_000 + index)),
            holder: holder,
            credits: amount,
            creditId: creditId
        });
        leaves.push(_leafOf(e));
    }

    /// @dev The leaf by the words of the specification, with the compiler's SHA-256.
    function _leafOf(IEctxCredits.Entry memory e) internal view returns (bytes32 leaf) {
        return sha256(abi.encodePacked(bytes1(0x00), _commitment(e)));
    }

    function _commitment(IEctxCredits.Entry memory e) internal view returns (bytes32 commitment) {
        bytes32 logId =
            sha256(abi.encodePacked("rootseal/log/1", uint64(block.chainid), address(ledger), e.issuer));
        bytes32 subject = sha256(abi.encodePacked(bytes1(0x00), e.salt, e.holder, e.credits, e.creditId));
        return sha256(abi.encodePacked(bytes1(0x03), logId, e.claimsRoot, subject));
    }

    function _fill(uint64 count) internal {
        for (uint64 i = 0; i < count; ++i) {
            leaves.push(sha256(abi.encode("somebody else", leaves.length)));
        }
    }

    function _seal() internal {
        root = Trees.root(leaves);
        vm.prank(KEY);
        ledger.anchor(ISSUER, ++sequence, uint64(leaves.length), root);
    }

    /// @dev An anchored entry between others.
    function _issue(address holder, uint64 amount, bytes16 creditId) internal returns (IEctxCredits.Entry memory e) {
        _fill(2);
        e = _accept(holder, amount, creditId);
        _fill(2);
        _seal();
        e.root = root;
    }

    // --------------------------------------------------------------------------------------------- the calls

    /// @dev Everything right for an entry of the last anchor whose holder is the owner of `key`.
    function _request(IEctxCredits.Entry memory e, uint256 key) internal view returns (Request memory r) {
        r.entry = e;
        r.path = Trees.path(leaves, e.index);
        r.deadline = DEADLINE;
        r.signature = _sign(key, credits.claimDigest(_commitment(e), DEADLINE));
    }

    function _claim(Request memory r) internal returns (uint256 tokenId) {
        vm.prank(COURIER);
        credits.claim(r.entry, r.path, r.deadline, r.signature);
        return uint256(_commitment(r.entry));
    }

    function _claimFor(address holder, uint256 key, uint64 amount, bytes16 creditId)
        internal
        returns (uint256 tokenId, IEctxCredits.Entry memory e)
    {
        e = _issue(holder, amount, creditId);
        tokenId = _claim(_request(e, key));
    }

    function _redeem(uint256 tokenId, uint256 key) internal {
        bytes memory signature = _sign(key, credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE));
        vm.prank(RECEIVER_KEY);
        credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, signature);
    }

    /// @dev The next `_redeem` reverts; the digest is asked for first, for expectRevert takes the next call.
    function _redeemReverts(uint256 tokenId, uint256 key, bytes memory reason) internal {
        bytes memory signature = _sign(key, credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE));
        _reverts(reason);
        vm.prank(RECEIVER_KEY);
        credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, signature);
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory signature) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // -------------------------------------------------------------------------------------------- the status

    function _revoke(uint64 index) internal {
        vm.prank(KEY);
        ledger.revoke(ISSUER, _one(index >> 8), _mask(1 << (index & 255)), 0);
    }

    function _suspend(uint64 index) internal {
        vm.prank(KEY);
        ledger.suspend(ISSUER, _one(index >> 8), _mask(1 << (index & 255)), 0);
    }

    function _reinstate(uint64 index) internal {
        vm.prank(KEY);
        ledger.reinstate(ISSUER, _one(index >> 8), _mask(1 << (index & 255)), 0);
    }

    /// @dev The admin declares a status key compromised if need be, and takes a revocation back.
    function _annul(uint64 index) internal {
        (,,, uint48 retiredAt,) = ledger.keyOf(ISSUER, STATUS_KEY);
        if (retiredAt == 0) _retireKey(STATUS_KEY, NOW);
        vm.prank(ADMIN);
        ledger.annul(ISSUER, _one(index >> 8), _mask(1 << (index & 255)));
    }

    function _isState(uint256 tokenId, IEctxCredits.State expected) internal view {
        vm.assertEq(uint256(credits.stateOf(tokenId)), uint256(expected));
    }

    function _isTotal(address holder, uint256 counted, uint256 redeemed) internal view {
        (uint256 isCounted, uint256 isRedeemed) = credits.creditsOf(holder, ISSUER, 0, type(uint64).max);
        vm.assertEq(isCounted, counted);
        vm.assertEq(isRedeemed, redeemed);
    }

    function _emitsFromCredits() internal {
        vm.expectEmit(address(credits));
    }
}
