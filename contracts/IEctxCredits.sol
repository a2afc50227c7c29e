// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC165, IERC5192, IERC5484, IERC721} from "./TokenStandards.sol";

/// @title Credits that a learner receives and cannot pass on
/// @notice One token stands for the credits of one credential: an entry of an issuer's log that names its holder. Whoever
/// has the learner's signed consent may turn the entry into a token; nobody can without it. What a token is worth follows
/// the ledger at every moment: credits of an entry that is revoked, suspended or anchored by a compromised key do not
/// count. An institution that recognises them redeems the token, once.
/// @dev Credits are hundredths of an ECTS credit. Log indexes, sizes, roots, keys and status are those of the
/// CredentialLedger. Every function that hashes may also revert with Sha256Failed. Nothing here says what a credential is about. A token's number is the credential's commitment.
interface IEctxCredits is IERC165, IERC721, IERC5192, IERC5484 {
    /// @dev What a claim opens of a credential. The contract computes its commitment from this.
    /// @param issuer The issuer whose log it is in.
    /// @param index Its position in the log.
    /// @param root Root of the anchor that introduced it: previousSize <= index < size.
    /// @param claimsRoot The commitment to everything the credential says.
    /// @param salt The subject's salt.
    /// @param holder Whose credits they are; not zero.
    /// @param credits How many; not zero.
    /// @param creditId The number that these credits keep when they are issued again; not zero.
    struct Entry {
        uint64 issuer;
        uint64 index;
        bytes32 root;
        bytes32 claimsRoot;
        bytes16 salt;
        address holder;
        uint64 credits;
        bytes16 creditId;
    }

    /// @dev What is remembered of a token, for ever.
    /// @param holder Who received it; kept after burning. Zero iff there never was such a token.
    /// @param index Position of its entry in the issuer's log.
    /// @param anchoredAt Block time of the anchor that introduced the entry.
    /// @param issuer Whose entry it is.
    /// @param credits How many.
    /// @param keyIndex The key that made that anchor, as in the ledger's keyAt.
    /// @param receiver The issuer that recognised the credits, or zero.
    /// @param redeemedAt Block time of that, or zero.
    /// @param burned True once the holder has given it up.
    /// @param voided True once the same credits were claimed again from a later entry.
    struct Token {
        address holder;
        uint48 index;
        uint48 anchoredAt;
        uint48 issuer;
        uint64 credits;
        uint16 keyIndex;
        uint48 receiver;
        uint48 redeemedAt;
        bool burned;
        bool voided;
    }

    /// @dev What a token is worth now. Of several reasons the first in this order is given:
    /// None (there never was one), Burned, Voided, Compromised (the key that anchored its entry was compromised by then),
    /// Revoked, Suspended; Counted if there is none. Burned and Voided are for ever.
    enum State {
        None,
        Counted,
        Burned,
        Voided,
        Compromised,
        Revoked,
        Suspended
    }

    // -------------------------------------------------------------------------------------------------- events

    /// @notice Credits were claimed. Transfer, Locked and Issued stand beside it in the same transaction; the `from` of
    /// Issued is the key that anchored the entry.
    /// @param tokenId The token, equal to the commitment.
    /// @param issuer Whose entry it is.
    /// @param holder Whose credits they are.
    /// @param index Position of the entry.
    /// @param credits How many.
    /// @param creditId The number that they keep.
    event Claimed(
        uint256 indexed tokenId,
        uint64 indexed issuer,
        address indexed holder,
        uint64 index,
        uint64 credits,
        bytes16 creditId
    );

    /// @notice A token lost its worth for ever, because the same credits were claimed from a later entry.
    /// @param tokenId The earlier token. Its holder keeps it.
    /// @param replacement The later one.
    event Voided(uint256 indexed tokenId, uint256 indexed replacement);

    /// @notice An institution recognised credits.
    /// @param tokenId The token.
    /// @param receiver The institution, an issuer in the ledger.
    /// @param award A salted hash of what it gave for them.
    /// @param key The receiver's status key that sent it.
    event Redeemed(uint256 indexed tokenId, uint64 indexed receiver, bytes32 indexed award, address key);

    // -------------------------------------------------------------------------------------------------- errors

    /// @notice There is no contract at the ledger's address.
    /// @param ledger The address.
    error NoLedger(address ledger);

    /// @notice Tokens stay with their holder.
    /// @param tokenId The token.
    error NotTransferable(uint256 tokenId);

    /// @notice Nobody can be allowed to move tokens.
    /// @param operator Who was to be.
    error NotApprovable(address operator);

    /// @notice There is no such token: it was never claimed, or it was burned.
    /// @param tokenId The number.
    error NoSuchToken(uint256 tokenId);

    /// @notice The zero address holds nothing.
    error ZeroHolder();

    /// @notice The entry has no credits.
    error ZeroCredits();

    /// @notice The entry has no creditId.
    error ZeroCreditId();

    /// @notice The consent is no longer good.
    /// @param deadline The last second at which it was.
    /// @param time The block's time.
    error ConsentExpired(uint64 deadline, uint256 time);

    /// @notice The signature is not the holder's over this: another's key, another text, a wrong form, or the holder's
    /// contract refused it.
    /// @param holder Who should have signed.
    /// @param digest The EIP-712 hash that should have been signed.
    error ConsentInvalid(address holder, bytes32 digest);

    /// @notice This commitment was claimed before. It can be only once, at whatever index it stands.
    /// @param tokenId The token that it made.
    error AlreadyClaimed(uint256 tokenId);

    /// @notice The path is longer than any proof in a log.
    /// @param length Its length.
    /// @param max The longest.
    error PathTooLong(uint256 length, uint256 max);

    /// @notice The issuer never anchored this root.
    /// @param issuer The issuer.
    /// @param root The root.
    error RootNotAnchored(uint64 issuer, bytes32 root);

    /// @notice The log had not yet this many entries.
    /// @param index The index.
    /// @param size Number of entries under the root.
    error IndexBeyondSize(uint64 index, uint64 size);

    /// @notice An earlier anchor introduced the entry, and only that one tells who issued it.
    /// @param index The index.
    /// @param previousSize Number of entries before this anchor.
    error NotIntroducingAnchor(uint64 index, uint64 previousSize);

    /// @notice The proof does not lead to the root: a value differs from what was issued, or the proof is another's.
    /// @param commitment The commitment as computed from the entry.
    /// @param index The index.
    /// @param size Number of entries under the root.
    error NotIncluded(bytes32 commitment, uint64 index, uint64 size);

    /// @notice The key that introduced the entry was compromised when it did.
    /// @param issuer The issuer.
    /// @param keyIndex The key, as in the ledger's keyAt.
    error AnchorKeyCompromised(uint64 issuer, uint16 keyIndex);

    /// @notice The entry is revoked.
    /// @param issuer The issuer.
    /// @param index The index.
    error EntryRevoked(uint64 issuer, uint64 index);

    /// @notice The entry is suspended.
    /// @param issuer The issuer.
    /// @param index The index.
    error EntrySuspended(uint64 issuer, uint64 index);

    /// @notice These credits were claimed from another entry that is not revoked.
    /// @param earlier The token.
    error EarlierEntryNotRevoked(uint256 earlier);

    /// @notice These credits were redeemed.
    /// @param tokenId The token.
    /// @param receiver The institution that recognised them.
    error AlreadyRedeemed(uint256 tokenId, uint64 receiver);

    /// @notice The same credits were claimed again from a later entry.
    /// @param tokenId The earlier token.
    error TokenVoided(uint256 tokenId);

    /// @notice Only the holder may do this.
    /// @param tokenId The token.
    /// @param sender The sender.
    error NotHolder(uint256 tokenId, address sender);

    /// @notice The sender is not an active key with role 2 of the receiver.
    /// @param receiver The institution.
    /// @param sender The sender.
    error NotStatusKey(uint64 receiver, address sender);

    /// @notice A number does not fit its width.
    /// @param value The value.
    /// @param max The largest value that fits.
    error ValueTooLarge(uint256 value, uint256 max);

    // ------------------------------------------------------------------------------------------------- changes

    /// @notice Makes the token of one entry, for its holder. Anybody may send it who has the holder's consent.
    /// @dev The entry must be in the log at its index, under the root of the anchor that introduced it, made by a key that
    /// was not compromised then; neither revoked nor suspended; and its credits claimed at most from entries that are
    /// revoked by now, and never redeemed. An earlier token of the same issuer and creditId is void from then on, even if
    /// the revocation of its entry is annulled.
    /// @param entry What is claimed.
    /// @param path The inclusion proof, lowest level first, at most 48 hashes.
    /// @param deadline The last second at which the consent is good.
    /// @param signature The holder's, over `Claim(bytes32 commitment,uint64 deadline)`, EIP-712, domain name "Rootseal",
    /// version "1", this chain and contract: 65 bytes r, s, v with low s and v 27 or 28; or what the holder's contract
    /// accepts (ERC-1271).
    function claim(Entry calldata entry, bytes32[] calldata path, uint64 deadline, bytes calldata signature) external;

    /// @notice Recognises the credits of a token, once. By an active key with role 2 of the receiver.
    /// @dev Everything that `claim` demands of the entry must still hold.
    /// @param tokenId The token.
    /// @param receiver The institution that recognises them, an issuer in the ledger.
    /// @param award A salted hash of what it gives for them.
    /// @param deadline The last second at which the consent is good.
    /// @param signature The holder's, over `Redeem(uint256 tokenId,uint64 receiver,bytes32 award,uint64 deadline)`, else
    /// as for `claim`.
    function redeem(uint256 tokenId, uint64 receiver, bytes32 award, uint64 deadline, bytes calldata signature) external;

    /// @notice Gives up a token. By its holder only (ERC-5484 OwnerOnly). Clears no record: the commitment cannot be claimed
    /// again, and its credits only as if the token were still there.
    /// @param tokenId The token.
    function burn(uint256 tokenId) external;

    // -------------------------------------------------------------------------------------------------- totals

    /// @notice Part of the credits that a holder has from one issuer, as they count now. Never reverts: the range is cut
    /// to what exists. The sum over all parts is the total.
    /// @dev For a reliable total ask for all parts at one block.
    /// @param holder The holder.
    /// @param issuer The issuer.
    /// @param from First token wanted, from 0, in the order of their claims.
    /// @param count How many at most.
    /// @return counted Credits of those tokens that count now.
    /// @return redeemed How many of these were redeemed.
    function creditsOf(address holder, uint64 issuer, uint64 from, uint64 count)
        external
        view
        returns (uint256 counted, uint256 redeemed);

    /// @notice How many tokens a holder ever received from one issuer.
    /// @param holder The holder.
    /// @param issuer The issuer.
    /// @return count The number, burned and voided ones included.
    function tokenCount(address holder, uint64 issuer) external view returns (uint64 count);

    /// @notice Part of what a holder ever received from one issuer, oldest first. Never reverts: the range is cut to what
    /// exists. Nobody can lengthen this list without the holder's consent.
    /// @param holder The holder.
    /// @param issuer The issuer.
    /// @param from First one wanted, from 0.
    /// @param count How many at most.
    /// @return tokenIds The tokens, burned and voided ones included.
    function tokensOf(address holder, uint64 issuer, uint64 from, uint64 count)
        external
        view
        returns (uint256[] memory tokenIds);

    // --------------------------------------------------------------------------------------------------- views

    /// @notice What is remembered of a token, burned ones included; zeros if there never was one.
    /// @param tokenId The token.
    /// @return token The record.
    function tokenOf(uint256 tokenId) external view returns (Token memory token);

    /// @notice What a token is worth now.
    /// @param tokenId The token.
    /// @return state Counted, or the first reason why it is not.
    function stateOf(uint256 tokenId) external view returns (State state);

    /// @notice The last token of an issuer's creditId; burned or not, the one that alone can count.
    /// @param issuer The issuer.
    /// @param creditId The number that the credits keep.
    /// @return tokenId The token, or zero if the credits were never claimed.
    function tokenOfCredit(uint64 issuer, bytes16 creditId) external view returns (uint256 tokenId);

    /// @notice The commitment of an entry, which is also the number of its token. Whether it was issued is not asked.
    /// @param entry The entry; its index and root do not matter.
    /// @return commitment The commitment.
    function commitmentOf(Entry calldata entry) external view returns (bytes32 commitment);

    /// @notice What a holder signs to allow a claim.
    /// @param commitment The commitment.
    /// @param deadline The last second at which the consent is good.
    /// @return digest The EIP-712 hash.
    function claimDigest(bytes32 commitment, uint64 deadline) external view returns (bytes32 digest);

    /// @notice What a holder signs to allow a redemption.
    /// @param tokenId The token.
    /// @param receiver The institution.
    /// @param award The salted hash.
    /// @param deadline The last second at which the consent is good.
    /// @return digest The EIP-712 hash.
    function redeemDigest(uint256 tokenId, uint64 receiver, bytes32 award, uint64 deadline)
        external
        view
        returns (bytes32 digest);

    /// @notice The ledger that decides what counts. It never changes.
    /// @return account Its address.
    function ledger() external view returns (address account);
}
