// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Counts up, says so, and refuses in both of Solidity's ways.
contract Counter {
    /// `by` raised the count to `value`.
    event Increased(address indexed by, uint256 value);

    /// At most `most` at once.
    error TooMuch(uint256 by, uint256 most);

    uint256 public count;

    function increase(uint256 by) external {
        require(by > 0, "nothing to add");
        if (by > 100) revert TooMuch(by, 100);
        count += by;
        emit Increased(msg.sender, count);
    }
}
