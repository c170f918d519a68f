//! Makes provider text fit to be shown: no control or bidi characters, no token, 500 characters.

/// The longest provider text that is kept, in characters (SECURITY: secrets).
pub const MAX_TEXT: usize = 500;

/// The text on one line, without characters that hide or reorder others, without anything that
/// looks like a token, cut to 500 characters.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_TEXT * 4));
    let mut kept = 0;
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
    {
        // Nearly every word: nothing in it hides, and it is too short for a token.
        let with_gap = word.len() + usize::from(kept > 0);
        if word.is_ascii() && word.len() < TOKEN_LENGTH && kept + with_gap < MAX_TEXT {
            if kept > 0 {
                out.push(' ');
            }
            out.push_str(word);
            kept += with_gap;
            continue;
        }
        let mut visible: String = word
            .chars()
            .filter(|c| !hides(*c))
            .take(MAX_TEXT + 1)
            .collect();
        if visible.is_empty() {
            continue;
        }
        hide_tokens(&mut visible);
        let gap = (kept > 0).then_some(' ');
        for c in gap.into_iter().chain(visible.chars()) {
            if kept + 1 >= MAX_TEXT {
                out.push('…');
                return out;
            }
            out.push(c);
            kept += 1;
        }
    }
    out
}

/// Formatting characters: bidi controls, zero-width, line separators, tags.
const fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Shorter runs of letters and digits are taken for words.
const TOKEN_LENGTH: usize = 24;

/// Replaces opaque runs of 24 characters and more that mix letters and digits: some providers echo
/// the refresh token in their message. GUIDs (trace ids) stay.
fn hide_tokens(word: &mut String) {
    if word.len() < TOKEN_LENGTH || word.contains("://") {
        return;
    }
    let opaque =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '/' | '=');
    let mut out = String::with_capacity(word.len());
    let mut run = String::new();
    for c in word.chars().chain(std::iter::once(' ')) {
        if opaque(c) {
            run.push(c);
            continue;
        }
        let mixed =
            run.chars().any(|c| c.is_ascii_digit()) && run.chars().any(|c| c.is_ascii_alphabetic());
        if run.len() >= TOKEN_LENGTH && mixed && !is_guid(&run) {
            out.push('…');
        } else {
            out.push_str(&run);
        }
        run.clear();
        out.push(c);
    }
    out.pop();
    *word = out;
}

fn is_guid(run: &str) -> bool {
    let run = run.trim_end_matches('.');
    run.len() == 36
        && run.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_alphanumeric(),
        })
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn text_loses_what_hides_and_what_looks_like_a_token() {
        assert_eq!(clean("a\r\n\tb\u{202e}c\u{0}d"), "a bc d");
        assert_eq!(
            clean("Invalid refresh token: 1//0gAbCdEf0123456789xyzXYZ987 (expired)"),
            "Invalid refresh token: … (expired)"
        );
        assert_eq!(
            clean("Trace ID: 3427eb4d-866e-4a3c-9048-6ab375960e00"),
            "Trace ID: 3427eb4d-866e-4a3c-9048-6ab375960e00"
        );
        assert_eq!(clean(&"x ".repeat(2_000)).chars().count(), 500);
    }
}
