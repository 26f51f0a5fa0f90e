// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// A token all of which its deployer has.
contract Token is ERC20, ERC20Permit {
    constructor(string memory name, uint256 supply) ERC20(name, "TOK") ERC20Permit(name) {
        _mint(msg.sender, supply);
    }
}
