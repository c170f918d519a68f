//! What the window may ask the engine.
//!
//! A list of what it needs, not of what it must not: a page that was taken over can do no more
//! than a person could with the mouse. Surprising: tokens, imports and shares are not on it, and
//! of the settings only those that cannot start a program.

use http::Method;
use serde_json::Value;
use tokentray::api::problem::{Code, Problem};

/// `*` stands for one segment: a name or an id.
const ALLOWED: &[(&str, &str)] = &[
    ("GET", "status"),
    ("GET", "timeline"),
    ("GET", "history"),
    ("GET", "stats"),
    ("GET", "providers"),
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

/// Settings that the window may change; `browser` and `notify_command` name programs.
const SETTINGS: &[&str] = &[
    "theme",
    "language",
    "notify_ahead_s",
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
        assert!(!set(json!({ "theme": "dark", "browser": ["sh"] })));
        assert!(!set(json!({ "notify_command": ["sh"] })));
        assert!(!set(json!(null)));
    }
}
