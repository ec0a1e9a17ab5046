//! Parameters as people write them.

use std::time::Duration;

use serde_json::json;

use super::{Authentication, Buffering, OptionError, Parameters, ProxyAccess, SecretSource};

#[track_caller]
fn read(value: serde_json::Value) -> Parameters {
    Parameters::read(&value).unwrap()
}

#[track_caller]
fn error(value: serde_json::Value) -> String {
    Parameters::read(&value).unwrap_err().to_string()
}

#[test]
fn the_documents_parameters_are_read_in_any_spelling() {
    let parameters = read(json!({
        "username": "admin@contoso.com",
        "-OverrideAdminDomain": "fabrikam.onmicrosoft.com",
        "override_discovery_uri": "https://webdir.online.lync.com/root",
        "OVERRIDEPOWERSHELLURI": "https://admin4E.online.lync.com/OcsPowershellOAuth",
        "OverrideAccessTokenResourceUri": "00000004-0000-0ff1-ce00-000000000000",
        "SessionOption": null,
    }));
    assert_eq!(parameters.user(), Some("admin@contoso.com"));
    assert_eq!(
        parameters.override_admin_domain.as_deref(),
        Some("fabrikam.onmicrosoft.com")
    );
    assert_eq!(
        parameters.override_power_shell_uri.as_deref(),
        Some("https://admin4E.online.lync.com/OcsPowershellOAuth")
    );
    let exchange = Parameters::from_json(
        r#"{"ConfigurationName": "Microsoft.Exchange", "ConnectionUri": "https://ps.protection.outlook.com/powershell-liveid/",
            "Credential": "admin@contoso.com", "Authentication": "basic", "AllowRedirection": true}"#,
    )
    .unwrap();
    assert_eq!(exchange.authentication, Some(Authentication::Basic));
    assert_eq!(exchange.secret(), Some(&SecretSource::Prompt));
    assert_eq!(exchange.allow_redirection, Some(true));
}

#[test]
fn a_computer_becomes_an_address() {
    let of = |value| read(value).connection_uri.unwrap();
    assert_eq!(of(json!({"ComputerName": "dc1"})), "http://dc1:5985/wsman");
    assert_eq!(
        of(json!({"cn": "fe80::1", "UseSSL": true, "Port": 443, "ApplicationName": "/x"})),
        "https://[fe80::1]:443/x"
    );
    assert_eq!(
        error(json!({"Port": 1})),
        "Port must be given together with ComputerName, not given alone"
    );
    assert!(error(json!({"ComputerName": "a", "Port": 70000})).contains("1 to 65535"));
}

#[test]
fn session_options_are_read_whole() {
    let options = read(json!({"SessionOption": {
        "IdleTimeoutMSec": 3_600_000, "OpenTimeout": "0:00:30.5", "OperationTimeout": 0, "CancelTimeout": "2m",
        "Culture": "fr-FR", "UICulture": "fr", "SkipCACheck": true, "SkipCNCheck": "$true", "SkipRevocationCheck": true,
        "NoMachineProfile": true, "NoEncryption": true, "IncludePortInSPN": true, "MaximumConnectionRedirectionCount": 2,
        "MaxConnectionRetryCount": 0, "OutputBufferingMode": "drop", "MaximumReceivedObjectSize": 1024,
        "MaximumReceivedDataSizePerCommand": 4096, "NoCompression": true, "ApplicationArguments": {"X": {"Y": 1}},
        "ProxyAccessType": "IEConfig", "ProxyAuthentication": "Basic", "ProxyCredential": {"UserName": "p", "File": "/run/p"},
    }}))
    .session_option;
    assert_eq!(options.idle_timeout, Some(Duration::from_secs(3600)));
    assert_eq!(options.open_timeout, Some(Duration::from_millis(30_500)));
    assert_eq!(options.operation_timeout, Some(Duration::MAX));
    assert_eq!(options.cancel_timeout, Some(Duration::from_secs(120)));
    assert_eq!(
        (options.culture.as_deref(), options.ui_culture.as_deref()),
        (Some("fr-FR"), Some("fr"))
    );
    assert_eq!(
        (options.maximum_redirection, options.max_connection_retry_count),
        (Some(2), Some(0))
    );
    assert_eq!(options.output_buffering, Some(Buffering::Drop));
    assert_eq!(options.maximum_received_object_size, Some(1024));
    assert_eq!(options.proxy.access, ProxyAccess::System);
    assert_eq!(
        options.proxy.credential.as_ref().unwrap().password,
        SecretSource::File("/run/p".into())
    );
    assert_eq!(options.application_arguments["X"], json!({"Y": 1}));
    assert_eq!(options.without_effect, ["NoCompression"]);
    assert_eq!(options.warnings().len(), 4);
    assert!(options.warnings()[0].starts_with("SkipCACheck"));
}

#[test]
fn times_are_read_as_powershell_writes_them() {
    let of = |text: &str| {
        read(json!({"SessionOption": {"CancelTimeout": text}}))
            .session_option
            .cancel_timeout
    };
    assert_eq!(of("00:15:00"), Some(Duration::from_secs(900)));
    assert_eq!(of("1.02:03:04"), Some(Duration::from_secs(93_784)));
    assert_eq!(of("0:0:1.25"), Some(Duration::from_millis(1250)));
    assert_eq!(of("1500ms"), Some(Duration::from_millis(1500)));
    for odd in [
        "",
        "15",
        "1:60",
        "24:00",
        "a:b",
        "1:2:3:4",
        "5 weeks",
        "99999999999999999999s",
    ] {
        assert!(
            Parameters::read(&json!({"SessionOption": {"CancelTimeout": odd}})).is_err(),
            "{odd}"
        );
    }
    let idle = |value| Parameters::read(&json!({"SessionOption": {"IdleTimeout": value}}));
    assert_eq!(idle(json!(-1)).unwrap().session_option.idle_timeout, None);
    for short in [json!(59_999), json!(0)] {
        assert!(matches!(idle(short), Err(OptionError::Range { .. })));
    }
}

#[test]
fn errors_name_what_is_wrong() {
    for (value, want) in [
        (
            json!({"OverideAdminDomain": "x"}),
            "OverideAdminDomain is no parameter of New-CsOnlineSession or New-PSSession; did you mean OverrideAdminDomain?",
        ),
        (
            json!({"Zebra": 1}),
            "Zebra is no parameter of New-CsOnlineSession or New-PSSession",
        ),
        (json!({"UserName": 5}), "UserName must be a text, not 5"),
        (json!({"Name": "a", "name": "b"}), "Name is given twice"),
        (
            json!([1]),
            "the parameters must be a table of names and values, not a list",
        ),
        (
            json!({"SessionOption": {"Culture": "not a culture"}}),
            "Culture must be a culture's name such as fr-FR, not \"not a culture\"",
        ),
        (
            json!({"SessionOption": {"SkipCACheck": 1}}),
            "SkipCACheck must be true or false, not 1",
        ),
        (
            json!({"UserName": "a", "Credential": "b"}),
            "UserName and Credential do not go together: they are of different parameter sets",
        ),
        (
            json!({"Authentication": "CredSSP"}),
            "Authentication cannot be CredSSP or Digest here: use Kerberos or Negotiate",
        ),
        (
            json!({"SessionOption": {"UseUTF16": true}}),
            "UseUTF16 cannot be true here: everything is sent as UTF-8, which every server takes",
        ),
        (
            json!({"ConnectionUri": "host/wsman"}),
            "ConnectionUri must be an address that begins with https:// or http://, without a user name, not \"host/wsman\"",
        ),
    ] {
        assert_eq!(error(value), want);
    }
}

#[test]
fn no_secret_is_taken_from_a_table() {
    for value in [
        json!({"OAuthAccessToken": "eyJ0"}),
        json!({"Credential": {"UserName": "a", "Password": "hunter2"}}),
        json!({"OAuthAccessToken": {"Token": "eyJ0"}}),
        json!({"SessionOption": {"ProxyCredential": {"UserName": "p", "password": "hunter2"}}}),
    ] {
        let message = error(value);
        assert!(message.contains("must not hold the secret itself"), "{message}");
        assert!(!message.contains("hunter2") && !message.contains("eyJ0"), "{message}");
    }
    assert_eq!(
        read(json!({"OAuthAccessToken": "-"})).secret(),
        Some(&SecretSource::Stdin)
    );
    let command = json!({"OAuthAccessToken": {"Command": ["az", "account", "get-access-token"]}});
    assert!(matches!(read(command).secret(), Some(SecretSource::Command(words)) if words.len() == 3));
    assert!(error(json!({"OAuthAccessToken": {"Stdin": true, "File": "x"}})).contains("do not go together"));
}

#[test]
fn sessions_are_shared_by_who_asks_for_the_same() {
    let none = Parameters::default();
    assert_eq!((none.identity().as_str(), none.difference(&none)), ("", None));
    let one = read(json!({"UserName": "Ken@X.com", "ConnectionUri": "https://PS.outlook.com/a", "Name": "mine"}));
    let same = read(
        json!({"Credential": {"UserName": "ken@x.com", "File": "/p"}, "ConnectionUri": "HTTPS://ps.outlook.com:443/a",
        "SessionOption": {"OpenTimeout": 5000, "NoCompression": true}}),
    );
    assert_eq!(one.identity(), same.identity());
    assert_eq!(one.difference(&same), None);
    let other = read(
        json!({"UserName": "ken@x.com", "ConnectionUri": "https://ps.outlook.com/A",
        "SessionOption": {"IdleTimeout": 3_600_000, "UICulture": "fr-FR"}}),
    );
    assert_eq!(
        one.difference(&other).unwrap(),
        "ConnectionUri is https://ps.outlook.com:443/a here and https://ps.outlook.com:443/A there; IdleTimeout, UICulture too"
    );
    let french = read(json!({"SessionOption": {"UICulture": "fr-FR"}}));
    assert_eq!(
        none.difference(&french).unwrap(),
        "UICulture is not given here and fr-fr there"
    );
    assert_eq!(french.identity(), "UICulture=fr-fr");
}

#[test]
fn an_identity_cannot_be_faked_by_a_value() {
    let one = read(json!({"UserName": "a;UICulture=fr"}));
    let other = read(json!({"UserName": "a", "SessionOption": {"UICulture": "fr"}}));
    assert_ne!(one.identity(), other.identity());
}

#[test]
fn names_of_every_parameter_in_the_document_are_known() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/seeds/002_d9900d59d1be2bc4.txt"
    );
    let Ok(document) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared is absent");
        return;
    };
    let mut names = 0;
    for name in document.lines().filter_map(|line| line.strip_prefix("### -")) {
        names += 1;
        let unknown = Parameters::read(&json!({ name: {} })).err();
        assert!(!matches!(unknown, Some(OptionError::Unknown { .. })), "{name}");
    }
    assert_eq!(names, 8);
}
