//! What a provider's words mean, whatever code stands beside them.
//!
//! Reads sentence by sentence, so that "the client is disabled. Refresh token …" does not become a
//! statement about a refresh token. Standard sentences copied from RFC 6749 are taken out first:
//! they list every reason there is and so tell none.

use memchr::memmem;

use super::{
    super::cause::Cause,
    phrases::{self as p, Family as F, Said},
    spoken::{Spoken, words},
};

/// How plainly a text says what is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// "token", of which the request has one or two.
    Token,
    /// An authorization code.
    Code,
    Grant,
    Session,
    RefreshToken,
}

/// A statement that something of the grant is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    pub subject: Subject,
    pub cause: Cause,
    /// It is told that it was used, ended or was taken back, be it in a list; not just "invalid".
    pub over: bool,
}

/// All that codes and texts mean together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of independent findings"
)]
pub struct Meaning {
    pub rate: bool,
    pub concurrent: bool,
    pub transient: bool,
    pub grant_type: bool,
    pub scope: bool,
    pub account_gone: bool,
    pub account_disabled: bool,
    pub policy: bool,
    pub client: bool,
    /// Of the client, and so plain that it counts against `invalid_grant`.
    pub client_alone: bool,
    pub request: bool,
    /// Of the request, and so plain that it counts against `invalid_grant`.
    pub request_alone: bool,
    pub interaction: bool,
    pub password: bool,
    /// About issue and expiry times of an assertion or proof.
    pub clock: bool,
    /// Of the clock, and so plain that it counts against `invalid_grant`.
    pub clock_alone: bool,
    /// What was sent belongs to another client.
    pub not_yours: bool,
    /// Protection in front of the provider.
    pub edge: bool,
    /// A fault that keeps the server from judging anything.
    pub fault: bool,
    /// A part of the server itself.
    pub server_part: bool,
    /// Plain http spoken to an https port.
    pub plain_http: bool,
    pub dead: Option<Dead>,
}

/// Reads all codes and texts of a reply.
pub fn of(codes: &[String], texts: &[String]) -> Meaning {
    let mut meaning = Meaning::default();
    for code in codes {
        let known = meaning.dead;
        meaning.add(&words(code));
        // `invalid_grant` is the name of a code, not a statement about a grant.
        if meaning
            .dead
            .is_some_and(|dead| dead.subject < Subject::Session)
        {
            meaning.dead = known;
        }
    }
    for text in texts {
        // Microsoft's trailer holds ids and times, and nothing else.
        let text = ["Trace ID", "trace id", "TRACE ID"]
            .iter()
            .find_map(|mark| memmem::find(text.as_bytes(), mark.as_bytes()))
            .map_or(text.as_str(), |at| &text[..at]);
        for sentence in Spoken::of(text).sentences() {
            meaning.add(sentence);
        }
    }
    meaning
}

impl Meaning {
    fn add(&mut self, text: &str) {
        if text.len() < 3 {
            return;
        }
        let mut said = p::said(text);
        let plainer;
        let mut text = text;
        if said.any(F::Standard) || said.any(F::Act) {
            plainer = without_verb(without_boilerplate(text.to_owned()));
            text = &plainer;
            said = p::said(text);
        }
        self.rate |= said.any(F::Rate);
        self.concurrent |= said.any(F::Concurrent);
        let passing = said.any(F::Transient) || said.any(F::Fault);
        self.transient |= passing && !said.any(F::Session);
        self.grant_type |= said.any(F::GrantType);
        self.scope |= said.any(F::Scope);
        self.account_gone |= said.any(F::AccountGone);
        self.account_disabled |= said.any(F::AccountDisabled);
        self.policy |= said.any(F::Policy);
        self.client |= said.any(F::Client);
        self.client_alone |= said.any(F::ClientAlone);
        self.request |= said.any(F::Request);
        self.request_alone |= said.any(F::RequestAlone);
        self.interaction |= said.any(F::Interaction);
        self.password |= said.any(F::Password) && said.any(F::PasswordChange);
        self.clock |= said.any(F::Clock);
        self.clock_alone |= said.any(F::ClockAlone);
        self.not_yours |= said.any(F::NotYours);
        self.edge |= said.any(F::Edge);
        self.fault |= said.any(F::Fault);
        self.server_part |= said.any(F::ServerPart);
        let early = said.any(F::Early) && !said.any(F::Advice);
        self.rate |= early;
        if !early
            && let Some(dead) = dead(text, said)
            && self.dead.is_none_or(|known| better(dead, known))
        {
            self.dead = Some(dead);
        }
    }
}

/// A plainer subject wins, then a reason over none.
fn better(new: Dead, known: Dead) -> bool {
    let told = |dead: Dead| dead.cause != Cause::RefreshTokenInvalid;
    match (told(new), told(known)) {
        (true, false) => true,
        (false, true) => false,
        _ => new.subject > known.subject,
    }
}

fn dead(text: &str, said: Said) -> Option<Dead> {
    let subject = subject(text, said)?;
    if subject == Subject::Session {
        return said.any(F::SessionOver).then_some(Dead {
            subject,
            cause: Cause::SessionEnded,
            over: true,
        });
    }
    let reasons = [
        (F::Reused, Cause::RefreshTokenReused),
        (F::Expired, Cause::RefreshTokenExpired),
        (F::Revoked, Cause::RefreshTokenRevoked),
    ];
    let mut told = reasons
        .iter()
        .filter(|(family, _)| said.any(*family))
        .map(|(_, cause)| *cause);
    let (cause, over) = match (told.next(), told.next()) {
        (Some(cause), None) => (cause, true),
        // Several reasons in one sentence are a list, not a reason.
        (Some(_), Some(_)) => (Cause::RefreshTokenInvalid, true),
        // "not supported", "missing": about the request. "missing or invalid" is about both.
        (None, _) => {
            let cause = Cause::RefreshTokenInvalid;
            (said.any(F::Invalid) && !said.any(F::Rule)).then_some((cause, false))?
        }
    };
    Some(Dead {
        subject,
        cause,
        over,
    })
}

fn subject(text: &str, said: Said) -> Option<Subject> {
    if said.any(F::RefreshToken) {
        return Some(Subject::RefreshToken);
    }
    if said.any(F::Session) {
        return Some(Subject::Session);
    }
    if said.any(F::Code) {
        return Some(Subject::Code);
    }
    // `offline_access` is also the name of a scope.
    if said.any(F::Grant) && !said.any(F::NoGrant) && !said.any(F::Scope) {
        return Some(Subject::Grant);
    }
    if !said.any(F::Token) {
        return None;
    }
    let mut before = "";
    let mut rest = text.split(' ').peekable();
    while let Some(word) = rest.next() {
        let other = matches!(
            before,
            "access"
                | "id"
                | "csrf"
                | "api"
                | "bearer"
                | "jwt"
                | "client"
                | "security"
                | "dpop"
                | "registration"
                | "subject"
                | "actor"
                | "app"
                | "proof"
                | "software"
                | "xsrf"
                | "of"
        );
        // "The token request is invalid" speaks of the request.
        let about = matches!(
            rest.peek().copied().unwrap_or_default(),
            "request"
                | "endpoint"
                | "type"
                | "server"
                | "exchange"
                | "url"
                | "uri"
                | "service"
                | "generation"
                | "response"
                | "parameter"
                | "issuer"
                | "hint"
        );
        if matches!(word, "token" | "tokens" | "rt") && !other && !about {
            return Some(Subject::Token);
        }
        before = word;
    }
    None
}

/// The text without what is said of the act of refreshing.
fn without_verb(mut text: String) -> String {
    for act in p::ACT {
        if text.contains(act) {
            text = text.replace(act, " act ");
        }
    }
    text
}

/// Takes the sentences of RFC 6749 §5.2 out (and their many variants).
fn without_boilerplate(text: String) -> String {
    for (first, last) in p::STANDARD.iter().zip(p::STANDARD_END) {
        if let Some(start) = text.find(first)
            && let Some(end) = text[start..].find(last)
        {
            return format!("{}{}", &text[..start], &text[start + end + last.len()..]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead_in(text: &str) -> Option<Cause> {
        of(&[], &[text.to_owned()]).dead.map(|d| d.cause)
    }

    #[test]
    fn one_reason_is_told_and_a_list_is_not() {
        use Cause::*;
        assert_eq!(
            dead_in("Refresh token has been revoked"),
            Some(RefreshTokenRevoked)
        );
        assert_eq!(
            dead_in("Errors.OIDCSession.RefreshTokenInvalid"),
            Some(RefreshTokenInvalid)
        );
        assert_eq!(
            dead_in("Invalid Refresh Token: Already Used"),
            Some(RefreshTokenReused)
        );
        assert_eq!(
            dead_in("Token has been expired or revoked."),
            Some(RefreshTokenInvalid)
        );
        assert_eq!(
            dead_in("Offline user session not found"),
            Some(SessionEnded)
        );
        assert_eq!(dead_in("Failed to refresh token. Please retry"), None);
        assert_eq!(dead_in("The access token expired"), None);
        assert_eq!(dead_in("refresh_token must be supplied"), None);
    }
}
