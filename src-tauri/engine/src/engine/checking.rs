//! Settings of an account as they come in: checked, and made an account; and back.

use super::Answer;
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountPatch, AccountSettings, SaidCode},
    },
    domain::{
        account::{Account, AccountId, ClientAuth, Flow, RefreshWhen},
        provider,
    },
    io::token_endpoint::permitted_url,
};

pub(super) fn apply(settings: &mut AccountSettings, patch: AccountPatch) {
    let AccountPatch {
        name: _,
        provider,
        issuer,
        auth_url,
        token_url,
        device_url,
        revocation_url,
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
        auth_params,
        browser,
    } = patch;
    let set = |old: &mut Option<String>, new: Option<String>| {
        if let Some(new) = new {
            *old = Some(new).filter(|n| !n.is_empty());
        }
    };
    set(&mut settings.provider, provider);
    set(&mut settings.issuer, issuer);
    set(&mut settings.auth_url, auth_url);
    set(&mut settings.token_url, token_url);
    set(&mut settings.device_url, device_url);
    set(&mut settings.revocation_url, revocation_url);
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
    if let Some(parameters) = auth_params {
        settings.auth_params = parameters;
    }
    if let Some(command) = browser {
        settings.browser = Some(command).filter(|words| !words.is_empty());
    }
    if let Some(ports) = redirect_ports {
        settings.redirect_ports = ports;
    }
}

pub(super) fn check_name(name: &str) -> Answer<()> {
    let bad = name.trim().is_empty()
        || name.trim() != name
        || name.chars().count() > 64
        || name.chars().any(|c| c.is_control() || c == '/');
    if bad {
        return Err(Problem::new(
            Code::InvalidRequest,
            "an account's name has 1 to 64 characters, no `/`, and no space at its ends",
        )
        .with_said(SaidCode::NameForm, &[]));
    }
    Ok(())
}

fn word<T: serde::de::DeserializeOwned>(
    what: &str,
    word: Option<String>,
    may: &str,
) -> Answer<Option<T>> {
    word.map(|w| {
        // The word itself is not repeated: it may be a secret at the wrong place.
        serde_json::from_value(serde_json::Value::String(w)).map_err(|_| {
            Problem::new(
                Code::InvalidRequest,
                format!("{what} is not what it may be: {may}"),
            )
        })
    })
    .transpose()
}

/// Checks settings and makes the account they describe.
pub(super) fn account_from(settings: AccountSettings, id: AccountId) -> Answer<Account> {
    check_name(&settings.name)?;
    let invalid = |what: String| Problem::new(Code::InvalidRequest, what);
    if settings.client_id.trim().is_empty() {
        return Err(invalid(
            "client_id is missing: it is what the provider calls this program".into(),
        )
        .with_said(SaidCode::ClientIdMissing, &[])
        .with_hint("tokentray add NAME --client-id ID …"));
    }
    let mut account = Account::new(id, settings.name, settings.client_id.trim());
    if let Some(key) = &settings.provider
        && provider::by_key(key).is_none()
    {
        let keys: Vec<&str> = provider::table().iter().map(|p| p.key).collect();
        return Err(invalid(format!(
            "the provider is none of these: {}",
            keys.join(", ")
        )));
    }
    if let Some(why) = settings
        .provider
        .as_deref()
        .and_then(provider::by_key)
        .and_then(|row| row.not_offered)
    {
        return Err(Problem::new(Code::ProviderNotConfigured, why)
            .with_said(SaidCode::FactPlain, &[("text", &why)]));
    }
    let places = [
        ("issuer", &settings.issuer),
        ("auth_url", &settings.auth_url),
        ("token_url", &settings.token_url),
        ("device_url", &settings.device_url),
        ("revocation_url", &settings.revocation_url),
    ];
    for (what, url) in places {
        if url.as_ref().is_some_and(|url| permitted_url(url).is_none()) {
            return Err(invalid(format!(
                "{what} cannot be used: endpoints begin with https:// (http:// only for loopback addresses)"
            ))
            .with_said(SaidCode::AddressForm, &[("address", &what)]));
        }
    }
    if settings.provider.is_none() && settings.issuer.is_none() && settings.token_url.is_none() {
        return Err(Problem::new(
            Code::ProviderNotConfigured,
            "it is not said where to sign in: give a provider, an issuer, or the endpoints",
        )
        .with_said(SaidCode::NoPlace, &[])
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
            return Err(invalid(
                "redirect_host is not what it may be: 127.0.0.1 or localhost".into(),
            )
            .with_said(SaidCode::SetupRedirect, &[]));
        }
        account.redirect.host = host;
    }
    account.redirect.ports = settings.redirect_ports;
    if let Some(path) = settings.redirect_path {
        if !path.starts_with('/') {
            return Err(invalid("redirect_path begins with /".into())
                .with_said(SaidCode::SetupRedirect, &[]));
        }
        account.redirect.path = path;
    }
    account.flow = word::<Flow>("flow", settings.flow, "browser or device")?.unwrap_or_default();
    account.refresh = word::<RefreshWhen>("refresh", settings.refresh, "always or when_used")?
        .unwrap_or_default();
    account.login_hint = settings.login_hint;
    account.auth_params = settings.auth_params;
    account.browser = settings.browser;
    Ok(account)
}

pub(super) fn settings_of(account: &Account) -> AccountSettings {
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
        browser: account.browser.clone(),
    }
}
