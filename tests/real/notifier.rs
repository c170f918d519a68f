//! The Linux notifier against servers that come late, restart, act at once, or are not there.

mod hasty;

use std::time::Duration;

use tokentray::io::notifier::{LinuxNotifier, Notice, NoticeEvent, Notifier};
use tokio::{sync::mpsc, time::timeout};

use crate::support::{
    monitor::Monitor,
    notifications::Notifications,
    session::{self, Session},
    wait_until,
};

const SOON: Duration = Duration::from_secs(10);

fn notice(body: &str) -> Notice {
    Notice {
        title: "Okta needs you".into(),
        body: body.into(),
        sign_in: "Sign in again".into(),
        later: "Later".into(),
        elsewhere: "Sign in from the tray <icon>.".into(),
    }
}

const CLICKED: NoticeEvent = NoticeEvent::SignIn {
    activation_token: None,
};

async fn next(events: &mut mpsc::UnboundedReceiver<NoticeEvent>) -> NoticeEvent {
    timeout(SOON, events.recv())
        .await
        .expect("an event")
        .unwrap()
}

/// Runs a story in a session of its own. The runtime has threads to spare: the daemon's orders and
/// the waiting in `support` block.
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

/// `support` is synchronous.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

#[test]
fn it_is_shown_once_with_its_buttons_and_closed_when_resolved() {
    story(async |session| {
        let (server, monitor) =
            blocking(|| (Notifications::start(session), Monitor::start(session)));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("It was revoked.")).await.unwrap();
        let shown = server.open();
        assert_eq!(shown.len(), 1);
        let keys: Vec<&str> = shown[0]
            .actions
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(keys, ["default", "sign-in", "later"]);
        assert_eq!(shown[0].body, "It was revoked.");
        assert_eq!(shown[0].actions[1].1, "Sign in again");
        assert_eq!(shown[0].desktop_entry.as_deref(), Some("tokentray"));
        assert_eq!(shown[0].urgency, Some(1));

        for (key, event) in [
            ("default", CLICKED),
            ("sign-in", CLICKED),
            ("later", NoticeEvent::Later),
        ] {
            notifier.show(notice("It was revoked.")).await.unwrap();
            let id = server.open()[0].id;
            blocking(|| server.press(id, key));
            assert_eq!(next(&mut events).await, event);
        }
        notifier.show(notice("It was revoked.")).await.unwrap();
        notifier.withdraw().await;
        assert_eq!(server.open(), []);
        assert_eq!(blocking(|| monitor.count("CloseNotification")), 1);
        assert!(
            events.try_recv().is_err(),
            "a withdrawal is nobody's answer"
        );
    });
}

#[test]
fn a_server_without_buttons_says_where_to_sign_in_and_is_withdrawn_alike() {
    story(async |session| {
        let server = blocking(|| Notifications::without_buttons(session));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("It was revoked.")).await.unwrap();
        let shown = server.open();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].actions, []);
        assert_eq!(
            shown[0].body,
            "It was revoked.\nSign in from the tray ‹icon›."
        );
        notifier.withdraw().await;
        assert_eq!(server.open(), []);
        assert!(
            events.try_recv().is_err(),
            "a withdrawal is nobody's answer"
        );
    });
}

#[test]
fn a_new_text_replaces_the_one_that_stands() {
    story(async |session| {
        let server = blocking(|| Notifications::start(session));
        let (notifier, _events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("Okta and Slack")).await.unwrap();
        notifier.show(notice("Okta <work>")).await.unwrap();
        let open = server.open();
        assert_eq!(open.len(), 1);
        assert_eq!(
            (open[0].body.as_str(), open[0].replaces),
            ("Okta ‹work›", open[0].id)
        );
    });
}

#[test]
fn a_server_that_restarts_is_told_again_while_it_is_unresolved() {
    story(async |session| {
        let first = blocking(|| Notifications::start(session));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("It was revoked.")).await.unwrap();
        blocking(|| drop(first));
        let second = blocking(|| Notifications::start(session));
        assert_eq!(next(&mut events).await, NoticeEvent::Shown);
        let open = second.open();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].replaces, 0, "ids do not survive a restart");
        blocking(|| second.press(open[0].id, "sign-in"));
        assert_eq!(next(&mut events).await, CLICKED);
    });
}

#[test]
fn what_was_answered_or_closed_or_withdrawn_does_not_come_back() {
    story(async |session| {
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        for answer in ["dismissed", "sign-in", "withdrawn"] {
            let server = blocking(|| Notifications::start(session));
            notifier.show(notice(answer)).await.unwrap();
            let id = server.open()[0].id;
            match answer {
                "dismissed" => {
                    blocking(|| server.dismiss(id));
                    assert_eq!(next(&mut events).await, NoticeEvent::Dismissed);
                }
                "sign-in" => {
                    blocking(|| server.press(id, "sign-in"));
                    assert_eq!(next(&mut events).await, CLICKED);
                }
                _ => notifier.withdraw().await,
            }
            blocking(|| drop(server));
            let again = blocking(|| Notifications::start(session));
            // The answer to this comes after anything that the restart could have caused.
            let other = LinuxNotifier::start(session.dir().join("other")).0;
            tokio::time::sleep(Duration::from_millis(300)).await;
            other.show(notice("another program")).await.unwrap();
            let bodies: Vec<String> = again.all().into_iter().map(|shown| shown.body).collect();
            assert_eq!(bodies, ["another program"], "after {answer}");
        }
    });
}

#[test]
fn without_a_server_it_is_refused_and_shown_when_one_comes() {
    story(async |session| {
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        assert!(notifier.show(notice("It was revoked.")).await.is_err());
        let server = blocking(|| Notifications::start(session));
        assert_eq!(next(&mut events).await, NoticeEvent::Shown);
        assert_eq!(server.open().len(), 1);
    });
}

#[test]
fn a_click_that_comes_before_the_answer_counts() {
    story(async |session| {
        let server = hasty::Server::start(&["actions", "body", "body-markup"]).await;
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("Set <b>MFA</b> & go")).await.unwrap();
        let token = NoticeEvent::SignIn {
            activation_token: Some("token-1".into()),
        };
        assert_eq!(next(&mut events).await, token);
        assert_eq!(server.body(), "Set &lt;b&gt;MFA&lt;/b&gt; &amp; go");
        assert_eq!(
            (server.urgency(), server.timeout()),
            (1, 0),
            "calm, but it stays"
        );
    });
}

#[test]
fn only_the_server_can_press_its_buttons() {
    story(async |session| {
        let server = blocking(|| Notifications::start(session));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        notifier.show(notice("It was revoked.")).await.unwrap();
        let id = server.open()[0].id;
        hasty::forge(id).await;
        blocking(|| server.press(id, "later"));
        assert_eq!(next(&mut events).await, NoticeEvent::Later);
    });
}

#[test]
fn a_server_that_the_call_itself_starts_is_asked_once() {
    story(async |session| {
        let monitor = blocking(|| Monitor::start(session));
        let (notifier, mut events) = LinuxNotifier::start(session.dir().join("notice"));
        // As with activation by the bus: the name gets its owner just before the answer.
        let server = blocking(|| Notifications::start(session));
        notifier.show(notice("It was revoked.")).await.unwrap();
        blocking(|| server.press(server.open()[0].id, "later"));
        assert_eq!(next(&mut events).await, NoticeEvent::Later);
        blocking(|| {
            wait_until("the press was seen", SOON, || {
                monitor.count("ActionInvoked") == 1
            });
        });
        assert_eq!(blocking(|| monitor.notifies().len()), 1);
    });
}

#[test]
fn what_a_process_that_was_killed_left_on_the_screen_is_the_next_ones() {
    story(async |session| {
        let server = blocking(|| Notifications::start(session));
        // The first one of each pair stands for the killed one: it goes on, but is asked no more.
        let note = session.dir().join("replaced");
        let (killed, _events) = LinuxNotifier::start(note.clone());
        killed.show(notice("It was revoked.")).await.unwrap();
        let id = server.open()[0].id;
        let (heir, mut answers) = LinuxNotifier::start(note);
        heir.show(notice("It was revoked, and so was Slack's."))
            .await
            .unwrap();
        let open = server.open();
        assert_eq!((open.len(), open[0].id, open[0].replaces), (1, id, id));
        blocking(|| server.press(id, "sign-in"));
        assert_eq!(next(&mut answers).await, CLICKED);
        heir.withdraw().await;

        let note = session.dir().join("withdrawn");
        let (killed, _events) = LinuxNotifier::start(note.clone());
        killed.show(notice("It was revoked.")).await.unwrap();
        let (heir, _answers) = LinuxNotifier::start(note.clone());
        heir.withdraw().await;
        assert_eq!(server.open(), []);

        // Another server gives the same numbers to other programs.
        let note = session.dir().join("strange");
        let (killed, _events) = LinuxNotifier::start(note.clone());
        killed.show(notice("It was revoked.")).await.unwrap();
        let noted = std::fs::read_to_string(&note).unwrap();
        std::fs::write(&note, noted.replace(" :", " :9")).unwrap();
        let (stranger, _answers) = LinuxNotifier::start(note);
        stranger.withdraw().await;
        assert_eq!(server.open().len(), 1);
    });
}
