// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialLedger} from "./ICredentialLedger.sol";
import {AnchorSlot, AnchorSlots, HeadSlot} from "./Slots.sol";

/// @title CredentialLedger
/// @dev Consensus-critical: what this contract answers decides whether issued credentials are valid, and once deployed
/// it cannot change. Storage is laid out so that an anchor touches three slots (key, head, anchor) and a status write
/// by the usual key two (head, word). See ICredentialLedger for what every function promises.
contract CredentialLedger is ICredentialLedger {
    uint8 private constant ROLE_ANCHOR = 1;
    uint8 private constant ROLE_STATUS = 2;
    uint8 private constant ROLES_ALL = 3;

    uint8 private constant PURPOSE_REVOKED = 0;
    uint8 private constant PURPOSE_SUSPENDED = 1;

    uint8 private constant REASON_NONE = 0;
    uint8 private constant REASON_SUPERSEDED = 1;

    uint256 private constant MAX_NAME = 128;
    uint256 private constant MAX_URI = 256;
    uint256 private constant MAX_SCOPE = 256;

    struct IssuerRecord {
        address admin;
        uint48 registeredAt;
        uint48 succeededAt;
        // next slot
        address pendingAdmin;
        uint64 successor;
        bool statusKeyCompromised; // a key with the status role was retired as compromised: annulment is open
        // next slot
        uint64 proposedSuccessor;
        // next slots
        string name;
        string uri;
    }

    /// @dev One slot. `addedAt` is zero iff the address was never added.
    struct Key {
        uint16 keyIndex;
        uint8 roles;
        uint48 addedAt;
        uint48 retiredAt;
        uint48 compromisedSince;
    }

    /// @dev A word of a status bitmap; a struct only so that it can be pointed to.
    struct Bits {
        uint256 bits;
    }

    uint64 private _issuerCount;
    mapping(uint64 issuer => IssuerRecord) private _issuers;
    mapping(uint64 issuer => HeadSlot) private _heads;
    mapping(uint64 issuer => mapping(bytes32 root => AnchorSlot)) private _anchors;
    mapping(uint64 issuer => mapping(uint8 purpose => mapping(uint256 word => Bits))) private _status;
    mapping(uint64 issuer => mapping(address key => Key)) private _keys;
    mapping(uint64 issuer => address[]) private _keyList;
    mapping(uint64 issuer => Document[]) private _documents;
    mapping(uint64 issuer => mapping(address accreditor => Accreditation[])) private _accreditations;
    /// @dev Position + 1 of the last accreditation of a document, running or not.
    mapping(uint64 issuer => mapping(address accreditor => mapping(bytes32 documentHash => uint64))) private
        _lastAccreditation;

    // ------------------------------------------------------------------------------------------------- issuers

    /// @inheritdoc ICredentialLedger
    function register(string calldata name, string calldata uri, bytes32 documentHash)
        external
        returns (uint64 issuer)
    {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME) revert BadNameLength(length);
        _checkUri(uri);
        issuer = ++_issuerCount;
        IssuerRecord storage record = _issuers[issuer];
        record.admin = msg.sender;
        record.registeredAt = _time();
        record.name = name;
        record.uri = uri;
        emit IssuerRegistered(issuer, msg.sender, name, uri);
        if (documentHash != 0) _pushDocument(issuer, documentHash);
    }

    /// @inheritdoc ICredentialLedger
    function setDocument(uint64 issuer, bytes32 documentHash) external {
        _onlyAdmin(issuer);
        if (documentHash == _currentDocument(issuer)) revert DocumentUnchanged(issuer, documentHash);
        _pushDocument(issuer, documentHash);
    }

    /// @inheritdoc ICredentialLedger
    function setUri(uint64 issuer, string calldata uri) external {
        IssuerRecord storage record = _onlyAdmin(issuer);
        _checkUri(uri);
        record.uri = uri;
        emit UriSet(issuer, uri);
    }

    /// @inheritdoc ICredentialLedger
    function transferAdmin(uint64 issuer, address newAdmin) external {
        _onlyAdmin(issuer).pendingAdmin = newAdmin;
        emit AdminTransferProposed(issuer, newAdmin);
    }

    /// @inheritdoc ICredentialLedger
    function acceptAdmin(uint64 issuer) external {
        IssuerRecord storage record = _issuers[issuer];
        address newAdmin = record.pendingAdmin;
        if (newAdmin == address(0) || newAdmin != msg.sender) revert NotPendingAdmin(issuer, msg.sender);
        address previousAdmin = record.admin;
        record.admin = newAdmin;
        record.pendingAdmin = address(0);
        emit AdminTransferred(issuer, previousAdmin, newAdmin);
    }

    /// @inheritdoc ICredentialLedger
    function issuerCount() external view returns (uint64 count) {
        return _issuerCount;
    }

    /// @inheritdoc ICredentialLedger
    function issuerOf(uint64 issuer) external view returns (Issuer memory description) {
        IssuerRecord storage record = _issuers[issuer];
        description = Issuer({
            name: record.name,
            uri: record.uri,
            admin: record.admin,
            pendingAdmin: record.pendingAdmin,
            successor: record.successor,
            proposedSuccessor: record.proposedSuccessor,
            registeredAt: record.registeredAt,
            succeededAt: record.succeededAt
        });
    }

    /// @inheritdoc ICredentialLedger
    function documentCount(uint64 issuer) external view returns (uint64 count) {
        return uint64(_documents[issuer].length);
    }

    /// @inheritdoc ICredentialLedger
    function documents(uint64 issuer, uint64 from, uint64 count) external view returns (Document[] memory entries) {
        Document[] storage all = _documents[issuer];
        entries = new Document[](_clamp(all.length, from, count));
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = all[from + i];
        }
    }

    // ---------------------------------------------------------------------------------------------------- keys

    /// @inheritdoc ICredentialLedger
    function addKey(uint64 issuer, address key, uint8 roles) external {
        _onlyAdmin(issuer);
        if (key == address(0)) revert ZeroKey(issuer);
        if (roles == 0 || roles > ROLES_ALL) revert BadRoles(roles);
        if (_keys[issuer][key].addedAt != 0) revert KeyAlreadyAdded(issuer, key);
        address[] storage list = _keyList[issuer];
        // One less than would fit, so that keyCount fits its 16 bits too.
        if (list.length == type(uint16).max) revert TooManyKeys(issuer);
        uint16 keyIndex = uint16(list.length);
        list.push(key);
        _keys[issuer][key] =
            Key({keyIndex: keyIndex, roles: roles, addedAt: _time(), retiredAt: 0, compromisedSince: 0});
        if (roles & ROLE_STATUS != 0) _heads[issuer] = _heads[issuer].withStatusKey(key);
        emit KeyAdded(issuer, key, keyIndex, roles);
    }

    /// @inheritdoc ICredentialLedger
    function retireKey(uint64 issuer, address key, uint48 compromisedSince) external {
        IssuerRecord storage record = _onlyAdmin(issuer);
        Key memory k = _keys[issuer][key];
        if (k.addedAt == 0) revert UnknownKey(issuer, key);
        uint48 time = _time();
        if (compromisedSince > time) revert CompromiseInFuture(compromisedSince, time);
        if (k.retiredAt == 0) {
            k.retiredAt = time;
            HeadSlot h = _heads[issuer];
            if (h.statusKey() == key) _heads[issuer] = h.withStatusKey(address(0));
        } else {
            if (compromisedSince == 0) revert KeyIsRetired(issuer, key, k.retiredAt);
            if (k.compromisedSince != 0 && compromisedSince >= k.compromisedSince) {
                revert CompromiseNotLowered(k.compromisedSince, compromisedSince);
            }
        }
        k.compromisedSince = compromisedSince;
        _keys[issuer][key] = k;
        if (compromisedSince != 0 && k.roles & ROLE_STATUS != 0) record.statusKeyCompromised = true;
        emit KeyRetired(issuer, key, k.keyIndex, k.retiredAt, compromisedSince);
    }

    /// @inheritdoc ICredentialLedger
    function keyAt(uint64 issuer, uint16 keyIndex)
        external
        view
        returns (address key, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 compromisedSince)
    {
        address[] storage list = _keyList[issuer];
        if (keyIndex < list.length) {
            key = list[keyIndex];
            Key memory k = _keys[issuer][key];
            return (key, k.roles, k.addedAt, k.retiredAt, k.compromisedSince);
        }
    }

    /// @inheritdoc ICredentialLedger
    function keyCount(uint64 issuer) external view returns (uint16 count) {
        return uint16(_keyList[issuer].length);
    }

    /// @inheritdoc ICredentialLedger
    function keyOf(uint64 issuer, address key)
        external
        view
        returns (uint16 keyIndex, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 compromisedSince)
    {
        Key memory k = _keys[issuer][key];
        return (k.keyIndex, k.roles, k.addedAt, k.retiredAt, k.compromisedSince);
    }

    // ---------------------------------------------------------------------------------------------- succession

    /// @inheritdoc ICredentialLedger
    function succeed(uint64 issuer, uint64 successor) external {
        IssuerRecord storage record = _onlyAdmin(issuer);
        _onlyRunning(issuer);
        if (successor != 0) {
            if (successor == issuer) revert SelfSuccession(issuer);
            if (successor > _issuerCount) revert UnknownIssuer(successor);
            _onlyRunning(successor);
        }
        record.proposedSuccessor = successor;
        emit SuccessionProposed(issuer, successor);
    }

    /// @inheritdoc ICredentialLedger
    function acceptSuccession(uint64 issuer) external {
        IssuerRecord storage record = _issuers[issuer];
        uint64 successor = record.proposedSuccessor;
        if (successor == 0) revert NoSuccessionProposed(issuer);
        _onlyAdmin(successor);
        // Again, for the successor may have ended since it was proposed: this is what keeps chains free of cycles.
        _onlyRunning(successor);
        record.successor = successor;
        record.succeededAt = _time();
        record.proposedSuccessor = 0;
        _heads[issuer] = _heads[issuer].withEnd();
        emit Succeeded(issuer, successor);
    }

    // ------------------------------------------------------------------------------------------- accreditation

    /// @inheritdoc ICredentialLedger
    function accredit(uint64 issuer, bytes32 documentHash, string calldata scope, uint64 validUntil) external {
        if (issuer == 0 || issuer > _issuerCount) revert UnknownIssuer(issuer);
        bytes32 current = _currentDocument(issuer);
        if (documentHash == 0 || documentHash != current) revert DocumentNotCurrent(issuer, documentHash, current);
        if (bytes(scope).length > MAX_SCOPE) revert ScopeTooLong(bytes(scope).length);
        uint48 time = _time();
        if (validUntil != 0 && validUntil <= time) revert ValidityInPast(validUntil, time);

        Accreditation[] storage list = _accreditations[issuer][msg.sender];
        uint64 last = _lastAccreditation[issuer][msg.sender][documentHash];
        bool renewal = last != 0 && _isRunning(list[last - 1], time);
        if (renewal) {
            list[last - 1].endedAt = time;
            list[last - 1].renewed = true;
        }
        uint64 index = uint64(list.length);
        list.push(
            Accreditation({
                documentHash: documentHash,
                since: time,
                validUntil: validUntil,
                endedAt: 0,
                renewed: false,
                sinceBlock: _blockNumber(),
                scope: scope
            })
        );
        _lastAccreditation[issuer][msg.sender][documentHash] = index + 1;
        emit Accredited(issuer, msg.sender, documentHash, index, validUntil, renewal, scope);
    }

    /// @inheritdoc ICredentialLedger
    function withdraw(uint64 issuer, bytes32 documentHash) external {
        Accreditation[] storage list = _accreditations[issuer][msg.sender];
        uint64 last = _lastAccreditation[issuer][msg.sender][documentHash];
        uint48 time = _time();
        if (last == 0 || !_isRunning(list[last - 1], time)) {
            revert NoRunningAccreditation(issuer, msg.sender, documentHash);
        }
        list[last - 1].endedAt = time;
        emit AccreditationWithdrawn(issuer, msg.sender, documentHash, last - 1);
    }

    /// @inheritdoc ICredentialLedger
    function accreditationCount(uint64 issuer, address accreditor) external view returns (uint64 count) {
        return uint64(_accreditations[issuer][accreditor].length);
    }

    /// @inheritdoc ICredentialLedger
    function accreditations(uint64 issuer, address accreditor, uint64 from, uint64 count)
        external
        view
        returns (Accreditation[] memory entries)
    {
        Accreditation[] storage all = _accreditations[issuer][accreditor];
        entries = new Accreditation[](_clamp(all.length, from, count));
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = all[from + i];
        }
    }

    // ------------------------------------------------------------------------------------------------- anchors

    /// @inheritdoc ICredentialLedger
    function anchor(uint64 issuer, uint64 sequence, uint64 size, bytes32 root) external {
        uint16 keyIndex = _onlyKey(issuer, ROLE_ANCHOR);
        HeadSlot h = _heads[issuer];
        if (h.ended()) revert IssuerEnded(issuer, _issuers[issuer].successor);
        uint64 previousSize = h.size();
        uint64 last = h.sequence();
        unchecked {
            // No overflow: `last` has 40 bits.
            if (sequence != last + 1) revert WrongSequence(sequence, last + 1);
        }
        if (sequence > type(uint40).max) revert ValueTooLarge(sequence, type(uint40).max);
        if (size <= previousSize) revert SizeNotGrown(size, previousSize);
        if (size > type(uint48).max) revert ValueTooLarge(size, type(uint48).max);
        if (root == 0) revert ZeroRoot();
        mapping(bytes32 root => AnchorSlot) storage anchors = _anchors[issuer];
        AnchorSlot existing = anchors[root];
        if (!existing.isZero()) revert RootAlreadyAnchored(root, existing.sequence());

        anchors[root] =
            AnchorSlots.pack(uint48(sequence), uint48(size), uint48(previousSize), _time(), _blockNumber(), keyIndex);
        _heads[issuer] = h.withAnchor(uint48(size), uint40(sequence));
        emit Anchored(issuer, sequence, root, size, previousSize, msg.sender);
    }

    /// @inheritdoc ICredentialLedger
    function anchorOf(uint64 issuer, bytes32 root)
        external
        view
        returns (uint64 sequence, uint64 size, uint64 previousSize, uint64 time, uint64 blockNumber, uint16 keyIndex)
    {
        AnchorSlot a = _anchors[issuer][root];
        return (a.sequence(), a.size(), a.previousSize(), a.time(), a.blockNumber(), a.keyIndex());
    }

    /// @inheritdoc ICredentialLedger
    function head(uint64 issuer) external view returns (uint64 sequence, uint64 size) {
        HeadSlot h = _heads[issuer];
        return (h.sequence(), h.size());
    }

    // -------------------------------------------------------------------------------------------------- status

    /// @inheritdoc ICredentialLedger
    function revoke(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external {
        uint64 size = _onlyStatusKey(issuer);
        if (reason > REASON_SUPERSEDED) revert BadReason(reason);
        _changeStatus(issuer, PURPOSE_REVOKED, words, masks, true, reason, size);
    }

    /// @inheritdoc ICredentialLedger
    function suspend(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external {
        uint64 size = _onlyStatusKey(issuer);
        if (reason != REASON_NONE) revert BadReason(reason);
        _changeStatus(issuer, PURPOSE_SUSPENDED, words, masks, true, reason, size);
    }

    /// @inheritdoc ICredentialLedger
    function reinstate(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external {
        uint64 size = _onlyStatusKey(issuer);
        if (reason != REASON_NONE) revert BadReason(reason);
        _changeStatus(issuer, PURPOSE_SUSPENDED, words, masks, false, reason, size);
    }

    /// @inheritdoc ICredentialLedger
    function annul(uint64 issuer, uint64[] calldata words, uint256[] calldata masks) external {
        if (!_onlyAdmin(issuer).statusKeyCompromised) revert NoCompromisedStatusKey(issuer);
        _changeStatus(issuer, PURPOSE_REVOKED, words, masks, false, REASON_NONE, _heads[issuer].size());
    }

    /// @inheritdoc ICredentialLedger
    function statusWords(uint64 issuer, uint8 purpose, uint64 from, uint64 count)
        external
        view
        returns (uint256[] memory words)
    {
        if (purpose > PURPOSE_SUSPENDED) revert UnknownPurpose(purpose);
        mapping(uint256 word => Bits) storage map = _status[issuer][purpose];
        words = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = map[from + i].bits;
        }
    }

    // ------------------------------------------------------------------------------------------------- private

    /// @dev Sets or clears the bits of each mask. Words that keep their value are neither stored nor reported.
    function _changeStatus(
        uint64 issuer,
        uint8 purpose,
        uint64[] calldata words,
        uint256[] calldata masks,
        bool set,
        uint8 reason,
        uint64 size
    ) private {
        if (words.length == 0) revert EmptyStatusWrite();
        if (words.length != masks.length) revert LengthMismatch(words.length, masks.length);
        mapping(uint256 word => Bits) storage map = _status[issuer][purpose];
        uint64 fullWords = size >> 8;
        // Written for gas, by measurement: no bounds check, the early way out, and the order of the two checks.
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word = _at(words, i);
            uint256 mask = _at(masks, i);
            if (word >= fullWords) _checkLastWord(word, mask, size);
            if (mask == 0) revert ZeroMask(uint64(word));
            Bits storage slot = map[word];
            uint256 current = slot.bits;
            uint256 value = set ? current | mask : current & ~mask;
            if (value == current) continue;
            slot.bits = value;
            emit StatusChanged(issuer, purpose, uint64(word), value, reason, msg.sender);
        }
    }

    /// @dev Member `i` of `list`, of which the caller knows i < list.length; its upper bits are as they were sent. Saves
    /// some 75 gas against list[i], which checks both.
    function _at(uint64[] calldata list, uint256 i) private pure returns (uint256 member) {
        assembly ("memory-safe") {
            member := calldataload(add(list.offset, shl(5, i)))
        }
    }

    /// @dev Member `i` of `list`, of which the caller knows i < list.length.
    function _at(uint256[] calldata list, uint256 i) private pure returns (uint256 member) {
        assembly ("memory-safe") {
            member := calldataload(add(list.offset, shl(5, i)))
        }
    }

    /// @dev For a word at or beyond the one that the log only begins to fill, and hence for every one above 64 bits.
    function _checkLastWord(uint256 word, uint256 mask, uint64 size) private pure {
        if (word > type(uint64).max) revert ValueTooLarge(word, type(uint64).max);
        if (word > size >> 8 || mask >> (size & 255) != 0) revert StatusBeyondHead(uint64(word), mask, size);
    }

    function _pushDocument(uint64 issuer, bytes32 documentHash) private {
        _documents[issuer].push(Document({documentHash: documentHash, time: _time(), blockNumber: _blockNumber()}));
        emit DocumentSet(issuer, documentHash);
    }

    function _onlyAdmin(uint64 issuer) private view returns (IssuerRecord storage record) {
        record = _issuers[issuer];
        address admin = record.admin;
        if (admin == address(0)) revert UnknownIssuer(issuer);
        if (admin != msg.sender) revert NotAdmin(issuer, msg.sender);
    }

    function _onlyRunning(uint64 issuer) private view {
        if (_heads[issuer].ended()) revert IssuerEnded(issuer, _issuers[issuer].successor);
    }

    function _onlyKey(uint64 issuer, uint8 needed) private view returns (uint16 keyIndex) {
        Key storage k = _keys[issuer][msg.sender];
        if (k.addedAt == 0) revert UnknownKey(issuer, msg.sender);
        if (k.retiredAt != 0) revert KeyIsRetired(issuer, msg.sender, k.retiredAt);
        if (k.roles & needed == 0) revert KeyLacksRole(issuer, msg.sender, k.roles, needed);
        return k.keyIndex;
    }

    function _onlyStatusKey(uint64 issuer) private view returns (uint64 size) {
        HeadSlot h = _heads[issuer];
        // The zero address sends no transaction, but callers simulate from it.
        address usual = h.statusKey();
        if (usual == address(0) || usual != msg.sender) _onlyKey(issuer, ROLE_STATUS);
        return h.size();
    }

    function _currentDocument(uint64 issuer) private view returns (bytes32 documentHash) {
        Document[] storage all = _documents[issuer];
        return all.length == 0 ? bytes32(0) : all[all.length - 1].documentHash;
    }

    function _isRunning(Accreditation storage a, uint48 time) private view returns (bool running) {
        return a.endedAt == 0 && (a.validUntil == 0 || time < a.validUntil);
    }

    function _checkUri(string calldata uri) private pure {
        if (bytes(uri).length > MAX_URI) revert UriTooLong(bytes(uri).length);
    }

    /// @dev How many of `count` list members from `from` on there are in a list of `length`.
    function _clamp(uint256 length, uint256 from, uint256 count) private pure returns (uint256 members) {
        if (from >= length) return 0;
        return count < length - from ? count : length - from;
    }

    function _time() private view returns (uint48 time) {
        return _to48(block.timestamp);
    }

    function _blockNumber() private view returns (uint48 number) {
        return _to48(block.number);
    }

    function _to48(uint256 value) private pure returns (uint48 narrow) {
        if (value > type(uint48).max) revert ValueTooLarge(value, type(uint48).max);
        return uint48(value);
    }
}
