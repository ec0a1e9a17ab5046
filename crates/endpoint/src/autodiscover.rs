//! The two documents of autodiscovery that a connector needs (MS-OCDISCWS): Root, with a Redirect or a Domain link,
//! and Domain, with `External/RemotePowerShell`. Each comes as XML or as JSON, whatever was asked for.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

/// What XML is asked for by.
pub(crate) const XML: &str = "application/vnd.microsoft.rtc.autodiscover+xml;v=1";
/// What JSON is asked for by.
pub(crate) const JSON: &str = "application/json";

/// The links of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Links(Vec<(String, String)>);

impl Links {
    /// Reads a document; the first character tells which kind it is.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        let text = text.trim_start_matches('\u{feff}').trim();
        match text.chars().next() {
            Some('<') => Self::xml(text),
            Some('{') => Self::json(text),
            Some(_) => Err("it is neither XML nor JSON".to_owned()),
            None => Err("it is empty".to_owned()),
        }
    }

    /// Where the link of that token points, in any case.
    pub(crate) fn get(&self, token: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(token))
            .map(|(_, href)| href.as_str())
    }

    /// The tokens that are there, for a message.
    pub(crate) fn tokens(&self) -> String {
        let tokens: Vec<&str> = self.0.iter().map(|(token, _)| token.as_str()).take(8).collect();
        if tokens.is_empty() {
            "none".to_owned()
        } else {
            tokens.join(", ")
        }
    }

    fn xml(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut links = Vec::new();
        let mut known = false;
        loop {
            let element = match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(element) | Event::Empty(element) => element,
                Event::Eof => break,
                _ => continue,
            };
            match element.local_name().as_ref() {
                "AutodiscoverResponse" => known = true,
                "Link" => {
                    let mut pair = (None, None);
                    for attribute in element.attributes() {
                        let attribute = attribute.map_err(|error| error.to_string())?;
                        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
                        match attribute.key.local_name().as_ref() {
                            "token" => pair.0 = Some(value.into_owned()),
                            "href" => pair.1 = Some(value.into_owned()),
                            _ => {}
                        }
                    }
                    if let (Some(token), Some(href)) = pair {
                        links.push((token, href));
                    }
                }
                _ => {}
            }
        }
        if known {
            Ok(Self(links))
        } else {
            Err("it is no AutodiscoverResponse".to_owned())
        }
    }

    fn json(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Some(links) = document.get("_links").and_then(Value::as_object) else {
            return Err("it has no _links".to_owned());
        };
        let href = |link: &Value| link.get("href").unwrap_or(link).as_str().map(str::to_owned);
        let links = links
            .iter()
            .filter_map(|(token, link)| Some((token.clone(), href(link)?)));
        Ok(Self(links.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_say_the_same() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?><AutodiscoverResponse xmlns="urn:x" AccessLocation="External">
            <Root><Link token="Redirect" href="https://webdir0d.online.lync.com/root?a=b&amp;c=d"/></Root></AutodiscoverResponse>"#;
        let json = r#"{"_links":{"self":{"href":"https://h/root"},"redirect":{"href":"https://webdir0d.online.lync.com/root?a=b&c=d"}}}"#;
        for body in [xml, json] {
            let links = Links::read(body.as_bytes()).unwrap();
            assert_eq!(
                links.get("Redirect"),
                Some("https://webdir0d.online.lync.com/root?a=b&c=d")
            );
            assert_eq!(links.get("Domain"), None);
        }
    }

    #[test]
    fn what_is_no_document_says_why() {
        for (body, why) in [
            ("", "empty"),
            ("<html><body>IIS</body></html>", "no AutodiscoverResponse"),
            ("{\"a\":1}", "no _links"),
            ("Not found", "neither"),
        ] {
            let error = Links::read(body.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(
            Links::read(b"<AutodiscoverResponse><Link token=\"a\" href=\"&evil;\"/></AutodiscoverResponse>").is_err()
        );
        assert!(Links::read(&[0xFF]).is_err());
    }
}
