//! Lock, read inside the lock, intent, one POST.

use super::{
    Effect, Env, Life, Log, Now, ReadGrants, RefreshRequest, Settled,
    attempt::{Attempt, Stage},
};
use crate::domain::{
    cause::Cause, classify::Failure, grant::Grant, journal_entry::Intent, secret::Secret,
};

impl Life {
    pub(super) fn on_locked(
        &mut self,
        result: Result<(), Cause>,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        self.lock_held |= result.is_ok();
        if !matches!(&self.attempt, Some(a) if matches!(a.stage, Stage::Locking)) {
            // Nobody waits for it; one that is under way has the lock already.
            if self.attempt.is_none() && self.saving.is_none() {
                self.unlock(out);
            }
            return;
        }
        let Some(attempt) = self.attempt.take_if(|a| result.is_err() || a.superseded) else {
            self.stage(Stage::Reading);
            out.push(Effect::Read);
            return;
        };
        if attempt.superseded {
            Self::answer_all(attempt.waiters, &Settled::Good, out);
            if self.saving.is_none() {
                self.unlock(out);
            }
            return;
        }
        if let Err(cause) = result
            && cause != Cause::ConcurrentRefresh
        {
            self.attempt = Some(attempt);
            return self.fail(Failure::unsent(cause), now, env, out);
        }
        Self::answer_all(attempt.waiters, &Settled::Busy, out);
        let failure = Failure::unsent(Cause::ConcurrentRefresh);
        self.set_trouble(&failure, attempt.trigger, now, env);
    }

    pub(super) fn unlock(&mut self, out: &mut Vec<Effect>) {
        if std::mem::take(&mut self.lock_held) {
            out.push(Effect::Unlock);
        }
    }

    /// Step 2: what was read inside the lock decides what is sent, if anything is.
    pub(super) fn on_read_in_attempt(
        &mut self,
        read: ReadGrants,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        let checking = match self.attempt.as_ref().map(|a| &a.stage) {
            Some(Stage::Reading) => false,
            Some(Stage::Checking { until: None, .. }) => true,
            // An answer for an attempt that is over.
            _ => return,
        };
        out.push(Effect::Log(Log::TokenRead));
        if self.attempt.as_ref().is_some_and(|a| a.superseded) {
            self.drop_attempt(out);
            return;
        }
        if env.quiet && !checking {
            return self.fail(Failure::unsent(Cause::Interrupted), now, env, out);
        }
        let vault = match read.vault {
            Ok(grant) => grant,
            Err(_) if checking => return self.next_check(now, env, out),
            // A corrupt item is set aside by the vault; what we hold is still the newest.
            Err(Cause::GrantCorrupt) => None,
            Err(cause) => return self.fail(Failure::unsent(cause), now, env, out),
        };
        let in_vault = vault.as_ref().map_or(0, |grant| grant.generation);
        if let Some(found) = vault
            && self.is_news(&found)
        {
            return self.adopt(found, now, out);
        }
        if checking {
            return self.next_check(now, env, out);
        }
        if in_vault < self.stored {
            // It lost what it had confirmed: what we hold must not be in memory only.
            self.resave(out);
        }
        let client_secret = match read.client_secret {
            Ok(secret) => secret,
            // It was set aside; signing in would not bring it back.
            Err(Cause::GrantCorrupt) if self.own_client_secret().is_some() => None,
            Err(Cause::GrantCorrupt) => {
                return self.fail(Failure::unsent(Cause::ClientRejected), now, env, out);
            }
            Err(cause) => return self.fail(Failure::unsent(cause), now, env, out),
        };
        let newest = self
            .memory
            .unconfirmed
            .clone()
            .or_else(|| self.held.as_ref().map(|h| h.grant.clone()));
        let Some(mut base) = newest.filter(|g| g.refresh_token.is_some()) else {
            return self.fail(Failure::unsent(Cause::NoRefreshToken), now, env, out);
        };
        // The settings may name another client by now: its secret is not for this grant's provider,
        // but the one it came with still is.
        let client_secret = client_secret
            .filter(|_| self.setup.is_for(&base.binding))
            .or_else(|| base.client_secret.clone());
        base.client_secret.clone_from(&client_secret);
        let base = self.as_moved(base);
        self.intend(base, client_secret, now, out);
    }

    /// Whether the vault holds what another program put there: a higher generation, or another
    /// refresh token under the generation that we stored last.
    pub(super) fn is_news(&self, found: &Grant) -> bool {
        let Some(held) = &self.held else { return true };
        found.generation > self.newest_generation()
            || (found.generation == held.grant.generation
                && found.generation == self.stored
                && found.refresh_token.is_some()
                && found.refresh_token != held.grant.refresh_token)
    }

    fn own_client_secret(&self) -> Option<&Secret> {
        self.held.as_ref()?.grant.client_secret.as_ref()
    }

    /// Of what is held and of what waits for the vault; a restored backup may hold less than the
    /// highest that ever was.
    fn newest_generation(&self) -> u64 {
        let held = self.held.as_ref().map_or(0, |h| h.grant.generation);
        let unconfirmed = self.memory.unconfirmed.as_ref().map_or(0, |g| g.generation);
        held.max(unconfirmed)
    }

    /// Step 4: what is about to be sent is on the disk before it is sent.
    pub(super) fn intend(
        &mut self,
        base: Grant,
        client_secret: Option<Secret>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let (Some(fingerprints), Some(token)) = (&self.fingerprints, &base.refresh_token) else {
            return;
        };
        let refresh_token = fingerprints.of(token);
        let open = self
            .memory
            .intent
            .take()
            .filter(|i| i.refresh_token == refresh_token);
        self.memory.intent = Some(Intent {
            generation: base.generation,
            refresh_token,
            sends: open.as_ref().map_or(0, |i| i.sends) + 1,
            first_at: open.map_or(now.wall, |i| i.first_at),
            last_at: Some(now.wall),
        });
        self.version += 1;
        let version = self.version;
        self.stage(Stage::Intending {
            version,
            base: Box::new(base),
            client_secret,
        });
        self.write_journal(out);
    }

    /// Step 5, once the intent is on the disk.
    pub(super) fn send_if_intended(
        &mut self,
        result: Result<(), Cause>,
        version: u64,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        let Some(Attempt {
            stage: Stage::Intending { version: mine, .. },
            superseded,
            ..
        }) = &self.attempt
        else {
            return;
        };
        if version < *mine {
            return;
        }
        if *superseded {
            self.forget_send();
            self.drop_attempt(out);
            return;
        }
        let stopped = env.quiet.then_some(Cause::Interrupted);
        if let Some(cause) = result.err().or(stopped) {
            self.forget_send();
            self.fail(Failure::unsent(cause), now, env, out);
            return;
        }
        let Some(Attempt { stage, .. }) = &mut self.attempt else {
            return;
        };
        let Stage::Intending {
            base,
            client_secret,
            ..
        } = std::mem::replace(stage, Stage::Locking)
        else {
            return;
        };
        let Some(refresh_token) = base.refresh_token.clone() else {
            return;
        };
        let scope = self
            .setup
            .provider
            .filter(|p| p.scope_on_refresh)
            .map(|row| base.scopes.join(row.scope_separator))
            .filter(|s| !s.is_empty());
        self.next_send += 1;
        let send = self.next_send;
        out.push(Effect::Send {
            send,
            request: Box::new(RefreshRequest {
                binding: base.binding.clone(),
                refresh_token,
                client_secret: client_secret.clone(),
                scope,
            }),
        });
        self.stage(Stage::Sending {
            send,
            base,
            client_secret,
            sent: now,
        });
    }

    /// The last send never left this machine: it does not count.
    pub(super) fn forget_send(&mut self) {
        if let Some(intent) = &mut self.memory.intent {
            intent.sends = intent.sends.saturating_sub(1);
            if intent.sends == 0 {
                self.memory.intent = None;
            }
            self.version += 1;
        }
    }
}

impl Failure {
    /// A failure of ours, before anything was sent.
    pub(super) fn unsent(cause: Cause) -> Self {
        Self {
            cause,
            http_status: None,
            provider_code: None,
            provider_text: None,
            retry_after: None,
            refused: false,
            outcome_unknown: false,
            never_sent: true,
            salvage: false,
            shape: cause.code().to_owned(),
        }
    }
}
