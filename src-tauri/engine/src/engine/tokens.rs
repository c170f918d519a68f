//! Hand-outs, 401 reports, and refreshes by hand.

use std::time::Duration;

use super::{Answer, Caller, Engine, typed};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountRow, RejectedToken, SaidCode, TokenAnswer, TokenQuery},
    },
    coordinator::AccountView,
    domain::{
        cause::{Cause, Verdict},
        history::{HistoryEntry, HistoryKind},
        lifecycle::{Held, Settled, Trouble, Want},
        secret::{Fingerprint, Secret},
        state::AccountState,
    },
    io::clock::Now,
};

/// A caller waits so long for a refresh unless it says otherwise.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// Even who does not wait hears why nothing will come: that is known at once.
const PROMPTLY: Duration = Duration::from_millis(200);
/// Nobody may wait longer.
const MAX_WAIT: Duration = Duration::from_mins(10);
/// Programs that are remembered as users of an account.
const USED_BY: usize = 5;

impl Engine {
    /// A token that is good for what was asked, refreshed first where needed.
    pub async fn token(
        &self,
        name: &str,
        query: TokenQuery,
        caller: Caller,
    ) -> Answer<TokenAnswer> {
        let view = self.find(name)?;
        let want = want(&view, &query, &caller)?;
        let now = self.now();
        if let Some(held) = good(&view, &want, now) {
            return Ok(self.hand_out(&view, held, &want, &caller, now, false));
        }
        self.ask(view, want, &query, &caller).await
    }

    /// The 401 report: a newer token, or one forced refresh.
    pub async fn token_rejected(
        &self,
        name: &str,
        token: RejectedToken,
        query: TokenQuery,
        caller: Caller,
    ) -> Answer<TokenAnswer> {
        let view = self.find(name)?;
        let mut want = want(&view, &query, &caller)?;
        match (token.fingerprint, token.token) {
            (Some(fingerprint), None) => want.rejected = Some(Fingerprint(fingerprint)),
            // By value: the token itself is compared, never stored.
            (None, Some(token)) => match &view.held {
                Some(held) if held.grant.access_token.expose() == token => {
                    want.rejected = Some(held.fingerprint.clone());
                }
                Some(_) => want.rejected = Some(Fingerprint("another".into())),
                // It may not have been read yet.
                None => want.rejected_token = Some(Secret::new(token)),
            },
            _ => {
                return Err(Problem::new(
                    Code::InvalidRequest,
                    "the report needs either `fingerprint` or `token`",
                ));
            }
        }
        let now = self.now();
        if let Some(held) = good(&view, &want, now) {
            return Ok(self.hand_out(&view, held, &want, &caller, now, false));
        }
        self.ask(view, want, &query, &caller).await
    }

    /// By hand: a person's refresh. Answers when it ended.
    pub async fn refresh(&self, name: &str, caller: Caller) -> Answer<AccountRow> {
        let view = self.find(name)?;
        let want = Want {
            person: true,
            by: caller.program,
            ..Want::default()
        };
        let settled = self.inner.coordinator.demand(&view.account.id, want).await;
        match settled {
            Some(Settled::Good) => self.account(name),
            other => Err(self.problem(&view, other)),
        }
    }

    async fn ask(
        &self,
        view: AccountView,
        want: Want,
        query: &TokenQuery,
        caller: &Caller,
    ) -> Answer<TokenAnswer> {
        let patience = query
            .wait
            .map_or(DEFAULT_WAIT, Duration::from_secs)
            .clamp(PROMPTLY, MAX_WAIT);
        let id = view.account.id.clone();
        let settled = tokio::select! {
            biased;
            settled = self.inner.coordinator.demand(&id, want.clone()) => settled,
            () = self.inner.ports.clock.sleep(patience) => Some(Settled::Busy),
        };
        let Some(view) = self.inner.coordinator.snapshot().account(&id) else {
            return Err(
                Problem::new(Code::NotFound, "the account was removed meanwhile")
                    .with_said(SaidCode::RemovedMeanwhile, &[]),
            );
        };
        let now = self.now();
        if settled == Some(Settled::Good)
            && let Some(held) = view.held.as_deref()
        {
            let short = !held.meets(&want, now);
            if usable(held, &want, now) {
                return Ok(self.hand_out(&view, held, &want, caller, now, short));
            }
        }
        // What is still valid is better than a problem, unless this very token was rejected.
        if let Some(held) = view.held.as_deref()
            && !view
                .facts
                .as_ref()
                .is_some_and(|f| f.over && f.incident.is_some())
            && !is_reported(held, &want)
            && usable(held, &want, now)
        {
            return Ok(self.hand_out(&view, held, &want, caller, now, true));
        }
        Err(self.problem(&view, settled))
    }

    fn hand_out(
        &self,
        view: &AccountView,
        held: &Held,
        want: &Want,
        caller: &Caller,
        now: Now,
        short: bool,
    ) -> TokenAnswer {
        let program = caller
            .program
            .clone()
            .unwrap_or_else(|| "unknown".to_owned());
        self.inner.ports.history.append(HistoryEntry {
            account_id: Some(view.account.id.clone()),
            account: Some(view.account.name.clone()),
            generation: Some(held.grant.generation),
            client: Some(program.clone()),
            ..HistoryEntry::new(now.wall, HistoryKind::HandedOut)
        });
        {
            let mut changing = self.changing();
            let used = changing.used_by.entry(view.account.id.clone()).or_default();
            if used.first() != Some(&program) {
                used.retain(|p| *p != program);
                used.insert(0, program);
                used.truncate(USED_BY);
            }
        }
        let grant = &held.grant;
        let (token, expires_at, fingerprint) = match (&grant.id_token, want.id_token) {
            (Some(id_token), true) => (
                id_token,
                grant.id_token_expires_at,
                held.id_fingerprint.as_ref(),
            ),
            _ => (
                &grant.access_token,
                held.expires_at(now),
                Some(&held.fingerprint),
            ),
        };
        TokenAnswer {
            access_token: token.expose().to_owned(),
            token_type: grant.token_type.clone(),
            expires_at,
            scopes: grant.scopes.clone(),
            fingerprint: fingerprint.map(|f| f.0.clone()).unwrap_or_default(),
            short,
        }
    }

    /// The problem that an outcome is for a caller.
    pub(super) fn problem(&self, view: &AccountView, settled: Option<Settled>) -> Problem {
        let name = &view.account.name;
        let has = view.facts.as_ref().is_some_and(|f| f.has_refresh_token);
        let sign_in = format!("tokentray sign-in {}", typed(name));
        let problem = match settled {
            Some(Settled::Failed(trouble)) => {
                return self.trouble_problem(view, &trouble).with_refresh_token(has);
            }
            Some(Settled::RateLimited { seconds }) => Problem::new(
                Code::RateLimited,
                format!("{name} may be refreshed again in {seconds} s"),
            )
            .with_said(
                SaidCode::RateLimited,
                &[("name", name), ("seconds", &seconds)],
            )
            .with_retry_after(seconds),
            Some(Settled::Paused) => Problem::new(
                Code::Paused,
                format!("{name} is paused, and its token is over"),
            )
            .with_said(SaidCode::Paused, &[("name", name)])
            .with_hint(format!("tokentray resume {}", typed(name))),
            Some(Settled::NoRefreshToken) => Problem::new(
                Code::RefreshNotAvailable,
                format!("{name} cannot be refreshed: the provider gave nothing to refresh it with"),
            )
            .with_cause(Cause::NoRefreshToken)
            .with_said(SaidCode::NoRefreshToken, &[("name", name)])
            .with_hint(sign_in),
            Some(Settled::SignedOut) => {
                Problem::new(Code::ReauthRequired, format!("{name} is signed out"))
                    .with_cause(Cause::GrantMissing)
                    .with_said(SaidCode::SignedOut, &[("name", name)])
                    .with_hint(sign_in)
            }
            Some(Settled::Busy) if is_loading(view) => Problem::new(
                Code::Loading,
                format!("{name} is still being read from the keychain; ask again"),
            )
            .with_said(SaidCode::Loading, &[("name", name)])
            .with_retry_after(2),
            Some(Settled::Busy) => {
                Problem::new(Code::Busy, format!("{name} is being refreshed; ask again"))
                    .with_said(SaidCode::Busy, &[("name", name)])
                    .with_retry_after(2)
            }
            Some(Settled::Good) => Problem::new(
                Code::RefreshFailed,
                format!("{name} was refreshed, but its new token is already over: check the clock"),
            )
            .with_cause(Cause::ClockWrong)
            .with_retry_after(30),
            None => Problem::new(Code::Busy, "the engine is shutting down")
                .with_said(SaidCode::ShuttingDown, &[])
                .with_retry_after(5),
        };
        problem.with_refresh_token(has)
    }

    fn trouble_problem(&self, view: &AccountView, trouble: &Trouble) -> Problem {
        let name = &view.account.name;
        let detail = format!("{name}: {}", Self::told(view, trouble));
        let wait = trouble
            .next_at
            .map(|at| at.saturating_sub(self.now().boot).as_secs().max(1));
        let code = match trouble.cause {
            _ if trouble.incident => Code::ReauthRequired,
            Cause::VaultLocked => Code::VaultLocked,
            Cause::VaultDenied => Code::VaultDenied,
            Cause::VaultUnavailable => Code::VaultUnavailable,
            Cause::VaultFull => Code::VaultFull,
            Cause::RateLimited => Code::RateLimited,
            Cause::ConcurrentRefresh => Code::Busy,
            _ => Code::RefreshFailed,
        };
        let mut problem = Problem::new(code, detail).with_cause(trouble.cause);
        problem.verdict = Some(trouble.verdict());
        problem.action = Some(trouble.action());
        let hint = match trouble.verdict() {
            Verdict::SignIn if trouble.incident => {
                Some(format!("tokentray sign-in {}", typed(name)))
            }
            Verdict::FixSetup => Some("tokentray doctor".to_owned()),
            _ if trouble.cause == Cause::VaultLocked => Some("tokentray unlock".to_owned()),
            _ if trouble.cause == Cause::StateRestored => {
                Some(format!("tokentray refresh {}", typed(name)))
            }
            _ => None,
        };
        problem.hint = hint;
        if !trouble.incident {
            problem.retry_after_s = wait;
        }
        problem
    }
}

/// Whether this very token was answered with a 401.
fn is_reported(held: &Held, want: &Want) -> bool {
    want.rejected.as_ref() == Some(&held.fingerprint)
        || want.rejected_token.as_ref() == Some(&held.grant.access_token)
}

/// Whether what is stored was not read yet.
fn is_loading(view: &AccountView) -> bool {
    view.facts
        .as_ref()
        .is_none_or(|facts| facts.phase == AccountState::Loading)
}

/// What a query wants, or why it makes no sense.
fn want(view: &AccountView, query: &TokenQuery, caller: &Caller) -> Answer<Want> {
    let id_token = match query.kind.as_deref() {
        None | Some("access") => false,
        Some("id") => true,
        Some(_) => {
            return Err(Problem::new(
                Code::InvalidRequest,
                "`kind` is not what it may be: access or id",
            ));
        }
    };
    let granted = view
        .held
        .as_ref()
        .map(|h| h.grant.scopes.as_slice())
        .unwrap_or_default();
    let missing: Vec<&str> = query
        .scope
        .as_deref()
        .unwrap_or_default()
        .split_whitespace()
        .filter(|wanted| !granted.is_empty() && !granted.iter().any(|have| have == wanted))
        .collect();
    if !missing.is_empty() {
        return Err(Problem::new(
            Code::InvalidRequest,
            format!(
                "{} was not granted the scope {}",
                view.account.name,
                missing.join(" ")
            ),
        )
        .with_hint(format!("tokentray status {}", typed(&view.account.name))));
    }
    if query.audience.is_some() {
        return Err(Problem::new(
            Code::InvalidRequest,
            "`audience` is not supported: set it in the account's `auth_params`",
        ));
    }
    Ok(Want {
        min_valid: query.min_valid.map(Duration::from_secs),
        rejected: None,
        rejected_token: None,
        id_token,
        person: false,
        by: caller.program.clone(),
    })
}

/// The published token, where it is good for the want.
fn good<'a>(view: &'a AccountView, want: &Want, now: Now) -> Option<&'a Held> {
    let held = view.held.as_deref()?;
    let rejected = view.facts.as_ref().is_some_and(|f| f.rejected);
    (!rejected && held.meets(want, now)).then_some(held)
}

/// Whether a token can be handed out although it does not meet the want: it is not over for
/// certain. An assumed end only schedules.
fn usable(held: &Held, want: &Want, now: Now) -> bool {
    if want.id_token {
        held.grant.id_token.is_some() && held.id_ends.is_none_or(|end| end > now.boot)
    } else {
        held.stated_end().is_none_or(|end| end > now.boot)
    }
}
