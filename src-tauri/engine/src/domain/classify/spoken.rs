//! A text as the phrases are matched in it: words in lower case, sentence by sentence.
//!
//! Every text of a reply passes here, whatever its length, so it is one pass over the bytes.

/// From here on letters are those of Chinese, Japanese and Korean, which put no space between their
/// words and another script's: `无效refresh_token`.
const WIDE: char = '\u{2e80}';

/// Lower-case words with single spaces and a space at both ends; camel case is split, so that
/// `RefreshTokenInvalid`, `refresh_token_invalid` and "Refresh token invalid" read alike.
pub fn words(text: &str) -> String {
    Spoken::of(text).words
}

/// A text in words, and where its sentences end.
pub struct Spoken {
    words: String,
    /// Places of the spaces between two sentences.
    stops: Vec<usize>,
}

impl Spoken {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        // Camel case that is split makes a text longer, and few texts are written in it.
        let mut out: Vec<u8> = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 16);
        let mut stops = Vec::new();
        out.push(b' ');
        let mut gap = true;
        let mut after_lower = false;
        let mut after_wide = false;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            let was_wide = std::mem::take(&mut after_wide);
            if was_wide && byte.is_ascii_alphanumeric() {
                out.push(b' ');
            }
            match byte {
                b'a'..=b'z' => {
                    out.push(byte);
                    (gap, after_lower) = (false, true);
                }
                b'0'..=b'9' => {
                    out.push(byte);
                    (gap, after_lower) = (false, false);
                }
                b'A'..=b'Z' => {
                    if after_lower {
                        out.push(b' ');
                    }
                    out.push(byte | 0x20);
                    (gap, after_lower) = (false, false);
                }
                b'\'' | b'`' => {}
                0x80.. => {
                    let Some(c) = text[at - 1..].chars().next() else {
                        break;
                    };
                    at += c.len_utf8() - 1;
                    if c == '’' {
                        continue;
                    }
                    if c.is_alphanumeric() {
                        after_wide = c >= WIDE;
                        if after_lower && c.is_uppercase() || after_wide && !was_wide && !gap {
                            out.push(b' ');
                        }
                        let mut letter = [0; 4];
                        for lower in c.to_lowercase() {
                            out.extend_from_slice(lower.encode_utf8(&mut letter).as_bytes());
                        }
                        (gap, after_lower) = (false, c.is_lowercase());
                        continue;
                    }
                    if !gap {
                        out.push(b' ');
                    }
                    (gap, after_lower) = (true, false);
                    if matches!(c, '。' | '！') {
                        stops.push(out.len() - 1);
                    }
                }
                _ => {
                    if !gap {
                        out.push(b' ');
                    }
                    (gap, after_lower) = (true, false);
                    // Names with dots stay whole: a full stop is followed by a space.
                    let stop = match byte {
                        b'\n' | b'\r' | b';' => true,
                        b'.' | b'!' | b'?' => bytes.get(at) == Some(&b' '),
                        _ => false,
                    };
                    if stop {
                        stops.push(out.len() - 1);
                    }
                }
            }
        }
        if !gap {
            out.push(b' ');
        }
        Self {
            words: String::from_utf8(out).unwrap_or_default(),
            stops,
        }
    }

    /// The sentences that say anything, each with a space at both ends.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        let ends = self.stops.iter().copied();
        let mut start = 0;
        ends.chain([self.words.len() - 1])
            .filter_map(move |end| {
                let sentence = self.words.get(start..=end)?;
                start = end;
                Some(sentence)
            })
            .filter(|sentence| sentence.len() > 2)
    }
}

/// Whether a text says these words and no others; `phrase` is in lower case, with single spaces.
pub fn says_only(text: &str, phrase: &str) -> bool {
    // The first letter settles nearly all texts.
    let first = text
        .bytes()
        .find(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    let possible = first.is_some_and(|byte| {
        !byte.is_ascii() || phrase.as_bytes().first() == Some(&byte.to_ascii_lowercase())
    });
    possible && words(text).trim() == phrase
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_its_sentences() {
        let spoken =
            Spoken::of("TheRefreshToken isn't good.  It.was revoked!\r\nTrace: 1。失效; Überlang");
        let sentences: Vec<&str> = spoken.sentences().collect();
        assert_eq!(
            sentences,
            [
                " the refresh token isnt good ",
                " it was revoked ",
                " trace 1 ",
                " 失效 ",
                " überlang "
            ]
        );
        assert_eq!(words(""), " ");
        assert_eq!(
            words("无效refresh_token已過期ABC1年"),
            " 无效 refresh token 已過期 abc1 年 "
        );
        assert_eq!(Spoken::of("...\n; '").sentences().count(), 0);
    }

    #[test]
    fn only_these_words_and_no_others() {
        for (text, only) in [
            ("Forbidden", true),
            ("  «forbidden»!", true),
            ("<forbidden>.", true),
            ("For'bidden", true),
            ("Forbidden here", false),
            ("", false),
        ] {
            assert_eq!(says_only(text, "forbidden"), only, "{text}");
        }
    }
}
