//! Performs what a step asked for: beside the owning task, reporting back as messages.

use super::{Change, Message, Now, Ports, Task, provider_of};
use crate::{
    domain::{
        account::AccountId,
        cause::Cause,
        classify::{Failure, Outcome, classify},
        diagnosis::{Connectivity, clock_off},
        grant::ExpiresSource,
        history::Trigger,
        lifecycle::{Effect, Input, Log, ReadGrants, RefreshRequest},
        reply::Reply,
        secret::Secret,
    },
    io::{journal::JournalError, token_endpoint::FormRequest, vault::VaultError},
    sign_in::discovery::discover,
};

impl Task {
    pub(super) fn perform(&mut self, id: &AccountId, effect: Effect, now: Now) {
        match effect {
            Effect::Lock => {
                let (locks, messages, id) =
                    (self.ports.locks.clone(), self.messages.clone(), id.clone());
                tokio::spawn(async move {
                    let guard = locks.lock(id.clone()).await;
                    let _ = messages.send(Message::LockTaken(id, guard));
                });
            }
            Effect::Unlock => {
                if let Some(owned) = self.lives.get_mut(id) {
                    owned.lock = None;
                }
            }
            Effect::Read => self.report(id, read_grants(self.ports.clone(), id.clone())),
            Effect::WriteJournal { version, entry } => {
                let account = id.clone();
                // Begun here, not when the task below has its turn: an answer is not safe yet.
                let written = self.ports.journal.write(account.clone(), *entry);
                self.report(id, async move {
                    let result = written.await;
                    tracing::trace!(%account, version, done = result.is_ok(), "journaled");
                    Input::Journaled {
                        version,
                        result: result.map_err(|e| e.cause()),
                    }
                });
            }
            Effect::Store { grant } => {
                let (vault, account) = (self.writable_vault(), id.clone());
                self.report(id, async move {
                    let generation = grant.generation;
                    let result = match vault {
                        Ok(vault) => vault.store_grant(account, *grant).await,
                        Err(error) => Err(error),
                    };
                    Input::Stored {
                        generation,
                        result: result.map_err(|e| e.cause()),
                    }
                });
            }
            Effect::RemoveGrant => {
                let (vault, account) = (self.writable_vault(), id.clone());
                self.report(id, async move {
                    let result = match vault {
                        Ok(vault) => vault.remove_grant(account.clone()).await,
                        Err(error) => Err(error),
                    };
                    if let Err(error) = &result {
                        tracing::warn!(%account, %error, "the grant stays in the vault");
                    }
                    Input::GrantRemoved {
                        result: result.map_err(|e| e.cause()),
                    }
                });
            }
            Effect::Send { send, request } => self.send(id, send, *request, now),
            Effect::Record(entry) => {
                self.ports.history.append((*entry).clone());
                let _ = self.changes.send(Change::History(entry));
            }
            Effect::Answer { waiter, settled } => {
                if let Some((_, reply)) = self.waiters.remove(&waiter) {
                    let _: Result<(), _> = reply.send(settled);
                }
            }
            Effect::Log(log) => self.log(id, &log),
            Effect::Host {
                host,
                failed,
                refused_shape,
            } => self.on_host(id, host, failed, refused_shape, now),
            Effect::Revoke { grant } => self.keep_late(id, *grant),
            Effect::LookAround { issuer } => {
                let endpoint = self.ports.token_endpoint.clone();
                self.report(id, async move {
                    let found = discover(&*endpoint, &issuer).await;
                    Input::LookedAround {
                        token_endpoint: found.ok().and_then(|found| found.token_endpoint),
                    }
                });
            }
        }
    }

    /// What a host's answer, or its silence, means for the accounts that live there.
    fn on_host(
        &mut self,
        id: &AccountId,
        host: String,
        failed: Option<Cause>,
        refused_shape: Option<String>,
        now: Now,
    ) {
        // An answer proves the network, whatever the signals say.
        if failed.is_none() {
            self.machine.online = true;
            self.machine.connectivity = Connectivity::Unknown;
            self.machine.heard.retain(|(other, _)| *other != host);
            self.machine.heard.truncate(1);
            self.machine.heard.insert(0, (host.clone(), now.boot));
        }
        let settling = now.boot < self.machine.settling_until;
        let breaker = self.hosts.entry(host).or_default();
        match (refused_shape, failed) {
            (Some(shape), _) => breaker.refused(id.clone(), shape, now.boot),
            (None, None) => breaker.succeeded(id),
            (None, Some(_)) => {}
        }
        match failed {
            // First look-ups after a wake often fail and heal.
            Some(cause) if settling && cause.is_network() => {}
            Some(cause) => breaker.failed(id, cause, now.boot),
            None => {
                for (place, waiting) in breaker.answered().into_iter().enumerate() {
                    if waiting != *id {
                        let input = Input::Woke {
                            trigger: Trigger::Retry,
                            after: super::machine::IN_TURN * place_of(place),
                        };
                        let _ = self.messages.send(Message::Account(waiting, input));
                    }
                }
            }
        }
    }

    /// Runs beside the owning task; its result comes back as the account's input.
    fn report(&self, id: &AccountId, work: impl Future<Output = Input> + Send + 'static) {
        let (messages, id) = (self.messages.clone(), id.clone());
        tokio::spawn(async move {
            let input = work.await;
            let _ = messages.send(Message::Account(id, input));
        });
    }

    fn send(&mut self, id: &AccountId, send: u64, request: RefreshRequest, now: Now) {
        let provider = self
            .snapshot
            .account(id)
            .and_then(|v| provider_of(&v.account));
        let Ports {
            token_endpoint,
            clock,
            ..
        } = self.ports.clone();
        let mut form = vec![
            ("grant_type".to_owned(), Secret::new("refresh_token")),
            ("refresh_token".to_owned(), request.refresh_token),
        ];
        if let Some(scope) = request.scope {
            form.push(("scope".to_owned(), Secret::new(scope)));
        }
        let request = FormRequest {
            url: request.binding.token_endpoint,
            client_id: request.binding.client_id,
            client_secret: request.client_secret,
            client_auth: request.binding.client_auth,
            form,
            style: provider.map(|row| row.request_style).unwrap_or_default(),
        };
        let mut secrets = request.secrets();
        if let Some(held) = self.lives.get(id).and_then(|owned| owned.life.held()) {
            secrets.push(held.grant.access_token.clone());
            secrets.extend(held.grant.id_token.clone());
        }
        let messages = self.messages.clone();
        let account = id.clone();
        self.report(id, async move {
            let reply = token_endpoint.post(request).await;
            let answered = clock.now();
            tracing::trace!(%account, send, "answered");
            let mut outcome = classify(&reply, provider, answered.wall);
            if let Outcome::Failure(failure) = &mut outcome {
                failure.conceal(&secrets);
            }
            if let Some(off) = clock_off(&reply, &outcome, answered.wall) {
                let _ = messages.send(Message::Clock(off));
            }
            let salvage = match (&outcome, reply) {
                (Outcome::Failure(Failure { salvage: true, .. }), Reply::Answered(http)) => {
                    Some(Secret::new(String::from_utf8_lossy(&http.body)))
                }
                _ => None,
            };
            let took = answered.boot.saturating_sub(now.boot);
            Input::Replied {
                send,
                outcome,
                salvage,
                took,
            }
        });
    }

    /// The log events of the API guide. Never a secret: account, generation and fingerprint name
    /// what it is about.
    fn log(&self, id: &AccountId, log: &Log) {
        let Some(life) = self.lives.get(id).map(|o| &o.life) else {
            return;
        };
        let account = life.setup().name.as_str();
        let generation = life.held().map_or(0, |h| h.grant.generation);
        let fingerprint = match (
            life.held().and_then(|h| h.grant.refresh_token.as_ref()),
            &self.fingerprints,
        ) {
            (Some(token), Some(fingerprints)) => fingerprints.of(token).0,
            _ => String::new(),
        };
        macro_rules! event {
            ($level:ident, $name:literal $(, $field:ident = $value:expr)*) => {
                tracing::$level!(account, generation, fingerprint, $($field = $value,)* $name)
            };
        }
        match log {
            Log::ExpiryChecked {
                remaining_s: Some(s),
            } if *s >= 0 => event!(debug, "expiry_checked", remaining_s = s),
            Log::ExpiryChecked {
                remaining_s: Some(s),
            } => event!(debug, "expiry_checked", over_for_s = -s),
            Log::ExpiryChecked { remaining_s: None } => {
                event!(debug, "expiry_checked", end = "not known");
            }
            Log::TokenRead => event!(debug, "token_read"),
            Log::RefreshStarted { trigger } => {
                event!(info, "refresh_started", trigger = trigger.code());
            }
            Log::RefreshJoined => event!(debug, "refresh_joined"),
            Log::LifetimeAssumed { reason } => event!(warn, "lifetime_assumed", reason = reason),
            Log::Refreshed {
                expires_in_s,
                source,
            } => {
                event!(
                    info,
                    "refreshed",
                    expires_in_s = expires_in_s,
                    source = source_code(*source)
                );
            }
            Log::RefreshFailed {
                cause,
                attempt,
                next_at,
            } => event!(
                info,
                "refresh_failed",
                cause = cause.code(),
                verdict = cause.verdict().code(),
                action = cause.action().code(),
                attempt = attempt,
                next_at = next_at.map(|at| at.to_rfc3339())
            ),
            Log::Rejected401 { by } => event!(
                info,
                "rejected_401",
                by = by.as_deref().unwrap_or("unknown")
            ),
            Log::Saved => event!(debug, "saved"),
            Log::Unsaved { cause } => event!(warn, "unsaved", cause = cause.code()),
            Log::Adopted => event!(info, "adopted"),
            Log::IncidentOpened { cause } => event!(warn, "incident_opened", cause = cause.code()),
            Log::Notified => event!(info, "notified"),
        }
    }
}

/// A place in a queue as a factor.
pub(super) fn place_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

const fn source_code(source: ExpiresSource) -> &'static str {
    source.code()
}

async fn read_grants(ports: Ports, id: AccountId) -> Input {
    let (vault, journal, secret) = tokio::join!(
        ports.vault.read_grant(id.clone()),
        ports.journal.read(id.clone()),
        ports.vault.read_client_secret(id.clone()),
    );
    let journal = journal.map_err(|error| match error {
        JournalError::Corrupt => Cause::GrantCorrupt,
        other => other.cause(),
    });
    Input::Read(Box::new(ReadGrants {
        vault: vault.map_err(|e: VaultError| e.cause()),
        journal,
        client_secret: secret.map_err(|e| e.cause()),
    }))
}
