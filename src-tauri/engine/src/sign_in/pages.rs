//! The pages that the browser shows at the end of a sign-in: plain, self-contained, no script.
//!
//! It must not put a code, a state or a token on a page. All text is escaped.

/// What the last page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub good: bool,
    pub title: String,
    pub text: String,
    pub note: Option<String>,
}

impl Page {
    /// The sign-in succeeded.
    pub fn signed_in(account: &str, who: Option<&str>, warning: Option<String>) -> Self {
        let text = match who {
            Some(who) => format!("{account} is signed in as {who}. You can close this page."),
            None => format!("{account} is signed in. You can close this page."),
        };
        Self {
            good: true,
            title: "Signed in".into(),
            text,
            note: warning,
        }
    }

    /// It did not; the reason is a whole sentence.
    pub fn failed(account: &str, reason: &str) -> Self {
        Self {
            good: false,
            title: format!("{account} is not signed in"),
            text: reason.to_owned(),
            note: Some("You can close this page and try again from Tokentray.".into()),
        }
    }

    /// The code is being exchanged.
    fn working(account: &str) -> Self {
        Self {
            good: true,
            title: "One moment".into(),
            text: format!("Tokentray finishes signing in to {account}."),
            note: None,
        }
    }
}

/// The page as HTML; without a page, one that loads itself again in two seconds.
pub fn html(page: Option<&Page>, account: &str, style_nonce: &str) -> String {
    let working;
    let (page, refresh) = if let Some(page) = page {
        (page, "")
    } else {
        working = Page::working(account);
        (&working, "<meta http-equiv=\"refresh\" content=\"2\">")
    };
    let mark = match (page.good, refresh.is_empty()) {
        (true, true) => "<p class=\"mark good\">&#10003;</p>",
        (true, false) => "<p class=\"mark\">&#8230;</p>",
        (false, _) => "<p class=\"mark bad\">!</p>",
    };
    let note = page
        .note
        .as_ref()
        .map(|note| format!("<p class=\"note\">{}</p>", escape(note)))
        .unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} - Tokentray</title>\
         <style nonce=\"{style_nonce}\">{STYLE}</style></head>\
         <body><main>{mark}<h1>{title}</h1><p>{text}</p>{note}</main></body></html>",
        title = escape(&page.title),
        text = escape(&page.text),
    )
}

const STYLE: &str = "\
    body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;min-height:100vh;\
    place-items:center}main{max-width:30rem;padding:2rem;text-align:center}\
    h1{font-size:1.4rem;margin:.5rem 0}.mark{font-size:2rem;line-height:3.5rem;width:3.5rem;\
    margin:0 auto;border:2px solid;border-radius:50%}.good{color:#188038}.bad{color:#b3261e}\
    .note{opacity:.75;font-size:.9rem}\
    @media(prefers-color-scheme:dark){.good{color:#81c995}.bad{color:#f2b8b5}}";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
