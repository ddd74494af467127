//! Who may call what: the table that `ARCHITECTURE.md` shows and `tests/access.rs` tries.
//!
//! A row stands for functions of one contract that the same callers may use. *Who may call* is about the caller alone;
//! what else a function asks for (an open window, enough votes, a balance) stands in its documentation.

/// Functions of a contract and who may call them.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub contract: &'static str,
    pub functions: &'static [&'static str],
    /// In words.
    pub who: &'static str,
    /// Names in a world of those who may; none: anyone.
    pub roles: &'static [&'static str],
    /// The error that all others get; empty if there are no others.
    pub refusal: &'static str,
}

const fn anyone(contract: &'static str, functions: &'static [&'static str]) -> Row {
    Row { contract, functions, who: "anyone", roles: &[], refusal: "" }
}

const fn only(
    contract: &'static str,
    functions: &'static [&'static str],
    who: &'static str,
    roles: &'static [&'static str],
    refusal: &'static str,
) -> Row {
    Row { contract, functions, who, roles, refusal }
}

/// In a suite that is wired, nobody any more.
const fn wire(contract: &'static str) -> Row {
    only(contract, &["wire"], "the deployer, once", &[], "Admin(AlreadyWired)")
}

/// What the admin may do by the messages that all contracts share.
const fn admin(contract: &'static str) -> Row {
    only(contract, &["transfer_admin", "upgrade"], "the admin: the timelock", &["timelock"], "NotAdmin")
}

const fn offered(contract: &'static str) -> Row {
    only(contract, &["accept_admin"], "whom the admin offered its role", &["watcher"], "NotOffered")
}

/// What the admin may do by a contract's own messages.
const fn set(contract: &'static str, functions: &'static [&'static str]) -> Row {
    only(contract, functions, "the admin: the timelock", &["timelock"], "Admin(NotAdmin)")
}

const fn pause(contract: &'static str) -> Row {
    only(contract, &["pause"], "the guardian, the admin", &["guardian", "timelock"], "NotGuardian")
}

const fn unpause(contract: &'static str) -> Row {
    only(contract, &["unpause", "set_guardian"], "the admin: the timelock", &["timelock"], "NotAdmin")
}

/// The whole table.
pub const TABLE: &[Row] = &[
    anyone(
        "open_token",
        &[
            "transfer",
            "transfer_from",
            "approve",
            "increase_allowance",
            "decrease_allowance",
            "burn",
            "burn_from",
            "delegate",
            "delegate_by_sig",
            "permit",
        ],
    ),
    wire("open_token"),
    admin("open_token"),
    offered("open_token"),
    anyone(
        "staking",
        &[
            "register",
            "bond",
            "unbond",
            "withdraw",
            "claim_rewards",
            "claim_credit",
            "pull_rewards",
            "apply_commission",
            "refresh",
            "pay_report",
            "pay_verdicts",
        ],
    ),
    only(
        "staking",
        &["set_signing_key", "set_commission", "unjail"],
        "an operator, for itself",
        &["oracle0", "oracle1", "oracle2", "oracle3", "reserve0", "reserve1", "reserve2", "host", "validator"],
        "UnknownOperator",
    ),
    only(
        "staking",
        &["slash", "slash_many"],
        "the offence's judge (arbitration for a validator's), the admin",
        &["arbitration", "timelock"],
        "NotSlasher",
    ),
    only("staking", &["slash_false_report"], "disputes, the admin", &["disputes", "timelock"], "NotSlasher"),
    set("staking", &["set_parameters"]),
    wire("staking"),
    admin("staking"),
    offered("staking"),
    pause("staking"),
    unpause("staking"),
    only("governor", &["propose"], "who has the threshold of votes", &["deployer"], "BelowThreshold"),
    only(
        "governor",
        &["cast_vote", "cast_vote_with_reason"],
        "who had votes at the snapshot",
        &[
            "deployer",
            "host",
            "payer",
            "owner",
            "contributor0",
            "oracle0",
            "oracle1",
            "oracle2",
            "oracle3",
            "reserve0",
            "reserve1",
            "reserve2",
            "validator",
        ],
        "NoVotes",
    ),
    anyone("governor", &["cast_vote_by_sig", "queue"]),
    only(
        "governor",
        &["cancel"],
        "the proposer while it is pending; anyone once the proposer has less votes than the threshold",
        &["deployer"],
        "MayNotCancel",
    ),
    set("governor", &["set_parameters"]),
    wire("governor"),
    admin("governor"),
    offered("governor"),
    only("timelock", &["schedule"], "a proposer: the governor", &["governor", "owner"], "NotProposer"),
    only("timelock", &["cancel"], "a proposer, the guardian", &["governor", "owner", "guardian"], "MayNotCancel"),
    anyone("timelock", &["execute"]),
    only("timelock", &["administer"], "the timelock itself, inside `execute`", &[], "OnlyItself"),
    wire("timelock"),
    anyone("gas_station", &["swap", "fund", "collect"]),
    set("gas_station", &["withdraw", "set_parameters", "set_treasury"]),
    wire("gas_station"),
    admin("gas_station"),
    offered("gas_station"),
    pause("gas_station"),
    unpause("gas_station"),
    anyone("datanet_registry", &["create", "commit", "contribute", "forget"]),
    only(
        "datanet_registry",
        &["describe", "set_datanet_paused", "offer_datanet", "cut_version"],
        "the Datanet's owner",
        &["owner"],
        "NotOwner",
    ),
    only("datanet_registry", &["accept_datanet"], "whom the owner offered it", &["watcher"], "NotOffered"),
    only(
        "datanet_registry",
        &["verdict"],
        "an active validator, or the Datanet's curators",
        &["validator"],
        "NotValidator",
    ),
    only("datanet_registry", &["revoke"], "who is paid for it", &["contributor0"], "NotPayee"),
    only("datanet_registry", &["strike", "set_payee", "reinstate"], "arbitration", &["arbitration"], "NotArbitration"),
    set("datanet_registry", &["set_parameters", "restore"]),
    wire("datanet_registry"),
    admin("datanet_registry"),
    offered("datanet_registry"),
    pause("datanet_registry"),
    unpause("datanet_registry"),
    anyone("arbitration", &["challenge", "back", "execute", "claim"]),
    only("arbitration", &["commit", "reveal"], "an active validator", &["validator"], "NotValidator"),
    set("arbitration", &["undo", "set_parameters"]),
    wire("arbitration"),
    admin("arbitration"),
    offered("arbitration"),
    anyone("model_registry", &["register"]),
    only(
        "model_registry",
        &["revise", "set_status", "offer_model", "set_allowed"],
        "the model's owner",
        &["owner"],
        "NotOwner",
    ),
    only("model_registry", &["accept_model"], "whom the owner offered it", &["watcher"], "NotOffered"),
    only("model_registry", &["announce"], "an active host", &["host"], "NotHost"),
    only("model_registry", &["withdraw_announcement"], "who announced itself", &["host"], "NotAnnounced"),
    set("model_registry", &["set_parameters"]),
    wire("model_registry"),
    admin("model_registry"),
    offered("model_registry"),
    pause("model_registry"),
    unpause("model_registry"),
    anyone("escrow", &["open", "top_up", "close_by_consent", "exit", "withdraw", "attest", "expire"]),
    only(
        "escrow",
        &["set_session", "revoke_session", "request_exit", "cancel_exit"],
        "the channel's payer",
        &["payer"],
        "NotPayer",
    ),
    only("escrow", &["redeem", "close"], "the channel's host", &["host"], "NotHost"),
    only("escrow", &["advance"], "the batch's host, its model's owner", &["host", "owner"], "NotEntitled"),
    set("escrow", &["set_parameters", "set_pot_floor", "set_exit_delay", "set_treasury"]),
    wire("escrow"),
    admin("escrow"),
    offered("escrow"),
    only("payout", &["record_batch", "record_expired"], "escrow", &["escrow"], "NotEscrow"),
    anyone(
        "payout",
        &["close_epoch", "recut", "refill", "submit_report", "finalize", "claim", "claim_many", "set_recipient"],
    ),
    only("payout", &["void"], "disputes", &["disputes"], "NotDisputes"),
    only("payout", &["delay"], "disputes, availability", &["disputes", "availability"], "NotDisputes"),
    only("payout", &["hold"], "the guardian", &["guardian"], "NotGuardian"),
    set("payout", &["set_oracles", "set_parameters", "mark_withheld", "void_report"]),
    wire("payout"),
    admin("payout"),
    offered("payout"),
    pause("payout"),
    unpause("payout"),
    anyone("disputes", &["commit", "settle", "claim"]),
    only("disputes", &["convict", "lose"], "availability", &["availability"], "NotAvailability"),
    only("disputes", &["reveal"], "who committed", &["watcher"], "NotProver"),
    set("disputes", &["set_parameters"]),
    wire("disputes"),
    admin("disputes"),
    offered("disputes"),
    wire("judge"),
    admin("judge"),
    offered("judge"),
    anyone("availability", &["ask", "answer", "settle"]),
    set("availability", &["set_parameters"]),
    wire("availability"),
    admin("availability"),
    offered("availability"),
];

/// The row of a function.
pub fn of(contract: &str, function: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.contract == contract && row.functions.contains(&function))
}

/// The table in Markdown, as `ARCHITECTURE.md` has it.
pub fn markdown() -> String {
    let mut lines =
        vec!["| contract | function | who may call | others get |".to_owned(), "|---|---|---|---|".to_owned()];
    for row in TABLE {
        let functions: Vec<String> = row.functions.iter().map(|function| format!("`{function}`")).collect();
        let refusal = if row.refusal.is_empty() { "–".to_owned() } else { format!("`{}`", row.refusal) };
        lines.push(format!("| {} | {} | {} | {refusal} |", row.contract, functions.join(", "), row.who));
    }
    lines.join("\n")
}
