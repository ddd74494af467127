//! The governor: holders of OPEN, staked or not, propose calls and vote; what passes goes to the timelock.
//!
//! The shell: storage, messages, events. A proposal's life is in [`proposals`], what is asked of other contracts in
//! [`peers`]; the messages are documented in `openledger_abi::governor`.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod peers;
mod proposals;
#[cfg(test)]
mod tests;

#[ink::contract]
mod governor {
    use crate::peers::Peers;
    use crate::proposals;
    use ink::prelude::{string::String, vec::Vec};
    use ink::storage::{traits::ManualKey, Lazy, Mapping};
    use openledger_abi::governor::{
        vote_body, Ballot, Governor, GovernorError, GovernorParameters, GovernorParametersSet, Proposal,
        ProposalCancelled, ProposalCreated, ProposalExtended, ProposalId, ProposalQueued, ProposalState, Support,
        VoteCast, MAX_DESCRIPTION, MAX_PAGE, MAX_REASON, VOTE_TAG,
    };
    use openledger_abi::host::signed_by;
    use openledger_abi::timelock::{Call, Operation};
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32};
    use proof::signed::{Domain, Signable};

    #[ink(storage)]
    pub struct GovernorContract {
        proposals: Mapping<ProposalId, Proposal, ManualKey<0x4756_0001>>,
        calls: Mapping<ProposalId, Vec<Call>, ManualKey<0x4756_0002>>,
        ballots: Mapping<(ProposalId, AccountId), Ballot, ManualKey<0x4756_0003>>,
        ids: Mapping<u32, ProposalId, ManualKey<0x4756_0004>>,
        peers: Lazy<Peers, ManualKey<0x4756_0005>>,
        admin: Lazy<Admin, ManualKey<0x4756_0006>>,
        genesis: Lazy<Bytes32, ManualKey<0x4756_0007>>,
        parameters: GovernorParameters,
        unit: Unit,
        count: u32,
    }

    /// blake2b-256 by the chain.
    struct Blake;

    impl proof::Hasher for Blake {
        fn blake2_256(data: &[u8]) -> Bytes32 {
            let mut hash = [0; 32];
            ink::env::hash_bytes::<ink::env::hash::Blake2x256>(data, &mut hash);
            hash
        }
    }

    impl GovernorContract {
        /// `genesis`: the chain's genesis id, which signed votes must name; `unit`: what times are bounded in, for good; the
        /// parameters to begin with.
        #[ink(constructor)]
        pub fn new(genesis: Bytes32, unit: Unit, parameters: GovernorParameters) -> Result<Self, GovernorError> {
            let mut contract = Self {
                proposals: Mapping::new(),
                calls: Mapping::new(),
                ballots: Mapping::new(),
                ids: Mapping::new(),
                peers: Lazy::new(),
                admin: Lazy::new(),
                genesis: Lazy::new(),
                parameters,
                unit,
                count: 0,
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.genesis.set(&genesis);
            contract.store_parameters(parameters)?;
            Ok(contract)
        }

        fn store_parameters(&mut self, parameters: GovernorParameters) -> Result<(), GovernorError> {
            proposals::ensure_parameters(&parameters, self.unit)?;
            self.parameters = parameters;
            self.env().emit_event(GovernorParametersSet { parameters });
            Ok(())
        }

        fn now(&self) -> Timestamp {
            self.env().block_timestamp()
        }

        fn wired_peers(&self) -> Result<Peers, GovernorError> {
            Ok(self.peers.get().ok_or(AdminError::NotWired)?)
        }

        fn id_of(&self, proposer: &AccountId, calls: &[Call], description_hash: &Bytes32) -> ProposalId {
            let preimage = proposals::preimage(&self.env().account_id(), proposer, calls, description_hash);
            <Blake as proof::Hasher>::blake2_256(&preimage)
        }

        fn known(&self, id: ProposalId) -> Result<Proposal, GovernorError> {
            self.proposals.get(id).ok_or(GovernorError::UnknownProposal)
        }

        /// The votes of an account just before now.
        fn votes_before_now(&self, account: AccountId) -> Result<Balance, GovernorError> {
            let at = self.now().checked_sub(1).ok_or(GovernorError::Overflow)?;
            self.wired_peers()?.votes(account, at)
        }

        fn state_of(&self, proposal: &Proposal) -> Result<ProposalState, GovernorError> {
            let operation = match proposal.operation {
                Some(id) => Some(self.wired_peers()?.operation_state(id)?),
                None => None,
            };
            Ok(proposals::state(proposal, self.now(), operation))
        }

        fn vote(
            &mut self,
            id: ProposalId,
            voter: AccountId,
            support: Support,
            reason: String,
        ) -> Result<Balance, GovernorError> {
            ensure!(reason.len() <= MAX_REASON, GovernorError::TooLong);
            let mut proposal = self.known(id)?;
            let state = self.state_of(&proposal)?;
            ensure!(state == ProposalState::Active, GovernorError::WrongState(state));
            ensure!(!self.ballots.contains((id, voter)), GovernorError::AlreadyVoted);

            let peers = self.wired_peers()?;
            let weight = peers.votes(voter, proposal.snapshot_at)?;
            // The snapshot has passed, so the quorum can't change: ask once a proposal.
            let quorum = match proposal.quorum {
                Some(quorum) => quorum,
                None => proposals::quorum(peers.supply(proposal.snapshot_at)?, proposal.quorum_bps)?,
            };
            let ballot = Ballot { support, weight };
            let extended = proposals::count(&mut proposal, ballot, quorum, self.now())?;
            self.proposals.insert(id, &proposal);
            self.ballots.insert((id, voter), &ballot);
            self.env().emit_event(VoteCast { id, voter, support, weight, reason });
            if let Some(deadline_at) = extended {
                self.env().emit_event(ProposalExtended { id, deadline_at });
            }
            Ok(weight)
        }
    }

    impl Governor for GovernorContract {
        #[ink(message)]
        fn wire(&mut self, token: AccountId, staking: AccountId, timelock: AccountId) -> Result<(), GovernorError> {
            roles::wire(&mut self.admin, timelock)?;
            self.peers.set(&Peers { token, staking, timelock });
            Ok(())
        }

        #[ink(message)]
        fn propose(&mut self, calls: Vec<Call>, description: String) -> Result<ProposalId, GovernorError> {
            proposals::ensure_calls(&calls)?;
            ensure!(description.len() <= MAX_DESCRIPTION, GovernorError::TooLong);
            let proposer = self.env().caller();
            let votes = self.votes_before_now(proposer)?;
            let grace_ms = self.wired_peers()?.grace_ms()?;
            let description_hash = <Blake as proof::Hasher>::blake2_256(description.as_bytes());
            let proposal =
                proposals::propose(&self.parameters, proposer, description_hash, votes, grace_ms, self.now())?;
            let id = self.id_of(&proposer, &calls, &description_hash);
            ensure!(!self.proposals.contains(id), GovernorError::AlreadyProposed);

            self.ids.insert(self.count, &id);
            self.count = self.count.checked_add(1).ok_or(GovernorError::Overflow)?;
            self.calls.insert(id, &calls);
            self.proposals.insert(id, &proposal);
            let Proposal { snapshot_at, deadline_at, threshold, quorum_bps, .. } = proposal;
            self.env().emit_event(ProposalCreated {
                id,
                proposer,
                calls,
                snapshot_at,
                deadline_at,
                threshold,
                quorum_bps,
                description,
            });
            Ok(id)
        }

        #[ink(message)]
        fn cast_vote(&mut self, id: ProposalId, support: Support) -> Result<Balance, GovernorError> {
            self.vote(id, self.env().caller(), support, String::new())
        }

        #[ink(message)]
        fn cast_vote_with_reason(
            &mut self,
            id: ProposalId,
            support: Support,
            reason: String,
        ) -> Result<Balance, GovernorError> {
            self.vote(id, self.env().caller(), support, reason)
        }

        #[ink(message)]
        fn cast_vote_by_sig(
            &mut self,
            id: ProposalId,
            support: Support,
            reason: String,
            voter: AccountId,
            deadline: Timestamp,
            signature: [u8; 64],
        ) -> Result<Balance, GovernorError> {
            ensure!(self.now() <= deadline, GovernorError::SignatureExpired);
            let genesis = self.genesis.get().unwrap_or_default();
            let domain = Domain { genesis, contract: *self.env().account_id().as_ref() };
            let reason_hash = <Blake as proof::Hasher>::blake2_256(reason.as_bytes());
            let body = vote_body(&id, support, &voter, &reason_hash, deadline);
            let message = Signable::new::<Blake>(&VOTE_TAG, &domain, &body);
            ensure!(signed_by(&message, &signature, voter.as_ref()), GovernorError::BadSignature);
            self.vote(id, voter, support, reason)
        }

        #[ink(message)]
        fn queue(&mut self, id: ProposalId) -> Result<(), GovernorError> {
            let mut proposal = self.known(id)?;
            let state = self.state_of(&proposal)?;
            ensure!(state == ProposalState::Succeeded, GovernorError::WrongState(state));
            let calls = self.calls.get(id).ok_or(GovernorError::UnknownProposal)?;
            let Operation { id: operation, ready_at, expires_at, .. } = self.wired_peers()?.schedule(calls, id)?;
            proposal.operation = Some(operation);
            self.proposals.insert(id, &proposal);
            self.env().emit_event(ProposalQueued { id, operation, ready_at, expires_at });
            Ok(())
        }

        #[ink(message)]
        fn cancel(&mut self, id: ProposalId) -> Result<(), GovernorError> {
            let mut proposal = self.known(id)?;
            let by = self.env().caller();
            let state = self.state_of(&proposal)?;
            proposals::ensure_may_cancel(&proposal, state, by, || self.votes_before_now(proposal.proposer))?;
            if let Some(operation) = proposal.operation {
                self.wired_peers()?.cancel(operation)?;
            }
            proposal.cancelled = true;
            self.proposals.insert(id, &proposal);
            self.env().emit_event(ProposalCancelled { id, by });
            Ok(())
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: GovernorParameters) -> Result<(), GovernorError> {
            roles::ensure_admin(&self.admin)?;
            self.store_parameters(parameters)
        }

        #[ink(message)]
        fn state(&self, id: ProposalId) -> Result<ProposalState, GovernorError> {
            self.state_of(&self.known(id)?)
        }

        #[ink(message)]
        fn proposal(&self, id: ProposalId) -> Option<Proposal> {
            self.proposals.get(id)
        }

        #[ink(message)]
        fn proposal_calls(&self, id: ProposalId) -> Option<Vec<Call>> {
            self.calls.get(id)
        }

        #[ink(message)]
        fn proposal_count(&self) -> u32 {
            self.count
        }

        #[ink(message)]
        fn proposals(&self, start: u32, limit: u32) -> Vec<ProposalId> {
            let end = start.saturating_add(limit.min(MAX_PAGE)).min(self.count);
            (start..end).filter_map(|number| self.ids.get(number)).collect()
        }

        #[ink(message)]
        fn ballot(&self, id: ProposalId, voter: AccountId) -> Option<Ballot> {
            self.ballots.get((id, voter))
        }

        #[ink(message)]
        fn get_votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, GovernorError> {
            self.wired_peers()?.votes(account, at)
        }

        #[ink(message)]
        fn quorum(&self, at: Timestamp) -> Result<Balance, GovernorError> {
            proposals::quorum(self.wired_peers()?.supply(at)?, self.parameters.quorum_bps)
        }

        #[ink(message)]
        fn hash_proposal(&self, proposer: AccountId, calls: Vec<Call>, description_hash: Bytes32) -> ProposalId {
            self.id_of(&proposer, &calls, &description_hash)
        }

        #[ink(message)]
        fn parameters(&self) -> GovernorParameters {
            self.parameters
        }

        #[ink(message)]
        fn unit(&self) -> Unit {
            self.unit
        }

        #[ink(message)]
        fn peers(&self) -> Option<(AccountId, AccountId, AccountId)> {
            self.peers.get().map(|peers| (peers.token, peers.staking, peers.timelock))
        }
    }

    impl Administered for GovernorContract {
        #[ink(message)]
        fn admin(&self) -> Admin {
            roles::admin(&self.admin)
        }

        #[ink(message)]
        fn transfer_admin(&mut self, to: AccountId) -> Result<(), AdminError> {
            roles::transfer(&mut self.admin, to)
        }

        #[ink(message)]
        fn accept_admin(&mut self) -> Result<(), AdminError> {
            roles::accept(&mut self.admin)
        }

        #[ink(message)]
        fn upgrade(&mut self, code_hash: Bytes32) -> Result<(), AdminError> {
            roles::upgrade(&self.admin, code_hash)
        }
    }
}
