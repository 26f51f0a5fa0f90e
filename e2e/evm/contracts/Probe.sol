// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A contract for what a chain must show of logs, reverts, calls and storage.
contract Probe {
    event Noted(address indexed by, uint256 indexed number, string text);
    event Bare();

    error Refused(address by, uint256 number);

    uint256 public number = 7;
    mapping(uint256 => uint256) public slots;

    receive() external payable {}

    function note(uint256 by, string calldata text) external payable {
        number += by;
        emit Noted(msg.sender, number, text);
    }

    function noteTwice(string calldata text) external {
        emit Noted(msg.sender, 1, text);
        emit Bare();
    }

    function fill(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; i++) slots[i] = i + 1;
    }

    function clear(uint256 from, uint256 count) external {
        for (uint256 i = from; i < from + count; i++) delete slots[i];
    }

    function refuse(uint256 how) external view returns (uint256) {
        if (how == 0) revert("a reason");
        if (how == 1) revert Refused(msg.sender, number);
        if (how == 2) revert();
        if (how == 3) assert(how == 2);
        uint256 zero = how - how;
        if (how == 4) return how / zero;
        uint256[] memory none = new uint256[](0);
        if (how == 5) return none[how];
        if (how == 6) return zero - 1;
        if (how == 7) {
            assembly {
                invalid()
            }
        }
        if (how == 8) {
            while (true) zero += 1;
        }
        if (how == 9) {
            assembly {
                returndatacopy(0, 0, 1)
            }
        }
        return how;
    }

    /// Remembers the time.
    function touch() external {
        slots[100] = block.timestamp;
    }

    /// Does more when time went by since then, as an exchange does for its average price.
    function ripen() external {
        if (block.timestamp > slots[100]) {
            slots[101] = block.timestamp;
            slots[102] = block.timestamp;
        }
    }

    /// How many calls of itself fit into each other, up to `most`.
    function depth(uint256 most) external returns (uint256) {
        if (most == 0) return 0;
        try this.depth(most - 1) returns (uint256 below) {
            return below + 1;
        } catch {
            return 0;
        }
    }

    /// Writes `count` words of transient storage and reads them back.
    function transientWords(uint256 count) external returns (uint256 sum) {
        for (uint256 i = 0; i < count; i++) {
            assembly {
                tstore(i, add(i, 1))
            }
        }
        for (uint256 i = 0; i < count; i++) {
            assembly {
                sum := add(sum, tload(i))
            }
        }
    }

    /// Writes a word of memory at `at` and reads it back.
    function memoryTo(uint256 at) external pure returns (uint256 word) {
        assembly {
            mstore(at, 1)
            word := mload(at)
        }
    }

    /// A contract made and destroyed in one transaction: code afterwards, and where its money is.
    function ephemeral() external payable returns (uint256 size, uint256 left) {
        // Ends with the balance sent to the caller.
        bytes memory code = hex"6002600c60003960026000f333ff";
        address made;
        assembly {
            made := create(callvalue(), add(code, 32), mload(code))
        }
        (bool done,) = made.call("");
        require(done && made != address(0), "not made");
        return (made.code.length, address(this).balance);
    }

    /// A write under a static call must fail, and only there.
    function writeStatically() external returns (bool done, uint256 after_) {
        (done,) = address(this).staticcall{gas: 100_000}(abi.encodeCall(this.fill, (0, 1)));
        return (done, slots[0]);
    }

    /// A call that reverts takes its writes back, the caller's stay.
    function revertInside() external returns (uint256 first, uint256 second) {
        slots[0] = 5;
        try this.fillAndRefuse() {} catch {}
        return (slots[0], slots[1]);
    }

    function fillAndRefuse() external {
        slots[0] = 6;
        slots[1] = 6;
        revert("all of it");
    }

    /// The code hashes of nobody, of an account with money, and of a contract.
    function hashes(address somebody) external view returns (bytes32, bytes32, bytes32) {
        return (address(0xdead0001).codehash, somebody.codehash, address(this).codehash);
    }

    /// A precompile's answer.
    function precompile(address at, bytes calldata input) external returns (bool, bytes memory) {
        return at.call{gas: 1_000_000}(input);
    }

    /// Values of the environment that do not depend on the block.
    function environment() external payable returns (address, address, uint256, uint256, bytes4) {
        return (msg.sender, tx.origin, msg.value, block.chainid, msg.sig);
    }
}
