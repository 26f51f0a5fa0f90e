const assert = require('node:assert/strict');
const { ethers, network } = require('hardhat');

describe('Vault', () => {
	let owner;
	let other;
	let vault;

	before(async () => {
		[owner, other] = await ethers.getSigners();
		vault = await ethers.deployContract('Vault');
		await vault.waitForDeployment();
	});

	it('belongs to who deployed it', async () => {
		assert.equal(await vault.owner(), owner.address);
		assert.equal(BigInt(await network.provider.send('eth_chainId')), 918_273n);
	});

	it('keeps money and says so', async () => {
		const sent = await other.sendTransaction({ to: await vault.getAddress(), value: 1_000n });
		const receipt = await sent.wait();
		assert.equal(receipt.status, 1);
		const [event] = await vault.queryFilter(vault.filters.Stored(other.address), receipt.blockNumber);
		assert.equal(event.args.value, 1_000n);
		assert.equal(await ethers.provider.getBalance(vault), 1_000n);
	});

	it('gives money to its owner alone', async () => {
		const stranger = vault.connect(other);
		await assert.rejects(stranger.take.staticCall(1n), ({ data }) => {
			const { name, args } = vault.interface.parseError(data.data ?? data);
			return name === 'OwnableUnauthorizedAccount' && args[0] === other.address;
		});
		await assert.rejects(vault.take(1_001n), /too much/);
		await (await vault.take(400n)).wait();
		assert.equal(await ethers.provider.getBalance(vault), 600n);
	});
});
