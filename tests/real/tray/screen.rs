//! Tray and notification as a person sees them: xfce4-panel and dunst on a display. The pictures
//! are kept to be looked at.

use std::time::Duration;

use tokentray::io::{
    notifier::{LinuxNotifier, Notice, NoticeEvent, Notifier},
    tray::{LinuxTrayOptions, TrayAction, TrayPort, TrayShape, TrayState},
};
use tokio::{task::block_in_place, time::timeout};

use super::{REPAIRED, Tray, model, story};
use crate::support::{display::Display, wait_for};

/// Where the panel of the tests puts its first icon.
const ICON: (i32, i32) = (16, 16);

#[test]
fn a_real_panel_draws_four_different_shapes_and_gives_clicks_back() {
    story(async |session| {
        let display = block_in_place(|| Display::start(session));
        let mut tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        // The panel comes after the tray, as at most logins.
        let _panel = block_in_place(|| display.panel());
        tray.is_shown().await;

        let mut pictures: Vec<Vec<u8>> = Vec::new();
        for shape in TrayShape::ALL {
            tray.port.show(model(*shape));
            let picture = block_in_place(|| {
                wait_for("the panel draws another shape", REPAIRED, || {
                    display.rest_mouse();
                    let icon = display.pixels(4, 4, 26, 26);
                    let drawn = icon.chunks(3).any(|pixel| *pixel != icon[..3]);
                    (drawn && !pictures.contains(&icon)).then_some(icon)
                })
            });
            block_in_place(|| display.screenshot(&format!("tray-{shape}")));
            pictures.push(picture);
        }

        for (button, action) in [
            (1, TrayAction::Open),
            (2, TrayAction::SignIn("my_work".into())),
        ] {
            block_in_place(|| display.click(ICON.0, ICON.1, button));
            assert_eq!(tray.click().await, action);
        }
        block_in_place(|| {
            display.click(ICON.0, ICON.1, 3);
            std::thread::sleep(Duration::from_millis(800));
            display.screenshot("tray-menu");
            display.keys(&["Down", "Return"]);
        });
        assert_eq!(tray.click().await, TrayAction::SignIn("my_work".into()));
        assert_eq!(*tray.port.state().borrow(), TrayState::Shown);
    });
}

#[test]
fn a_real_notification_daemon_shows_it_and_a_click_signs_in() {
    story(async |session| {
        let display = block_in_place(|| Display::start(session));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        let notice = Notice {
            title: "Okta needs you".into(),
            body: "Sign in again: the <password> was changed & the session ended.".into(),
            sign_in: "Sign in again".into(),
            later: "Later".into(),
            elsewhere: "Sign in from the tray.".into(),
        };
        assert!(notifier.show(notice.clone()).await.is_err());
        let dunst = block_in_place(|| display.dunst());
        let shown = timeout(REPAIRED, events.recv()).await;
        assert_eq!(shown, Ok(Some(NoticeEvent::Shown)));
        block_in_place(|| {
            display.window("Dunst", REPAIRED);
            std::thread::sleep(Duration::from_millis(500));
            display.screenshot("notification");
        });
        // A crash: it comes back and shows what is still unresolved.
        drop(dunst);
        let _dunst = block_in_place(|| display.dunst());
        assert_eq!(
            timeout(REPAIRED, events.recv()).await,
            Ok(Some(NoticeEvent::Shown))
        );
        block_in_place(|| display.click_notification());
        assert!(matches!(
            timeout(REPAIRED, events.recv()).await,
            Ok(Some(NoticeEvent::SignIn { .. }))
        ));

        notifier.show(notice).await.unwrap();
        block_in_place(|| display.window("Dunst", REPAIRED));
        notifier.withdraw().await;
        block_in_place(|| {
            wait_for("it is gone from the screen", REPAIRED, || {
                display.windows("Dunst").is_empty().then_some(())
            });
        });
    });
}
