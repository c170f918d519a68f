//! Errors of the API: RFC 9457 problem documents with a code, an exit code and a way out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::said::{Said, SaidCode},
    domain::cause::{Action, Cause, Verdict, codes},
};

codes! {
    /// The codes, in the order in which they are checked.
    Code {
        InvalidRequest = "INVALID_REQUEST",
        Unauthorized = "UNAUTHORIZED",
        Denied = "DENIED",
        NotFound = "NOT_FOUND",
        Conflict = "CONFLICT",
        RefreshNotAvailable = "REFRESH_NOT_AVAILABLE",
        ProviderNotConfigured = "PROVIDER_NOT_CONFIGURED",
        ReauthRequired = "REAUTH_REQUIRED",
        Paused = "PAUSED",
        RateLimited = "RATE_LIMITED",
        RefreshFailed = "REFRESH_FAILED",
        Busy = "BUSY",
        Loading = "LOADING",
        VaultLocked = "VAULT_LOCKED",
        VaultDenied = "VAULT_DENIED",
        VaultUnavailable = "VAULT_UNAVAILABLE",
        VaultFull = "VAULT_FULL",
        /// Only made by the command line: no engine answers on the socket.
        NotRunning = "NOT_RUNNING",
        /// A defect of ours.
        Internal = "INTERNAL",
    }
}

impl Code {
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthorized | Self::Denied => 403,
            Self::NotFound => 404,
            Self::Conflict
            | Self::RefreshNotAvailable
            | Self::ProviderNotConfigured
            | Self::ReauthRequired
            | Self::Paused => 409,
            Self::RateLimited => 429,
            Self::RefreshFailed
            | Self::Busy
            | Self::Loading
            | Self::VaultLocked
            | Self::VaultDenied
            | Self::VaultUnavailable
            | Self::VaultFull
            | Self::NotRunning => 503,
            Self::Internal => 500,
        }
    }
}

/// A problem document (RFC 9457), `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// `urn:tokentray:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(value_type = String)]
    pub title: Box<str>,
    pub status: u16,
    pub code: Code,
    /// A sentence about this very case: what is wrong, and where.
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<Action>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub has_refresh_token: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_s: Option<u64>,
    /// The exact command that helps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// `detail` by its code, for a window in another language.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Box<Said>>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:tokentray:{}", code.code()),
            title: code.code().replace('_', " ").to_lowercase().into(),
            status: code.http_status(),
            code,
            detail: detail.into(),
            cause: None,
            verdict: None,
            action: None,
            has_refresh_token: None,
            retry_after_s: None,
            hint: None,
            said: None,
        }
    }

    #[must_use]
    pub fn with_said(self, code: SaidCode, params: &[(&str, &dyn std::fmt::Display)]) -> Self {
        self.telling(Said::new(code, params))
    }

    /// The same with its sentence by code.
    #[must_use]
    pub fn telling(mut self, said: Said) -> Self {
        self.said = Some(Box::new(said));
        self
    }

    /// The same with cause, and the verdict and action that follow from it.
    #[must_use]
    pub fn with_cause(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self.verdict = Some(cause.verdict());
        self.action = Some(cause.action());
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    #[must_use]
    pub fn with_hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }

    #[must_use]
    pub fn with_refresh_token(mut self, has: bool) -> Self {
        self.has_refresh_token = Some(has);
        self
    }

    /// The command line's exit code.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            Code::InvalidRequest | Code::Conflict => 2,
            Code::ReauthRequired => 3,
            Code::RefreshFailed if self.verdict == Some(Verdict::FixSetup) => 8,
            Code::Paused | Code::RateLimited | Code::RefreshFailed | Code::Busy | Code::Loading => {
                4
            }
            Code::NotFound => 5,
            Code::NotRunning => 6,
            Code::VaultLocked | Code::VaultDenied | Code::VaultUnavailable | Code::VaultFull => 7,
            Code::RefreshNotAvailable | Code::ProviderNotConfigured => 8,
            Code::Unauthorized | Code::Denied => 9,
            Code::Internal => 1,
        }
    }
}
