//! What the engine can say stands in the German catalogues: its own, which tray, notifications and
//! window read, and the window's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use tokentray::domain::{
    cause::Cause,
    provider,
    words::{FailureFacts, incident_why},
};
use tokentray::speech::words::{Language, Words};

const WORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/words");

#[test]
fn no_provider_s_text_lacks_its_german() {
    let catalogue = fs::read_to_string(format!("{WORDS}/de_providers.ts")).unwrap();
    let missing: Vec<(&str, &str)> = provider::table()
        .iter()
        .flat_map(|row| {
            let not_offered = row.not_offered.unwrap_or_default();
            [row.register, row.loopback, not_offered].map(|text| (row.key, text))
        })
        .map(|(key, text)| (key, text.trim_end_matches('.')))
        .filter(|(_, text)| !text.is_empty() && !catalogue.contains(&format!("\"{text}\":")))
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn every_reason_of_a_provider_has_its_german_and_no_other_has() {
    let sentences = Words::of(Language::German).sentences.unwrap();
    let known: BTreeSet<&str> = sentences.reasons.keys().map(String::as_str).collect();
    let of_providers = provider::table()
        .iter()
        .flat_map(|row| row.reasons)
        .flat_map(|reason| [Some(reason.why), reason.advice]);
    let of_causes: Vec<String> = Cause::ALL
        .iter()
        .filter_map(|cause| incident_why(*cause, &FailureFacts::default(), None).1)
        .collect();
    let said: BTreeSet<&str> = of_providers
        .flatten()
        .chain(of_causes.iter().map(String::as_str))
        .collect();
    assert_eq!(known, said);
}

/// Every text of a catalogue by its path, but for what only one of them says.
fn texts(language: &str) -> BTreeMap<String, String> {
    fn collect(at: &str, value: &Value, found: &mut BTreeMap<String, String>) {
        match value {
            Value::String(text) => {
                found.insert(at.to_owned(), text.clone());
            }
            Value::Object(parts) => {
                for (key, part) in parts.iter().filter(|(key, _)| *key != "sentences") {
                    collect(&format!("{at}.{key}"), part, found);
                }
            }
            other => panic!("{at}: {other}"),
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/words");
    let file = fs::read_to_string(format!("{folder}/{language}.json")).unwrap();
    let mut found = BTreeMap::new();
    collect("", &serde_json::from_str(&file).unwrap(), &mut found);
    found
}

#[test]
fn tray_and_notification_say_everything_in_both_languages() {
    for language in Language::ALL {
        let words = Words::of(language);
        assert_eq!(words.meaning.len(), Cause::ALL.len(), "{language:?}");
    }
    let (english, german) = (texts("en"), texts("de"));
    let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&english), keys(&german));
    let places = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts
            .map(|part| part.split('}').next().unwrap().to_owned())
            .collect()
    };
    for (key, text) in &english {
        let other = &german[key];
        assert_eq!(places(text), places(other), "{key}");
        if ![".tray.account", ".tray.demo"].contains(&key.as_str()) {
            assert_ne!(text, other, "{key} is translated");
        }
        assert!(!text.trim().is_empty() && !other.trim().is_empty(), "{key}");
    }
}
