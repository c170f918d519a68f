//! The provider table: endpoints, defaults and documented oddities, as data.
//!
//! A fact stands in a row because it was found: on the page that `docs` names, or on the one that
//! `sources` gives for it. What was not found is `None`, `Unknown` or empty. Pages change, and where
//! a provider is silent the page is a report of those who met the behaviour, as its address shows.

mod facts;
mod identity;
mod large;
mod leisure;
mod work;

use std::{sync::LazyLock, time::Duration};

use super::{account::ClientAuth, cause::Cause};

pub use facts::{Fact, FactName, Telling, facts};

/// Whether a refresh replaces the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The old one stays valid.
    Never,
    /// A new one may come; the old one may keep working.
    Sometimes,
    /// Every refresh token can be used once, apart from a reuse grace: zero where the provider says
    /// that there is none, `None` where nothing was found.
    SingleUse { grace: Option<Duration> },
    /// Nothing was found.
    Unknown,
}

/// When a refresh token ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshEnd {
    /// Nothing was found.
    Unknown,
    /// The provider says that there is no such end.
    Never,
    After(Duration),
    /// Whoever runs the server sets it; this is what it is if they did not.
    Configured {
        default: Option<Duration>,
    },
}

impl RefreshEnd {
    /// The length to plan by: only what holds for every account at this provider.
    pub const fn limit(self) -> Option<Duration> {
        match self {
            Self::After(length) => Some(length),
            Self::Unknown | Self::Never | Self::Configured { .. } => None,
        }
    }
}

/// How a provider's token endpoint wants to be asked, where it is not as RFC 6749 says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestStyle {
    /// The body is a JSON object instead of a form.
    pub json: bool,
    /// Headers that it wants besides.
    pub headers: &'static [(&'static str, &'static str)],
}

/// A documented oddity: a reply of this form means this cause.
#[derive(Clone, Copy, Debug)]
pub struct ReplyRule {
    /// None matches every status.
    pub status: Option<u16>,
    /// The reply's `error` code (or its like), compared without case.
    pub code: Option<&'static str>,
    /// A part of the reply's text, compared without case.
    pub text: Option<&'static str>,
    pub cause: Cause,
    /// Where this is documented or was seen.
    pub source: &'static str,
}

/// A reason that is known of this provider, for the sentence that tells why.
#[derive(Clone, Copy, Debug)]
pub struct KnownReason {
    pub causes: &'static [Cause],
    /// A part of the provider's code or text, in lower case; none fits all.
    pub text: Option<&'static str>,
    pub why: &'static str,
    /// What would avoid it next time.
    pub advice: Option<&'static str>,
    /// Where this is documented.
    pub source: &'static str,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// Name in `--provider` and in `config.toml`.
    pub key: &'static str,
    /// Name as its owner writes it.
    pub name: &'static str,
    pub issuer: Option<&'static str>,
    pub auth_url: Option<&'static str>,
    pub token_url: Option<&'static str>,
    /// Where refreshes go, if not to `token_url` (Figma).
    pub refresh_url: Option<&'static str>,
    pub device_url: Option<&'static str>,
    pub revocation_url: Option<&'static str>,
    /// Hosts of its token endpoint, to find the row without a preset. `*.` at the front matches
    /// any subdomain.
    pub hosts: &'static [&'static str],
    pub scopes: &'static [&'static str],
    /// What stands between two scopes; RFC 6749 §3.3 says a space.
    pub scope_separator: &'static str,
    pub request_style: RequestStyle,
    /// Why no account can be added for it, where its sign-in is no OAuth that is spoken here.
    pub not_offered: Option<&'static str>,
    /// Extra parameters of the authorization request (Google: `access_type=offline`).
    pub auth_params: &'static [(&'static str, &'static str)],
    pub client_auth: Option<ClientAuth>,
    pub rotation: Rotation,
    /// The refresh token ends when unused for so long.
    pub refresh_idle: RefreshEnd,
    /// The refresh token ends so long after sign-in, whatever happens.
    pub refresh_absolute: RefreshEnd,
    /// A refresh voids the former access token.
    pub voids_access_token: Option<bool>,
    /// Whether `scope` must be sent with a refresh.
    pub scope_on_refresh: bool,
    pub device_flow: Option<bool>,
    /// Redirect that it wants: host and port rules in words, or that loopback is refused; empty
    /// where nothing was found.
    pub loopback: &'static str,
    /// What a person must register, and where, in a sentence.
    pub register: &'static str,
    pub docs: &'static str,
    /// Where facts stand that `docs` does not tell itself.
    pub sources: &'static [(FactName, &'static str)],
    /// How many refusals in a row are needed before this provider's word that a grant is dead is
    /// believed, for providers that are known to refuse falsely; `None` is the usual number.
    pub confirmations: Option<u32>,
    pub rules: &'static [ReplyRule],
    pub reasons: &'static [KnownReason],
}

/// A row in which nothing is known: the rows say only what was looked up.
const UNKNOWN: Provider = Provider {
    key: "",
    name: "",
    issuer: None,
    auth_url: None,
    token_url: None,
    refresh_url: None,
    device_url: None,
    revocation_url: None,
    hosts: &[],
    scopes: &[],
    scope_separator: " ",
    request_style: RequestStyle {
        json: false,
        headers: &[],
    },
    not_offered: None,
    auth_params: &[],
    client_auth: None,
    rotation: Rotation::Unknown,
    refresh_idle: RefreshEnd::Unknown,
    refresh_absolute: RefreshEnd::Unknown,
    voids_access_token: None,
    scope_on_refresh: false,
    device_flow: None,
    loopback: "",
    register: "",
    docs: "",
    sources: &[],
    confirmations: None,
    rules: &[],
    reasons: &[],
};

const fn days(n: u64) -> Duration {
    Duration::from_hours(24 * n)
}

/// The row with this key; any case, and also a longer name that begins with it (`intuit-quickbooks`,
/// `microsoft-personal` has a row of its own).
pub fn by_key(key: &str) -> Option<&'static Provider> {
    let key = key.trim().to_ascii_lowercase();
    let row = |key: &str| table().iter().find(|p| p.key == key);
    row(&key).or_else(|| {
        let (head, _) = key.split_once('-')?;
        row(head)
    })
}

/// The row whose token endpoint lives at this host.
pub fn by_host(host: &str) -> Option<&'static Provider> {
    let lower = host.to_ascii_lowercase();
    table().iter().find(|p| {
        p.hosts
            .iter()
            .any(|pattern| match pattern.strip_prefix("*.") {
                Some(parent) => lower.strip_suffix(parent).is_some_and(|h| h.ends_with('.')),
                None => host.eq_ignore_ascii_case(pattern),
            })
    })
}

/// All rows, in the order of the provider picker.
pub fn table() -> &'static [Provider] {
    static TABLE: LazyLock<Vec<Provider>> =
        LazyLock::new(|| [large::ROWS, work::ROWS, identity::ROWS, leisure::ROWS].concat());
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_fact_of_a_row_names_its_page_and_no_page_stands_for_nothing() {
        for row in table() {
            let told = facts(row);
            for fact in &told {
                let known = fact.words != "Unknown.";
                assert_eq!(known, fact.source.is_some(), "{} {fact:?}", row.key);
                assert!(fact.words.ends_with('.'), "{} {fact:?}", row.key);
            }
            for (name, link) in row.sources {
                let fact = told.iter().find(|fact| fact.name == *name);
                let source = fact.and_then(|fact| fact.source);
                assert_eq!(source, Some(*link), "{} {name:?}", row.key);
                assert_ne!(*link, row.docs, "{} {name:?} is in docs anyway", row.key);
            }
            assert!(row.confirmations.is_none_or(|times| times > 1));
        }
    }

    #[test]
    fn a_row_tells_its_facts_in_words_and_what_is_unknown() {
        let row = Provider {
            token_url: Some("https://id.example/token"),
            rotation: Rotation::SingleUse {
                grace: Some(Duration::from_secs(30)),
            },
            refresh_idle: RefreshEnd::After(days(60)),
            refresh_absolute: RefreshEnd::Configured { default: None },
            voids_access_token: Some(false),
            confirmations: Some(3),
            docs: "https://id.example/docs",
            sources: &[(FactName::RefreshIdle, "https://id.example/idle")],
            ..UNKNOWN
        };
        let told: Vec<String> = facts(&row)
            .iter()
            .map(|f| {
                let source = f.source.map(|link| format!(" {link}")).unwrap_or_default();
                format!("{}: {}{source}", f.name.code(), f.words)
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        endpoints: https://id.example/token. https://id.example/docs
        scopes: None are asked for by default. https://id.example/docs
        rotation: Every refresh token works once and brings a new one. https://id.example/docs
        reuse_grace: A used refresh token works for 30 s more. https://id.example/docs
        refresh_idle: The refresh token ends when unused for 60 days. https://id.example/idle
        refresh_absolute: The server's administrator sets it. https://id.example/docs
        voids_access_token: The former access token works until its own end. https://id.example/docs
        device_flow: Unknown.
        loopback: Unknown.
        register: Unknown.
        confirmations: Known to refuse falsely: believed after 3 refusals. https://id.example/docs
        ");
    }

    #[test]
    fn every_row_is_found_links_to_its_source_and_speaks_https() {
        let rows = table();
        assert!(rows.len() >= 36, "{}", rows.len());
        for row in rows {
            assert_eq!(by_key(row.key).map(|r| r.name), Some(row.name));
            assert!(row.docs.starts_with("https://"), "{}", row.key);
            assert!(!row.register.is_empty(), "{}", row.key);
            let urls = [
                row.issuer,
                row.auth_url,
                row.token_url,
                row.refresh_url,
                row.device_url,
                row.revocation_url,
            ];
            assert!(
                urls.iter().flatten().all(|url| url.starts_with("https://")),
                "{}",
                row.key
            );
            let sources = row
                .rules
                .iter()
                .map(|r| r.source)
                .chain(row.reasons.iter().map(|r| r.source))
                .chain(row.sources.iter().map(|(_, link)| *link));
            assert!(
                sources.into_iter().all(|s| s.starts_with("https://")),
                "{}",
                row.key
            );
            if let (Some(url), false) = (row.token_url, row.hosts.is_empty()) {
                let host = url.split('/').nth(2).unwrap_or_default();
                assert_eq!(by_host(host).map(|r| r.key), Some(row.key));
            }
        }
        assert_eq!(by_key("intuit-quickbooks").map(|r| r.key), Some("intuit"));
        assert_eq!(by_host("acme.okta.com").map(|r| r.key), Some("okta"));
        assert!(by_host("okta.com.evil.example").is_none());
    }
}
