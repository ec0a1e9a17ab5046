//! Reconcile and forget: the books against the endpoint's own list, and what only a person can say.

use std::sync::Arc;

use broker::{Event, Refusal, ScopeKind, SessionId};
use ledger::{Past, Row};
use proto::v1;
use proto::v1::ShellKind;
use proto::v1::reconciliation_server::{Reconciliation, ReconciliationServer};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{convert, error};
use crate::config::Profile;
use crate::desk::Answer;
use crate::hub::Hub;
use crate::session::our_name;

#[derive(Debug)]
pub(crate) struct ReconcileService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> ReconciliationServer<ReconcileService> {
    ReconciliationServer::new(ReconcileService { hub })
}

/// What is to be done with what is found.
#[derive(Debug, Clone, Copy)]
struct Wish {
    orphans: bool,
    external: bool,
    dry_run: bool,
}

/// The books, as far as one account is concerned.
struct Account {
    rows: Vec<Row>,
    past: Vec<Past>,
}

impl Account {
    /// Where its sessions are: an open may have been sent elsewhere.
    fn uri(&self) -> Option<&str> {
        let opened = self.rows.iter().filter(|row| !row.resource_uri.is_empty());
        let past = self.past.iter().rev().map(|past| past.uri.as_str());
        opened
            .map(|row| row.uri.as_str())
            .chain(past.filter(|uri| !uri.is_empty()))
            .next()
    }

    fn kind(&self, shell: &wsman::Shell) -> (ShellKind, u64) {
        let is = |row: &&Row| is_of(row.shell, row.renamed.as_deref(), shell);
        if let Some(row) = self.rows.iter().find(is) {
            return (ShellKind::Ours, row.session);
        }
        let is_past = |past: &Past| is_of(past.shell, past.renamed.as_deref(), shell);
        let named = shell.name.as_deref().is_some_and(|name| name.starts_with(&our_name()));
        if named || self.past.iter().any(is_past) {
            return (ShellKind::Orphan, 0);
        }
        (ShellKind::External, 0)
    }
}

/// Whether it counts against the profile's admin. Somebody who may see them is shown other people's shells, too.
fn is_of_admin(shell: &wsman::Shell, profile: &Profile) -> bool {
    let user = |account: &str| {
        let name = account.rsplit('\\').next().unwrap_or_default();
        name.split('@').next().unwrap_or_default().to_lowercase()
    };
    shell
        .owner
        .as_deref()
        .is_none_or(|owner| user(owner) == user(&profile.admin))
}

fn is_of(ours: Uuid, renamed: Option<&str>, shell: &wsman::Shell) -> bool {
    match renamed {
        Some(name) => name.eq_ignore_ascii_case(shell.shell_id.as_str()),
        None => shell.shell_id.uuid() == Some(ours),
    }
}

impl ReconcileService {
    /// One profile of each account that is meant.
    async fn meant(&self, name: &str, caller: &v1::Caller) -> Result<Vec<Arc<Profile>>, Status> {
        if !name.is_empty() {
            return Ok(vec![super::profile(&self.hub, name, caller).await?.0]);
        }
        let current = self.hub.current().await.map_err(|error| error::config(&error))?;
        let mut meant: Vec<Arc<Profile>> = Vec::new();
        for profile in current.config.profiles.values() {
            self.hub
                .sessions
                .remember(&profile.name, &caller.environment, caller.interactive);
            let same = |known: &Arc<Profile>| {
                known.scope.account() == profile.scope.account() && known.address.uri == profile.address.uri
            };
            if !meant.iter().any(same) {
                meant.push(profile.clone());
            }
        }
        Ok(meant)
    }

    async fn account(&self, profile: &Profile) -> Account {
        let (rows, past) = self.hub.desk.books().await;
        let (service, admin) = profile.scope.account();
        let of_account = |of: &str, whose: &str| of == service && whose == admin;
        Account {
            rows: rows
                .into_iter()
                .filter(|row| of_account(&row.service, &row.admin))
                .collect(),
            past: past
                .into_iter()
                .filter(|past| of_account(&past.service, &past.admin))
                .collect(),
        }
    }

    async fn look(&self, profile: &Profile, wish: Wish, response: &mut v1::ReconcileResponse) {
        let sessions = &self.hub.sessions;
        let account = self.account(profile).await;
        let uri = account.uri().map(str::to_owned);
        let found = match sessions.list(profile, uri.as_deref()).await {
            Ok(found) => found,
            Err(why) => {
                let (name, admin) = (&profile.name, &profile.admin);
                response.notes.push(format!(
                    "{name}: the endpoint shows no list of the shells of {admin}: {why}"
                ));
                return;
            }
        };
        // Again: what was opened or closed while the list was on its way must not look like what it is not.
        let after = self.account(profile).await;
        let mut used = 0;
        for shell in &found {
            let (mut kind, mut session) = account.kind(shell);
            if kind != ShellKind::Ours {
                (kind, session) = after.kind(shell);
            }
            let wanted = match kind {
                ShellKind::Orphan => wish.orphans,
                ShellKind::External => wish.external,
                ShellKind::Unspecified | ShellKind::Ours | ShellKind::Missing => false,
            };
            let action = match (wanted, wish.dry_run) {
                (false, _) => String::new(),
                (true, true) => "would be deleted".to_owned(),
                (true, false) => match sessions.end_stray(profile, uri.as_deref(), shell).await {
                    Ok(()) => "deleted".to_owned(),
                    Err(why) => format!("not deleted: {why}"),
                },
            };
            if action != "deleted" && (kind == ShellKind::Ours || is_of_admin(shell, profile)) {
                used += 1;
            }
            tracing::info!(shell = %shell.shell_id, ?kind, action, "reconcile");
            response.shells.push(v1::ListedShell {
                kind: kind.into(),
                shell_id: shell.shell_id.as_str().to_owned(),
                profile: profile.name.clone(),
                account: shell.owner.clone().unwrap_or_else(|| profile.admin.clone()),
                session,
                state: shell.state.as_ref().map(state).unwrap_or_default(),
                age: shell.run_time.map(convert::duration),
                idle: shell.inactivity.map(convert::duration),
                address: shell.client_ip.clone().unwrap_or_default(),
                name: shell.name.clone().unwrap_or_default(),
                action,
            });
        }
        let told = Event::Told {
            profile: profile.name.as_str().into(),
            scope: ScopeKind::Admin,
            used: Some(used),
            limit: None,
        };
        self.hub.desk.say(told).await;
        let missing = account.rows.iter().filter(|row| {
            !row.resource_uri.is_empty()
                && !found
                    .iter()
                    .any(|shell| is_of(row.shell, row.renamed.as_deref(), shell))
                && after.rows.iter().any(|other| other.shell == row.shell)
        });
        response.shells.extend(missing.map(|row| v1::ListedShell {
            kind: ShellKind::Missing.into(),
            shell_id: row.shell.to_string().to_uppercase(),
            profile: profile.name.clone(),
            account: profile.admin.clone(),
            session: row.session,
            action: format!("pslease close {} looks after it", row.session),
            ..v1::ListedShell::default()
        }));
    }
}

fn state(state: &wsman::ShellState) -> String {
    match state {
        wsman::ShellState::Connected => "Connected".to_owned(),
        wsman::ShellState::Disconnected => "Disconnected".to_owned(),
        wsman::ShellState::Other(word) => word.to_string(),
    }
}

#[tonic::async_trait]
impl Reconciliation for ReconcileService {
    async fn reconcile(
        &self,
        request: Request<v1::ReconcileRequest>,
    ) -> Result<Response<v1::ReconcileResponse>, Status> {
        let request = request.into_inner();
        let wants = |kind: ShellKind| request.delete.contains(&i32::from(kind));
        let wish = Wish {
            orphans: wants(ShellKind::Orphan),
            external: wants(ShellKind::External),
            dry_run: request.dry_run,
        };
        let caller = request.caller.clone().unwrap_or_default();
        let mut response = v1::ReconcileResponse::default();
        for profile in self.meant(&request.profile, &caller).await? {
            self.look(&profile, wish, &mut response).await;
        }
        Ok(Response::new(response))
    }

    async fn forget(&self, request: Request<v1::ForgetRequest>) -> Result<Response<v1::ForgetResponse>, Status> {
        let v1::ForgetRequest { session, force } = request.into_inner();
        let session = SessionId(session);
        if force {
            let pending = self
                .hub
                .desk
                .request(|request| Event::Forget { request, session })
                .await;
            return match pending.answer().await {
                Answer::Refused(refusal) => Err(error::refused(&self.hub, &refusal, "")),
                _ => Ok(Response::new(v1::ForgetResponse { proven: false })),
            };
        }
        let pending = self
            .hub
            .desk
            .request(|request| Event::CloseSession { request, session })
            .await;
        match pending.answer().await {
            Answer::Refused(Refusal::Unproven { .. }) => {
                let why = self.hub.sessions.why(session).unwrap_or_default();
                let message = format!(
                    "the end of session {session} cannot be proven ({why}): if its shell is there and the slot is given \
                     away, the endpoint may refuse or hang"
                );
                let hint = format!("pslease forget {session} --force, if you know that it is gone");
                Err(error::status(v1::ErrorKind::Remote, message, hint))
            }
            Answer::Refused(refusal) => Err(error::refused(&self.hub, &refusal, "")),
            _ => Ok(Response::new(v1::ForgetResponse { proven: true })),
        }
    }
}
