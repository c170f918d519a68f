//! Edits of the file's text that leave everything else as it stands: order, comments, spacing.
//!
//! A comment right above a table or key belongs to it and goes with it; one that an empty line
//! keeps apart stays, moved down to what follows.

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, ser, value};

use crate::domain::account::{Account, AccountId};

use super::{
    SettingsEdit,
    check::nearest,
    read::{FORMAT, SETTINGS_KEYS},
};

/// Applies one edit. `old` is the account that stands under the name now.
pub(super) fn apply(
    document: &mut DocumentMut,
    edit: &SettingsEdit,
    old: Option<&Account>,
) -> Result<(), String> {
    stamp(document);
    match edit {
        SettingsEdit::PutAccount(account) => put(document, account, old),
        SettingsEdit::Rename { from, to } => rename(document, from, to),
        SettingsEdit::RemoveAccount { name } => remove_account(document, name),
        SettingsEdit::Set { key, value } => set(document, key, value.as_ref()),
    }
}

/// Gives an account that a person wrote by hand its id.
pub(super) fn give_id(document: &mut DocumentMut, name: &str, id: &AccountId) {
    stamp(document);
    let Some(account) = accounts(document).and_then(|accounts| accounts.get_mut(name)) else {
        return;
    };
    let inline = account.is_value();
    if let Some(account) = account.as_table_like_mut() {
        let mut text = Value::from(id.0.as_str());
        // In an inline table a comment would swallow the rest of the line.
        if !inline {
            let comment = " # made by Tokentray; leave it as it is";
            text.decor_mut().set_suffix(comment);
        }
        account.insert("id", Item::Value(text));
    }
}

/// Writes the format into a file that has none.
fn stamp(document: &mut DocumentMut) {
    if !document.contains_key("format") {
        document["format"] = value(i64::from(FORMAT));
    }
}

fn accounts(document: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    document.get_mut("accounts")?.as_table_like_mut()
}

fn put(document: &mut DocumentMut, account: &Account, old: Option<&Account>) -> Result<(), String> {
    let wanted = written(account)?;
    if document.get("accounts").is_none() {
        let mut accounts = Table::new();
        accounts.set_implicit(true);
        document.insert("accounts", Item::Table(accounts));
    }
    let inline = document.get("accounts").is_some_and(Item::is_value);
    let end = document.trailing().as_str().unwrap_or("").to_owned();
    let accounts = accounts(document).ok_or("accounts is no table")?;
    let Some(old) = old else {
        let item = if inline {
            Item::Value(Value::InlineTable(wanted.into_inline_table()))
        } else {
            // A comment at the end of the file belongs to what stands above it, and stays there.
            let mut table = wanted;
            table.decor_mut().set_prefix(format!("{end}\n"));
            Item::Table(table)
        };
        accounts.insert(&account.name, item);
        if !inline {
            document.set_trailing("");
        }
        return Ok(());
    };
    let before = written(old)?;
    let table = accounts
        .get_mut(&account.name)
        .and_then(Item::as_table_like_mut)
        .ok_or("there is no such account")?;
    merge(table, &before, &wanted);
    Ok(())
}

/// The account as a table; tables within it are inline.
fn written(account: &Account) -> Result<Table, String> {
    let mut document = ser::to_document(account).map_err(|error| error.to_string())?;
    for (_, item) in document.iter_mut() {
        item.make_value();
    }
    let mut table = document.as_table().clone();
    table.fmt();
    Ok(table)
}

/// Sets what differs between the two; the rest, and the comments, stay.
fn merge(table: &mut dyn TableLike, before: &dyn TableLike, wanted: &dyn TableLike) {
    let same = |a: Option<&Item>, b: Option<&Item>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => plain(a) == plain(b),
        _ => false,
    };
    let mut keys: Vec<String> = before.iter().map(|(key, _)| key.to_owned()).collect();
    keys.extend(wanted.iter().map(|(key, _)| key.to_owned()));
    keys.dedup();
    for key in keys {
        let (old, new) = (before.get(&key), wanted.get(&key));
        if same(old, new) {
            continue;
        }
        match new {
            None => {
                table.remove(&key);
            }
            Some(new) => {
                let inner = table.get_mut(&key).and_then(Item::as_table_like_mut);
                match (
                    inner,
                    old.and_then(Item::as_table_like),
                    new.as_table_like(),
                ) {
                    (Some(inner), Some(old), Some(new)) => merge(inner, old, new),
                    _ => replace(table, &key, new.clone()),
                }
            }
        }
    }
}

/// A value in a new place keeps the old one's comment.
fn replace(table: &mut dyn TableLike, key: &str, mut new: Item) {
    if let (Some(Item::Value(old)), Item::Value(new)) = (table.get(key), &mut new) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(item) => *item = new,
        None => {
            table.insert(key, new);
        }
    }
}

fn plain(item: &Item) -> String {
    let mut item = item.clone();
    item.make_value();
    match item.into_value() {
        Ok(mut value) => {
            value.decor_mut().clear();
            value.to_string()
        }
        Err(_) => String::new(),
    }
}

fn rename(document: &mut DocumentMut, from: &str, to: &str) -> Result<(), String> {
    let accounts = accounts(document).ok_or("there are no accounts")?;
    if to.to_lowercase() != from.to_lowercase()
        && accounts
            .iter()
            .any(|(name, _)| name.to_lowercase() == to.to_lowercase())
    {
        return Err(format!("there is an account {to} already"));
    }
    let item = accounts
        .remove(from)
        .ok_or_else(|| format!("there is no account {from}"))?;
    accounts.insert(to, item);
    Ok(())
}

fn remove_account(document: &mut DocumentMut, name: &str) -> Result<(), String> {
    let removed = accounts(document)
        .and_then(|accounts| accounts.remove(name))
        .ok_or_else(|| format!("there is no account {name}"))?;
    if let Item::Table(table) = removed {
        let kept = apart(
            table
                .decor()
                .prefix()
                .and_then(|raw| raw.as_str())
                .unwrap_or(""),
        );
        if !kept.is_empty() {
            hand_down(document, &kept, table.position().unwrap_or(isize::MAX));
        }
    }
    Ok(())
}

/// The part of a prefix that an empty line keeps apart from what it stands above.
fn apart(prefix: &str) -> String {
    match prefix.rfind("\n\n") {
        Some(end) if prefix[..end].contains('#') => prefix[..=end].to_owned(),
        _ => String::new(),
    }
}

/// Puts a comment above the first table after this position, or at the end of the file.
fn hand_down(document: &mut DocumentMut, comment: &str, after: isize) {
    fn next(table: &Table, after: isize) -> Option<isize> {
        let inner = table.iter().filter_map(|(_, item)| item.as_table());
        inner
            .flat_map(|t| [t.position().filter(|at| *at > after), next(t, after)])
            .flatten()
            .min()
    }
    fn put(table: &mut Table, comment: &str, at: isize) {
        for (_, item) in table.iter_mut() {
            let Item::Table(inner) = item else { continue };
            if inner.position() == Some(at) && !inner.is_implicit() {
                let prefix = inner.decor().prefix().and_then(|raw| raw.as_str());
                let prefix = format!("{comment}{}", prefix.unwrap_or("\n"));
                inner.decor_mut().set_prefix(prefix);
                return;
            }
            put(inner, comment, at);
        }
    }
    if let Some(at) = next(document.as_table(), after) {
        put(document.as_table_mut(), comment, at);
    } else {
        let trailing = document.trailing().as_str().unwrap_or("").to_owned();
        document.set_trailing(format!("{comment}{trailing}"));
    }
}

fn set(document: &mut DocumentMut, key: &str, wanted: Option<&Json>) -> Result<(), String> {
    if !SETTINGS_KEYS.contains(&key) {
        return Err(match nearest(key, SETTINGS_KEYS) {
            Some(nearest) => format!("{key} is no setting; did you mean {nearest}?"),
            None => format!(
                "{key} is no setting; there are {}",
                SETTINGS_KEYS.join(", ")
            ),
        });
    }
    match wanted {
        None | Some(Json::Null) => {
            document.remove(key);
        }
        Some(json) => replace(document.as_table_mut(), key, Item::Value(toml(key, json)?)),
    }
    Ok(())
}

fn toml(key: &str, json: &Json) -> Result<Value, String> {
    match json {
        Json::Bool(bool) => Ok((*bool).into()),
        Json::String(text) => Ok(text.as_str().into()),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Ok(number.into()),
            None => Err(format!("{key} must be a whole number")),
        },
        Json::Array(items) => {
            let items: Result<Array, String> = items.iter().map(|item| toml(key, item)).collect();
            Ok(Value::Array(items?))
        }
        Json::Null | Json::Object(_) => Err(format!("{key} cannot be set to that")),
    }
}
