//! WWW-Authenticate, taken apart (RFC 9110, 11.6.1).

/// One scheme that a server offers, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `Bearer`, `Basic`, `Negotiate`, as written.
    pub scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Every challenge of these headers, in order. One header may hold several; what cannot be read is left out.
    pub fn read(headers: &[String]) -> Vec<Self> {
        headers.iter().flat_map(|line| Self::line(line)).collect()
    }

    /// A parameter's value, by its name in any case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn line(line: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for item in items(line) {
            let item = item.trim();
            // `scheme`, `scheme name=value`, `scheme token68` or, going on, `name=value`.
            let (first, rest) = item.split_once([' ', '\t']).unwrap_or((item, ""));
            let goes_on = first.contains('=') || rest.trim_start().starts_with('=');
            let pair = if goes_on {
                item
            } else if first.is_empty() {
                continue;
            } else {
                found.push(Self {
                    scheme: first.to_owned(),
                    parameters: Vec::new(),
                });
                rest.trim()
            };
            if let (Some((name, value)), Some(last)) = (pair.split_once('='), found.last_mut()) {
                last.parameters.push((name.trim().to_owned(), unquote(value.trim())));
            }
        }
        found
    }
}

/// Splits at commas outside of quotes.
fn items(line: &str) -> Vec<&str> {
    let (mut found, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                found.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&line[start..]);
    found
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_of_an_oauth_endpoint_is_read() {
        let line = r#"Bearer client_id="00000004-0000", trusted_issuers="a@*,b@*", authorization_uri="https://login.windows.net/common/oauth2/authorize", Basic realm="x""#;
        let found = Challenge::read(&[line.to_owned(), "Negotiate".to_owned()]);
        let schemes: Vec<_> = found.iter().map(|challenge| challenge.scheme.as_str()).collect();
        assert_eq!(schemes, ["Bearer", "Basic", "Negotiate"]);
        assert_eq!(found[0].parameter("Client_Id"), Some("00000004-0000"));
        assert_eq!(found[0].parameter("trusted_issuers"), Some("a@*,b@*"));
        assert_eq!(
            found[0].parameter("authorization_uri"),
            Some("https://login.windows.net/common/oauth2/authorize")
        );
        assert_eq!(found[1].parameter("realm"), Some("x"));
    }

    #[test]
    fn odd_headers_do_no_harm() {
        for line in [
            "",
            ",",
            "=",
            "Bearer",
            "Negotiate TlRMTVNTUAAC==",
            "a=b",
            "Bearer x=\"",
            "Bearer  realm = \"q\\\"r\" ,, b = c",
        ] {
            Challenge::read(&[line.to_owned()]);
        }
        let found = Challenge::read(&["Bearer realm = \"q\\\"r\"".to_owned()]);
        assert_eq!(found[0].parameter("realm"), Some("q\"r"));
    }
}
