//! From a reason to a reply: lock, read inside the lock, intent, one POST, quick tries.

use std::time::Duration;

use super::{Effect, Env, Life, Log, Now, ReadGrants, RefreshRequest, Settled};
use crate::domain::{
    account::RefreshWhen,
    cause::Cause,
    classify::{self, Failure, Outcome, TokenReply},
    grant::Grant,
    history::{HistoryEntry, Trigger},
    journal_entry::Intent,
    policy::{self, Unanswered},
    secret::Secret,
};

/// A refresh from its start until its reply was accepted or refused.
#[derive(Debug)]
pub(super) struct Attempt {
    pub trigger: Trigger,
    pub stage: Stage,
    pub waiters: Vec<u64>,
    /// Quick tries made.
    pub tries: u32,
    /// A sign-in, a sign-out or a removal came in between: the reply changes nothing any more.
    pub superseded: bool,
}

#[derive(Debug)]
pub(super) enum Stage {
    Locking,
    Reading,
    /// The intent is being written, as this version of the journal entry.
    Intending {
        version: u64,
        base: Box<Grant>,
        client_secret: Option<Secret>,
    },
    Sending {
        send: u64,
        base: Box<Grant>,
        client_secret: Option<Secret>,
        sent: Now,
    },
    /// Between two quick tries.
    Pausing {
        until: Duration,
        base: Box<Grant>,
        client_secret: Option<Secret>,
    },
    /// Refused: the vault is read again a few times, another program may have renewed.
    Checking {
        until: Option<Duration>,
        round: usize,
        base: Box<Grant>,
        failure: Box<Failure>,
    },
}

impl Attempt {
    /// When a pause of this attempt ends.
    pub fn resume_at(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Pausing { until, .. } => Some(*until),
            Stage::Checking { until, .. } => *until,
            _ => None,
        }
    }
}

impl Life {
    /// What the account does next by itself: boot time and reason.
    pub(super) fn planned(&self, now: Now) -> Option<(Duration, Trigger)> {
        let held = self.held.as_ref()?;
        if !self.ready
            || self.removed
            || self.setup.paused
            || self.attempt.is_some()
            || self.saving.is_some()
            || held.grant.refresh_token.is_none()
        {
            return None;
        }
        let (at, trigger) = match &self.trouble {
            Some(trouble) => (trouble.next_at?, trouble.trigger),
            None if self.memory.intent.is_some() => (now.boot, Trigger::Startup),
            None if self.setup.refresh == RefreshWhen::WhenUsed => return None,
            None => {
                // However short a life a provider gives, refreshing never becomes a loop.
                let earliest = held.received + policy::LEAST_PAUSE;
                (held.due?.max(earliest), Trigger::Schedule)
            }
        };
        let not_before = [self.hold, self.spread]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or_default();
        Some((at.max(not_before), trigger))
    }

    pub(super) fn begin_if_planned(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let Some((at, trigger)) = self.planned(now) else {
            return;
        };
        if at > now.boot || env.quiet {
            return;
        }
        if let Some((until, _)) = env.breaker {
            self.spread = Some(until);
            return;
        }
        self.begin(trigger, now, out);
    }

    pub(super) fn begin(&mut self, trigger: Trigger, now: Now, out: &mut Vec<Effect>) {
        let _ = now;
        self.spread = None;
        out.push(Effect::Log(Log::RefreshStarted { trigger }));
        self.attempt = Some(Attempt {
            trigger,
            stage: Stage::Locking,
            waiters: Vec::new(),
            tries: 0,
            superseded: false,
        });
        if self.lock_held {
            self.stage(Stage::Reading);
            out.push(Effect::Read);
        } else {
            out.push(Effect::Lock);
        }
    }

    pub(super) fn stage(&mut self, stage: Stage) {
        if let Some(attempt) = &mut self.attempt {
            attempt.stage = stage;
        }
    }

    pub(super) fn on_locked(&mut self, taken: bool, now: Now, env: &Env, out: &mut Vec<Effect>) {
        self.lock_held |= taken;
        if !matches!(&self.attempt, Some(a) if matches!(a.stage, Stage::Locking)) {
            // Nobody waits for it; one that is under way has the lock already.
            if self.attempt.is_none() && self.saving.is_none() {
                self.unlock(out);
            }
            return;
        }
        let Some(attempt) = self.attempt.take_if(|a| !taken || a.superseded) else {
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
        Self::answer_all(attempt.waiters, &Settled::Busy, out);
        let failure = Failure {
            cause: Cause::ConcurrentRefresh,
            ..Failure::unsent(Cause::ConcurrentRefresh)
        };
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
        if let Some(found) = vault
            && self.is_news(&found)
        {
            return self.adopt(found, now, out);
        }
        if checking {
            return self.next_check(now, env, out);
        }
        let client_secret = match read.client_secret {
            Ok(secret) => secret,
            // It was set aside; signing in would not bring it back.
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
        let Some(base) = newest.filter(|g| g.refresh_token.is_some()) else {
            return self.fail(Failure::unsent(Cause::NoRefreshToken), now, env, out);
        };
        // The settings may name another client by now: its secret is not for this grant's provider.
        let client_secret = client_secret.filter(|_| self.setup.is_for(&base.binding));
        self.intend(base, client_secret, now, out);
    }

    /// Whether the vault holds what another program put there: a higher generation, or another
    /// refresh token under the generation that we stored last.
    fn is_news(&self, found: &Grant) -> bool {
        let Some(held) = &self.held else { return true };
        found.generation > self.memory.highest_generation
            || (found.generation == held.grant.generation
                && found.generation == self.stored
                && found.refresh_token.is_some()
                && found.refresh_token != held.grant.refresh_token)
    }

    /// Step 4: what is about to be sent is on the disk before it is sent.
    fn intend(
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
            .map(|_| base.scopes.join(" "))
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
    fn forget_send(&mut self) {
        if let Some(intent) = &mut self.memory.intent {
            intent.sends = intent.sends.saturating_sub(1);
            if intent.sends == 0 {
                self.memory.intent = None;
            }
            self.version += 1;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one input")]
    pub(super) fn on_replied(
        &mut self,
        send: u64,
        outcome: Outcome,
        salvage: Option<Secret>,
        took: Duration,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        if !matches!(&attempt.stage, Stage::Sending { send: current, .. } if *current == send) {
            return;
        }
        let Stage::Sending {
            base,
            client_secret,
            sent,
            ..
        } = std::mem::replace(&mut attempt.stage, Stage::Locking)
        else {
            return;
        };
        let host = super::host_of(&base.binding.token_endpoint);
        match outcome {
            Outcome::Tokens(reply) => {
                out.push(Effect::Host {
                    host,
                    failed: None,
                    refused_shape: None,
                });
                self.accept(*reply, &base, sent, took, now, out);
            }
            Outcome::Failure(failure) => {
                if let Some(reply) = salvaged(&failure, salvage.as_ref(), &base, now) {
                    let (failed, refused_shape) = (None, None);
                    out.push(Effect::Host {
                        host,
                        failed,
                        refused_shape,
                    });
                    self.accept(reply, &base, sent, took, now, out);
                    return;
                }
                let heard = failure.refused;
                let failed = (!heard && !failure.cause.is_vault()).then_some(failure.cause);
                let refused_shape = heard.then(|| failure.shape.clone());
                out.push(Effect::Host {
                    host,
                    failed,
                    refused_shape,
                });
                self.on_failure(failure, salvage, base, client_secret, now, env, out);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one failed send")]
    fn on_failure(
        &mut self,
        failure: Failure,
        salvage: Option<Secret>,
        base: Box<Grant>,
        client_secret: Option<Secret>,
        now: Now,
        env: &Env,
        out: &mut Vec<Effect>,
    ) {
        if self.removed || self.attempt.as_ref().is_some_and(|a| a.superseded) {
            self.drop_attempt(out);
            return;
        }
        if !failure.outcome_unknown && !failure.refused {
            // Nothing was sent, or a portal or an edge answered: the refresh token is not spent.
            self.forget_send();
        }
        if failure.salvage && salvage.is_some() {
            self.memory.salvage = salvage;
            self.version += 1;
        }
        if failure.refused && !worth_checking(&failure) {
            // A definite refusal that is not about the refresh token ends the intent as well.
            self.memory.intent = None;
            self.version += 1;
        }
        let tries = self.attempt.as_ref().map_or(0, |a| a.tries);
        if let Some(pause) = quick_way(&failure).and_then(|way| policy::quick_pause(way, tries))
            && !env.quiet
        {
            let entry = HistoryEntry {
                attempt: Some(tries + 1),
                ..self.failure_entry(&failure, now)
            };
            out.push(Effect::Record(Box::new(entry)));
            if let Some(attempt) = &mut self.attempt {
                attempt.tries += 1;
            }
            let until = now.boot + self.jitter.full(pause);
            self.stage(Stage::Pausing {
                until,
                base,
                client_secret,
            });
        } else if worth_checking(&failure) {
            let until = now.boot + policy::ADOPTION_PAUSES[0];
            let failure = Box::new(failure);
            self.stage(Stage::Checking {
                until: Some(until),
                round: 0,
                base,
                failure,
            });
        } else {
            self.fail(failure, now, env, out);
        }
    }

    /// Pauses that ended: the next quick try, or the next look into the vault.
    pub(super) fn continue_attempt(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        if attempt.resume_at().is_none_or(|at| at > now.boot) {
            return;
        }
        if attempt.superseded {
            self.drop_attempt(out);
            return;
        }
        match std::mem::replace(&mut attempt.stage, Stage::Locking) {
            Stage::Pausing { base, .. } if env.quiet => {
                let _ = base;
                self.fail(Failure::unsent(Cause::Interrupted), now, env, out);
            }
            Stage::Pausing {
                base,
                client_secret,
                ..
            } => self.intend(*base, client_secret, now, out),
            Stage::Checking {
                round,
                base,
                failure,
                ..
            } => {
                self.stage(Stage::Checking {
                    until: None,
                    round,
                    base,
                    failure,
                });
                out.push(Effect::Read);
            }
            other => self.stage(other),
        }
    }

    fn next_check(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        let Stage::Checking {
            round,
            base,
            failure,
            ..
        } = std::mem::replace(&mut attempt.stage, Stage::Locking)
        else {
            return;
        };
        match policy::ADOPTION_PAUSES.get(round + 1) {
            Some(pause) => {
                let until = Some(now.boot + *pause);
                self.stage(Stage::Checking {
                    until,
                    round: round + 1,
                    base,
                    failure,
                });
            }
            None => self.fail(*failure, now, env, out),
        }
    }

    /// Ends an attempt whose reply does not count any more.
    pub(super) fn drop_attempt(&mut self, out: &mut Vec<Effect>) {
        if let Some(attempt) = self.attempt.take() {
            let settled = if self.held.is_some() {
                Settled::Good
            } else {
                Settled::SignedOut
            };
            Self::answer_all(attempt.waiters, &settled, out);
        }
        if self.saving.is_none() {
            self.unlock(out);
        }
    }

    /// A person's change makes the refresh that is going on meaningless; the request itself is not
    /// cancelled, and nothing else is sent until it ended.
    pub(super) fn supersede(&mut self, settled: &Settled, out: &mut Vec<Effect>) {
        if let Some(attempt) = &mut self.attempt {
            attempt.superseded = true;
            let waiters = std::mem::take(&mut attempt.waiters);
            Self::answer_all(waiters, settled, out);
            if !matches!(
                attempt.stage,
                Stage::Sending { .. } | Stage::Locking | Stage::Reading | Stage::Intending { .. }
            ) {
                self.drop_attempt(out);
            }
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

/// Whether a failure may mean that another program holds a newer refresh token.
fn worth_checking(failure: &Failure) -> bool {
    use crate::domain::cause::Verdict;
    failure.refused
        && (matches!(failure.cause.verdict(), Verdict::SignIn | Verdict::Unclear)
            || failure.cause == Cause::ConcurrentRefresh)
}

/// What a damaged success still brings (REFRESH.md, step 6): its values are complete, the rest is
/// not. Without them the only new refresh token would be lost.
fn salvaged(
    failure: &Failure,
    body: Option<&Secret>,
    base: &Grant,
    now: Now,
) -> Option<TokenReply> {
    let body = body.filter(|_| failure.salvage)?.expose();
    // A page may hold anything, its scripts included.
    if body.split('{').next().is_none_or(|s| s.contains('<')) {
        return None;
    }
    let mut reply = classify::salvage(body.as_bytes(), now.wall)?;
    let names_another = body.to_ascii_lowercase().contains("refresh");
    if reply.refresh_token.is_none() && names_another {
        // The new refresh token was cut: sent again soon, the old one may still be in its grace.
        return None;
    }
    if reply.access_token.is_empty() {
        // Only the refresh token is whole: the old access token lives as long as it lived.
        reply.access_token = base.access_token.clone();
        let left = base.expires_at.map(|end| policy::between(now.wall, end));
        reply.expires_in = left.map(|left| left.max(Duration::from_secs(1)));
    }
    Some(reply)
}

/// The row of quick tries that fits a failure; none for everything that was answered below 500.
fn quick_way(failure: &Failure) -> Option<Unanswered> {
    match failure.http_status {
        _ if failure.cause == Cause::RateLimited || failure.retry_after.is_some() => None,
        Some(500..) => Some(Unanswered::ServerError),
        Some(200..=299) if failure.cause == Cause::MalformedResponse && failure.outcome_unknown => {
            Some(Unanswered::SentNotAnswered)
        }
        Some(_) => None,
        None if failure.cause.is_vault() => None,
        None if failure.never_sent => Some(Unanswered::NeverConnected),
        None => Some(Unanswered::SentNotAnswered),
    }
}
