//! What a body says, whatever it is written in: tokens, codes, texts. It does not judge.

use std::{borrow::Cow, time::Duration};

use chrono::{DateTime, Utc};
use memchr::memchr2_iter;
use serde_json::{Map, Value};

use super::{
    super::reply::HttpReply,
    TokenReply,
    clean::clean,
    flat,
    meaning::{self, Meaning},
    microsoft,
    spoken::says_only,
    success,
};

/// What a body is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object or array with names and values, in JSON, form encoding or XML.
    Structured,
    /// HTML, or XML that is no small error document.
    Markup,
    Text,
    Empty,
}

/// A body, read.
pub struct Reading {
    pub shape: Shape,
    /// Nothing is missing at its end.
    pub complete: bool,
    pub tokens: Option<TokenReply>,
    /// A 2xx in which the words `access_token` or `refresh_token` occur.
    pub mentions_token: bool,
    /// Codes, the standard `error` first.
    pub codes: Vec<String>,
    pub texts: Vec<String>,
    /// There is a code, or a member `error` with words in it.
    pub names_error: bool,
    /// Microsoft's AADSTS numbers, those of the text first.
    pub aadsts: Vec<u32>,
    pub retry_after: Option<Duration>,
    /// What codes and texts mean together.
    pub meaning: Meaning,
}

impl Reading {
    pub fn structured(&self) -> bool {
        self.shape == Shape::Structured
    }

    /// Whether there is any error code or text to go by.
    pub fn says_anything(&self) -> bool {
        !self.codes.is_empty() || !self.texts.is_empty()
    }

    /// Whether one of the codes or texts is nothing but these lower-case words.
    pub fn says(&self, phrase: &str) -> bool {
        let mut said = self.codes.iter().chain(&self.texts);
        said.any(|text| says_only(text, phrase))
    }

    /// The provider's own code for people and histories: the AADSTS number, else the first code.
    pub fn own_code(&self) -> Option<String> {
        if let Some(number) = self.aadsts.first() {
            return Some(format!("AADSTS{number}"));
        }
        let code: String = clean(self.codes.first()?).chars().take(80).collect();
        (!code.is_empty()).then_some(code)
    }

    /// The provider's own words; none of a 2xx that is no error document (it may hold tokens).
    pub fn own_text(&self, success_status: bool) -> Option<String> {
        if success_status && (!self.structured() || self.mentions_token) {
            return None;
        }
        let text = clean(&self.texts.join(" "));
        (!text.is_empty()).then_some(text)
    }
}

/// Longest text, codes and number of values that are looked at: bounds the work on any body.
const MAX_VALUE: usize = 2_000;
const MAX_VALUES: usize = 48;
const MAX_DEPTH: usize = 6;

/// Reads a reply's body.
pub fn read(http: &HttpReply, now: DateTime<Utc>) -> Reading {
    // Nearly every body is UTF-8, and to see that is much cheaper than to look for what is not.
    let text = match std::str::from_utf8(&http.body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(&http.body),
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    let (value, complete) = parse(text);
    let xml = text.starts_with('<');
    let complete = complete && !http.cut;
    let mut found = Found::default();
    let mut tokens = None;
    let shape = match &value {
        Some(value) => {
            found.walk(value, 0, "");
            tokens = value
                .as_object()
                .and_then(|object| success::tokens(object, now));
            Shape::Structured
        }
        None if text.is_empty() => Shape::Empty,
        None if text.starts_with('<') || contains_ignoring_case(text, "<html") => {
            found.texts.extend(title(text));
            Shape::Markup
        }
        None => {
            found.texts.push(text.chars().take(MAX_VALUE).collect());
            Shape::Text
        }
    };
    found.headers(http);
    if xml && found.codes.is_empty() && found.texts.is_empty() {
        found.leaves(value.as_ref());
    }
    found.codes.sort_by_key(|(rank, _)| *rank);
    let codes: Vec<String> = found.codes.into_iter().map(|(_, code)| code).collect();
    let mut aadsts = Vec::new();
    for text in &found.texts {
        microsoft::numbers(text, &mut aadsts);
    }
    // Bare numbers count only where something else says whose they are.
    if !aadsts.is_empty() || found.microsoft {
        aadsts.append(&mut found.numbers);
    }
    let mut meaning = meaning::of(&codes, &found.texts);
    meaning.plain_http = shape != Shape::Structured
        && contains_ignoring_case(text, "plain HTTP request was sent to HTTPS port");
    Reading {
        shape,
        complete,
        // A broken body may be read leniently as salvage, but it is no success.
        tokens: tokens.filter(|_| complete),
        mentions_token: matches!(http.status, 200..=299) && mentions_token(text),
        names_error: found.named || !codes.is_empty(),
        codes,
        texts: found.texts,
        aadsts,
        retry_after: found.retry_after,
        meaning,
    }
}

/// The body as an object or array, and whether it was complete. A JSON body counts as JSON
/// whatever its content type says, and HTML never does.
fn parse(text: &str) -> (Option<Value>, bool) {
    if text.starts_with(['{', '[']) {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return (Some(value), true);
        }
        return match flat::loose(text) {
            // Hand-written JSON with tokens in it stays damaged: a token must not be guessed.
            Some(found) if !found.pairs.is_empty() => {
                let holds_token = found.pairs.keys().any(|k| key_of(k).ends_with("token"));
                let complete = found.closed && !holds_token;
                (Some(Value::Object(found.pairs)), complete)
            }
            _ => (None, false),
        };
    }
    if let Some(inner) = text
        .strip_prefix('"')
        .and(serde_json::from_str::<String>(text).ok())
    {
        let inner = serde_json::from_str::<Value>(&inner).ok();
        return (inner.filter(Value::is_object), true);
    }
    if text.starts_with('<') {
        let html = ["<html", "<!doctype html", "<body", "<head"]
            .iter()
            .any(|tag| contains_ignoring_case(text, tag));
        let document = if html { None } else { flat::xml(text) };
        return (document.map(Value::Object), true);
    }
    if let Some(value) = flat::wrapped(text) {
        return (Some(value), true);
    }
    (flat::form(text).map(Value::Object), true)
}

/// Codes and texts, as they are found.
#[derive(Default)]
struct Found {
    codes: Vec<(u8, String)>,
    texts: Vec<String>,
    numbers: Vec<u32>,
    microsoft: bool,
    retry_after: Option<Duration>,
    seen: usize,
    /// A member `error` says something.
    named: bool,
    /// Inside a document that stood in another one's text.
    quoted: bool,
}

impl Found {
    fn walk(&mut self, value: &Value, depth: usize, parent: &str) {
        match value {
            _ if depth > MAX_DEPTH || self.seen > MAX_VALUES => {}
            Value::Object(object) => self.object(object, depth, parent),
            Value::Array(items) => {
                for item in items.iter().take(8) {
                    match item {
                        Value::String(text) if parent == "errors" || parent == "details" => {
                            self.texts.push(cut(text));
                        }
                        Value::Number(number) if parent == "errorcodes" => {
                            self.numbers
                                .extend(number.as_u64().and_then(|n| u32::try_from(n).ok()));
                        }
                        _ => self.walk(item, depth + 1, parent),
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, object: &Map<String, Value>, depth: usize, parent: &str) {
        // What is wrong with which field (Strava): one statement in three members.
        let field =
            ["resource", "field", "code"].map(|key| lookup(object, key).and_then(Value::as_str));
        if let [Some(resource), Some(field), Some(code)] = field {
            self.texts.push(cut(&format!("{resource} {field} {code}")));
            return;
        }
        for (key, value) in object {
            self.seen += 1;
            if self.seen > MAX_VALUES {
                return;
            }
            let key = key_of(key);
            match value {
                Value::String(text) if !text.trim().is_empty() => self.string(&key, text.trim()),
                Value::Object(_) | Value::Array(_) if !is_payload(&key) => {
                    // `errors: {"field": ["is required"]}`: the words stand under the field's name.
                    let under = if parent == "errors" && value.is_array() {
                        parent
                    } else {
                        &key
                    };
                    self.walk(value, depth + 1, under);
                }
                Value::Number(number) if is_wish_to_wait(&key) => {
                    self.retry_after = number
                        .as_f64()
                        .filter(|s| (0.0..1e6).contains(s))
                        .map(|s| Duration::from_secs_f64(s.ceil()));
                }
                _ => {}
            }
        }
    }

    fn string(&mut self, key: &str, text: &str) {
        if key == "erroruri" {
            self.microsoft |= text.contains("microsoft") || text.contains("windows.net");
            return;
        }
        self.named |= key == "error" && text.contains(char::is_alphanumeric);
        let rank = match key {
            "error" => 0,
            "errorcode" | "errorname" => 1,
            "code" => 2,
            "tag" | "type" | "errortype" | "errcode" | "exception" | "err" | "ecode"
            | "faultcode" | "errorid" | "resultcode" | "retcode" | "internalcode" => 3,
            "status" | "name" | "id" if is_code(text) && !is_plain_status(text) => 4,
            "suberror" | "errorsubtype" | "subcode" | "errorreason" | "reason" if is_code(text) => {
                5
            }
            "errordescription" | "description" | "message" | "msg" | "errormessage" | "errmsg"
            | "errormsg" | "detail" | "details" | "hint" | "errorhint" | "errorsummary"
            | "title" | "reason" | "errorreason" | "localizedmessage" | "cause" | "summary"
            | "faultstring" | "submsg" | "submessage" | "moreinformation" | "httpmessage"
            | "responsemessage" | "statusmessage" | "statusdescription" | "usermessage"
            | "developermessage" | "errordetail" | "errordetails" | "detailmessage" | "retmsg"
            | "respmsg" | "resultmsg" | "exceptionmessage" | "failurereason" | "errortext"
            | "errorinfo" => {
                self.texts.push(cut(text));
                self.quotation(text);
                return;
            }
            // Prose only: anything else under that name may be what a success holds.
            "data" if text.contains(' ') && text.len() < 200 => {
                self.texts.push(cut(text));
                return;
            }
            _ => return,
        };
        let rank = rank + if self.quoted { 10 } else { 0 };
        // `error: "invalid_client: Invalid client_id"` and `error: "Access Denied"` exist.
        match text.split_once(':') {
            _ if is_code(text) => {
                let code = text.rsplit('#').find(|part| !part.is_empty());
                self.codes.push((rank, cut(code.unwrap_or(text))));
            }
            Some((code, rest)) if is_code(code) => {
                self.codes.push((rank, code.to_owned()));
                self.texts.push(cut(rest.trim()));
            }
            _ => self.texts.push(cut(text)),
        }
    }
}

impl Found {
    /// Codes that stand in a header: `x-amzn-ErrorType`, `x-sb-error-code`, `X-Mashery-Error-Code`.
    fn headers(&mut self, http: &HttpReply) {
        for (name, value) in http.headers.iter().take(64) {
            let name = key_of(name);
            if name.ends_with("errorcode") || name.ends_with("errortype") {
                let code = value.split([':', '#']).next().unwrap_or(value).trim();
                if is_code(code) {
                    self.codes.push((9, code.to_owned()));
                }
            }
        }
    }

    /// What stands in an XML document that uses no name known here: `<h1>Developer Over Qps</h1>`.
    fn leaves(&mut self, value: Option<&Value>) {
        let leaves = value.and_then(Value::as_object).into_iter().flatten();
        self.texts.extend(
            leaves
                .filter_map(|(_, leaf)| leaf.as_str())
                .filter(|leaf| !leaf.trim().is_empty())
                .take(8)
                .map(cut),
        );
    }

    /// A gateway hands on what the server behind it said: `400 Bad Request: "{"error":…}"`.
    fn quotation(&mut self, text: &str) {
        if self.quoted {
            return;
        }
        let Some(start) = text.find('{') else { return };
        if let Some(inner) = flat::loose(&text[start..]) {
            self.quoted = true;
            self.object(&inner.pairs, MAX_DEPTH, "");
            self.quoted = false;
        }
    }
}

/// Members that tell in how many seconds to come back.
fn is_wish_to_wait(key: &str) -> bool {
    matches!(
        key,
        "retryafter" | "retryin" | "retryafterseconds" | "waitseconds"
    )
}

/// Members that hold something else than the error.
fn is_payload(key: &str) -> bool {
    matches!(
        key,
        "claims" | "metadata" | "links" | "meta" | "request" | "headers" | "user" | "team"
    )
}

/// A word that a program would compare: no spaces, not too long.
pub fn is_code(text: &str) -> bool {
    text.len() <= 120
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '#'))
}

/// `status: "error"` says nothing.
fn is_plain_status(text: &str) -> bool {
    ["error", "failure", "failed", "fail", "ok", "nok"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_VALUE)].to_owned()
}

fn title(html: &str) -> Option<String> {
    let html = html.get(..html.len().min(8_192)).unwrap_or_default();
    let start = find_ignoring_case(html, "<title")?;
    let from = start + html[start..].find('>')? + 1;
    let to = from + html[from..].find('<')?;
    html.get(from..to)
        .map(|t| cut(t.trim()))
        .filter(|t| !t.is_empty())
}

/// A member's name without case, `_` and `-`: `expires_in` and `expiresIn` are the same.
pub fn key_of(key: &str) -> String {
    key.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The member whose [`key_of`] is `key`.
pub fn lookup<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(k, _)| same_key(k, key))
        .map(|(_, v)| v)
}

fn same_key(name: &str, key: &str) -> bool {
    let mut name = name
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|b| b.to_ascii_lowercase());
    let mut key = key.bytes();
    loop {
        match (name.next(), key.next()) {
            (None, None) => return true,
            (a, b) if a == b => {}
            _ => return false,
        }
    }
}

/// `access_token`, `refreshToken` and their like; a 2xx that holds them may hold tokens.
fn mentions_token(text: &str) -> bool {
    let text = text.as_bytes();
    let ends_with = |text: &[u8], part: &[u8]| {
        text.len()
            .checked_sub(part.len())
            .is_some_and(|from| text[from..].eq_ignore_ascii_case(part))
    };
    // `k` is the rarest of its letters.
    memchr2_iter(b'k', b'K', text)
        .filter_map(|k| k.checked_sub(2))
        .any(|at| {
            text[at..]
                .get(..5)
                .is_some_and(|word| word.eq_ignore_ascii_case(b"token"))
                && {
                    let before = text[..at].strip_suffix(b"_").unwrap_or(&text[..at]);
                    ends_with(before, b"access") || ends_with(before, b"refresh")
                }
        })
}

/// Whether `part`, which is not empty, stands in the first 64 KiB.
fn contains_ignoring_case(text: &str, part: &str) -> bool {
    let end = text.len().min(65_535 + part.len());
    find_ignoring_case(&text.as_bytes()[..end], part).is_some()
}

fn find_ignoring_case(text: impl AsRef<[u8]>, part: &str) -> Option<usize> {
    let (text, part) = (text.as_ref(), part.as_bytes());
    let first = *part.first()?;
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text).find(|at| {
        text[*at..]
            .get(..part.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(part))
    })
}
