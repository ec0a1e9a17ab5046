//! Whose slots a connection takes.

/// What a connection counts against: an admin and an organization of one service, case-folded, so that two profiles of
/// one account share its slots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    /// The template's name; for hosts that count by themselves `host:port`.
    pub(crate) service: String,
    pub(crate) admin: String,
    pub(crate) organization: String,
}

impl Scope {
    /// The scope of `admin` on a service. `aliases` are other names of the same account: whichever of all of them sorts
    /// first names it, so that two profiles that list each other meet.
    pub(super) fn new(service: &str, admin: &str, organization: &str, aliases: &[String]) -> Self {
        let admin = aliases
            .iter()
            .map(|alias| alias.to_lowercase())
            .chain([admin.to_lowercase()])
            .min()
            .unwrap_or_default();
        Self {
            service: service.to_lowercase(),
            admin,
            organization: organization.to_lowercase(),
        }
    }

    /// What log-on is remembered for.
    pub(crate) fn account(&self) -> (String, String) {
        (self.service.clone(), self.admin.clone())
    }
}

/// The organization that a user name shows: the part after `@`, or the domain before a backslash.
pub(super) fn organization_of(admin: &str) -> Option<String> {
    if let Some((_, domain)) = admin.rsplit_once('@') {
        return Some(domain.to_owned());
    }
    admin.split_once('\\').map(|(domain, _)| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_account_meet() {
        let one = Scope::new(
            "eop",
            "Ken@Litware.com",
            "litware.com",
            &["ken@litware.onmicrosoft.com".into()],
        );
        let other = Scope::new(
            "EOP",
            "ken@litware.onmicrosoft.com",
            "LITWARE.com",
            &["ken@litware.com".into()],
        );
        assert_eq!(one, other);
    }

    #[test]
    fn the_organization_shows_in_the_name() {
        assert_eq!(organization_of("ken@litware.com").as_deref(), Some("litware.com"));
        assert_eq!(organization_of(r"LITWARE\ken").as_deref(), Some("LITWARE"));
        assert_eq!(organization_of("administrator"), None);
    }
}
