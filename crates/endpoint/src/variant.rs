//! The other addresses of a template: the same service in another cloud, or sold under another name.

use crate::{Address, AddressError, Template};

/// Another address of a template's service; everything else is the template's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Its name in configuration files: `variant = "germany"`.
    pub name: &'static str,
    /// The connection address.
    pub uri: &'static str,
    /// Who signs its accounts in. Tokens are asked for there.
    pub authority: &'static str,
}

const fn variant(name: &'static str, uri: &'static str, authority: &'static str) -> Variant {
    Variant { name, uri, authority }
}

/// Microsoft's clouds, as `ExchangeEnvironmentName` of Connect-ExchangeOnline and MSCloudLoginAssistant tell them apart.
const WORLD: &str = "https://login.microsoftonline.com/organizations";
const GERMANY: &str = "https://login.microsoftonline.de/organizations";
const CHINA: &str = "https://login.chinacloudapi.cn/organizations";
const GOVERNMENT: &str = "https://login.microsoftonline.us/organizations";

/// "Connect to Exchange Online Protection PowerShell", notes to step 2.
const EOP: [Variant; 2] = [
    variant(
        "germany",
        "https://ps.protection.outlook.de/powershell-liveid/",
        GERMANY,
    ),
    variant(
        "enterprise-cal",
        "https://outlook.office365.com/powershell-liveid/",
        WORLD,
    ),
];

/// "Connect to Exchange Online PowerShell" and "Connect to Security & Compliance Center PowerShell", notes to step 2;
/// the compliance addresses of China as MSCloudLoginAssistant has them.
const EXCHANGE_ONLINE: [Variant; 8] = [
    variant("germany", "https://outlook.office.de/powershell-liveid/", GERMANY),
    variant("china", "https://partner.outlook.cn/PowerShell", CHINA),
    variant(
        "government",
        "https://outlook.office365.us/powershell-liveid/",
        GOVERNMENT,
    ),
    variant(
        "ipps",
        "https://ps.compliance.protection.outlook.com/powershell-liveid/",
        WORLD,
    ),
    variant(
        "ipps-germany",
        "https://ps.compliance.protection.outlook.de/powershell-liveid/",
        GERMANY,
    ),
    variant(
        "ipps-china",
        "https://ps.compliance.protection.partner.outlook.cn/powershell-liveid/",
        CHINA,
    ),
    variant(
        "ipps-government",
        "https://ps.compliance.protection.office365.us/powershell-liveid/",
        GOVERNMENT,
    ),
    variant(
        "ipps-dod",
        "https://l5.ps.compliance.protection.office365.us/powershell-liveid/",
        GOVERNMENT,
    ),
];

/// Names that people know a template by, and the variant that they mean with it.
const ALIASES: [(&str, Template, Option<&str>); 10] = [
    ("sfbo", Template::SkypeOnline, None),
    ("skype-for-business-online", Template::SkypeOnline, None),
    ("exo", Template::ExchangeOnline, None),
    ("ipps", Template::ExchangeOnline, Some("ipps")),
    ("security-and-compliance", Template::ExchangeOnline, Some("ipps")),
    ("eop-germany", Template::Eop, Some("germany")),
    ("eop-enterprise-cal", Template::Eop, Some("enterprise-cal")),
    ("exchange-online-protection", Template::Eop, None),
    ("exchange", Template::ExchangeServer, None),
    ("wsman", Template::Winrm, None),
];

/// The keys of limits and the names that Exchange's throttling policies have for them (New-ThrottlingPolicy).
pub const LIMIT_ALIASES: [(&str, &str); 2] = [
    ("max_concurrency", "PowerShellMaxConcurrency"),
    ("max_tenant_concurrency", "PowerShellMaxTenantConcurrency"),
];

impl Template {
    /// Its other addresses.
    pub const fn variants(self) -> &'static [Variant] {
        match self {
            Self::Eop => &EOP,
            Self::ExchangeOnline => &EXCHANGE_ONLINE,
            Self::SkypeOnline
            | Self::LyncOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Ssh
            | Self::Process
            | Self::Demo => &[],
        }
    }

    /// The variant of that name, in any case.
    pub fn variant(self, name: &str) -> Option<Variant> {
        self.variants()
            .iter()
            .copied()
            .find(|variant| variant.name.eq_ignore_ascii_case(name))
    }

    /// The template of that name or of one that people know it by, and the variant that is meant, in any case.
    pub fn known_as(name: &str) -> Option<(Self, Option<Variant>)> {
        let own = Self::ALL
            .into_iter()
            .find(|template| template.name().eq_ignore_ascii_case(name));
        own.map(|template| (template, None)).or_else(|| {
            let (_, template, variant) = ALIASES.iter().find(|(alias, ..)| alias.eq_ignore_ascii_case(name))?;
            Some((*template, variant.and_then(|variant| template.variant(variant))))
        })
    }
}

impl Address {
    /// As [`resolve`](Self::resolve), with the variant's address in place of the template's.
    pub fn of_variant(
        template: Template,
        variant: Option<Variant>,
        uri: Option<&str>,
        host: Option<&str>,
    ) -> Result<Self, AddressError> {
        let uri = uri.or_else(|| variant.filter(|_| host.is_none()).map(|variant| variant.uri));
        Self::resolve(template, uri, host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_addresses_are_found() {
        let of = |template, name| {
            Address::of_variant(template, Template::variant(template, name), None, None)
                .unwrap()
                .uri
        };
        assert_eq!(
            of(Template::Eop, "Germany"),
            "https://ps.protection.outlook.de/powershell-liveid/"
        );
        assert_eq!(
            of(Template::Eop, "enterprise-cal"),
            "https://outlook.office365.com/powershell-liveid/"
        );
        assert_eq!(
            of(Template::Eop, ""),
            "https://ps.protection.outlook.com/powershell-liveid/"
        );
        assert_eq!(
            of(Template::ExchangeOnline, "ipps"),
            "https://ps.compliance.protection.outlook.com/powershell-liveid/"
        );
    }

    #[test]
    fn what_a_profile_gives_counts_more_than_its_variant() {
        let variant = Template::Eop.variant("germany");
        let uri = "https://lab.test/powershell-liveid/";
        let address = Address::of_variant(Template::Eop, variant, Some(uri), None).unwrap();
        assert_eq!(address.uri, uri);
    }

    #[test]
    fn every_alias_leads_somewhere_and_hides_no_template() {
        for (alias, template, variant) in ALIASES {
            assert_eq!(Template::named(alias), None, "{alias}");
            let (found, its) = Template::known_as(&alias.to_uppercase()).unwrap();
            assert_eq!((found, its.map(|its| its.name)), (template, variant));
        }
        for template in Template::ALL {
            assert_eq!(Template::known_as(template.name()), Some((template, None)));
            for variant in template.variants() {
                assert!(Address::parse(variant.uri).unwrap().tls, "{}", variant.name);
                assert!(Address::parse(variant.authority).unwrap().tls, "{}", variant.name);
            }
        }
    }
}
