//! What a person configured: a name over an immutable id, a provider, a client, scopes, options.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The immutable id of an account: 32 hexadecimal digits, made once, never shown as a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the client proves itself at the token endpoint (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `client_id` in the body, no secret.
    None,
    /// Id and secret in the `Authorization` header.
    Basic,
    /// Id and secret in the body.
    Post,
}

/// Where the browser comes back to (RFC 8252 §7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redirect {
    /// `127.0.0.1` or `localhost` (then bound on both loopback addresses).
    pub host: String,
    /// Ports to try in this order; empty means any free port.
    pub ports: Vec<u16>,
    /// Begins with `/`.
    pub path: String,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            ports: Vec::new(),
            path: "/callback".into(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Authorization code with PKCE in the system's browser.
    #[default]
    Browser,
    /// Device code (RFC 8628).
    Device,
}

/// When the scheduler refreshes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshWhen {
    /// Ahead of every end.
    #[default]
    Always,
    /// Only when a tool asks.
    WhenUsed,
}

/// One account, as it stands in `config.toml` under `[accounts.NAME]` (the name is the key).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: AccountId,
    #[serde(skip)]
    pub name: String,
    /// Key of a row of the provider table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Issuer for discovery (OpenID Connect Discovery 1.0, RFC 8414).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_url: Option<String>,
    pub client_id: String,
    /// Absent: `basic` or `post` by metadata where there is a secret, else `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<ClientAuth>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub redirect: Redirect,
    #[serde(default, skip_serializing_if = "is_default")]
    pub flow: Flow,
    #[serde(default, skip_serializing_if = "is_default")]
    pub refresh: RefreshWhen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Extra parameters of the authorization request, such as `prompt` or `audience`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub auth_params: BTreeMap<String, String>,
    /// Program and arguments that open this account's sign-in page, instead of the settings' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Account {
    /// An account with nothing but its identity and client; everything else at its default.
    pub fn new(id: AccountId, name: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            provider: None,
            issuer: None,
            auth_url: None,
            token_url: None,
            device_url: None,
            revocation_url: None,
            client_id: client_id.into(),
            client_auth: None,
            scopes: Vec::new(),
            redirect: Redirect::default(),
            flow: Flow::default(),
            refresh: RefreshWhen::default(),
            login_hint: None,
            auth_params: BTreeMap::new(),
            browser: None,
            paused: false,
        }
    }
}
