//! Providers as they are: they rotate, detect reuse, end sessions, and fail before and after.
//!
//! What is true about a grant stands here and nowhere else; the judge asks this, never the engine.

use std::{collections::VecDeque, time::Duration};

use base64::Engine as _;
use tokentray::domain::account::AccountId;

use super::{
    judge::OfAccount,
    kinds::Fault,
    world::{State, begin},
};

mod corpus;
mod serving;

use corpus::corpus;
pub use serving::Endpoint;

/// One provider and its habits.
#[derive(Debug)]
pub struct Provider {
    pub host: String,
    pub rotates: bool,
    /// So long a rotated refresh token still answers with its successor.
    pub grace: Option<Duration>,
    /// A spent refresh token ends its whole family.
    pub revokes_reuse: bool,
    pub outage: Option<(Fault, Duration)>,
    /// Answers 5xx in a row, to anybody.
    pub failures: u32,
    /// Requests that reached it in the last minute.
    pub sends: VecDeque<Duration>,
    /// When it last was not as it should be.
    pub bad_at: Duration,
}

/// How a provider says how long its access tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Seconds,
    Text,
    Jwt,
    Absent,
    Zero,
    Negative,
}

/// What is true about one account.
#[derive(Debug)]
pub struct TruthOfAccount {
    pub id: AccountId,
    pub name: String,
    pub client: String,
    pub secret: Option<String>,
    pub provider: usize,
    pub style: Style,
    pub lifetime: Duration,
    pub session: Option<Duration>,
    pub states_session: bool,
    pub gives_refresh: bool,
    /// Refreshed only when a tool asks.
    pub when_used: bool,
    pub families: Vec<Family>,
    pub issues: Vec<Issue>,
    /// What happens to the next refresh.
    pub next: Option<Fault>,
    pub setup_refused_until: Duration,
    /// The provider fails at this one; others are served.
    pub errors_until: Duration,
    pub sends: VecDeque<Duration>,
    pub removed: bool,
    pub paused: bool,
    pub judged: OfAccount,
}

/// What one sign-in began.
#[derive(Debug)]
pub struct Family {
    pub token_url: String,
    pub client: String,
    pub secret: Option<String>,
    pub ends: Option<Duration>,
    pub dead: Option<Dead>,
    pub current: u32,
    pub rotated_at: Duration,
    pub tokens: Vec<TruthOfToken>,
    /// Processes whose requests are out.
    pub in_flight: Vec<u64>,
    pub wrong_person: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Dead {
    /// Which refusal it answers with.
    pub reply: usize,
    /// That refusal is one whose meaning is not clear.
    pub unclear: bool,
}

/// One refresh token.
#[derive(Debug, Default)]
pub struct TruthOfToken {
    /// A process received a complete success for it: which, and what was issued.
    pub spent: Option<(u64, usize)>,
    /// When it was first refused for good, as a process heard it.
    pub refused_at: Option<Duration>,
    pub refusals: u32,
    /// It was served, and the answer was lost on its way to a process that lives on.
    pub unanswered: bool,
    /// The first issue that it came with.
    pub first: Option<usize>,
}

/// One success of the provider: an access token, perhaps with a refresh token.
#[derive(Debug)]
pub struct Issue {
    pub family: usize,
    /// Number of the refresh token that came with it.
    pub number: u32,
    pub at: Duration,
    pub ends: Duration,
    /// The reply said when it ends.
    pub stated: bool,
    /// Which process received it, and when.
    pub received: Option<(u64, Duration)>,
    /// It is on the disk or in the vault.
    pub safe: bool,
    /// What had stored it lost it: a store that lied, another program, a broken disk.
    pub lost: bool,
    /// The whole answer arrived. A damaged one may yet be understood.
    pub voided: bool,
}

/// A code for another device (RFC 8628).
#[derive(Debug)]
pub struct DeviceCode {
    pub account: usize,
    pub code: String,
    pub state: CodeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    Pending,
    Approved,
    /// Somebody else signed in.
    ApprovedByAnother,
    Redeemed,
}

impl TruthOfAccount {
    /// Whether the provider would answer this refresh token with tokens.
    pub fn would_answer(
        &self,
        family: usize,
        number: u32,
        provider: &Provider,
        now: Duration,
    ) -> bool {
        let family = &self.families[family];
        family.dead.is_none()
            && family.ends.is_none_or(|end| end > now)
            && (number == family.current
                || number + 1 == family.current
                    && provider
                        .grace
                        .is_some_and(|grace| now <= family.rotated_at + grace))
    }

    /// The order of issue of what a grant's tokens say: its refresh token where it has one.
    pub fn order_of(&self, access: &str, refresh: Option<&str>) -> Option<(usize, usize)> {
        let (account, by_access) = parse_access(access)?;
        let mut order = by_access;
        if let Some((other, family, number)) = refresh.and_then(parse_refresh) {
            if other != account {
                return None;
            }
            let first = self
                .families
                .get(family)?
                .tokens
                .get(number as usize)?
                .first?;
            order = order.max(first);
        }
        Some((account, order))
    }
}

/// `at-ACCOUNT-ORDER`, perhaps as the last part of a JWT.
pub fn parse_access(text: &str) -> Option<(usize, usize)> {
    let last = text.rsplit('.').next()?;
    let (account, order) = last.strip_prefix("at-")?.split_once('-')?;
    Some((account.parse().ok()?, order.parse().ok()?))
}

/// `rt-ACCOUNT-FAMILY-NUMBER`.
pub fn parse_refresh(text: &str) -> Option<(usize, usize, u32)> {
    let mut parts = text.strip_prefix("rt-")?.split('-');
    let account = parts.next()?.parse().ok()?;
    let family = parts.next()?.parse().ok()?;
    let number = parts.next()?.parse().ok()?;
    Some((account, family, number))
}

pub fn refresh_text(account: usize, family: usize, number: u32) -> String {
    format!("rt-{account}-{family}-{number}")
}

impl State {
    /// A person signed in: a new family, whose first tokens are not issued yet.
    pub fn begin_family(&mut self, account: usize, wrong_person: bool) -> usize {
        let now = self.now();
        let host = self.providers[self.accounts[account].provider].host.clone();
        let truth = &mut self.accounts[account];
        truth.families.push(Family {
            token_url: format!("https://{host}/token"),
            client: truth.client.clone(),
            secret: truth.secret.clone(),
            ends: truth.session.map(|length| now + length),
            dead: None,
            current: 0,
            rotated_at: now,
            tokens: vec![TruthOfToken::default()],
            in_flight: Vec::new(),
            wrong_person,
        });
        truth.families.len() - 1
    }

    /// Issues tokens of a family; returns their order.
    pub fn issue(&mut self, account: usize, family: usize) -> usize {
        let now = self.now();
        let truth = &mut self.accounts[account];
        let (order, number) = (truth.issues.len(), truth.families[family].current);
        let token = &mut truth.families[family].tokens[number as usize];
        token.first.get_or_insert(order);
        truth.issues.push(Issue {
            family,
            number,
            at: now,
            ends: now + truth.lifetime,
            stated: matches!(truth.style, Style::Seconds | Style::Text | Style::Jwt),
            received: None,
            safe: false,
            lost: false,
            voided: false,
        });
        order
    }

    pub fn access_text(&self, account: usize, order: usize) -> String {
        let truth = &self.accounts[account];
        let plain = format!("at-{account}-{order}");
        if truth.style != Style::Jwt {
            return plain;
        }
        let issued = begin().timestamp()
            + i64::try_from(truth.issues[order].at.as_secs()).unwrap_or_default();
        let ends = issued + i64::try_from(truth.lifetime.as_secs()).unwrap_or_default();
        let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = part(r#"{"alg":"ES256"}"#.into());
        let claims = part(format!(r#"{{"iat":{issued},"exp":{ends}}}"#));
        format!("{header}.{claims}.{plain}")
    }

    fn success_body(&self, account: usize, order: usize, signed_in: bool) -> String {
        let truth = &self.accounts[account];
        let issue = &truth.issues[order];
        let family = &truth.families[issue.family];
        let mut body = format!(
            r#"{{"access_token":"{}","token_type":"Bearer""#,
            self.access_text(account, order)
        );
        let life = truth.lifetime.as_secs();
        match truth.style {
            Style::Seconds => body += &format!(r#","expires_in":{life}"#),
            Style::Text => body += &format!(r#","expires_in":"{life}""#),
            Style::Zero => body += r#","expires_in":0"#,
            Style::Negative => body += r#","expires_in":-1"#,
            Style::Absent | Style::Jwt => {}
        }
        let rotates = self.providers[truth.provider].rotates;
        if truth.gives_refresh && (signed_in || rotates) {
            let text = refresh_text(account, issue.family, issue.number);
            body += &format!(r#","refresh_token":"{text}""#);
        } else if !signed_in && order.is_multiple_of(3) {
            // Some send an empty one where they mean none.
            body += r#","refresh_token":"""#;
        }
        if let Some(end) = family.ends.filter(|_| truth.states_session) {
            let left = end.saturating_sub(self.now()).as_secs();
            body += &format!(r#","refresh_token_expires_in":{left}"#);
        }
        if signed_in {
            body += &format!(
                r#","id_token":"{}""#,
                self.id_token(account, family.wrong_person)
            );
        }
        body + "}"
    }

    /// Who signed in.
    pub fn id_token(&self, account: usize, wrong_person: bool) -> String {
        let truth = &self.accounts[account];
        let host = &self.providers[truth.provider].host;
        let who = if wrong_person { "somebody-else" } else { "me" };
        let now = self.true_wall().timestamp();
        let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let claims = format!(
            r#"{{"iss":"https://{host}","sub":"{who}-{account}","aud":"{}","iat":{now},"exp":{}}}"#,
            truth.client,
            now + 3600
        );
        format!("{}.{}.x", part(r#"{"alg":"ES256"}"#.into()), part(claims))
    }

    /// The provider ends a family.
    pub fn kill_family(&mut self, account: usize, family: usize) {
        let corpus = corpus();
        let unclear = self.chance.one_in(6) && !corpus.unclear.is_empty();
        let reply = if unclear {
            self.chance.index(corpus.unclear.len())
        } else {
            self.chance.index(corpus.definitive.len())
        };
        let family = &mut self.accounts[account].families[family];
        if family.dead.is_none() {
            family.dead = Some(Dead { reply, unclear });
        }
    }
}
