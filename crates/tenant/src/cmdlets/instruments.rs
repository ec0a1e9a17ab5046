//! Instruments for tests and demonstrations: commands that are slow, that fail, that write every stream, that ask.

use std::time::Duration;

use clixml::Object;

use super::Cmdlet;
use crate::binder::{Bound, Parameter, Takes};
use crate::failure::{Category, Failure};
use crate::stage::{Question, Ready, Run, Stage, Step, Upstream, World};

const MODULE: &str = "TenantInstruments";

pub(super) const CMDLETS: &[Cmdlet] = &[
    Cmdlet {
        name: "Invoke-TenantStreams",
        module: MODULE,
        parameters: &[],
        begin: streams,
    },
    Cmdlet {
        name: "Invoke-TenantFailure",
        module: MODULE,
        parameters: &[Parameter::new("After", Takes::Number).at(0)],
        begin: failure,
    },
    Cmdlet {
        name: "Get-TenantBlob",
        module: MODULE,
        parameters: &[
            Parameter::new("Bytes", Takes::Number).at(0),
            Parameter::new("Count", Takes::Number).at(1),
            Parameter::new("DelayMs", Takes::Number),
        ],
        begin: blob,
    },
    Cmdlet {
        name: "Get-TenantSession",
        module: MODULE,
        parameters: &[],
        begin: session,
    },
];

fn streams(_: Bound) -> Box<dyn Stage> {
    let progress = |percent, completed| Step::Progress {
        activity: "Writing every stream".to_owned(),
        status: format!("{percent} %"),
        percent,
        completed,
    };
    Ready::stage([
        progress(0, false),
        Step::Output("output".into()),
        Step::Error(Failure::new(
            "Invoke-TenantStreams",
            "TenantError",
            Category::NotSpecified,
            "an error".to_owned(),
        )),
        Step::Warning("a warning".to_owned()),
        Step::Verbose("something verbose".to_owned()),
        Step::Debug("something for debugging".to_owned()),
        Step::Information("some information".into(), &[]),
        Step::Information("a line for the host".into(), &["PSHOST"]),
        progress(100, true),
        Step::Output("more output".into()),
    ])
}

fn failure(bound: Bound) -> Box<dyn Stage> {
    let after = bound.number("After").unwrap_or(0);
    let outputs = (1..=after).map(|number| Step::Output(number.into()));
    let end = Failure::new(
        "Invoke-TenantFailure",
        "TenantFailure",
        Category::OperationStopped,
        "the pipeline failed because it was told to".to_owned(),
    );
    Ready::stage(outputs.chain([Step::Fail(end)]))
}

fn blob(bound: Bound) -> Box<dyn Stage> {
    let size = usize::try_from(bound.number("Bytes").unwrap_or(1_024)).unwrap_or(0);
    let count = bound.number("Count").unwrap_or(1);
    let delay = bound
        .number("DelayMs")
        .and_then(|delay| u64::try_from(delay).ok())
        .unwrap_or(0);
    let mut number = 0;
    let mut rested = delay == 0;
    Box::new(Run(move |_: Upstream<'_>, _: &mut World| {
        if number == count {
            return Step::Done;
        }
        if !std::mem::replace(&mut rested, delay == 0) && number > 0 {
            rested = true;
            return Step::Pause(Duration::from_millis(delay));
        }
        rested = delay == 0;
        number += 1;
        Step::Output(
            Object::custom()
                .extended("Number", number)
                .extended("Data", "x".repeat(size))
                .into(),
        )
    }))
}

fn session(_: Bound) -> Box<dyn Stage> {
    let mut told = false;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        if std::mem::replace(&mut told, true) {
            return Step::Done;
        }
        Step::Output(
            Object::custom()
                .extended("Shell", world.shell)
                .extended("Admin", world.admin.as_str())
                .into(),
        )
    }))
}

/// A command that changes something: `-WhatIf` only says so, `-Confirm` asks first.
pub(super) fn confirmed(
    name: &'static str,
    identity: String,
    bound: &Bound,
    act: impl Fn(&mut World, &str) -> Step + Send + 'static,
) -> Box<dyn Stage> {
    if bound.switch("WhatIf") {
        let line = format!("What if: Performing the operation \"{name}\" on target \"{identity}\".");
        return Ready::stage([Step::WriteLine(line)]);
    }
    let mut ask = bound.switch("Confirm");
    let mut asked = false;
    let mut acted = false;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        if acted {
            return Step::Done;
        }
        if asked {
            // The first choice is Yes, the second Yes to All.
            let answer = world.answer.take().flatten();
            if !answer.is_some_and(|choice| matches!(choice.as_i64(), Some(0 | 1))) {
                return Step::Done;
            }
        } else if std::mem::take(&mut ask) {
            asked = true;
            return Step::Ask(Question::Confirm {
                caption: "Confirm".to_owned(),
                message: format!(
                    "Are you sure you want to perform this action?\nPerforming the operation \"{name}\" on target \"{identity}\"."
                ),
            });
        }
        acted = true;
        act(world, &identity)
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use clixml::Value;

    use super::*;
    use crate::binder::{Argument, bind};
    use crate::organization::Organization;

    fn world() -> World {
        World {
            organization: Arc::new(Mutex::new(Organization::new("litwareinc.com", 3))),
            admin: "kenmyer@litwareinc.com".to_owned(),
            shell: uuid::Uuid::nil(),
            answer: None,
        }
    }

    fn next(stage: &mut dyn Stage, world: &mut World) -> Step {
        stage.step(Upstream::new(&mut [], &mut VecDeque::new()), world)
    }

    #[test]
    fn a_refused_confirmation_changes_nothing() {
        for (answer, changed) in [(Some(0), true), (Some(2), false), (None, false)] {
            let confirm = [Argument {
                name: Some("-Confirm".to_owned()),
                value: None,
            }];
            let bound = bind("Set-X", &[], &confirm).unwrap();
            let mut stage = confirmed("Set-X", "Ken".to_owned(), &bound, |_, _| Step::Output(1.into()));
            let mut world = world();
            assert!(matches!(
                next(&mut *stage, &mut world),
                Step::Ask(Question::Confirm { .. })
            ));
            world.answer = Some(answer.map(Value::from));
            assert_eq!(matches!(next(&mut *stage, &mut world), Step::Output(_)), changed);
            assert!(matches!(next(&mut *stage, &mut world), Step::Done));
        }
    }

    #[test]
    fn blobs_are_spaced_by_the_delay() {
        let bound = bind(
            "Get-TenantBlob",
            CMDLETS[2].parameters,
            &[1, 2].map(|value: i32| Argument {
                name: None,
                value: Some(value.into()),
            }),
        );
        let mut stage = blob(bound.unwrap());
        let mut world = world();
        assert!(matches!(next(&mut *stage, &mut world), Step::Output(_)));
        assert!(matches!(next(&mut *stage, &mut world), Step::Output(_)));
        assert!(matches!(next(&mut *stage, &mut world), Step::Done));
    }
}
