//! Exchange's transport rules.

use clixml::Value;

use super::Cmdlet;
use super::instruments::confirmed;
use crate::binder::{Bound, Parameter, Takes};
use crate::failure::Failure;
use crate::stage::{Run, Stage, Step, Upstream, World};

const MODULE: &str = "ExchangeOnlineProtection";

const IDENTITY: Parameter = Parameter::new("Identity", Takes::Text).at(0);

pub(super) const CMDLETS: &[Cmdlet] = &[
    Cmdlet {
        name: "Get-TransportRule",
        module: MODULE,
        parameters: &[IDENTITY],
        begin: get_rule,
    },
    Cmdlet {
        name: "Enable-TransportRule",
        module: MODULE,
        parameters: &[IDENTITY.mandatory()],
        begin: |bound| turn_rule(bound, true),
    },
    Cmdlet {
        name: "Disable-TransportRule",
        module: MODULE,
        parameters: &[IDENTITY.mandatory()],
        begin: |bound| turn_rule(bound, false),
    },
];

fn get_rule(bound: Bound) -> Box<dyn Stage> {
    let identity = bound.text("Identity");
    let mut next = 0;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        let organization = world.organization();
        let named = |rule: &Value| match &identity {
            Some(identity) => rule
                .property("Name")
                .and_then(Value::as_str)
                .is_some_and(|name| name.eq_ignore_ascii_case(identity)),
            None => true,
        };
        let rule = organization.rules().filter(named).nth(next);
        next += 1;
        match (rule, &identity) {
            (Some(rule), _) => Step::Output(rule),
            (None, Some(identity)) if next == 1 => Step::Error(Failure::no_such_object("Get-TransportRule", identity)),
            (None, _) => Step::Done,
        }
    }))
}

fn turn_rule(bound: Bound, on: bool) -> Box<dyn Stage> {
    let name = if on {
        "Enable-TransportRule"
    } else {
        "Disable-TransportRule"
    };
    let identity = bound.text("Identity").unwrap_or_default();
    confirmed(name, identity, &bound, move |world, identity| {
        match world.organization().rule_mut(identity) {
            Some(rule) => {
                rule.enabled = on;
                Step::Done
            }
            None => Step::Error(Failure::no_such_object(name, identity)),
        }
    })
}
