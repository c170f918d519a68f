//! `tokentray tray` from the inside: guest, understudy, owner, with a panel and without a window.

use std::{env, future::Future, sync::Arc, time::Duration};

use tokentray::{
    api::{client::Client, types::Status},
    io::{tray::LinuxTrayOptions, vault::VaultKind},
    owner::{self, OwnerOptions, Role},
    paths::Paths,
    presenter::resident::{ResidentEnd, ResidentOptions, tray_command},
};
use tokio::{sync::oneshot, time::sleep};

use super::tray::panel::{Manners, Panel};
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

#[test]
fn a_guest_presents_takes_over_when_the_owner_ends_and_leaves_nothing_behind() {
    session::inside(|session| {
        let paths = Paths::below(&session.home().join("tokentray"));
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(story(&paths));
    });
}

async fn story(paths: &Paths) {
    let panel = Arc::new(Panel::start(Manners::Good).await);
    let Role::Owner(daemon) = owner::take(owner_options(paths)).await.unwrap() else {
        panic!("nobody else owns");
    };
    let (end_daemon, daemon_ends) = oneshot::channel::<()>();
    let daemon = tokio::spawn(daemon.serve(async {
        let _ = daemon_ends.await;
    }));

    let (end, ends) = oneshot::channel::<()>();
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
