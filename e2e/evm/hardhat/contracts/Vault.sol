// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "@openzeppelin/contracts/access/Ownable.sol";
import "hardhat/console.sol";

/// Keeps money for its owner.
contract Vault is Ownable(msg.sender) {
    event Stored(address indexed by, uint256 value);

    receive() external payable {
        console.log("stored", msg.value);
        emit Stored(msg.sender, msg.value);
    }

    function take(uint256 value) external onlyOwner {
        require(value <= address(this).balance, "too much");
        payable(msg.sender).transfer(value);
    }
}
