// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IEctxCredits} from "../IEctxCredits.sol";
import {IERC5484, IERC721} from "../TokenStandards.sol";
import {CreditsTest} from "./CreditsBase.sol";
import {Wallet} from "./Wallet.sol";
import {vm} from "./Base.sol";

/// @dev Tokens, redemption and totals.
contract CreditsTokensTest is CreditsTest {
    // ---------------------------------------------------------------------------------------------- standards

    function test_supportsInterface_knowsTheFourStandards() public view {
        vm.assertTrue(credits.supportsInterface(0x01ffc9a7)); // ERC-165
        vm.assertTrue(credits.supportsInterface(0x80ac58cd)); // ERC-721
        vm.assertTrue(credits.supportsInterface(0xb45a3c0e)); // ERC-5192
        vm.assertTrue(credits.supportsInterface(0x0489b56f)); // ERC-5484
        vm.assertFalse(credits.supportsInterface(0x5b5e139f)); // ERC-721 metadata: no title on chain
        vm.assertFalse(credits.supportsInterface(0xffffffff));
    }

    function test_everyTransferAndApprovalReverts(address sender, address to, uint256 anyToken, bool flag) public {
        (uint256 mine,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        address[2] memory senders = [alice, sender];
        uint256[2] memory tokens = [mine, anyToken];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory stays = abi.encodeWithSelector(IEctxCredits.NotTransferable.selector, tokens[i]);
            bytes memory mayNot = abi.encodeWithSelector(IEctxCredits.NotApprovable.selector, to);
            _reverts(stays);
            vm.prank(senders[i]);
            credits.transferFrom(alice, to, tokens[i]);
            _reverts(stays);
            vm.prank(senders[i]);
            credits.safeTransferFrom(alice, to, tokens[i]);
            _reverts(stays);
            vm.prank(senders[i]);
            credits.safeTransferFrom(alice, to, tokens[i], "data");
            _reverts(mayNot);
            vm.prank(senders[i]);
            credits.approve(to, tokens[i]);
            _reverts(mayNot);
            vm.prank(senders[i]);
            credits.setApprovalForAll(to, flag);
        }
        vm.assertEq(credits.ownerOf(mine), alice);
        vm.assertEq(credits.getApproved(mine), address(0));
        vm.assertFalse(credits.isApprovedForAll(alice, to));
    }

    function test_token_isLockedAndItsHolderMayBurnIt() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        vm.assertTrue(credits.locked(tokenId));
        vm.assertEq(uint256(credits.burnAuth(tokenId)), uint256(IERC5484.BurnAuth.OwnerOnly));
    }

    function test_views_revertWithNoSuchToken(uint256 tokenId) public {
        bytes memory reason = abi.encodeWithSelector(IEctxCredits.NoSuchToken.selector, tokenId);
        _reverts(reason);
        credits.ownerOf(tokenId);
        _reverts(reason);
        credits.getApproved(tokenId);
        _reverts(reason);
        credits.locked(tokenId);
        _reverts(reason);
        credits.burnAuth(tokenId);
        _reverts(reason);
        credits.burn(tokenId);
        _reverts(reason);
        credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, "");
        _isState(tokenId, IEctxCredits.State.None);
        vm.assertEq(credits.tokenOf(tokenId).holder, address(0));
    }

    function test_balanceOf_revertsWithZeroHolder() public {
        _reverts(abi.encodeWithSelector(IEctxCredits.ZeroHolder.selector));
        credits.balanceOf(address(0));
    }

    function test_ledger_isThatOfTheConstructor() public view {
        vm.assertEq(credits.ledger(), address(ledger));
    }

    // ------------------------------------------------------------------------------------------------ burning

    function test_burn_givesUpTheTokenAndKeepsTheRecord() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _emitsFromCredits();
        emit IERC721.Transfer(alice, address(0), tokenId);
        vm.prank(alice);
        credits.burn(tokenId);
        vm.assertEq(credits.balanceOf(alice), 0);
        vm.assertEq(credits.tokenCount(alice, ISSUER), 1);
        vm.assertEq(credits.tokenOf(tokenId).holder, alice);
        vm.assertEq(credits.tokenOfCredit(ISSUER, CREDIT), tokenId);
        _isState(tokenId, IEctxCredits.State.Burned);
        _isTotal(alice, 0, 0);
        _reverts(abi.encodeWithSelector(IEctxCredits.NoSuchToken.selector, tokenId));
        credits.ownerOf(tokenId);
        _redeemReverts(tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.NoSuchToken.selector, tokenId));
    }

    function test_burn_revertsWithNotHolder(address sender) public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        if (sender == alice) return;
        _reverts(abi.encodeWithSelector(IEctxCredits.NotHolder.selector, tokenId, sender));
        vm.prank(sender);
        credits.burn(tokenId);
    }

    // --------------------------------------------------------------------------------------------- redemption

    function test_redeem_recordsReceiverAndTime() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        vm.warp(NOW + 9);
        bytes memory signature = _sign(ALICE_KEY, credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE));
        _emitsFromCredits();
        emit IEctxCredits.Redeemed(tokenId, RECEIVER, AWARD, RECEIVER_KEY);
        vm.prank(RECEIVER_KEY);
        credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, signature);
        vm.assertEq(credits.tokenOf(tokenId).receiver, RECEIVER);
        vm.assertEq(credits.tokenOf(tokenId).redeemedAt, NOW + 9);
        _isState(tokenId, IEctxCredits.State.Counted);
        _isTotal(alice, 500, 500);
    }

    function test_redeem_revertsWithAlreadyRedeemed() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _redeem(tokenId, ALICE_KEY);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.AlreadyRedeemed.selector, tokenId, RECEIVER)
        );
    }

    function test_redeem_revertsWithNotStatusKey() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        bytes memory signature = _sign(ALICE_KEY, credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE));
        address anchorKey = address(0xD1);
        vm.prank(STRANGER);
        ledger.addKey(RECEIVER, anchorKey, ANCHOR);
        // A status key of another institution, the receiver's admin, the holder, and a key without the role.
        address[4] memory senders = [STATUS_KEY, STRANGER, alice, anchorKey];
        for (uint256 i = 0; i < senders.length; ++i) {
            _reverts(abi.encodeWithSelector(IEctxCredits.NotStatusKey.selector, RECEIVER, senders[i]));
            vm.prank(senders[i]);
            credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, signature);
        }
        vm.prank(STRANGER);
        ledger.retireKey(RECEIVER, RECEIVER_KEY, 0);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.NotStatusKey.selector, RECEIVER, RECEIVER_KEY)
        );
        _reverts(abi.encodeWithSelector(IEctxCredits.NotStatusKey.selector, NOBODY, RECEIVER_KEY));
        vm.prank(RECEIVER_KEY);
        credits.redeem(tokenId, NOBODY, AWARD, DEADLINE, signature);
    }

    function test_redeem_needsWhatClaimNeeded() public {
        (uint256 tokenId, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _suspend(e.index);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.EntrySuspended.selector, ISSUER, e.index)
        );
        _revoke(e.index);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.EntryRevoked.selector, ISSUER, e.index)
        );
        _reinstate(e.index);
        _annul(e.index);
        _redeem(tokenId, ALICE_KEY);
    }

    function test_redeem_revertsWithAnchorKeyCompromised() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _retireKey(KEY, NOW);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.AnchorKeyCompromised.selector, ISSUER, 0)
        );
    }

    function test_redeem_revertsWithConsentInvalid() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        bytes32 digest = credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE);
        bytes[5] memory wrong = [
            _sign(BOB_KEY, digest),
            _sign(ALICE_KEY, credits.redeemDigest(tokenId ^ 1, RECEIVER, AWARD, DEADLINE)),
            _sign(ALICE_KEY, credits.redeemDigest(tokenId, ISSUER, AWARD, DEADLINE)),
            _sign(ALICE_KEY, credits.redeemDigest(tokenId, RECEIVER, ~AWARD, DEADLINE)),
            _sign(ALICE_KEY, credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE + 1))
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _reverts(abi.encodeWithSelector(IEctxCredits.ConsentInvalid.selector, alice, digest));
            vm.prank(RECEIVER_KEY);
            credits.redeem(tokenId, RECEIVER, AWARD, DEADLINE, wrong[i]);
        }
    }

    function test_redeem_revertsWithConsentExpired() public {
        (uint256 tokenId,) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        vm.warp(DEADLINE + 1);
        _redeemReverts(
            tokenId, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.ConsentExpired.selector, DEADLINE, DEADLINE + 1)
        );
        vm.warp(DEADLINE);
        _redeem(tokenId, ALICE_KEY);
    }

    // ------------------------------------------------------------------------------------------------- totals

    function test_creditsOf_followsTheLedgerAtOnce() public {
        (uint256 tokenId, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _claimFor(alice, ALICE_KEY, 300, bytes16(uint128(5)));
        _isTotal(alice, 800, 0);
        _suspend(e.index);
        _isState(tokenId, IEctxCredits.State.Suspended);
        _isTotal(alice, 300, 0);
        _reinstate(e.index);
        _isTotal(alice, 800, 0);
        _redeem(tokenId, ALICE_KEY);
        _isTotal(alice, 800, 500);
        _revoke(e.index);
        _isState(tokenId, IEctxCredits.State.Revoked);
        _isTotal(alice, 300, 0);
        _annul(e.index);
        _isTotal(alice, 800, 500);
        _retireKey(KEY, NOW);
        _isState(tokenId, IEctxCredits.State.Compromised);
        _isTotal(alice, 0, 0);
    }

    function test_creditsOf_isTheSumOfItsPages(uint64 size) public {
        size = 1 + size % 9;
        uint256 total;
        for (uint64 i = 1; i <= 7; ++i) {
            _claimFor(alice, ALICE_KEY, uint64(10) ** i, bytes16(uint128(i)));
            total += uint64(10) ** i;
        }
        _claimFor(bob, BOB_KEY, 9, bytes16(uint128(99)));
        uint256 sum;
        for (uint64 from = 0; from < 8; from += size) {
            (uint256 counted,) = credits.creditsOf(alice, ISSUER, from, size);
            vm.assertEq(
                credits.tokensOf(alice, ISSUER, from, size).length, from >= 7 ? 0 : from + size > 7 ? 7 - from : size
            );
            sum += counted;
        }
        vm.assertEq(sum, total);
    }

    function test_lists_neverRevert(address holder, uint64 issuer, uint64 from, uint64 count) public {
        _claimFor(alice, ALICE_KEY, 500, CREDIT);
        credits.creditsOf(holder, issuer, from, count);
        (uint256 counted,) = credits.creditsOf(alice, ISSUER, from, count);
        vm.assertEq(counted, from == 0 && count != 0 ? 500 : 0);
        vm.assertEq(credits.tokensOf(alice, ISSUER, from, count).length, from == 0 && count != 0 ? 1 : 0);
    }

    function test_creditsOf_holdsTheLargestNumbers() public {
        _claimFor(alice, ALICE_KEY, type(uint64).max, CREDIT);
        _claimFor(alice, ALICE_KEY, type(uint64).max, bytes16(uint128(5)));
        _isTotal(alice, 2 * uint256(type(uint64).max), 0);
    }

    function test_redeem_withConsentOfAContract() public {
        Wallet wallet = new Wallet();
        IEctxCredits.Entry memory e = _issue(address(wallet), 500, CREDIT);
        uint256 tokenId = uint256(_commitment(e));
        bytes32 digest = credits.claimDigest(bytes32(tokenId), DEADLINE);
        wallet.set(Wallet.Answer.Yes, _sign(ALICE_KEY, digest), digest);
        _claim(_request(e, ALICE_KEY));
        digest = credits.redeemDigest(tokenId, RECEIVER, AWARD, DEADLINE);
        _redeemReverts(
            tokenId,
            ALICE_KEY,
            abi.encodeWithSelector(IEctxCredits.ConsentInvalid.selector, address(wallet), digest)
        );
        wallet.set(Wallet.Answer.Yes, _sign(ALICE_KEY, digest), digest);
        _redeem(tokenId, ALICE_KEY);
    }
}
