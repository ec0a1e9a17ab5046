//! The text under the tokenizer, with the way back to where each character stood.

/// Characters and, for each of them and the end, its offset in the text that was given, in UTF-16 units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    chars: Vec<char>,
    offsets: Vec<usize>,
}

impl Source {
    pub(crate) fn new(text: &str) -> Self {
        let mut source = Self {
            chars: Vec::with_capacity(text.len()),
            offsets: Vec::with_capacity(text.len() + 1),
        };
        let mut offset = 0;
        for c in text.chars() {
            source.push(c, offset);
            offset += c.len_utf16();
        }
        source.end(offset);
        source
    }

    /// An empty source, to be filled by `push` and closed by `end`: the inside of `$(...)` in a string.
    pub(crate) fn nested() -> Self {
        Self {
            chars: Vec::new(),
            offsets: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, c: char, offset: usize) {
        self.chars.push(c);
        self.offsets.push(offset);
    }

    pub(crate) fn end(&mut self, offset: usize) {
        self.offsets.push(offset);
        debug_assert_eq!(self.offsets.len(), self.chars.len() + 1);
    }

    pub(crate) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at `at`; NUL at and behind the end, as PowerShell's own reader has it.
    pub(crate) fn char(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or('\0')
    }

    /// Offset in the given text, in UTF-16 units. Behind the end counts on.
    pub(crate) fn offset(&self, at: usize) -> usize {
        match self.offsets.get(at) {
            Some(offset) => *offset,
            None => self.offsets.last().copied().unwrap_or(0),
        }
    }

    pub(crate) fn text(&self, start: usize, end: usize) -> String {
        let end = end.min(self.chars.len());
        self.chars[start.min(end)..end].iter().collect()
    }
}
