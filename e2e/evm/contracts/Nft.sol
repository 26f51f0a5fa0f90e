// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721URIStorage, ERC721} from
    "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";

/// Tokens that anybody may make.
contract Nft is ERC721URIStorage {
    constructor() ERC721("Pictures", "PIC") {}

    function mint(uint256 id, string calldata uri) external {
        _safeMint(msg.sender, id);
        _setTokenURI(id, uri);
    }
}
