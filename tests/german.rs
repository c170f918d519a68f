//! What the engine can say of a provider stands in the window's German catalogue.

use std::fs;

use tokentray::domain::{
    cause::Cause,
    provider,
    words::{FailureFacts, incident_why},
};

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
fn no_reason_of_a_provider_lacks_its_german() {
    let catalogue = fs::read_to_string(format!("{WORDS}/de_reasons.ts")).unwrap();
    let of_providers = provider::table()
        .iter()
        .flat_map(|row| row.reasons)
        .flat_map(|reason| [Some(reason.why), reason.advice]);
    let of_causes = Cause::ALL
        .iter()
        .map(|cause| incident_why(*cause, &FailureFacts::default(), None).1);
    let missing: Vec<String> = of_providers
        .map(|text| text.map(str::to_owned))
        .chain(of_causes)
        .flatten()
        .filter(|text| !catalogue.contains(&format!("\"{text}\":")))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
