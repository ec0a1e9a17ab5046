//! Where an endpoint that sends an open elsewhere may be followed to.

use runspace::Operation;

use super::drive::Driver;

impl Driver {
    /// Credentials go to another host only where the profile says so, and never from https to http.
    pub(super) async fn redirected(&mut self, from: &str, to: String) {
        let refusal = match (endpoint::Address::parse(from), endpoint::Address::parse(&to)) {
            (Ok(old), Ok(new)) if old.tls && !new.tls => Some("from https to http".to_owned()),
            (Ok(old), Ok(new)) if old.host == new.host || self.allows(&new.host) => None,
            (_, Ok(new)) => Some(format!(
                "allow_redirection of profile {} does not list {}",
                self.profile.name, new.host
            )),
            (_, Err(error)) => Some(error.to_string()),
        };
        if let Some(why) = refusal {
            return self.submit(Operation::Refuse { why });
        }
        if !self.house.desk.hop(self.id, to.clone()).await {
            let why = "the redirect could not be written to the books".to_owned();
            return self.submit(Operation::Refuse { why });
        }
        tracing::info!(session = %self.id, to, "redirected");
        match self.carrier.allow(&to) {
            Ok(()) => self.submit(Operation::Follow { uri: to }),
            Err(why) => self.submit(Operation::Refuse { why }),
        }
    }

    fn allows(&self, host: &str) -> bool {
        self.profile.allow_redirection.iter().any(|suffix| {
            let suffix = suffix.trim_start_matches("*.").to_ascii_lowercase();
            host == suffix || host.ends_with(&format!(".{suffix}"))
        })
    }
}
