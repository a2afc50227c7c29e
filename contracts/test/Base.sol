// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICredentialLedger} from "../ICredentialLedger.sol";
import {IEctxCredits} from "../IEctxCredits.sol";

/// @dev The few of Forge's cheat codes that these tests use; no library is needed for them.
interface Vm {
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 blockNumber) external;
    function addr(uint256 key) external pure returns (address account);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function etch(address target, bytes calldata code) external;
    function expectRevert(bytes calldata reason) external;
    function expectEmit(address emitter) external;
    function load(address target, bytes32 slot) external view returns (bytes32 value);
    function store(address target, bytes32 slot, bytes32 value) external;
    function recordLogs() external;
    function getCode(string calldata artifact) external view returns (bytes memory initcode);
    function getRecordedLogs() external returns (Log[] memory logs);
    function assertEq(uint256 left, uint256 right) external pure;
    function assertEq(bytes32 left, bytes32 right) external pure;
    function assertEq(address left, address right) external pure;
    function assertEq(string calldata left, string calldata right) external pure;
    function assertTrue(bool condition) external pure;
    function assertFalse(bool condition) external pure;

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev Deploys the ledger as it was compiled for deployment. An import would compile it again as the tests are.
function deployLedger() returns (ICredentialLedger ledger) {
    bytes memory initcode = vm.getCode("CredentialLedger.sol:CredentialLedger");
    assembly {
        ledger := create(0, add(initcode, 32), mload(initcode))
    }
    require(address(ledger) != address(0), "ledger not deployed");
}

/// @dev Deploys the credits contract as it was compiled for deployment.
function deployCredits(address ledger) returns (IEctxCredits credits) {
    bytes memory initcode = abi.encodePacked(vm.getCode("EctxCredits.sol:EctxCredits"), abi.encode(ledger));
    assembly {
        credits := create(0, add(initcode, 32), mload(initcode))
        if iszero(credits) {
            returndatacopy(0, 0, returndatasize())
            revert(0, returndatasize())
        }
    }
}

/// @dev A ledger with one issuer (number 1), its admin, and three keys: for both roles, anchors and status.
abstract contract LedgerTest {
    bool public constant IS_TEST = true;

    uint8 internal constant ANCHOR = 1;
    uint8 internal constant STATUS = 2;
    uint8 internal constant BOTH = 3;
    uint8 internal constant REVOKED = 0;
    uint8 internal constant SUSPENDED = 1;

    uint48 internal constant NOW = 1_800_000_000;
    uint48 internal constant BLOCK = 12_345;
    bytes32 internal constant DOCUMENT = keccak256("document");
    uint64 internal constant ISSUER = 1;
    uint64 internal constant NOBODY = 77;

    address internal constant ADMIN = address(0xA0);
    address internal constant KEY = address(0xB0);
    address internal constant ANCHOR_KEY = address(0xB1);
    address internal constant STATUS_KEY = address(0xB2);
    address internal constant STRANGER = address(0xC0);

    ICredentialLedger internal ledger;

    function setUp() public virtual {
        vm.warp(NOW);
        vm.roll(BLOCK);
        ledger = deployLedger();
        _register(ADMIN, DOCUMENT);
        _addKey(KEY, BOTH);
        _addKey(ANCHOR_KEY, ANCHOR);
        _addKey(STATUS_KEY, STATUS);
    }

    function _register(address admin, bytes32 documentHash) internal returns (uint64 issuer) {
        vm.prank(admin);
        return ledger.register("University", "https://university.example", documentHash);
    }

    function _addKey(address key, uint8 roles) internal {
        vm.prank(ADMIN);
        ledger.addKey(ISSUER, key, roles);
    }

    function _retireKey(address key, uint48 compromisedSince) internal {
        vm.prank(ADMIN);
        ledger.retireKey(ISSUER, key, compromisedSince);
    }

    function _anchor(uint64 sequence, uint64 size) internal returns (bytes32 root) {
        root = keccak256(abi.encode("root", size));
        vm.prank(KEY);
        ledger.anchor(ISSUER, sequence, size, root);
    }

    /// @dev Issuer 2 takes over from issuer 1.
    function _succeed() internal returns (uint64 successor) {
        successor = _register(STRANGER, 0);
        vm.prank(ADMIN);
        ledger.succeed(ISSUER, successor);
        vm.prank(STRANGER);
        ledger.acceptSuccession(ISSUER);
    }

    function _one(uint64 word) internal pure returns (uint64[] memory words) {
        words = new uint64[](1);
        words[0] = word;
    }

    function _mask(uint256 mask) internal pure returns (uint256[] memory masks) {
        masks = new uint256[](1);
        masks[0] = mask;
    }

    function _text(uint256 length) internal pure returns (string memory text) {
        return string(new bytes(length));
    }

    /// @dev The word of one status bitmap.
    function _word(uint8 purpose, uint64 word) internal view returns (uint256 value) {
        return ledger.statusWords(ISSUER, purpose, word, 1)[0];
    }

    /// @dev The next call must revert with exactly this error and these values.
    function _reverts(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    function _revertsNotAdmin(address sender) internal {
        _reverts(abi.encodeWithSelector(ICredentialLedger.NotAdmin.selector, ISSUER, sender));
        vm.prank(sender);
    }

    function _revertsUnknownIssuer() internal {
        _reverts(abi.encodeWithSelector(ICredentialLedger.UnknownIssuer.selector, NOBODY));
        vm.prank(ADMIN);
    }

    /// @dev The next event of the ledger must be the one that the test emits now.
    function _emits() internal {
        vm.expectEmit(address(ledger));
    }
}
