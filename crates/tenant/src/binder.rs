//! Binding: which argument goes to which parameter, by the rules that users see.

use clixml::Value;

use crate::failure::Failure;

/// One argument as it came: `-Name`, `-Name:` with a value, or a value alone.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<Value>,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or a truth after a colon.
    Switch,
    Text,
    Number,
    Any,
    /// Several values.
    Many,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) position: Option<u8>,
    pub(crate) mandatory: bool,
}

impl Parameter {
    pub(crate) const fn new(name: &'static str, takes: Takes) -> Self {
        Self {
            name,
            takes,
            position: None,
            mandatory: false,
        }
    }

    pub(crate) const fn at(self, position: u8) -> Self {
        Self {
            position: Some(position),
            ..self
        }
    }

    pub(crate) const fn mandatory(self) -> Self {
        Self {
            mandatory: true,
            ..self
        }
    }
}

/// Parameters that every cmdlet takes.
pub(crate) const COMMON: [Parameter; 6] = [
    Parameter::new("Verbose", Takes::Switch),
    Parameter::new("Debug", Takes::Switch),
    Parameter::new("ErrorAction", Takes::Any),
    Parameter::new("WarningAction", Takes::Any),
    Parameter::new("WhatIf", Takes::Switch),
    Parameter::new("Confirm", Takes::Switch),
];

/// The values of a cmdlet's parameters.
#[derive(Debug, Default)]
pub(crate) struct Bound(Vec<(&'static str, Value)>);

impl Bound {
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(text)
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(number)
    }

    pub(crate) fn switch(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.as_bool().unwrap_or(true))
    }

    /// The values of a parameter that takes several.
    pub(crate) fn many(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(value) => match value.as_list() {
                Some(items) => items.iter().map(text).collect(),
                None => vec![text(value)],
            },
            None => Vec::new(),
        }
    }
}

pub(crate) fn bind(command: &str, own: &[Parameter], arguments: &[Argument]) -> Result<Bound, Failure> {
    let mut bound = Bound::default();
    let mut positional = own
        .iter()
        .filter(|parameter| parameter.position.is_some())
        .collect::<Vec<_>>();
    positional.sort_by_key(|parameter| parameter.position);
    let mut loose = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let Some(name) = &argument.name else {
            loose.extend(argument.value.clone());
            continue;
        };
        let bare = name
            .trim_start_matches(['-', '\u{2013}', '\u{2014}', '\u{2015}'])
            .trim_end()
            .trim_end_matches(':');
        let parameter = find(own, bare).ok_or_else(|| Failure::unknown_parameter(command, bare))?;
        let value = match (&argument.value, parameter.takes) {
            (Some(value), _) => value.clone(),
            (None, Takes::Switch) => Value::Bool(true),
            (None, _) => rest
                .next_if(|next| next.name.is_none())
                .and_then(|next| next.value.clone())
                .ok_or_else(|| Failure::missing_argument(command, parameter.name))?,
        };
        bound.0.push((parameter.name, checked(command, parameter, value)?));
    }
    for value in loose {
        let free = positional
            .iter()
            .find(|parameter| bound.value(parameter.name).is_none());
        let parameter = free.ok_or_else(|| Failure::surplus_argument(command, &text(&value)))?;
        bound.0.push((parameter.name, checked(command, parameter, value)?));
    }
    match own
        .iter()
        .find(|parameter| parameter.mandatory && bound.value(parameter.name).is_none())
    {
        Some(parameter) => Err(Failure::missing_mandatory(command, parameter.name)),
        None => Ok(bound),
    }
}

/// By its whole name, or by a beginning that only one has.
fn find<'a>(own: &'a [Parameter], name: &str) -> Option<&'a Parameter> {
    let all = || own.iter().chain(&COMMON);
    if let Some(parameter) = all().find(|parameter| parameter.name.eq_ignore_ascii_case(name)) {
        return Some(parameter);
    }
    let begins = |parameter: &&Parameter| {
        parameter
            .name
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let mut found = all().filter(begins);
    match (found.next(), found.next()) {
        (Some(parameter), None) => Some(parameter),
        _ => None,
    }
}

fn checked(command: &str, parameter: &Parameter, value: Value) -> Result<Value, Failure> {
    match parameter.takes {
        Takes::Number if number(&value).is_none() => Err(Failure::wrong_type(command, parameter.name, "System.Int32")),
        Takes::Switch if value.as_bool().is_none() => Err(Failure::wrong_type(
            command,
            parameter.name,
            "System.Management.Automation.SwitchParameter",
        )),
        _ => Ok(value),
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| match value {
        // Cmdlets that count time take fractions of a second too; here they are rounded up.
        Value::Double(number) => Some(number.ceil() as i64),
        _ => value.as_str()?.trim().parse().ok(),
    })
}

/// A value as a parameter of type string takes it.
pub(crate) fn text(value: &Value) -> String {
    match value.base() {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Double(number) => number.to_string(),
        base => match (
            base.as_text(),
            base.as_i64(),
            value.as_object().and_then(|object| object.to_string.as_ref()),
        ) {
            (_, _, Some(text)) | (Some(text), _, _) => text.to_string_lossy().into_owned(),
            (_, Some(number), _) => number.to_string(),
            _ => base.as_uuid().map_or_else(String::new, |guid| guid.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [Parameter; 3] = [
        Parameter::new("Identity", Takes::Text).at(0),
        Parameter::new("ResultSize", Takes::Any),
        Parameter::new("Force", Takes::Switch),
    ];

    fn named(name: &str) -> Argument {
        Argument {
            name: Some(name.to_owned()),
            value: None,
        }
    }

    fn value(value: impl Into<Value>) -> Argument {
        Argument {
            name: None,
            value: Some(value.into()),
        }
    }

    #[test]
    fn a_switch_does_not_eat_what_follows() {
        let bound = bind("Get-X", &OWN, &[named("-Force"), value("Ken Myer")]).unwrap();
        assert!(bound.switch("Force"));
        assert_eq!(bound.text("Identity").as_deref(), Some("Ken Myer"));
    }

    #[test]
    fn a_beginning_is_enough_and_case_does_not_matter() {
        let bound = bind("Get-X", &OWN, &[named("-res"), value(10)]).unwrap();
        assert_eq!(bound.number("ResultSize"), Some(10));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_the_known_words() {
        let message = |arguments: &[Argument]| bind("Get-X", &OWN, arguments).unwrap_err().message;
        assert!(message(&[named("-Nonsense")]).contains("matches parameter name 'Nonsense'"));
        assert!(message(&[value("a"), value("b")]).contains("accepts argument 'b'"));
        assert!(message(&[named("-Identity")]).contains("Missing an argument for parameter 'Identity'"));
    }
}
