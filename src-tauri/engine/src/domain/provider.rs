//! The provider table: endpoints, defaults and documented oddities, as data.
//!
//! Not every fact of a row has been compared with the page that its `docs` names yet: what was not
//! certain is `None` or `Unknown`, the rest is to be checked row by row, source links first.

mod identity;
mod large;
mod leisure;
mod work;

use std::{sync::LazyLock, time::Duration};

use super::{account::ClientAuth, cause::Cause};

/// Whether a refresh replaces the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The old one stays valid.
    Never,
    /// A new one may come; the old one may keep working.
    Sometimes,
    /// Every refresh token can be used once, apart from a reuse grace.
    SingleUse {
        grace: Option<Duration>,
    },
    Unknown,
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
    pub device_url: Option<&'static str>,
    pub revocation_url: Option<&'static str>,
    /// Hosts of its token endpoint, to find the row without a preset. `*.` at the front matches
    /// any subdomain.
    pub hosts: &'static [&'static str],
    pub scopes: &'static [&'static str],
    /// Extra parameters of the authorization request (Google: `access_type=offline`).
    pub auth_params: &'static [(&'static str, &'static str)],
    pub client_auth: Option<ClientAuth>,
    pub rotation: Rotation,
    /// The refresh token ends when unused for so long.
    pub refresh_idle: Option<Duration>,
    /// The refresh token ends so long after sign-in, whatever happens.
    pub refresh_absolute: Option<Duration>,
    /// A refresh voids the former access token.
    pub voids_access_token: Option<bool>,
    /// Whether `scope` must be sent with a refresh.
    pub scope_on_refresh: bool,
    pub device_flow: Option<bool>,
    /// Redirect that it wants: host and port rules in words, with the port where it is exact.
    pub loopback: &'static str,
    /// What a person must register, and where, in a sentence.
    pub register: &'static str,
    pub docs: &'static str,
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
    device_url: None,
    revocation_url: None,
    hosts: &[],
    scopes: &[],
    auth_params: &[],
    client_auth: None,
    rotation: Rotation::Unknown,
    refresh_idle: None,
    refresh_absolute: None,
    voids_access_token: None,
    scope_on_refresh: false,
    device_flow: None,
    loopback: "",
    register: "",
    docs: "",
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
    table().iter().find(|p| {
        p.hosts
            .iter()
            .any(|pattern| match pattern.strip_prefix("*.") {
                Some(parent) => host
                    .to_ascii_lowercase()
                    .strip_suffix(parent)
                    .is_some_and(|h| h.ends_with('.')),
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
                .chain(row.reasons.iter().map(|r| r.source));
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
