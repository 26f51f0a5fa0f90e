// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

interface IToken {
    function transfer(address to, uint256 value) external returns (bool);
}

interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function mint(address to, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external returns (uint256, uint256);
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external returns (int256, int256);
}

/// Provides to and trades with a Uniswap V3 pool, and pays it from what this contract has.
contract Trader {
    IPool private paying;

    function provide(IPool pool, int24 lower, int24 upper, uint128 amount) external {
        paying = pool;
        pool.mint(address(this), lower, upper, amount, "");
    }

    function swap(IPool pool, bool zeroForOne, int256 amount, uint160 limit) external {
        paying = pool;
        pool.swap(msg.sender, zeroForOne, amount, limit, "");
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        pay(owed0, owed1);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        pay(delta0 > 0 ? uint256(delta0) : 0, delta1 > 0 ? uint256(delta1) : 0);
    }

    function pay(uint256 owed0, uint256 owed1) private {
        require(msg.sender == address(paying), "not the pool");
        if (owed0 > 0) IToken(paying.token0()).transfer(msg.sender, owed0);
        if (owed1 > 0) IToken(paying.token1()).transfer(msg.sender, owed1);
    }
}
