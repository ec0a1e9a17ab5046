//! What a pipeline is given: lines, JSON or CLIXML from standard input, object by object, no faster than they are taken.

use std::io::{self, BufRead, Read};

use clixml::{Budget, Object, Reader, Value};
use tokio::sync::mpsc;

use crate::cli::InputFormat;
use crate::failure::Failure;

/// Objects that wait between the thread that reads and whoever sends.
const WAITING: usize = 64;
/// No line and no document is longer, in bytes.
const LONGEST: u64 = 256 << 20;

/// Bodies of PIPELINE_INPUT, in order; the end of the channel is the end of the input.
pub(crate) type Bodies = mpsc::Receiver<Result<Vec<u8>, Failure>>;

/// Reads standard input on a thread of its own, since a read of it cannot be given up.
pub(crate) fn standard(format: InputFormat) -> io::Result<Bodies> {
    let (sender, bodies) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new().name("input".to_owned());
    thread.spawn(move || {
        let mut send = |body| sender.blocking_send(body).is_ok();
        read(format, io::stdin().lock(), &mut send);
    })?;
    Ok(bodies)
}

/// Gives one body after the other to `send`, until that says that nobody listens; or one failure, and no more.
fn read(format: InputFormat, from: impl BufRead, send: &mut impl FnMut(Result<Vec<u8>, Failure>) -> bool) {
    let done = match format {
        InputFormat::Lines => lines(from, send, |line, _| Ok(Value::String(line.into()))),
        InputFormat::Jsonl => lines(from, send, |line, number| {
            let parsed = serde_json::from_str(line);
            parsed
                .map(value)
                .map_err(|error| Failure::usage(format!("line {number} of the input is not JSON: {error}")))
        }),
        InputFormat::Clixml => document(from, send),
    };
    if let Err(failure) = done {
        send(Err(failure));
    }
}

fn lines(
    mut from: impl BufRead,
    send: &mut impl FnMut(Result<Vec<u8>, Failure>) -> bool,
    of: impl Fn(&str, u64) -> Result<Value, Failure>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if from.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.pop_if(|last| *last == b'\n').is_none() && line.len() as u64 == LONGEST {
            return Err(Failure::usage(format!(
                "line {number} of the input is longer than 256 MiB"
            )));
        }
        line.pop_if(|last| *last == b'\r');
        let text = std::str::from_utf8(&line)
            .map_err(|_| Failure::usage(format!("line {number} of the input is not UTF-8")))?;
        let body = of(text, number);
        if !send(body.map(|value| psrp::body::write_object(&value).to_vec())) {
            return Ok(());
        }
    }
    Ok(())
}

/// A document as `Export-Clixml` and `--output clixml` write it, each of its values an object.
fn document(mut from: impl Read, send: &mut impl FnMut(Result<Vec<u8>, Failure>) -> bool) -> Result<(), Failure> {
    let unreadable = |error: clixml::Error| Failure::usage(format!("the input is not CLIXML: {error}"));
    let mut bytes = Vec::new();
    from.by_ref().take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage("the input is longer than 256 MiB"));
    }
    let budget = Budget {
        bytes: bytes.len(),
        values: usize::MAX,
        ..Budget::default()
    };
    let mut reader = Reader::new(&bytes, &budget).map_err(unreadable)?;
    while let Some(value) = reader.next_value().map_err(unreadable)? {
        if !send(Ok(psrp::body::write_object(&value).to_vec())) {
            break;
        }
    }
    Ok(())
}

/// JSON as `ConvertFrom-Json` makes objects of it.
fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(bool),
        serde_json::Value::String(text) => Value::String(text.into()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => i32::try_from(number).map_or(Value::Int64(number), Value::Int32),
            (None, Some(number)) => Value::UInt64(number),
            (None, None) => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::Array(items) => Value::array(items.into_iter().map(value)),
        serde_json::Value::Object(members) => {
            let object = members.into_iter().fold(Object::custom(), |object, (name, member)| {
                object.extended(name, value(member))
            });
            Value::from(object)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: InputFormat, text: &str) -> Result<Vec<Value>, String> {
        let mut bodies = Vec::new();
        read(format, text.as_bytes(), &mut |body| {
            bodies.push(body);
            true
        });
        let value = |body: Result<Vec<u8>, Failure>| match body {
            Ok(body) => Ok(psrp::body::read_object(&body).unwrap()),
            Err(failure) => Err(format!("{failure:?}")),
        };
        bodies.into_iter().map(value).collect()
    }

    #[test]
    fn each_line_is_a_string_whatever_ends_it() {
        let strings = ["a b", "", " c", "d"].map(|text| Value::String(text.into()));
        assert_eq!(all(InputFormat::Lines, "a b\r\n\n c\nd").unwrap(), strings);
        assert_eq!(all(InputFormat::Lines, "").unwrap(), []);
    }

    #[test]
    fn each_line_of_json_is_an_object() {
        let read = all(
            InputFormat::Jsonl,
            "{\"Name\":\"x\",\"Size\":3000000000}\n[1,2.5]\nnull\n",
        )
        .unwrap();
        assert_eq!(read[0].property("Name"), Some(&Value::String("x".into())));
        assert_eq!(read[0].property("Size"), Some(&Value::Int64(3_000_000_000)));
        assert_eq!(read[1].as_list(), Some(&[Value::Int32(1), Value::Double(2.5)][..]));
        assert_eq!(read[2], Value::Null);
        let error = all(InputFormat::Jsonl, "1\n{\n2\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn each_value_of_a_document_is_an_object() {
        let document = clixml::write_document(&[Value::Int32(1), Value::String("x".into())]);
        let read = all(InputFormat::Clixml, &document).unwrap();
        assert_eq!(read, [Value::Int32(1), Value::String("x".into())]);
        let error = all(InputFormat::Clixml, "<Objs Version=\"1.1.0.1\" xmlns=\"x\"><S>").unwrap_err();
        assert!(error.contains("not CLIXML"), "{error}");
    }
}
