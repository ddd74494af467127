//! What a sequence is made of. Every action can be written down as JSON and done again.

use serde::{Deserialize, Serialize};

use super::value::{Spec, Value, decimal, hexadecimal};

/// A step of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Somebody calls a message. Who has no key (a contract, the admin of a wired suite) is tried in a dry run.
    Call { by: String, call: Spec },
    /// Somebody sends bytes that may be no message at all.
    Raw {
        by: String,
        contract: String,
        #[serde(with = "hexadecimal")]
        input: Vec<u8>,
        #[serde(default, with = "decimal")]
        native: u128,
    },
    /// Time passes.
    Wait { ms: u64 },
    /// Time passes until the next call comes so many ms after the end of a window (before it: negative).
    WaitFor { edge: Edge, by: i64 },
    /// The host answers on a channel (of this place among those that were opened, or a new one), and redeems.
    Serve {
        channel: Option<u8>,
        answers: u8,
        #[serde(with = "decimal")]
        fee: u128,
        redeem: Redeem,
    },
    /// Oracles report the next epoch.
    Report { lie: Lie, signers: Vec<u8> },
    /// The leaf at this place of the live payouts is claimed, by somebody.
    Claim { by: String, leaf: u8, flaw: ClaimFlaw },
    /// The watcher commits to a proof and reveals it so many ms later.
    Dispute { proof: Proven, after_ms: u64 },
    /// A contributor's text is sent in, and judged.
    Contribute { contributor: u8, signed_by: u8, datanet: u32, text: u32, verdicts: u8 },
    /// A proposal runs through vote, queue and execution, as far as so many of these steps.
    Govern { by: String, calls: Vec<Spec>, steps: u8 },
    /// A proposer beside the governor has the timelock do something, as far as so many steps: schedule, execute.
    Operate { by: String, calls: Vec<Spec>, salt: u32, steps: u8 },
    /// The channel's payer signs off, host too: closing by consent.
    Consent { channel: u8, signed_by: String },
}

/// The end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The next epoch is due.
    EpochDue,
    /// The epoch that waits for its report can be cut again.
    Recut,
    /// The window of the last report ends.
    Window,
    /// The last report goes live.
    Live,
    /// The vote on the last proposal begins.
    VoteBegins,
    /// It ends.
    VoteEnds,
    /// Its operation can be executed.
    Ready,
    /// It expires.
    Expires,
    /// The first unbonding of the payer's matures.
    Unbonded,
    /// The first oracle may leave jail.
    JailEnds,
    /// The first exiting channel may be closed.
    Exit,
    /// The last commit's time to reveal ends.
    Reveal,
}

impl Edge {
    /// All of them.
    pub const ALL: [Edge; 12] = [
        Edge::EpochDue,
        Edge::Recut,
        Edge::Window,
        Edge::Live,
        Edge::VoteBegins,
        Edge::VoteEnds,
        Edge::Ready,
        Edge::Expires,
        Edge::Unbonded,
        Edge::JailEnds,
        Edge::Exit,
        Edge::Reveal,
    ];
}

/// How a channel's answers are redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redeem {
    /// Not at all for now.
    Later,
    Rightly,
    /// Rightly, but no oracle attests it, or too few do: it waits.
    Unattested,
    /// Twice in a row.
    Twice,
    /// Signed by the host in the payer's place.
    WrongSigner,
    /// For a higher fee than the tree says.
    WrongFee,
    /// With a path of another leaf.
    WrongPath,
    /// After its deadline.
    Late,
}

/// What is false about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// Nothing.
    None,
    /// All spans are the third contributor's.
    Credits,
    /// The payouts' sum is one more than what is there to pay.
    TooMuch,
    /// It names the attempt after.
    Attempt,
    /// It carries over one unit more than is left.
    Carry,
}

/// What is wrong about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimFlaw {
    None,
    /// One unit more than the leaf says.
    Inflated,
    /// For the caller's account with another's path.
    Stolen,
    /// With the next leaf's place.
    Misplaced,
    /// The same leaf three times in one call.
    Thrice,
    /// All leaves in one call.
    All,
}

/// What a dispute tries to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proven {
    /// A span that is false, if the last report has one.
    Span,
    /// A span that is true.
    Slander,
    /// Bytes that are no proof.
    Nonsense,
}

/// A sequence from a start, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// Which of the prepared worlds it begins in.
    pub start: String,
    /// The seed that it was made from.
    pub seed: u64,
    pub actions: Vec<Action>,
}

/// The values of a call, for shrinking.
impl Action {
    /// The calls in it.
    pub fn calls_mut(&mut self) -> Option<&mut Vec<Spec>> {
        match self {
            Action::Govern { calls, .. } | Action::Operate { calls, .. } => Some(calls),
            _ => None,
        }
    }

    /// The arguments of a plain call.
    pub fn arguments_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Action::Call { call, .. } => Some(&mut call.arguments),
            _ => None,
        }
    }
}
