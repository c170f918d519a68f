//! Settings, vault, doctor, discovery: what keeps the house in order.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Answer, Engine, VaultMover, accounts::said, telling, typed};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{
            BrowserRow, DiscoverRequest, Discovered, ExplainAnswer, ExplainRequest, Finding,
            ProviderFact, ProviderRow, Said, SaidCode, SettingsRow,
        },
    },
    coordinator::{AccountView, Message},
    domain::{
        account::{AccountId, ClientAuth},
        policy, provider, unusual, words,
    },
    explain,
    io::{settings::SettingsEdit, vault::VaultKind},
    sign_in::discovery,
};

/// Settings that may be set over the API, all of them members of [`SettingsRow`].
const SETTABLE: [&str; 11] = [
    "notifications",
    "notify_ahead_s",
    "notify_command",
    "refresh_ahead_s",
    "history_days",
    "log_level",
    "theme",
    "language",
    "ca_file",
    "proxy",
    "browser",
];

impl Engine {
    /// The rows of the provider picker.
    pub fn providers(&self) -> Vec<ProviderRow> {
        provider::table()
            .iter()
            .filter(|row| row.not_offered.is_none())
            .map(|row| ProviderRow {
                key: row.key.to_owned(),
                name: row.name.to_owned(),
                issuer: row.issuer.map(str::to_owned),
                scopes: row.scopes.iter().map(|s| (*s).to_owned()).collect(),
                device_flow: row.device_flow,
                loopback: row.loopback.to_owned(),
                register: row.register.to_owned(),
                docs: row.docs.to_owned(),
                needs_secret: matches!(row.client_auth, Some(ClientAuth::Basic | ClientAuth::Post)),
                facts: provider::facts(row)
                    .into_iter()
                    .map(|fact| ProviderFact {
                        fact: fact.name.code().to_owned(),
                        said: telling::fact(fact.told, &fact.words),
                        words: fact.words,
                        source: fact.source.map(str::to_owned),
                    })
                    .collect(),
            })
            .collect()
    }

    /// The browsers of this computer and their profiles.
    pub async fn browsers(&self) -> Vec<BrowserRow> {
        let browser = self.inner.browser.clone();
        // Files are read.
        tokio::task::spawn_blocking(move || browser.installed())
            .await
            .unwrap_or_default()
            .into_iter()
            .map(|found| BrowserRow {
                name: found.name,
                profile: found.profile,
                command: found.command,
            })
            .collect()
    }

    /// What an issuer says about itself.
    pub async fn discover(&self, request: DiscoverRequest) -> Answer<Discovered> {
        discovery::discover(&*self.inner.ports.token_endpoint, &request.issuer)
            .await
            .map_err(|error| {
                Problem::new(Code::ProviderNotConfigured, error.to_string()).telling(error.said())
            })
    }

    /// Classifies a reply that somebody pasted.
    pub fn explain(&self, request: &ExplainRequest) -> Answer<ExplainAnswer> {
        explain::explain(request, self.now().wall)
            .map_err(|what| Problem::new(Code::InvalidRequest, what))
    }

    /// What works and what does not, with how to mend it.
    pub async fn doctor(&self) -> Answer<Vec<Finding>> {
        let vault = &self.inner.ports.vault;
        let mut findings = vec![match vault.key().await {
            Ok(_) => ok(
                "vault",
                format!("the vault (kind {}) can be read", vault.kind()),
                Said::new(SaidCode::VaultReadable, &[("kind", &vault.kind().code())]),
            ),
            Err(error) => problem(
                "vault",
                error.to_string(),
                "tokentray unlock",
                Said::new(SaidCode::VaultTrouble, &[("cause", &error.cause())]),
            ),
        }];
        let settings_error = self.changing().settings_error.clone();
        findings.push(match settings_error {
            None => ok(
                "config.toml",
                format!("{} is in use", self.inner.config_file),
                Said::new(
                    SaidCode::SettingsInUse,
                    &[("file", &self.inner.config_file)],
                ),
            ),
            Some(error) => problem(
                "config.toml",
                format!("{error}; the last good one stays in use"),
                "mend the line, the file is read again by itself",
                said(&error),
            ),
        });
        if let Some(off) = self.inner.coordinator.snapshot().overall().clock_off_s {
            findings.push(problem(
                "clock",
                words::clock_off(off),
                "set this computer's date and time",
                Said::new(SaidCode::ClockOff, &[("seconds", &off)]),
            ));
        }
        let views = self.inner.coordinator.snapshot().accounts();
        for view in &views {
            let Some(facts) = &view.facts else { continue };
            if let Some(cause) = facts.unsaved {
                findings.push(problem(
                    &view.account.name,
                    format!("its newest grant is only in the journal yet ({cause})"),
                    "nothing to do: it is saved as soon as the vault takes it",
                    Said::new(SaidCode::Unsaved, &[("cause", &cause)]),
                ));
            }
            if facts.salvage {
                findings.push(problem(
                    &view.account.name,
                    "an answer that could not be read is kept, sealed, in its journal entry".into(),
                    "nothing to do: it goes with the next success or sign-in",
                    Said::plain(SaidCode::Salvage),
                ));
            }
            if let Some(trouble) = &facts.trouble {
                let told = Self::told(view, trouble);
                let mend = Self::what_to_do(view, trouble);
                let said = Said::new(SaidCode::Trouble, &[("cause", &trouble.cause)]);
                findings.push(problem(&view.account.name, told, &mend, said));
            }
        }
        self.look_for_the_unusual(&views, &mut findings).await?;
        let well = views.len().saturating_sub(
            findings
                .iter()
                .filter(|f| f.level == "problem")
                .filter(|f| views.iter().any(|v| v.account.name == f.about))
                .count(),
        );
        findings.push(ok(
            "accounts",
            format!("{well} of {} are well", views.len()),
            Said::new(
                SaidCode::AccountsWell,
                &[("well", &well), ("all", &views.len())],
            ),
        ));
        Ok(findings)
    }

    /// Notes about accounts whose figures changed their habits.
    async fn look_for_the_unusual(
        &self,
        views: &[AccountView],
        findings: &mut Vec<Finding>,
    ) -> Answer<()> {
        let stats = self.stats().await?;
        let margin = super::accounts::preferences(&self.changing().config.settings).refresh_ahead;
        for view in views {
            let name = &view.account.name;
            let week = stats.days_7.get(name).copied().unwrap_or_default();
            let month = stats.days_30.get(name).copied().unwrap_or_default();
            let figures = unusual::Figures {
                refreshed_7: week.refreshed,
                failed_7: week.failed,
                signed_in_7: week.signed_in,
                refreshed_30: month.refreshed,
                failed_30: month.failed,
            };
            let lifetime = view
                .facts
                .as_ref()
                .and_then(|f| Some(policy::between(f.issued_at?, f.expires_at?)));
            for found in unusual::unusual(&figures, lifetime, margin) {
                findings.push(Finding {
                    level: "note".into(),
                    about: name.clone(),
                    found: found.to_string(),
                    mend: Some(format!("tokentray history {} --since 7d", typed(name))),
                    said: Some(telling::odd(found)),
                });
            }
        }
        Ok(())
    }

    /// Settings, and where things are.
    pub fn settings(&self) -> SettingsRow {
        let settings = self.changing().config.settings.clone();
        let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        SettingsRow {
            notifications: settings.notifications,
            notify_ahead_s: settings.notify_ahead_s,
            notify_command: settings.notify_command,
            refresh_ahead_s: settings.refresh_ahead_s,
            history_days: settings.history_days,
            log_level: settings.log_level,
            theme: settings.theme,
            language: settings.language,
            ca_file: settings.ca_file.map(text),
            proxy: settings.proxy,
            browser: settings.browser,
            vault: self.inner.ports.vault.kind().code().to_owned(),
            config_file: self.inner.config_file.clone(),
            state_folder: self.inner.state_folder.clone(),
        }
    }

    /// Members of [`SettingsRow`] that may be set, by name; null resets to the default.
    pub async fn edit_settings(&self, patch: Map<String, Value>) -> Answer<SettingsRow> {
        let engine = self.clone();
        self.to_the_end(async move { engine.set(patch).await })
            .await
    }

    async fn set(&self, patch: Map<String, Value>) -> Answer<SettingsRow> {
        let _editing = self.inner.editing.lock().await;
        if let Some(unknown) = patch.keys().find(|key| !SETTABLE.contains(&key.as_str())) {
            return Err(Problem::new(
                Code::InvalidRequest,
                format!(
                    "\"{unknown}\" cannot be set here; there are: {}",
                    SETTABLE.join(", ")
                ),
            ));
        }
        let edits: Vec<SettingsEdit> = patch
            .into_iter()
            .map(|(key, value)| SettingsEdit::Set {
                key,
                value: Some(value).filter(|v| !v.is_null()),
            })
            .collect();
        self.edit_file(&edits).await?;
        Ok(self.settings())
    }

    /// Lets the system ask for the keychain's password.
    pub async fn vault_unlock(&self) -> Answer<()> {
        self.inner.ports.vault.unlock().await.map_err(|error| {
            let code = Code::from_code(&error.cause().code().to_uppercase());
            Problem::new(code.unwrap_or(Code::VaultUnavailable), error.to_string())
                .with_cause(error.cause())
                .with_said(SaidCode::VaultTrouble, &[("cause", &error.cause())])
        })
    }

    /// Moves all grants to a vault of another kind, with nothing in flight.
    ///
    /// A caller that goes away in the middle ends nothing: half a move would leave the engine at
    /// rest and on the old vault.
    pub async fn vault_move(&self, to: VaultKind) -> Answer<()> {
        let engine = self.clone();
        self.to_the_end(async move { engine.move_vault(to).await })
            .await
    }

    async fn move_vault(&self, to: VaultKind) -> Answer<()> {
        let _editing = self.inner.editing.lock().await;
        if self.inner.ports.vault.kind() == to {
            return Err(
                Problem::new(Code::Conflict, format!("the vault is of kind {to} already"))
                    .with_said(SaidCode::VaultSame, &[]),
            );
        }
        let mover = self.inner.vault_mover.clone().ok_or_else(|| {
            Problem::new(
                Code::Conflict,
                "this engine keeps its grants in memory; there is nothing to move",
            )
            .with_said(SaidCode::VaultInMemory, &[])
        })?;
        let ended = self.move_at_rest(mover, to).await;
        self.inner.coordinator.tell(Message::Unquiesce);
        ended
    }

    /// With nothing in flight and every account's lock held, by waiting within bounds: a grant that
    /// is renewed while it is copied would be in one of the two places only.
    async fn move_at_rest(&self, mover: VaultMover, to: VaultKind) -> Answer<()> {
        let busy = |why: String| {
            Problem::new(Code::Busy, format!("{why}; nothing was moved, try again"))
                .with_said(SaidCode::VaultBusy, &[])
                .with_retry_after(30)
        };
        self.inner.coordinator.quiesce().await;
        self.inner.coordinator.caught_up().await;
        if *self.inner.coordinator.in_flight().borrow() {
            return Err(busy("a refresh or a save is still going on".into()));
        }
        let accounts = self.inner.coordinator.snapshot().accounts();
        let mut ids: BTreeSet<AccountId> = accounts.iter().map(|v| v.account.id.clone()).collect();
        // One that can still be restored must find its grant; and what is being deleted must not be
        // copied behind the back of whoever deletes it.
        ids.extend(self.changing().removed.keys().cloned());
        let removed = self.inner.ports.journal.removed().await;
        let removed = removed.map_err(|error| busy(error.to_string()))?;
        ids.extend(removed.into_iter().map(|(id, _)| id));
        let mut locks = Vec::new();
        for id in &ids {
            match self.inner.ports.locks.lock(id.clone()).await {
                Ok(lock) => locks.push(lock),
                Err(error) => return Err(busy(format!("an account is in use ({error})"))),
            }
        }
        let ended = mover(to, ids.into_iter().collect()).await;
        drop(locks);
        ended.map_err(|what| {
            Problem::new(Code::VaultUnavailable, what)
                .with_said(SaidCode::VaultNotMoved, &[])
                .with_hint("tokentray doctor")
        })
    }
}

fn ok(about: &str, found: String, said: Said) -> Finding {
    Finding {
        level: "ok".into(),
        about: about.into(),
        found,
        mend: None,
        said: Some(said),
    }
}

fn problem(about: &str, found: String, mend: &str, said: Said) -> Finding {
    Finding {
        level: "problem".into(),
        about: about.into(),
        found,
        mend: Some(mend.to_owned()).filter(|m| !m.is_empty()),
        said: Some(said),
    }
}
