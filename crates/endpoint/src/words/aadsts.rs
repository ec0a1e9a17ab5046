//! The numbers of Microsoft's token service. Source: "Microsoft Entra authentication and authorization error codes"
//! (learn.microsoft.com, identity-platform/reference-error-codes).

use super::Kind;
use crate::Refusal;

/// What a number means, or `None` if it says nothing that a user could act on.
pub(super) fn of(code: u32) -> Option<Kind> {
    Some(match code {
        50126 | 50056 | 50064 => Kind::WrongPassword,
        50034 | 51004 | 50020 => Kind::UnknownAccount,
        50053 => Kind::AccountLocked,
        50055 | 50144 => Kind::PasswordExpired,
        50125 | 50135 => Kind::PasswordMustChange,
        50057 => Kind::AccountDisabled,
        80012 => Kind::AccountRestricted,
        50072 | 50074 | 50076 | 50078 | 50079 | 50158 | 53004 => Kind::MfaRequired,
        50097 | 50105 | 50131 | 50155 | 53000..=53003 | 53010 | 53011 | 500_212 | 500_213 | 530_034 | 530_035 => {
            Kind::PolicyBlocked
        }
        65001 | 65004 | 650_052 | 650_056 | 650_057 | 70001 | 700_011 => Kind::ConsentRequired,
        50107 => Kind::Federated,
        50085 | 50089 | 50132 | 50133 | 50173 | 54005 | 70000 | 70008 | 70043 | 700_082 | 700_084 => Kind::TokenExpired,
        70018 | 70019 => Kind::CodeExpired,
        50059 | 50128 | 90002 => Kind::UnknownDomain,
        80013 => Kind::ClockSkew,
        80001 | 80002 | 80005 | 80007 | 80014 => Kind::NoLogonServer,
        50033 | 50087 => Kind::Unavailable,
        50088 | 50196 => Kind::Rate,
        _ => return None,
    })
}

/// What an authority's refusal means: its numbers first, then OAuth's own word.
pub(super) fn of_refusal(refusal: &Refusal) -> Option<(Kind, Option<String>)> {
    let known = refusal.codes.iter().find_map(|code| Some((of(*code)?, *code)));
    if let Some((kind, code)) = known {
        return Some((kind, Some(format!("AADSTS{code}"))));
    }
    let shown = refusal.codes.first().map(|code| format!("AADSTS{code}"));
    let kind = match refusal.error.as_str() {
        "interaction_required" => Kind::MfaRequired,
        "invalid_grant" => return None,
        "unauthorized_client" | "invalid_client" | "consent_required" | "invalid_resource" => Kind::ConsentRequired,
        "access_denied" | "authorization_declined" => Kind::CodeDenied,
        "expired_token" | "code_expired" => Kind::CodeExpired,
        "temporarily_unavailable" | "server_error" => Kind::Unavailable,
        _ if refusal.status == 429 => Kind::Rate,
        _ if refusal.status >= 500 => Kind::Unavailable,
        _ => return None,
    };
    let shown = shown.or_else(|| Some(refusal.error.clone()).filter(|error| !error.is_empty()));
    Some((kind, shown))
}
