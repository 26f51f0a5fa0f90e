// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Sells its own token, one for one.
contract Store is ERC20("Store", "STO") {
    error NothingSent();

    function buy() external payable {
        if (msg.value == 0) revert NothingSent();
        _mint(msg.sender, msg.value);
    }
}
