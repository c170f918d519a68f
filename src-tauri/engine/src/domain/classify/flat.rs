//! Bodies that are no JSON, made into the same shape: form-encoded, XML, and JSON that is cut or
//! written by hand. Everything is bounded by the body's length; nothing recurses.

use serde_json::{Map, Value};

/// Bodies longer than this are not searched for damaged JSON.
const MAX_LOOSE: usize = 64 * 1024;

/// JSON behind a short prefix: `callback( {…} );`, the guards `)]}'` and `&&&START&&&`, or a line
/// such as `400 Bad Request: {…}`.
pub fn wrapped(text: &str) -> Option<Value> {
    const LONGEST_PREFIX: usize = 64;
    let start = text
        .find('{')
        .filter(|at| (1..=LONGEST_PREFIX).contains(at))?;
    let end = text.rfind('}').filter(|end| *end > start)?;
    let after = text[end + 1..].trim();
    if !after.chars().all(|c| matches!(c, ')' | ';' | '"' | '.')) {
        return None;
    }
    serde_json::from_str(&text[start..=end]).ok()
}

/// `a=b&c=d`, as some providers answer unless asked for JSON.
pub fn form(text: &str) -> Option<Map<String, Value>> {
    let text = text.trim();
    if text.is_empty()
        || text.len() > MAX_LOOSE
        || text.contains(|c: char| c.is_whitespace() || "{}<>".contains(c))
    {
        return None;
    }
    let mut map = Map::new();
    for pair in text.split('&').take(64) {
        let (key, value) = pair.split_once('=')?;
        let name_like =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
        if key.is_empty() || !key.chars().all(name_like) {
            return None;
        }
        map.entry(key.to_owned())
            .or_insert_with(|| Value::String(percent_decoded(value)));
    }
    Some(map)
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(match (byte, escaped) {
            (_, Some(decoded)) => {
                at += 2;
                decoded
            }
            (b'+', None) => b' ',
            (other, None) => other,
        });
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The leaves of a small XML document; none if its root element is not closed.
pub fn xml(text: &str) -> Option<Map<String, Value>> {
    let text = text.trim();
    if text.len() > MAX_LOOSE || !text.starts_with('<') {
        return None;
    }
    let mut rest = text;
    let mut map = Map::new();
    let mut root: Option<&str> = None;
    let mut open: Option<(&str, &str)> = None;
    let mut closed = false;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>')? + start;
        let tag = &rest[start + 1..end];
        let name = |t: &str| {
            t.split([' ', '\n', '\t', '/', ':'])
                .next_back()
                .map_or(0, str::len)
        };
        if let Some(close) = tag.strip_prefix('/') {
            closed = root == Some(close.trim());
            if let Some((opened, after)) = open.take()
                && opened == close.trim()
            {
                let length = after.len() - rest[start..].len();
                let value = unescaped(after[..length].trim());
                let local = opened.rsplit(':').next().unwrap_or(opened);
                map.entry(local.to_owned()).or_insert(Value::String(value));
            }
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            let tag_name = tag.split(char::is_whitespace).next().unwrap_or_default();
            if name(tag_name) == 0 {
                return None;
            }
            root.get_or_insert(tag_name);
            open = Some((tag_name, &rest[end + 1..]));
            closed = false;
        }
        rest = &rest[end + 1..];
    }
    (closed && rest.trim().is_empty() && !map.is_empty()).then_some(map)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// What a scan of damaged JSON found.
pub struct Loose {
    /// Complete name and value pairs of any depth; the first of each name.
    pub pairs: Map<String, Value>,
    /// Every bracket and every string was closed: written by hand, not cut.
    pub closed: bool,
}

/// Reads `name: value` pairs out of something that begins like a JSON object: single quotes, bare
/// names, missing commas, a missing end. A string without its closing quote is not a value.
pub fn loose(text: &str) -> Option<Loose> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) || text.len() > MAX_LOOSE {
        return None;
    }
    let mut scan = Scan {
        rest: text,
        depth: 0,
        cut: false,
    };
    let mut pairs = Map::new();
    let mut name: Option<String> = None;
    while let Some(token) = scan.next_token() {
        match token {
            Token::Word(word, _) if scan.rest.trim_start().starts_with(':') && name.is_none() => {
                let after = scan.rest.trim_start();
                scan.rest = &after[1..];
                name = Some(word);
            }
            Token::Word(word, quoted) => {
                // A bare word at the very end may be cut.
                if let Some(key) = name.take()
                    && (quoted || !scan.rest.is_empty())
                {
                    let value = if quoted {
                        Value::String(word)
                    } else {
                        bare(&word)
                    };
                    pairs.entry(key).or_insert(value);
                }
            }
            Token::Bracket => name = None,
        }
    }
    Some(Loose {
        pairs,
        closed: !scan.cut && scan.depth == 0,
    })
}

fn bare(word: &str) -> Value {
    serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()))
}

enum Token {
    /// A string or bare word, and whether it stood in quotes.
    Word(String, bool),
    Bracket,
}

struct Scan<'a> {
    rest: &'a str,
    depth: i32,
    cut: bool,
}

impl Scan<'_> {
    fn next_token(&mut self) -> Option<Token> {
        self.rest = self
            .rest
            .trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let first = self.rest.chars().next()?;
        match first {
            '{' | '[' => self.depth += 1,
            '}' | ']' => self.depth -= 1,
            '"' | '\'' => return Some(self.quoted(first)),
            ':' => {}
            _ => return Some(self.bare()),
        }
        self.rest = &self.rest[1..];
        Some(Token::Bracket)
    }

    fn quoted(&mut self, quote: char) -> Token {
        let mut word = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            if escaped {
                word.push(if matches!(c, 'n' | 'r' | 't') { ' ' } else { c });
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.rest = &self.rest[at + 1..];
                return Token::Word(word, true);
            } else {
                word.push(c);
            }
        }
        self.cut = true;
        self.rest = "";
        Token::Bracket
    }

    fn bare(&mut self) -> Token {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || ",:{}[]\"'".contains(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Token::Word(word.to_owned(), false)
    }
}
