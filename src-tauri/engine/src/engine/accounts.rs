//! Accounts: add, edit, sign out, pause.

use std::time::Duration;

use super::{
    Answer, Changing, Engine,
    checking::{account_from, apply, check_name, settings_of},
    typed,
};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountPatch, AccountRow, AccountSettings, AccountState, Event, Said, SaidCode},
    },
    coordinator::{Message, Preferences},
    domain::{account::AccountId, lifecycle::Input, secret::Secret},
    io::settings::{Config, Settings, SettingsEdit, SettingsError},
};

impl Engine {
    /// Settings of all accounts, without secrets, in the order of the file.
    pub fn accounts(&self) -> Vec<AccountSettings> {
        let accounts = self.inner.coordinator.snapshot().accounts();
        accounts
            .iter()
            .map(|view| settings_of(&view.account))
            .collect()
    }

    pub fn account_settings(&self, name: &str) -> Answer<AccountSettings> {
        Ok(settings_of(&self.find(name)?.account))
    }

    pub async fn add_account(&self, settings: AccountSettings) -> Answer<AccountRow> {
        let engine = self.clone();
        self.to_the_end(async move { engine.add(settings).await })
            .await
    }

    async fn add(&self, settings: AccountSettings) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let id = AccountId(self.random_id());
        let secret = settings.client_secret.clone().map(Secret::new);
        let account = account_from(settings, id)?;
        if self
            .inner
            .coordinator
            .snapshot()
            .by_name(&account.name)
            .is_some()
        {
            return Err(Problem::new(
                Code::Conflict,
                format!("there is an account named \"{}\" already", account.name),
            )
            .with_said(SaidCode::NameTaken, &[("name", &account.name)])
            .with_hint(format!("tokentray sign-in {}", typed(&account.name))));
        }
        // The secret first: an account without its secret would be refused at its first sign-in.
        if let Some(secret) = secret.filter(|s| !s.is_empty()) {
            self.keep_secret(&account.id, Some(secret)).await?;
        }
        let name = account.name.clone();
        self.edit_file(&[SettingsEdit::PutAccount(Box::new(account))])
            .await?;
        self.loaded(&name).await
    }

    /// The row once journal and vault were asked about it, which a keychain can make long.
    async fn loaded(&self, name: &str) -> Answer<AccountRow> {
        for _ in 0..40 {
            let row = self.account(name)?;
            if row.state != AccountState::Loading {
                return Ok(row);
            }
            self.inner
                .ports
                .clock
                .sleep(Duration::from_millis(50))
                .await;
        }
        self.account(name)
    }

    /// Edits settings. The grant that is held stays in use, bound as it is, until a new sign-in
    /// succeeded.
    pub async fn edit_account(&self, name: &str, patch: AccountPatch) -> Answer<AccountRow> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.edit(&name, patch).await })
            .await
    }

    async fn edit(&self, name: &str, patch: AccountPatch) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        let mut settings = settings_of(&view.account);
        let new_name = patch
            .name
            .clone()
            .unwrap_or_else(|| view.account.name.clone());
        check_name(&new_name)?;
        let taken = self.inner.coordinator.snapshot().by_name(&new_name);
        if taken.is_some_and(|other| other.account.id != view.account.id) {
            return Err(Problem::new(
                Code::Conflict,
                format!("there is an account named \"{new_name}\" already"),
            )
            .with_said(SaidCode::NameTaken, &[("name", &new_name)]));
        }
        let secret = patch.client_secret.clone();
        apply(&mut settings, patch);
        let mut account = account_from(settings, view.account.id.clone())?;
        account.name.clone_from(&new_name);
        account.paused = view.account.paused;
        if let Some(secret) = secret {
            self.keep_secret(
                &account.id,
                Some(Secret::new(secret)).filter(|s| !s.is_empty()),
            )
            .await?;
        }
        let mut edits = Vec::new();
        if view.account.name != new_name {
            edits.push(SettingsEdit::Rename {
                from: view.account.name.clone(),
                to: new_name.clone(),
            });
            self.inner
                .ports
                .history
                .rename(account.id.clone(), new_name.clone());
        }
        edits.push(SettingsEdit::PutAccount(Box::new(account)));
        self.edit_file(&edits).await?;
        self.account(&new_name)
    }

    /// Forgets the grant here; the account and its settings stay.
    pub async fn sign_out(&self, name: &str) -> Answer<AccountRow> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.forget_grant(&name).await })
            .await
    }

    async fn forget_grant(&self, name: &str) -> Answer<AccountRow> {
        // Not beside a vault move: what is deleted at one place would be copied to the other.
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        if let Some(attempt) = self.inner.attempts.of(&view.account.id) {
            let _ = self.cancel_sign_in(&attempt).await;
        }
        self.inner
            .coordinator
            .tell_account(&view.account.id, Input::SignOut);
        self.settled_row(name).await
    }

    pub async fn pause(&self, name: &str) -> Answer<AccountRow> {
        self.set_paused(name, true).await
    }

    pub async fn resume(&self, name: &str) -> Answer<AccountRow> {
        self.set_paused(name, false).await
    }

    pub async fn pause_all(&self) -> Answer<()> {
        self.inner.coordinator.tell(Message::PauseAll(true));
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    pub async fn resume_all(&self) -> Answer<()> {
        self.inner.coordinator.tell(Message::PauseAll(false));
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    async fn set_paused(&self, name: &str, paused: bool) -> Answer<AccountRow> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.put_paused(&name, paused).await })
            .await
    }

    async fn put_paused(&self, name: &str, paused: bool) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        let mut account = (*view.account).clone();
        account.paused = paused;
        self.edit_file(&[SettingsEdit::PutAccount(Box::new(account))])
            .await?;
        self.settled_row(name).await
    }

    /// The row after what was told before has been worked through.
    async fn settled_row(&self, name: &str) -> Answer<AccountRow> {
        self.inner.coordinator.caught_up().await;
        self.account(name)
    }

    async fn keep_secret(&self, id: &AccountId, secret: Option<Secret>) -> Answer<()> {
        let stored = self
            .inner
            .ports
            .vault
            .store_client_secret(id.clone(), secret)
            .await;
        stored.map_err(|error| {
            let code = Code::from_code(&error.cause().code().to_uppercase());
            Problem::new(
                code.unwrap_or(Code::VaultUnavailable),
                format!("the client secret cannot be kept: {error}"),
            )
            .with_said(SaidCode::SecretNotKept, &[("cause", &error.cause())])
            .with_cause(error.cause())
            .with_hint("tokentray doctor")
        })
    }

    /// Edits the settings file and applies what it says then.
    pub(super) async fn edit_file(&self, edits: &[SettingsEdit]) -> Answer<()> {
        let file = self.inner.settings.clone();
        let config = file.edit_beside(edits.to_vec()).await;
        let config = config.map_err(|error| settings_problem(&error))?;
        self.apply(&config);
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    /// The settings file changed under us: the last good configuration stays when it broke.
    pub(super) async fn reload(&self) {
        let _editing = self.inner.editing.lock().await;
        // Nothing is edited: it is read, beside the async code as well.
        let file = self.inner.settings.clone();
        match file.edit_beside(Vec::new()).await {
            Ok(config) => self.apply(&config),
            Err(error) => {
                tracing::warn!(%error, "config.toml is not used as it is now");
                self.changing().settings_error = Some(error);
            }
        }
    }

    fn apply(&self, config: &Config) {
        let before = {
            let mut changing: std::sync::MutexGuard<'_, Changing> = self.changing();
            changing.settings_error = None;
            std::mem::replace(&mut changing.config, config.clone())
        };
        let coordinator = &self.inner.coordinator;
        for account in &config.accounts {
            if !before.accounts.contains(account) {
                coordinator.tell(Message::Put(Box::new(account.clone())));
            }
        }
        for gone in before
            .accounts
            .iter()
            .filter(|b| !config.accounts.iter().any(|a| a.id == b.id))
        {
            coordinator.tell(Message::Hide(gone.id.clone()));
        }
        if before.settings != config.settings
            && let Some(on_settings) = &self.inner.on_settings
        {
            on_settings(&config.settings);
        }
        if before.settings != config.settings {
            let settings = self.settings();
            self.inner.events.push(Event::Settings { settings });
        }
        let preferences = preferences(&config.settings);
        if self::preferences(&before.settings) != preferences {
            coordinator.tell(Message::Preferences(preferences));
        }
    }
}

/// What of the settings the owning task goes by.
pub(super) fn preferences(settings: &Settings) -> Preferences {
    Preferences {
        notify: settings.notifications,
        notify_ahead: Duration::from_secs(settings.notify_ahead_s),
        refresh_ahead: settings.refresh_ahead_s.map(Duration::from_secs),
    }
}

fn settings_problem(error: &SettingsError) -> Problem {
    let code = match error {
        SettingsError::Failed { .. } => Code::Internal,
        _ => Code::InvalidRequest,
    };
    Problem::new(code, error.to_string()).telling(said(error))
}

/// What is wrong with the settings file, and at which key where that is known.
pub(super) fn said(error: &SettingsError) -> Said {
    match error {
        // The message begins with the key where one is at fault.
        SettingsError::Invalid { message, .. } => match message.split_once(": ") {
            Some((key, _)) => Said::new(SaidCode::SettingWrong, &[("key", &key)]),
            None => Said::plain(SaidCode::SettingWrong),
        },
        SettingsError::Newer { .. } => Said::plain(SaidCode::SettingsNewer),
        SettingsError::Failed { .. } => Said::plain(SaidCode::SettingsFailed),
    }
}
