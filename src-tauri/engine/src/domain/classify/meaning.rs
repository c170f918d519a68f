//! What a provider's words mean, whatever code stands beside them.
//!
//! Reads sentence by sentence, so that "the client is disabled. Refresh token …" does not become a
//! statement about a refresh token. Standard sentences copied from RFC 6749 are taken out first:
//! they list every reason there is and so tell none.

use super::{super::cause::Cause, phrases as p};

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
    pub interaction: bool,
    pub password: bool,
    /// About issue and expiry times of an assertion or proof.
    pub clock: bool,
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
        let text = text.split("Trace ID").next().unwrap_or(text);
        for sentence in sentences(text) {
            meaning.add(&without_boilerplate(words(sentence)));
        }
    }
    meaning
}

impl Meaning {
    fn add(&mut self, text: &str) {
        if text.len() < 3 {
            return;
        }
        let text = &without_verb(text);
        let any = |family: &[&str]| family.iter().any(|phrase| text.contains(phrase));
        self.rate |= any(p::RATE);
        self.concurrent |= any(p::CONCURRENT);
        self.transient |= any(p::TRANSIENT) && !text.contains(" session");
        self.grant_type |= any(p::GRANT_TYPE);
        self.scope |= text.contains(" scope");
        self.account_gone |= any(p::ACCOUNT_GONE);
        self.account_disabled |= any(p::ACCOUNT_DISABLED);
        self.policy |= any(p::POLICY);
        self.client |= any(p::CLIENT);
        self.client_alone |= any(p::CLIENT_ALONE);
        self.request |= any(p::REQUEST);
        self.interaction |= any(p::INTERACTION);
        self.password |= text.contains(" password")
            && any(&[" chang", " reset", " expired", " update", " new password"]);
        self.clock |= any(&[
            " iat ",
            " nbf ",
            " clock",
            " timeframe",
            " in the future",
            " skew",
            " not yet valid",
            " date time must",
            " timestamp",
        ]);
        if let Some(dead) = dead(text)
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

fn dead(text: &str) -> Option<Dead> {
    let any = |family: &[&str]| family.iter().any(|phrase| text.contains(phrase));
    let subject = subject(text)?;
    if subject == Subject::Session {
        return any(p::SESSION_OVER).then_some(Dead {
            subject,
            cause: Cause::SessionEnded,
        });
    }
    let reasons = [
        (any(p::REUSED), Cause::RefreshTokenReused),
        (any(p::EXPIRED), Cause::RefreshTokenExpired),
        (any(p::REVOKED), Cause::RefreshTokenRevoked),
    ];
    let mut told = reasons
        .iter()
        .filter(|(said, _)| *said)
        .map(|(_, cause)| *cause);
    let cause = match (told.next(), told.next()) {
        (Some(cause), None) => cause,
        // Several reasons in one sentence are a list, not a reason.
        (Some(_), Some(_)) => Cause::RefreshTokenInvalid,
        (None, _) => {
            // "not supported", "missing": about the request. "missing or invalid" is about both.
            (any(p::INVALID) && !any(&[" not allowed", " not enabled", " unsupported", " must "]))
                .then_some(Cause::RefreshTokenInvalid)?
        }
    };
    Some(Dead { subject, cause })
}

fn subject(text: &str) -> Option<Subject> {
    if text.contains(" refresh token") || text.contains(" refreshtoken") {
        return Some(Subject::RefreshToken);
    }
    if text.contains(" session") {
        return Some(Subject::Session);
    }
    if [
        " authorization code",
        " verification code",
        " auth code",
        " invalid code",
        " code already",
        " code is ",
        " code has ",
        " code expired",
        " code was ",
        " code not ",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
    {
        return Some(Subject::Code);
    }
    if [" grant ", " grants ", " authorization ", " offline access"]
        .iter()
        .any(|phrase| text.contains(phrase))
        && ![
            " grant type",
            " authorization header",
            " authorization server",
        ]
        .iter()
        .any(|phrase| text.contains(phrase))
    {
        return Some(Subject::Grant);
    }
    let mut before = "";
    for word in text.split(' ') {
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
        if matches!(word, "token" | "tokens" | "rt") && !other {
            return Some(Subject::Token);
        }
        before = word;
    }
    None
}

/// Lower-case words with single spaces and a space at both ends; camel case is split, so that
/// `RefreshTokenInvalid`, `refresh_token_invalid` and "Refresh token invalid" read alike.
pub fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push(' ');
    let mut before = ' ';
    for c in text.chars() {
        if matches!(c, '\'' | '’' | '`') {
            continue;
        }
        if c.is_alphanumeric() {
            if c.is_uppercase() && before.is_lowercase() {
                out.push(' ');
            }
            out.extend(c.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
        before = c;
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// Ends at a full stop that is followed by space, so that names with dots stay whole.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r', ';']).flat_map(|line| {
        line.split_inclusive(". ")
            .flat_map(|part| part.split_inclusive("! "))
            .flat_map(|part| part.split_inclusive("? "))
    })
}

/// "failed to refresh token" speaks of the act, not of the thing.
fn without_verb(text: &str) -> String {
    const VERBS: &[&str] = &[
        " to refresh token",
        " to refresh the token",
        " to refresh access token",
        " to refresh the access token",
        " refreshing token",
        " refreshing the token",
        " refreshing access token",
        " cannot refresh token",
        " cannot refresh access token",
        " could not refresh token",
        " token refresh failed",
        " token refresh error",
    ];
    let mut text = text.to_owned();
    for verb in VERBS {
        if text.contains(verb) {
            text = text.replace(verb, " act ");
        }
    }
    text
}

/// Takes the sentences of RFC 6749 §5.2 out (and their many variants).
fn without_boilerplate(text: String) -> String {
    const STANDARD: &[(&str, &str)] = &[
        (" provided authorization grant ", " to another client"),
        (
            " authorization grant token or credentials ",
            " to another client",
        ),
        (" provided access grant ", " revoked"),
        (
            " request is missing a required parameter ",
            " otherwise malformed",
        ),
    ];
    for (first, last) in STANDARD {
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
