//! The attacks of docs/security.md, played as the attacker would: a scenario passes when the attack fails. Each module's
//! scenarios can share a world in any order.

pub mod arbitration;
pub mod availability;
pub mod batches;
pub mod datanets;
pub mod disputes;
pub mod epochs;
pub mod reports;
pub mod requests;
pub mod spans;
pub mod staking;

/// Gives every attack to a macro, module by module.
#[macro_export]
macro_rules! attacks {
    ($take:ident) => {
        $take! {
            arbitration {
                a_rejection_by_two_self_made_validators_is_overturned,
                a_copy_is_struck_or_pays_its_author,
                stake_that_leaves_has_no_vote,
            }
            batches {
                a_batch_over_nothing_freezes_no_epoch,
                f_oracles_attest_nothing,
                what_nobody_attests_carries_over,
            }
            datanets {
                a_copy_accepted_first_does_not_outrank_its_author,
                a_contribution_seen_on_its_way_cannot_be_taken,
                one_text_whose_terms_forbid_training_ends_no_datanet,
                revoking_costs_nobody_anything,
            }
            spans {
                two_later_copies_make_no_authors_words_common,
                an_author_whose_script_has_no_spaces_is_credited,
                a_report_without_an_authors_letters_is_void,
            }
            availability {
                signers_who_publish_nothing_lose_the_report_and_their_bond,
                a_tree_whose_leaf_is_no_leaf_falls,
                nobody_holds_a_true_report_up_for_longer_than_a_line,
            }
            disputes {
                a_liar_who_proves_its_own_lie_first_gains_nothing,
                an_honest_prover_shares_whoever_was_first,
                a_commit_that_is_never_shown_takes_nothing_from_others,
            }
            epochs {
                a_signing_key_of_years_ago_harms_nobody,
                a_batch_above_the_cover_stops_no_batch_behind_it,
                a_delegator_who_leaves_by_units_has_no_epoch_cut_again,
                cover_that_unbonds_after_closing_stops_no_epoch,
            }
            reports {
                f_plus_one_liars_are_not_enough_for_a_report,
                what_signers_can_take_is_at_most_half_of_what_they_lose,
            }
            staking {
                a_call_at_the_bottom_of_the_stack_skips_no_settling,
            }
            requests {
                a_host_cannot_make_an_answer_private,
                a_bill_beyond_its_request_is_refuted,
                a_voucher_alone_serves_nobody,
                a_session_cap_holds_over_all_models,
                empty_receipts_cost_their_floor,
            }
        }
    };
}
