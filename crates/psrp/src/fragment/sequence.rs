//! The order in which fragments of one stream target may come.

use super::wire::Fragment;
use crate::Error;

/// What a fragment is to the object under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// An object begins; one that was under way is given up without a word, as PowerShell does.
    Start,
    /// The next part.
    Next,
    /// The rest of an object whose beginning was sent to somebody else, before a Connect or Reconnect.
    Skip,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between objects.
    Between,
    /// After a Connect or Reconnect, until the next start.
    Resuming,
    /// Within an object.
    Within { object: u64, next: u64 },
}

/// One object at a time, its fragments in order.
#[derive(Debug)]
pub(super) struct Sequence {
    state: State,
}

impl Sequence {
    pub(super) fn new() -> Sequence {
        Sequence { state: State::Between }
    }

    /// Forgets the object under way; parts of it that still come are skipped.
    pub(super) fn resume(&mut self) {
        self.state = State::Resuming;
    }

    pub(super) fn admit(&mut self, fragment: &Fragment) -> Result<Place, Error> {
        let Fragment {
            object,
            number,
            first,
            last,
            ..
        } = *fragment;
        if object == 0 || i64::try_from(object).is_err() {
            return Err(Error::ObjectId(object));
        }
        if first != (number == 0) {
            return Err(Error::StartFlag { object, number });
        }
        if first {
            self.state = if last {
                State::Between
            } else {
                State::Within { object, next: 1 }
            };
            return Ok(Place::Start);
        }
        match self.state {
            State::Resuming => Ok(Place::Skip),
            State::Between => Err(Error::OutOfSequence {
                object,
                expected: 0,
                got: number,
            }),
            State::Within { object: expected, .. } if expected != object => {
                Err(Error::OtherObject { expected, got: object })
            }
            State::Within { next, .. } if next != number => Err(Error::OutOfSequence {
                object,
                expected: next,
                got: number,
            }),
            State::Within { .. } => {
                self.state = if last {
                    State::Between
                } else {
                    State::Within {
                        object,
                        next: number + 1,
                    }
                };
                Ok(Place::Next)
            }
        }
    }
}
