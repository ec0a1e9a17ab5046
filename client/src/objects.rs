//! Objects as a pipeline wrote them, one after the other as they come, in the format that was asked for.

use std::borrow::Cow;
use std::io::{self, Write};

use clixml::{Budget, Value};
use display::{Csv, Formatter, Shape};

use crate::cli::Format;

/// Further down than this a value becomes its text in JSON. Remote objects are rarely deeper than two.
const DEPTH: usize = 32;

/// Writes objects in one format.
#[derive(Debug)]
pub(crate) struct Objects {
    kind: Kind,
    count: u64,
}

#[derive(Debug)]
enum Kind {
    People(Box<Formatter>),
    Json,
    Jsonl,
    Csv(Csv),
    Clixml,
}

impl Objects {
    /// Without a format, the shape is PowerShell's choice. `width` cuts lines for a terminal; `None` never does.
    pub(crate) fn new(format: Option<Format>, width: Option<usize>) -> Self {
        let people = |shape| Kind::People(Box::new(Formatter::new(shape, width)));
        let kind = match format {
            None => people(Shape::Auto),
            Some(Format::Table) => people(Shape::Table),
            Some(Format::List) => people(Shape::List),
            Some(Format::Json) => Kind::Json,
            Some(Format::Jsonl) => Kind::Jsonl,
            Some(Format::Csv) => Kind::Csv(Csv::new()),
            Some(Format::Clixml) => Kind::Clixml,
        };
        Self { kind, count: 0 }
    }

    /// One body of the output stream.
    pub(crate) fn body(&mut self, out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
        if matches!(self.kind, Kind::Clixml) {
            self.head(out)?;
            out.write_all(body)?;
            self.count += 1;
            return writeln!(out);
        }
        // The body is in memory already, so its size bounds what it can cost.
        let budget = Budget {
            bytes: body.len(),
            values: usize::MAX,
            ..Budget::default()
        };
        let read = clixml::read(body, &budget);
        let document = read.map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("an object cannot be read: {error}"))
        })?;
        document.values.iter().try_for_each(|value| self.object(out, value))
    }

    /// One body of any stream on a line of its own, with its mark on the outermost element, so that a program can read
    /// it line by line. Only CLIXML has a place for a mark.
    pub(crate) fn marked(&mut self, out: &mut dyn Write, mark: Option<&str>, body: &[u8]) -> io::Result<()> {
        debug_assert!(matches!(self.kind, Kind::Clixml), "streams are written as CLIXML");
        self.head(out)?;
        self.count += 1;
        let body = on_one_line(body);
        // What is no element was made one.
        let at = end_of_name(&body).unwrap_or(0);
        out.write_all(&body[..at])?;
        if let Some(mark) = mark {
            write!(out, " S=\"{mark}\"")?;
        }
        out.write_all(&body[at..])?;
        writeln!(out)
    }

    fn object(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        self.head(out)?;
        let first = self.count == 0;
        self.count += 1;
        match &mut self.kind {
            Kind::People(formatter) => out.write_all(formatter.push(value).as_bytes()),
            Kind::Json => {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                out.write_all(display::json(value, DEPTH).as_bytes())
            }
            Kind::Jsonl => writeln!(out, "{}", display::json(value, DEPTH)),
            Kind::Csv(csv) => csv.push(value).iter().try_for_each(|line| writeln!(out, "{line}")),
            Kind::Clixml => Ok(()),
        }
    }

    /// What stands before the first object of a document.
    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self.count, &self.kind) {
            (0, Kind::Json) => out.write_all(b"["),
            (0, Kind::Clixml) => writeln!(out, "<Objs Version=\"1.1.0.1\" xmlns=\"{}\">", clixml::NAMESPACE),
            _ => Ok(()),
        }
    }

    /// Whether rows of a table wait for company. They are to wait 300 ms, as in PowerShell.
    pub(crate) fn is_gathering(&self) -> bool {
        matches!(&self.kind, Kind::People(formatter) if formatter.is_gathering())
    }

    /// The waiting is over: a table's columns are settled by the rows so far.
    pub(crate) fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.kind {
            Kind::People(formatter) => out.write_all(formatter.settle().as_bytes()),
            Kind::Json | Kind::Jsonl | Kind::Csv(_) | Kind::Clixml => Ok(()),
        }
    }

    /// The end: a document is closed, also one without objects.
    pub(crate) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let none = self.count == 0;
        if none {
            self.head(out)?;
        }
        match &mut self.kind {
            Kind::People(formatter) => out.write_all(formatter.finish().as_bytes()),
            Kind::Json => out.write_all(if none { b"]\n" } else { b"\n]\n" }),
            Kind::Clixml => writeln!(out, "</Objs>"),
            Kind::Jsonl | Kind::Csv(_) => Ok(()),
        }
    }
}

/// An element without line breaks. PowerShell writes none, and escapes those in a text; whoever does is rewritten.
fn on_one_line(body: &[u8]) -> Cow<'_, [u8]> {
    let broken = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    if end_of_name(body).is_some() && !broken(body) {
        return Cow::Borrowed(body);
    }
    let budget = Budget {
        bytes: body.len(),
        values: usize::MAX,
        ..Budget::default()
    };
    let mut text = match clixml::read_value(body, &budget) {
        Ok(value) => clixml::write(&value).into_bytes(),
        // Neither is it understood: its text is better than nothing.
        Err(_) => clixml::write(&String::from_utf8_lossy(body).into_owned().into()).into_bytes(),
    };
    // What is left stands in XML that is kept as it came, because PowerShell would refuse it.
    for byte in text.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    Cow::Owned(text)
}

/// Behind the name of the element that a body is.
fn end_of_name(body: &[u8]) -> Option<usize> {
    let name = body.strip_prefix(b"<")?;
    let length = name
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .filter(|&length| length > 0)?;
    Some(length + 1)
}

#[cfg(test)]
mod tests {
    use clixml::Object;

    use super::*;

    fn user(number: i32) -> Vec<u8> {
        let user = Object::custom()
            .extended("DisplayName", format!("Ken \"K\" {number}"))
            .extended("Enabled", number == 1)
            .extended("Proxies", Value::list(["a", "b"]))
            .extended("Nothing", Value::Null);
        clixml::write(&user.into()).into()
    }

    fn written(format: Option<Format>, bodies: &[Vec<u8>]) -> String {
        let mut out = Vec::new();
        let mut objects = Objects::new(format, None);
        for body in bodies {
            objects.body(&mut out, body).unwrap();
        }
        objects.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_lines_come_one_an_object() {
        let text = written(Some(Format::Jsonl), &[user(1), user(2)]);
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let first = serde_json::json!({
            "DisplayName": "Ken \"K\" 1", "Enabled": true, "Proxies": ["a", "b"], "Nothing": null
        });
        assert_eq!((lines.len(), &lines[0]), (2, &first));
    }

    #[test]
    fn json_is_a_document_even_of_nothing() {
        assert_eq!(written(Some(Format::Json), &[]), "[]\n");
        let text = written(Some(Format::Json), &[user(1), user(2)]);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn clixml_is_what_came_as_one_document() {
        for bodies in [vec![], vec![user(1), user(2)]] {
            let text = written(Some(Format::Clixml), &bodies);
            let document = clixml::read(text.as_bytes(), &Budget::default()).unwrap();
            assert_eq!(document.values.len(), bodies.len());
        }
    }

    #[test]
    fn a_stream_is_marked_on_its_outermost_element_which_has_a_line_of_its_own() {
        let bodies: [(Option<&str>, &[u8]); 4] = [
            (Some("error"), br#"<Obj RefId="0"><MS><S N="a">b</S></MS></Obj>"#),
            (Some("warning"), b"<Nil/>"),
            (Some("error"), b"it broke < there"),
            (None, b"<Obj RefId=\"0\">\n  <MS>\r\n<S N=\"a\">b\nc</S></MS>\n</Obj>"),
        ];
        let mut out = Vec::new();
        let mut objects = Objects::new(Some(Format::Clixml), None);
        for (mark, body) in bodies {
            objects.marked(&mut out, mark, body).unwrap();
        }
        objects.end(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                r#"<Obj S="error" RefId="0"><MS><S N="a">b</S></MS></Obj>"#,
                r#"<Nil S="warning"/>"#,
                r#"<S S="error">it broke &lt; there</S>"#,
                r#"<Obj RefId="0"><MS><S N="a">b_x000A_c</S></MS></Obj>"#,
                "</Objs>"
            ]
        );
    }

    #[test]
    fn a_circle_ends() {
        let xml = br#"<Obj RefId="0"><MS><S N="Name">a</S><Ref N="Self" RefId="0" /></MS></Obj>"#;
        let text = written(Some(Format::Jsonl), &[xml.to_vec()]);
        assert!(text.starts_with(r#"{"Name":"a","Self":"#), "{text}");
    }

    #[test]
    fn a_table_waits_to_be_settled() {
        let mut out = Vec::new();
        let mut objects = Objects::new(None, None);
        objects.body(&mut out, &user(1)).unwrap();
        assert!(objects.is_gathering());
        objects.settle(&mut out).unwrap();
        assert!(!objects.is_gathering());
        assert!(String::from_utf8(out).unwrap().contains("Ken \"K\" 1"));
    }
}
