//! `stake show` and `stake operators`.

use anyhow::Result;
use openledger_abi::staking::OperatorInfo;
use serde_json::{Value, json};

use super::common::{Common, short};
use super::stake::{ROLES, role_name};
use crate::actions::staking;
use crate::{amount, table, time};

pub fn operator_json(account: &chain::AccountId, info: &OperatorInfo) -> Value {
    json!({
        "account": chain::ss58(account),
        "role": role_name(info.role),
        "signing_key": hex::encode(info.signing_key),
        "active": info.active.to_string(),
        "own": info.own.to_string(),
        "slashable": info.slashable.to_string(),
        "jailed_at": info.jailed_at,
        "in_service": info.in_service,
        "out_since": info.out_since,
        "earning": info.earning,
        "commission_bps": info.commission_bps,
        "commission_rise": info.rise.map(|rise| json!({ "commission_bps": rise.commission_bps, "due_at": rise.due_at })),
    })
}

/// The commission, and what it may become.
pub fn commission_text(info: &OperatorInfo) -> String {
    match info.rise {
        None => format!("{} bps", info.commission_bps),
        Some(rise) => {
            format!("{} bps, {} from {} UTC on", info.commission_bps, rise.commission_bps, time::show(rise.due_at))
        }
    }
}

/// Whether it serves and earns.
pub fn service_text(info: &OperatorInfo) -> String {
    match (info.out_since, info.earning) {
        (Some(since), _) => format!("out of service since {} UTC", time::show(since)),
        (None, true) => "in service, its pool earns".into(),
        (None, false) => "in service, its pool earns nothing".into(),
    }
}

/// What an account has bonded, and what it is as an operator.
pub fn show(common: &Common, name: &str) -> Result<()> {
    let context = common.context()?;
    let account = common.account(name)?;
    let operator = staking::operator(&context, account)?;
    let stakes = staking::stakes(&context, account)?;
    let unbondings = staking::unbondings(&context, account)?;
    let credit = staking::credit(&context, account)?;
    let mut text = format!("{}\n", chain::ss58(&account));
    match &operator {
        None => text.push_str("no operator\n"),
        Some(info) => {
            let jail = match info.jailed_at {
                Some(_) => format!(", in jail until {} UTC at least", time::show(info.jailed_until)),
                None => String::new(),
            };
            text.push_str(&format!(
                "{}: {} OPEN bonded, {} of them its own; commission {}; {}{jail}\nsigning key 0x{}\n",
                role_name(info.role),
                amount::show(info.active),
                amount::show(info.own),
                commission_text(info),
                service_text(info),
                hex::encode(info.signing_key)
            ));
        }
    }
    if !stakes.is_empty() {
        let rows: Vec<_> = stakes
            .iter()
            .map(|stake| vec![short(&stake.operator), amount::show(stake.amount), amount::show(stake.rewards)])
            .collect();
        text.push_str(&format!("\n{}", table::render(&["bonded to", "OPEN", "rewards"], &rows)));
    }
    if !unbondings.is_empty() {
        let rows: Vec<_> = unbondings
            .iter()
            .map(|u| vec![short(&u.operator), amount::show(u.amount), time::show(u.matures_at)])
            .collect();
        text.push_str(&format!("\n{}", table::render(&["unbonding from", "OPEN", "matures (UTC)"], &rows)));
    }
    if credit > 0 {
        text.push_str(&format!("\n{} OPEN credited for proofs: `openledger stake rewards`\n", amount::show(credit)));
    }
    let value = json!({
        "account": chain::ss58(&account),
        "operator": operator.as_ref().map(|info| operator_json(&account, info)),
        "stakes": stakes.iter().map(|stake| json!({
            "operator": chain::ss58(&stake.operator),
            "amount": stake.amount.to_string(),
            "rewards": stake.rewards.to_string(),
        })).collect::<Vec<_>>(),
        "unbondings": unbondings.iter().map(|u| json!({
            "id": u.id,
            "operator": chain::ss58(&u.operator),
            "amount": u.amount.to_string(),
            "matures_at": u.matures_at,
        })).collect::<Vec<_>>(),
        "credit": credit.to_string(),
    });
    common.output().say(&value, text)
}

/// All operators.
pub fn operators(common: &Common) -> Result<()> {
    let context = common.context()?;
    let operators = staking::operators(&context)?;
    let parameters = staking::parameters(&context)?;
    let rows: Vec<_> = operators
        .iter()
        .map(|(account, info)| {
            vec![
                chain::ss58(account),
                role_name(info.role).to_owned(),
                amount::show(info.active),
                amount::show(info.own),
                commission_text(info),
                match (info.jailed_at, info.in_service, info.earning) {
                    (Some(_), _, _) => "jailed",
                    (None, false, _) => "out of service",
                    (None, true, false) => "earns nothing",
                    (None, true, true) => "",
                }
                .to_owned(),
            ]
        })
        .collect();
    let least: Vec<_> = ROLES
        .iter()
        .zip(parameters.min_bonds)
        .map(|((_, name), bond)| format!("{name} {}", amount::show(bond)))
        .collect();
    let totals = staking::totals(&context)?;
    let text = format!(
        "{}\nleast own bonds: {}\nduty fund {} OPEN; {} OPEN in the stakers' pot, to be shared at the next `stake rewards`",
        match rows.is_empty() {
            true => "no operators yet".to_owned(),
            false => table::render(&["operator", "role", "bonded", "own", "commission", ""], &rows),
        },
        least.join(", "),
        amount::show(totals.duty),
        amount::show(totals.pot)
    );
    let value = json!({
        "operators": operators.iter().map(|(account, info)| operator_json(account, info)).collect::<Vec<_>>(),
        "min_bonds": parameters.min_bonds.map(|bond| bond.to_string()),
        "duty_fund": totals.duty.to_string(),
        "pot": totals.pot.to_string(),
    });
    common.output().say(&value, text)
}
