//! Looks around after a failure: what it is seen with, and whether the issuer's endpoint moved.
//!
//! It must not change a verdict. Nobody but the account's own issuer is asked, and only validated
//! discovery of that issuer moves an endpoint.

use std::time::Duration;

use super::{Effect, Env, Life, Now};
use crate::domain::{
    cause::Cause,
    classify::Failure,
    diagnosis::{self, Finding},
    grant::Grant,
    history::Trigger,
    policy,
};

impl Life {
    /// Asks the issuer whether it is there, at most once an hour.
    pub(super) fn look_around(&mut self, cause: Cause, now: Now, env: &Env, out: &mut Vec<Effect>) {
        let lately = |at: Duration| now.boot < at + policy::LOOK_PAUSE;
        if !diagnosis::wants_a_look(cause)
            || env.quiet
            || env.settling
            || env.around.offline
            || self.looked_around.is_some_and(lately)
        {
            return;
        }
        let binding = self.held.as_ref().map(|h| &h.grant.binding);
        if let Some(issuer) = binding.and_then(|b| b.issuer.clone()) {
            self.looked_around = Some(now.boot);
            self.issuer_answers = false;
            out.push(Effect::LookAround { issuer });
        }
    }

    pub(super) fn on_looked_around(&mut self, token_endpoint: Option<String>, now: Now) {
        let (Some(found), Some(held)) = (token_endpoint, &self.held) else {
            return;
        };
        self.issuer_answers = true;
        let Some(trouble) = self.trouble.as_mut().filter(|t| !t.incident) else {
            return;
        };
        if trouble.cause == Cause::EndpointWrong {
            let current = self.moved_to.as_ref();
            if found != *current.unwrap_or(&held.grant.binding.token_endpoint) {
                self.moved_to = Some(found);
                trouble.next_at = Some(now.boot);
                trouble.trigger = Trigger::Retry;
            }
        } else if diagnosis::wants_a_look(trouble.cause) {
            trouble.finding = Some(Finding::TokenServiceDown);
        }
    }

    /// The grant as it is sent: to where its issuer says the token endpoint is by now.
    pub(super) fn as_moved(&self, mut base: Grant) -> Grant {
        if let Some(endpoint) = self
            .moved_to
            .as_ref()
            .filter(|_| base.binding.issuer.is_some())
        {
            base.binding.token_endpoint.clone_from(endpoint);
        }
        base
    }

    /// What the surroundings add to a cause.
    pub(super) fn finding(&self, cause: Cause, env: &Env) -> Option<Finding> {
        let issuer = self.issuer_answers && diagnosis::wants_a_look(cause);
        let (_, finding) = diagnosis::refine(cause, &env.around);
        finding.or(issuer.then_some(Finding::TokenServiceDown))
    }

    /// The failure as it looks with its surroundings.
    pub(super) fn seen_around(failure: Failure, env: &Env) -> Failure {
        let (cause, _) = diagnosis::refine(failure.cause, &env.around);
        Failure { cause, ..failure }
    }
}
