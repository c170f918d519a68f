//! The desktop portal's way to open an address (`org.freedesktop.portal.OpenURI`), which works from
//! inside a sandbox and needs no program of ours.
//!
//! Surprising: the method's return says only that the question arrived; the answer is a signal, and
//! a person who is choosing a browser may take any time for it. So silence counts as taken.

use std::{collections::HashMap, time::Duration};

use futures_util::StreamExt;
use oauth2::CsrfToken;
use tokio::time::timeout;
use zbus::{
    Connection, Proxy, connection,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

const DESKTOP: &str = "org.freedesktop.portal.Desktop";
/// A portal that has to be started first may be slow; the next way is tried then.
const CALL_WAIT: Duration = Duration::from_secs(4);
const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// Whether the portal took the request.
pub async fn open(bus: &str, url: &str) -> bool {
    matches!(
        timeout(CALL_WAIT + ANSWER_WAIT, ask(bus, url)).await,
        Ok(Ok(true))
    )
}

async fn ask(bus: &str, url: &str) -> zbus::Result<bool> {
    let connection: Connection = timeout(CALL_WAIT, connection::Builder::address(bus)?.build())
        .await
        .map_err(|_| zbus::Error::Failure("no bus".into()))??;
    let sender = connection
        .unique_name()
        .map(|name| name.trim_start_matches(':').replace('.', "_"))
        .unwrap_or_default();
    // A handle may hold letters, digits and underscores only.
    let token = format!(
        "tokentray_{}",
        CsrfToken::new_random().secret().replace('-', "_")
    );
    let handle = format!("/org/freedesktop/portal/desktop/request/{sender}/{token}");
    let request = Proxy::new(
        &connection,
        DESKTOP,
        handle,
        "org.freedesktop.portal.Request",
    )
    .await?;
    // Before the call, or the answer could be missed.
    let mut answers = request.receive_signal("Response").await?;
    let portal = Proxy::new(
        &connection,
        DESKTOP,
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.OpenURI",
    )
    .await?;
    let options = HashMap::from([("handle_token", Value::from(token.as_str()))]);
    let question = ("", url, options);
    timeout(
        CALL_WAIT,
        portal.call::<_, _, OwnedObjectPath>("OpenURI", &question),
    )
    .await
    .map_err(|_| zbus::Error::Failure("no portal".into()))??;
    match timeout(ANSWER_WAIT, answers.next()).await {
        Ok(Some(answer)) => {
            let (code, _): (u32, HashMap<String, OwnedValue>) = answer.body().deserialize()?;
            // 0: done, 1: the person said no, 2: it did not work.
            Ok(code != 2)
        }
        Ok(None) | Err(_) => Ok(true),
    }
}
