//! The Linux tray against panels that come late, restart, forget, refuse or never answer.

pub mod panel;
mod screen;

use std::time::Duration;

use tokentray::io::tray::{
    LinuxTray, LinuxTrayOptions, TrayAction, TrayEvent, TrayModel, TrayPort, TrayRow, TrayShape,
    TrayState,
};
use tokio::{sync::mpsc, time::timeout};

use crate::support::session::{self, Session};
use panel::{Item, Manners, Panel};

/// The first look comes 3 s after a change, the second 2 s later; the machine may be busy.
const REPAIRED: Duration = Duration::from_secs(20);

fn model(shape: TrayShape) -> TrayModel {
    TrayModel {
        shape,
        tooltip: "Okta & <b>Slack</b> need you".into(),
        rows: vec![
            TrayRow::Item {
                label: "Sign in again: my_work".into(),
                action: TrayAction::SignIn("my_work".into()),
            },
            TrayRow::Separator,
            TrayRow::Check {
                label: "Start at login".into(),
                checked: true,
                action: TrayAction::StartAtLogin(false),
            },
        ],
        left: TrayAction::Open,
        middle: TrayAction::SignIn("my_work".into()),
    }
}

struct Tray {
    port: std::sync::Arc<LinuxTray>,
    clicks: mpsc::UnboundedReceiver<TrayEvent>,
}

impl Tray {
    fn start(options: LinuxTrayOptions) -> Self {
        let (port, clicks) = LinuxTray::start(options);
        port.show(model(TrayShape::Fine));
        Self { port, clicks }
    }

    async fn reaches(&self, what: &str, wanted: impl FnMut(&TrayState) -> bool) {
        let mut state = self.port.state();
        let reached = timeout(REPAIRED, state.wait_for(wanted)).await;
        assert!(reached.is_ok(), "{what}: {:?}", self.port.state().borrow());
    }

    async fn is_shown(&self) {
        self.reaches("shown", |state| *state == TrayState::Shown)
            .await;
    }

    async fn is_unavailable(&self) {
        let unavailable = |state: &TrayState| matches!(state, TrayState::Unavailable(_));
        self.reaches("unavailable", unavailable).await;
    }

    async fn click(&mut self) -> TrayAction {
        let click = timeout(REPAIRED, self.clicks.recv()).await;
        click.expect("a click").expect("a click").action
    }
}

/// Runs a story in a session of its own.
fn story(body: impl AsyncFnOnce(&Session)) {
    session::inside(|session| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(body(session));
    });
}

#[test]
fn the_item_carries_shape_sentence_and_menu_and_gives_clicks_back() {
    story(async |_| {
        let panel = Panel::start(Manners::Good).await;
        let mut tray = Tray::start(LinuxTrayOptions::default());
        tray.is_shown().await;
        let item = Item::of(&panel.items()[0]).await;
        assert_eq!(item.text("Id").await, "tokentray");
        assert_eq!(item.text("Status").await, "Active");
        assert_eq!(item.icon_sizes("IconPixmap").await, [16, 22, 24, 32, 48]);
        let fine = item.icon("IconPixmap", 22).await;

        tray.port.show(model(TrayShape::NeedsYou));
        item.until("Status", "NeedsAttention").await;
        assert_ne!(item.icon("IconPixmap", 22).await, fine);
        assert_eq!(
            item.icon("AttentionIconPixmap", 22).await,
            item.icon("IconPixmap", 22).await
        );
        assert_eq!(
            item.tooltip().await,
            "Okta &amp; &lt;b&gt;Slack&lt;/b&gt; need you"
        );
        let labels = item.menu().await;
        assert_eq!(
            labels
                .iter()
                .map(|(_, label)| label.as_str())
                .collect::<Vec<_>>(),
            ["Sign in again: my__work", "", "Start at login"]
        );

        item.call("Activate").await;
        assert_eq!(tray.click().await, TrayAction::Open);
        item.call("SecondaryActivate").await;
        assert_eq!(tray.click().await, TrayAction::SignIn("my_work".into()));
        item.choose(labels[2].0).await;
        assert_eq!(tray.click().await, TrayAction::StartAtLogin(false));

        tray.port.shut_down().await;
        panel
            .until("the icon is gone", |panel| panel.items().is_empty())
            .await;
    });
}

#[test]
fn a_panel_that_comes_late_gets_the_icon() {
    story(async |_| {
        let tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        let _panel = Panel::start(Manners::Good).await;
        tray.is_shown().await;
    });
}

#[test]
fn a_panel_that_restarts_gets_the_icon_again() {
    story(async |_| {
        let tray = Tray::start(LinuxTrayOptions::default());
        for _ in 0..2 {
            let panel = Panel::start(Manners::Good).await;
            tray.is_shown().await;
            assert_eq!(panel.items().len(), 1);
            panel.leave().await;
            tray.is_unavailable().await;
        }
    });
}

#[test]
fn a_panel_whose_object_comes_after_its_name_gets_the_icon() {
    story(async |_| {
        let panel = Panel::start(Manners::NoObject).await;
        let tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        panel.become_good().await;
        tray.is_shown().await;
        assert_eq!(panel.items().len(), 1);
    });
}

#[test]
fn a_panel_that_forgets_is_asked_again_but_not_for_ever() {
    story(async |_| {
        let panel = Panel::start(Manners::Forgetful).await;
        let tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        // Looks at 3, 5 and 10 s: one registration at first, one after each.
        tokio::time::sleep(Duration::from_secs(11)).await;
        let asked = panel.asked();
        assert!((3..=4).contains(&asked), "asked {asked} times in 11 s");
        panel.become_good().await;
    });
}

#[test]
fn a_panel_without_a_place_for_icons_is_no_tray_until_it_has_one() {
    story(async |_| {
        let panel = Panel::start(Manners::NoHost).await;
        let tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        assert_eq!(panel.items().len(), 1);
        panel.become_good().await;
        tray.is_shown().await;
        assert_eq!(panel.items().len(), 1);
    });
}

#[test]
fn a_panel_that_never_answers_holds_nothing_up() {
    story(async |_| {
        let panel = Panel::start(Manners::Silent).await;
        let tray = Tray::start(LinuxTrayOptions::default());
        tray.is_unavailable().await;
        tray.port.show(model(TrayShape::NeedsYou));
        panel.leave().await;
        let panel = Panel::start(Manners::Good).await;
        tray.is_shown().await;
        let item = Item::of(panel.items().last().unwrap()).await;
        item.until("Status", "NeedsAttention").await;
        timeout(Duration::from_secs(10), tray.port.shut_down())
            .await
            .unwrap();
    });
}

#[test]
fn in_a_sandbox_no_name_is_claimed() {
    story(async |_| {
        let panel = Panel::start(Manners::Good).await;
        let tray = Tray::start(LinuxTrayOptions {
            flatpak: true,
            ..LinuxTrayOptions::default()
        });
        tray.is_shown().await;
        assert!(panel.items()[0].starts_with(':'), "{:?}", panel.items());
    });
}
