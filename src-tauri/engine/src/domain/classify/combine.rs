//! Code and text together: what the standard code says, and what the text adds or takes back.
//!
//! Order matters: a wish to wait is heard before any reason to ask a person, and a plain
//! statement about the client, the account or a rule before the default of the code.

use super::{
    super::{
        cause::{Cause, Verdict},
        provider::Provider,
    },
    codes::{Class, class},
    meaning::{Dead, Meaning, Subject},
    microsoft,
    reading::{Reading, is_code},
    spoken::{says_only, words},
};

/// The first documented oddity of the provider that fits.
pub fn rule(status: u16, reading: &Reading, provider: Option<&Provider>) -> Option<Cause> {
    let provider = provider?;
    provider
        .rules
        .iter()
        .find(|rule| {
            rule.status.is_none_or(|s| s == status)
                // Without a status of its own a rule speaks of refusals only.
                && (rule.status.is_some() || status < 500 && status != 429)
                && rule.code.is_none_or(|code| {
                    reading.codes.iter().any(|c| c.eq_ignore_ascii_case(code))
                })
                && rule.text.is_none_or(|text| {
                    let text = words(text);
                    reading
                        .texts
                        .iter()
                        .chain(&reading.codes)
                        .any(|t| words(t).contains(text.as_str()))
                })
        })
        .map(|rule| rule.cause)
}

/// The cause of a structured error document with a status from 200 to 499.
pub fn cause(status: u16, reading: &Reading) -> Cause {
    let meaning = &reading.meaning;
    if let Some(cause) = microsoft::cause(&reading.aadsts, &reading.codes) {
        return cause;
    }
    let class = strongest(reading);
    if meaning.rate || class == Class::RateLimited {
        return Cause::RateLimited;
    }
    if meaning.concurrent || class == Class::Concurrent {
        return Cause::ConcurrentRefresh;
    }
    let plainly_dead = meaning.dead.is_some_and(|d| d.subject >= Subject::Session);
    if meaning.transient && (meaning.fault || !plainly_dead) && !meaning.interaction {
        return Cause::ServerError;
    }
    match class {
        // A 401 that calls itself a server error and says "access denied" is a refusal; of what,
        // it does not say.
        Class::Transient if matches!(status, 401 | 403) && reading.says("access denied") => {
            Cause::Unrecognised
        }
        Class::Transient | Class::RateLimited | Class::Concurrent => Cause::ServerError,
        Class::Vague => match meaning.dead {
            Some(Dead {
                subject: Subject::RefreshToken,
                cause,
                ..
            }) => cause,
            _ => Cause::ServerError,
        },
        Class::InvalidGrant => invalid_grant(meaning, reading),
        Class::Dead(cause) => dead_code(cause, meaning, reading),
        Class::InvalidToken => invalid_token(meaning, reading),
        Class::Interaction => interaction(meaning),
        Class::Client(cause) => match meaning.dead {
            // The code names the client, the text the refresh token and the person.
            Some(Dead {
                subject: Subject::RefreshToken,
                cause,
                ..
            }) if meaning.interaction => cause,
            _ => cause,
        },
        Class::UnauthorizedClient => unauthorized_client(meaning),
        Class::Scope => Cause::ScopeRejected,
        // `unsupported_token_type` around a plain statement about the refresh token (Schwab).
        Class::GrantType => match meaning.dead {
            Some(Dead {
                subject: Subject::RefreshToken,
                cause,
                ..
            }) if !meaning.grant_type => cause,
            _ => Cause::GrantNotAllowed,
        },
        Class::Policy => Cause::PolicyBlocked,
        Class::Endpoint => match meaning.dead {
            Some(Dead {
                subject: Subject::RefreshToken,
                cause,
                ..
            }) => cause,
            _ => named(meaning).unwrap_or(Cause::EndpointWrong),
        },
        Class::InvalidRequest => invalid_request(meaning),
        Class::AccessDenied => access_denied(meaning),
        Class::Unknown => unknown(status, reading),
    }
}

/// What a body of plain text says, where it is short and says it in so many words.
///
/// Small servers answer `Invalid refresh token` without any markup, and logs hand on Microsoft's
/// number without its document. A page or a long text is never heard.
pub fn plain_text(status: u16, reading: &Reading) -> Option<Cause> {
    const LONGEST: usize = 240;
    if let Some(cause) = microsoft::cause(&reading.aadsts, &reading.codes) {
        return (cause.verdict() != Verdict::SignIn).then_some(cause);
    }
    let text = reading.texts.first().filter(|t| t.len() <= LONGEST)?;
    let meaning = &reading.meaning;
    if meaning.rate {
        return Some(Cause::RateLimited);
    }
    // The whole body is one standard code, without the document around it.
    if is_code(text) && matches!(status, 400 | 401) {
        return match class(text) {
            Class::InvalidGrant => Some(Cause::RefreshTokenInvalid),
            Class::Dead(cause) | Class::Client(cause) => Some(cause),
            Class::Scope => Some(Cause::ScopeRejected),
            Class::GrantType => Some(Cause::GrantNotAllowed),
            _ => None,
        };
    }
    if meaning.transient || meaning.concurrent || !matches!(status, 400 | 401 | 403 | 422) {
        return None;
    }
    if text.starts_with(['{', '[', '<', '"']) {
        return None;
    }
    match meaning.dead {
        Some(dead) if dead.subject == Subject::RefreshToken && !meaning.client_alone => {
            Some(dead.cause)
        }
        _ => None,
    }
}

/// The class that says most: of the first code that is known, unless a later one is more precise.
fn strongest(reading: &Reading) -> Class {
    let mut first = Class::Unknown;
    // A text that is nothing but a code is a code: `{"message": "Invalid grant"}`.
    let texts = reading.texts.iter().filter(|t| t.len() < 48);
    for class in reading.codes.iter().chain(texts).map(|code| class(code)) {
        let vague = matches!(
            first,
            Class::Unknown | Class::InvalidRequest | Class::AccessDenied | Class::InvalidToken
        );
        if class != Class::Unknown
            && (first == Class::Unknown || vague && class != Class::InvalidRequest)
        {
            first = class;
        }
    }
    first
}

fn invalid_grant(meaning: &Meaning, reading: &Reading) -> Cause {
    let Meaning { dead, .. } = *meaning;
    if meaning.account_gone {
        return Cause::PolicyBlocked;
    }
    if meaning.account_disabled {
        return Cause::AccountDisabled;
    }
    // "Invalid refresh token … with grantType: refresh_token" tells what was asked as well.
    if meaning.grant_type && dead.is_none_or(|dead| dead.subject != Subject::RefreshToken) {
        return Cause::GrantNotAllowed;
    }
    if meaning.password {
        return Cause::PasswordChanged;
    }
    if meaning.interaction && dead.is_none_or(|d| d.cause == Cause::RefreshTokenInvalid) {
        return Cause::InteractionRequired;
    }
    // A text that speaks of an authorization code only does not answer a refresh.
    if reading
        .texts
        .iter()
        .any(|t| says_only(t, "expired authorization code"))
    {
        return Cause::Unrecognised;
    }
    let plainly = dead.is_some_and(|dead| dead.subject >= Subject::Session);
    // Times of an assertion judge no grant; whose clock it is, the reply's `Date` tells.
    if meaning.clock_alone && !plainly {
        return Cause::Unrecognised;
    }
    if meaning.not_yours && !plainly {
        return Cause::ClientRejected;
    }
    if let Some(Dead { cause, .. }) = dead {
        return cause;
    }
    // The code says one thing and the text that the request could not be read at all.
    if meaning.request_alone {
        return Cause::EndpointWrong;
    }
    if meaning.client_alone {
        return Cause::ClientRejected;
    }
    if meaning.policy {
        return Cause::PolicyBlocked;
    }
    // A certificate of the server that is missing judges no grant.
    if meaning.server_part {
        return Cause::Unrecognised;
    }
    Cause::RefreshTokenInvalid
}

fn dead_code(cause: Cause, meaning: &Meaning, reading: &Reading) -> Cause {
    if meaning.account_gone {
        return Cause::PolicyBlocked;
    }
    if meaning.account_disabled {
        return Cause::AccountDisabled;
    }
    // `token_expired` beside "the access token expired" is about something else.
    let elsewhere = reading
        .texts
        .iter()
        .any(|t| words(t).contains(" access token"));
    if elsewhere
        && !matches!(
            meaning.dead,
            Some(Dead {
                subject: Subject::RefreshToken,
                ..
            })
        )
    {
        return Cause::Unrecognised;
    }
    match meaning.dead {
        Some(dead) if cause == Cause::RefreshTokenInvalid => dead.cause,
        _ => cause,
    }
}

fn invalid_token(meaning: &Meaning, reading: &Reading) -> Cause {
    if let Some(cause) = named(meaning) {
        return cause;
    }
    match (meaning.dead, reading.texts.is_empty()) {
        // The only token of a refresh request is the refresh token; but the code alone is also
        // what a gateway says that wants an access token.
        (Some(dead), false) if dead.subject == Subject::Token => {
            let said = reading.texts.iter().any(|t| words(t).contains(" token"));
            let access = reading
                .texts
                .iter()
                .any(|t| words(t).contains(" access token"));
            if said && !access {
                dead.cause
            } else {
                Cause::Unrecognised
            }
        }
        (Some(dead), _) if dead.subject > Subject::Token => dead.cause,
        _ => Cause::Unrecognised,
    }
}

fn interaction(meaning: &Meaning) -> Cause {
    if meaning.password {
        Cause::PasswordChanged
    } else {
        Cause::InteractionRequired
    }
}

fn unauthorized_client(meaning: &Meaning) -> Cause {
    match meaning.dead {
        Some(Dead {
            subject: Subject::RefreshToken | Subject::Session,
            cause,
            ..
        }) if !meaning.grant_type && !meaning.client_alone => cause,
        // "token was already used" (Gitea): the request holds one.
        Some(Dead {
            subject: Subject::Token,
            cause,
            over: true,
        }) if !meaning.grant_type && !meaning.client => cause,
        _ if meaning.grant_type => Cause::GrantNotAllowed,
        _ if meaning.policy => Cause::PolicyBlocked,
        _ => Cause::ClientRejected,
    }
}

fn invalid_request(meaning: &Meaning) -> Cause {
    if let Some(cause) = named(meaning) {
        return cause;
    }
    if let Some(dead) = meaning.dead
        && !(meaning.client_alone || meaning.grant_type)
    {
        // Some providers call every grant a code, in a refresh as well; beside a parameter or a
        // client the code is what it says.
        if dead.subject != Subject::Code || !(meaning.client || meaning.request) {
            return dead.cause;
        }
    }
    setup(meaning).unwrap_or(if meaning.interaction {
        Cause::InteractionRequired
    } else if meaning.request {
        Cause::EndpointWrong
    } else {
        Cause::Unrecognised
    })
}

fn access_denied(meaning: &Meaning) -> Cause {
    if let Some(cause) = named(meaning) {
        return cause;
    }
    match meaning.dead {
        Some(dead) if dead.subject > Subject::Code => dead.cause,
        _ if meaning.policy => Cause::PolicyBlocked,
        _ if meaning.interaction => Cause::InteractionRequired,
        _ => setup(meaning).unwrap_or(Cause::Unrecognised),
    }
}

fn unknown(status: u16, reading: &Reading) -> Cause {
    let meaning = &reading.meaning;
    let names_grant = || {
        let mut texts = reading.texts.iter();
        texts.any(|t| words(t).contains(" authorization grant is "))
    };
    if let Some(cause) = named(meaning) {
        return cause;
    }
    match meaning.dead {
        Some(dead) if dead.subject >= Subject::Session && !meaning.client_alone => {
            return dead.cause;
        }
        // "The token … was revoked by the user", "token expired": the request holds no other that
        // a person revokes or that ends by itself. "Invalid token" is also what a gateway says.
        Some(Dead {
            subject: Subject::Token | Subject::Grant,
            cause,
            over: true,
        }) if !meaning.client => return cause,
        // "The authorization grant is invalid", beside a number in place of the standard code.
        Some(Dead {
            subject: Subject::Grant,
            cause,
            ..
        }) if !(meaning.client || meaning.request || meaning.policy) && names_grant() => {
            return cause;
        }
        // Some providers call every grant a code, in a refresh as well.
        Some(Dead {
            subject: Subject::Code,
            ..
        }) if !meaning.client && !meaning.request => return Cause::RefreshTokenInvalid,
        _ => {}
    }
    if meaning.interaction {
        return Cause::InteractionRequired;
    }
    if let Some(cause) = setup(meaning) {
        return cause;
    }
    match status {
        402 | 451 => Cause::PolicyBlocked,
        400 | 422 if meaning.request => Cause::EndpointWrong,
        _ => Cause::Unrecognised,
    }
}

/// What is said of the person's account or password, which no code contradicts.
fn named(meaning: &Meaning) -> Option<Cause> {
    if meaning.account_gone {
        Some(Cause::PolicyBlocked)
    } else if meaning.account_disabled {
        Some(Cause::AccountDisabled)
    } else if meaning.password {
        Some(Cause::PasswordChanged)
    } else {
        None
    }
}

/// What is said of the setup.
fn setup(meaning: &Meaning) -> Option<Cause> {
    if meaning.grant_type {
        Some(Cause::GrantNotAllowed)
    } else if meaning.client {
        Some(Cause::ClientRejected)
    } else if meaning.scope {
        Some(Cause::ScopeRejected)
    } else if meaning.policy {
        Some(Cause::PolicyBlocked)
    } else {
        None
    }
}
