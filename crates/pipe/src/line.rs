//! One line: PowerShell's exact writing, and a strict reading that allows what an XML reader must.

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
use bytes::Bytes;
use uuid::Uuid;

use crate::error::{Error, Excerpt};
use crate::packet::{Packet, Stream};

use Refusal::Malformed;

pub(crate) fn write(packet: &Packet, out: &mut Vec<u8>) {
    let guid = packet.ps_guid().hyphenated();
    let mut buffer = Uuid::encode_buffer();
    let guid = guid.encode_lower(&mut buffer).as_bytes();
    out.push(b'<');
    out.extend_from_slice(packet.name().as_bytes());
    if let Packet::Data { stream, bytes, .. } = packet {
        let stream: &[u8] = match stream {
            Stream::Default => b" Stream='Default' PSGuid='",
            Stream::PromptResponse => b" Stream='PromptResponse' PSGuid='",
        };
        let encoded = bytes.len().div_ceil(3) * 4;
        out.reserve(stream.len() + guid.len() + encoded + 16);
        out.extend_from_slice(stream);
        out.extend_from_slice(guid);
        out.extend_from_slice(b"'>");
        let start = out.len();
        out.resize(start + encoded, 0);
        // INVARIANT: `encoded` is the padded length of base64, so the slice always suffices.
        #[allow(clippy::expect_used)]
        let written = Simd::standard(PAD)
            .encode_slice(bytes, &mut out[start..])
            .expect("base64 has a known length");
        debug_assert_eq!(written, encoded);
        out.extend_from_slice(b"</Data>\n");
    } else {
        out.extend_from_slice(b" PSGuid='");
        out.extend_from_slice(guid);
        out.extend_from_slice(b"' />\n");
    }
}

pub(crate) fn read(line: &[u8]) -> Result<Packet, Error> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.trim_ascii().is_empty() {
        return Err(Error::Empty);
    }
    Element::parse(line.trim_ascii())
        .and_then(|element| element.packet())
        .map_err(|refusal| match refusal {
            Refusal::Unknown => Error::Unknown {
                line: Excerpt::of(line),
            },
            Refusal::Malformed(what) => Error::Malformed {
                line: Excerpt::of(line),
                what,
            },
        })
}

/// Why a line is no packet: none of the eight elements, or one of them with something wrong.
enum Refusal {
    Unknown,
    Malformed(&'static str),
}

/// The names of the framing. Their case counts, as it does in PowerShell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Data,
    DataAck,
    Command,
    CommandAck,
    Close,
    CloseAck,
    Signal,
    SignalAck,
}

impl Name {
    fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"Data" => Self::Data,
            b"DataAck" => Self::DataAck,
            b"Command" => Self::Command,
            b"CommandAck" => Self::CommandAck,
            b"Close" => Self::Close,
            b"CloseAck" => Self::CloseAck,
            b"Signal" => Self::Signal,
            b"SignalAck" => Self::SignalAck,
            _ => return None,
        })
    }
}

/// A line taken apart, nothing decoded yet.
struct Element<'a> {
    name: Name,
    stream: Option<&'a [u8]>,
    ps_guid: Option<&'a [u8]>,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let rest = line.strip_prefix(b"<").ok_or(Refusal::Unknown)?;
        let end = rest.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (raw_name, mut rest) = rest.split_at(end);
        let name = Name::of(raw_name).ok_or(Refusal::Unknown)?;
        let mut element = Self {
            name,
            stream: None,
            ps_guid: None,
            content: b"",
        };
        loop {
            let trimmed = rest.trim_ascii_start();
            if let Some(after) = trimmed.strip_prefix(b"/>") {
                return if after.is_empty() {
                    Ok(element)
                } else {
                    Err(Malformed("something after its end"))
                };
            }
            if let Some(after) = trimmed.strip_prefix(b">") {
                element.content = closed(after, raw_name)?;
                return Ok(element);
            }
            if trimmed.len() == rest.len() {
                return Err(if trimmed.is_empty() {
                    Malformed("no end")
                } else {
                    Refusal::Unknown
                });
            }
            let (attribute, value, after) = attribute(trimmed)?;
            let slot = match attribute {
                b"Stream" => &mut element.stream,
                b"PSGuid" => &mut element.ps_guid,
                _ => return Err(Malformed("an attribute other than Stream and PSGuid")),
            };
            if slot.replace(value).is_some() {
                return Err(Malformed("an attribute twice"));
            }
            rest = after;
        }
    }

    fn packet(&self) -> Result<Packet, Refusal> {
        let raw = self.ps_guid.ok_or(Malformed("no PSGuid"))?;
        let ps_guid = Uuid::try_parse_ascii(raw).map_err(|_| Malformed("a PSGuid that is no GUID"))?;
        if self.name == Name::Data {
            let stream = match self.stream.ok_or(Malformed("no Stream"))? {
                b"Default" => Stream::Default,
                b"PromptResponse" => Stream::PromptResponse,
                _ => return Err(Malformed("a Stream other than Default and PromptResponse")),
            };
            let bytes = Simd::standard(PAD)
                .decode(self.content.trim_ascii())
                .map_err(|_| Malformed("a body that is no base64"))?;
            return Ok(Packet::Data {
                stream,
                ps_guid,
                bytes: Bytes::from(bytes),
            });
        }
        if self.stream.is_some() {
            return Err(Malformed("a Stream, which only Data has"));
        }
        if !self.content.trim_ascii().is_empty() {
            return Err(Malformed("a body, which only Data has"));
        }
        Ok(match self.name {
            Name::Data | Name::DataAck => Packet::DataAck { ps_guid },
            Name::Command => Packet::Command { ps_guid },
            Name::CommandAck => Packet::CommandAck { ps_guid },
            Name::Close => Packet::Close { ps_guid },
            Name::CloseAck => Packet::CloseAck { ps_guid },
            Name::Signal => Packet::Signal { ps_guid },
            Name::SignalAck => Packet::SignalAck { ps_guid },
        })
    }
}

/// An attribute's name, its value, and what follows it.
type Attribute<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// One attribute off the front.
fn attribute(text: &[u8]) -> Result<Attribute<'_>, Refusal> {
    let wrong = || Malformed("an attribute that is written wrongly");
    let equals = text.iter().position(|&b| b == b'=').ok_or_else(wrong)?;
    let (name, rest) = (text[..equals].trim_ascii_end(), text[equals + 1..].trim_ascii_start());
    let (&quote, rest) = rest.split_first().ok_or_else(wrong)?;
    if quote != b'\'' && quote != b'"' {
        return Err(wrong());
    }
    let end = rest.iter().position(|&b| b == quote).ok_or_else(wrong)?;
    Ok((name, &rest[..end], &rest[end + 1..]))
}

/// The content of an element up to its closing tag, which must be the last thing of the line.
fn closed<'a>(text: &'a [u8], name: &[u8]) -> Result<&'a [u8], Refusal> {
    let text = text.strip_suffix(b">").ok_or(Malformed("no end"))?.trim_ascii_end();
    let text = text.strip_suffix(name).and_then(|t| t.strip_suffix(b"</"));
    text.ok_or(Malformed("no closing tag at its end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: &str = "66e4ea0c-2cbc-4e69-9a0f-a3a2a1a5d6f1";

    fn p() -> Uuid {
        P.parse().unwrap()
    }

    #[test]
    fn writes_what_powershell_writes() {
        let data = Packet::data(p(), Bytes::from_static(b"abcd"));
        assert_eq!(
            data.to_bytes(),
            format!("<Data Stream='Default' PSGuid='{P}'>YWJjZA==</Data>\n")
        );
        let answer = Packet::Data {
            stream: Stream::PromptResponse,
            ps_guid: Uuid::nil(),
            bytes: Bytes::new(),
        };
        let nil = Uuid::nil();
        assert_eq!(
            answer.to_bytes(),
            format!("<Data Stream='PromptResponse' PSGuid='{nil}'></Data>\n")
        );
        assert_eq!(
            Packet::Signal { ps_guid: p() }.to_bytes(),
            format!("<Signal PSGuid='{P}' />\n")
        );
    }

    #[test]
    fn reads_what_an_xml_writer_may_make_of_it() {
        let upper = P.to_ascii_uppercase();
        let want = Ok(Packet::data(p(), Bytes::from_static(b"abcd")));
        for line in [
            format!("<Data Stream='Default' PSGuid='{P}'>YWJjZA==</Data>"),
            format!("<Data Stream=\"Default\" PSGuid=\"{upper}\">YWJjZA==</Data>\r\n"),
            format!("  <Data PSGuid = '{{{P}}}'  Stream= \"Default\" > YWJjZA== </Data >"),
        ] {
            assert_eq!(read(line.as_bytes()), want, "{line}");
        }
        assert_eq!(
            read(format!("<Close PSGuid='{P}'/>").as_bytes()),
            Ok(Packet::Close { ps_guid: p() })
        );
        assert_eq!(
            read(format!("<Close PSGuid='{P}'></Close>").as_bytes()),
            Ok(Packet::Close { ps_guid: p() })
        );
    }

    #[test]
    fn refuses_with_the_start_of_the_line() {
        assert_eq!(read(b""), Err(Error::Empty));
        assert_eq!(read(b" \r"), Err(Error::Empty));
        let banner = read(b"PowerShell 7.6.5\x1b[m").unwrap_err();
        assert_eq!(
            banner.to_string(),
            "an unknown element \"PowerShell 7.6.5\\u{1b}[m\" was received; let nothing but PowerShell write to this stream"
        );
        for line in [
            "<Nack PSGuid='x' />",
            "<data PSGuid='x' />",
            "<DataX />",
            "Data",
            "<",
            "<Data\u{e9} />",
        ] {
            assert!(matches!(read(line.as_bytes()), Err(Error::Unknown { .. })), "{line}");
        }
        for (line, why) in [
            ("<Close />".to_owned(), "no PSGuid"),
            ("<Close PSGuid='1' />".to_owned(), "a PSGuid that is no GUID"),
            (format!("<Close PSGuid='{P}' PSGuid='{P}' />"), "an attribute twice"),
            (
                format!("<Close PSGuid='{P}' X='1' />"),
                "an attribute other than Stream and PSGuid",
            ),
            (
                format!("<Close PSGuid='{P}' Stream='Default' />"),
                "a Stream, which only Data has",
            ),
            (
                format!("<Close PSGuid='{P}'>YQ==</Close>"),
                "a body, which only Data has",
            ),
            (
                format!("<Close PSGuid='{P}' /> <Close PSGuid='{P}' />"),
                "something after its end",
            ),
            (format!("<Close PSGuid='{P}"), "an attribute that is written wrongly"),
            (format!("<Close PSGuid='{P}'"), "no end"),
            (format!("<Data PSGuid='{P}'></Data>"), "no Stream"),
            (
                format!("<Data Stream='pr' PSGuid='{P}'></Data>"),
                "a Stream other than Default and PromptResponse",
            ),
            (
                format!("<Data Stream='Default' PSGuid='{P}'>YQ=</Data>"),
                "a body that is no base64",
            ),
            (
                format!("<Data Stream='Default' PSGuid='{P}'>YQ==</Dat>"),
                "no closing tag at its end",
            ),
            (format!("<Data Stream='Default' PSGuid='{P}'>YQ=="), "no end"),
            (
                format!("<Data Stream='Default' PSGuid='{P}'>YQ==</Data><Close PSGuid='{P}' />"),
                "no closing tag at its end",
            ),
        ] {
            let found = read(line.as_bytes());
            assert!(
                matches!(&found, Err(Error::Malformed { what, .. }) if *what == why),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn an_excerpt_is_short_and_printable() {
        let line = vec![0xffu8; 4000];
        let Err(Error::Unknown { line }) = read(&line) else {
            panic!("4000 bytes 0xff were read")
        };
        assert_eq!(line.as_str().chars().count(), 83);
        assert!(line.as_str().ends_with("..."));
    }
}
