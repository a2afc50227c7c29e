// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consent} from "./Consent.sol";
import {ICredentialLedger} from "./ICredentialLedger.sol";
import {IEctxCredits} from "./IEctxCredits.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {Sha256} from "./Sha256.sol";
import {IERC165, IERC5192, IERC5484, IERC721} from "./TokenStandards.sol";

/// @title EctxCredits
/// @dev Consensus-critical: what this contract answers decides which credits count, and once deployed it cannot change.
/// The only contracts it calls are the ledger and, for ERC-1271, a holder's own, always by STATICCALL: nothing can
/// re-enter and change state. See IEctxCredits for what every function promises.
contract EctxCredits is IEctxCredits {
    uint8 private constant ROLE_STATUS = 2;
    uint8 private constant PURPOSE_REVOKED = 0;
    uint8 private constant PURPOSE_SUSPENDED = 1;

    /// @dev A log has fewer than 2^48 entries, hence no proof is longer.
    uint256 private constant MAX_PATH = 48;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Rootseal");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant CLAIM = keccak256("Claim(bytes32 commitment,uint64 deadline)");
    bytes32 private constant REDEEM =
        keccak256("Redeem(uint256 tokenId,uint64 receiver,bytes32 award,uint64 deadline)");

    /// @dev In storage and not `immutable`, so that one code hash identifies this contract on every ledger.
    ICredentialLedger private _ledger;
    mapping(uint256 tokenId => Token) private _tokens;
    /// @dev The last token of each creditId. Never cleared.
    mapping(bytes32 logId => mapping(bytes16 creditId => uint256 tokenId)) private _last;
    mapping(address holder => mapping(uint64 issuer => uint256[])) private _received;
    mapping(address holder => uint256) private _balances;

    constructor(address ledger_) {
        if (ledger_.code.length == 0) revert NoLedger(ledger_);
        _ledger = ICredentialLedger(ledger_);
    }

    // ------------------------------------------------------------------------------------------------- changes

    /// @inheritdoc IEctxCredits
    function claim(Entry calldata entry, bytes32[] calldata path, uint64 deadline, bytes calldata signature) external {
        if (entry.holder == address(0)) revert ZeroHolder();
        if (entry.credits == 0) revert ZeroCredits();
        if (entry.creditId == 0) revert ZeroCreditId();
        if (path.length > MAX_PATH) revert PathTooLong(path.length, MAX_PATH);
        ICredentialLedger ledger_ = _ledger;
        bytes32 logId = _logId(ledger_, entry.issuer);
        bytes32 commitment = _commitment(logId, entry);
        uint256 tokenId = uint256(commitment);
        if (_tokens[tokenId].holder != address(0)) revert AlreadyClaimed(tokenId);

        (uint64 anchoredAt, uint16 keyIndex) = _introduced(ledger_, entry, commitment, path);
        address key = _requireValid(ledger_, entry.issuer, entry.index, anchoredAt, keyIndex);
        _requireConsent(entry.holder, claimDigest(commitment, deadline), deadline, signature);
        _replaceEarlier(ledger_, logId, entry, tokenId);

        // Narrowing is safe where a size or time of the ledger bounds the value: those have 48 bits.
        _tokens[tokenId] = Token({
            holder: entry.holder,
            index: uint48(entry.index),
            anchoredAt: uint48(anchoredAt),
            issuer: _to48(entry.issuer),
            credits: entry.credits,
            keyIndex: keyIndex,
            receiver: 0,
            redeemedAt: 0,
            burned: false,
            voided: false
        });
        _received[entry.holder][entry.issuer].push(tokenId);
        ++_balances[entry.holder];
        emit Transfer(address(0), entry.holder, tokenId);
        emit Locked(tokenId);
        emit Issued(key, entry.holder, tokenId, BurnAuth.OwnerOnly);
        emit Claimed(tokenId, entry.issuer, entry.holder, entry.index, entry.credits, entry.creditId);
    }

    /// @inheritdoc IEctxCredits
    function redeem(uint256 tokenId, uint64 receiver, bytes32 award, uint64 deadline, bytes calldata signature)
        external
    {
        Token memory token = _existing(tokenId);
        if (token.redeemedAt != 0) revert AlreadyRedeemed(tokenId, token.receiver);
        if (token.voided) revert TokenVoided(tokenId);
        ICredentialLedger ledger_ = _ledger;
        (, uint8 roles,, uint48 retiredAt,) = ledger_.keyOf(receiver, msg.sender);
        if (roles & ROLE_STATUS == 0 || retiredAt != 0) revert NotStatusKey(receiver, msg.sender);
        _requireValid(ledger_, token.issuer, token.index, token.anchoredAt, token.keyIndex);
        _requireConsent(token.holder, redeemDigest(tokenId, receiver, award, deadline), deadline, signature);

        _tokens[tokenId].receiver = _to48(receiver);
        _tokens[tokenId].redeemedAt = _to48(block.timestamp);
        emit Redeemed(tokenId, receiver, award, msg.sender);
    }

    /// @inheritdoc IEctxCredits
    function burn(uint256 tokenId) external {
        address holder = ownerOf(tokenId);
        if (holder != msg.sender) revert NotHolder(tokenId, msg.sender);
        _tokens[tokenId].burned = true;
        --_balances[holder];
        emit Transfer(holder, address(0), tokenId);
    }

    // ------------------------------------------------------------------------------------------- what is refused

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 tokenId, bytes calldata) external pure {
        revert NotTransferable(tokenId);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 tokenId) external pure {
        revert NotTransferable(tokenId);
    }

    /// @inheritdoc IERC721
    function transferFrom(address, address, uint256 tokenId) external pure {
        revert NotTransferable(tokenId);
    }

    /// @inheritdoc IERC721
    function approve(address approved, uint256) external pure {
        revert NotApprovable(approved);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address operator, bool) external pure {
        revert NotApprovable(operator);
    }

    // -------------------------------------------------------------------------------------------------- totals

    /// @inheritdoc IEctxCredits
    function creditsOf(address holder, uint64 issuer, uint64 from, uint64 count)
        external
        view
        returns (uint256 counted, uint256 redeemed)
    {
        uint256[] memory page = tokensOf(holder, issuer, from, count);
        ICredentialLedger ledger_ = _ledger;
        for (uint256 i = 0; i < page.length; ++i) {
            Token memory token = _tokens[page[i]];
            if (_stateOf(ledger_, token) != State.Counted) continue;
            counted += token.credits;
            if (token.redeemedAt != 0) redeemed += token.credits;
        }
    }

    /// @inheritdoc IEctxCredits
    function tokenCount(address holder, uint64 issuer) external view returns (uint64 count) {
        return uint64(_received[holder][issuer].length);
    }

    /// @inheritdoc IEctxCredits
    function tokensOf(address holder, uint64 issuer, uint64 from, uint64 count)
        public
        view
        returns (uint256[] memory tokenIds)
    {
        uint256[] storage all = _received[holder][issuer];
        if (from >= all.length) return tokenIds;
        uint256 rest = all.length - from;
        tokenIds = new uint256[](count < rest ? count : rest);
        for (uint256 i = 0; i < tokenIds.length; ++i) {
            tokenIds[i] = all[from + i];
        }
    }

    // --------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IEctxCredits
    function tokenOf(uint256 tokenId) external view returns (Token memory token) {
        return _tokens[tokenId];
    }

    /// @inheritdoc IEctxCredits
    function stateOf(uint256 tokenId) external view returns (State state) {
        return _stateOf(_ledger, _tokens[tokenId]);
    }

    /// @inheritdoc IEctxCredits
    function tokenOfCredit(uint64 issuer, bytes16 creditId) external view returns (uint256 tokenId) {
        return _last[_logId(_ledger, issuer)][creditId];
    }

    /// @inheritdoc IEctxCredits
    function commitmentOf(Entry calldata entry) external view returns (bytes32 commitment) {
        return _commitment(_logId(_ledger, entry.issuer), entry);
    }

    /// @inheritdoc IEctxCredits
    function claimDigest(bytes32 commitment, uint64 deadline) public view returns (bytes32 digest) {
        return _digest(keccak256(abi.encode(CLAIM, commitment, deadline)));
    }

    /// @inheritdoc IEctxCredits
    function redeemDigest(uint256 tokenId, uint64 receiver, bytes32 award, uint64 deadline)
        public
        view
        returns (bytes32 digest)
    {
        return _digest(keccak256(abi.encode(REDEEM, tokenId, receiver, award, deadline)));
    }

    /// @inheritdoc IEctxCredits
    function ledger() external view returns (address account) {
        return address(_ledger);
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner) external view returns (uint256 balance) {
        if (owner == address(0)) revert ZeroHolder();
        return _balances[owner];
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) public view returns (address owner) {
        return _existing(tokenId).holder;
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 tokenId) external view returns (address approved) {
        _existing(tokenId);
        return address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address, address) external pure returns (bool approved) {
        return false;
    }

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool isLocked) {
        _existing(tokenId);
        return true;
    }

    /// @inheritdoc IERC5484
    function burnAuth(uint256 tokenId) external view returns (BurnAuth auth) {
        _existing(tokenId);
        return BurnAuth.OwnerOnly;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool supported) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == type(IERC5192).interfaceId || interfaceId == type(IERC5484).interfaceId;
    }

    // ------------------------------------------------------------------------------------------------- private

    /// @dev H("rootseal/log/1" ‖ chainId u64 ‖ ledger ‖ issuer u64): the home of a log.
    function _logId(ICredentialLedger ledger_, uint64 issuer) private view returns (bytes32 logId) {
        if (block.chainid > type(uint64).max) revert ValueTooLarge(block.chainid, type(uint64).max);
        return Sha256.hash(abi.encodePacked("rootseal/log/1", uint64(block.chainid), address(ledger_), issuer));
    }

    /// @dev H(0x03 ‖ logId ‖ claimsRoot ‖ subjectHash), with subjectHash = H(0x00 ‖ salt ‖ holder ‖ credits ‖ creditId).
    function _commitment(bytes32 logId, Entry calldata entry) private view returns (bytes32 commitment) {
        bytes32 subjectHash = Sha256.hash(
            abi.encodePacked(bytes1(0x00), entry.salt, entry.holder, entry.credits, entry.creditId)
        );
        return Sha256.hash(abi.encodePacked(bytes1(0x03), logId, entry.claimsRoot, subjectHash));
    }

    /// @dev When and by which key the entry was introduced; reverts unless it was, by the anchor that it names.
    function _introduced(
        ICredentialLedger ledger_,
        Entry calldata entry,
        bytes32 commitment,
        bytes32[] calldata path
    ) private view returns (uint64 anchoredAt, uint16 keyIndex) {
        uint64 sequence;
        uint64 size;
        uint64 previousSize;
        (sequence, size, previousSize, anchoredAt,, keyIndex) = ledger_.anchorOf(entry.issuer, entry.root);
        if (sequence == 0) revert RootNotAnchored(entry.issuer, entry.root);
        if (entry.index >= size) revert IndexBeyondSize(entry.index, size);
        if (entry.index < previousSize) revert NotIntroducingAnchor(entry.index, previousSize);
        (bool complete, bytes32 root) = Rfc9162.rootFromInclusion(entry.index, size, Sha256.leaf(commitment), path);
        if (!complete || root != entry.root) revert NotIncluded(commitment, entry.index, size);
    }

    /// @dev Voids the earlier token of the same credits, if there is one; reverts unless that may be. Only the last one need
    /// be looked at: had one before it been redeemed, none could have been claimed after it.
    function _replaceEarlier(ICredentialLedger ledger_, bytes32 logId, Entry calldata entry, uint256 tokenId) private {
        uint256 earlier = _last[logId][entry.creditId];
        _last[logId][entry.creditId] = tokenId;
        if (earlier == 0) return;
        Token memory token = _tokens[earlier];
        if (token.redeemedAt != 0) revert AlreadyRedeemed(earlier, token.receiver);
        if (!_isSet(ledger_, entry.issuer, PURPOSE_REVOKED, token.index)) revert EarlierEntryNotRevoked(earlier);
        _tokens[earlier].voided = true;
        emit Voided(earlier, tokenId);
    }

    /// @dev What the ledger says now of an entry: Counted, or the first reason against it; and the key that introduced it.
    function _entryState(
        ICredentialLedger ledger_,
        uint64 issuer,
        uint64 index,
        uint64 anchoredAt,
        uint16 keyIndex
    ) private view returns (State state, address key) {
        uint48 compromisedSince;
        (key,,,, compromisedSince) = ledger_.keyAt(issuer, keyIndex);
        if (compromisedSince != 0 && anchoredAt >= compromisedSince) return (State.Compromised, key);
        if (_isSet(ledger_, issuer, PURPOSE_REVOKED, index)) return (State.Revoked, key);
        if (_isSet(ledger_, issuer, PURPOSE_SUSPENDED, index)) return (State.Suspended, key);
        return (State.Counted, key);
    }

    function _requireValid(
        ICredentialLedger ledger_,
        uint64 issuer,
        uint64 index,
        uint64 anchoredAt,
        uint16 keyIndex
    ) private view returns (address key) {
        State state;
        (state, key) = _entryState(ledger_, issuer, index, anchoredAt, keyIndex);
        if (state == State.Compromised) revert AnchorKeyCompromised(issuer, keyIndex);
        if (state == State.Revoked) revert EntryRevoked(issuer, index);
        if (state == State.Suspended) revert EntrySuspended(issuer, index);
    }

    function _stateOf(ICredentialLedger ledger_, Token memory token) private view returns (State state) {
        if (token.holder == address(0)) return State.None;
        if (token.burned) return State.Burned;
        if (token.voided) return State.Voided;
        (state,) = _entryState(ledger_, token.issuer, token.index, token.anchoredAt, token.keyIndex);
    }

    function _isSet(ICredentialLedger ledger_, uint64 issuer, uint8 purpose, uint64 index)
        private
        view
        returns (bool set)
    {
        return ledger_.statusWords(issuer, purpose, index >> 8, 1)[0] >> (index & 255) & 1 == 1;
    }

    function _existing(uint256 tokenId) private view returns (Token memory token) {
        token = _tokens[tokenId];
        if (token.holder == address(0) || token.burned) revert NoSuchToken(tokenId);
    }

    function _requireConsent(address holder, bytes32 digest, uint64 deadline, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert ConsentExpired(deadline, block.timestamp);
        if (!Consent.isGiven(holder, digest, signature)) revert ConsentInvalid(holder, digest);
    }

    /// @dev EIP-712, with the domain of the chain that this runs on now.
    function _digest(bytes32 message) private view returns (bytes32 digest) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }

    function _to48(uint256 value) private pure returns (uint48 narrow) {
        if (value > type(uint48).max) revert ValueTooLarge(value, type(uint48).max);
        return uint48(value);
    }
}
