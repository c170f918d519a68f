//! Drives every path and finds every log event of the API guide, and no secret among them.

use std::{cell::RefCell, io::Write, sync::Once};

use tokentray::{
    domain::{
        reply::{Sent, TransportKind},
        secret::Secret,
    },
    io::vault::VaultError,
};

use super::{
    mins, refusal, secs, tokens,
    world::{Answer, HOUR, World, account, grant, id_of},
};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the lines of the thread that logs: a story in paused time stays on its own thread, and
/// one subscriber for the whole process is the only kind that sees every call site.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(|| Lines)
            .init();
    });
    LINES.with_borrow_mut(Vec::clear);
}

const EVENTS: [&str; 13] = [
    "expiry_checked",
    "token_read",
    "refresh_started",
    "refresh_joined",
    "lifetime_assumed",
    "refreshed",
    "refresh_failed",
    "rejected_401",
    "saved",
    "unsaved",
    "adopted",
    "incident_opened",
    "notified",
];

#[tokio::test(start_paused = true)]
async fn every_path_leaves_its_log_event_and_no_secret() {
    listen();

    // Expired at the start: a hand-out starts a refresh, another joins, the end is assumed.
    let mut world = World::new([(account("work"), Some(grant(mins(61), HOUR)))]);
    let slow = tokens("canary-access-a", Some("canary-refresh-a"), None);
    world
        .provider
        .will([Answer::After(secs(1), Box::new(slow))]);
    world.start().await;
    let (first, second) = tokio::join!(world.token("work", 30), world.token("work", 30));
    first.and(second).expect("both");
    // A vault that is full and then is not; a 401; a failure in the network.
    *world.vault.store_fails.lock().expect("store") = Some(VaultError::Full("full".into()));
    world.pass(mins(2)).await;
    world.provider.will([tokens(
        "canary-access-b",
        Some("canary-refresh-b"),
        Some(3600),
    )]);
    world
        .rejected("work", "canary-access-a")
        .await
        .expect("newer");
    world.vault.set(None, None);
    world.pass(mins(1)).await;
    world
        .provider
        .will(vec![Answer::Fails(TransportKind::Connect, Sent::Never); 5]);
    world.pass(mins(55)).await;
    // Another program renews, ours is told "used", and then the grant is revoked.
    world.pass(mins(10)).await;
    let mut theirs = grant(secs(0), HOUR);
    theirs.generation = 50;
    theirs.issued_at += mins(70);
    theirs.expires_at = theirs.expires_at.map(|end| end + mins(70));
    theirs.access_token = Secret::new("canary-access-c");
    theirs.refresh_token = Some(Secret::new("canary-refresh-c"));
    world.vault.put(&id_of("work"), theirs);
    world.provider.habit(Some(refusal(
        400,
        "invalid_grant",
        "Token has been revoked",
    )));
    world.pass(HOUR * 3).await;
    let notice = world.engine().status().notice.expect("told");
    world
        .engine()
        .notice_shown(&notice.id)
        .await
        .expect("shown");
    world.pass(secs(1)).await;

    let text = LINES.with_borrow(|lines| String::from_utf8_lossy(lines).into_owned());
    for event in EVENTS {
        let found = text
            .lines()
            .find(|line| line.contains(&format!("\"message\":\"{event}\"")));
        let line = found.unwrap_or_else(|| panic!("no {event} in the log\n{}", world.story()));
        for field in ["account", "generation", "fingerprint"] {
            assert!(
                line.contains(&format!("\"{field}\":")),
                "{event} without {field}: {line}"
            );
        }
    }
    for secret in ["canary", "access-0", "refresh-0"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
