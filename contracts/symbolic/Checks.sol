// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CredentialLedger} from "../CredentialLedger.sol";
import {EctxCredits} from "../EctxCredits.sol";
import {IEctxCredits} from "../IEctxCredits.sol";

/// @dev The few cheat codes that Halmos needs.
interface Vm {
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function assume(bool condition) external pure;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev Proved by Halmos over all values of the arguments, not over samples of them: `python scripts/analyse.py`. Each
/// check starts from a ledger with two issuers, one key for both roles of each, and one anchor of each: of 600 entries, and
/// of one, whose inclusion proof is empty. SHA-256 and ecrecover are functions that nothing is known of, so that a proof
/// holds whatever they answer.
contract SymbolicChecks {
    address internal constant ADMIN = address(0xA0);
    address internal constant KEY = address(0xB0);
    uint64 internal constant SIZE = 600;
    uint48 internal constant NOW = 1_800_000_000;
    bytes32 internal constant ROOT = keccak256("root");

    CredentialLedger internal ledger;
    EctxCredits internal credits;

    function setUp() public {
        vm.warp(NOW);
        ledger = new CredentialLedger();
        vm.prank(ADMIN);
        ledger.register("University", "", 0);
        vm.prank(ADMIN);
        ledger.addKey(1, KEY, 3);
        vm.prank(KEY);
        ledger.anchor(1, 1, SIZE, ROOT);
        vm.prank(ADMIN);
        ledger.register("College", "", 0);
        vm.prank(ADMIN);
        ledger.addKey(2, KEY, 3);
        vm.prank(KEY);
        ledger.anchor(2, 1, 1, ROOT);
        credits = new EctxCredits(address(ledger));
    }

    // -------------------------------------------------------------------------------------------------- anchors

    /// @dev Whoever anchors whatever: it succeeds only for the key, with the next sequence, a larger size, a new root.
    function check_anchor_onlyExtends(address sender, uint64 sequence, uint64 size, bytes32 root) public {
        vm.prank(sender);
        try ledger.anchor(1, sequence, size, root) {
            assert(sender == KEY && sequence == 2 && size > SIZE && size < 2 ** 48 && root != 0 && root != ROOT);
            (uint64 headSequence, uint64 headSize) = ledger.head(1);
            assert(headSequence == 2 && headSize == size);
            (uint64 found, uint64 foundSize, uint64 previousSize, uint64 time,,) = ledger.anchorOf(1, root);
            assert(found == 2 && foundSize == size && previousSize == SIZE && time == block.timestamp);
        } catch {
            (uint64 headSequence, uint64 headSize) = ledger.head(1);
            assert(headSequence == 1 && headSize == SIZE);
        }
        (uint64 first, uint64 firstSize, uint64 before, uint64 at,,) = ledger.anchorOf(1, ROOT);
        assert(first == 1 && firstSize == SIZE && before == 0 && at == NOW);
    }

    // --------------------------------------------------------------------------------------------------- status

    /// @dev Revocations are written by the key alone, at anchored words, and set exactly the bits of the mask.
    function check_revoke_byKeyAndWithinLog(address sender, uint64 word, uint256 mask, uint256 other) public {
        vm.assume(other <= 2);
        uint256 before = _word(0, uint64(other));
        vm.prank(sender);
        try ledger.revoke(1, _words(word), _masks(mask), 0) {
            assert(sender == KEY && word <= 2 && mask != 0);
            uint256 expected = other == word ? before | mask : before;
            assert(_word(0, uint64(other)) == expected);
            if (word == 2) assert(mask < 2 ** (SIZE - 512));
        } catch {
            assert(_word(0, uint64(other)) == before);
        }
    }

    /// @dev Neither the key nor anybody else takes a revocation back: suspending and reinstating leave it, and annulling
    /// needs a status key that was retired as compromised.
    function check_revocation_stays(address sender, uint256 revoked, uint256 mask, uint8 act) public {
        vm.assume(revoked != 0);
        vm.prank(KEY);
        ledger.revoke(1, _words(0), _masks(revoked), 0);
        vm.prank(sender);
        if (act == 0) try ledger.suspend(1, _words(0), _masks(mask), 0) {} catch {}
        else if (act == 1) try ledger.reinstate(1, _words(0), _masks(mask), 0) {} catch {}
        else if (act == 2) try ledger.revoke(1, _words(0), _masks(mask), 0) {} catch {}
        else try ledger.annul(1, _words(0), _masks(mask)) {} catch {}
        assert(_word(0, 0) & revoked == revoked);
    }

    /// @dev A date of compromise is never raised and never taken back.
    function check_compromise_onlyLowered(address sender, uint48 first, uint48 second) public {
        vm.assume(first != 0 && first <= NOW);
        vm.prank(ADMIN);
        ledger.retireKey(1, KEY, first);
        vm.prank(sender);
        try ledger.retireKey(1, KEY, second) {
            assert(sender == ADMIN && second != 0 && second < first);
        } catch {}
        (,,,, uint48 since) = ledger.keyAt(1, 0);
        assert(since != 0 && since <= first);
    }

    // --------------------------------------------------------------------------------------------------- claims

    /// @dev Nothing moves a token or lets anybody move one, whoever asks, whatever for.
    function check_token_neverMoves(address sender, address from, address to, uint256 token, uint8 way) public {
        vm.prank(sender);
        if (way == 0) try credits.transferFrom(from, to, token) { assert(false); } catch {}
        else if (way == 1) try credits.safeTransferFrom(from, to, token) { assert(false); } catch {}
        else if (way == 2) try credits.safeTransferFrom(from, to, token, "") { assert(false); } catch {}
        else if (way == 3) try credits.approve(to, token) { assert(false); } catch {}
        else try credits.setApprovalForAll(to, true) { assert(false); } catch {}
    }

    /// @dev A claim that succeeds is of the entry's holder, with credits, in time and below the size of its anchor; and
    /// the same commitment never makes a second token, whatever index, root, path or signature come with it.
    function check_claim_onceForItsHolder(
        IEctxCredits.Entry memory e,
        uint64 deadline,
        bytes32 r,
        bytes32 s,
        uint8 v,
        uint64 index,
        bytes32 root
    ) public {
        vm.assume(e.issuer == 2);
        bytes memory signature = abi.encodePacked(r, s, v);
        bytes32[] memory path = new bytes32[](0);
        uint256 token = uint256(credits.commitmentOf(e));
        try credits.claim(e, path, deadline, signature) {
            assert(e.holder != address(0) && e.credits != 0 && e.creditId != 0);
            assert(e.index == 0 && e.root == ROOT && block.timestamp <= deadline);
            assert(credits.ownerOf(token) == e.holder);
            e.index = index;
            e.root = root;
            try credits.claim(e, path, deadline, signature) { assert(false); } catch {}
        } catch {}
    }

    /// @dev What was never claimed is never redeemed, nor given up, whoever asks.
    function check_redeem_onlyWhatWasClaimed(address sender, uint256 token, uint64 receiver, bytes32 award) public {
        vm.prank(sender);
        try credits.redeem(token, receiver, award, NOW, "") { assert(false); } catch {}
        vm.prank(sender);
        try credits.burn(token) { assert(false); } catch {}
        assert(credits.stateOf(token) == IEctxCredits.State.None);
    }

    function _word(uint8 purpose, uint64 word) private view returns (uint256 value) {
        return ledger.statusWords(1, purpose, word, 1)[0];
    }

    function _words(uint64 word) private pure returns (uint64[] memory words) {
        words = new uint64[](1);
        words[0] = word;
    }

    function _masks(uint256 mask) private pure returns (uint256[] memory masks) {
        masks = new uint256[](1);
        masks[0] = mask;
    }
}
