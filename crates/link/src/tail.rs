//! The last of what a program writes to standard error: that is where it says why it fails.

/// So much is kept.
const KEPT: usize = 4096;

/// The end of a stream of text, within a bound.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
        }
    }

    /// The text, whole lines where the bound has cut it.
    pub(crate) fn text(&self) -> String {
        let over = self.bytes.len().saturating_sub(KEPT);
        let mut last = &self.bytes[over..];
        if over > 0
            && let Some(end) = last.iter().position(|byte| *byte == b'\n')
        {
            last = &last[end + 1..];
        }
        String::from_utf8_lossy(last).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_no_more() {
        let mut tail = Tail::default();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= KEPT && text.starts_with("line ") && text.ends_with("line 9999\n"));
        assert!(tail.bytes.capacity() <= 8 * KEPT);
    }
}
