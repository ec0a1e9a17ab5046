//! What can be wrong with parameters.

/// What is wrong with a table of parameters, by the name that was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// The whole is no table.
    #[error("{name} must be a table of names and values, not {found}")]
    NoTable {
        /// What.
        name: String,
        /// What it is instead.
        found: &'static str,
    },
    /// Nobody knows the name.
    #[error("{name} is no parameter of {of}{}", near(.like))]
    Unknown {
        /// The name.
        name: String,
        /// Of what.
        of: &'static str,
        /// The known name that is most like it.
        like: Option<&'static str>,
    },
    /// The name is there twice, perhaps in two spellings.
    #[error("{0} is given twice")]
    Twice(String),
    /// The value is of another type.
    #[error("{name} must be {wanted}, not {found}")]
    Type {
        /// The name.
        name: String,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// The value is out of bounds.
    #[error("{name} is {found}: {why}")]
    Range {
        /// The name.
        name: String,
        /// The value.
        found: String,
        /// The bound, and where it comes from.
        why: &'static str,
    },
    /// A secret in plain sight.
    #[error(
        "{0} must not hold the secret itself: say where it is, as {{ File = \"...\" }}, {{ Command = [...] }}, {{ Stdin = true }} or {{ Prompt = true }}"
    )]
    Secret(String),
    /// Two that do not go together.
    #[error("{0} and {1} do not go together: they are of different parameter sets")]
    Sets(&'static str, &'static str),
    /// Known, but it cannot be done here.
    #[error("{name} cannot be {found} here: {why}")]
    Unsupported {
        /// The name.
        name: String,
        /// The value.
        found: String,
        /// Why, and what to do instead.
        why: &'static str,
    },
}

fn near(like: &Option<&'static str>) -> String {
    like.map_or_else(String::new, |like| format!("; did you mean {like}?"))
}
