//! The few words that `psleased` takes.

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// Stay in the session of whoever started us: for service managers.
    pub(crate) foreground: bool,
}

/// What came of reading it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Run(Options),
    /// Print this and end.
    Tell(String),
    /// No such option.
    Wrong(String),
}

const HELP: &str = "\
psleased: opens remote PowerShell sessions and lends them to pslease

  psleased                begin, leave the terminal, write one line of JSON when ready
  psleased --foreground   the same without leaving: for service managers
  psleased --version

PSLEASE_HOME names another folder for its state and its configuration, PSLEASE_LOG what it logs (info, debug, ...).";

pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Asked {
    let mut options = Options::default();
    for word in words {
        match word.as_str() {
            "--foreground" => options.foreground = true,
            "--version" | "-V" => return Asked::Tell(format!("psleased {}", env!("CARGO_PKG_VERSION"))),
            "--help" | "-h" => return Asked::Tell(HELP.to_owned()),
            other => return Asked::Wrong(other.to_owned()),
        }
    }
    Asked::Run(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_or_named() {
        let of = |words: &[&str]| parse(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(of(&[]), Asked::Run(Options { foreground: false }));
        assert_eq!(of(&["--foreground"]), Asked::Run(Options { foreground: true }));
        assert_eq!(of(&["--bogus"]), Asked::Wrong("--bogus".into()));
    }
}
