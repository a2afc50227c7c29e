// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev The standards that EctxCredits follows, as their texts give them, without the parts it does not offer.

/// @title ERC-165: which interfaces a contract implements
interface IERC165 {
    /// @notice Whether the contract implements an interface.
    /// @param interfaceId The XOR of the selectors of the interface's functions.
    /// @return supported True iff it does.
    function supportsInterface(bytes4 interfaceId) external view returns (bool supported);
}

/// @title ERC-721: non-fungible tokens, interface id 0x80ac58cd
interface IERC721 {
    /// @notice A token changed hands; it was created if `from` is zero, destroyed if `to` is zero.
    /// @param from The holder until now.
    /// @param to The holder from now on.
    /// @param tokenId The token.
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    /// @notice Somebody may move one token.
    /// @param owner The token's holder.
    /// @param approved Who may.
    /// @param tokenId The token.
    event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);

    /// @notice Somebody may, or may no longer, move all tokens of a holder.
    /// @param owner The holder.
    /// @param operator Who may or may no longer.
    /// @param approved True iff they may.
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    /// @notice How many tokens an address holds.
    /// @param owner The address; zero reverts.
    /// @return balance The number.
    function balanceOf(address owner) external view returns (uint256 balance);

    /// @notice Who holds a token.
    /// @param tokenId The token; reverts unless it exists.
    /// @return owner The holder.
    function ownerOf(uint256 tokenId) external view returns (address owner);

    /// @notice Moves a token.
    /// @param from The holder.
    /// @param to The new holder.
    /// @param tokenId The token.
    /// @param data Handed to `to`.
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes calldata data) external;

    /// @notice Moves a token.
    /// @param from The holder.
    /// @param to The new holder.
    /// @param tokenId The token.
    function safeTransferFrom(address from, address to, uint256 tokenId) external;

    /// @notice Moves a token.
    /// @param from The holder.
    /// @param to The new holder.
    /// @param tokenId The token.
    function transferFrom(address from, address to, uint256 tokenId) external;

    /// @notice Lets somebody move one token.
    /// @param approved Who may.
    /// @param tokenId The token.
    function approve(address approved, uint256 tokenId) external;

    /// @notice Lets somebody move all of the sender's tokens.
    /// @param operator Who may.
    /// @param approved True to allow, false to forbid.
    function setApprovalForAll(address operator, bool approved) external;

    /// @notice Who may move a token besides its holder.
    /// @param tokenId The token; reverts unless it exists.
    /// @return approved Who may, or zero.
    function getApproved(uint256 tokenId) external view returns (address approved);

    /// @notice Whether somebody may move all tokens of a holder.
    /// @param owner The holder.
    /// @param operator Who may.
    /// @return approved True iff they may.
    function isApprovedForAll(address owner, address operator) external view returns (bool approved);
}

/// @title ERC-5192: tokens that stay where they are, interface id 0xb45a3c0e
interface IERC5192 {
    /// @notice A token was locked.
    /// @param tokenId The token.
    event Locked(uint256 tokenId);

    /// @notice A token was unlocked.
    /// @param tokenId The token.
    event Unlocked(uint256 tokenId);

    /// @notice Whether a token cannot be moved.
    /// @param tokenId The token; reverts unless it exists.
    /// @return isLocked True iff it cannot.
    function locked(uint256 tokenId) external view returns (bool isLocked);
}

/// @title ERC-5484: soulbound tokens with consent, interface id 0x0489b56f
interface IERC5484 {
    /// @dev Who may burn a token.
    enum BurnAuth {
        IssuerOnly,
        OwnerOnly,
        Both,
        Neither
    }

    /// @notice A soulbound token was issued.
    /// @param from The issuer.
    /// @param to The receiver.
    /// @param tokenId The token.
    /// @param burnAuth Who may burn it.
    event Issued(address indexed from, address indexed to, uint256 indexed tokenId, BurnAuth burnAuth);

    /// @notice Who may burn a token.
    /// @param tokenId The token; reverts unless it exists.
    /// @return auth Who may.
    function burnAuth(uint256 tokenId) external view returns (BurnAuth auth);
}

/// @title ERC-1271: signatures of contracts
interface IERC1271 {
    /// @notice Whether the contract signs a hash.
    /// @param hash The hash.
    /// @param signature What the contract is to judge.
    /// @return magic This function's selector iff it does.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4 magic);
}
