//! The multipart body that a sealed message travels in (MS-WSMV 2.2.9.1): header lines in the clear, the signature's
//! length, the signature, the ciphertext. It is read by its lengths, never by looking for the boundary: ciphertext may
//! hold that by chance.

const BOUNDARY: &str = "Encrypted Boundary";
const OCTETS: &str = "\tContent-Type: application/octet-stream\r\n";
/// What a sealed message is once it is open.
pub(super) const SOAP: &str = "application/soap+xml;charset=UTF-8";

/// Of Negotiate and NTLM, whatever mechanism they settle on.
pub(super) const SPNEGO: &str = "application/HTTP-SPNEGO-session-encrypted";
/// Of the bare Kerberos scheme only.
pub(super) const KERBEROS: &str = "application/HTTP-Kerberos-session-encrypted";

/// A sealed message: what proves it, and what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) signature: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// The Content-Type of a sealed body.
pub(super) fn content_type(protocol: &str) -> String {
    format!("multipart/encrypted;protocol=\"{protocol}\";boundary=\"{BOUNDARY}\"")
}

/// The body of a sealed message whose plain text had `length` bytes.
pub(super) fn pack(protocol: &str, length: usize, sealed: &Sealed) -> Vec<u8> {
    // Padding, which only RC4 has, counts as text.
    let length = length.max(sealed.data.len());
    let mut body = format!(
        "--{BOUNDARY}\r\n\tContent-Type: {protocol}\r\n\tOriginalContent: type={SOAP};Length={length}\r\n\
         --{BOUNDARY}\r\n{OCTETS}"
    )
    .into_bytes();
    let signature = u32::try_from(sealed.signature.len()).unwrap_or(u32::MAX);
    body.extend_from_slice(&signature.to_le_bytes());
    body.extend_from_slice(&sealed.signature);
    body.extend_from_slice(&sealed.data);
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// Whether an answer of this Content-Type is sealed.
pub(super) fn is_sealed(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| {
        let kind = kind.trim_start().as_bytes();
        kind.len() >= 19 && kind[..19].eq_ignore_ascii_case(b"multipart/encrypted")
    })
}

/// Takes a sealed body apart. `Err` says what is wrong with it.
pub(super) fn unpack(protocol: &str, body: &[u8]) -> Result<Sealed, &'static str> {
    let mut rest = body;
    let mut length = None;
    let mut agreed = false;
    loop {
        let (text, after) = line(rest).ok_or("it ends before its ciphertext")?;
        rest = after;
        let text = text.trim();
        if text.starts_with("--") {
            continue;
        }
        let (name, value) = text.split_once(':').ok_or("it has a line that is no header")?;
        match (name.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("content-type", "application/octet-stream") => break,
            ("content-type", value) => agreed = value.eq_ignore_ascii_case(protocol),
            ("originalcontent", value) => {
                length = value
                    .split(';')
                    .find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("length=")?.parse().ok());
            }
            _ => {}
        }
    }
    if !agreed {
        return Err("it is sealed by another protocol");
    }
    let length: usize = length.ok_or("it does not say how long it is")?;
    let (signature, rest) = rest.split_first_chunk::<4>().ok_or("it has no signature")?;
    let signature = usize::try_from(u32::from_le_bytes(*signature)).map_err(|_| "its signature is too long")?;
    let (signature, rest) = rest
        .split_at_checked(signature)
        .ok_or("it is shorter than its signature")?;
    let (data, rest) = rest.split_at_checked(length).ok_or("it is shorter than it says")?;
    if !rest.starts_with(b"--") {
        return Err("it is longer than it says");
    }
    Ok(Sealed {
        signature: signature.to_vec(),
        data: data.to_vec(),
    })
}

/// The first line, and what follows it; `None` where no short line of text begins.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(1024).position(|byte| *byte == b'\n')?;
    let (text, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sealed {
        Sealed {
            signature: vec![1, 2, 3],
            // As ciphertext may look by chance.
            data: b"--Encrypted Boundary--\r\n".to_vec(),
        }
    }

    #[test]
    fn a_body_is_read_by_its_lengths_and_not_by_its_boundary() {
        let body = pack(SPNEGO, 24, &sample());
        assert_eq!(unpack(SPNEGO, &body), Ok(sample()));
        assert!(is_sealed(Some(&content_type(SPNEGO))));
        assert!(!is_sealed(Some("application/soap+xml;charset=UTF-8")) && !is_sealed(None));
    }

    #[test]
    fn a_gap_in_the_boundary_and_a_missing_tab_are_taken() {
        let body = String::from_utf8(pack(KERBEROS, 24, &sample())).unwrap();
        let gap = body
            .replacen("--Encrypted", "-- Encrypted", 2)
            .replacen("\r\n\tContent", "\r\nContent", 2);
        assert_eq!(unpack(KERBEROS, gap.as_bytes()), Ok(sample()));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_nothing_panics() {
        let body = pack(SPNEGO, 24, &sample());
        assert_eq!(unpack(KERBEROS, &body), Err("it is sealed by another protocol"));
        let longer = String::from_utf8(body.clone())
            .unwrap()
            .replace("Length=24", "Length=23");
        assert_eq!(unpack(SPNEGO, longer.as_bytes()), Err("it is longer than it says"));
        for cut in 0..body.len() - 25 {
            assert!(unpack(SPNEGO, &body[..cut]).is_err(), "{cut}");
        }
    }
}
