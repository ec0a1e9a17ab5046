//! Numbers of WS-Management, Windows and Kerberos.

use super::Kind;

/// What a WSManFault's, Win32's, NTSTATUS' or HRESULT's number means (protocol.md 13; Windows' winerror.h and
/// ntstatus.h); `None` if it says nothing that a user could act on.
pub(super) fn of(code: u32) -> Option<Kind> {
    // An HRESULT of a Windows error is that error.
    let code = if code >> 16 == 0x8007 { code & 0xFFFF } else { code };
    Some(match code {
        1326 | 2_150_858_806 | 0xC000_006D | 0xC000_006A | 0x8009_030C => Kind::WrongPassword,
        1317 | 0xC000_0064 => Kind::UnknownAccount,
        1330 | 0xC000_0071 => Kind::PasswordExpired,
        1907 | 0xC000_0224 => Kind::PasswordMustChange,
        1909 | 0xC000_0234 => Kind::AccountLocked,
        1331 | 0xC000_0072 => Kind::AccountDisabled,
        1793 | 0xC000_0193 => Kind::AccountExpired,
        1327 | 1328 | 1329 | 1385 | 0xC000_006E | 0xC000_006F | 0xC000_0070 | 0xC000_015B => Kind::AccountRestricted,
        1398 | 0xC000_0133 | 0x8009_0324 => Kind::ClockSkew,
        1311 | 0xC000_005E | 0x8009_0311 => Kind::NoLogonServer,
        1312 => Kind::TokenExpired,
        0x8009_030E => Kind::NoTicket,
        0x8009_0322 | 0x8009_0303 => Kind::UnknownService,
        0x8009_0325 | 0x8009_0327 | 0x8009_0328 => Kind::TlsUntrusted,
        5 => Kind::Forbidden,
        2_150_859_173 | 2_150_859_236 => Kind::AdminQuota,
        2_150_859_237 | 2_150_859_238 | 2_150_859_179 => Kind::ServiceQuota,
        2_150_859_175 | 2_150_859_176 => Kind::Rate,
        2_150_858_843 => Kind::ShellNotFound,
        2_150_858_811 | 2_150_858_754 | 2_150_858_752 => Kind::UnknownConfiguration,
        2_150_859_180 | 2_150_859_235 => Kind::RemoteDisallowed,
        2_150_859_161 | 2_150_859_178 | 2_150_859_189..=2_150_859_191 | 2_150_859_024 => Kind::Redirected,
        2_150_858_770 | 2_150_859_027 | 2_150_859_026 | 2_150_859_120 | 1722 => Kind::Unavailable,
        2_150_859_046 => Kind::NoAnswer,
        _ => return None,
    })
}

/// Numbers that services use for several things, the truth being in the text: access denied, invalid, provider failure,
/// quota; and for a shell quota the text may name the organization instead.
pub(super) const fn is_vague(code: u32) -> bool {
    matches!(
        code,
        5 | 0x8007_0005 | 2 | 87 | 2_150_858_815 | 2_150_858_755 | 2_150_858_753
    )
}

/// How a number is shown: Windows' own as numbers, the others in hexadecimal, as they are looked up.
pub(super) fn shown(code: u32) -> String {
    if code < 0x1_0000 {
        format!("Windows error {code}")
    } else {
        format!("0x{code:08X}")
    }
}

/// The base of MIT's table of Kerberos errors, to which the protocol's numbers are added.
const MIT: i32 = -1_765_328_384;

/// What a Kerberos number means (RFC 4120, 7.5.9; MIT's own for a missing cache), and how it is shown.
pub(super) fn of_kerberos(number: i32) -> Option<(Kind, String)> {
    let number = if (MIT..MIT + 256).contains(&number) {
        number - MIT
    } else {
        number
    };
    let kind = match number {
        6 => Kind::UnknownAccount,
        7 => Kind::UnknownService,
        12 => Kind::AccountRestricted,
        18 => Kind::AccountRevoked,
        23 => Kind::PasswordExpired,
        24 => Kind::WrongPassword,
        29 => Kind::NoLogonServer,
        32 => Kind::TicketExpired,
        33 | 37 => Kind::ClockSkew,
        // KRB5_CC_NOTFOUND, KRB5_FCC_NOFILE, KRB5_KDC_UNREACH of MIT's table.
        141 | 195 => Kind::NoTicket,
        156 => Kind::NoLogonServer,
        _ => return None,
    };
    let shown = if number < 128 {
        format!("Kerberos error {number}")
    } else {
        "Kerberos".to_owned()
    };
    Some((kind, shown))
}
