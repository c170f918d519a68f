//! What no damage to a reply may do: turn a wait into a prompt.

use proptest::prelude::*;
use tokentray::{
    domain::reply::HttpReply,
    explain::{explain, parse_pasted},
};

use super::{Record, corpus, now, verdict_of};

/// With the record's row and without any.
fn both_ways(http: &HttpReply, record: &Record) -> [String; 2] {
    [
        verdict_of(http.clone(), Some(&record.provider)),
        verdict_of(http.clone(), None),
    ]
}

#[track_caller]
fn never_prompts(http: &HttpReply, record: &Record, how: &str) {
    for verdict in both_ways(http, record) {
        assert_ne!(verdict, "sign_in", "{} {how}", record.id);
    }
}

#[test]
fn a_5xx_never_prompts_whatever_it_says() {
    for record in corpus() {
        let Some(http) = record.http() else { continue };
        for status in [
            500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598, 599,
        ] {
            let mut broken = http.clone();
            broken.status = status;
            never_prompts(&broken, &record, &format!("as {status}"));
        }
    }
}

#[test]
fn a_reply_in_a_page_or_cut_off_never_prompts() {
    for record in corpus() {
        let Some(http) = record.http() else { continue };
        let pages: [(&[u8], &[u8]); 3] = [
            (b"<!doctype html><html><body><p>", b"</p></body></html>"),
            (
                b"<HTML><HEAD><TITLE>Error</TITLE></HEAD><BODY><pre>",
                b"</pre></BODY></HTML>",
            ),
            (b"\n<html>\n<h1>502 Bad Gateway</h1>\n", b"\n</html>\n"),
        ];
        for (before, after) in pages {
            let mut page = http.clone();
            page.body = [before, page.body.as_slice(), after].concat();
            never_prompts(&page, &record, "in a page");
        }
        let mut cut = http.clone();
        cut.cut = true;
        for verdict in both_ways(&cut, &record) {
            assert!(
                !["sign_in", "unclear", "ok"].contains(&verdict.as_str()),
                "{} cut: {verdict}",
                record.id
            );
        }
    }
}

#[test]
fn a_body_truncated_at_any_byte_never_turns_a_wait_into_a_prompt() {
    for record in corpus().into_iter().filter(Record::must_not_prompt) {
        let Some(http) = record.http() else { continue };
        for end in 0..http.body.len() {
            let mut short = http.clone();
            short.body.truncate(end);
            // By turns with the row and without: each byte once is much already.
            let row = (end % 2 == 0).then_some(record.provider.as_str());
            assert_ne!(verdict_of(short, row), "sign_in", "{} at {end}", record.id);
        }
    }
}

#[test]
fn half_a_json_document_never_prompts_even_where_the_whole_one_does() {
    for record in corpus() {
        let Some(http) = record.http() else { continue };
        let Some(end) = http.body.iter().rposition(|byte| *byte == b'}') else {
            continue;
        };
        if http.body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            continue;
        }
        for end in 0..end {
            let mut short = http.clone();
            short.body.truncate(end);
            // By turns with the row and without: each byte once is much already.
            let row = (end % 2 == 0).then_some(record.provider.as_str());
            assert_ne!(verdict_of(short, row), "sign_in", "{} at {end}", record.id);
        }
    }
}

/// Replies for which signing in would not help.
fn harmless() -> impl Strategy<Value = Record> {
    let records: Vec<Record> = corpus()
        .into_iter()
        .filter(|r| r.must_not_prompt() && r.http().is_some())
        .collect();
    prop::sample::select(records)
}

/// Members that say what is wrong; an added one would be a statement of its own.
const SPEAKING: &[&str] = &[
    "error",
    "code",
    "message",
    "reason",
    "detail",
    "details",
    "status",
    "description",
    "hint",
    "msg",
    "type",
    "name",
    "title",
    "id",
    "cause",
    "tag",
    "err",
    "ecode",
    "summary",
    "exception",
    "ok",
];

fn with_member(body: &str, name: &str, value: &str, last: bool) -> String {
    let text = body.trim();
    let (Some(inner), false) = (
        text.strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}')),
        SPEAKING.contains(&name),
    ) else {
        return body.to_owned();
    };
    match (inner.trim().is_empty(), last) {
        (true, _) => body.to_owned(),
        (false, true) => format!("{{{inner},\"{name}\":\"{value}\"}}"),
        (false, false) => format!("{{\"{name}\":\"{value}\",{inner}}}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn changes_that_mean_nothing_never_turn_a_wait_into_a_prompt(
        record in harmless(),
        content_type in prop::sample::select(vec![
            "", "text/html", "application/json", "text/plain", "application/octet-stream",
            "application/xml", "application/problem+json", "text/javascript; charset=utf-16",
        ]),
        case in 0..3,
        pad in "[ \\n\\t\\r]{0,4}",
        marked in any::<bool>(),
        name in "[a-z_]{1,12}",
        value in "[ -~&&[^\"\\\\]]{0,24}",
        last in any::<bool>(),
        named in any::<bool>(),
    ) {
        let mut http = record.http().unwrap();
        http.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        if !content_type.is_empty() {
            http.headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
        let body = with_member(&String::from_utf8(http.body).unwrap(), &name, &value, last);
        let body = match case {
            0 => body.to_uppercase(),
            1 => body.to_lowercase(),
            _ => body,
        };
        let mark = if marked { "\u{feff}" } else { "" };
        http.body = format!("{mark}{pad}{body}{pad}").into_bytes();
        let row = named.then_some(record.provider.as_str());
        prop_assert_ne!(verdict_of(http, row), "sign_in", "{}", record.id);
    }

    #[test]
    fn any_damage_at_once_never_turns_a_wait_into_a_prompt(
        record in harmless(),
        status in prop::option::of(500_u16..600),
        cut in any::<bool>(),
        keep in 0.0_f64..1.0,
        page in any::<bool>(),
    ) {
        let mut http = record.http().unwrap();
        http.status = status.unwrap_or(http.status);
        http.cut = cut;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short body")]
        http.body.truncate((http.body.len() as f64 * keep) as usize);
        if page {
            http.body = [b"<html>", http.body.as_slice(), b"</html>"].concat();
        }
        prop_assert_ne!(verdict_of(http, Some(&record.provider)), "sign_in", "{}", record.id);
    }

    #[test]
    fn arbitrary_bytes_are_survived_and_never_prompt(
        status in 0_u16..1_000,
        body in prop::collection::vec(any::<u8>(), 0..400),
        cut in any::<bool>(),
    ) {
        let http = HttpReply { status, headers: Vec::new(), body, cut };
        prop_assert_ne!(verdict_of(http, Some("google")), "sign_in");
    }

    #[test]
    fn arbitrary_text_around_json_is_survived(body in "[\\[{\"'<&=:,a-z _%\\]}]{0,200}", paste in any::<String>()) {
        let http = HttpReply { status: 400, headers: Vec::new(), body: body.into_bytes(), cut: false };
        verdict_of(http, None);
        if let Ok(request) = parse_pasted(&paste, None) {
            let _ = explain(&request, now());
        }
    }
}
