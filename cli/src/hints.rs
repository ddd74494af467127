//! What to do about a contract's refusal, by the name of its error.

const HINTS: &[(&str, &str)] = &[
    // First: what it holds (`Expired`) has hints of its own elsewhere.
    ("WrongState", "see `openledger proposal show` for where it stands and when"),
    ("FunctionPaused", "the guardian or a vote paused it; see `openledger guardian show`"),
    ("NotGuardian", "only the contract's guardian pauses; see `openledger guardian show`"),
    (
        "MayNotCancel",
        "a proposal is cancelled by its proposer while it is pending; in the timelock the guardian may veto it",
    ),
    (
        "WrongNonce",
        "the order was sent in already, or another one before it: sign a new one with `openledger gas swap`",
    ),
    ("BadSignature", "it was sent in already, or something else with its nonce was: sign anew"),
    ("SignatureExpired", "its time is over: sign anew, with a longer --valid"),
    ("OrderExpired", "its time is over: sign anew, with a longer --valid"),
    ("TipAboveOrder", "the tip is more than the order: order more, or name a lower --tip"),
    ("BelowLeast", "that gives less than the least of a swap; see `openledger gas status`"),
    ("AccountLimit", "the account has had its share of this period; see `openledger gas status ACCOUNT`"),
    ("TotalLimit", "all together have had the share of this period; see `openledger gas status`"),
    ("OutOfFunds", "the station has not that much; anybody may give it some with `openledger gas fund`"),
    (
        "InsufficientAllowance",
        "the owner allows less than that: `openledger token approve`, and `token allowance` shows it",
    ),
    ("NotJailed", "the operator is not in jail; see `openledger stake show`"),
    ("JailNotOver", "see `openledger stake show` for when it is over"),
    ("SessionLowered", "cap and end of a key only grow; end it with `openledger channel session revoke`"),
    ("NoRise", "no higher commission is announced; see `openledger stake show`"),
    ("RiseNotDue", "see `openledger stake show` for when it is due"),
    ("AlreadyPaid", "the duty fund pays for a piece of work once"),
    ("ReportNotLive", "see `openledger report show` for when it goes live"),
    ("DutyFundShort", "the duty fund fills from the stakers' share; see `openledger stake operators`"),
    ("InsufficientBalance", "the account has too little OPEN; see `openledger token balance`"),
    ("NotValidator", "bond as one first: `openledger stake register --role validator`"),
    ("NotHost", "the account must be a bonded host: `openledger stake register --role host`"),
    ("BelowMinBond", "bond more; the least of each role is shown by `openledger stake operators`"),
    ("AlreadyOperator", "the account is an operator already; add to it with `openledger stake bond`"),
    ("KeyTaken", "give a key that no operator ever had with --signing-key"),
    ("CommissionAboveCap", "lower --commission-bps"),
    ("NoStake", "the account has nothing bonded there; see `openledger stake show`"),
    ("InsufficientStake", "the account has less bonded there; see `openledger stake show`"),
    ("NothingMatured", "see `openledger stake show` for when it matures"),
    (
        "AlreadyEntered",
        "the contributor entered the same text there already, as that contribution; once rejected, it can be entered again after 30 days",
    ),
    ("BelowFloor", "the Datanet asks that of all its texts; see `openledger datanet show`, and change the terms"),
    (
        "NotPromised",
        "the Datanet doesn't promise that of its texts; see `openledger datanet show`, and change the model's offer",
    ),
    ("CommitmentLapsed", "it was committed to too long ago: run `openledger datanet contribute` again"),
    (
        "BadJudges",
        "curators: at most 16, and no more agreeing than there are; validators: see `openledger datanet create --help`",
    ),
    ("UnknownDatanet", "see `openledger datanet list`"),
    (
        "NotChallengeable",
        "see `openledger datanet show` for where it stands: only what is rejected can be `wrongly-rejected`",
    ),
    ("AlreadyChallenged", "back that challenge instead: `openledger arbitration back`"),
    ("CommitOver", "see `openledger arbitration show` for its times"),
    ("RevealNotOpen", "see `openledger arbitration show` for its times"),
    ("RevealOver", "see `openledger arbitration show` for its times"),
    ("OwnCase", "a party judges nothing of its own"),
    ("AlreadyCommitted", "a judge commits once"),
    ("NotCommitted", "commit first, in time: `openledger arbitration commit`"),
    ("WrongPreimage", "reveal with the file that `openledger arbitration commit` wrote, and the same key"),
    ("StillJudged", "judges may still reveal; see `openledger arbitration show`"),
    ("NotDue", "see `openledger arbitration show` for when it takes force"),
    ("NotClosed", "close it first, once it is due: `openledger arbitration execute`"),
    ("UnknownChallenge", "see `openledger arbitration list`"),
    ("NotOwner", "use the owner's key"),
    ("NotPayee", "use the key of who is paid for it; see `openledger datanet show`"),
    ("NotCurator", "its curators judge it; see `openledger datanet show`"),
    ("OwnContribution", "nobody judges a text of its own"),
    ("AlreadyJudged", "this key gave its verdict before"),
    ("NotPending", "it is decided; see `openledger datanet show`"),
    ("NothingNew", "nothing was accepted since the last version"),
    ("DatanetPaused", "its owner takes no contributions for now"),
    ("SourceRefused", "the model's use breaks that term of the version; see `openledger datanet show`"),
    ("ShareOutOfBounds", "set --contributors-bps within these bounds"),
    ("BadParent", "see `openledger model list`"),
    ("NotAnnounced", "announce first: `openledger host announce`"),
    ("NotPayer", "use the channel's payer's key"),
    ("ChannelClosed", "open another one: `openledger channel open`"),
    ("ExitNotDue", "ask to leave with `openledger channel exit`, and close it once the delay is over"),
    ("NotWaiting", "see `openledger channel waiting`: it was attested, or it expired"),
    ("NotEntitled", "use the key of the batch's host or of its model's owner"),
    ("GraceNotOver", "see `openledger channel waiting` for since when it waits"),
    ("AlreadyAdvanced", "the other half is paid once oracles attest the batch"),
    ("NothingToWithdraw", "nothing is credited to this account"),
    ("NothingToClaim", "all of it was claimed before, or there is nothing yet"),
    (
        "BelowThreshold",
        "get votes first: `openledger token delegate` to yourself, or from others. They count a block later (`chain advance 1s`)",
    ),
    ("AlreadyProposed", "the same proposal was made before; give it another --description"),
    ("UnknownProposal", "see `openledger proposal list`"),
    ("AlreadyVoted", "a vote can be cast once"),
    ("NoVotes", "the account had none when the vote began; `openledger token delegate` to yourself before the next"),
    ("BelowPotFloor", "give contributors more with --contributors"),
    ("NotReady", "its delay is not over; see `openledger proposal show`"),
    ("BadOracles", "a set has at least four, each bonded (`openledger stake register --role oracle`) and named once"),
    ("AlreadyWired", "this was done before, and is done once"),
    ("NotWired", "the suite isn't complete: `openledger wire-payout` names the first oracles"),
    ("NotDeployer", "use the key that deployed the suite"),
];

/// What to do about the error that `debug` shows, if that is known.
pub fn hint(debug: &str) -> Option<&'static str> {
    let words = || debug.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    // The innermost name says most, but a wrapper with a hint of its own says it better.
    HINTS.iter().find(|(name, _)| words().any(|word| word == *name)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn an_error_is_found_by_its_whole_name() {
        assert!(hint("AlreadyEntered { contribution: 3 }").unwrap().contains("same text"));
        assert!(hint("WrongState(Expired)").unwrap().contains("proposal show"));
        assert_eq!(hint("NotPayerAtAll"), None);
        assert_eq!(hint(""), None);
    }
}
