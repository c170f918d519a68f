//! From pasted text to a reply: `curl -i`, `curl -v`, a bare body, or a record of JSON.
//!
//! Errors name the line and never quote it: it may hold a token.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::types::ExplainRequest;

/// Makes a request of what a person pasted. `status` is what `--status` said; it wins.
///
/// Fails, in words, where a status line or a record is begun and cannot be read.
pub fn parse_pasted(text: &str, status: Option<u16>) -> Result<ExplainRequest, String> {
    let text = text.trim_start_matches('\u{feff}');
    let spoken = without_talk(text);
    let text = spoken.as_deref().unwrap_or(text);
    let mut request = match record(text.trim())? {
        Some(request) => request,
        None => match curl(text)? {
            Some(request) => request,
            None => ExplainRequest {
                body: Some(text.trim().to_owned()),
                ..ExplainRequest::default()
            },
        },
    };
    request.http_status = status.or(request.http_status);
    Ok(request)
}

/// One line of `--jsonl`: an object with the corpus's fields, each of which may be missing.
pub fn parse_record(line: &str) -> Result<ExplainRequest, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| {
        // serde_json speaks of lines of its own.
        let error = error.to_string();
        let what = error.split(" at line ").next().unwrap_or_default();
        format!("is no record: {what}")
    })?;
    let object = value.as_object().ok_or("is no record: it is no object")?;
    request(object)
}

/// A pasted record; anything else is a body that happens to be JSON.
fn record(text: &str) -> Result<Option<ExplainRequest>, String> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let Some(object) = value.as_ref().and_then(Value::as_object) else {
        return Ok(None);
    };
    // A `body` alone is how one provider answers; a status or a transport beside it is a record.
    let speaks_of_http = ["http_status", "transport"]
        .iter()
        .any(|key| object.contains_key(*key));
    if !speaks_of_http || object.contains_key("access_token") {
        return Ok(None);
    }
    request(object)
        .map(Some)
        .map_err(|wrong| format!("the record {wrong}"))
}

fn request(object: &Map<String, Value>) -> Result<ExplainRequest, String> {
    let text = |key: &str| object.get(key).and_then(plain);
    let http_status = match object.get("http_status") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            plain(value)
                .and_then(|text| text.trim().parse().ok())
                .ok_or("has an http_status that is no number up to 65535")?,
        ),
    };
    let headers = object.get("headers").and_then(Value::as_object);
    Ok(ExplainRequest {
        id: text("id"),
        provider: text("provider"),
        transport: text("transport"),
        http_status,
        headers: headers
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), header(value)?)))
            .collect(),
        body: match object.get("body") {
            Some(Value::Null) | None => None,
            Some(Value::String(body)) => Some(body.clone()),
            // A body that was JSON and was not written as text.
            Some(other) => Some(other.to_string()),
        },
        client_error: text("client_error"),
    })
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Some tools write every header as a list.
fn header(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => plain(values.first()?),
        value => plain(value),
    }
}

/// Status line, headers, empty line, body. Of several heads (a proxy's `200 Connection
/// established`, a `100 Continue`, a followed redirect) the last one counts.
fn curl(text: &str) -> Result<Option<ExplainRequest>, String> {
    let mut rest = text.trim_start();
    let mut found = None;
    while is_status_line(rest) {
        let (head, body) = split_head(rest);
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split_whitespace().nth(1)?.parse::<u16>().ok())
            .filter(|status| (100..1_000).contains(status))
            .ok_or_else(|| {
                let before = &text[..text.len() - rest.len()];
                let line = before.lines().count() + 1;
                format!("line {line} begins like a status line and has no status")
            })?;
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect();
        found = Some((status, headers, body));
        rest = body.trim_start();
    }
    Ok(found.map(|(status, headers, body)| ExplainRequest {
        http_status: Some(status),
        headers,
        body: Some(body.trim_end_matches(['\r', '\n']).to_owned()),
        ..ExplainRequest::default()
    }))
}

/// `HTTP/1.1 …`, `HTTP/2 …`; a body may begin with other words about HTTP.
fn is_status_line(text: &str) -> bool {
    text.strip_prefix("HTTP/")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn split_head(text: &str) -> (&str, &str) {
    ["\r\n\r\n", "\n\n"]
        .iter()
        .filter_map(|gap| text.find(gap).map(|at| (at, gap.len())))
        .min()
        .map_or((text, ""), |(at, gap)| (&text[..at], &text[at + gap..]))
}

/// `curl -v` marks what it received with `< ` and says much else around it.
fn without_talk(text: &str) -> Option<String> {
    let heard = |line: &str| line.strip_prefix("< ").is_some_and(is_status_line);
    if !text.lines().any(heard) {
        return None;
    }
    let talk = |line: &&str| {
        ["> ", "* ", "{ [", "} ["]
            .iter()
            .any(|mark| line.starts_with(mark))
            || matches!(*line, ">" | "*")
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !talk(line))
        .map(|line| match line.strip_prefix('<') {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => rest.trim_start(),
            _ => line,
        })
        .collect();
    let start = lines.iter().position(|line| is_status_line(line))?;
    Some(lines[start..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<u16>, Option<String>) {
        let request = parse_pasted(text, None).unwrap();
        (request.http_status, request.body)
    }

    #[test]
    fn what_is_pasted_is_recognised() {
        let refusal = "{\"error\":\"slow_down\"}";
        let answer = (Some(429), Some(refusal.to_owned()));
        for pasted in [
            "HTTP/2 429 \r\nretry-after: 7\r\n\r\n{\"error\":\"slow_down\"}\n",
            "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 429 \r\n\r\n{\"error\":\"slow_down\"}",
            "HTTP/1.1 100 Continue\n\nHTTP/1.1 429 Too Many Requests\nA: b\n\n{\"error\":\"slow_down\"}\n",
            "HTTP/1.1 301 Moved\nLocation: /t\n\nHTTP/1.0 100 Continue\n\nHTTP/3 429\n\n{\"error\":\"slow_down\"}",
            "\u{feff}\n HTTP/1.1 429 Too Many Requests\n\n{\"error\":\"slow_down\"}",
            "* Connected to id.example\n> POST /token HTTP/2\n>\n< HTTP/2 429\n< retry-after: 7\n<\n{ [22 bytes data]\n{\"error\":\"slow_down\"}\n* Closing",
            "{\"http_status\":429,\"body\":\"{\\\"error\\\":\\\"slow_down\\\"}\"}",
            "{\"http_status\":\"429\",\"headers\":{\"a\":[\"b\"]},\"body\":{\"error\":\"slow_down\"}}",
        ] {
            assert_eq!(read(pasted), answer, "{pasted}");
        }
        assert_eq!(read(refusal), (None, Some(refusal.to_owned())));
        assert_eq!(read("HTTP/2 503\r\n"), (Some(503), Some(String::new())));
        assert_eq!(
            parse_pasted(refusal, Some(400)).unwrap().http_status,
            Some(400)
        );
        let named = "{\"body\":{\"access_token\":\"at\"},\"status\":0}";
        assert_eq!(
            read(named),
            (None, Some(named.to_owned())),
            "a body, no record"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_line_and_not_quoted() {
        for (pasted, wanted) in [
            ("HTTP/1.1 secret\n\n{}", "line 1 begins like a status line"),
            (
                "HTTP/1.1 100 Continue\n\nHTTP/2 x\n\n{}",
                "line 3 begins like a status line",
            ),
            ("HTTP/1.1 99999 No\n\n", "line 1 begins like a status line"),
            (
                "{\"http_status\":\"soon\",\"body\":\"x\"}",
                "the record has an http_status",
            ),
        ] {
            let wrong = parse_pasted(pasted, None).unwrap_err();
            assert!(wrong.starts_with(wanted), "{wrong}");
            assert!(!wrong.contains("secret"), "{wrong}");
        }
        for (line, wanted) in [
            ("nonsense", "is no record: expected"),
            ("[]", "is no record: it is no object"),
            ("{\"http_status\":70000}", "has an http_status"),
        ] {
            let wrong = parse_record(line).unwrap_err();
            assert!(wrong.starts_with(wanted), "{wrong}");
        }
        assert_eq!(parse_record("{}").unwrap(), ExplainRequest::default());
    }
}
