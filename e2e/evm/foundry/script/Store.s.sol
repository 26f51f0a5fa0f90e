// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Store} from "../src/Store.sol";

/// What of Foundry's cheat codes is used here.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a store and buys in it.
contract Open {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external returns (Store store) {
        vm.startBroadcast();
        store = new Store();
        store.buy{value: 5}();
        vm.stopBroadcast();
    }
}
