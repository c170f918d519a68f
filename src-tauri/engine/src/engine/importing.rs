//! Import: a grant that another program gave up.

use chrono::DateTime;

use super::{Answer, Engine};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountRow, ImportRequest, SaidCode},
    },
    coordinator::provider_of,
    domain::{
        account::{Account, ClientAuth},
        classify::{Outcome, TokenReply, classify},
        grant::{Binding, Grant},
        history::HistoryKind,
        lifecycle::Settled,
        provider::{self, Rotation},
        reply::{HttpReply, Reply},
        secret::Secret,
    },
    sign_in::discovery,
};

impl Engine {
    /// Takes a grant from elsewhere. Where the provider rotates, or may, only the access token is
    /// taken, unless the caller says which program gave the refresh token up.
    pub async fn import(&self, name: &str, request: ImportRequest) -> Answer<AccountRow> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.take_over(&name, request).await })
            .await
    }

    async fn take_over(&self, name: &str, request: ImportRequest) -> Answer<AccountRow> {
        let view = self.find(name)?;
        let provider = provider_of(&view.account);
        let sent_at = self.now().wall;
        let mut tokens = imported_tokens(&request.token_response, sent_at)?;
        let keeps = provider.is_some_and(|p| p.rotation == Rotation::Never);
        if !keeps && request.take_over.as_deref().unwrap_or_default().is_empty() {
            tokens.refresh_token = None;
        }
        let secret = self.client_secret(&view.account).await;
        let binding = self
            .import_binding(&view.account, provider, secret.is_some())
            .await?;
        let mut grant = Grant::from_reply(tokens, None, binding, &view.account.scopes, sent_at);
        grant.client_secret = secret;
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

    async fn client_secret(&self, account: &Account) -> Option<Secret> {
        let vault = &self.inner.ports.vault;
        let read = vault.read_client_secret(account.id.clone()).await;
        read.ok().flatten()
    }

    async fn import_binding(
        &self,
        account: &Account,
        provider: Option<&provider::Provider>,
        has_secret: bool,
    ) -> Answer<Binding> {
        let given = account.token_url.clone().or_else(|| {
            let row = provider?;
            row.refresh_url.or(row.token_url).map(str::to_owned)
        });
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
        .with_said(SaidCode::ImportText, &[])
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
