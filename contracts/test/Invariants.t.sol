// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {deployLedger, vm} from "./Base.sol";

/// @dev Calls the ledger in every way, as anybody, and remembers what must be true from then on. Issuers 1 to 3; actors
/// 1 to 5 may become admins and keys of any of them. Each success is checked against an independent book of rights.
contract Handler {
    uint64 public constant ISSUERS = 3;
    uint64 public constant WORDS = 3;

    ICredentialLedger public immutable ledger;

    mapping(uint64 issuer => bytes32[]) private _roots;
    mapping(uint64 issuer => bytes32[]) private _anchors; // hash of all that anchorOf answered at once
    mapping(uint64 issuer => bytes32[]) private _documents; // hash of each entry
    mapping(uint64 issuer => mapping(address key => uint8)) private _activeRoles;
    mapping(uint64 issuer => address[]) private _keys;
    mapping(uint64 issuer => mapping(address key => uint256[3])) private _keyDates; // added, retired, compromised
    mapping(uint64 issuer => address) public admin;
    mapping(uint64 issuer => bool) public ended;
    mapping(uint64 issuer => bool) public annulmentOpen;
    mapping(uint64 issuer => mapping(uint8 purpose => mapping(uint64 word => uint256))) public bits;
    mapping(uint64 issuer => mapping(address accreditor => bytes32[])) private _accreditations;
    mapping(uint64 issuer => mapping(address accreditor => mapping(uint256 index => uint48))) private _endedAt;
    uint256 public successes;

    constructor(ICredentialLedger ledger_) {
        ledger = ledger_;
        for (uint64 i = 1; i <= ISSUERS; ++i) {
            address first = _actor(i);
            vm.prank(first);
            ledger.register("U", "", bytes32(uint256(i)));
            admin[i] = first;
            _noteDocument(i);
            for (uint160 k = 1; k <= 3; ++k) {
                vm.prank(first);
                ledger.addKey(i, _actor(i + k), uint8(k));
                _noteKey(i, _actor(i + k), uint8(k));
            }
        }
    }

    modifier later(uint256 seed) {
        vm.warp(block.timestamp + seed % 3);
        vm.roll(block.number + seed % 2);
        _;
    }

    // ------------------------------------------------------------------------------------------------ actions

    function anchor(uint256 seed, uint64 issuer, uint64 growth, uint256 rootSeed) external later(seed) {
        issuer = _issuer(issuer);
        (uint64 sequence, uint64 size) = ledger.head(issuer);
        uint64 newSize = size + growth % 120;
        bytes32 root = bytes32(rootSeed % 200);
        address key = _keyOrActor(issuer, seed);
        vm.prank(key);
        try ledger.anchor(issuer, seed % 7 == 0 ? sequence : sequence + 1, newSize, root) {
            require(_activeRoles[issuer][key] & 1 != 0, "anchored without the role");
            require(!ended[issuer] && newSize > size && root != 0, "anchored against the rules");
            _roots[issuer].push(root);
            _anchors[issuer].push(anchorHash(issuer, root));
            ++successes;
        } catch {}
    }

    function status(uint256 seed, uint64 issuer, uint8 act, uint64 word, uint256 mask) external later(seed) {
        issuer = _issuer(issuer);
        word = word % WORDS;
        mask = 1 << (mask % 256);
        uint64[] memory words = new uint64[](1);
        uint256[] memory masks = new uint256[](1);
        (words[0], masks[0]) = (word, mask);
        address key = _keyOrActor(issuer, seed);
        (, uint64 size) = ledger.head(issuer);
        bool ok;
        vm.prank(key);
        if (act % 3 == 0) {
            try ledger.revoke(issuer, words, masks, act % 2) {
                ok = true;
                bits[issuer][0][word] |= mask;
            } catch {}
        } else if (act % 3 == 1) {
            try ledger.suspend(issuer, words, masks, 0) {
                ok = true;
                bits[issuer][1][word] |= mask;
            } catch {}
        } else {
            try ledger.reinstate(issuer, words, masks, 0) {
                ok = true;
                bits[issuer][1][word] &= ~mask;
            } catch {}
        }
        uint256 reach = size <= uint256(word) << 8 ? 0 : size - (uint256(word) << 8);
        bool allowed = _activeRoles[issuer][key] & 2 != 0 && (reach > 255 || mask < 1 << reach);
        require(ok == allowed, "status right or bound is wrong");
        if (ok) ++successes;
    }

    function annul(uint256 seed, uint64 issuer, uint64 word, uint256 mask) external later(seed) {
        issuer = _issuer(issuer);
        uint64[] memory words = new uint64[](1);
        uint256[] memory masks = new uint256[](1);
        (words[0], masks[0]) = (word % WORDS, 1 << (mask % 256));
        address sender = seed % 3 == 0 ? _actor(seed) : admin[issuer];
        vm.prank(sender);
        try ledger.annul(issuer, words, masks) {
            require(sender == admin[issuer] && annulmentOpen[issuer], "annulled without the right");
            bits[issuer][0][words[0]] &= ~masks[0];
            ++successes;
        } catch {}
    }

    function addKey(uint256 seed, uint64 issuer, uint256 keySeed, uint8 roles) external later(seed) {
        issuer = _issuer(issuer);
        address key = _actor(keySeed);
        address sender = seed % 3 == 0 ? _actor(seed) : admin[issuer];
        vm.prank(sender);
        try ledger.addKey(issuer, key, roles % 5) {
            require(sender == admin[issuer], "added without the right");
            require(_keyDates[issuer][key][0] == 0, "added twice");
            _noteKey(issuer, key, roles % 5);
            ++successes;
        } catch {}
    }

    function retireKey(uint256 seed, uint64 issuer, uint256 keySeed, uint48 since) external later(seed) {
        if (keySeed % 4 != 0) return; // keys shall live for a while
        issuer = _issuer(issuer);
        address key = _actor(keySeed / 4);
        since = seed % 2 == 0 ? 0 : uint48(block.timestamp) + 1 - since % 100;
        address sender = seed % 3 == 0 ? _actor(seed) : admin[issuer];
        (, uint8 roles,,,) = ledger.keyOf(issuer, key);
        vm.prank(sender);
        try ledger.retireKey(issuer, key, since) {
            require(sender == admin[issuer] && since <= block.timestamp, "retired without the right");
            uint256[3] storage dates = _keyDates[issuer][key];
            require(dates[0] != 0, "retired unknown key");
            if (dates[1] == 0) dates[1] = block.timestamp;
            else require(since != 0 && (dates[2] == 0 || since < dates[2]), "compromise not lowered");
            dates[2] = since;
            _activeRoles[issuer][key] = 0;
            if (since != 0 && roles & 2 != 0) annulmentOpen[issuer] = true;
            ++successes;
        } catch {}
    }

    function setDocument(uint256 seed, uint64 issuer, uint256 documentSeed) external later(seed) {
        issuer = _issuer(issuer);
        address sender = seed % 3 == 0 ? _actor(seed) : admin[issuer];
        vm.prank(sender);
        try ledger.setDocument(issuer, bytes32(documentSeed % 4)) {
            require(sender == admin[issuer], "document without the right");
            _noteDocument(issuer);
            ++successes;
        } catch {}
    }

    function accredit(uint256 seed, uint64 issuer, uint256 documentSeed, uint64 validity) external later(seed) {
        issuer = _issuer(issuer);
        address sender = _actor(seed);
        uint64 until = validity % 2 == 0 ? 0 : uint64(block.timestamp) + validity % 20;
        vm.prank(sender);
        try ledger.accredit(issuer, bytes32(documentSeed % 4), "scope", until) {
            uint64 index = uint64(_accreditations[issuer][sender].length);
            _accreditations[issuer][sender].push(accreditationHash(issuer, sender, index));
            _noteEnds(issuer, sender);
            ++successes;
        } catch {}
    }

    function withdraw(uint256 seed, uint64 issuer, uint256 documentSeed) external later(seed) {
        issuer = _issuer(issuer);
        address sender = _actor(seed);
        vm.prank(sender);
        try ledger.withdraw(issuer, bytes32(documentSeed % 4)) {
            _noteEnds(issuer, sender);
            ++successes;
        } catch {}
    }

    function moveAdmin(uint256 seed, uint64 issuer, uint256 newSeed) external later(seed) {
        issuer = _issuer(issuer);
        address sender = seed % 2 == 0 ? _actor(seed) : admin[issuer];
        address next = _actor(newSeed);
        vm.prank(sender);
        try ledger.transferAdmin(issuer, next) {
            require(sender == admin[issuer], "transferred without the right");
            vm.prank(next);
            ledger.acceptAdmin(issuer);
            admin[issuer] = next;
            ++successes;
        } catch {}
    }

    function succeed(uint256 seed, uint64 issuer, uint64 successor) external later(seed) {
        if (seed % 16 != 0) return; // an ended issuer leaves little to test
        issuer = _issuer(issuer);
        successor = _issuer(successor);
        vm.prank(admin[issuer]);
        try ledger.succeed(issuer, successor) {
            vm.prank(admin[successor]);
            ledger.acceptSuccession(issuer);
            require(!ended[issuer] && !ended[successor] && issuer != successor, "succession against the rules");
            ended[issuer] = true;
            ++successes;
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------- checks

    function checkAnchors(uint64 issuer) external view {
        (uint64 sequence, uint64 size) = ledger.head(issuer);
        require(sequence == _roots[issuer].length, "head sequence");
        uint64 previous = 0;
        for (uint256 i = 0; i < sequence; ++i) {
            require(anchorHash(issuer, _roots[issuer][i]) == _anchors[issuer][i], "an anchor changed");
            (uint64 at, uint64 grown, uint64 before,,,) = ledger.anchorOf(issuer, _roots[issuer][i]);
            require(at == i + 1 && before == previous && grown > previous, "gap or shrinkage");
            previous = grown;
        }
        require(size == previous, "head size");
    }

    function checkStatus(uint64 issuer) external view {
        for (uint8 purpose = 0; purpose < 2; ++purpose) {
            uint256[] memory map = ledger.statusWords(issuer, purpose, 0, WORDS + 1);
            for (uint64 word = 0; word <= WORDS; ++word) {
                require(map[word] == bits[issuer][purpose][word], "status differs from what was written");
            }
        }
    }

    function checkKeys(uint64 issuer) external view {
        require(ledger.keyCount(issuer) == _keys[issuer].length, "key count");
        for (uint16 i = 0; i < _keys[issuer].length; ++i) {
            (address key, uint8 roles, uint48 added, uint48 retired, uint48 since) = ledger.keyAt(issuer, i);
            uint256[3] storage dates = _keyDates[issuer][key];
            require(key == _keys[issuer][i], "a key moved");
            require(added == dates[0] && retired == dates[1] && since == dates[2], "key dates");
            require(retired != 0 || roles == _activeRoles[issuer][key], "key roles");
        }
        // The copy in the head: _heads is the third variable, the key its lowest 160 bits.
        address usual = address(uint160(uint256(vm.load(address(ledger), keccak256(abi.encode(issuer, 2))))));
        require(usual == address(0) || _activeRoles[issuer][usual] & 2 != 0, "usual status key is not one");
    }

    function checkHistory(uint64 issuer) external view {
        ICredentialLedger.Document[] memory entries = ledger.documents(issuer, 0, type(uint64).max);
        require(entries.length == _documents[issuer].length, "document count");
        for (uint256 i = 0; i < entries.length; ++i) {
            require(keccak256(abi.encode(entries[i])) == _documents[issuer][i], "document history changed");
        }
        for (uint256 a = 1; a <= 5; ++a) {
            address accreditor = _actor(a);
            bytes32[] storage known = _accreditations[issuer][accreditor];
            require(ledger.accreditationCount(issuer, accreditor) == known.length, "accreditation count");
            for (uint64 i = 0; i < known.length; ++i) {
                require(accreditationHash(issuer, accreditor, i) == known[i], "accreditation changed");
                uint48 end = ledger.accreditations(issuer, accreditor, i, 1)[0].endedAt;
                require(end == _endedAt[issuer][accreditor][i], "end changed");
            }
        }
    }

    function anchorHash(uint64 issuer, bytes32 root) public view returns (bytes32 hash) {
        (uint64 a, uint64 b, uint64 c, uint64 d, uint64 e, uint16 f) = ledger.anchorOf(issuer, root);
        return keccak256(abi.encode(a, b, c, d, e, f));
    }

    /// @dev Of all that never changes: the end may come once.
    function accreditationHash(uint64 issuer, address accreditor, uint64 index) public view returns (bytes32 hash) {
        ICredentialLedger.Accreditation memory a = ledger.accreditations(issuer, accreditor, index, 1)[0];
        return keccak256(abi.encode(a.documentHash, a.since, a.validUntil, a.sinceBlock, a.scope));
    }

    // ------------------------------------------------------------------------------------------------ private

    function _actor(uint256 seed) private pure returns (address actor) {
        return address(uint160(0xF000 + seed % 5));
    }

    function _issuer(uint64 seed) private pure returns (uint64 issuer) {
        return 1 + seed % ISSUERS;
    }

    /// @dev Mostly a key of the issuer, sometimes anybody.
    function _keyOrActor(uint64 issuer, uint256 seed) private view returns (address key) {
        return seed % 4 == 0 ? _actor(seed / 4) : _keys[issuer][(seed / 4) % _keys[issuer].length];
    }

    function _noteDocument(uint64 issuer) private {
        ICredentialLedger.Document[] memory last = ledger.documents(issuer, uint64(_documents[issuer].length), 9);
        require(last.length == 1, "one entry for one change");
        _documents[issuer].push(keccak256(abi.encode(last[0])));
    }

    function _noteKey(uint64 issuer, address key, uint8 roles) private {
        _keys[issuer].push(key);
        _activeRoles[issuer][key] = roles;
        _keyDates[issuer][key][0] = block.timestamp;
    }

    function _noteEnds(uint64 issuer, address accreditor) private {
        ICredentialLedger.Accreditation[] memory all = ledger.accreditations(issuer, accreditor, 0, type(uint64).max);
        for (uint256 i = 0; i < all.length; ++i) {
            uint48 known = _endedAt[issuer][accreditor][i];
            if (known == 0 && all[i].endedAt != 0) {
                require(all[i].endedAt == block.timestamp, "ended at another time");
                _endedAt[issuer][accreditor][i] = all[i].endedAt;
            }
        }
    }
}

contract InvariantsTest {
    bool public constant IS_TEST = true;

    Handler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new Handler(deployLedger());
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    // fail_on_revert is set: the handler catches what the ledger refuses, so that its own checks count.

    function invariant_sizeGrowsAndSequenceHasNoGap() public view {
        for (uint64 i = 1; i <= handler.ISSUERS(); ++i) {
            handler.checkAnchors(i);
        }
    }

    function invariant_statusIsWhatEntitledKeysWrote() public view {
        for (uint64 i = 1; i <= handler.ISSUERS(); ++i) {
            handler.checkStatus(i);
        }
    }

    function invariant_keysAreAppendOnly() public view {
        for (uint64 i = 1; i <= handler.ISSUERS(); ++i) {
            handler.checkKeys(i);
        }
    }

    function invariant_historyIsAppendOnly() public view {
        for (uint64 i = 1; i <= handler.ISSUERS(); ++i) {
            handler.checkHistory(i);
        }
    }
}
