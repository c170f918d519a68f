//! What came back: a success or a salvaged one, a quick try, another look into the vault, or a
//! failure.

use std::time::Duration;

use super::{Effect, Env, Life, Now, attempt::Stage};
use crate::domain::{
    cause::{Cause, Verdict},
    classify::{self, Failure, Outcome, TokenReply},
    grant::Grant,
    history::HistoryEntry,
    policy::{self, Unanswered},
    secret::Secret,
};

impl Life {
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
        let failure = Self::seen_around(failure, env);
        if !failure.outcome_unknown && !failure.refused || wants_nonce(&failure) {
            // Nothing was sent, or a portal, an edge or a check before the grant itself answered:
            // the refresh token is not spent.
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
            && env.breaker.is_none()
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
            Stage::Pausing { .. } if env.quiet => {
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

    pub(super) fn next_check(&mut self, now: Now, env: &Env, out: &mut Vec<Effect>) {
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
}

/// RFC 9449 §8: the same request is to be made once more. Tokentray proves no possession, so all it
/// can do is to ask again.
fn wants_nonce(failure: &Failure) -> bool {
    failure.provider_code.as_deref() == Some("use_dpop_nonce")
}

/// Whether a failure may mean that another program holds a newer refresh token.
fn worth_checking(failure: &Failure) -> bool {
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
    let ends_early = !body.trim_end().ends_with('}');
    if reply.refresh_token.is_none() && (names_another || ends_early) {
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
        _ if wants_nonce(failure) => Some(Unanswered::NonceWanted),
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
