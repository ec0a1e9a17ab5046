//! A pretended organization: users, meeting rooms and transport rules. The same organization every time.

use std::collections::BTreeMap;

use clixml::{DateTime, Object, TypeNames, Value};

/// What the cmdlets read and change.
#[derive(Debug)]
pub(crate) struct Organization {
    name: String,
    size: u32,
    /// What `Set-CsUser` changed, by the user's number.
    enterprise_voice: BTreeMap<u32, bool>,
    rooms: Vec<Room>,
    rules: Vec<Rule>,
    types: Types,
}

/// Type names, shared by all objects of a kind.
#[derive(Debug)]
struct Types {
    tenant: TypeNames,
    user: TypeNames,
    room: TypeNames,
    rule: TypeNames,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) enabled: bool,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) enabled: bool,
    comments: &'static str,
}

const GIVEN: [&str; 8] = ["Ken", "Pilar", "David", "Amos", "Yumi", "Chloé", "Jürgen", "Zoë"];
const FAMILY: [&str; 8] = [
    "Myer", "Ackerman", "Longmuir", "Marble", "Ōno", "Dubois", "Müller", "O'Neill",
];

impl Organization {
    pub(crate) fn new(name: &str, size: u32) -> Self {
        let types = |first: &str| TypeNames::from([first, "System.Object"]);
        Self {
            name: name.to_owned(),
            size,
            enterprise_voice: BTreeMap::new(),
            rooms: ["Redmond 1/2005", "Paris, salle Degas", "Tokyo 会議室"]
                .map(|name| Room { name, enabled: true })
                .into(),
            rules: [
                ("Disclaimer", "Adds the organization's disclaimer"),
                ("Block executables", "Rejects messages with programs"),
                ("Encrypt to partners", "TLS is required"),
            ]
            .map(|(name, comments)| Rule {
                name,
                enabled: true,
                comments,
            })
            .into(),
            types: Types {
                tenant: types("Deserialized.Microsoft.Rtc.Management.ADConnect.Schema.TenantObject"),
                user: types("Deserialized.Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser"),
                room: types("Deserialized.Microsoft.Rtc.Management.ADConnect.Schema.OCSADMeetingRoom"),
                rule: types("Deserialized.Microsoft.Exchange.MessagingPolicies.Rules.Tasks.TransportRule"),
            },
        }
    }

    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    pub(crate) fn tenant(&self) -> Value {
        let display = self.name.split('.').next().unwrap_or_default();
        Object::new()
            .with_types(self.types.tenant.clone())
            .with_text(self.name.as_str())
            .extended("DisplayName", display)
            .extended(
                "TenantId",
                uuid::Uuid::from_u128(0xbf19_b7db_6960_41e5_a139_2aa3_7347_4354),
            )
            .extended("Domains", Value::list([self.name.as_str()]))
            .extended("CountryOrRegionDisplayName", "United States")
            .extended("LastSyncTimeStamp", Value::Null)
            .into()
    }

    /// The user of this number, from 1.
    pub(crate) fn user(&self, number: u32) -> Value {
        let name = self.user_name(number);
        let alias = alias(number);
        let day = number % 28 + 1;
        let created = format!("2014-01-{day:02}T08:30:00Z")
            .parse::<DateTime>()
            .map_or(Value::Null, Value::DateTime);
        Object::new()
            .with_types(self.types.user.clone())
            .with_text(name.as_str())
            .extended("DisplayName", name.as_str())
            .extended("UserPrincipalName", format!("{alias}@{}", self.name))
            .extended("SipAddress", format!("sip:{alias}@{}", self.name))
            .extended("Enabled", true)
            .extended(
                "EnterpriseVoiceEnabled",
                self.enterprise_voice.get(&number).copied().unwrap_or(false),
            )
            .extended("LineURI", format!("tel:+1425555{:04}", number % 10_000))
            .extended("UsageLocation", "US")
            .extended(
                "ObjectId",
                uuid::Uuid::from_u128(0x5a1e_0000_0000_4000_8000_0000_0000_0000 | u128::from(number)),
            )
            .extended("WhenCreated", created)
            .into()
    }

    fn user_name(&self, number: u32) -> String {
        let index = number.saturating_sub(1) as usize;
        let (given, family) = (GIVEN[index % GIVEN.len()], FAMILY[index / GIVEN.len() % FAMILY.len()]);
        match index / (GIVEN.len() * FAMILY.len()) {
            0 => format!("{given} {family}"),
            round => format!("{given} {family} {}", round + 1),
        }
    }

    /// The number of the user that an identity means: a display name, an alias, an address or a principal name.
    pub(crate) fn find_user(&self, identity: &str) -> Option<u32> {
        let bare = identity.strip_prefix("sip:").unwrap_or(identity);
        let bare = bare.strip_suffix(&format!("@{}", self.name)).unwrap_or(bare);
        if let Some(number) = bare.strip_prefix("user").and_then(|number| number.parse().ok()) {
            return (1..=self.size).contains(&number).then_some(number);
        }
        // Names repeat after 64 with a number behind, so the first rounds hold everyone that is asked for by name.
        (1..=self.size.min(6_400)).find(|number| self.user_name(*number).eq_ignore_ascii_case(bare))
    }

    pub(crate) fn set_enterprise_voice(&mut self, number: u32, enabled: bool) {
        self.enterprise_voice.insert(number, enabled);
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = Value> {
        self.rooms.iter().map(|room| {
            Object::new()
                .with_types(self.types.room.clone())
                .with_text(room.name)
                .extended("DisplayName", room.name)
                .extended("Enabled", room.enabled)
                .into()
        })
    }

    pub(crate) fn room_mut(&mut self, identity: &str) -> Option<&mut Room> {
        self.rooms
            .iter_mut()
            .find(|room| room.name.eq_ignore_ascii_case(identity))
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = Value> {
        self.rules.iter().enumerate().map(|(priority, rule)| {
            Object::new()
                .with_types(self.types.rule.clone())
                .with_text(rule.name)
                .extended("Name", rule.name)
                .extended("State", if rule.enabled { "Enabled" } else { "Disabled" })
                .extended("Mode", "Enforce")
                .extended("Priority", i32::try_from(priority).unwrap_or(i32::MAX))
                .extended("Comments", rule.comments)
                .into()
        })
    }

    pub(crate) fn rule_mut(&mut self, identity: &str) -> Option<&mut Rule> {
        self.rules
            .iter_mut()
            .find(|rule| rule.name.eq_ignore_ascii_case(identity))
    }
}

fn alias(number: u32) -> String {
    format!("user{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_each_of_the_names_it_has() {
        let organization = Organization::new("litwareinc.com", 200);
        for identity in [
            "Ken Myer",
            "ken myer",
            "user1",
            "sip:user1@litwareinc.com",
            "user1@litwareinc.com",
        ] {
            assert_eq!(organization.find_user(identity), Some(1), "{identity}");
        }
        assert_eq!(organization.find_user("user201"), None);
        assert_eq!(organization.find_user("Ken Myer 2"), Some(65));
    }

    #[test]
    fn what_was_set_is_what_is_read() {
        let mut organization = Organization::new("litwareinc.com", 2);
        organization.set_enterprise_voice(2, true);
        let voice = |number| {
            organization
                .user(number)
                .property("EnterpriseVoiceEnabled")
                .and_then(Value::as_bool)
        };
        assert_eq!((voice(1), voice(2)), (Some(false), Some(true)));
    }
}
