//! A German session: tray and notification as panel and notification daemon get them.

use std::time::Duration;

use super::tray::panel::{Manners, Panel};
use crate::support::{
    notifications::{Notifications, Shown},
    provider::Provider,
    session,
    tokentray::Tokentray,
    tray_icon::TrayIcon,
    wait_for, wait_until,
};

const SOON: Duration = Duration::from_secs(40);
/// Near its end from the beginning, so that a revocation is told at once.
const LIFETIME_S: u32 = 300;

#[test]
fn tray_and_notification_speak_the_session_s_language_until_the_setting_says_otherwise() {
    session::inside(|session| {
        session.set_variable("LANG", "de_DE.UTF-8");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let _panel = runtime.block_on(Panel::start(Manners::Good));
        let notifications = Notifications::start(session);
        let provider = Provider::start(session, LIFETIME_S);
        let tokentray = Tokentray::new(session);
        let mut command = tokentray.command(&["tray", "--vault", "memory"]);
        let mut tray = session.spawn("tray", &mut command);
        tokentray.wait_until_it_answers();
        tokentray.set_person("ada");
        tokentray.add("work", &provider);
        let icon = TrayIcon(session);
        let shows = |tooltip: &str, menu: &[&str]| {
            wait_until(tooltip, SOON, || {
                let labels = icon.menu().into_iter().map(|entry| entry.label);
                icon.shown()
                    .is_some_and(|icon| icon.tooltip.contains(tooltip))
                    && labels.eq(menu.iter().copied())
            });
        };
        shows(
            "Nichts zu tun. Alles ist in Ordnung.",
            &[
                "Tokentray öffnen",
                "work: in Ordnung",
                "Jetzt erneuern",
                "Anhalten",
                "Erneut anmelden",
                "Im Fenster zeigen",
                "Alles anhalten",
                "Beim Anmelden starten",
                "Beenden",
            ],
        );

        provider.revoke_everything();
        // A person's second try confirms the refusal.
        assert_ne!(tokentray.run(&["refresh", "work"]).status.code(), Some(0));
        assert_eq!(tokentray.run(&["refresh", "work"]).status.code(), Some(3));
        let german = notifications.wait_open(SOON);
        assert_eq!(
            said(&german),
            [
                "Erneut anmelden: work",
                "Der Anbieter nimmt das Erneuerungstoken nicht mehr an und sagt nicht, warum.",
                "Erneut anmelden",
                "Später",
            ]
        );
        wait_until("the owner knows that it is shown", SOON, || {
            tokentray.status()["notice"]["shown"] == true
        });
        let needed = [
            "Erneut anmelden: work",
            "Tokentray öffnen",
            "work: erneut anmelden",
            "Erneut anmelden",
            "Im Fenster zeigen",
            "Alles anhalten",
            "Beim Anmelden starten",
            "Beenden",
        ];
        shows("work braucht Sie.", &needed);

        tokentray.ok(&["settings", "language=en"]);
        let english = wait_for("the notification is English", SOON, || {
            let open = notifications.open().pop()?;
            (open.title == "Sign in again: work").then_some(open)
        });
        assert_eq!(english.replaces, german.id);
        assert_eq!(said(&english)[2..], ["Sign in again", "Later"]);
        assert_eq!(notifications.open().len(), 1);
        shows(
            "work needs you.",
            &[
                "Sign in again: work",
                "Open Tokentray",
                "work: sign in again",
                "Sign in again",
                "Show in the window",
                "Pause all",
                "Start at login",
                "Quit",
            ],
        );
        tokentray.ok(&["settings", "language=system"]);
        shows("work braucht Sie.", &needed);
        assert!(tray.terminate(SOON).success());
    });
}

/// Title, body and the words on the buttons.
fn said(shown: &Shown) -> Vec<&str> {
    let buttons = shown.actions.iter().filter(|(key, _)| key != "default");
    [shown.title.as_str(), shown.body.as_str()]
        .into_iter()
        .chain(buttons.map(|(_, label)| label.as_str()))
        .collect()
}
