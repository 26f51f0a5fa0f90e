// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Store} from "../src/Store.sol";

/// What of Foundry's cheat codes is used here.
interface Vm {
    function deal(address who, uint256 balance) external;
    function prank(address who) external;
    function envAddress(string calldata name) external view returns (address);
    function expectRevert(bytes4 selector) external;
}

/// Tests on a copy of the chain's state, which forge reads from the node.
contract StoreTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function test_chain_should_be_the_nodes_when_forked() external view {
        require(block.chainid == 918273, "another chain");
        require(block.number > 0, "no blocks");
        address rich = vm.envAddress("RICH");
        require(rich.balance > 1 ether, "not rich");
    }

    function test_store_should_sell_when_it_is_on_the_chain() external {
        Store store = Store(vm.envAddress("STORE"));
        require(keccak256(bytes(store.symbol())) == keccak256("STO"), "another symbol");
        uint256 before = store.totalSupply();
        require(before == 5, "the chain's own state is missing");
        vm.deal(address(this), 10);
        store.buy{value: 10}();
        require(store.balanceOf(address(this)) == 10, "not sold");
        require(store.totalSupply() == before + 10, "not made");
        vm.expectRevert(Store.NothingSent.selector);
        store.buy();
    }
}
