//! Tray and notification as the presenter drives them, with an owner that is a script behind a
//! real socket, and a tray, a notifier and a window that only remember.

use std::{future::Future, time::Duration};

mod desk;
mod icons;
mod languages;
mod models;
mod owner;
mod stories;

/// Long enough for a retry, short enough to go on.
const MOMENT: Duration = Duration::from_millis(200);

/// What has to happen happens soon, even on a busy machine.
async fn soon<T>(happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), happens)
        .await
        .expect("it happens soon")
}
