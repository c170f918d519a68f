//! What the window may ask the engine.
//!
//! A list of what it needs, not of what it must not: a page that was taken over can do no more
//! than a person could with the mouse. Surprising: tokens, imports and shares are not on it, and
//! of what starts a program only the browsers that the engine found on this computer.

use http::Method;
use serde_json::Value;
use tokentray::api::{
    problem::{Code, Problem},
    types::BrowserRow,
};

/// `*` stands for one segment: a name or an id.
const ALLOWED: &[(&str, &str)] = &[
    ("GET", "status"),
    ("GET", "timeline"),
    ("GET", "history"),
    ("GET", "stats"),
    ("GET", "providers"),
    ("GET", "browsers"),
    ("GET", "doctor"),
    ("GET", "settings"),
    ("PATCH", "settings"),
    ("POST", "discover"),
    ("POST", "accounts"),
    ("GET", "accounts/*"),
    ("PATCH", "accounts/*"),
    ("DELETE", "accounts/*"),
    ("POST", "accounts/*/restore"),
    ("POST", "accounts/*/sign-out"),
    ("POST", "accounts/*/refresh"),
    ("POST", "accounts/*/pause"),
    ("POST", "accounts/*/resume"),
    ("POST", "accounts/*/sign-in"),
    ("POST", "pause"),
    ("POST", "resume"),
    ("GET", "sign-ins/*"),
    ("DELETE", "sign-ins/*"),
    ("POST", "incidents/*/later"),
    ("POST", "vault/unlock"),
    ("POST", "vault/move"),
    ("POST", "practice"),
];

/// Settings that the window may change; `notify_command` names a program, and so does `browser`,
/// for which see [`named_browser`].
const SETTINGS: &[&str] = &[
    "theme",
    "language",
    "browser",
    "notifications",
    "notify_ahead_s",
    "refresh_ahead_s",
    "history_days",
    "log_level",
    "ca_file",
    "proxy",
];

/// The method, if the window may send this. `UNAUTHORIZED` otherwise.
pub fn check(method: &str, path: &str, body: Option<&Value>) -> Result<Method, Problem> {
    let refused = || {
        Problem::new(
            Code::Unauthorized,
            format!("the window does not ask for {method} {path}"),
        )
    };
    let asked = path.split('?').next().unwrap_or_default();
    let asked = asked.strip_prefix("/v1/").ok_or_else(refused)?;
    if !ALLOWED
        .iter()
        .any(|(allowed, pattern)| *allowed == method && fits(pattern, asked))
    {
        return Err(refused());
    }
    if (method, asked) == ("PATCH", "settings")
        && !body
            .and_then(Value::as_object)
            .is_some_and(|patch| patch.keys().all(|key| SETTINGS.contains(&key.as_str())))
    {
        return Err(refused());
    }
    Method::from_bytes(method.as_bytes()).map_err(|_| refused())
}

/// The command in a body that would open a browser: it must be one of those that were found.
pub fn named_browser(body: Option<&Value>) -> Option<&Value> {
    body?
        .get("browser")
        .filter(|command| !command.is_null() && command.as_array().is_none_or(|c| !c.is_empty()))
}

/// Whether a command is one of those that the engine found.
pub fn is_found(command: &Value, browsers: &[BrowserRow]) -> bool {
    serde_json::from_value::<Vec<String>>(command.clone())
        .is_ok_and(|command| browsers.iter().any(|found| found.command == command))
}

fn fits(pattern: &str, asked: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut given = asked.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn allowed(method: &str, path: &str) -> bool {
        check(method, path, None).is_ok()
    }

    #[test]
    fn the_window_gets_what_it_shows() {
        assert!(allowed("GET", "/v1/status"));
        assert!(allowed("GET", "/v1/history?account=Okta&limit=50"));
        assert!(allowed("POST", "/v1/accounts/GitLab%20(work)/refresh"));
        assert!(allowed("DELETE", "/v1/accounts/Okta?revoke=true"));
    }

    #[test]
    fn no_token_ever_reaches_the_page() {
        for path in [
            "/v1/accounts/Okta/token",
            "/v1/accounts/Okta/token?kind=id",
            "/v1/accounts/Okta/%74oken",
            "/v1/accounts/Okta/token/rejected",
            "/v1/accounts/Okta/refresh/../token",
            "/v1/accounts/Okta/import",
            "/v1/events",
            "/v1//accounts/Okta/token",
        ] {
            assert!(!allowed("GET", path), "{path}");
            assert!(!allowed("POST", path), "{path}");
        }
    }

    #[test]
    fn a_page_cannot_set_a_program_to_run() {
        let set = |body| check("PATCH", "/v1/settings", Some(&body)).is_ok();
        assert!(set(json!({ "theme": "dark" })));
        assert!(!set(json!({ "notify_command": ["sh"] })));
        assert!(!set(json!(null)));

        let firefox = ["firefox", "-P", "work"].map(str::to_owned);
        let found = [BrowserRow {
            name: "Firefox".into(),
            profile: Some("work".into()),
            command: firefox.into(),
        }];
        let named = |body: Value| named_browser(Some(&body)).cloned();
        for none in [
            json!({}),
            json!({ "browser": null }),
            json!({ "browser": [] }),
        ] {
            assert_eq!(named(none), None);
        }
        for command in [
            json!(["sh"]),
            json!(["firefox"]),
            json!("firefox"),
            json!({}),
        ] {
            let named = named(json!({ "browser": command })).unwrap();
            assert!(!is_found(&named, &found), "{named}");
        }
        assert!(is_found(&json!(["firefox", "-P", "work"]), &found));
    }
}
