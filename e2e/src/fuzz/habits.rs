//! Calls that make sense in a row, which chance alone would seldom put in order.

use openledger_abi::OPEN;

use super::action::{Action, Edge, Proven};
use super::perform::spec;
use super::random::Random;
use super::value::{Known, Spec, Value};

/// The last proposal.
const LAST: u32 = u32::MAX;

fn call(by: &str, contract: &str, message: &str, arguments: Vec<Value>) -> Action {
    Action::Call { by: by.into(), call: spec(contract, message, arguments) }
}

fn number(number: u128) -> Value {
    Value::Number(number)
}

fn account(name: &str) -> Value {
    Value::Account(name.into())
}

fn operation() -> Value {
    Value::Each(vec![Value::Call(Box::new(harmless()))])
}

fn harmless() -> Spec {
    spec("escrow", "Escrow::set_pot_floor", vec![number(3_000)])
}

fn id(kind: Known) -> Value {
    Value::Hash(kind, LAST)
}

/// One of the habits of payers, hosts, owners, validators, voters.
pub fn habit(random: &mut Random) -> Vec<Action> {
    let edge = |edge, by| Action::WaitFor { edge, by };
    match random.below(15) {
        // Owners hand over, and others accept.
        0 => vec![
            call("owner", "datanet_registry", "offer_datanet", vec![number(0), account("watcher")]),
            call("watcher", "datanet_registry", "accept_datanet", vec![number(0)]),
        ],
        1 => vec![
            call("owner", "model_registry", "offer_model", vec![number(0), account("watcher")]),
            call("watcher", "model_registry", "accept_model", vec![number(0)]),
        ],
        2 => {
            let contract =
                *random.pick(&["escrow", "disputes", "model_registry", "payout", "staking", "governor", "open_token"]);
            vec![
                call("timelock", contract, "transfer_admin", vec![account("watcher")]),
                call("watcher", contract, "accept_admin", vec![]),
            ]
        }
        3 => {
            let endpoint = Value::Each(vec![Value::Text("https://host.example".into()), Value::Each(vec![])]);
            vec![
                call("host", "model_registry", "announce", vec![endpoint]),
                call("host", "model_registry", "withdraw_announcement", vec![]),
            ]
        }
        // A payer leaves, or thinks better of it.
        4 => vec![
            call("payer", "escrow", "request_exit", vec![number(0)]),
            edge(Edge::Exit, *random.pick(&[-1, 0, 1])),
            call("watcher", "escrow", if random.chance(70) { "exit" } else { "close" }, vec![number(0)]),
            call("payer", "escrow", "withdraw", vec![]),
        ],
        5 => vec![
            call("payer", "escrow", "request_exit", vec![number(0)]),
            call("payer", "escrow", "cancel_exit", vec![number(0)]),
        ],
        6 => {
            let session = Value::Each(vec![Value::Hash(Known::Key, 3), number(5 * OPEN), Value::Now(1_000_000)]);
            vec![
                call("payer", "escrow", "set_session", vec![number(0), session]),
                call("payer", "escrow", "revoke_session", vec![number(0), Value::Hash(Known::Key, 3)]),
            ]
        }
        // Voters.
        7 => vec![
            call("deployer", "governor", "propose", vec![operation(), Value::Text(format!("{}", random.next()))]),
            edge(Edge::VoteBegins, 1),
            call(
                "host",
                "governor",
                "cast_vote_with_reason",
                vec![
                    id(Known::Proposal),
                    Value::Variant(random.below(3) as u8, vec![]),
                    Value::Text("Why not?".into()),
                ],
            ),
            call(
                "watcher",
                "governor",
                "cast_vote_by_sig",
                vec![
                    id(Known::Proposal),
                    Value::Variant(random.below(3) as u8, vec![]),
                    Value::Text(String::new()),
                    account("payer"),
                    Value::Now(1_000),
                    Value::Signed("payer".into(), random.chance(50)),
                ],
            ),
        ],
        8 => vec![
            call("deployer", "governor", "propose", vec![operation(), Value::Text(format!("{}", random.next()))]),
            call("deployer", "governor", "cancel", vec![id(Known::Proposal)]),
        ],
        9 => {
            let by = if random.chance(60) { "guardian" } else { "owner" };
            vec![
                Action::Govern { by: "deployer".into(), calls: vec![harmless()], steps: 2 },
                call(by, "timelock", "cancel", vec![id(Known::Operation)]),
            ]
        }
        // Operators.
        10 => vec![
            call("host", "staking", "set_commission", vec![number(u128::from(random.below(2_001)))]),
            Action::Wait { ms: random.below(5_000) },
            call("payer", "staking", "apply_commission", vec![account("host")]),
        ],
        11 => vec![
            Action::Dispute { proof: Proven::Span, after_ms: 1 },
            call("watcher", "staking", "claim_credit", vec![]),
            edge(Edge::JailEnds, *random.pick(&[-1, 0, 1])),
            call("oracle2", "staking", "bond", vec![account("oracle2"), number(9_000 * OPEN)]),
            call("oracle2", "staking", "unjail", vec![]),
        ],
        // A holder without coin, and what the station does with its OPEN.
        12 => {
            let order = Value::Each(vec![
                account("contributor0"),
                number(OPEN + random.wide() % (4 * OPEN)),
                number(0),
                number(OPEN / 2),
                Value::Nonce("contributor0".into()),
                Value::Now(1_000),
            ]);
            let signed = Value::Signed("contributor0".into(), random.chance(50));
            vec![
                call("watcher", "gas_station", "swap", vec![order, signed, Value::Variant(0, vec![])]),
                call("watcher", "gas_station", "collect", vec![]),
            ]
        }
        // A text is found worthless, or nobody judges it; a vote may undo that.
        13 => {
            let judges = random.chance(80);
            let hash = Value::Hash(if judges { Known::Judgement } else { Known::Fresh }, 0);
            let by = if random.chance(70) { "watcher" } else { "timelock" };
            vec![
                call("watcher", "arbitration", "challenge", vec![number(0), Value::Variant(1, vec![])]),
                call("payer", "arbitration", "back", vec![number(0), Value::Variant(1, vec![]), number(OPEN)]),
                call("validator", "arbitration", "commit", vec![number(0), hash]),
                Action::Wait { ms: 20_000 },
                call(
                    "validator",
                    "arbitration",
                    "reveal",
                    vec![number(0), Value::Variant(0, vec![]), Value::Hash(Known::Fresh, 0)],
                ),
                Action::Wait { ms: 200_000 },
                call(by, "arbitration", if by == "timelock" { "undo" } else { "execute" }, vec![number(0)]),
                call("watcher", "arbitration", "claim", vec![number(0)]),
                call("validator", "arbitration", "claim", vec![number(0)]),
            ]
        }
        // A Datanet whose curator is its owner's choice.
        _ => vec![
            call(
                "owner",
                "datanet_registry",
                "create",
                vec![
                    Value::Text("Curated".into()),
                    Value::Text("cid".into()),
                    Value::Each(vec![
                        Value::Bool(random.chance(80)),
                        Value::Bool(random.chance(80)),
                        Value::Bool(random.chance(80)),
                        Value::Bool(random.chance(80)),
                        Value::Bool(random.chance(20)),
                        number(u128::from(random.below(10_001))),
                        number(0),
                    ]),
                    Value::Variant(0, vec![Value::Each(vec![account("watcher")]), number(1)]),
                ],
            ),
            Action::Contribute { contributor: 0, signed_by: 0, datanet: 1, text: random.below(9) as u32, verdicts: 0 },
            call("watcher", "datanet_registry", "verdict", vec![number(3), Value::Bool(true), number(8_000)]),
        ],
    }
}
