//! Which realm an account is of, and where krb5.conf says that the realm's KDC is.

use std::path::Path;

use crate::Tickets;

/// `EXAMPLE.TEST` of `ken@example.test`.
pub(super) fn of_user(user: &str) -> Option<String> {
    let (name, realm) = user.rsplit_once('@')?;
    (!name.is_empty() && !realm.is_empty()).then(|| realm.to_uppercase())
}

/// `HOST:PORT` of the realm's first KDC.
pub(super) fn kdc(realm: &str, tickets: &Tickets) -> Option<String> {
    let files = tickets
        .configuration
        .clone()
        .unwrap_or_else(|| "/etc/krb5.conf:/usr/local/etc/krb5.conf".to_owned());
    files
        .split(':')
        .find_map(|file| in_text(&std::fs::read_to_string(Path::new(file)).ok()?, realm))
}

fn in_text(text: &str, realm: &str) -> Option<String> {
    let mut section = "";
    let mut block: Option<&str> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            (section, block) = (name.trim(), None);
        } else if line.starts_with('}') {
            block = None;
        } else if let Some((name, value)) = line.split_once('=') {
            let (name, value) = (name.trim(), value.trim());
            if section != "realms" || name.starts_with(['#', ';']) {
                continue;
            }
            match block {
                None if value.starts_with('{') => block = Some(name),
                Some(of) if of.eq_ignore_ascii_case(realm) && name == "kdc" => {
                    let has_port = value
                        .rsplit_once(':')
                        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                    return Some(if has_port {
                        value.to_owned()
                    } else {
                        format!("{value}:88")
                    });
                }
                _ => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kdc_of_a_realm_is_found_and_no_other() {
        let text = "[libdefaults]\n  default_realm = A.TEST\n[realms]\n  A.TEST = {\n    admin_server = x\n  }\n\
                    # kdc = no\n  B.TEST = {\n\tkdc = kdc.b.test\n\tkdc = second\n  }\n  C.TEST = {\n kdc = 127.0.0.1:8888\n}\n\
                    [domain_realm]\n  kdc = nothing\n";
        assert_eq!(in_text(text, "b.test").as_deref(), Some("kdc.b.test:88"));
        assert_eq!(in_text(text, "C.TEST").as_deref(), Some("127.0.0.1:8888"));
        assert_eq!(in_text(text, "A.TEST"), None);
        assert_eq!(of_user("ken@a.test").as_deref(), Some("A.TEST"));
        assert_eq!(of_user("A\\ken"), None);
    }
}
