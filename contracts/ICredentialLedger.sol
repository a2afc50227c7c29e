// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Credential ledger
/// @notice A public notary for the time, order, completeness and status of credentials. Issuers anchor the roots of
/// their append-only Merkle logs here, and publish one revocation and one suspension bit per log entry.
/// @dev No owner, no proxy, no pause, no constructor argument, no call to any other contract. No personal data, no
/// ciphertext and no unsalted hash belongs here. The ledger does not check that roots extend one another, nor that
/// log entries are published: auditors do. Every view answers zeros for an unknown issuer, key or root. Times are
/// block times in UTC seconds: a block time proves existence no later than it, never no earlier.
interface ICredentialLedger {
    // ------------------------------------------------------------------------------------------------- structs

    /// @notice An issuer (institution) as it described itself. Nothing here is verified by the ledger.
    /// @param name Self-asserted display name, 1 to 128 bytes, fixed at registration.
    /// @param uri Self-asserted locator, up to 256 bytes. A verifier never fetches it on the strength of a file.
    /// @param admin The address that governs this issuer.
    /// @param pendingAdmin The address invited to become admin, or zero.
    /// @param successor The issuer that took over, or zero while this issuer may still anchor.
    /// @param proposedSuccessor The issuer invited to take over, or zero.
    /// @param registeredAt Block time of registration; zero iff the issuer does not exist.
    /// @param succeededAt Block time of the accepted succession, or zero.
    struct Issuer {
        string name;
        string uri;
        address admin;
        address pendingAdmin;
        uint64 successor;
        uint64 proposedSuccessor;
        uint48 registeredAt;
        uint48 succeededAt;
    }

    /// @notice One entry of an issuer's document history. It is in force from its block until the next entry's.
    /// @param documentHash SHA-256 of the issuer document; zero means that the document was withdrawn.
    /// @param time Block time of the change.
    /// @param blockNumber Block of the change. Of several entries in one block the last is in force at its end.
    struct Document {
        bytes32 documentHash;
        uint48 time;
        uint48 blockNumber;
    }

    /// @notice One accreditation of one document of an issuer by one accreditor.
    /// It is valid at time t iff since <= t, and endedAt is 0 or t < endedAt, and validUntil is 0 or t < validUntil.
    /// @param documentHash The document that was accredited; never zero.
    /// @param since Block time at which it was given.
    /// @param validUntil First second at which it is no longer valid, or zero for an open end.
    /// @param endedAt Block time at which it was withdrawn or renewed, or zero. Mere expiry does not set it.
    /// @param renewed True iff it was ended by a new accreditation of the same document, not by a withdrawal.
    /// @param sinceBlock Block in which it was given.
    /// @param scope What was accredited, in the accreditor's words, up to 256 bytes. Shown, never judged.
    struct Accreditation {
        bytes32 documentHash;
        uint48 since;
        uint64 validUntil;
        uint48 endedAt;
        bool renewed;
        uint48 sinceBlock;
        string scope;
    }

    // -------------------------------------------------------------------------------------------------- events

    /// @notice An issuer was registered. A DocumentSet follows in the same transaction unless the hash was zero.
    /// @param issuer The new issuer's number.
    /// @param admin The sender.
    /// @param name The self-asserted name.
    /// @param uri The self-asserted locator.
    event IssuerRegistered(uint64 indexed issuer, address indexed admin, string name, string uri);

    /// @notice A new issuer document came into force.
    /// @param issuer The issuer.
    /// @param documentHash SHA-256 of the document, or zero if it was withdrawn without a replacement.
    event DocumentSet(uint64 indexed issuer, bytes32 indexed documentHash);

    /// @notice The issuer's locator was replaced.
    /// @param issuer The issuer.
    /// @param uri The new locator.
    event UriSet(uint64 indexed issuer, string uri);

    /// @notice An address was invited to become admin, or the invitation was cancelled.
    /// @param issuer The issuer.
    /// @param newAdmin The invited address; zero if the invitation was cancelled.
    event AdminTransferProposed(uint64 indexed issuer, address indexed newAdmin);

    /// @notice The invited address accepted and is now the admin.
    /// @param issuer The issuer.
    /// @param previousAdmin The admin until now.
    /// @param newAdmin The admin from now on.
    event AdminTransferred(uint64 indexed issuer, address indexed previousAdmin, address indexed newAdmin);

    /// @notice A key was added.
    /// @param issuer The issuer.
    /// @param key The key's address.
    /// @param keyIndex The key's position in the issuer's list, from 0.
    /// @param roles 1 anchor, 2 status, 3 both.
    event KeyAdded(uint64 indexed issuer, address indexed key, uint16 keyIndex, uint8 roles);

    /// @notice A key was retired, or the date of a retired key's compromise was set or lowered.
    /// @param issuer The issuer.
    /// @param key The key's address.
    /// @param keyIndex The key's position in the issuer's list.
    /// @param retiredAt Block time of the retirement (unchanged by a later compromise date).
    /// @param compromisedSince Time from which the key's anchors are not to be believed, or zero.
    event KeyRetired(
        uint64 indexed issuer, address indexed key, uint16 keyIndex, uint48 retiredAt, uint48 compromisedSince
    );

    /// @notice Another issuer was invited to take over, or the invitation was cancelled.
    /// @param issuer The issuer that wants to end.
    /// @param successor The invited issuer; zero if the invitation was cancelled.
    event SuccessionProposed(uint64 indexed issuer, uint64 indexed successor);

    /// @notice The invited issuer accepted. The old one can never anchor again; trust does not follow by itself.
    /// @param issuer The issuer that ended.
    /// @param successor The issuer that took over.
    event Succeeded(uint64 indexed issuer, uint64 indexed successor);

    /// @notice Somebody accredited an issuer's current document. Whom to believe is the verifier's policy.
    /// @param issuer The issuer.
    /// @param accreditor The sender.
    /// @param documentHash The accredited document.
    /// @param index Position in the accreditor's list for this issuer, from 0.
    /// @param validUntil First second at which it is no longer valid, or zero.
    /// @param renewal True iff it replaced (and ended) a running accreditation of the same document.
    /// @param scope What was accredited, in the accreditor's words.
    event Accredited(
        uint64 indexed issuer,
        address indexed accreditor,
        bytes32 indexed documentHash,
        uint64 index,
        uint64 validUntil,
        bool renewal,
        string scope
    );

    /// @notice An accreditor withdrew a running accreditation.
    /// @param issuer The issuer.
    /// @param accreditor The sender.
    /// @param documentHash The document that is no longer accredited by this accreditor.
    /// @param index Position of the ended accreditation in the accreditor's list for this issuer.
    event AccreditationWithdrawn(
        uint64 indexed issuer, address indexed accreditor, bytes32 indexed documentHash, uint64 index
    );

    /// @notice A checkpoint was anchored.
    /// @param issuer The issuer.
    /// @param sequence The anchor's number for this issuer, from 1, without gaps.
    /// @param root Root of the log at this size.
    /// @param size Number of log entries under the root.
    /// @param previousSize Size of the preceding anchor; this anchor introduces the entries previousSize to size - 1.
    /// @param key The key that anchored.
    event Anchored(
        uint64 indexed issuer,
        uint64 indexed sequence,
        bytes32 indexed root,
        uint64 size,
        uint64 previousSize,
        address key
    );

    /// @notice One word of a status bitmap changed. A write that changes nothing emits nothing.
    /// @param issuer The issuer.
    /// @param purpose 0 revoked, 1 suspended.
    /// @param word Position of the word: log index >> 8.
    /// @param value The word's whole new value. A bit lost under purpose 0 was annulled.
    /// @param reason 0 none, 1 superseded.
    /// @param key The status key that wrote, or the admin who annulled.
    event StatusChanged(
        uint64 indexed issuer, uint8 indexed purpose, uint64 word, uint256 value, uint8 reason, address key
    );

    // -------------------------------------------------------------------------------------------------- errors

    /// @notice No issuer has this number.
    /// @param issuer The number given.
    error UnknownIssuer(uint64 issuer);

    /// @notice The sender is not the admin of this issuer.
    /// @param issuer The issuer whose admin was needed.
    /// @param sender The sender.
    error NotAdmin(uint64 issuer, address sender);

    /// @notice The sender was not invited to become admin of this issuer.
    /// @param issuer The issuer.
    /// @param sender The sender.
    error NotPendingAdmin(uint64 issuer, address sender);

    /// @notice The name is empty or longer than 128 bytes.
    /// @param length Its length in bytes.
    error BadNameLength(uint256 length);

    /// @notice The locator is longer than 256 bytes.
    /// @param length Its length in bytes.
    error UriTooLong(uint256 length);

    /// @notice The scope is longer than 256 bytes.
    /// @param length Its length in bytes.
    error ScopeTooLong(uint256 length);

    /// @notice This document is in force already.
    /// @param issuer The issuer.
    /// @param documentHash The hash given.
    error DocumentUnchanged(uint64 issuer, bytes32 documentHash);

    /// @notice The accreditation does not name the document in force, or none is in force.
    /// @param issuer The issuer.
    /// @param documentHash The hash given.
    /// @param current The hash in force; zero if there is none.
    error DocumentNotCurrent(uint64 issuer, bytes32 documentHash, bytes32 current);

    /// @notice The zero address cannot be a key.
    /// @param issuer The issuer.
    error ZeroKey(uint64 issuer);

    /// @notice The roles are not 1 (anchor), 2 (status) or 3 (both).
    /// @param roles The roles given.
    error BadRoles(uint8 roles);

    /// @notice This address was added before; an address is added once per issuer, retired or not.
    /// @param issuer The issuer.
    /// @param key The address.
    error KeyAlreadyAdded(uint64 issuer, address key);

    /// @notice The issuer has 65,535 keys, the most there can be.
    /// @param issuer The issuer.
    error TooManyKeys(uint64 issuer);

    /// @notice This address was never added as a key of this issuer.
    /// @param issuer The issuer.
    /// @param key The address.
    error UnknownKey(uint64 issuer, address key);

    /// @notice The key is retired (and no new compromise date was given, where one could be).
    /// @param issuer The issuer.
    /// @param key The key.
    /// @param retiredAt Since when.
    error KeyIsRetired(uint64 issuer, address key, uint48 retiredAt);

    /// @notice The key is active but lacks the role.
    /// @param issuer The issuer.
    /// @param key The key.
    /// @param roles The roles it has.
    /// @param needed The role needed: 1 anchor, 2 status.
    error KeyLacksRole(uint64 issuer, address key, uint8 roles, uint8 needed);

    /// @notice A compromise date lies in the future.
    /// @param compromisedSince The date given.
    /// @param time The block time.
    error CompromiseInFuture(uint48 compromisedSince, uint48 time);

    /// @notice A compromise date, once set, can only be lowered.
    /// @param current The date set.
    /// @param compromisedSince The date given.
    error CompromiseNotLowered(uint48 current, uint48 compromisedSince);

    /// @notice No key with the status role was ever retired as compromised, so nothing may be annulled.
    /// @param issuer The issuer.
    error NoCompromisedStatusKey(uint64 issuer);

    /// @notice The issuer was succeeded: it cannot anchor, be succeeded again or succeed another.
    /// @param issuer The issuer.
    /// @param successor Its successor.
    error IssuerEnded(uint64 issuer, uint64 successor);

    /// @notice An issuer cannot succeed itself.
    /// @param issuer The issuer.
    error SelfSuccession(uint64 issuer);

    /// @notice No successor is invited.
    /// @param issuer The issuer.
    error NoSuccessionProposed(uint64 issuer);

    /// @notice The accreditation would be over at once.
    /// @param validUntil The date given.
    /// @param time The block time.
    error ValidityInPast(uint64 validUntil, uint48 time);

    /// @notice The sender has no running accreditation of this document: never given, withdrawn, or expired.
    /// @param issuer The issuer.
    /// @param accreditor The sender.
    /// @param documentHash The document.
    error NoRunningAccreditation(uint64 issuer, address accreditor, bytes32 documentHash);

    /// @notice The anchor is not the next one. A repeated anchor is refused by this.
    /// @param sequence The sequence number given.
    /// @param expected The next one.
    error WrongSequence(uint64 sequence, uint64 expected);

    /// @notice The anchored size does not grow.
    /// @param size The size given.
    /// @param headSize The size of the last anchor.
    error SizeNotGrown(uint64 size, uint64 headSize);

    /// @notice A root is zero.
    error ZeroRoot();

    /// @notice This issuer anchored this root before.
    /// @param root The root.
    /// @param sequence The anchor that has it.
    error RootAlreadyAnchored(bytes32 root, uint64 sequence);

    /// @notice A size, sequence number, status word, block time or block number does not fit its width.
    /// @param value The value.
    /// @param max The largest value that fits.
    error ValueTooLarge(uint256 value, uint256 max);

    /// @notice The status write has no word at all.
    error EmptyStatusWrite();

    /// @notice There are not as many masks as words.
    /// @param words How many words.
    /// @param masks How many masks.
    error LengthMismatch(uint256 words, uint256 masks);

    /// @notice A mask selects no bit.
    /// @param word The word that it is for.
    error ZeroMask(uint64 word);

    /// @notice A mask selects a log index that is not anchored yet.
    /// @param word The word.
    /// @param mask The mask.
    /// @param size The anchored size.
    error StatusBeyondHead(uint64 word, uint256 mask, uint64 size);

    /// @notice The reason is not one that belongs on a chain for this act.
    /// @param reason The reason given.
    error BadReason(uint8 reason);

    /// @notice The purpose is neither 0 (revoked) nor 1 (suspended).
    /// @param purpose The purpose given.
    error UnknownPurpose(uint8 purpose);

    // ------------------------------------------------------------------------------------------------- issuers

    /// @notice Registers an issuer; open to all. The sender becomes its admin. Nothing given here is verified.
    /// @param name Display name, 1 to 128 bytes, fixed for ever.
    /// @param uri Locator, up to 256 bytes.
    /// @param documentHash SHA-256 of the issuer document, or zero to set it later (its history then stays empty).
    /// @return issuer The new issuer's number; the first is 1.
    function register(string calldata name, string calldata uri, bytes32 documentHash) external returns (uint64 issuer);

    /// @notice Puts an issuer document in force from this block on. Admin only; also after succession.
    /// @dev Accreditations are bound to the document's hash, so a changed document starts unaccredited.
    /// @param issuer The issuer.
    /// @param documentHash SHA-256 of the document; zero withdraws it. Must differ from the one in force.
    function setDocument(uint64 issuer, bytes32 documentHash) external;

    /// @notice Replaces the issuer's locator. Admin only; also after succession.
    /// @param issuer The issuer.
    /// @param uri Locator, up to 256 bytes.
    function setUri(uint64 issuer, string calldata uri) external;

    /// @notice Invites an address to become admin; it must accept. Admin only; also after succession.
    /// @param issuer The issuer.
    /// @param newAdmin The address; zero cancels an invitation.
    function transferAdmin(uint64 issuer, address newAdmin) external;

    /// @notice Becomes admin. By the invited address only.
    /// @param issuer The issuer.
    function acceptAdmin(uint64 issuer) external;

    /// @notice How many issuers are registered; their numbers are 1 to this.
    /// @return count The number of issuers.
    function issuerCount() external view returns (uint64 count);

    /// @notice Describes an issuer.
    /// @param issuer The issuer.
    /// @return description All zero and empty if there is none.
    function issuerOf(uint64 issuer) external view returns (Issuer memory description);

    /// @notice How many entries an issuer's document history has.
    /// @param issuer The issuer.
    /// @return count The number of entries.
    function documentCount(uint64 issuer) external view returns (uint64 count);

    /// @notice Part of an issuer's document history, oldest first. Never reverts: the range is cut to what exists.
    /// @param issuer The issuer.
    /// @param from First entry wanted, from 0.
    /// @param count How many at most.
    /// @return entries The entries from `from` to `from + count - 1` that exist.
    function documents(uint64 issuer, uint64 from, uint64 count) external view returns (Document[] memory entries);

    // ---------------------------------------------------------------------------------------------------- keys

    /// @notice Adds a key. Admin only; also after succession (a status key is then still useful). Roles never change.
    /// @param issuer The issuer.
    /// @param key The key's address, which this issuer never added before. Keys are per issuer.
    /// @param roles 1 anchor, 2 status, 3 both.
    function addKey(uint64 issuer, address key, uint8 roles) external;

    /// @notice Retires a key for ever, or dates the compromise of a retired one. Admin only; also for the last key
    /// and after succession.
    /// @dev A key is compromised for an anchor iff compromisedSince != 0 and the anchor's time >= compromisedSince.
    /// Once set the date can only be lowered, never cleared: what was declared doubtful stays doubtful.
    /// @param issuer The issuer.
    /// @param key The key's address.
    /// @param compromisedSince Zero for a routine retirement; else a time not in the future. For a key that is retired
    /// already it must be non-zero and, if a date was set before, lower than that.
    function retireKey(uint64 issuer, address key, uint48 compromisedSince) external;

    /// @notice A key by its position.
    /// @param issuer The issuer.
    /// @param keyIndex The position, from 0, as in anchorOf.
    /// @return key The key's address; zero if there is none.
    /// @return roles 1 anchor, 2 status, 3 both; kept after retirement.
    /// @return addedAt Block time of addition.
    /// @return retiredAt Block time of retirement, or zero while active.
    /// @return compromisedSince Time from which its anchors are not to be believed, or zero.
    function keyAt(uint64 issuer, uint16 keyIndex)
        external
        view
        returns (address key, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 compromisedSince);

    /// @notice How many keys an issuer ever added.
    /// @param issuer The issuer.
    /// @return count The number of keys, retired ones included.
    function keyCount(uint64 issuer) external view returns (uint16 count);

    /// @notice A key by its address.
    /// @param issuer The issuer.
    /// @param key The address.
    /// @return keyIndex Its position; meaningless if addedAt is zero.
    /// @return roles 1 anchor, 2 status, 3 both; kept after retirement.
    /// @return addedAt Block time of addition; zero iff the address was never added.
    /// @return retiredAt Block time of retirement, or zero while active.
    /// @return compromisedSince Time from which its anchors are not to be believed, or zero.
    function keyOf(uint64 issuer, address key)
        external
        view
        returns (uint16 keyIndex, uint8 roles, uint48 addedAt, uint48 retiredAt, uint48 compromisedSince);

    // ---------------------------------------------------------------------------------------------- succession

    /// @notice Invites another issuer to take over; it must accept. Admin only. Changes nothing until accepted.
    /// @param issuer The issuer that wants to end; not succeeded yet.
    /// @param successor A registered issuer, not itself succeeded; zero cancels the invitation.
    function succeed(uint64 issuer, uint64 successor) external;

    /// @notice Takes over from an issuer, finally. By the admin of the invited successor only.
    /// @dev From now on `issuer` cannot anchor. Its status stays writable, and its admin keeps every other power:
    /// document, uri, keys (retirement and compromise too), annulment and admin transfer. An issuer that was
    /// succeeded cannot succeed another, hence chains of succession have no cycles.
    /// @param issuer The issuer that ends.
    function acceptSuccession(uint64 issuer) external;

    // ------------------------------------------------------------------------------------------- accreditation

    /// @notice Accredits an issuer's document in force; open to all. Ends a running accreditation of the same
    /// document by the same sender (its `renewed` becomes true), so that at most one is running.
    /// @param issuer The issuer.
    /// @param documentHash The document in force; not zero.
    /// @param scope What is accredited, up to 256 bytes, may be empty.
    /// @param validUntil First second at which it is no longer valid, after now; zero for an open end.
    function accredit(uint64 issuer, bytes32 documentHash, string calldata scope, uint64 validUntil) external;

    /// @notice Ends the sender's running accreditation of a document, which need not be in force any longer.
    /// @param issuer The issuer.
    /// @param documentHash The document.
    function withdraw(uint64 issuer, bytes32 documentHash) external;

    /// @notice How many accreditations an accreditor ever gave an issuer.
    /// @param issuer The issuer.
    /// @param accreditor The accreditor.
    /// @return count The number, ended ones included.
    function accreditationCount(uint64 issuer, address accreditor) external view returns (uint64 count);

    /// @notice Part of what an accreditor gave an issuer, oldest first. Never reverts: the range is cut to what
    /// exists. Lists are per accreditor, so nobody can lengthen another's.
    /// @param issuer The issuer.
    /// @param accreditor The accreditor.
    /// @param from First one wanted, from 0.
    /// @param count How many at most.
    /// @return entries The accreditations from `from` to `from + count - 1` that exist.
    function accreditations(uint64 issuer, address accreditor, uint64 from, uint64 count)
        external
        view
        returns (Accreditation[] memory entries);

    // ------------------------------------------------------------------------------------------------- anchors

    /// @notice Anchors a checkpoint. By an active key with role 1 of an issuer that was not succeeded.
    /// @param issuer The issuer.
    /// @param sequence The next sequence number; the first is 1. Makes a retry harmless.
    /// @param size Number of log entries, more than at the last anchor and below 2^48.
    /// @param root Root of the log at that size; not zero, and new for this issuer.
    function anchor(uint64 issuer, uint64 sequence, uint64 size, bytes32 root) external;

    /// @notice An anchor by its root. One storage slot.
    /// @param issuer The issuer.
    /// @param root The root.
    /// @return sequence The anchor's number, from 1; zero iff the issuer never anchored this root.
    /// @return size Number of log entries under the root.
    /// @return previousSize Size of the preceding anchor.
    /// @return time Block time.
    /// @return blockNumber Block number, as the chain's `NUMBER` instruction gives it.
    /// @return keyIndex The key that anchored, as in keyAt.
    function anchorOf(uint64 issuer, bytes32 root)
        external
        view
        returns (uint64 sequence, uint64 size, uint64 previousSize, uint64 time, uint64 blockNumber, uint16 keyIndex);

    /// @notice The last anchor.
    /// @param issuer The issuer.
    /// @return sequence Its number, which is also how many there are.
    /// @return size Number of log entries anchored.
    function head(uint64 issuer) external view returns (uint64 sequence, uint64 size);

    // -------------------------------------------------------------------------------------------------- status

    /// @notice Revokes entries, one way. By an active key with role 2; also after succession.
    /// @dev In all status writes log index i is bit 1 << (i & 255) of word i >> 8. Setting what is set is allowed and
    /// changes nothing, so that a repeated transaction is harmless; a word may occur twice.
    /// @param issuer The issuer.
    /// @param words The words to change, at least one.
    /// @param masks For each word the bits to set, none zero, none at an index >= the anchored size.
    /// @param reason 0 none, 1 superseded. Why else stays with the issuer: it is personal data.
    function revoke(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external;

    /// @notice Suspends entries. By an active key with role 2; also after succession.
    /// @param issuer The issuer.
    /// @param words The words to change, at least one.
    /// @param masks For each word the bits to set, none zero, none at an index >= the anchored size.
    /// @param reason Must be 0: nothing supersedes for a while.
    function suspend(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external;

    /// @notice Lifts suspensions. By an active key with role 2; also after succession. Revocations are untouched.
    /// @param issuer The issuer.
    /// @param words The words to change, at least one.
    /// @param masks For each word the bits to clear, none zero, none at an index >= the anchored size.
    /// @param reason Must be 0.
    function reinstate(uint64 issuer, uint64[] calldata words, uint256[] calldata masks, uint8 reason) external;

    /// @notice Takes back revocations. Admin only, and only after a key with role 2 was retired as compromised.
    /// @dev The ledger does not know which key set a bit; auditors see it in the events, and see annulments there.
    /// @param issuer The issuer.
    /// @param words The words to change, at least one.
    /// @param masks For each word the bits to clear, none zero, none at an index >= the anchored size.
    function annul(uint64 issuer, uint64[] calldata words, uint256[] calldata masks) external;

    /// @notice Part of a status bitmap. Verifiers fetch the whole map, ceil(size / 256) words, never one index:
    /// who asks for one index tells which credential is being looked at.
    /// @param issuer The issuer.
    /// @param purpose 0 revoked, 1 suspended; anything else reverts, lest a slip read as "not revoked".
    /// @param from First word wanted.
    /// @param count How many.
    /// @return words Exactly `count` words, zero beyond what was written.
    function statusWords(uint64 issuer, uint8 purpose, uint64 from, uint64 count)
        external
        view
        returns (uint256[] memory words);
}
