//! What the text of a primitive element means, and how a value is spelled (protocol.md sections 18 and 26).

mod datetime;
mod decimal;
mod float;
mod timespan;
mod uri;
mod version;

pub use datetime::{DateTime, Zone};
pub use decimal::Decimal;
pub(crate) use float::{read_double, read_single, write_double, write_single};
pub use timespan::TimeSpan;
pub(crate) use uri::is_uri;
pub use version::Version;

/// The digits at the start of `text` as a number, with how many there are and what follows. At most 18 digits count.
fn digits(text: &str) -> (i64, usize, &str) {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(count);
    (
        number
            .bytes()
            .take(18)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
        count,
        rest,
    )
}

/// `ticks` of a second as a fraction, without trailing zeros: `.5`, or nothing at all.
fn write_fraction(ticks: i64, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    if ticks == 0 {
        return Ok(());
    }
    let (mut shown, mut width) = (ticks, 7);
    while shown % 10 == 0 {
        shown /= 10;
        width -= 1;
    }
    write!(f, ".{shown:0width$}")
}

const TICKS_PER_SECOND: i64 = 10_000_000;
