//! The table: for each cause what happened, what happens next, what the person can do.

use super::{
    super::{
        cause::{Cause, Verdict},
        diagnosis::Finding,
    },
    FailureFacts,
};

/// What happened, as a clause: "Waiting: …", "Sign in again: …".
pub fn clause(cause: Cause, facts: &FailureFacts<'_>) -> String {
    let provider = facts.provider_name.unwrap_or("the provider");
    let text = match cause {
        Cause::NetworkDns => "the provider's name cannot be looked up",
        Cause::NetworkConnect => "the provider cannot be reached",
        Cause::NetworkTimeout => "the provider did not answer in time",
        Cause::NetworkTls => "the connection is not trusted (its certificate was refused)",
        Cause::NetworkProxy => "the proxy of this network refused the connection",
        Cause::CaptivePortal => "this network wants you to open its welcome page first",
        Cause::EdgeBlock => "something in front of the provider turned the request away",
        Cause::RateLimited => "the provider asks to slow down",
        Cause::ServerError => {
            return match facts.http_status {
                Some(status @ 500..) => format!("the provider answers {status}"),
                _ => "the provider has a fault of its own".to_owned(),
            };
        }
        Cause::MalformedResponse => "the answer could not be understood",
        Cause::ConcurrentRefresh => "another refresh of this account is going on",
        Cause::ClockWrong => "this computer's clock seems to be wrong",
        Cause::VaultLocked => "the keychain is locked",
        Cause::VaultDenied => "the keychain does not let Tokentray in",
        Cause::VaultUnavailable => "the keychain does not answer",
        Cause::VaultFull => "there is no room to save new tokens",
        Cause::Interrupted => "the last try was interrupted",
        Cause::StateRestored => {
            "this looks like a copy or a restored backup, so its refresh token may be spent"
        }
        Cause::RefreshTokenExpired => "the refresh token is past its end",
        Cause::RefreshTokenRevoked => "the refresh token was revoked",
        Cause::RefreshTokenReused => "the refresh token was used twice",
        Cause::RefreshTokenInvalid => "the refresh token is no longer accepted",
        Cause::PasswordChanged => "the password was changed",
        Cause::SessionEnded => "the session at the provider has ended",
        Cause::InteractionRequired => {
            return format!("{provider} wants {} from you", wanted(facts));
        }
        Cause::AccountDisabled => "your account at the provider is disabled",
        Cause::NoRefreshToken => "the token is over and the provider gave none to renew it with",
        Cause::GrantMissing => "the keychain no longer holds this grant",
        Cause::GrantCorrupt => "the stored grant cannot be read",
        Cause::ClientForgotten => "the provider no longer knows this app",
        Cause::ClientRejected if said(facts).contains("secret") => "the client secret was refused",
        Cause::ClientRejected => {
            "the provider refuses this app (its client id, secret or registration)"
        }
        Cause::ScopeRejected => "the provider refuses the scopes (what was asked for)",
        Cause::GrantNotAllowed => "the provider does not let this app renew its tokens",
        Cause::EndpointWrong => {
            "the address in the settings does not answer as one that renews tokens"
        }
        Cause::PolicyBlocked => "a rule at the provider stands against it",
        Cause::Unrecognised => "the provider refused for an unknown reason",
        Cause::NoTokenInReply => "the provider answered without a token",
    };
    text.to_owned()
}

/// What a person is wanted for, as far as the provider tells.
fn wanted(facts: &FailureFacts<'_>) -> &'static str {
    let said = said(facts);
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["consent", "65001", "65004"]) {
        "your consent"
    } else if says(&[
        "mfa",
        "multi-factor",
        "multifactor",
        "second factor",
        "two-factor",
        "50076",
        "50078",
        "50079",
        "50074",
    ]) {
        "a second proof (such as a code or a key)"
    } else if says(&["device", "managed"]) {
        "a sign-in from an approved device"
    } else {
        "a new sign-in"
    }
}

/// All that the provider said, in lower case.
fn said(facts: &FailureFacts<'_>) -> String {
    let code = facts.provider_code.unwrap_or_default();
    let text = facts.provider_text.unwrap_or_default();
    format!("{code}\n{text}").to_lowercase()
}

/// The provider's own words in quotation marks, where they add something.
pub fn quote(cause: Cause, facts: &FailureFacts<'_>) -> Option<String> {
    if !matches!(cause.verdict(), Verdict::FixSetup | Verdict::Unclear) {
        return None;
    }
    let said = facts.provider_text.or(facts.provider_code)?.trim();
    let said = said.trim_end_matches('.');
    if said.is_empty() {
        return None;
    }
    let mut short: String = said.chars().take(160).collect();
    if short.len() < said.len() {
        short.push('…');
    }
    Some(format!("“{short}”"))
}

/// What happens next, by itself.
pub const fn next(cause: Cause) -> &'static str {
    match cause {
        Cause::ClockWrong => {
            "Tokentray keeps the grant and tries again; it goes on when the clock is right."
        }
        Cause::VaultLocked | Cause::VaultDenied | Cause::VaultUnavailable => {
            "Tokentray goes on by itself as soon as the keychain can be used."
        }
        Cause::VaultFull => "Nothing is refreshed until there is room, so that no token gets lost.",
        Cause::CaptivePortal => "Tokentray keeps the grant and goes on when the network is open.",
        Cause::StateRestored => {
            "Tokentray does not send it by itself: a spent one can end the grant everywhere."
        }
        Cause::GrantMissing | Cause::GrantCorrupt | Cause::NoRefreshToken => {
            "No new token can be had until you sign in again."
        }
        _ => match cause.verdict() {
            Verdict::Wait => "Tokentray keeps the grant and tries again by itself.",
            Verdict::SignIn => {
                "No new token can be had until you sign in again; the old grant is kept."
            }
            Verdict::FixSetup => {
                "Tokentray keeps the grant, tries again now and then, and at once when the settings change."
            }
            Verdict::Unclear => {
                "Tokentray keeps the grant and tries again; only if it persists it asks you to sign in again."
            }
        },
    }
}

/// What the person can do.
pub const fn you(cause: Cause) -> &'static str {
    match cause {
        Cause::NetworkDns | Cause::NetworkConnect | Cause::NetworkTimeout => {
            "Look at the network if this goes on."
        }
        Cause::NetworkTls => {
            "Look at this computer's clock, or ask whoever runs the network whether it inspects connections."
        }
        Cause::NetworkProxy => "Look at the proxy settings, or ask whoever runs the network.",
        Cause::CaptivePortal => "Open any page in a browser and accept the network's terms.",
        Cause::ClockWrong => "Set this computer's date and time.",
        Cause::VaultLocked => "Unlock the keychain.",
        Cause::VaultDenied => "Allow Tokentray in the keychain's own dialog or settings.",
        Cause::VaultUnavailable => {
            "Look whether the keychain service runs; `tokentray doctor` tells more."
        }
        Cause::VaultFull => "Make some room on the disk.",
        Cause::StateRestored => "Refresh it by hand if no other copy is in use, or sign in again.",
        Cause::AccountDisabled => {
            "Sign in again once the account is enabled; its administrator can do that."
        }
        Cause::PolicyBlocked => {
            "Ask the administrator of your organisation or of the app; signing in again would be refused alike."
        }
        Cause::ClientRejected => {
            "Look at the client id and the client secret in the settings, and at the app's registration."
        }
        Cause::ScopeRejected => "Look at the scopes in the settings, then sign in again.",
        Cause::GrantNotAllowed => {
            "Allow this app to renew its tokens (the refresh token grant) where it is registered."
        }
        Cause::EndpointWrong => "Look at the token address in the settings.",
        _ => match cause.verdict() {
            Verdict::Wait | Verdict::Unclear => "Nothing is to be done now.",
            Verdict::SignIn => "Sign in again.",
            Verdict::FixSetup => "Edit the account's settings.",
        },
    }
}

/// What the surroundings add, as a clause.
pub const fn found(finding: Finding) -> &'static str {
    match finding {
        Finding::Offline => "this computer has no network",
        Finding::NoInternet => "this network does not reach the internet",
        Finding::ProviderDown => "the network works, so the fault is at the provider",
        Finding::TokenServiceDown => {
            "the provider's other addresses answer, so only the one that renews tokens is in trouble"
        }
        Finding::ClockAhead => "this computer's clock is ahead of the provider's",
        Finding::ClockBehind => "this computer's clock is behind the provider's",
    }
}

/// What the person can do, where the surroundings say more than the cause.
pub const fn you_with(finding: Finding) -> &'static str {
    match finding {
        Finding::Offline => "Connect this computer to a network.",
        Finding::NoInternet => "Look at the network, or use another one.",
        Finding::ProviderDown | Finding::TokenServiceDown => {
            "Nothing is to be done now; the provider's status page may tell more."
        }
        Finding::ClockAhead | Finding::ClockBehind => "Set this computer's date and time.",
    }
}

/// What would avoid it next time, in general.
pub const fn advice(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::RefreshTokenReused => Some(
            "Let only one program refresh this grant: a copy of it elsewhere makes the provider end both.",
        ),
        Cause::NoRefreshToken => Some(
            "Ask the provider for offline access (often the scope `offline_access`), so that it gives a refresh token.",
        ),
        Cause::RefreshTokenExpired => Some(
            "Where the provider lets you choose, register the app with a longer life of refresh tokens.",
        ),
        _ => None,
    }
}
