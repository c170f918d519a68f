//! What an account and a setting may say. Each finding names the key and what to do.

use url::{Host, Url};

use crate::domain::{account::Account, policy::MARGINS};

use super::Settings;

/// One thing that is wrong, before it has a place in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Wrong {
    /// As in the file, such as `token_url`; of an account or at the top.
    pub key: &'static str,
    pub message: String,
}

impl Wrong {
    fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self {
            key,
            message: message.into(),
        }
    }
}

/// Longer names do not fit into a tray menu or a notification.
const NAME_CAP: usize = 64;

/// Whether everything in this account could work; the first thing that could not.
pub fn check_account(account: &Account) -> Result<(), Wrong> {
    check_name(&account.name)?;
    let id = &account.id.0;
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        let message = "an id has 32 hexadecimal digits; remove the line to get a new one";
        return Err(Wrong::new("id", message));
    }
    if account.client_id.trim().is_empty() {
        let message = "must not be empty: the provider gave it when you registered the app";
        return Err(Wrong::new("client_id", message));
    }
    for (key, url) in [
        ("issuer", &account.issuer),
        ("auth_url", &account.auth_url),
        ("token_url", &account.token_url),
        ("device_url", &account.device_url),
        ("revocation_url", &account.revocation_url),
    ] {
        if let Some(url) = url {
            check_endpoint(url).map_err(|message| Wrong::new(key, message))?;
        }
    }
    if let Some(scope) = account
        .scopes
        .iter()
        .find(|scope| scope.is_empty() || scope.contains(char::is_whitespace))
    {
        let message = format!("`{scope}` is not one scope: write each as a text of its own");
        return Err(Wrong::new("scopes", message));
    }
    check_command("browser", account.browser.as_deref())?;
    check_redirect(account)
}

fn check_command(key: &'static str, command: Option<&[String]>) -> Result<(), Wrong> {
    if command.is_some_and(|c| c.first().is_none_or(String::is_empty)) {
        let message = "must begin with a program, such as [\"program\", \"argument\"]";
        return Err(Wrong::new(key, message));
    }
    Ok(())
}

/// A name is a text of 1 to 64 characters that can be typed and shown.
fn check_name(name: &str) -> Result<(), Wrong> {
    let message = if name.trim().is_empty() {
        "an account needs a name"
    } else if name.trim() != name {
        "a name must not begin or end with a space"
    } else if name.chars().any(char::is_control) {
        "a name must not hold control characters"
    } else if name.chars().count() > NAME_CAP {
        "a name has at most 64 characters"
    } else {
        return Ok(());
    };
    Err(Wrong::new("name", message))
}

/// Only https, or http on this machine: anything else would send tokens in the clear.
fn check_endpoint(url: &str) -> Result<(), String> {
    let parsed = Url::parse(url)
        .map_err(|_| "not a URL: write it in full, such as https://example.com/token".to_owned())?;
    let loopback = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match parsed.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err("plain http is only for this machine (127.0.0.1): use https".into());
        }
        _ => return Err("must begin with https://".into()),
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("must not hold a user name or password".into());
    }
    if parsed.fragment().is_some() {
        return Err("must not hold a #fragment".into());
    }
    Ok(())
}

fn check_redirect(account: &Account) -> Result<(), Wrong> {
    let redirect = &account.redirect;
    let wrong = |message: &str| Err(Wrong::new("redirect", message));
    if !matches!(redirect.host.as_str(), "127.0.0.1" | "localhost") {
        return wrong("host must be 127.0.0.1 or localhost (RFC 8252)");
    }
    if redirect.ports.contains(&0) {
        return wrong("0 is no port: leave ports empty for any free one");
    }
    if !redirect.path.starts_with('/') || redirect.path.contains(['?', '#', ' ']) {
        return wrong("path must begin with / and hold no ?, # or space");
    }
    Ok(())
}

/// Whether every setting could work; the first that could not.
pub(super) fn check_settings(settings: &Settings) -> Result<(), Wrong> {
    let one_of = |key: &'static str, value: &str, known: &[&str]| {
        if known.contains(&value) {
            Ok(())
        } else {
            let message = format!("`{value}` is none of {}", known.join(", "));
            Err(Wrong::new(key, message))
        }
    };
    one_of(
        "log_level",
        &settings.log_level,
        &["error", "warn", "info", "debug", "trace"],
    )?;
    one_of("theme", &settings.theme, &["system", "light", "dark"])?;
    one_of("language", &settings.language, &["system", "en", "de"])?;
    if settings.history_days == 0 {
        return Err(Wrong::new("history_days", "keep at least 1 day"));
    }
    check_command("notify_command", settings.notify_command.as_deref())?;
    check_command("browser", settings.browser.as_deref())?;
    let (least, most) = (MARGINS.0.as_secs(), MARGINS.1.as_secs());
    if let Some(ahead) = settings.refresh_ahead_s
        && !(least..=most).contains(&ahead)
    {
        let message = format!("from {least} (2 min) to {most} (1 h); absent: a fifth of a life");
        return Err(Wrong::new("refresh_ahead_s", message));
    }
    if let Some(proxy) = &settings.proxy {
        let known = Url::parse(proxy).is_ok_and(|url| {
            url.host().is_some() && matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
        });
        if !known {
            let message = "must be a URL with http, https, socks5 or socks5h";
            return Err(Wrong::new("proxy", message));
        }
    }
    Ok(())
}

/// The known key that is meant by an unknown one: at most a third of it mistyped.
pub(super) fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = key.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| (distance(&plain, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two texts (Levenshtein), row by row.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
