//! Accounts: add, edit, remove (with undo), sign out, pause, import.

use std::time::Duration;

use chrono::DateTime;

use super::{Answer, Changing, Engine, Removed, typed};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountPatch, AccountRow, AccountSettings, AccountState, ImportRequest},
    },
    coordinator::{Message, provider_of},
    domain::{
        account::{Account, AccountId, ClientAuth, Flow, RefreshWhen},
        classify::{Outcome, TokenReply, classify},
        grant::{Binding, Grant},
        history::HistoryKind,
        lifecycle::{Input, Settled},
        provider::{self, Rotation},
        reply::{HttpReply, Reply},
        secret::Secret,
    },
    io::{
        settings::{Config, SettingsEdit, SettingsError},
        token_endpoint::permitted_url,
    },
    sign_in::{self, discovery},
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
        let _editing = self.inner.editing.lock().await;
        let id = AccountId(uuid::Uuid::new_v4().simple().to_string());
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
            ));
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

    /// Removes now; `restore` undoes it for ten seconds; then, with `revoke`, the provider is told.
    pub async fn remove_account(&self, name: &str, revoke: bool) -> Answer<()> {
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        let account = (*view.account).clone();
        if let Some(attempt) = self.inner.attempts.of(&account.id) {
            let _ = self.cancel_sign_in(&attempt).await;
        }
        self.inner
            .coordinator
            .tell_account(&account.id, Input::Remove);
        let gone = SettingsEdit::RemoveAccount {
            name: account.name.clone(),
        };
        if let Err(problem) = self.edit_file(&[gone]).await {
            // It is still there, so it must go on living.
            let restore = Input::Restore;
            self.inner.coordinator.tell_account(&account.id, restore);
            return Err(problem);
        }
        let engine = self.clone();
        let (id, key) = (account.id.clone(), account.name.to_lowercase());
        let undo = tokio::spawn(async move {
            engine.inner.ports.clock.sleep(engine.inner.undo).await;
            engine.changing().removed.remove(&key);
            engine.purge(id, revoke).await;
        });
        let removed = Removed {
            account,
            undo: undo.abort_handle(),
        };
        let key = removed.account.name.to_lowercase();
        self.changing().removed.insert(key, removed);
        Ok(())
    }

    pub async fn restore_account(&self, name: &str) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let Some(removed) = self.changing().removed.remove(&name.to_lowercase()) else {
            return Err(Problem::new(
                Code::NotFound,
                format!("\"{name}\" was not removed within the last seconds"),
            ));
        };
        removed.undo.abort();
        let name = removed.account.name.clone();
        let id = removed.account.id.clone();
        self.edit_file(&[SettingsEdit::PutAccount(Box::new(removed.account))])
            .await?;
        self.inner.coordinator.tell_account(&id, Input::Restore);
        self.account(&name)
    }

    /// Forgets the grant here; the account and its settings stay.
    pub async fn sign_out(&self, name: &str) -> Answer<AccountRow> {
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

    /// Takes a grant from elsewhere. Where the provider rotates, or may, only the access token is
    /// taken, unless the caller says which program gave the refresh token up.
    pub async fn import(&self, name: &str, request: ImportRequest) -> Answer<AccountRow> {
        let view = self.find(name)?;
        let provider = provider_of(&view.account);
        let sent_at = self.now().wall;
        let mut tokens = imported_tokens(&request.token_response, sent_at)?;
        let keeps = provider.is_some_and(|p| p.rotation == Rotation::Never);
        if !keeps && request.take_over.as_deref().unwrap_or_default().is_empty() {
            tokens.refresh_token = None;
        }
        let binding = self.import_binding(&view.account, provider).await?;
        let grant = Grant::from_reply(tokens, None, binding, &view.account.scopes, sent_at);
        let settled = self
            .inner
            .coordinator
            .arrived(&view.account.id, grant, HistoryKind::Imported)
            .await;
        match settled {
            Some(Settled::Good) => self.account(name),
            other => Err(self.problem(&view, other)),
        }
    }

    async fn import_binding(
        &self,
        account: &Account,
        provider: Option<&provider::Provider>,
    ) -> Answer<Binding> {
        let given = account
            .token_url
            .clone()
            .or_else(|| provider?.token_url.map(str::to_owned));
        let issuer = account
            .issuer
            .clone()
            .or_else(|| provider?.issuer.map(str::to_owned));
        let (token_endpoint, revocation) = match (given, &issuer) {
            (Some(url), _) => (url, account.revocation_url.clone()),
            (None, Some(issuer)) => {
                let found = discovery::discover(&*self.inner.ports.token_endpoint, issuer).await;
                let found = found.map_err(|error| {
                    Problem::new(Code::ProviderNotConfigured, error.to_string())
                })?;
                let url = found.token_endpoint.clone().ok_or_else(|| {
                    Problem::new(
                        Code::ProviderNotConfigured,
                        format!("{issuer} names no token endpoint"),
                    )
                })?;
                (url, found.revocation_endpoint)
            }
            (None, None) => {
                return Err(Problem::new(
                    Code::ProviderNotConfigured,
                    format!("{} has neither issuer nor token endpoint", account.name),
                ));
            }
        };
        let has_secret = self
            .inner
            .ports
            .vault
            .read_client_secret(account.id.clone())
            .await
            .is_ok_and(|s| s.is_some());
        let usual = if has_secret {
            ClientAuth::Basic
        } else {
            ClientAuth::None
        };
        Ok(Binding {
            issuer,
            token_endpoint,
            revocation_endpoint: revocation,
            client_id: account.client_id.clone(),
            client_auth: account
                .client_auth
                .or_else(|| provider?.client_auth)
                .unwrap_or(usual),
        })
    }

    async fn set_paused(&self, name: &str, paused: bool) -> Answer<AccountRow> {
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
            .with_cause(error.cause())
            .with_hint("tokentray doctor")
        })
    }

    async fn purge(&self, id: AccountId, revoke: bool) {
        let secret = self
            .inner
            .ports
            .vault
            .read_client_secret(id.clone())
            .await
            .ok()
            .flatten();
        let (reply, gone) = tokio::sync::oneshot::channel();
        self.inner
            .coordinator
            .tell(Message::Purge { account: id, reply });
        let Ok(Some(grant)) = gone.await else { return };
        // Some providers end every token of a client and a person at once.
        let shared = self
            .inner
            .coordinator
            .snapshot()
            .accounts()
            .iter()
            .any(|other| {
                other.held.as_ref().is_some_and(|h| {
                    h.grant.binding.client_id == grant.binding.client_id
                        && (h.grant.subject.is_none()
                            || grant.subject.is_none()
                            || h.grant.subject == grant.subject)
                })
            });
        if revoke
            && !shared
            && let Err(error) =
                sign_in::revoke(&*self.inner.ports.token_endpoint, &grant, secret).await
        {
            tracing::info!(%error, "the provider was not told of a removal");
        }
    }

    /// Edits the settings file and applies what it says then.
    pub(super) async fn edit_file(&self, edits: &[SettingsEdit]) -> Answer<()> {
        let (file, edits) = (self.inner.settings.clone(), edits.to_vec());
        let edited = tokio::task::spawn_blocking(move || file.edit(&edits)).await;
        let config = match edited {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => return Err(settings_problem(&error)),
            Err(_) => return Err(Problem::new(Code::Internal, "editing the settings failed")),
        };
        self.apply(&config);
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    /// The settings file changed under us: the last good configuration stays when it broke.
    pub(super) async fn reload(&self) {
        let _editing = self.inner.editing.lock().await;
        let file = self.inner.settings.clone();
        match tokio::task::spawn_blocking(move || file.load()).await {
            Ok(Ok(config)) => self.apply(&config),
            Ok(Err(error)) => {
                tracing::warn!(%error, "config.toml is not used as it is now");
                self.changing().settings_error = Some(error);
            }
            Err(_) => {}
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
        if before.settings.notify_ahead_s != config.settings.notify_ahead_s {
            let ahead = Duration::from_secs(config.settings.notify_ahead_s);
            coordinator.tell(Message::NotifyAhead(ahead));
        }
    }
}

fn settings_problem(error: &SettingsError) -> Problem {
    let code = match error {
        SettingsError::Failed { .. } => Code::Internal,
        _ => Code::InvalidRequest,
    };
    Problem::new(code, error.to_string())
}

/// What an import may say beside RFC 6749 §5.1.
#[derive(serde::Deserialize)]
struct Extra {
    /// Unix seconds.
    expires_at: Option<i64>,
}

fn imported_tokens(text: &str, now: DateTime<chrono::Utc>) -> Answer<TokenReply> {
    let invalid = |what: &str| {
        Problem::new(
            Code::InvalidRequest,
            format!("standard input is no token response (RFC 6749 §5.1): {what}"),
        )
        .with_hint(r#"printf '{"access_token":"…","expires_in":3600}' | tokentray import NAME"#)
    };
    if text.trim().is_empty() {
        return Err(invalid("it is empty"));
    }
    let reply = Reply::Answered(HttpReply {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: text.as_bytes().to_vec(),
        cut: false,
    });
    let Outcome::Tokens(mut tokens) = classify(&reply, None, now) else {
        return Err(invalid("it names no access_token"));
    };
    let extra: Option<Extra> = serde_json::from_str(text).ok();
    if let Some(at) = extra.and_then(|e| e.expires_at) {
        let end =
            DateTime::from_timestamp(at, 0).ok_or_else(|| invalid("expires_at is no time"))?;
        let left = (end - now)
            .to_std()
            .map_err(|_| invalid("its access token is over already"))?;
        tokens.expires_in = Some(left);
    }
    Ok(*tokens)
}

fn apply(settings: &mut AccountSettings, patch: AccountPatch) {
    let AccountPatch {
        name: _,
        issuer,
        auth_url,
        token_url,
        device_url,
        client_id,
        client_secret: _,
        client_auth,
        scopes,
        redirect_host,
        redirect_ports,
        redirect_path,
        flow,
        refresh,
        login_hint,
    } = patch;
    let set = |old: &mut Option<String>, new: Option<String>| {
        if let Some(new) = new {
            *old = Some(new).filter(|n| !n.is_empty());
        }
    };
    set(&mut settings.issuer, issuer);
    set(&mut settings.auth_url, auth_url);
    set(&mut settings.token_url, token_url);
    set(&mut settings.device_url, device_url);
    set(&mut settings.client_auth, client_auth);
    set(&mut settings.redirect_host, redirect_host);
    set(&mut settings.redirect_path, redirect_path);
    set(&mut settings.flow, flow);
    set(&mut settings.refresh, refresh);
    set(&mut settings.login_hint, login_hint);
    if let Some(id) = client_id {
        settings.client_id = id;
    }
    if let Some(scopes) = scopes {
        settings.scopes = scopes;
    }
    if let Some(ports) = redirect_ports {
        settings.redirect_ports = ports;
    }
}

fn check_name(name: &str) -> Answer<()> {
    let bad = name.trim().is_empty()
        || name.trim() != name
        || name.chars().count() > 64
        || name.chars().any(|c| c.is_control() || c == '/');
    if bad {
        return Err(Problem::new(
            Code::InvalidRequest,
            "an account's name has 1 to 64 characters, no `/`, and no space at its ends",
        ));
    }
    Ok(())
}

fn word<T: serde::de::DeserializeOwned>(
    what: &str,
    word: Option<String>,
    may: &str,
) -> Answer<Option<T>> {
    word.map(|w| {
        serde_json::from_value(serde_json::Value::String(w.clone())).map_err(|_| {
            Problem::new(
                Code::InvalidRequest,
                format!("{what} is \"{w}\"; it may be {may}"),
            )
        })
    })
    .transpose()
}

/// Checks settings and makes the account they describe.
fn account_from(settings: AccountSettings, id: AccountId) -> Answer<Account> {
    check_name(&settings.name)?;
    let invalid = |what: String| Problem::new(Code::InvalidRequest, what);
    if settings.client_id.trim().is_empty() {
        return Err(invalid(
            "client_id is missing: it is what the provider calls this program".into(),
        )
        .with_hint("tokentray add NAME --client-id ID …"));
    }
    let mut account = Account::new(id, settings.name, settings.client_id.trim());
    if let Some(key) = &settings.provider
        && provider::by_key(key).is_none()
    {
        let keys: Vec<&str> = provider::table().iter().map(|p| p.key).collect();
        return Err(invalid(format!(
            "no provider is called \"{key}\"; there are: {}",
            keys.join(", ")
        )));
    }
    let places = [
        &settings.issuer,
        &settings.auth_url,
        &settings.token_url,
        &settings.device_url,
        &settings.revocation_url,
    ];
    for url in places.into_iter().flatten() {
        if permitted_url(url).is_none() {
            return Err(invalid(format!(
                "{url} cannot be used: endpoints begin with https:// (http:// only for loopback addresses)"
            )));
        }
    }
    if settings.provider.is_none() && settings.issuer.is_none() && settings.token_url.is_none() {
        return Err(Problem::new(
            Code::ProviderNotConfigured,
            "it is not said where to sign in: give a provider, an issuer, or the endpoints",
        )
        .with_hint("tokentray add NAME --issuer URL --client-id ID"));
    }
    account.provider = settings.provider;
    account.issuer = settings.issuer;
    account.auth_url = settings.auth_url;
    account.token_url = settings.token_url;
    account.device_url = settings.device_url;
    account.revocation_url = settings.revocation_url;
    account.client_auth =
        word::<ClientAuth>("client_auth", settings.client_auth, "none, basic or post")?;
    account.scopes = settings.scopes;
    if let Some(host) = settings.redirect_host {
        if host != "127.0.0.1" && host != "localhost" {
            return Err(invalid(format!(
                "redirect_host is \"{host}\"; it may be 127.0.0.1 or localhost"
            )));
        }
        account.redirect.host = host;
    }
    account.redirect.ports = settings.redirect_ports;
    if let Some(path) = settings.redirect_path {
        if !path.starts_with('/') {
            return Err(invalid(format!(
                "redirect_path is \"{path}\"; it begins with /"
            )));
        }
        account.redirect.path = path;
    }
    account.flow = word::<Flow>("flow", settings.flow, "browser or device")?.unwrap_or_default();
    account.refresh = word::<RefreshWhen>("refresh", settings.refresh, "always or when_used")?
        .unwrap_or_default();
    account.login_hint = settings.login_hint;
    account.auth_params = settings.auth_params;
    Ok(account)
}

fn settings_of(account: &Account) -> AccountSettings {
    let text = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::String(text)) => Some(text),
        _ => None,
    };
    AccountSettings {
        name: account.name.clone(),
        provider: account.provider.clone(),
        issuer: account.issuer.clone(),
        auth_url: account.auth_url.clone(),
        token_url: account.token_url.clone(),
        device_url: account.device_url.clone(),
        revocation_url: account.revocation_url.clone(),
        client_id: account.client_id.clone(),
        client_secret: None,
        client_auth: account
            .client_auth
            .and_then(|c| text(serde_json::to_value(c))),
        scopes: account.scopes.clone(),
        redirect_host: Some(account.redirect.host.clone()),
        redirect_ports: account.redirect.ports.clone(),
        redirect_path: Some(account.redirect.path.clone()),
        flow: text(serde_json::to_value(account.flow)),
        refresh: text(serde_json::to_value(account.refresh)),
        login_hint: account.login_hint.clone(),
        auth_params: account.auth_params.clone(),
    }
}
