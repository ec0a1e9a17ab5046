//! What a session is asked, as operations of its machine.

use std::sync::atomic::Ordering;

use psrp::MessageType;
use psrp::body::{Body as _, ResetRunspaceState};
use runspace::Operation;

use super::Order;
use super::credential::credential;
use super::drive::{Driver, Reset, TRIAL};
use crate::account::{LogOn, Standing};
use crate::connect::{self, Token};

impl Driver {
    pub(super) fn ordered(&mut self, order: Order) {
        self.feel();
        if let Some(order) = self.wait_for_health(order) {
            self.carry_out(order);
        }
    }

    pub(super) fn carry_out(&mut self, order: Order) {
        let operation = match order {
            Order::Start {
                pipeline,
                kind,
                body,
                feed,
                attended,
            } => {
                self.feeds.insert(pipeline, feed);
                if attended {
                    self.attended.insert(pipeline);
                }
                self.resets.iter_mut().for_each(|reset| reset.clean = false);
                Operation::Start { pipeline, kind, body }
            }
            Order::Input { pipeline, body } => Operation::Input { pipeline, body },
            Order::EndInput { pipeline } => Operation::EndInput { pipeline },
            Order::HostResponse { pipeline, body } => Operation::HostResponse {
                pipeline: Some(pipeline),
                body,
            },
            Order::Attend { feed } => {
                self.attendant = Some(feed);
                return;
            }
            Order::PoolResponse { body } => Operation::HostResponse { pipeline: None, body },
            Order::PublicKey { body, sealed } => {
                self.keys.push_back(sealed);
                Operation::Pool {
                    kind: MessageType::PublicKey,
                    body,
                }
            }
            Order::Reset { ci, done } => {
                let clean = self.feeds.is_empty();
                self.resets.push_back(Reset { done, clean });
                Operation::Pool {
                    kind: MessageType::ResetRunspaceState,
                    body: ResetRunspaceState { ci }.write(),
                }
            }
            Order::SecretResponse(unsealed) => return self.answer_with_secrets(unsealed),
            Order::Stop { pipeline } => Operation::Stop { pipeline },
            Order::Taken { pipeline, bytes } => {
                if !self.feeds.contains_key(&pipeline) {
                    return;
                }
                Operation::Taken { pipeline, bytes }
            }
            Order::Renew => return self.renew(),
            Order::Leave => {
                self.leaving = true;
                Operation::Disconnect { idle_timeout: None }
            }
            Order::Close => {
                self.leaving = false;
                self.closing.store(true, Ordering::Relaxed);
                self.recovering = false;
                self.quiet = false;
                Operation::Close
            }
        };
        self.submit(operation);
    }

    /// A new login: what rested goes on with the new secret.
    fn renew(&mut self) {
        let house = self.house.clone();
        if let Some(token) = self.token {
            match house.accounts.signed(&self.profile) {
                Some(signed) if signed.generation != token.generation => {
                    self.token = Some(Token::of(&signed, false));
                    self.renewed = true;
                    self.carrier.renew(connect::credential(&signed.target.credential));
                    self.submit(Operation::Resume);
                }
                Some(_) => {}
                None if house.accounts.missing(&self.profile).is_none() => self.renew_token(),
                None => {}
            }
            return;
        }
        let Some(log_on) = house.accounts.remembered(&self.profile) else {
            return;
        };
        if log_on.standing == Standing::Refused {
            return;
        }
        if self.rests && log_on.standing == Standing::Untried && !self.tries(&log_on) {
            return;
        }
        self.rests = false;
        self.secret = Some(log_on.which);
        let environment = house.environment(&self.profile.name);
        self.carrier.renew(credential(&self.profile, log_on, &environment));
        self.submit(Operation::Resume);
    }

    /// Whether it is for this session to try a secret that nobody has tried. If another does, this one goes on when that
    /// has an answer.
    fn tries(&mut self, log_on: &LogOn) -> bool {
        if let Ok(trial) = log_on.trial.clone().try_lock_owned() {
            self.trial = Some((trial, self.now() + TRIAL));
            return true;
        }
        let (house, id, trial) = (self.house.clone(), self.id, log_on.trial.clone());
        tokio::spawn(async move {
            drop(trial.lock_owned().await);
            house.order(id, Order::Renew);
        });
        false
    }

    /// Gets another token in the background, for every session that has this one.
    pub(super) fn renew_token(&mut self) {
        let Some(token) = &mut self.token else { return };
        token.renew = None;
        let (house, profile, generation) = (self.house.clone(), self.profile.clone(), token.generation);
        let session = self.id;
        tokio::spawn(async move {
            match connect::renew(&house, &profile, generation, Some(session)).await {
                Ok(()) => house.renew_all(),
                Err(saying) => house.tell_auth_needed(&profile, &saying).await,
            }
        });
    }
}
