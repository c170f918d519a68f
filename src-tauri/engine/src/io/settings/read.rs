//! From the file's text to a [`Config`], with line and column of what is wrong.
//!
//! Keys are looked at before values, so that a mistyped key is told as such. Messages never quote
//! the file's lines: a person may have put a secret there.

use std::{collections::HashMap, ops::Range};

use serde::Deserialize;
use toml_edit::{Document, Item, TableLike, de};

use crate::domain::{account::Account, secret::without_values};

use super::{Config, Settings, SettingsError, check};

/// Format of the file that this program writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

pub(super) const SETTINGS_KEYS: &[&str] = &[
    "notifications",
    "notify_ahead_s",
    "notify_command",
    "refresh_ahead_s",
    "history_days",
    "log_level",
    "theme",
    "language",
    "ca_file",
    "proxy",
    "browser",
];

const ACCOUNT_KEYS: &[&str] = &[
    "id",
    "provider",
    "issuer",
    "auth_url",
    "token_url",
    "device_url",
    "revocation_url",
    "client_id",
    "client_auth",
    "scopes",
    "redirect",
    "flow",
    "refresh",
    "login_hint",
    "auth_params",
    "browser",
    "paused",
];

const REDIRECT_KEYS: &[&str] = &["host", "ports", "path"];

/// Keys under which people write secrets.
const SECRET_KEYS: &[&str] = &[
    "client_secret",
    "secret",
    "password",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
];

/// What stands in a file.
pub(super) enum Content {
    Whole(Config),
    /// These accounts have no id yet; the rest was not looked at.
    WithoutId(Vec<String>),
}

struct Fault {
    at: Option<Range<usize>>,
    message: String,
}

impl Fault {
    fn new(at: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

pub(super) fn read(text: &str, name: &str) -> Result<Content, SettingsError> {
    let document = Document::parse(text).map_err(|error| Fault::new(error.span(), error.message()));
    let faulty = |fault: Fault| {
        let (line, column) = place(text, fault.at.map_or(0, |at| at.start));
        SettingsError::Invalid {
            path: name.to_owned(),
            line,
            column,
            message: fault.message,
        }
    };
    let document = document.map_err(faulty)?;
    let found = format(&document).map_err(faulty)?;
    if found > FORMAT {
        return Err(SettingsError::Newer {
            path: name.to_owned(),
            found,
            known: FORMAT,
        });
    }
    content(&document).map_err(faulty)
}

fn format(document: &Document<&str>) -> Result<u32, Fault> {
    let Some(item) = document.get("format") else {
        return Ok(FORMAT);
    };
    item.as_integer()
        .and_then(|format| u32::try_from(format).ok())
        .filter(|format| *format > 0)
        .ok_or_else(|| Fault::new(item.span(), format!("format must be {FORMAT}")))
}

fn content(document: &Document<&str>) -> Result<Content, Fault> {
    #[derive(Deserialize)]
    struct Accounts {
        #[serde(default)]
        accounts: HashMap<String, Account>,
    }

    let top = [SETTINGS_KEYS, &["format", "accounts"]].concat();
    check_keys(document.as_table(), &top, "settings")?;
    let (names, without_id) = match document.get("accounts") {
        Some(item) => names(item)?,
        None => (Vec::new(), Vec::new()),
    };
    let settings = Settings::deserialize(de::Deserializer::from(document.clone()))
        .map_err(|error| described(&error))?;
    check::check_settings(&settings)
        .map_err(|wrong| Fault::new(span(document.as_table(), wrong.key), wrong.to_string()))?;
    if !without_id.is_empty() {
        return Ok(Content::WithoutId(without_id));
    }
    let mut read = Accounts::deserialize(de::Deserializer::from(document.clone()))
        .map_err(|error| described(&error))?;
    let mut accounts: Vec<Account> = Vec::new();
    for name in names {
        let Some(mut account) = read.accounts.remove(&name) else {
            continue;
        };
        account.name = name;
        let table = account_table(document, &account.name);
        let key_at = |key| table.and_then(|table| span(table, key));
        check::check_account(&account).map_err(|wrong| {
            let at = key_at(wrong.key).or_else(|| account_span(document, &account.name));
            Fault::new(at, wrong.to_string())
        })?;
        if accounts.iter().any(|other| other.id == account.id) {
            let message = "two accounts have this id: remove the line from the copy";
            return Err(Fault::new(key_at("id"), message));
        }
        accounts.push(account);
    }
    Ok(Content::Whole(Config { settings, accounts }))
}

/// The accounts' names in the order of the file, and those that have no id.
fn names(item: &Item) -> Result<(Vec<String>, Vec<String>), Fault> {
    let Some(accounts) = item.as_table_like() else {
        let message = "accounts are tables: write [accounts.NAME] above each one's keys";
        return Err(Fault::new(item.span(), message));
    };
    let mut names: Vec<(usize, String)> = Vec::new();
    let mut without_id = Vec::new();
    for (name, account) in accounts.iter() {
        let at = key_span(accounts, name).or_else(|| account.span());
        let Some(table) = account.as_table_like() else {
            let message = format!("an account is a table: write [accounts.{name}]");
            return Err(Fault::new(at, message));
        };
        check_keys(table, ACCOUNT_KEYS, "an account")?;
        if let Some(redirect) = table.get("redirect") {
            check_redirect(redirect)?;
        }
        if names
            .iter()
            .any(|(_, other)| other.to_lowercase() == name.to_lowercase())
        {
            let message = format!("there is an account {name} already (case does not matter)");
            return Err(Fault::new(at, message));
        }
        if !table.contains_key("id") {
            without_id.push(name.to_owned());
        }
        names.push((at.map_or(usize::MAX, |at| at.start), name.to_owned()));
    }
    names.sort();
    Ok((
        names.into_iter().map(|(_, name)| name).collect(),
        without_id,
    ))
}

/// Ports are looked at here: what serde says about 70000 helps nobody.
fn check_redirect(redirect: &Item) -> Result<(), Fault> {
    let Some(table) = redirect.as_table_like() else {
        let message = "redirect is a table: { host = \"127.0.0.1\", ports = [8400], path = \"/\" }";
        return Err(Fault::new(redirect.span(), message));
    };
    check_keys(table, REDIRECT_KEYS, "redirect")?;
    let ports = table.get("ports").and_then(Item::as_array);
    for port in ports.into_iter().flat_map(|ports| ports.iter()) {
        if port
            .as_integer()
            .is_none_or(|port| !(1..=65_535).contains(&port))
        {
            let message = "a port is a number from 1 to 65535; leave ports empty for any free one";
            return Err(Fault::new(port.span(), message));
        }
    }
    Ok(())
}

fn check_keys(table: &dyn TableLike, known: &[&str], of: &str) -> Result<(), Fault> {
    for (key, item) in table.iter() {
        if known.contains(&key) {
            continue;
        }
        let at = key_span(table, key).or_else(|| item.span());
        let plain = key.to_lowercase().replace('-', "_");
        let message = if SECRET_KEYS.contains(&plain.as_str()) {
            format!(
                "{key} must not stand in this file. Remove the line; a client secret is set in the \
                 window (Edit), or by `tokentray add NAME --client-secret-stdin`, and kept in the \
                 keychain"
            )
        } else if let Some(nearest) = check::nearest(key, known) {
            format!("{key} is no key of {of}; did you mean {nearest}?")
        } else {
            format!("{key} is no key of {of}; there are {}", known.join(", "))
        };
        return Err(Fault::new(at, message));
    }
    Ok(())
}

/// What serde found, in its own words, which name types and choices.
fn described(error: &de::Error) -> Fault {
    let message = match error.message() {
        "missing field `client_id`" => {
            "an account needs client_id: the provider gives it when you register the app".to_owned()
        }
        // The line is named; what stands in it may be a secret at the wrong place.
        message => without_values(message),
    };
    Fault::new(error.span(), message)
}

fn account_table<'a>(document: &'a Document<&str>, name: &str) -> Option<&'a dyn TableLike> {
    document
        .get("accounts")?
        .as_table_like()?
        .get(name)?
        .as_table_like()
}

fn account_span(document: &Document<&str>, name: &str) -> Option<Range<usize>> {
    let accounts = document.get("accounts")?.as_table_like()?;
    key_span(accounts, name)
}

fn key_span(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    table.get_key_value(key)?.0.span()
}

fn span(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    table.get(key)?.span().or_else(|| key_span(table, key))
}

/// Line and column of an offset in bytes, both from 1.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}
