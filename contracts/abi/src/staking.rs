//! Bonded OPEN: operators, those who bond to them, rewards, slashing, votes of what is staked.
//!
//! An *operator* answers for its work with a pool of bonded OPEN, its own and others'. Between slashings a share of a pool
//! is worth a constant amount; a slash lowers the worth of all shares alike, so no message ever walks over the stakers of a
//! pool. What unbonds stays within a slash's reach until it matures.
//!
//! **A false report** costs its signers all that is their own: the operator account's shares of its own pool and what it has
//! unbonding from it and was not mature at the offence. What others bonded to them loses `false_report_bps`.
//!
//! **What a bond risks.** A slash takes its part of all that is bonded in the pool when it is made, also of what was bonded after
//! the offence: to tell them apart, shares of each time would need a worth, rewards and votes of their own for as long as an
//! offence can be shown. Who bonds to an operator takes over what it did within the last unbonding period. (What began to unbond
//! and was mature at the offence is not touched.)
//!
//! **Who earns.** What is given out goes to the roles by their weight, and within a role to the pools that earn, by what is bonded
//! in them. A role in which no pool earns takes no part. An oracle's pool earns while the oracle is in the current set.
//!
//! **Work that is paid.** Of each stakers' share that is given out, `duty_bps` goes into a *duty fund* until that holds `duty_cap`.
//! From it each signer of a live report and each validator who agreed with a contribution's outcome is paid a fixed amount, once,
//! when anyone asks for it. The fund is never overdrawn: what it can't pay in full waits.

use crate::times::Unit;
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

/// Operators that [`Staking::operators`] answers for in one call: an oracle set's limit.
pub const MAX_OPERATORS_ASKED: usize = 31;
/// Pools that one account can be bonded to at a time.
pub const MAX_STAKES: usize = 8;
/// Amounts of one account that can be unbonding at a time.
pub const MAX_UNBONDINGS: usize = 16;
/// Rows of a page.
pub const MAX_STAKING_PAGE: u32 = 32;
/// The most of a slash that can go to who proved the offence.
pub const MAX_BENEFICIARY_BPS: u16 = 3_000;
/// The least of it: who watches must be paid for what it finds.
pub const MIN_BENEFICIARY_BPS: u16 = 100;
/// The longest `jail_ms`: a year.
pub const MAX_JAIL_MS: u64 = 365 * 86_400_000;
/// The most of what is given out that can go into the duty fund: the rest is the stakers'.
pub const MAX_DUTY_BPS: u16 = 5_000;
/// The highest least bond, a hundredth of the supply: above what anybody holds, nobody could work in the role.
pub const MAX_LEAST_BOND: Balance = crate::token::TOTAL_SUPPLY / 100;

/// Functions that can be paused ([`crate::Pausable`]). Unbonding, withdrawing and slashing never pause.
pub mod pause {
    /// `register`, `bond` (which also rest with [`PULL`]).
    pub const BOND: u8 = 0;
    /// `claim_rewards`, `claim_credit`.
    pub const CLAIM: u8 = 1;
    /// `pull_rewards`, `apply_commission`, `pay_report`, `pay_verdicts`, and what has to share out first what came in: `register`,
    /// `bond`, `unjail`, `refresh`.
    pub const PULL: u8 = 2;
    /// How many there are.
    pub const FUNCTIONS: u8 = 3;
}

/// What an operator was slashed for. Each role has its own; whoever holds the bond answers for what it did, whatever role it was
/// bonded in. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// An oracle signed a report that was refuted. Disputes, by [`Staking::slash_false_report`] alone.
    FalseReport,
    /// A host's receipt is false in what no bytes can show. Governance, by vote.
    FalseReceipt,
    /// A validator's verdict over a contribution was overturned. Bytes can't show quality, so the validators judge by their stake:
    /// arbitration slashes for it.
    FalseVerdict,
    /// An agent signed two vouchers of one channel, model and count that differ. Both signatures can be shown to voters; no
    /// contract compares them, so governance slashes for it, by vote.
    ContradictingVouchers,
    /// Whatever else voters find: by governance alone.
    Misconduct,
    /// An oracle attested a batch whose bytes nobody could get from it. Governance, by the vote that marks the batch as withheld.
    FalseAttestation,
}

/// Who may slash for an offence, beside governance, which may for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    Disputes,
    Arbitration,
    GovernanceAlone,
}

impl Offence {
    /// Who may slash for it.
    pub fn judge(self) -> Judge {
        match self {
            Self::FalseReport => Judge::Disputes,
            Self::FalseVerdict => Judge::Arbitration,
            Self::FalseReceipt | Self::ContradictingVouchers | Self::Misconduct | Self::FalseAttestation => {
                Judge::GovernanceAlone
            }
        }
    }

    /// The role whose work it concerns; `None` if any's.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::FalseReport | Self::FalseAttestation => Some(Role::Oracle),
            Self::FalseVerdict => Some(Role::Validator),
            Self::FalseReceipt => Some(Role::Host),
            Self::ContradictingVouchers => Some(Role::Agent),
            Self::Misconduct => None,
        }
    }
}

/// What an operator does, and which [`Offence`] it answers for. An account has one role for good.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Signs reports.
    Oracle,
    /// Gives verdicts over contributions.
    Validator,
    /// Serves models.
    Host,
    /// Acts for others within its session keys.
    Agent,
}

/// A commission that was announced and is higher than the one in force.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommissionRise {
    pub commission_bps: u16,
    /// From when on [`Staking::apply_commission`] puts it in force.
    pub due_at: Timestamp,
}

/// An operator as others see it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorInfo {
    pub role: Role,
    /// The sr25519 key that it signs its work with, apart from the account's own.
    pub signing_key: Bytes32,
    /// Bonded, its own and others'. Whoever needs cover that no one can carry off before a window ends counts this:
    /// what starts to unbond later stays reachable for a whole unbonding period, what already unbonds may not.
    pub active: Balance,
    /// What a slash at this moment would reach: `active` and what is unbonding and not yet matured.
    pub slashable: Balance,
    /// When it was last jailed; `None` if it is not in jail.
    pub jailed_at: Option<Timestamp>,
    /// Its part of its stakers' rewards.
    pub commission_bps: u16,
    pub registered_at: Timestamp,
    /// Of `active`, its own.
    pub own: Balance,
    /// From when on it may leave jail.
    pub jailed_until: Timestamp,
    /// A higher commission that is to come: who doesn't want to pay it has until then to leave.
    pub rise: Option<CommissionRise>,
    /// Not in jail, with the least own bond of its role: what it does counts.
    pub in_service: bool,
    /// Since when it has been out of service without a break; `None` if it is in service. A rise of the least bonds takes
    /// nobody out before the next message about the operator ([`Staking::refresh`]) notes it; until then this is now.
    pub out_since: Option<Timestamp>,
    /// Whether its pool earns.
    pub earning: bool,
}

/// What slashing the signers of a false report took.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FalseReportSlash {
    pub taken: Balance,
    /// The provers' part of it, moved to the caller.
    pub reward: Balance,
}

/// What an account has in an operator's pool.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StakeInfo {
    pub operator: AccountId,
    /// What its shares are worth.
    pub amount: Balance,
    /// Earned and not claimed, an operator's commission included.
    pub rewards: Balance,
}

/// What an account has unbonding.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnbondingInfo {
    /// Counts up by account.
    pub id: u32,
    pub operator: AccountId,
    /// What it is worth; slashes until it matures lower it.
    pub amount: Balance,
    /// From when on it can be withdrawn.
    pub matures_at: Timestamp,
}

/// What governance may set.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StakingParameters {
    /// Least time between unbonding and withdrawing, ms, within [`crate::times::UNBONDING`]. Maturities are rounded up to sixteenths
    /// of it.
    pub unbonding_ms: u64,
    /// Least time in jail, ms; at most [`MAX_JAIL_MS`].
    pub jail_ms: u64,
    /// Least own bond of an active operator, by role in the order of [`Role`], each at most [`MAX_LEAST_BOND`].
    pub min_bonds: [Balance; 4],
    /// The highest commission.
    pub commission_cap_bps: u16,
    /// Part of a slash that goes to who proved the offence, from [`MIN_BENEFICIARY_BPS`] to [`MAX_BENEFICIARY_BPS`]. Half of a slash is burned, the
    /// rest goes to the stakers.
    pub beneficiary_bps: u16,
    /// From the announcement of a higher commission until it can be put in force, ms; at most a year.
    pub commission_delay_ms: u64,
    /// Part of each stakers' share that goes into the duty fund, at most [`MAX_DUTY_BPS`].
    pub duty_bps: u16,
    /// What the duty fund holds at most; enough to pay a report's signers and a contribution's validators.
    pub duty_cap: Balance,
    /// Paid from the duty fund to each signer of a live report.
    pub signature_pay: Balance,
    /// Paid from the duty fund for each verdict that agrees with the outcome.
    pub verdict_pay: Balance,
    /// What a false report takes of what others bonded to its signers; of their own it takes all.
    pub false_report_bps: u16,
    /// How the stakers' share is split between the roles, in the order of [`Role`]: in these proportions, among those in which a
    /// pool earns. Not all 0.
    pub role_weights: [u16; 4],
}

/// The longest `commission_delay_ms`: a year.
pub const MAX_COMMISSION_DELAY_MS: u64 = 365 * 86_400_000;

/// What the contract holds for whom. Their sum never exceeds its token balance.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StakingTotals {
    /// Bonded in all pools.
    pub active: Balance,
    /// Of `active`, in pools that earn, by role in the order of [`Role`]: the operator is not in jail, its own bond reaches the
    /// least and, if it is an oracle, it is in the current set.
    pub earning: [Balance; 4],
    /// Unbonding or matured, and not withdrawn.
    pub unbonding: Balance,
    /// Given to pools as rewards and not claimed.
    pub rewards: Balance,
    /// Credited to those who proved offences, not claimed.
    pub credits: Balance,
    /// The stakers' pot: to be given to pools at the next `pull_rewards`.
    pub pot: Balance,
    /// The duty fund: for signatures and verdicts.
    pub duty: Balance,
}

/// The contracts that staking works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StakingPeers {
    pub token: AccountId,
    pub escrow: AccountId,
    pub disputes: AccountId,
    pub datanet_registry: AccountId,
    pub arbitration: AccountId,
    pub payout: AccountId,
}

/// Why staking refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StakingError {
    /// Not wired yet, not the admin, not the deployer.
    Admin(AdminError),
    /// Only the offence's judge and the admin may slash for it.
    NotSlasher,
    /// This function is paused.
    FunctionPaused,
    /// An amount is beyond its type.
    Overflow,
    ZeroAmount,
    /// No operator has this account.
    UnknownOperator,
    /// The account is an operator already.
    AlreadyOperator,
    /// An operator has, or had, this signing key.
    KeyTaken,
    /// The key is all zeros.
    ZeroKey,
    /// The operator's own bond would be below the least of its role.
    BelowMinBond,
    /// A commission above the cap.
    CommissionAboveCap,
    /// The operator is in jail; only itself may add to its bond.
    Jailed,
    NotJailed,
    /// The time in jail is not over.
    JailNotOver,
    /// Slashes took so much of the pool that its shares can't be counted any more: bond elsewhere.
    PoolWorthless,
    /// The account is bonded to as many pools as it may be.
    TooManyStakes,
    /// The account has as much unbonding as it may have; withdraw what has matured.
    TooManyUnbondings,
    /// The account is not bonded to this operator.
    NoStake,
    /// More than the account's shares are worth.
    InsufficientStake,
    /// Nothing has matured.
    NothingMatured,
    /// No rewards, no credit.
    NothingToClaim,
    /// A slash above 10,000 bps.
    BadBps,
    /// An offence in the future.
    OffenceInFuture,
    /// Votes are only known for times before now.
    FutureLookup,
    /// More operators asked for than one call answers.
    TooManyAsked,
    /// A parameter outside its bounds.
    BadParameters,
    /// The token contract refused, or could not be asked.
    TokenFailed,
    /// Escrow refused or could not be asked.
    EscrowFailed,
    /// The account has less OPEN than it wants to bond.
    InsufficientBalance,
    /// The account allowed staking less OPEN than it wants to bond: `approve` first.
    InsufficientAllowance,
    /// The operator has announced no higher commission.
    NoRise,
    /// The announced commission is not due yet.
    RiseNotDue,
    /// The work was paid already.
    AlreadyPaid,
    /// The report isn't live (yet), or there is none.
    ReportNotLive,
    /// Validators haven't decided the contribution.
    NotDecided,
    /// Nothing is due for this work: the amount is 0, or all who did it are in jail.
    NothingDue,
    /// The duty fund holds less than is due for this work: try again when it has been filled.
    DutyFundShort,
    /// Payout could not be asked.
    PayoutFailed,
    /// The Datanet registry could not be asked.
    RegistryFailed,
    /// Stake through time is kept for validators alone.
    NotKept,
    /// A false report is slashed for by `slash_false_report`.
    WrongOffence,
}

impl From<AdminError> for StakingError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Bonds, rewards, slashes, votes of stake; beside it stand [`crate::Administered`] and [`crate::Pausable`].
/// Constructor: `new(token: AccountId, guardian: Option<AccountId>, unit: Unit, parameters: StakingParameters)`.
#[ink::trait_definition]
pub trait Staking {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        escrow: AccountId,
        disputes: AccountId,
        datanet_registry: AccountId,
        arbitration: AccountId,
        payout: AccountId,
        timelock: AccountId,
    ) -> Result<(), StakingError>;

    /// Makes the caller an operator with its first own bond, at least the role's least; takes it by `transfer_from`.
    #[ink(message)]
    fn register(
        &mut self,
        role: Role,
        signing_key: Bytes32,
        commission_bps: u16,
        own_bond: Balance,
    ) -> Result<(), StakingError>;

    /// Bonds `amount` of the caller's to an operator; takes it by `transfer_from`. To an operator in jail only itself can. Does what
    /// `pull_rewards` does first, so that nobody bonds just in time for what others earned, and returns an error if it can't.
    #[ink(message)]
    fn bond(&mut self, operator: AccountId, amount: Balance) -> Result<(), StakingError>;

    /// Starts to unbond `amount` of what the caller has bonded to an operator; the whole worth leaves no share behind, and of
    /// a stake that is worth nothing `0` gives its place free. Returns the unbonding's id; amounts that mature together from
    /// one pool share one.
    #[ink(message)]
    fn unbond(&mut self, operator: AccountId, amount: Balance) -> Result<u32, StakingError>;

    /// Pays the caller all that has matured. Returns the amount.
    #[ink(message)]
    fn withdraw(&mut self) -> Result<Balance, StakingError>;

    /// Pays the caller its rewards from an operator's pool; the operator's commission is among its own. Returns the amount.
    #[ink(message)]
    fn claim_rewards(&mut self, operator: AccountId) -> Result<Balance, StakingError>;

    /// Pays the caller what slashes credited to it. Returns the amount.
    #[ink(message)]
    fn claim_credit(&mut self) -> Result<Balance, StakingError>;

    /// Replaces the calling operator's signing key; a key that any operator ever had is refused.
    #[ink(message)]
    fn set_signing_key(&mut self, key: Bytes32) -> Result<(), StakingError>;

    /// Sets the calling operator's commission: a lower one on rewards from now on; a higher one is announced, and can be put in
    /// force by [`Staking::apply_commission`] once `commission_delay_ms` have passed. What was announced before is dropped.
    #[ink(message)]
    fn set_commission(&mut self, commission_bps: u16) -> Result<(), StakingError>;

    /// Puts an announced commission in force, on rewards from now on: it does what `pull_rewards` does first, so that all that came
    /// in until now is shared at the old rate. By anyone, when it is due. Returns the commission then in force.
    #[ink(message)]
    fn apply_commission(&mut self, operator: AccountId) -> Result<u16, StakingError>;

    /// The calling operator leaves jail, when its time there is over and its own bond reaches the least. Does what `pull_rewards` does
    /// first, or returns an error.
    #[ink(message)]
    fn unjail(&mut self) -> Result<(), StakingError>;

    /// Takes the stakers' share from escrow, if there is any, and gives it with the pot to the pools that earn: to the
    /// roles by their weights, within a role by what is bonded. By anyone. Returns what was given; 0 if no pool earns (the pot then keeps it).
    #[ink(message)]
    fn pull_rewards(&mut self) -> Result<Balance, StakingError>;

    /// Takes `bps` of all that an operator's pool has bonded and of what unbonds from it and was not mature at the offence,
    /// and jails the operator at once (0 bps only jails). At least half is burned, `beneficiary` is credited its part, the rest
    /// goes to the stakers' pot; with a beneficiary, both together are no more than half of what the operator itself loses, so that
    /// nobody gains by its own proof, and the rest is burned too. By the offence's judge ([`Offence::judge`]) and the admin; not for a
    /// false report. Returns the amount taken.
    #[ink(message)]
    fn slash(
        &mut self,
        operator: AccountId,
        bps: u16,
        offence_at: Timestamp,
        beneficiary: Option<AccountId>,
        offence: Offence,
    ) -> Result<Balance, StakingError>;

    /// The same for several operators, at most [`MAX_OPERATORS_ASKED`], with one burn for all; accounts that are no operators are
    /// passed over. Returns the sum of what was taken.
    #[ink(message)]
    fn slash_many(
        &mut self,
        operators: Vec<AccountId>,
        bps: u16,
        offence_at: Timestamp,
        beneficiary: Option<AccountId>,
        offence: Offence,
    ) -> Result<Balance, StakingError>;

    /// Slashes and jails the signers of a false report, at most [`MAX_OPERATORS_ASKED`]; accounts that are no operators are passed
    /// over. Takes all that is their own, in the pool and unbonding since before the offence, and `false_report_bps` of the rest. At
    /// most half of what they lose of their own is kept: `beneficiary_bps` of all that is taken as the provers' reward, which is
    /// moved to the caller, and what is left of it goes to the stakers' pot; the rest is burned. So nobody gains by proving its own
    /// lie. By disputes; by the admin too, without a reward.
    #[ink(message)]
    fn slash_false_report(
        &mut self,
        signers: Vec<AccountId>,
        offence_at: Timestamp,
    ) -> Result<FalseReportSlash, StakingError>;

    /// Pays those who signed a live report `signature_pay` each from the duty fund, into their own rewards. Who is in jail gets
    /// nothing. By anyone, once a report. Returns the sum.
    #[ink(message)]
    fn pay_report(&mut self, epoch: u32) -> Result<Balance, StakingError>;

    /// Pays those validators whose verdict agreed with the outcome over a contribution `verdict_pay` each from the duty fund, into
    /// their own rewards. Who is in jail gets nothing. By anyone, once a contribution. Returns the sum.
    #[ink(message)]
    fn pay_verdicts(&mut self, contribution: u64) -> Result<Balance, StakingError>;

    /// Whether [`Staking::pay_report`] has paid for this epoch.
    #[ink(message)]
    fn report_paid(&self, epoch: u32) -> bool;

    /// Whether [`Staking::pay_verdicts`] has paid for this contribution.
    #[ink(message)]
    fn verdicts_paid(&self, contribution: u64) -> bool;

    /// Sets the parameters, from now on. By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: StakingParameters) -> Result<(), StakingError>;

    /// Looks again whether an operator's pool earns, after the least bonds or the oracle set changed, and brings its commission down
    /// to the cap, if that was lowered. By anyone.
    #[ink(message)]
    fn refresh(&mut self, operator: AccountId) -> Result<(), StakingError>;

    #[ink(message)]
    fn operator(&self, account: AccountId) -> Option<OperatorInfo>;

    /// Of each account, in order; an empty list if more than [`MAX_OPERATORS_ASKED`] are asked for.
    #[ink(message)]
    fn operators(&self, accounts: Vec<AccountId>) -> Vec<Option<OperatorInfo>>;

    /// What each account's signature would answer for, in order; an empty list if more than [`MAX_OPERATORS_ASKED`] are asked for.
    /// Its own bond, counting of what unbonds only what matures after `matures_after`, and of others' active stake the part that a
    /// false report takes, at most as much as the own bond. `None` if it is not in service.
    #[ink(message)]
    fn report_cover(&self, operators: Vec<AccountId>, matures_after: Timestamp) -> Vec<Option<Balance>>;

    /// Operators `start..` in the order of registration, at most `limit` and [`MAX_STAKING_PAGE`].
    #[ink(message)]
    fn operator_page(&self, start: u32, limit: u32) -> Vec<(AccountId, OperatorInfo)>;

    #[ink(message)]
    fn operator_count(&self) -> u32;

    /// Whether the account is an operator of this role, not in jail, with the least own bond.
    #[ink(message)]
    fn is_active(&self, account: AccountId, role: Role) -> bool;

    /// Who has, or had, a signing key.
    #[ink(message)]
    fn operator_of_key(&self, key: Bytes32) -> Option<AccountId>;

    /// What an account has bonded, at most [`MAX_STAKES`].
    #[ink(message)]
    fn stakes(&self, account: AccountId) -> Vec<StakeInfo>;

    /// What an account has unbonding, at most [`MAX_UNBONDINGS`].
    #[ink(message)]
    fn unbondings(&self, account: AccountId) -> Vec<UnbondingInfo>;

    /// Credited to an account by slashes and not claimed.
    #[ink(message)]
    fn credit_of(&self, account: AccountId) -> Balance;

    #[ink(message)]
    fn totals(&self) -> StakingTotals;

    #[ink(message)]
    fn parameters(&self) -> StakingParameters;

    /// What times are bounded in.
    #[ink(message)]
    fn unit(&self) -> Unit;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<StakingPeers>;

    /// The votes of what an account has bonded: its worth. What unbonds has none.
    #[ink(message)]
    fn get_votes(&self, account: AccountId) -> Balance;

    /// The same as of the end of a time before now.
    ///
    /// # Errors
    /// `FutureLookup` for a time at or after now.
    #[ink(message)]
    fn get_past_votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, StakingError>;

    /// What an operator's pool had bonded as of the end of a time before now. Kept for validators alone, for arbitration.
    ///
    /// # Errors
    /// `FutureLookup` for a time at or after now, `UnknownOperator`, `NotKept` for another role.
    #[ink(message)]
    fn stake_at(&self, operator: AccountId, at: Timestamp) -> Result<Balance, StakingError>;

    /// What all pools of a role, also of operators in jail, had bonded as of the end of a time before now. Kept for validators alone.
    ///
    /// # Errors
    /// `FutureLookup` for a time at or after now, `NotKept` for another role.
    #[ink(message)]
    fn role_stake_at(&self, role: Role, at: Timestamp) -> Result<Balance, StakingError>;

    /// Now, ms (ERC-6372).
    #[ink(message)]
    fn clock(&self) -> Timestamp;
}

/// An account became an operator; its first bond follows as [`Bonded`].
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OperatorRegistered {
    #[ink(topic)]
    pub operator: AccountId,
    pub role: Role,
    pub signing_key: Bytes32,
    pub commission_bps: u16,
}

/// `amount` was bonded to an operator as `shares` of its pool.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Bonded {
    #[ink(topic)]
    pub operator: AccountId,
    pub account: AccountId,
    pub amount: Balance,
    pub shares: Balance,
}

/// `amount` left an operator's pool with `shares` of it, and can be withdrawn from `matures_at` on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct UnbondingStarted {
    #[ink(topic)]
    pub operator: AccountId,
    pub account: AccountId,
    pub amount: Balance,
    pub shares: Balance,
    pub id: u32,
    pub matures_at: Timestamp,
}

/// Matured stake was paid to its owner.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct StakeWithdrawn {
    #[ink(topic)]
    pub account: AccountId,
    pub amount: Balance,
}

/// Rewards were paid.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct RewardsClaimed {
    #[ink(topic)]
    pub account: AccountId,
    pub operator: AccountId,
    pub amount: Balance,
}

/// What slashes had credited was paid.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CreditClaimed {
    #[ink(topic)]
    pub account: AccountId,
    pub amount: Balance,
}

/// An operator signs with another key from now on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct SigningKeyReplaced {
    #[ink(topic)]
    pub operator: AccountId,
    pub key: Bytes32,
}

/// An operator's commission changed, from now on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CommissionSet {
    #[ink(topic)]
    pub operator: AccountId,
    pub commission_bps: u16,
}

/// An operator announced a higher commission: its stakers have until `due_at` to leave.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CommissionRiseAnnounced {
    #[ink(topic)]
    pub operator: AccountId,
    pub commission_bps: u16,
    pub due_at: Timestamp,
}

/// Signers of the live report of an epoch were paid `each` from the duty fund.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportPaid {
    #[ink(topic)]
    pub epoch: u32,
    pub operators: Vec<AccountId>,
    pub each: Balance,
}

/// Validators who agreed with the outcome over a contribution were paid `each` from the duty fund.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VerdictsPaid {
    #[ink(topic)]
    pub contribution: u64,
    pub operators: Vec<AccountId>,
    pub each: Balance,
}

/// An operator left jail.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Unjailed {
    #[ink(topic)]
    pub operator: AccountId,
}

/// `given` of rewards went to the pools of each role that earn, by `over` bonded in them, and `duty` into the duty fund; `pulled`
/// of both came from escrow.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct RewardsDistributed {
    pub pulled: Balance,
    pub given: [Balance; 4],
    pub duty: Balance,
    pub over: [Balance; 4],
}

/// An operator was slashed and jailed, and its pool earns nothing any more (no [`EarningSet`] says so). `own` of its own shares and
/// `active` of the rest of the pool, and `unbonding`, were taken; `burned`, `credited` and `to_pot` add up to them. For a false report
/// `credited` is the provers' reward.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Slashed {
    #[ink(topic)]
    pub operator: AccountId,
    pub bps: u16,
    pub offence_at: Timestamp,
    pub own: Balance,
    pub active: Balance,
    pub unbonding: Balance,
    pub burned: Balance,
    pub credited: Balance,
    pub to_pot: Balance,
    pub beneficiary: Option<AccountId>,
    pub jailed_until: Timestamp,
    pub offence: Offence,
}

/// An operator's pool earns from now on, or no more. A slash, which ends it too, has [`Slashed`] alone.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct EarningSet {
    #[ink(topic)]
    pub operator: AccountId,
    pub earning: bool,
}

/// Governance set the parameters.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct StakingParametersSet {
    pub parameters: StakingParameters,
}
