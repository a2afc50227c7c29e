// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IEctxCredits} from "../IEctxCredits.sol";
import {IERC5192, IERC5484, IERC721} from "../TokenStandards.sol";
import {Consent} from "../Consent.sol";
import {CreditsTest, Request} from "./CreditsBase.sol";
import {Trees} from "./Trees.sol";
import {Wallet} from "./Wallet.sol";
import {deployCredits, vm} from "./Base.sol";

contract ClaimTest is CreditsTest {
    /// @dev So that `expectRevert` sees one call, whatever `_claim` asks on the way.
    function _claimReverts(Request memory r, bytes memory reason) private {
        _reverts(reason);
        vm.prank(COURIER);
        credits.claim(r.entry, r.path, r.deadline, r.signature);
    }

    function _good() private returns (Request memory r) {
        return _request(_issue(alice, 500, CREDIT), ALICE_KEY);
    }

    function _notIncluded(Request memory r) private view returns (bytes memory reason) {
        return abi.encodeWithSelector(
            IEctxCredits.NotIncluded.selector, _commitment(r.entry), r.entry.index, leaves.length
        );
    }

    function _consentInvalid(Request memory r) private view returns (bytes memory reason) {
        return abi.encodeWithSelector(
            IEctxCredits.ConsentInvalid.selector,
            r.entry.holder,
            credits.claimDigest(_commitment(r.entry), r.deadline)
        );
    }

    // ------------------------------------------------------------------------------------------ what must work

    function test_claim_makesTheTokenAndSaysSo() public {
        Request memory r = _good();
        uint256 tokenId = uint256(_commitment(r.entry));
        _emitsFromCredits();
        emit IERC721.Transfer(address(0), alice, tokenId);
        _emitsFromCredits();
        emit IERC5192.Locked(tokenId);
        _emitsFromCredits();
        emit IERC5484.Issued(KEY, alice, tokenId, IERC5484.BurnAuth.OwnerOnly);
        _emitsFromCredits();
        emit IEctxCredits.Claimed(tokenId, ISSUER, alice, 2, 500, CREDIT);
        _claim(r);

        vm.assertEq(credits.ownerOf(tokenId), alice);
        vm.assertEq(credits.balanceOf(alice), 1);
        vm.assertEq(credits.tokenOfCredit(ISSUER, CREDIT), tokenId);
        vm.assertEq(credits.tokenCount(alice, ISSUER), 1);
        vm.assertEq(credits.tokensOf(alice, ISSUER, 0, 9)[0], tokenId);
        _isTotal(alice, 500, 0);
        _isState(tokenId, IEctxCredits.State.Counted);
        IEctxCredits.Token memory token = credits.tokenOf(tokenId);
        IEctxCredits.Token memory expected =
            IEctxCredits.Token(alice, 2, NOW, uint48(ISSUER), 500, 0, 0, 0, false, false);
        vm.assertEq(keccak256(abi.encode(token)), keccak256(abi.encode(expected)));
    }

    function test_commitmentOf_isThatOfTheSpecification(IEctxCredits.Entry calldata entry) public view {
        vm.assertEq(credits.commitmentOf(entry), _commitment(entry));
    }

    function test_claim_ofAnyEntryOfAnyAnchor(uint8 before, uint8 inside, uint8 place, uint64 amount) public {
        inside = 1 + inside % 20;
        place = place % inside;
        if (amount == 0) amount = 1;
        _fill(before % 20);
        if (before % 20 != 0) _seal();
        _fill(place);
        IEctxCredits.Entry memory e = _accept(alice, amount, CREDIT);
        _fill(inside - place - 1);
        _seal();
        e.root = root;
        _claim(_request(e, ALICE_KEY));
        _isTotal(alice, amount, 0);
    }

    function test_claim_atLastSecondOfConsent() public {
        Request memory r = _good();
        vm.warp(DEADLINE);
        _claim(r);
    }

    function test_claim_underIntroducingAnchorAfterLaterOnes() public {
        Request memory r = _good();
        _fill(5);
        _seal();
        _claim(r);
    }

    function test_claim_afterRoutineRetirementAndSuccession() public {
        Request memory r = _good();
        _retireKey(KEY, 0);
        _succeed();
        _claim(r);
    }

    function test_claim_ofEntryAnchoredBeforeCompromise() public {
        Request memory r = _good();
        vm.warp(NOW + 1);
        _retireKey(KEY, NOW + 1);
        _claim(r);
    }

    function test_claim_afterReinstatementAndAnnulment() public {
        Request memory r = _good();
        _suspend(r.entry.index);
        _revoke(r.entry.index);
        _reinstate(r.entry.index);
        _annul(r.entry.index);
        _claim(r);
    }

    // -------------------------------------------------------------------------------------------- what must not

    function test_constructor_revertsWithNoLedger() public {
        _reverts(abi.encodeWithSelector(IEctxCredits.NoLedger.selector, STRANGER));
        this.deployFor(STRANGER);
    }

    function deployFor(address ledgerAddress) external {
        deployCredits(ledgerAddress);
    }

    function test_claim_revertsWithZeroHolderCreditsAndCreditId() public {
        Request memory r = _good();
        r.entry.holder = address(0);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.ZeroHolder.selector));
        r.entry.holder = alice;
        r.entry.credits = 0;
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.ZeroCredits.selector));
        r.entry.credits = 500;
        r.entry.creditId = 0;
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.ZeroCreditId.selector));
    }

    function test_claim_revertsWithPathTooLong() public {
        Request memory r = _good();
        r.path = new bytes32[](49);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.PathTooLong.selector, 49, 48));
        r.path = new bytes32[](48);
        _claimReverts(r, _notIncluded(r));
    }

    function test_claim_revertsWithRootNotAnchored(bytes32 other, uint64 issuer) public {
        Request memory r = _good();
        bytes32 known = r.entry.root;
        if (other != known) {
            r.entry.root = other;
            _claimReverts(r, abi.encodeWithSelector(IEctxCredits.RootNotAnchored.selector, ISSUER, other));
        }
        if (issuer != ISSUER) {
            r.entry.root = known;
            r.entry.issuer = issuer;
            _claimReverts(r, abi.encodeWithSelector(IEctxCredits.RootNotAnchored.selector, issuer, known));
        }
    }

    function test_claim_revertsWithIndexBeyondSize(uint64 index) public {
        Request memory r = _good();
        if (index < 5) index = 5 + index;
        r.entry.index = index;
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.IndexBeyondSize.selector, index, 5));
    }

    function test_claim_revertsWithNotIntroducingAnchor() public {
        Request memory r = _good();
        _fill(3);
        _seal();
        r.entry.root = root;
        r.path = Trees.path(leaves, r.entry.index);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.NotIntroducingAnchor.selector, 2, 5));
    }

    function test_claim_revertsWithNotIncludedForEveryAlteredField() public {
        Request memory r = _good();
        r.entry.holder = bob;
        r.signature = _sign(BOB_KEY, credits.claimDigest(_commitment(r.entry), DEADLINE));
        _claimReverts(r, _notIncluded(r));
        r.entry.holder = alice;
        r.entry.credits = 501;
        _claimReverts(r, _notIncluded(r));
        r.entry.credits = 500;
        r.entry.creditId = bytes16(uint128(78));
        _claimReverts(r, _notIncluded(r));
        r.entry.creditId = CREDIT;
        r.entry.salt = ~r.entry.salt;
        _claimReverts(r, _notIncluded(r));
        r.entry.salt = ~r.entry.salt;
        r.entry.claimsRoot = ~r.entry.claimsRoot;
        _claimReverts(r, _notIncluded(r));
        r.entry.claimsRoot = ~r.entry.claimsRoot;
        _claim(_request(r.entry, ALICE_KEY));
    }

    function test_claim_revertsWithNotIncludedAtAnotherIndex(uint64 index) public {
        Request memory r = _good();
        index = index % 5;
        if (index == r.entry.index) return;
        r.entry.index = index;
        _claimReverts(r, _notIncluded(r));
        r.path = Trees.path(leaves, index);
        _claimReverts(r, _notIncluded(r));
    }

    function test_claim_revertsWithNotIncludedForAnotherLog() public {
        Request memory r = _good();
        vm.prank(STRANGER);
        ledger.addKey(RECEIVER, KEY, ANCHOR);
        vm.prank(KEY);
        ledger.anchor(RECEIVER, 1, 5, root);
        r.entry.issuer = RECEIVER;
        _claimReverts(r, _notIncluded(r));
    }

    function test_claim_revertsWithNotIncludedForWrongPaths(uint256 place, bytes32 change) public {
        Request memory r = _good();
        if (change == 0) change = bytes32(uint256(1));
        r.path[place % r.path.length] ^= change;
        _claimReverts(r, _notIncluded(r));
        r.path = new bytes32[](0);
        _claimReverts(r, _notIncluded(r));
    }

    function test_claim_revertsWithAnchorKeyCompromised() public {
        Request memory r = _good();
        _retireKey(KEY, NOW);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AnchorKeyCompromised.selector, ISSUER, 0));
    }

    function test_claim_revertsWithEntryRevokedAndSuspended() public {
        Request memory r = _good();
        _suspend(r.entry.index);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.EntrySuspended.selector, ISSUER, 2));
        _revoke(r.entry.index);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.EntryRevoked.selector, ISSUER, 2));
    }

    function test_claim_readsTheRightBit(uint16 index, uint16 other) public {
        index = index % 600;
        other = other % 601;
        if (index == other) return;
        _fill(index);
        IEctxCredits.Entry memory e = _accept(alice, 500, CREDIT);
        _fill(600 - index);
        _seal();
        e.root = root;
        Request memory r = _request(e, ALICE_KEY);
        _revoke(other);
        _suspend(other);
        _suspend(index);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.EntrySuspended.selector, ISSUER, index));
        _reinstate(index);
        _claim(r);
    }

    // ------------------------------------------------------------------------------------------------- consent

    function test_claim_revertsWithConsentExpired() public {
        Request memory r = _good();
        vm.warp(DEADLINE + 1);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.ConsentExpired.selector, DEADLINE, DEADLINE + 1));
    }

    function test_claim_revertsWithConsentInvalidForOtherTexts() public {
        Request memory r = _good();
        bytes32 digest = credits.claimDigest(_commitment(r.entry), DEADLINE);
        r.signature = _sign(BOB_KEY, digest);
        _claimReverts(r, _consentInvalid(r));
        r.signature = _sign(ALICE_KEY, credits.claimDigest(~_commitment(r.entry), DEADLINE));
        _claimReverts(r, _consentInvalid(r));
        r.signature = _sign(ALICE_KEY, credits.claimDigest(_commitment(r.entry), DEADLINE + 1));
        _claimReverts(r, _consentInvalid(r));
        r.signature = _sign(ALICE_KEY, digest);
        r.deadline = DEADLINE + 1;
        _claimReverts(r, _consentInvalid(r));
    }

    function test_claim_revertsWithConsentInvalidForAnotherContract() public {
        Request memory r = _good();
        IEctxCredits twin = deployCredits(address(ledger));
        r.signature = _sign(ALICE_KEY, twin.claimDigest(_commitment(r.entry), DEADLINE));
        _claimReverts(r, _consentInvalid(r));
    }

    function test_claim_revertsWithConsentInvalidForWrongForms(bytes calldata noise) public {
        Request memory r = _good();
        (uint8 v, bytes32 x, bytes32 s) = vm.sign(ALICE_KEY, credits.claimDigest(_commitment(r.entry), DEADLINE));
        bytes32 highS = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
        r.signature = abi.encodePacked(x, highS, v == 27 ? 28 : 27);
        vm.assertTrue(uint256(highS) > Consent.MAX_S);
        _claimReverts(r, _consentInvalid(r));
        r.signature = abi.encodePacked(x, s, v - 27);
        _claimReverts(r, _consentInvalid(r));
        r.signature = abi.encodePacked(x, s);
        _claimReverts(r, _consentInvalid(r));
        r.signature = abi.encodePacked(x, s, v, uint8(0));
        _claimReverts(r, _consentInvalid(r));
        r.signature = new bytes(65);
        _claimReverts(r, _consentInvalid(r));
        r.signature = noise;
        _claimReverts(r, _consentInvalid(r));
        r.signature = abi.encodePacked(x, s, v);
        _claim(r);
    }

    function test_digests_areThoseOfTheSpecification(uint256 tokenId, uint64 receiver, bytes32 award, uint64 deadline)
        public
        view
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Rootseal"),
                keccak256("1"),
                block.chainid,
                address(credits)
            )
        );
        bytes32 claiming =
            keccak256(abi.encode(keccak256("Claim(bytes32 commitment,uint64 deadline)"), tokenId, deadline));
        bytes32 redeeming = keccak256(
            abi.encode(
                keccak256("Redeem(uint256 tokenId,uint64 receiver,bytes32 award,uint64 deadline)"),
                tokenId,
                receiver,
                award,
                deadline
            )
        );
        vm.assertEq(
            credits.claimDigest(bytes32(tokenId), deadline), keccak256(abi.encodePacked(hex"1901", domain, claiming))
        );
        vm.assertEq(
            credits.redeemDigest(tokenId, receiver, award, deadline),
            keccak256(abi.encodePacked(hex"1901", domain, redeeming))
        );
    }

    function test_claim_withConsentOfAContract() public {
        Wallet wallet = new Wallet();
        Request memory r = _request(_issue(address(wallet), 500, CREDIT), ALICE_KEY);
        r.signature = "anything the wallet understands";
        for (uint8 answer = 0; answer < 5; ++answer) {
            wallet.set(Wallet.Answer(answer), r.signature, credits.claimDigest(_commitment(r.entry), DEADLINE));
            if (answer != 0) _claimReverts(r, _consentInvalid(r));
        }
        wallet.set(Wallet.Answer.Yes, r.signature, credits.claimDigest(_commitment(r.entry), DEADLINE));
        r.signature = "anything else";
        _claimReverts(r, _consentInvalid(r));
        r.signature = "anything the wallet understands";
        _claim(r);
        vm.assertEq(credits.ownerOf(uint256(_commitment(r.entry))), address(wallet));
    }

    /// @dev EIP-7702: an account with a key may have code, which need not know ERC-1271.
    function test_claim_withConsentByKeyOfAnAccountWithCode() public {
        Request memory r = _good();
        vm.etch(alice, hex"fe");
        _claim(r);
    }

    // ----------------------------------------------------------------------------------- once, and issued again

    function test_claim_revertsWithAlreadyClaimed() public {
        Request memory r = _good();
        uint256 tokenId = _claim(r);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyClaimed.selector, tokenId));
        vm.prank(alice);
        credits.burn(tokenId);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyClaimed.selector, tokenId));
    }

    /// @dev The same commitment stands in the log twice, and the first place is revoked after it was claimed.
    function test_claim_revertsWithAlreadyClaimedAtAnotherIndex() public {
        Request memory r = _good();
        uint256 tokenId = _claim(r);
        leaves.push(_leafOf(r.entry));
        _seal();
        r.entry.index = 5;
        r.entry.root = root;
        r.path = Trees.path(leaves, 5);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyClaimed.selector, tokenId));
        _revoke(2);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyClaimed.selector, tokenId));
    }

    function test_claim_againRevertsWithEarlierEntryNotRevoked() public {
        (uint256 earlier, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        for (uint256 copy = 0; copy < 3; ++copy) {
            Request memory r = _request(_issue(alice, 500, CREDIT), ALICE_KEY);
            _claimReverts(r, abi.encodeWithSelector(IEctxCredits.EarlierEntryNotRevoked.selector, earlier));
        }
        _suspend(e.index);
        Request memory last = _request(_issue(bob, 500, CREDIT), BOB_KEY);
        _claimReverts(last, abi.encodeWithSelector(IEctxCredits.EarlierEntryNotRevoked.selector, earlier));
        _isTotal(alice, 0, 0);
    }

    function test_claim_againVoidsTheEarlierTokenForEver() public {
        (uint256 earlier, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _revoke(e.index);
        Request memory r = _request(_issue(bob, 600, CREDIT), BOB_KEY);
        _emitsFromCredits();
        emit IEctxCredits.Voided(earlier, uint256(_commitment(r.entry)));
        uint256 later = _claim(r);
        _isState(earlier, IEctxCredits.State.Voided);
        _annul(e.index);
        _isState(earlier, IEctxCredits.State.Voided);
        _isState(later, IEctxCredits.State.Counted);
        _isTotal(alice, 0, 0);
        _isTotal(bob, 600, 0);
        vm.assertEq(credits.ownerOf(earlier), alice);
        vm.assertEq(credits.tokenOfCredit(ISSUER, CREDIT), later);
        _redeemReverts(earlier, ALICE_KEY, abi.encodeWithSelector(IEctxCredits.TokenVoided.selector, earlier));
        // The later one revoked as well: the earlier one stays void, and a third entry replaces the later.
        _revoke(r.entry.index);
        _isState(earlier, IEctxCredits.State.Voided);
        (uint256 third,) = _claimFor(alice, ALICE_KEY, 700, CREDIT);
        _isState(later, IEctxCredits.State.Voided);
        _isState(third, IEctxCredits.State.Counted);
        _isTotal(alice, 700, 0);
    }

    function test_claim_againRevertsWithAlreadyRedeemed() public {
        (uint256 earlier, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        _redeem(earlier, ALICE_KEY);
        _revoke(e.index);
        Request memory r = _request(_issue(alice, 500, CREDIT), ALICE_KEY);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyRedeemed.selector, earlier, RECEIVER));
        vm.prank(alice);
        credits.burn(earlier);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.AlreadyRedeemed.selector, earlier, RECEIVER));
    }

    function test_claim_againAfterBurningStillNeedsRevocation() public {
        (uint256 earlier, IEctxCredits.Entry memory e) = _claimFor(alice, ALICE_KEY, 500, CREDIT);
        vm.prank(alice);
        credits.burn(earlier);
        Request memory r = _request(_issue(alice, 500, CREDIT), ALICE_KEY);
        _claimReverts(r, abi.encodeWithSelector(IEctxCredits.EarlierEntryNotRevoked.selector, earlier));
        _revoke(e.index);
        _claim(r);
        _isState(earlier, IEctxCredits.State.Burned);
        _isTotal(alice, 500, 0);
    }

    function test_claim_ofSameCreditIdOfAnotherIssuer() public {
        _claimFor(alice, ALICE_KEY, 500, CREDIT);
        vm.prank(STRANGER);
        ledger.addKey(RECEIVER, KEY, ANCHOR);
        IEctxCredits.Entry memory e =
            IEctxCredits.Entry(RECEIVER, 0, 0, keccak256("other"), bytes16(uint128(5)), alice, 300, CREDIT);
        e.root = _leafOf(e);
        vm.prank(KEY);
        ledger.anchor(RECEIVER, 1, 1, e.root);
        Request memory r;
        r.entry = e;
        r.deadline = DEADLINE;
        r.signature = _sign(ALICE_KEY, credits.claimDigest(_commitment(e), DEADLINE));
        _claim(r);
        _isTotal(alice, 500, 0);
        (uint256 counted,) = credits.creditsOf(alice, RECEIVER, 0, 1);
        vm.assertEq(counted, 300);
        vm.assertEq(credits.balanceOf(alice), 2);
    }
}
