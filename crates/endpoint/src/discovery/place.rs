//! The domain, the first question, and what the address becomes.

use super::Question;
use crate::{Facts, Kind};
use crate::{Saying, Scene, Template, uri};

/// The domain of the account or the one that overrides it; `None` where neither is known.
pub(super) fn admin_domain(question: &Question, user: Option<&str>) -> Result<Option<String>, Saying> {
    let given = question.override_admin_domain.as_deref();
    let own = user.and_then(|user| user.rsplit_once('@')).map(|(_, domain)| domain);
    let Some(domain) = given.or(own) else {
        return Ok(None);
    };
    let domain = domain.trim().trim_end_matches('.');
    let odd = |c: char| !(c.is_alphanumeric() || c == '-' || c == '.' || c == '_');
    if domain.is_empty() || domain.contains(odd) || domain.starts_with('.') {
        return Err(no_domain(user.unwrap_or_default()));
    }
    Ok(Some(domain.to_lowercase()))
}

/// Nobody knows which domain is meant.
pub(super) fn no_domain(user: &str) -> Saying {
    let scene = Scene {
        account: user,
        ..Scene::default()
    };
    let facts = Facts {
        message: "adminDomain",
        ..Facts::default()
    };
    let saying = Saying::of(&facts, &scene);
    debug_assert_eq!(saying.kind, Kind::BadProfile);
    saying
}

/// Where autodiscovery begins (services.md 1.2, step 2). An override is the base; what its query says already stays.
pub(super) fn root(question: &Question, domain: &str) -> String {
    let Some(base) = &question.override_discovery_uri else {
        return format!("http://lyncdiscover.{domain}?Domain={domain}");
    };
    if uri::has(base, "Domain") || uri::has(base, "originalDomain") {
        return base.clone();
    }
    let (path, _) = uri::split(base);
    // The root document of the web directories calls it otherwise than the name that leads there.
    let name = if path.to_ascii_lowercase().ends_with("/root") {
        "originalDomain"
    } else {
        "Domain"
    };
    uri::with(base, name, domain)
}

/// The address of the Domain document where only the Root's own is known (services.md 1.2, step 3).
pub(super) fn domain_document(own: &str) -> String {
    let (path, query) = uri::split(own);
    let path = path.trim_end_matches('/');
    match query {
        Some(query) => format!("{path}/domain?{query}"),
        None => format!("{path}/domain"),
    }
}

const LIVE_ID: &str = "/OcsPowershellLiveId";
const OAUTH: &str = "/OcsPowershellOAuth";

/// The endpoint that takes tokens, of the one that does not (services.md 1.2, step 5).
pub(super) fn oauth_endpoint(target: &str) -> String {
    let (path, _) = uri::split(target);
    let Some(at) = path.to_ascii_lowercase().rfind(&LIVE_ID.to_ascii_lowercase()) else {
        return target.to_owned();
    };
    format!("{}{OAUTH}{}", &target[..at], &target[at + LIVE_ID.len()..])
}

/// The connection address, with what the service's query needs.
pub(super) fn connection(question: &Question, target: &str, domain: Option<&str>, token: bool) -> String {
    let mut address = target.to_owned();
    // An address that was given whole is kept so, unless somebody else's domain is meant.
    let whole = question.uri.is_some() && question.override_admin_domain.is_none();
    if let Some(domain) = domain.filter(|_| speaks_of_domains(question.template) && !whole) {
        address = uri::with(&address, "AdminDomain", domain);
    }
    if question.template.is_exchange() {
        if let Some(org) = &question.delegated_org {
            address = crate::redirect::with_delegated_org(&address, org);
        }
        if token {
            address = crate::redirect::with_token_conversion(&address);
        }
    }
    address
}

/// Whether the endpoint wants to know which domain is administered.
pub(super) const fn speaks_of_domains(template: Template) -> bool {
    matches!(template, Template::SkypeOnline | Template::LyncOnline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oauth_endpoint_replaces_the_other_in_any_case() {
        assert_eq!(
            oauth_endpoint("https://webdir0d.litwareinc.com/OcsPowerShellLiveId?a=b"),
            "https://webdir0d.litwareinc.com/OcsPowershellOAuth?a=b"
        );
        let own = "https://admin4e.online.lync.com/OcsPowershellOAuth";
        assert_eq!(oauth_endpoint(own), own);
    }

    #[test]
    fn the_domain_document_is_beside_the_root() {
        assert_eq!(
            domain_document("https://h/svc/root?originalDomain=d"),
            "https://h/svc/root/domain?originalDomain=d"
        );
        assert_eq!(domain_document("https://h/svc/root/"), "https://h/svc/root/domain");
    }
}
