//! Where an endpoint that sends an open elsewhere may be followed to.

use endpoint::RedirectRefused;
use runspace::Operation;

use super::drive::Driver;
use super::opening::versioned;

impl Driver {
    /// Credentials go to another host only where the profile says so, and never from https to http.
    pub(super) async fn redirected(&mut self, from: &str, to: String) {
        let policy = self.profile.connector.redirect_policy();
        // Which of the redirects it was, the machine has seen: it passes on those that keep the request.
        let judged = endpoint::redirected(&policy, from, 302, Some(&to), self.hops);
        let to = match judged {
            Ok(to) => to,
            Err(refused) => {
                if let RedirectRefused::NotAllowed(host) | RedirectRefused::Host(host) = &refused {
                    self.astray = Some(host.clone());
                }
                let why = refused.to_string();
                return self.submit(Operation::Refuse { why });
            }
        };
        self.hops += 1;
        if !self.house.desk.hop(self.id, to.clone()).await {
            let why = "the redirect could not be written to the books".to_owned();
            return self.submit(Operation::Refuse { why });
        }
        tracing::info!(session = %self.id, to, "redirected");
        self.house.moved(self.id, &to);
        match self.carrier.allow(&to) {
            Ok(()) => {
                self.submit(Operation::Follow { uri: versioned(&to) });
            }
            Err(why) => self.submit(Operation::Refuse { why }),
        }
    }
}
