//! What is tried on both back ends. Each module's scenarios can share a world in any order.

pub mod challenges;
pub mod claims;
pub mod commissions;
pub mod contributions;
pub mod duty;
pub mod fees;
pub mod fraud;
pub mod gas_station;
pub mod governance;
pub mod pauses;
pub mod reports;
pub mod revocation;
pub mod signatures;
pub mod sums;
pub mod unbonding;
pub mod upgrade;
pub mod vouchers;

/// Gives every scenario to a macro, module by module.
#[macro_export]
macro_rules! scenarios {
    ($take:ident) => {
        $take! {
            vouchers {
                a_voucher_that_another_payer_signed_is_refused,
                a_voucher_that_the_host_does_not_bring_is_refused,
                a_voucher_for_another_chain_is_refused,
                a_voucher_for_another_contract_is_refused,
                a_voucher_over_another_tree_is_refused,
                a_voucher_with_a_lower_total_is_refused,
                a_voucher_that_changes_what_was_paid_is_refused,
                a_voucher_above_the_deposit_is_paid_as_far_as_it_reaches,
                two_keys_of_a_channel_are_redeemed_side_by_side,
                a_place_that_no_answer_took_costs_nothing,
                a_voucher_redeemed_twice_is_refused,
                a_voucher_above_the_deposit_is_refused,
                a_voucher_below_the_least_fee_is_refused,
                a_wallet_may_sign_a_voucher_in_its_wrapping,
            }
            fees {
                a_fee_splits_into_shares_that_add_up_to_it,
                a_share_is_paid_once,
                a_payer_leaves_with_the_rest_after_the_delay,
            }
            contributions {
                a_contributor_enters_a_text_once_in_a_datanet,
                a_text_that_nobody_committed_to_is_refused,
                one_commits_for_many_and_each_opens_its_own_place,
                an_empty_text_is_refused,
                a_text_above_sixteen_mebibytes_is_refused,
                terms_that_another_signed_are_refused,
                a_datanet_that_does_not_promise_training_stops_a_model_by_name,
                the_curators_that_a_datanet_names_decide,
            }
            reports {
                a_report_with_one_signer_too_few_is_refused,
                a_report_with_one_signer_too_many_is_refused,
                a_report_signed_twice_by_one_oracle_is_refused,
                a_report_of_another_set_is_refused,
                a_report_of_another_epoch_is_refused,
                a_report_of_another_attempt_is_refused,
                no_epoch_closes_before_the_last_is_reported,
                a_report_of_more_than_is_funded_is_refused,
                a_report_on_a_chain_of_another_genesis_is_refused,
                a_report_above_its_signers_cover_is_refused,
            }
            challenges {
                a_vote_undoes_a_decision_before_it_takes_force,
            }
            claims {
                a_claim_is_paid_once,
                a_claim_for_more_than_the_leaf_says_is_refused,
                a_claim_with_the_proof_of_another_account_is_refused,
                a_claim_is_paid_to_the_recipient_that_the_account_chose,
                what_was_credited_and_carried_is_what_was_funded,
            }
            fraud {
                a_true_report_cannot_be_refuted,
                a_false_span_voids_the_report_and_costs_its_signers,
            }
            revocation {
                a_revoked_text_keeps_what_it_earned_and_earns_no_more,
                a_text_whose_terms_ended_before_the_batch_earns_nothing_in_it,
            }
            sums {
                payouts_out_of_order_void_the_report,
            }
            governance {
                a_vote_changes_the_fee_split,
                a_replaced_parameter_set_counts_until_the_exit_delay_is_over,
                a_quorum_in_the_last_moment_extends_the_vote,
                nobody_sets_parameters_past_the_timelock,
            }
            signatures {
                a_permit_lets_another_spend_and_counts_once,
                a_signed_delegation_moves_votes_until_its_deadline,
                a_signed_vote_counts_once,
                nobody_signs_for_the_zero_account,
            }
            unbonding {
                a_slash_reaches_what_unbonds_since_before_the_offence,
                a_jailed_operator_returns_when_its_time_is_over,
            }
            duty {
                the_signers_of_a_live_report_are_paid_once,
                validators_who_agreed_are_paid_once_a_contribution,
                what_is_not_decided_is_not_paid,
            }
            commissions {
                a_higher_commission_waits_and_a_lower_one_does_not,
            }
            pauses {
                a_guardian_stops_a_function_and_only_a_vote_sets_it_free,
                a_vote_names_another_guardian,
            }
            gas_station {
                a_holder_without_coin_gets_some_for_a_signed_order,
                an_order_is_executed_once_whoever_relays_it,
                a_permit_that_somebody_brought_before_stops_nothing,
                an_order_for_another_station_or_chain_is_refused,
                an_order_that_is_late_or_gives_too_little_is_refused,
                a_holder_who_allows_or_has_too_little_is_refused,
                limits_hold_for_an_account_and_for_all_until_their_period_ends,
                the_station_keeps_what_it_must,
                the_tip_covers_what_a_first_swap_costs_its_relayer,
                what_was_taken_goes_to_the_treasury,
            }
            upgrade {
                a_vote_upgrades_a_contract_and_keeps_its_state,
                nothing_moves_between_new_code_and_its_migration,
                an_upgrade_to_code_that_is_not_there_changes_nothing,
            }
        }
    };
}
