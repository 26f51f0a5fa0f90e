//! Datanets for Solidity.

use crate::{
	abi::{
		IDatanets,
		IDatanets::{
			atRiskCall, atRiskReturn, buyBlockCall, buyLicenceCall, claimCall, claimableCall,
			contributeCall, createCall, distributeCall, isLicensedCall, leaveBlockCall,
			putAtRiskCall, releaseAtRiskCall, rowOfCall, rowOfReturn, setAtRiskCall,
			setCuratorCall, termsCall, termsReturn, versionCall, versionReturn, IDatanetsCalls,
		},
	},
	context::{
		account, address, amount, caller, hash, limit, log, mutable, refused, revert,
		without_value, word,
	},
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use openledger_core::{DatanetsCall, DatanetsFace, Given, Rights, RowInfo};
use pallet_revive::{
	precompiles::{
		alloy::{primitives::U256 as Word, sol_types::SolCall},
		AddressMatcher, Error, Ext, Precompile,
	},
	Config,
};

/// [`crate::abi::IDatanets`] over the Datanets `D`.
pub struct DatanetsPrecompile<T, D>(PhantomData<(T, D)>);

impl<T: Config, D: DatanetsFace<T::AccountId>> Precompile for DatanetsPrecompile<T, D> {
	type T = T;
	type Interface = IDatanetsCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::DATANETS);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		use IDatanetsCalls as Call;
		let (weight, changes) = match input {
			Call::create(_) => (DatanetsCall::Create, true),
			Call::setCurator(_) => (DatanetsCall::SetCurator, true),
			Call::setAtRisk(_) => (DatanetsCall::SetAtRisk, true),
			Call::contribute(call) => {
				(DatanetsCall::Contribute { rows: call.hashes.len() as u32 }, true)
			},
			Call::buyLicence(_) => (DatanetsCall::BuyLicence, true),
			Call::claim(_) => (DatanetsCall::Claim, true),
			Call::putAtRisk(_) => (DatanetsCall::PutAtRisk, true),
			Call::releaseAtRisk(_) => (DatanetsCall::ReleaseAtRisk, true),
			// Charges for the size of the group once it is read.
			Call::distribute(_) => (DatanetsCall::Read, true),
			Call::buyBlock(_) => (DatanetsCall::BuyBlock, true),
			Call::leaveBlock(_) => (DatanetsCall::LeaveBlock, true),
			Call::isLicensed(_)
			| Call::terms(_)
			| Call::version(_)
			| Call::rowOf(_)
			| Call::claimable(_)
			| Call::atRisk(_) => (DatanetsCall::Read, false),
		};
		env.charge(D::weight(weight))?;
		without_value(env)?;
		if changes {
			mutable(env)?;
		}
		match input {
			Call::create(call) => Self::create(call, env),
			Call::setCurator(setCuratorCall { id, curator }) => {
				let (who, new) = (caller(env)?, account(env, *curator)?);
				D::set_curator(who, *id, new).map_err(refused)?;
				log(env, &IDatanets::CuratorSet { id: *id, curator: *curator })?;
				Ok(Vec::new())
			},
			Call::setAtRisk(setAtRiskCall { id, amount: wanted }) => {
				let terms = D::set_at_risk(caller(env)?, *id, amount(wanted)?).map_err(refused)?;
				let set = IDatanets::TermsSet {
					id: *id,
					rights: terms.rights.0,
					price: Word::from(terms.price),
					period: terms.period,
					curatorCut: terms.curator_cut,
				};
				log(env, &set)?;
				log(env, &IDatanets::AtRiskSet { id: *id, amount: *wanted })?;
				Ok(Vec::new())
			},
			Call::contribute(call) => Self::contribute(call, env),
			Call::buyLicence(buyLicenceCall { id, rights, maximum }) => {
				let who = caller(env)?;
				let given = D::buy_licence(who.clone(), *id, Rights(*rights), limit(maximum))
					.map_err(refused)?;
				log_given(*id, given, env)?;
				let account = address::<T>(&who);
				log(env, &IDatanets::LicenceBought { id: *id, account, rights: *rights })?;
				Ok(Vec::new())
			},
			Call::claim(claimCall { id, account: to }) => {
				let who = account(env, *to)?;
				let amount = Word::from(D::claim(*id, who).map_err(refused)?);
				log(env, &IDatanets::Claimed { id: *id, account: *to, amount })?;
				Ok(claimCall::abi_encode_returns(&amount))
			},
			Call::putAtRisk(putAtRiskCall { id, maximum }) => {
				let who = caller(env)?;
				let amount = D::put_at_risk(who.clone(), *id, limit(maximum)).map_err(refused)?;
				let (account, amount) = (address::<T>(&who), Word::from(amount));
				log(env, &IDatanets::PutAtRisk { id: *id, account, amount })?;
				Ok(putAtRiskCall::abi_encode_returns(&amount))
			},
			Call::releaseAtRisk(releaseAtRiskCall { id, account: of }) => {
				let (by, who) = (caller(env)?, account(env, *of)?);
				let amount = Word::from(D::release_at_risk(by, *id, who).map_err(refused)?);
				log(env, &IDatanets::RiskReleased { id: *id, account: *of, amount })?;
				Ok(releaseAtRiskCall::abi_encode_returns(&amount))
			},
			Call::distribute(call) => Self::distribute(call, env),
			Call::buyBlock(buyBlockCall { id, maximum }) => {
				let who = caller(env)?;
				let (price, given) =
					D::buy_block(who.clone(), *id, limit(maximum)).map_err(refused)?;
				log_given(*id, given, env)?;
				let (account, price) = (address::<T>(&who), Word::from(price));
				log(env, &IDatanets::BlockBought { id: *id, account, price })?;
				Ok(buyBlockCall::abi_encode_returns(&price))
			},
			Call::leaveBlock(leaveBlockCall { id }) => {
				let who = caller(env)?;
				D::leave_block(who.clone(), *id).map_err(refused)?;
				log(env, &IDatanets::BlockLeft { id: *id, account: address::<T>(&who) })?;
				Ok(Vec::new())
			},
			Call::atRisk(atRiskCall { id, account: of }) => {
				let who = account(env, *of)?;
				let (wanted, amount) = D::at_risk(*id, &who).ok_or_else(|| revert("NoDatanet"))?;
				let (wanted, amount) = (Word::from(wanted), Word::from(amount));
				Ok(atRiskCall::abi_encode_returns(&atRiskReturn { wanted, amount }))
			},
			Call::isLicensed(isLicensedCall { id, account: of, rights }) => {
				let who = account(env, *of)?;
				let licensed = D::is_licensed(&who, *id, Rights(*rights));
				Ok(isLicensedCall::abi_encode_returns(&licensed))
			},
			Call::terms(termsCall { id }) => {
				let terms = D::terms(*id).ok_or_else(|| revert("NoDatanet"))?;
				Ok(termsCall::abi_encode_returns(&termsReturn {
					owner: address::<T>(&terms.owner),
					curator: address::<T>(&terms.curator),
					rights: terms.rights.0,
					price: Word::from(terms.price),
					period: terms.period,
					curatorCut: terms.curator_cut,
				}))
			},
			Call::version(versionCall { id, number }) => {
				let version = D::version(*id, *number).ok_or_else(|| revert("NoVersion"))?;
				let (root, stale) = (word(version.root), version.stale);
				Ok(versionCall::abi_encode_returns(&versionReturn { root, stale }))
			},
			Call::rowOf(rowOfCall { id, number, row }) => {
				let RowInfo { batch, index, block, owner } =
					D::row(*id, *number, *row).ok_or_else(|| revert("NoRow"))?;
				Ok(rowOfCall::abi_encode_returns(&rowOfReturn {
					batch,
					index,
					blockIndex: block,
					owner: address::<T>(&owner),
				}))
			},
			Call::claimable(claimableCall { id, account: of }) => {
				let who = account(env, *of)?;
				let amount = Word::from(D::claimable(*id, &who));
				Ok(claimableCall::abi_encode_returns(&amount))
			},
		}
	}
}

impl<T: Config, D: DatanetsFace<T::AccountId>> DatanetsPrecompile<T, D> {
	fn create(call: &createCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		let createCall { name, rights, price, period, curatorCut } = call;
		let who = caller(env)?;
		let (name, price) = (name.as_bytes().to_vec(), amount(price)?);
		let id = D::create(who.clone(), name, Rights(*rights), price, *period, *curatorCut)
			.map_err(refused)?;
		log(env, &IDatanets::Created { id, owner: address::<T>(&who) })?;
		Ok(createCall::abi_encode_returns(&id))
	}

	fn contribute(call: &contributeCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		let contributeCall { id, hashes, lengths } = call;
		if hashes.len() != lengths.len() {
			return Err(revert("one length for each hash"));
		}
		let who = caller(env)?;
		let rows = hashes.iter().map(hash).zip(lengths.iter().copied()).collect();
		let batch = D::contribute(who.clone(), *id, rows).map_err(refused)?;
		let contributor = address::<T>(&who);
		let rows = hashes.len() as u32;
		log(env, &IDatanets::Contributed { id: *id, batch, contributor, rows })?;
		Ok(contributeCall::abi_encode_returns(&batch))
	}

	fn distribute(call: &distributeCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		let distributeCall { id, number, blockIndex } = call;
		let blocks = D::blocks_of_batches(*id, *number).ok_or_else(|| revert("NoVersion"))?;
		let batches = blocks.iter().filter(|block| *block == blockIndex).count() as u32;
		env.charge(D::weight(DatanetsCall::Distribute { batches }))?;
		let (amount, given) = D::distribute(*id, *number, *blockIndex).map_err(refused)?;
		log_given(*id, given, env)?;
		let (version, amount) = (*number, Word::from(amount));
		let event = IDatanets::Distributed { id: *id, version, blockIndex: *blockIndex, amount };
		log(env, &event)?;
		Ok(distributeCall::abi_encode_returns(&amount))
	}
}

/// Logs what is claimed later.
fn log_given<T: Config>(
	id: u32,
	given: impl IntoIterator<Item = Given<T::AccountId>>,
	env: &mut impl Ext<T = T>,
) -> Result<(), Error> {
	for one in given {
		match one {
			Given::Rows(amount) => {
				log(env, &IDatanets::RowsRewarded { id, amount: Word::from(amount) })?;
			},
			Given::Credit(who, amount) => {
				let (account, amount) = (address::<T>(&who), Word::from(amount));
				log(env, &IDatanets::Credited { id, account, amount })?;
			},
		}
	}
	Ok(())
}
