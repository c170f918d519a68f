//! Facts to rows, and rows to sentences.

use chrono::{DateTime, Utc};

use super::{Answer, Engine};
use crate::{
    api::types::{
        AccountRow, AccountState, IncidentRow, KnownRow, NoticeReason, NoticeRow, OverallRow,
        Status, ToldRow, TrayShape, VaultRow,
    },
    coordinator::{AccountView, Notice, provider_of},
    domain::{
        cause::{Action, Cause, Verdict},
        journal_entry::Incident,
        lifecycle::{Trouble, host_of},
        policy,
        words::{self, FailureFacts, HeadlineRow, Told, Why},
    },
    sign_in,
};

impl Engine {
    /// Everything that can be seen, who needs a person first.
    pub fn status(&self) -> Status {
        let views = self.inner.coordinator.snapshot().accounts();
        let mut heads: Vec<Head> = views.iter().map(|view| self.head(view)).collect();
        heads.sort_by_key(|head| head.state);
        let overall = self.overall_of(&heads.iter().collect::<Vec<_>>());
        let accounts = self.sorted_rows();
        Status {
            overall: overall.overall,
            headline: overall.headline,
            tray: overall.tray,
            notice: overall.notice,
            paused: overall.paused,
            online: overall.online,
            vault: overall.vault,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            demo: self.inner.practice.is_some(),
            accounts,
        }
    }

    pub fn account(&self, name: &str) -> Answer<AccountRow> {
        Ok(self.row(&self.find(name)?))
    }

    pub(super) fn sorted_rows(&self) -> Vec<AccountRow> {
        let views = self.inner.coordinator.snapshot().accounts();
        let mut rows: Vec<AccountRow> = views.iter().map(|view| self.row(view)).collect();
        // Stable: within a state, the order of the settings file.
        rows.sort_by_key(|row| row.state);
        rows
    }

    /// What of an account counts for all together.
    pub(super) fn head(&self, view: &AccountView) -> Head {
        let now = self.now().wall;
        let state = state_of(view, now);
        let used = |changing: &super::Changing| {
            let by = changing.used_by.get(&view.account.id);
            by.is_some_and(|by| !by.is_empty())
        };
        let wanted =
            state == AccountState::FixSetup && !is_token_valid(view, now) && used(&self.changing());
        Head {
            name: view.account.name.clone(),
            state,
            wanted,
            unsaved: view.facts.as_ref().is_some_and(|f| f.unsaved.is_some()),
            vault_cause: vault_cause_of(view, state),
        }
    }

    /// Everything outside the accounts, and what they mean together; `rows` come worst first.
    pub(super) fn overall_of(&self, rows: &[&Head]) -> OverallRow {
        let overall = self.inner.coordinator.snapshot().overall();
        let heads: Vec<HeadlineRow<'_>> = rows
            .iter()
            .map(|row| HeadlineRow {
                name: &row.name,
                state: row.state,
                wanted: row.wanted,
            })
            .collect();
        let worst = rows
            .iter()
            .map(|row| row.state)
            .min()
            .unwrap_or(AccountState::Ok);
        let tray = if overall.paused {
            TrayShape::Paused
        } else if rows
            .iter()
            .any(|r| r.state == AccountState::SignInNeeded || r.wanted)
        {
            TrayShape::NeedsYou
        } else if rows.iter().any(|r| is_waiting(r.state)) {
            TrayShape::Waiting
        } else if !overall.online
            || (!rows.is_empty() && rows.iter().all(|r| r.state == AccountState::Paused))
        {
            TrayShape::Paused
        } else {
            TrayShape::Fine
        };
        let unsaved = rows.iter().filter(|r| r.unsaved).count();
        OverallRow {
            overall: worst,
            headline: words::headline(&heads),
            tray,
            notice: overall.notice.map(|notice| self.notice(&notice)),
            paused: overall.paused,
            online: overall.online,
            vault: VaultRow {
                kind: self.inner.ports.vault.kind().code().to_owned(),
                // At the start the key cannot be read; later an account meets it first.
                cause: overall
                    .vault_cause
                    .or_else(|| rows.iter().find_map(|row| row.vault_cause)),
                unsaved: u32::try_from(unsaved).unwrap_or(u32::MAX),
            },
        }
    }

    fn notice(&self, notice: &Notice) -> NoticeRow {
        let mut told = Vec::new();
        let mut reasons = Vec::new();
        for (id, name, incident) in &notice.of {
            let view = self.inner.coordinator.snapshot().account(id);
            told.push((
                name.as_str(),
                view.as_ref()
                    .map_or_else(String::new, |view| Self::why(view, incident).0),
            ));
            reasons.extend(view.map(|view| notice_reason(&view, name, incident)));
        }
        let pairs: Vec<(&str, &str)> = told.iter().map(|(n, w)| (*n, w.as_str())).collect();
        let (title, body) = words::notice(&pairs);
        NoticeRow {
            id: notice.id.clone(),
            title,
            body,
            incidents: notice
                .of
                .iter()
                .map(|(_, _, incident)| incident.id.clone())
                .collect(),
            accounts: notice.of.iter().map(|(_, name, _)| name.clone()).collect(),
            reasons,
            shown: notice.shown,
        }
    }

    /// One account, as it is shown now.
    pub(super) fn row(&self, view: &AccountView) -> AccountRow {
        let now = self.now().wall;
        let account = &view.account;
        let facts = view.facts.as_deref();
        let held = view.held.as_deref();
        let state = state_of(view, now);
        let trouble = facts.and_then(|f| f.trouble.as_ref());
        let incident = facts.and_then(|f| f.incident.as_ref());
        let provider_name = provider_name(view);
        let known = facts.and_then(|f| f.refresh_token_expires_at);
        let signed_in_at = self.changing().signed_in.get(&account.id).copied();
        let documented = documented_end(view, signed_in_at);
        let message = words::account_message(&words::AccountFacts {
            state,
            cause: trouble.map(|t| t.cause),
            failure: trouble
                .map_or_else(FailureFacts::default, |t| failure_facts(t, &provider_name)),
            now,
            zone: (self.inner.zone)(now),
            expires_at: facts.and_then(|f| f.expires_at),
            expires_source: facts.and_then(|f| f.expires_source),
            next_attempt_at: facts.and_then(|f| f.next_at),
            asks_at: facts.and_then(|f| f.asks_at),
            refusals: facts.map_or(0, |f| f.refusals),
        });
        let verdict = incident
            .map(|_| Verdict::SignIn)
            .or_else(|| trouble.map(Trouble::verdict));
        let action = match incident {
            Some(_) => Some(Action::SignIn),
            None => trouble.map(Trouble::action),
        };
        AccountRow {
            id: account.id.0.clone(),
            name: account.name.clone(),
            provider: account.provider.clone(),
            state,
            verdict,
            cause: incident
                .map(|i| i.cause)
                .or_else(|| trouble.map(|t| t.cause)),
            action,
            message,
            told: trouble.map(|trouble| Box::new(told_row(view, trouble, &provider_name))),
            has_refresh_token: facts.is_some_and(|f| f.has_refresh_token),
            revocable: held.is_some_and(|h| {
                let snapshot = self.inner.coordinator.snapshot();
                sign_in::is_revocable(&h.grant.binding)
                    && snapshot.ends_alone(&account.id, &h.grant)
            }),
            expires_at: facts.and_then(|f| f.expires_at),
            expires_source: facts.and_then(|f| f.expires_source),
            token_valid: is_token_valid(view, now),
            issued_at: facts.and_then(|f| f.issued_at),
            refresh_token_expires_at: facts.and_then(|f| f.refresh_token_expires_at),
            signed_in_at,
            sign_in_at: known.or(documented),
            sign_in_about: known.is_none() && documented.is_some(),
            id_token_expires_at: facts.and_then(|f| f.id_token_expires_at),
            next_refresh_at: facts.and_then(|f| f.next_at),
            last_refreshed_at: facts.and_then(|f| f.last_refreshed_at),
            generation: facts.map_or(0, |f| f.generation),
            scopes: facts.map(|f| f.scopes.clone()).unwrap_or_default(),
            incident: incident.map(|i| Self::incident_row(view, i)),
            asks_at: facts.and_then(|f| f.asks_at),
            unsaved: facts.is_some_and(|f| f.unsaved.is_some()),
            sign_in: self.inner.attempts.of(&account.id),
            used_by: self
                .changing()
                .used_by
                .get(&account.id)
                .cloned()
                .unwrap_or_default(),
            provider_name,
        }
    }

    fn incident_row(view: &AccountView, incident: &Incident) -> IncidentRow {
        let (why, advice) = Self::why(view, incident);
        IncidentRow {
            id: incident.id.clone(),
            cause: incident.cause,
            opened_at: incident.opened_at,
            notified_at: incident.notified_at,
            why,
            advice,
            later: incident.later_at.is_some(),
        }
    }

    /// Why an incident is open, and what would avoid it next time.
    fn why(view: &AccountView, incident: &Incident) -> (String, Option<String>) {
        let provider_name = provider_name(view);
        let facts = incident_facts(incident, &provider_name);
        words::incident_why(incident.cause, &facts, provider_of(&view.account))
    }

    /// What happened and what happens next, in words.
    pub(super) fn told(view: &AccountView, trouble: &Trouble) -> String {
        let provider_name = provider_name(view);
        let told = words::failure(trouble.cause, &failure_facts(trouble, &provider_name));
        format!("{} {}", told.what, told.next)
    }

    /// What the person can do, in words.
    pub(super) fn what_to_do(view: &AccountView, trouble: &Trouble) -> String {
        let provider_name = provider_name(view);
        words::failure(trouble.cause, &failure_facts(trouble, &provider_name)).you
    }
}

/// When the provider ends a sign-in whatever happens, as it documents; none where nobody knows.
fn documented_end(
    view: &AccountView,
    signed_in_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let has_refresh_token = view.facts.as_ref().is_some_and(|f| f.has_refresh_token);
    let life = provider_of(&view.account)?.refresh_absolute.limit()?;
    signed_in_at
        .filter(|_| has_refresh_token)
        .map(|at| policy::plus(at, life))
}

const fn is_waiting(state: AccountState) -> bool {
    matches!(
        state,
        AccountState::VaultLocked
            | AccountState::FixSetup
            | AccountState::Unclear
            | AccountState::Expired
            | AccountState::Waiting
    )
}

/// What of an account counts for all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub name: String,
    pub state: AccountState,
    /// Setup: its token is over and a tool asked for it.
    pub wanted: bool,
    pub unsaved: bool,
    /// Why the vault cannot be used, where the account waits for that.
    pub vault_cause: Option<Cause>,
}

fn vault_cause_of(view: &AccountView, state: AccountState) -> Option<Cause> {
    let trouble = view.facts.as_ref()?.trouble.as_ref()?;
    (state == AccountState::VaultLocked).then_some(trouble.cause)
}

fn state_of(view: &AccountView, now: DateTime<Utc>) -> AccountState {
    view.facts.as_ref().map_or(AccountState::Loading, |f| {
        state_now(f.phase, f.expires_at, now)
    })
}

fn is_token_valid(view: &AccountView, now: DateTime<Utc>) -> bool {
    view.facts.as_ref().is_some_and(|f| {
        f.generation > 0 && !f.rejected && f.expires_at.is_none_or(|end| end > now)
    })
}

/// Time goes on between two steps: what was good may be over by now.
fn state_now(
    state: AccountState,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> AccountState {
    match state {
        AccountState::Ok | AccountState::Expiring if expires_at.is_some_and(|end| end <= now) => {
            AccountState::Expired
        }
        other => other,
    }
}

fn told_row(view: &AccountView, trouble: &Trouble, provider_name: &str) -> ToldRow {
    let facts = failure_facts(trouble, provider_name);
    let Told { what, next, you } = words::failure(trouble.cause, &facts);
    ToldRow {
        what,
        next,
        you,
        known: words::known_reason(trouble.cause, &facts, provider_of(&view.account))
            .map(KnownRow::from),
    }
}

fn notice_reason(view: &AccountView, name: &str, incident: &Incident) -> NoticeReason {
    let provider_name = provider_name(view);
    let facts = incident_facts(incident, &provider_name);
    let why = words::why(incident.cause, &facts, provider_of(&view.account));
    NoticeReason {
        account: name.to_owned(),
        cause: incident.cause,
        lost_reply: matches!(why, Why::LostReply),
        known: match why {
            Why::Cause(Some(reason)) => Some(reason.why.to_owned()),
            _ => None,
        },
    }
}

fn incident_facts<'a>(incident: &'a Incident, provider_name: &'a str) -> FailureFacts<'a> {
    FailureFacts {
        provider_name: Some(provider_name),
        provider_code: incident.provider_code.as_deref(),
        provider_text: incident.provider_text.as_deref(),
        after_lost_reply: incident.after_lost_reply,
        ..FailureFacts::default()
    }
}

fn failure_facts<'a>(trouble: &'a Trouble, provider_name: &'a str) -> FailureFacts<'a> {
    FailureFacts {
        provider_name: Some(provider_name),
        http_status: trouble.http_status,
        provider_code: trouble.provider_code.as_deref(),
        provider_text: trouble.provider_text.as_deref(),
        after_lost_reply: trouble.after_lost_reply,
        finding: trouble.finding,
        pending: trouble.is_pending(),
    }
}

/// The provider's name, or the host where the account lives.
fn provider_name(view: &AccountView) -> String {
    if let Some(provider) = provider_of(&view.account) {
        return provider.name.to_owned();
    }
    let bound = view
        .held
        .as_ref()
        .map(|h| h.grant.binding.token_endpoint.clone());
    let place = view
        .account
        .issuer
        .clone()
        .or_else(|| view.account.token_url.clone())
        .or(bound);
    place.map_or_else(|| "the provider".to_owned(), |url| host_of(&url))
}
