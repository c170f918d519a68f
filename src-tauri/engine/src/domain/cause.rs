//! What went wrong (cause), what follows (verdict), and what a person could do (action).
//!
//! The verdict is a function of the cause and of nothing else. The rule beneath: anything that is
//! not understood keeps the grant and waits.

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:tt,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $code)] $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands in JSON, logs and the history.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// What went wrong, precise enough to tell a person.
    Cause {
        NetworkDns = "network_dns",
        NetworkConnect = "network_connect",
        NetworkTimeout = "network_timeout",
        NetworkTls = "network_tls",
        NetworkProxy = "network_proxy",
        CaptivePortal = "captive_portal",
        EdgeBlock = "edge_block",
        RateLimited = "rate_limited",
        ServerError = "server_error",
        MalformedResponse = "malformed_response",
        ConcurrentRefresh = "concurrent_refresh",
        ClockWrong = "clock_wrong",
        VaultLocked = "vault_locked",
        VaultDenied = "vault_denied",
        VaultUnavailable = "vault_unavailable",
        VaultFull = "vault_full",
        Interrupted = "interrupted",
        /// State older than the newest seen, or another machine's: its refresh token may be spent,
        /// and sending a spent one can end the grant everywhere. A person decides.
        StateRestored = "state_restored",
        RefreshTokenExpired = "refresh_token_expired",
        RefreshTokenRevoked = "refresh_token_revoked",
        RefreshTokenReused = "refresh_token_reused",
        RefreshTokenInvalid = "refresh_token_invalid",
        PasswordChanged = "password_changed",
        SessionEnded = "session_ended",
        InteractionRequired = "interaction_required",
        AccountDisabled = "account_disabled",
        NoRefreshToken = "no_refresh_token",
        GrantMissing = "grant_missing",
        GrantCorrupt = "grant_corrupt",
        ClientForgotten = "client_forgotten",
        ClientRejected = "client_rejected",
        ScopeRejected = "scope_rejected",
        GrantNotAllowed = "grant_not_allowed",
        EndpointWrong = "endpoint_wrong",
        PolicyBlocked = "policy_blocked",
        Unrecognised = "unrecognised",
        NoTokenInReply = "no_token_in_reply",
    }
}

codes! {
    /// What follows from a cause.
    Verdict {
        Wait = "wait",
        SignIn = "sign_in",
        FixSetup = "fix_setup",
        Unclear = "unclear",
    }
}

codes! {
    /// What a person could do.
    Action {
        Wait = "wait",
        CheckNetwork = "check_network",
        SignIn = "sign_in",
        EditAccount = "edit_account",
        UnlockKeychain = "unlock_keychain",
        /// Refresh by hand: only a person knows that no other copy is in use.
        Refresh = "refresh",
    }
}

impl Cause {
    /// The verdict that follows from this cause.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::NetworkDns
            | Self::NetworkConnect
            | Self::NetworkTimeout
            | Self::NetworkTls
            | Self::NetworkProxy
            | Self::CaptivePortal
            | Self::EdgeBlock
            | Self::RateLimited
            | Self::ServerError
            | Self::MalformedResponse
            | Self::ConcurrentRefresh
            | Self::ClockWrong
            | Self::VaultLocked
            | Self::VaultDenied
            | Self::VaultUnavailable
            | Self::VaultFull
            | Self::Interrupted
            | Self::StateRestored => Verdict::Wait,
            Self::RefreshTokenExpired
            | Self::RefreshTokenRevoked
            | Self::RefreshTokenReused
            | Self::RefreshTokenInvalid
            | Self::PasswordChanged
            | Self::SessionEnded
            | Self::InteractionRequired
            | Self::AccountDisabled
            | Self::NoRefreshToken
            | Self::GrantMissing
            | Self::GrantCorrupt
            | Self::ClientForgotten => Verdict::SignIn,
            Self::ClientRejected
            | Self::ScopeRejected
            | Self::GrantNotAllowed
            | Self::EndpointWrong
            | Self::PolicyBlocked => Verdict::FixSetup,
            Self::Unrecognised | Self::NoTokenInReply => Verdict::Unclear,
        }
    }

    /// What the person could do about it, if anything.
    pub const fn action(self) -> Action {
        match self.verdict() {
            Verdict::SignIn => Action::SignIn,
            Verdict::FixSetup => Action::EditAccount,
            Verdict::Unclear => Action::Wait,
            Verdict::Wait => match self {
                Self::NetworkDns
                | Self::NetworkConnect
                | Self::NetworkTimeout
                | Self::NetworkTls
                | Self::NetworkProxy
                | Self::CaptivePortal => Action::CheckNetwork,
                Self::VaultLocked | Self::VaultDenied | Self::VaultUnavailable => {
                    Action::UnlockKeychain
                }
                Self::StateRestored => Action::Refresh,
                _ => Action::Wait,
            },
        }
    }

    /// Whether this is about the vault, not about the provider.
    pub const fn is_vault(self) -> bool {
        matches!(
            self,
            Self::VaultLocked | Self::VaultDenied | Self::VaultUnavailable | Self::VaultFull
        )
    }

    /// Whether the provider was never heard.
    pub const fn is_network(self) -> bool {
        matches!(
            self,
            Self::NetworkDns
                | Self::NetworkConnect
                | Self::NetworkTimeout
                | Self::NetworkTls
                | Self::NetworkProxy
                | Self::CaptivePortal
        )
    }
}
