// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {IEctxCredits} from "../IEctxCredits.sol";
import {Trees} from "./Trees.sol";
import {deployCredits, deployLedger, vm} from "./Base.sol";

/// @dev Issues, claims, revokes, redeems and burns in every order, rightly and wrongly, and keeps a book of its own by the
/// plain rules: what may succeed, and what every token is worth.
contract CreditsHandler {
    uint64 public constant HOLDERS = 3;
    uint64 public constant CREDITS = 4;
    uint64 private constant ISSUER = 1;
    uint64 private constant RECEIVERS = 2;
    address private constant ADMIN = address(0xA0);
    address private constant STATUS_KEY = address(0xB0);

    struct Known {
        IEctxCredits.Entry entry;
        bytes32 commitment;
        uint64 size; // of the introducing anchor
        uint48 anchoredAt;
        uint16 keyIndex;
    }

    ICredentialLedger public immutable ledger;
    IEctxCredits public immutable credits;

    bytes32[] private _leaves;
    Known[] private _known;
    mapping(uint64 index => bool) private _revoked;
    mapping(uint64 index => bool) private _suspended;
    address[] private _anchorKeys; // by position in the ledger; the first position is the status key's
    mapping(uint16 keyIndex => uint48) private _compromisedSince;

    bytes32[] private _minted;
    mapping(bytes32 commitment => uint256) private _claimOf; // position in _known + 1
    mapping(bytes16 creditId => bytes32) private _last;
    mapping(bytes32 commitment => bool) private _voided;
    mapping(bytes32 commitment => bool) private _burned;
    mapping(bytes32 commitment => bool) private _redeemed;
    mapping(bytes16 creditId => bool) private _creditRedeemed;
    uint256 public refusals;

    constructor(ICredentialLedger ledger_, IEctxCredits credits_) {
        ledger = ledger_;
        credits = credits_;
        vm.prank(ADMIN);
        ledger.register("A", "", 0);
        vm.prank(ADMIN);
        ledger.register("B", "", 0);
        vm.prank(ADMIN);
        ledger.addKey(1, STATUS_KEY, 2);
        vm.prank(ADMIN);
        ledger.addKey(2, STATUS_KEY, 2);
        _anchorKeys.push(STATUS_KEY);
        // Annulment is open from the start.
        vm.prank(ADMIN);
        ledger.addKey(1, address(0xDEAD), 2);
        vm.prank(ADMIN);
        ledger.retireKey(1, address(0xDEAD), 1);
        _anchorKeys.push(address(0xDEAD));
        _addAnchorKey();
    }

    // ------------------------------------------------------------------------------------------------ actions

    /// @dev One to three new entries, sometimes a copy of an old commitment, under one anchor.
    function issue(uint256 seed) external {
        vm.warp(block.timestamp + seed % 3);
        uint64 first = uint64(_leaves.length);
        uint256 count = 1 + seed % 3;
        uint256 start = _known.length;
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            Known memory k;
            if (seed % 5 == 0 && start != 0) {
                k = _known[(seed >> 8) % start];
            } else {
                k.entry = IEctxCredits.Entry(
                    ISSUER,
                    0,
                    0,
                    bytes32(seed),
                    bytes16(uint128(seed)),
                    vm.addr(_key(seed >> 16)),
                    uint64(1 + (seed >> 24) % 1_000),
                    bytes16(uint128(1 + (seed >> 40) % CREDITS))
                );
                k.commitment = credits.commitmentOf(k.entry);
            }
            k.entry.index = uint64(_leaves.length);
            k.size = first + uint64(count);
            _leaves.push(sha256(abi.encodePacked(bytes1(0x00), k.commitment)));
            _known.push(k);
        }
        bytes32 root = Trees.root(_leaves);
        _anchor(root);
        for (uint256 i = start; i < _known.length; ++i) {
            _known[i].entry.root = root;
            _known[i].anchoredAt = uint48(block.timestamp);
            _known[i].keyIndex = uint16(_anchorKeys.length - 1);
        }
    }

    /// @dev Mistakes 1 to 6 are made, others mean that none is.
    function claim(uint256 seed, uint8 mistake) external {
        if (_known.length == 0) return;
        uint256 place = seed % _known.length;
        Known memory k = _known[place];
        bytes32[] memory path = _path(k, mistake == 6);
        uint64 deadline = uint64(block.timestamp);
        uint256 key = _keyOf(k.entry.holder);
        bytes memory signature = _sign(mistake == 1 ? 0xBAD : key, credits.claimDigest(k.commitment, deadline));
        if (mistake == 2) {
            uint64 index = k.entry.index;
            k.entry.index = index == 0 ? 1 : index - 1;
            // Beside its copy in one anchor a commitment may be rightly claimed from either place.
            if (k.entry.index < _leaves.length && _leaves[k.entry.index] == _leaves[index]) return;
        }
        if (mistake == 3) ++k.entry.credits;
        if (mistake == 4) k.entry.holder = vm.addr(key % HOLDERS + 1);
        if (mistake == 5) k.entry.root = _known[_known.length - 1].entry.root;
        bytes32 earlier = _last[k.entry.creditId];
        bool right = mistake == 0 || mistake > 6 || mistake == 5 && k.entry.root == _known[place].entry.root;
        right = right && _claimOf[k.commitment] == 0 && _entryIsGood(_known[place])
            && !_creditRedeemed[k.entry.creditId]
            && (earlier == 0 || _revoked[_known[_claimOf[earlier] - 1].entry.index]);
        try credits.claim(k.entry, path, deadline, signature) {
            require(right, "claimed against the rules");
            if (earlier != 0) _voided[earlier] = true;
            _last[k.entry.creditId] = k.commitment;
            _claimOf[k.commitment] = place + 1;
            _minted.push(k.commitment);
        } catch {
            require(!right, "refused by mistake");
            ++refusals;
        }
    }

    function status(uint256 seed, uint8 act) external {
        if (_leaves.length == 0) return;
        uint64 index = uint64(seed % _leaves.length);
        uint64[] memory words = new uint64[](1);
        uint256[] memory masks = new uint256[](1);
        (words[0], masks[0]) = (index >> 8, 1 << (index & 255));
        act = act % 5;
        vm.prank(act == 4 ? ADMIN : STATUS_KEY);
        if (act == 0 || act == 1) {
            ledger.revoke(ISSUER, words, masks, 1);
            _revoked[index] = true;
        } else if (act == 2) {
            ledger.suspend(ISSUER, words, masks, 0);
            _suspended[index] = true;
        } else if (act == 3) {
            ledger.reinstate(ISSUER, words, masks, 0);
            _suspended[index] = false;
        } else {
            ledger.annul(ISSUER, words, masks);
            _revoked[index] = false;
        }
    }

    /// @dev Retires the anchor key, sometimes as compromised since a while ago, and adds another.
    function changeKey(uint256 seed) external {
        if (seed % 8 != 0) return;
        uint48 since = seed % 16 == 0 ? 0 : uint48(block.timestamp - (seed >> 8) % 3);
        uint16 keyIndex = uint16(_anchorKeys.length - 1);
        vm.prank(ADMIN);
        ledger.retireKey(ISSUER, _anchorKeys[keyIndex], since);
        _compromisedSince[keyIndex] = since;
        _addAnchorKey();
    }

    function redeem(uint256 seed, uint8 mistake) external {
        if (_minted.length == 0) return;
        bytes32 c = _minted[seed % _minted.length];
        Known memory k = _known[_claimOf[c] - 1];
        uint64 receiver = 1 + uint64(seed >> 8) % RECEIVERS;
        uint64 deadline = uint64(block.timestamp);
        uint256 key = mistake == 1 ? 0xBAD : _keyOf(k.entry.holder);
        bytes memory signature = _sign(key, credits.redeemDigest(uint256(c), receiver, bytes32(seed), deadline));
        bool right = mistake != 1 && mistake != 2 && !_redeemed[c] && !_voided[c] && !_burned[c] && _entryIsGood(k);
        vm.prank(mistake == 2 ? ADMIN : STATUS_KEY);
        try credits.redeem(uint256(c), receiver, bytes32(seed), deadline, signature) {
            require(right, "redeemed against the rules");
            require(!_creditRedeemed[k.entry.creditId], "credits redeemed twice");
            _redeemed[c] = true;
            _creditRedeemed[k.entry.creditId] = true;
        } catch {
            require(!right, "refused by mistake");
            ++refusals;
        }
    }

    function burn(uint256 seed, bool byHolder) external {
        if (_minted.length == 0 || seed % 4 != 0) return;
        bytes32 c = _minted[(seed >> 8) % _minted.length];
        address holder = _known[_claimOf[c] - 1].entry.holder;
        vm.prank(byHolder ? holder : ADMIN);
        try credits.burn(uint256(c)) {
            require(byHolder && !_burned[c], "burned against the rules");
            _burned[c] = true;
        } catch {
            require(!byHolder || _burned[c], "refused by mistake");
            ++refusals;
        }
    }

    function move(uint256 seed, address to, uint8 way) external {
        if (_minted.length == 0) return;
        bytes32 c = _minted[seed % _minted.length];
        address holder = _known[_claimOf[c] - 1].entry.holder;
        bytes memory call;
        if (way % 5 == 0) call = abi.encodeCall(credits.transferFrom, (holder, to, uint256(c)));
        if (way % 5 == 1) call = abi.encodeCall(credits.approve, (to, uint256(c)));
        if (way % 5 == 2) call = abi.encodeCall(credits.setApprovalForAll, (to, true));
        if (way % 5 == 3) {
            call = abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", holder, to, uint256(c));
        }
        if (way % 5 == 4) {
            call = abi.encodeWithSignature(
                "safeTransferFrom(address,address,uint256,bytes)", holder, to, uint256(c), ""
            );
        }
        vm.prank(holder);
        (bool ok,) = address(credits).call(call);
        require(!ok, "moved or approved");
        ++refusals;
    }

    // ------------------------------------------------------------------------------------------------- checks

    function checkTokensNeverMove() external view {
        uint256[] memory balances = new uint256[](HOLDERS);
        for (uint256 i = 0; i < _minted.length; ++i) {
            bytes32 c = _minted[i];
            address holder = _known[_claimOf[c] - 1].entry.holder;
            require(credits.tokenOf(uint256(c)).holder == holder, "the record names another holder");
            if (_burned[c]) {
                try credits.ownerOf(uint256(c)) {
                    revert("a burned token has a holder");
                } catch {}
            } else {
                require(credits.ownerOf(uint256(c)) == holder, "a token moved");
                ++balances[_keyOf(holder) - 1];
            }
        }
        for (uint256 h = 1; h <= HOLDERS; ++h) {
            require(credits.balanceOf(vm.addr(h)) == balances[h - 1], "balance");
        }
    }

    function checkTotals() external view {
        for (uint256 h = 1; h <= HOLDERS; ++h) {
            uint256 expected;
            uint256 expectedRedeemed;
            for (uint256 i = 0; i < _minted.length; ++i) {
                bytes32 c = _minted[i];
                Known memory k = _known[_claimOf[c] - 1];
                if (k.entry.holder != vm.addr(h) || _burned[c] || _voided[c] || !_entryIsGood(k)) continue;
                expected += k.entry.credits;
                if (_redeemed[c]) expectedRedeemed += k.entry.credits;
            }
            uint256 sum;
            uint256 sumRedeemed;
            for (uint64 from = 0; from < credits.tokenCount(vm.addr(h), ISSUER); from += 2) {
                (uint256 counted, uint256 redeemed) = credits.creditsOf(vm.addr(h), ISSUER, from, 2);
                sum += counted;
                sumRedeemed += redeemed;
            }
            require(sum == expected, "counted credits differ from valid claims");
            require(sumRedeemed == expectedRedeemed, "redeemed credits differ from redemptions");
        }
    }

    function checkOneMintPerCommitment() external view {
        uint256 total;
        for (uint256 h = 1; h <= HOLDERS; ++h) {
            total += credits.tokenCount(vm.addr(h), ISSUER);
        }
        require(total == _minted.length, "lists differ from claims");
        for (uint256 i = 0; i < _minted.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                require(_minted[i] != _minted[j], "a commitment minted twice");
            }
        }
    }

    function checkOneTokenPerCredit() external view {
        for (uint128 id = 1; id <= CREDITS; ++id) {
            bytes16 creditId = bytes16(id);
            require(credits.tokenOfCredit(ISSUER, creditId) == uint256(_last[creditId]), "last token");
            uint256 live;
            uint256 redeemed;
            for (uint256 i = 0; i < _minted.length; ++i) {
                bytes32 c = _minted[i];
                if (_known[_claimOf[c] - 1].entry.creditId != creditId) continue;
                IEctxCredits.Token memory token = credits.tokenOf(uint256(c));
                if (!token.voided) ++live;
                if (token.redeemedAt != 0) ++redeemed;
                require((token.redeemedAt != 0) == _redeemed[c], "a redemption came or went by itself");
                require(token.voided == _voided[c] && token.burned == _burned[c], "flags");
            }
            require(live <= 1 && redeemed <= 1, "two tokens for the same credits");
        }
    }

    // ------------------------------------------------------------------------------------------------ private

    function _anchor(bytes32 root) private {
        (uint64 sequence,) = ledger.head(ISSUER);
        vm.prank(_anchorKeys[_anchorKeys.length - 1]);
        ledger.anchor(ISSUER, sequence + 1, uint64(_leaves.length), root);
    }

    function _addAnchorKey() private {
        address key = address(uint160(0xF000 + _anchorKeys.length));
        vm.prank(ADMIN);
        ledger.addKey(ISSUER, key, 1);
        _anchorKeys.push(key);
    }

    function _entryIsGood(Known memory k) private view returns (bool good) {
        uint48 since = _compromisedSince[k.keyIndex];
        return !_revoked[k.entry.index] && !_suspended[k.entry.index] && (since == 0 || k.anchoredAt < since);
    }

    function _path(Known memory k, bool tooLong) private view returns (bytes32[] memory path) {
        bytes32[] memory leaves = new bytes32[](k.size);
        for (uint256 i = 0; i < k.size; ++i) {
            leaves[i] = _leaves[i];
        }
        path = Trees.path(leaves, k.entry.index);
        if (tooLong) path = new bytes32[](path.length + 1);
    }

    function _key(uint256 seed) private pure returns (uint256 key) {
        return 1 + seed % HOLDERS;
    }

    function _keyOf(address holder) private pure returns (uint256 key) {
        for (key = 1; key <= HOLDERS; ++key) {
            if (vm.addr(key) == holder) return key;
        }
        revert("unknown holder");
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory signature) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}

contract CreditsInvariantsTest {
    bool public constant IS_TEST = true;

    CreditsHandler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        ICredentialLedger ledger = deployLedger();
        handler = new CreditsHandler(ledger, deployCredits(address(ledger)));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_aTokenNeverMoves() public view {
        handler.checkTokensNeverMove();
    }

    function invariant_countedCreditsAreThoseOfValidClaims() public view {
        handler.checkTotals();
    }

    function invariant_noCommitmentMintsTwice() public view {
        handler.checkOneMintPerCommitment();
    }

    function invariant_redemptionSurvivesAndCreditsCountOnce() public view {
        handler.checkOneTokenPerCredit();
    }
}
