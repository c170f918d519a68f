//! `tokentray tray` from the inside: guest, understudy, owner, with a panel and without a window.

use std::{env, future::Future, sync::Arc, time::Duration};

use http::Method;
use serde_json::json;
use tokentray::{
    api::{
        client::Client,
        types::{AccountState, Status},
    },
    io::{tray::LinuxTrayOptions, vault::VaultKind},
    owner::{self, OwnerOptions, Role},
    paths::Paths,
    presenter::resident::{ResidentEnd, ResidentError, ResidentOptions, tray_command},
};
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

use super::tray::panel::{Item, Manners, Panel};
use crate::support::session;

fn owner_options(paths: &Paths) -> OwnerOptions {
    OwnerOptions {
        paths: paths.clone(),
        vault: Some(VaultKind::Memory),
        passphrase: None,
        key_file: None,
        environment: Vec::new(),
    }
}

fn resident(paths: &Paths) -> ResidentOptions {
    let paths = paths.clone();
    ResidentOptions {
        config_home: Some(paths.config_dir.clone()),
        languages: Vec::new(),
        owner: Box::new(move || owner_options(&paths)),
        tray: LinuxTrayOptions::default(),
        program: env::current_exe().unwrap(),
        search: None,
    }
}

async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    for _ in 0..500 {
        if let Some(answer) = ask().await {
            return answer;
        }
        sleep(Duration::from_millis(40)).await;
    }
    panic!("waited in vain: {what}");
}

/// `tokentray tray` with its icon in the panel: what ends it, and how it ended.
async fn presents(
    paths: &Paths,
    panel: &Panel,
) -> (
    oneshot::Sender<()>,
    JoinHandle<Result<ResidentEnd, ResidentError>>,
) {
    let (end, ends) = oneshot::channel();
    let options = resident(paths);
    let tray = tokio::spawn(async move {
        tray_command(options, async {
            let _ = ends.await;
        })
        .await
    });
    panel
        .until("the icon is there", |panel| panel.items().len() == 1)
        .await;
    (end, tray)
}

/// Runs a story in a session of its own.
fn story(body: impl AsyncFnOnce(&Paths)) {
    session::inside(|session| {
        let paths = Paths::below(&session.home().join("tokentray"));
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(body(&paths));
    });
}

#[test]
fn a_guest_presents_takes_over_when_the_owner_ends_and_leaves_nothing_behind() {
    story(handed_over);
}

async fn handed_over(paths: &Paths) {
    let panel = Arc::new(Panel::start(Manners::Good).await);
    let Role::Owner(daemon) = owner::take(owner_options(paths)).await.unwrap() else {
        panic!("nobody else owns");
    };
    let (end_daemon, daemon_ends) = oneshot::channel::<()>();
    let daemon = tokio::spawn(daemon.serve(async {
        let _ = daemon_ends.await;
    }));

    let (end, tray) = presents(paths, &panel).await;
    let icon = panel.items();

    // A second one neither presents nor owns.
    let second = tray_command(resident(paths), std::future::pending()).await;
    assert!(matches!(second, Ok(ResidentEnd::AnotherPresents)));
    assert!(matches!(
        owner::take(owner_options(paths)).await,
        Ok(Role::Guest)
    ));

    end_daemon.send(()).unwrap();
    daemon.await.unwrap().unwrap();
    let client = Client::socket(&paths.socket);
    until("the tray's process owns now", || async {
        client.get::<Status>("/v1/status").await.ok()
    })
    .await;
    assert!(matches!(
        owner::take(owner_options(paths)).await,
        Ok(Role::Guest)
    ));
    assert_eq!(panel.items(), icon, "the icon stood all the time");

    end.send(()).unwrap();
    assert!(matches!(tray.await.unwrap(), Ok(ResidentEnd::Ended)));
    panel
        .until("the icon is gone", |panel| panel.items().is_empty())
        .await;
    assert!(!paths.socket.exists());
    assert!(matches!(
        owner::take(owner_options(paths)).await,
        Ok(Role::Owner(_))
    ));
}

#[test]
fn the_menu_on_the_bus_has_a_submenu_of_deeds_for_each_account() {
    story(submenus);
}

async fn submenus(paths: &Paths) {
    let panel = Panel::start(Manners::Good).await;
    let (end, tray) = presents(paths, &panel).await;
    let item = Item::of(&panel.items()[0]).await;
    let client = Client::socket(&paths.socket);
    until("its engine answers", || async {
        client.get::<Status>("/v1/status").await.ok()
    })
    .await;
    // Nobody listens there, and nobody is asked: the token lives for an hour.
    let account = json!({
        "name": "my_work", "client_id": "client",
        "auth_url": "http://127.0.0.1:9/authorize", "token_url": "http://127.0.0.1:9/token",
    });
    let grant = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 3600 });
    let import = json!({ "token_response": grant.to_string(), "take_over": "another program" });
    for (path, body) in [
        ("/v1/accounts", account),
        ("/v1/accounts/my_work/import", import),
    ] {
        client
            .request(Method::POST, path, Some(body))
            .await
            .unwrap();
    }

    let well = [
        "Refresh now",
        "Pause",
        "Sign in again",
        "Show in the window",
    ];
    let within = submenu(&item, "my__work: well", &well).await;
    item.choose(within[1].0).await;
    let paused = ["Resume", "Sign in again", "Show in the window"];
    submenu(&item, "my__work: paused", &paused).await;
    let status: Status = client.get("/v1/status").await.unwrap();
    assert_eq!(status.accounts[0].state, AccountState::Paused);

    end.send(()).unwrap();
    assert!(matches!(tray.await.unwrap(), Ok(ResidentEnd::Ended)));
}

/// Waits until this is the only submenu, and has these rows.
async fn submenu(item: &Item, label: &str, rows: &[&str]) -> Vec<(i32, String)> {
    until(label, || async {
        let mut submenus = item.submenus().await;
        let (found, within) = submenus.pop()?;
        let labels = within.iter().map(|(_, label)| label.as_str());
        let is = submenus.is_empty() && found == label && labels.eq(rows.iter().copied());
        is.then_some(within)
    })
    .await
}
