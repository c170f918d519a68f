//! Notifications on macOS and Windows, through `notify-rust`.
//!
//! Thin, for what the platforms' plain interfaces give: nothing can be replaced or withdrawn, so a
//! newer notice only makes the answers to an older one void. On macOS no answer is awaited (the
//! crate does so by polling, a whole core for each); a click activates the app, which opens its
//! window. On Windows a body click is told only by `wait_for_response`, and nothing is shown at
//! all without an AppUserModelID.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use notify_rust::Notification;
use tokio::sync::mpsc;

use super::{super::Pending, Notice, NoticeEvent, Notifier};

/// What the app is called in the notification settings of Windows.
#[cfg(windows)]
const APP_ID: &str = "Tokentray";

/// Shows notices; answers come through the channel.
pub struct DesktopNotifier {
    events: mpsc::UnboundedSender<NoticeEvent>,
    /// Number of the notice whose answers count; 0 for none.
    present: Arc<AtomicU64>,
    shown: AtomicU64,
}

impl DesktopNotifier {
    /// Makes the identity that the platform asks for.
    pub fn start() -> (Arc<Self>, mpsc::UnboundedReceiver<NoticeEvent>) {
        let (events, happened) = mpsc::unbounded_channel();
        #[cfg(windows)]
        register_app_id();
        let notifier = Self {
            events,
            present: Arc::default(),
            shown: AtomicU64::new(0),
        };
        (Arc::new(notifier), happened)
    }
}

impl Notifier for DesktopNotifier {
    fn show(&self, notice: Notice) -> Pending<'static, Result<(), String>> {
        let number = self.shown.fetch_add(1, Ordering::SeqCst) + 1;
        self.present.store(number, Ordering::SeqCst);
        let (events, present) = (self.events.clone(), Arc::clone(&self.present));
        let (placed, answer) = tokio::sync::oneshot::channel();
        // A thread of its own: the platform's calls block, and an answer may take days.
        std::thread::spawn(move || {
            let mut notification = Notification::new();
            notification.summary(&notice.title).body(&notice.body);
            notification
                .action("sign-in", &notice.sign_in)
                .action("later", &notice.later);
            #[cfg(windows)]
            notification
                .app_id(APP_ID)
                .urgency(notify_rust::Urgency::Critical);
            match notification.show() {
                Ok(shown) => {
                    let _ = placed.send(Ok(()));
                    await_answer(shown, &|event| {
                        if present.load(Ordering::SeqCst) == number {
                            let _ = events.send(event);
                        }
                    });
                }
                Err(error) => {
                    let _ = placed.send(Err(error.to_string()));
                }
            }
        });
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Err("the notification's thread ended".into()))
        })
    }

    fn withdraw(&self) -> Pending<'static, ()> {
        self.present.store(0, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(target_os = "macos")]
fn await_answer<T>(_shown: T, _tell: &dyn Fn(NoticeEvent)) {}

#[cfg(windows)]
fn await_answer(shown: notify_rust::NotificationHandle, tell: &dyn Fn(NoticeEvent)) {
    use notify_rust::{CloseReason, NotificationResponse};

    let waited = shown.wait_for_response(|response: &NotificationResponse| match response {
        NotificationResponse::Default => tell(NoticeEvent::SignIn {
            activation_token: None,
        }),
        NotificationResponse::Action(key) if key == "later" => tell(NoticeEvent::Later),
        NotificationResponse::Action(_) => tell(NoticeEvent::SignIn {
            activation_token: None,
        }),
        NotificationResponse::Closed(CloseReason::Dismissed) => tell(NoticeEvent::Dismissed),
        NotificationResponse::Closed(_) | NotificationResponse::Reply(_) => {}
    });
    if let Err(error) = waited {
        tracing::debug!(%error, "notification_unanswered");
    }
}

/// A key of the user's own is enough; a shortcut in the start menu is not needed.
#[cfg(windows)]
fn register_app_id() {
    let key = format!(r"HKCU\Software\Classes\AppUserModelId\{APP_ID}");
    let added = std::process::Command::new("reg")
        .args(["add", &key, "/v", "DisplayName", "/d", "Tokentray", "/f"])
        .output();
    match added {
        Ok(output) if output.status.success() => {}
        _ => tracing::warn!("notifications may not show: the app's identity was not registered"),
    }
}
