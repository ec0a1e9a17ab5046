//! Skype for Business Online's commands, of which the documents tell.

use clixml::Value;

use super::Cmdlet;
use super::instruments::confirmed;
use crate::binder::{Bound, Parameter, Takes};
use crate::failure::Failure;
use crate::stage::{Ready, Run, Stage, Step, Upstream, World};

const MODULE: &str = "SkypeOnlinePowerShell";

/// What `-ResultSize` is when nobody says: the service's own default.
const RESULT_SIZE: u32 = 1_000;

pub(super) const CMDLETS: &[Cmdlet] = &[
    Cmdlet {
        name: "Get-CsTenant",
        module: MODULE,
        parameters: &[Parameter::new("Identity", Takes::Text).at(0)],
        begin: get_tenant,
    },
    Cmdlet {
        name: "Get-CsOnlineUser",
        module: MODULE,
        parameters: &[
            Parameter::new("Identity", Takes::Text).at(0),
            Parameter::new("ResultSize", Takes::Any),
        ],
        begin: get_online_user,
    },
    Cmdlet {
        name: "Set-CsUser",
        module: MODULE,
        parameters: &[
            Parameter::new("Identity", Takes::Text).at(0).mandatory(),
            Parameter::new("EnterpriseVoiceEnabled", Takes::Any),
        ],
        begin: set_user,
    },
    Cmdlet {
        name: "Get-CsMeetingRoom",
        module: MODULE,
        parameters: &[Parameter::new("Identity", Takes::Text).at(0)],
        begin: get_meeting_room,
    },
    Cmdlet {
        name: "Enable-CsMeetingRoom",
        module: MODULE,
        parameters: &[Parameter::new("Identity", Takes::Text).at(0).mandatory()],
        begin: |bound| turn_room(bound, true),
    },
    Cmdlet {
        name: "Disable-CsMeetingRoom",
        module: MODULE,
        parameters: &[Parameter::new("Identity", Takes::Text).at(0).mandatory()],
        begin: |bound| turn_room(bound, false),
    },
];

fn get_tenant(_: Bound) -> Box<dyn Stage> {
    let mut told = false;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        if std::mem::replace(&mut told, true) {
            Step::Done
        } else {
            Step::Output(world.organization().tenant())
        }
    }))
}

fn get_online_user(bound: Bound) -> Box<dyn Stage> {
    const NAME: &str = "Get-CsOnlineUser";
    if let Some(identity) = bound.text("Identity") {
        let mut told = false;
        return Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
            if std::mem::replace(&mut told, true) {
                return Step::Done;
            }
            let organization = world.organization();
            match organization.find_user(&identity) {
                Some(number) => Step::Output(organization.user(number)),
                None => Step::Error(Failure::no_such_object(NAME, &identity)),
            }
        }));
    }
    let wanted = match bound.text("ResultSize") {
        None => Some(None),
        Some(text) if text.eq_ignore_ascii_case("unlimited") => Some(Some(u32::MAX)),
        Some(text) => text.parse().ok().map(Some),
    };
    let Some(wanted) = wanted else {
        return Ready::stage([Step::Fail(Failure::wrong_type(
            NAME,
            "ResultSize",
            "Unlimited[System.UInt32]",
        ))]);
    };
    let mut number = 0;
    let mut warned = wanted.is_some();
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        let organization = world.organization();
        if number < wanted.unwrap_or(RESULT_SIZE).min(organization.size()) {
            number += 1;
            return Step::Output(organization.user(number));
        }
        if !std::mem::replace(&mut warned, true) && organization.size() > RESULT_SIZE {
            return Step::Warning(format!(
                "There are more results than were asked for: only the first {RESULT_SIZE} were returned. Use -ResultSize."
            ));
        }
        Step::Done
    }))
}

fn set_user(bound: Bound) -> Box<dyn Stage> {
    const NAME: &str = "Set-CsUser";
    let identity = bound.text("Identity").unwrap_or_default();
    let voice = bound
        .value("EnterpriseVoiceEnabled")
        .map(|value| value.as_bool().unwrap_or(false));
    confirmed(NAME, identity, &bound, move |world, identity| {
        let mut organization = world.organization();
        let Some(number) = organization.find_user(identity) else {
            return Step::Error(Failure::no_such_object(NAME, identity));
        };
        if let Some(voice) = voice {
            organization.set_enterprise_voice(number, voice);
        }
        Step::Done
    })
}

fn get_meeting_room(bound: Bound) -> Box<dyn Stage> {
    let identity = bound.text("Identity");
    let mut next = 0;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        let organization = world.organization();
        let named = |room: &Value| match &identity {
            Some(identity) => room.property("DisplayName").and_then(Value::as_str) == Some(identity),
            None => true,
        };
        let room = organization.rooms().filter(named).nth(next);
        next += 1;
        room.map_or(Step::Done, Step::Output)
    }))
}

fn turn_room(bound: Bound, on: bool) -> Box<dyn Stage> {
    let name = if on {
        "Enable-CsMeetingRoom"
    } else {
        "Disable-CsMeetingRoom"
    };
    let identity = bound.text("Identity").unwrap_or_default();
    confirmed(name, identity, &bound, move |world, identity| {
        match world.organization().room_mut(identity) {
            Some(room) => {
                room.enabled = on;
                Step::Done
            }
            None => Step::Error(Failure::no_such_object(name, identity)),
        }
    })
}
