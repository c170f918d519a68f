//! What tray and notifications say, in the person's language.
//!
//! - [`words`]: the two catalogues, `words/en.json` and `words/de.json`, which the window reads too.
//!
//! Pure: it is told which languages the system asks for. Surprising: English has no sentences of
//! its own here, since the engine speaks it; another language makes its own from the same codes,
//! and where it has no words for a code the engine's sentence stands.

use crate::{
    api::types::{NoticeReason, NoticeRow, Status},
    domain::words::{About, Headline, HeadlineRow, NOTICE_LINES, shown},
};

pub mod words;

use words::{Counted, Language, Sentences, Words, fill};

/// The words in use.
#[derive(Clone, Debug)]
pub struct Speech {
    /// What the system asks for, best first.
    wanted: Vec<String>,
    language: Language,
    words: Words,
}

impl Speech {
    /// In the system's language until a setting is known.
    pub fn new(wanted: Vec<String>) -> Self {
        let language = Language::of("system", &wanted);
        Self {
            wanted,
            language,
            words: Words::of(language),
        }
    }

    /// Speaks as the setting says from now on; whether that is another language.
    pub fn speak(&mut self, setting: &str) -> bool {
        let language = Language::of(setting, &self.wanted);
        if language == self.language {
            return false;
        }
        self.language = language;
        self.words = Words::of(language);
        true
    }

    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// The one sentence that matters.
    pub fn headline(&self, status: &Status) -> String {
        let Some(sentences) = &self.words.sentences else {
            return status.headline.clone();
        };
        let rows: Vec<HeadlineRow<'_>> = status
            .accounts
            .iter()
            .map(|row| HeadlineRow {
                name: &row.name,
                state: row.state,
                wanted: false,
            })
            .collect();
        headline(sentences, &Headline::of(&rows))
    }

    /// The notice with title and body in this language.
    pub fn notice(&self, notice: &NoticeRow) -> NoticeRow {
        let mut spoken = notice.clone();
        let told = self.words.sentences.as_ref().and_then(|sentences| {
            let whys = notice.reasons.iter().map(|why| self.why(sentences, why));
            let whys: Vec<String> = whys.collect::<Option<_>>()?;
            (whys.len() == notice.accounts.len())
                .then(|| title_and_body(sentences, &notice.reasons, &whys))
        });
        if let Some((title, body)) = told {
            (spoken.title, spoken.body) = (title, body);
        }
        spoken
    }

    /// None where this language has no words for the cause.
    fn why(&self, sentences: &Sentences, reason: &NoticeReason) -> Option<String> {
        if reason.lost_reply {
            return Some(sentences.notification.lost_reply.clone());
        }
        let what = &self.words.meaning.get(&reason.cause)?.what;
        let known = reason
            .known
            .as_ref()
            .and_then(|known| sentences.reasons.get(known));
        Some(match known {
            Some(known) => format!("{what} {known}"),
            None => what.clone(),
        })
    }
}

fn headline(sentences: &Sentences, headline: &Headline<'_>) -> String {
    let said = &sentences.headline;
    let about = |text: &Counted, who: &About<'_>| {
        let (n, names) = (who.names.len(), list(sentences, &who.names));
        let sentence = text.fill(n, &[("n", &n.to_string()), ("names", &names)]);
        if who.rest_is_well {
            format!("{sentence} {}", said.rest_is_well)
        } else {
            sentence
        }
    };
    match headline {
        Headline::NoAccount => said.no_account.clone(),
        Headline::NeedYou(who) => about(&said.need_you, who),
        Headline::VaultLocked => said.vault_locked.clone(),
        Headline::Setup(who) => about(&said.setup, who),
        Headline::Waiting(who) => about(&said.waiting, who),
        Headline::Paused => said.paused.clone(),
        Headline::Loading => said.loading.clone(),
        Headline::SignedOut(names) => fill(&said.signed_out, &[("names", &list(sentences, names))]),
        Headline::Well => said.well.clone(),
    }
}

fn list(sentences: &Sentences, names: &[&str]) -> String {
    let (some, more) = shown(names);
    let some = some.join(", ");
    if more == 0 {
        return some;
    }
    fill(
        &sentences.and_more,
        &[("names", &some), ("n", &more.to_string())],
    )
}

fn title_and_body(
    sentences: &Sentences,
    reasons: &[NoticeReason],
    whys: &[String],
) -> (String, String) {
    let said = &sentences.notification;
    let names: Vec<&str> = reasons.iter().map(|why| why.account.as_str()).collect();
    let n = names.len();
    let title = said.title.fill(
        n,
        &[
            ("n", &n.to_string()),
            ("names", names.first().copied().unwrap_or_default()),
        ],
    );
    if let [why] = whys {
        return (title, why.clone());
    }
    let mut lines: Vec<String> = std::iter::zip(&names, whys)
        .take(NOTICE_LINES)
        .map(|(name, why)| fill(&said.line, &[("name", name), ("why", why)]))
        .collect();
    let more = n.saturating_sub(NOTICE_LINES);
    if more > 0 {
        lines.push(said.more.fill(more, &[("n", &more.to_string())]));
    }
    (title, lines.join("\n"))
}
