//! Why a verb did not do what was asked, as the user is told.

use std::io;

use crate::exit::Exit;

/// Ends the program. Printed as `error: MESSAGE` and `hint: CURE` on standard error.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something to say.
    Said { exit: Exit, message: String, hint: String },
    /// All was said already, or there is nothing to say.
    Silent(Exit),
}

/// What a verb comes to.
pub(crate) type Done = Result<Exit, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Said {
            exit,
            message: message.into(),
            hint: String::new(),
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same with a cure; an empty one changes nothing.
    pub(crate) fn hint(self, cure: impl Into<String>) -> Self {
        match self {
            Self::Said { exit, message, .. } => Self::Said {
                exit,
                message,
                hint: cure.into(),
            },
            silent @ Self::Silent(_) => silent,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Said { exit, .. } | Self::Silent(exit) => *exit,
        }
    }
}

impl From<pslease::Error> for Failure {
    fn from(error: pslease::Error) -> Self {
        let mut message = error.to_string();
        let mut hint = error.hint();
        if let Some(waiting) = error.waiting() {
            let who = crate::notice::who_holds(waiting);
            if !who.is_empty() {
                message = format!("{message}\n{who}");
            }
            if hint.is_empty() {
                hint = crate::notice::cure(waiting);
            }
        }
        Self::new(error.kind().into(), message).hint(hint)
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        pslease::Error::from(status).into()
    }
}

impl From<place::Error> for Failure {
    fn from(error: place::Error) -> Self {
        pslease::Error::from(error).into()
    }
}

/// What goes wrong with our own output. A reader that has seen enough is no error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Silent(Exit::Ok),
            _ => Self::new(Exit::Failed, format!("the output cannot be written: {error}")),
        }
    }
}
