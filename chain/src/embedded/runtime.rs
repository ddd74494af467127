//! The runtime: System, Timestamp, Balances and Contracts, with the deposits and the existential deposit of
//! substrate-contracts-node.

use frame_support::{
    construct_runtime, derive_impl, parameter_types,
    traits::{ConstBool, ConstU32, ConstU64, ConstU128, Randomness},
    weights::{Weight, constants::RocksDbWeight},
};
use sp_core::H256;
use sp_runtime::{Perbill, traits::Convert};

use crate::EXISTENTIAL_DEPOSIT;

construct_runtime!(
    pub enum Runtime {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Contracts: pallet_contracts,
    }
);

/// Balance of native coin.
pub(crate) type Balance = u128;

/// Deposit a storage item: 0.1 coins.
pub(crate) const DEPOSIT_PER_ITEM: Balance = 100_000_000_000;
/// Deposit a byte of storage.
pub(crate) const DEPOSIT_PER_BYTE: Balance = 5_000_000;
/// Code of a contract, in bytes.
pub(crate) const MAX_CODE_LEN: u32 = 256 * 1024;

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig as frame_system::DefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = frame_system::mocking::MockBlockU32<Runtime>;
    type BlockHashCount = ConstU32<256>;
    type AccountData = pallet_balances::AccountData<Balance>;
    type DbWeight = RocksDbWeight;
    type Version = ();
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = ();
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = ();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = ();
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = ();
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ();
    type MaxFreezes = ();
}

/// The pallet wants a source of randomness for a host function that no code may import any more.
pub enum NoRandomness {}

impl Randomness<H256, u32> for NoRandomness {
    fn random(_subject: &[u8]) -> (H256, u32) {
        (H256::zero(), 0)
    }
}

/// One native unit a picosecond, as on the node.
impl Convert<Weight, Balance> for Runtime {
    fn convert(weight: Weight) -> Balance {
        weight.ref_time().into()
    }
}

fn schedule() -> pallet_contracts::Schedule<Runtime> {
    let mut schedule = pallet_contracts::Schedule::<Runtime>::default();
    // Room for 24 frames of 256 KiB of code each (the pallet's integrity test counts it).
    schedule.limits.runtime_memory = 1024 * 1024 * 1024;
    schedule
}

parameter_types! {
    pub Schedule: pallet_contracts::Schedule<Runtime> = schedule();
    /// 1,024 items and a MiB.
    pub DefaultDepositLimit: Balance =
        DEPOSIT_PER_ITEM.saturating_mul(1024).saturating_add(DEPOSIT_PER_BYTE.saturating_mul(1024 * 1024));
    pub CodeHashLockupDepositPercent: Perbill = Perbill::from_percent(0);
}

impl pallet_contracts::Config for Runtime {
    type Time = Timestamp;
    type Randomness = NoRandomness;
    type Currency = Balances;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type RuntimeHoldReason = RuntimeHoldReason;
    type CallFilter = frame_support::traits::Nothing;
    type WeightPrice = Self;
    type WeightInfo = pallet_contracts::weights::SubstrateWeight<Self>;
    type ChainExtension = ();
    type Schedule = Schedule;
    type CallStack = [pallet_contracts::Frame<Self>; 23];
    type DepositPerByte = ConstU128<DEPOSIT_PER_BYTE>;
    type DepositPerItem = ConstU128<DEPOSIT_PER_ITEM>;
    type DefaultDepositLimit = DefaultDepositLimit;
    type CodeHashLockupDepositPercent = CodeHashLockupDepositPercent;
    type AddressGenerator = pallet_contracts::DefaultAddressGenerator;
    type MaxCodeLen = ConstU32<MAX_CODE_LEN>;
    type MaxStorageKeyLen = ConstU32<128>;
    type MaxDelegateDependencies = ConstU32<32>;
    type UnsafeUnstableInterface = ConstBool<false>;
    type UploadOrigin = frame_system::EnsureSigned<Self::AccountId>;
    type InstantiateOrigin = frame_system::EnsureSigned<Self::AccountId>;
    type MaxDebugBufferLen = ConstU32<{ 2 * 1024 * 1024 }>;
    type Migrations = ();
    type Debug = super::depth::DepthMeter;
    type Environment = ();
    type ApiVersion = ();
    type Xcm = ();
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_support::traits::Hooks;

    #[test]
    fn the_pallets_find_the_limits_consistent() {
        sp_io::TestExternalities::new_empty().execute_with(|| {
            <Contracts as Hooks<u32>>::integrity_test();
            <System as Hooks<u32>>::integrity_test();
        });
    }
}
