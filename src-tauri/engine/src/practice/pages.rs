//! The pages that people see at the practice provider. Everything from outside is escaped.

use axum::response::Html;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;\
padding:0 1.5rem;color:#1f2328;background:#fff}h1{font-size:1.35rem}button,input{font:inherit;\
padding:.55rem 1rem;border-radius:.5rem;border:1px solid #8c959f;background:#f6f8fa;color:inherit}\
button.main{background:#2451b3;border-color:#2451b3;color:#fff}form{display:flex;flex-wrap:wrap;\
gap:.6rem}p.note{color:#59636e;font-size:.9rem}@media(prefers-color-scheme:dark){body{color:#e6edf3;\
background:#15181c}button,input{background:#22272e;border-color:#444c56}p.note{color:#9198a1}}";

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    ))
}

/// Asks a person to agree. `action` is where the answer goes, `hidden` the field that names what
/// is agreed to.
pub(super) fn consent(action: &str, client: &str, hidden: (&str, &str)) -> Html<String> {
    let (name, value) = (escape(hidden.0), escape(hidden.1));
    let body = format!(
        "<p>The program <b>{}</b> would like to act for you.</p>\
         <form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"{name}\" value=\"{value}\">\
         <button class=\"main\" name=\"answer\" value=\"ada\" autofocus>Sign in as Ada</button>\
         <button name=\"answer\" value=\"grace\">Sign in as Grace</button>\
         <button name=\"answer\" value=\"no\">Cancel</button></form>\
         <p class=\"note\">This is the practice provider on your own computer. No account exists, \
         nothing leaves this machine.</p>",
        escape(client)
    );
    page("Practice provider", &body)
}

/// Asks for the user code of a device sign-in.
pub(super) fn enter_code(wrong: bool) -> Html<String> {
    let note = if wrong {
        "<p role=\"alert\">No program waits for that code. Look again at where it is shown.</p>"
    } else {
        ""
    };
    page(
        "Enter the code",
        &format!(
            "{note}<form method=\"get\" action=\"/device\"><input name=\"user_code\" \
             aria-label=\"Code\" placeholder=\"XXXX-XXXX\" autocomplete=\"off\" autofocus>\
             <button class=\"main\">Continue</button></form>"
        ),
    )
}

pub(super) fn device_done(agreed: bool) -> Html<String> {
    if agreed {
        page(
            "Done",
            "<p>You can close this page; the program goes on by itself.</p>",
        )
    } else {
        page(
            "Cancelled",
            "<p>The program was told that you declined.</p>",
        )
    }
}

pub(super) fn front(issuer: &str) -> Html<String> {
    page(
        "Practice provider",
        &format!(
            "<p>An OAuth provider to practise with. Its issuer is <code>{}</code>; any client id \
             works.</p>",
            escape(issuer)
        ),
    )
}

pub(super) fn wrong(what: &str) -> Html<String> {
    page(
        "This request is no good",
        &format!("<p>{}</p>", escape(what)),
    )
}

/// What a hotel's network answers to everything until somebody has agreed to its terms.
pub(super) fn hotel() -> Html<String> {
    page(
        "Welcome to Hotel Loopback",
        "<p>Please accept our terms to use the wireless network.</p>\
         <form><input name=\"room\" aria-label=\"Room number\" placeholder=\"Room number\">\
         <button class=\"main\" type=\"button\">Connect</button></form>",
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
