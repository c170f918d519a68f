//! Tray and notification in the person's language.

use tempfile::TempDir;
use tokentray::{
    api::types::{AccountRow, AccountState, NoticeReason, NoticeRow, Status},
    domain::cause::Cause,
    io::notifier::Notice,
    presenter::model::{tray_model, without_engine},
    speech::{
        Speech,
        words::{Language, fill},
    },
};

use super::{
    desk::{Desk, Did},
    models::{account, menu_in, notice, status},
    owner::Owner,
};

fn german() -> Speech {
    Speech::new(vec!["de-DE".into()])
}

fn reason(account: &str, cause: Cause) -> NoticeReason {
    NoticeReason {
        account: account.into(),
        cause,
        lost_reply: false,
        known: None,
    }
}

fn told(names: &[&str], reasons: Vec<NoticeReason>) -> NoticeRow {
    NoticeRow {
        reasons,
        ..notice("n", names)
    }
}

#[test]
fn the_language_is_the_setting_s_or_the_first_of_the_system_s_that_is_spoken() {
    let of = |setting: &str, wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|&tag| tag.to_owned()).collect();
        Language::of(setting, &wanted)
    };
    assert_eq!(of("system", &["fr-FR", "de-AT", "en-US"]), Language::German);
    assert_eq!(of("system", &["en-GB", "de"]), Language::English);
    assert_eq!(of("system", &["fr-FR"]), Language::English);
    assert_eq!(of("system", &["den-CA"]), Language::English);
    assert_eq!(of("de", &["en-US"]), Language::German);
    assert_eq!(of("en", &["de-DE"]), Language::English);
    // A newer Tokentray may know more.
    assert_eq!(of("fr", &["de-DE"]), Language::German);
}

#[test]
fn the_whole_tray_is_german() {
    let mut accounts: Vec<AccountRow> = AccountState::ALL
        .iter()
        .map(|state| account(&format!("K{state}"), *state))
        .collect();
    accounts[0].generation = 0;
    let mut status = status(accounts);
    insta::assert_snapshot!(menu_in(&status, &german()), @r"
    Anmelden: Ksign_in_needed
    --
    Tokentray öffnen
    --
    Ksign_in_needed: erneut anmelden > Anmelden, Im Fenster zeigen
    Kvault_locked: Schlüsselbund gesperrt > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kfix_setup: Einrichtung prüfen > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kunclear: abgelehnt, Grund unbekannt > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kexpired: abgelaufen > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kwaiting: wartet auf den Anbieter > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Krefreshing: in Ordnung > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kexpiring: in Ordnung > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kok: in Ordnung > Jetzt erneuern, Anhalten, Erneut anmelden, Im Fenster zeigen
    Kpaused: angehalten > Fortsetzen, Erneut anmelden, Im Fenster zeigen
    Ksigned_out: nicht angemeldet > Erneut anmelden, Im Fenster zeigen
    Kloading: wird geladen > Erneut anmelden, Im Fenster zeigen
    --
    Alles anhalten
    [x] Beim Anmelden starten
    --
    Beenden
    ");
    assert_eq!(
        tray_model(&status, None, &german()).tooltip,
        "Ksign_in_needed braucht Sie."
    );
    status.paused = true;
    let many = (0..14).map(|n| account(&format!("K{n}"), AccountState::SignInNeeded));
    status.accounts = many.collect();
    let menu = menu_in(&status, &german());
    for row in [
        "6 weitere Konten brauchen Sie …\n",
        "2 weitere …\n",
        "\nFortsetzen\n",
    ] {
        assert!(menu.contains(row), "{row}: {menu}");
    }
    status.accounts.truncate(9);
    let menu = menu_in(&status, &german());
    assert!(menu.contains("1 weiteres Konto braucht Sie …\n"), "{menu}");
    assert_eq!(
        tray_model(&status, None, &german()).tooltip,
        "9 Konten brauchen Sie: K0, K1, K2 und 6 weitere."
    );
    assert_eq!(
        without_engine(None, &german()).tooltip,
        "Tokentrays Dienst antwortet nicht; es wird weiter versucht."
    );
}

#[test]
fn every_headline_has_its_german() {
    use AccountState::{Loading, Ok, Paused, SignedOut, VaultLocked, Waiting};
    let headline = |states: &[AccountState]| {
        let names = ["A", "B", "C", "D", "E"];
        let rows = std::iter::zip(names, states).map(|(name, state)| account(name, *state));
        german().headline(&status(rows.collect()))
    };
    let told = [
        headline(&[]),
        headline(&[AccountState::SignInNeeded, AccountState::FixSetup, Ok]),
        headline(&[AccountState::SignInNeeded, Ok]),
        headline(&[VaultLocked, Ok]),
        headline(&[AccountState::FixSetup, AccountState::FixSetup]),
        headline(&[AccountState::FixSetup, Waiting, Ok]),
        headline(&[Waiting, Ok]),
        headline(&[Waiting; 5]),
        headline(&[Paused, Paused]),
        headline(&[Loading]),
        headline(&[SignedOut, SignedOut]),
        headline(&[Ok, Paused]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    Noch kein Konto. Fügen Sie eines hinzu.
    A braucht Sie.
    A braucht Sie. Alles andere ist in Ordnung.
    Der Schlüsselbund ist gesperrt. Entsperren Sie ihn.
    Die Einrichtung von 2 Konten ist zu prüfen: A, B.
    Die Einrichtung von A ist zu prüfen.
    Nichts zu tun. A wartet auf den Anbieter. Alles andere ist in Ordnung.
    Nichts zu tun. 5 Konten warten: A, B, C und 2 weitere.
    Angehalten.
    Wird geladen.
    Sie sind bei A, B nicht angemeldet. Melden Sie sich an, um zu beginnen.
    Nichts zu tun. Alles ist in Ordnung.
    ");
}

#[test]
fn a_german_notice_names_account_and_reason() {
    let speech = german();
    let one = speech.notice(&told(
        &["Okta"],
        vec![reason("Okta", Cause::PasswordChanged)],
    ));
    assert_eq!(
        (one.title.as_str(), one.body.as_str()),
        (
            "Erneut anmelden: Okta",
            "Das Passwort wurde geändert; das beendet frühere Anmeldungen."
        )
    );
    let known = NoticeReason {
        known: Some("Microsoft ends grants that were not used for 90 days.".into()),
        ..reason("Entra", Cause::RefreshTokenExpired)
    };
    let lost = NoticeReason {
        lost_reply: true,
        ..reason("{n} Box", Cause::RefreshTokenReused)
    };
    let unknown = NoticeReason {
        known: Some("Said by a newer engine only.".into()),
        ..reason("Slack", Cause::SessionEnded)
    };
    let mut reasons = vec![known, lost, unknown];
    let names = ["Entra", "{n} Box", "Slack", "a", "b", "c"];
    reasons.extend(
        names[3..]
            .iter()
            .map(|name| reason(name, Cause::GrantMissing)),
    );
    let six = speech.notice(&told(&names, reasons));
    insta::assert_snapshot!(format!("{}\n{}", six.title, six.body), @r"
    6 Konten brauchen Sie
    Entra: Das Erneuerungstoken ist abgelaufen. Anbieter geben ihm Tage oder Monate. Microsoft beendet Anmeldungen, die 90 Tage unbenutzt blieben.
    {n} Box: Die Antwort auf die letzte Erneuerung ging unterwegs verloren, und mit ihr das neue Erneuerungstoken.
    Slack: Die Sitzung beim Anbieter ist zu Ende. Firmen begrenzen sie oft auf Stunden oder Tage.
    a: Der Schlüsselbund hat diese Anmeldung nicht mehr.
    und 2 weitere
    ");
}

#[test]
fn where_codes_are_missing_and_in_english_the_engine_s_own_sentences_stand() {
    let whole = told(&["Okta"], vec![reason("Okta", Cause::SessionEnded)]);
    let english = Speech::new(Vec::new());
    assert_eq!(english.notice(&whole), whole);
    // An older engine sends none.
    let older = notice("n", &["Okta", "Slack"]);
    assert_eq!(german().notice(&older), older);
    let half = told(
        &["Okta", "Slack"],
        vec![reason("Okta", Cause::SessionEnded)],
    );
    assert_eq!(german().notice(&half), half);
    let all: Status = status(vec![account("Okta", AccountState::SignInNeeded)]);
    assert_eq!(english.headline(&all), all.headline);
}

#[test]
fn a_place_is_filled_once_whatever_is_put_there() {
    let places = [("name", "{state}"), ("state", "well")];
    assert_eq!(
        fill("{name}: {state} {x} {", &places),
        "{state}: well {x} {"
    );
}

#[tokio::test]
async fn a_change_of_the_setting_changes_the_tray_and_a_standing_notification() {
    let folder = TempDir::new().unwrap();
    let mut owner = Owner::start(folder.path(), status(vec![]));
    let mut desk = Desk::start_in(folder.path(), &["de-DE", "en"]);
    let first_is = |first: &'static str| {
        move |model: &tokentray::io::tray::TrayModel| {
            let label = match &model.rows[0] {
                tokentray::io::tray::TrayRow::Item { label, .. } => label.as_str(),
                _ => "",
            };
            label == first
        }
    };
    desk.shows(first_is("Tokentray öffnen")).await;
    owner.change(|status| {
        status.accounts = vec![account("Okta", AccountState::SignInNeeded)];
        status.notice = Some(told(&["Okta"], vec![reason("Okta", Cause::SessionEnded)]));
    });
    desk.shows(first_is("Erneut anmelden: Okta")).await;
    let german =
        "Die Sitzung beim Anbieter ist zu Ende. Firmen begrenzen sie oft auf Stunden oder Tage.";
    assert_eq!(desk.did().await, Did::Show(german.into()));
    assert_eq!(
        desk.notice(),
        Notice {
            title: "Erneut anmelden: Okta".into(),
            body: german.into(),
            sign_in: "Erneut anmelden".into(),
            later: "Später".into(),
            elsewhere: "Melden Sie sich über Tokentrays Symbol oder Fenster an.".into(),
        }
    );
    assert_eq!(owner.asked().await, "POST /v1/notices/n/shown");
    owner.change(|status| status.notice.as_mut().unwrap().shown = true);

    owner.speak("en");
    desk.shows(first_is("Sign in again: Okta")).await;
    assert_eq!(desk.did().await, Did::Show("Okta".into()));
    assert_eq!(desk.notice().later, "Later");
    owner.speak("de");
    desk.shows(first_is("Erneut anmelden: Okta")).await;
    assert_eq!(desk.did().await, Did::Show(german.into()));
    // The same language by another name, and what was closed, change nothing.
    owner.speak("system");
    desk.answer(tokentray::io::notifier::NoticeEvent::Dismissed);
    desk.click(tokentray::io::tray::TrayAction::PauseAll);
    assert_eq!(owner.asked().await, "POST /v1/pause");
    owner.speak("en");
    desk.shows(first_is("Sign in again: Okta")).await;
    assert!(owner.is_asked_nothing() && desk.did_nothing_more());
}
