//! A notification daemon that shows nothing and remembers everything, and whose buttons a test
//! presses. Surprising: like a real daemon it can leave the bus and come back, having forgotten
//! all ids.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use zbus::{
    connection,
    object_server::SignalEmitter,
    zvariant::{OwnedValue, Value},
};

use super::{session::Session, wait_for};

const PATH: &str = "/org/freedesktop/Notifications";

/// A notification as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub program: String,
    pub id: u32,
    pub replaces: u32,
    pub title: String,
    pub body: String,
    /// Key and label of every action, in order.
    pub actions: Vec<(String, String)>,
    pub desktop_entry: Option<String>,
    pub urgency: Option<u8>,
    pub icon: String,
    /// Milliseconds; 0 never, -1 as the daemon likes.
    pub timeout: i32,
    pub closed: bool,
}

#[derive(Debug, Default)]
struct State {
    last_id: u32,
    shown: Vec<Shown>,
}

enum Order {
    Press(u32, String, oneshot::Sender<()>),
    Dismiss(u32, oneshot::Sender<()>),
}

/// The running daemon; it leaves the bus when dropped.
#[derive(Debug)]
pub struct Notifications {
    state: Arc<Mutex<State>>,
    orders: Option<mpsc::UnboundedSender<Order>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Notifications {
    /// Takes the name on the session's bus.
    pub fn start(session: &Session) -> Self {
        Self::able(session, &["actions", "body", "persistence"])
    }

    /// The same, but it says that it offers no buttons.
    pub fn without_buttons(session: &Session) -> Self {
        Self::able(session, &["body"])
    }

    fn able(session: &Session, able: &'static [&'static str]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (orders, inbox) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let address = session.bus_address();
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(serve(&address, able, shared, inbox, ready));
        });
        is_ready
            .recv_timeout(Duration::from_secs(10))
            .expect("the notification daemon has its name");
        Self {
            state,
            orders: Some(orders),
            thread: Some(thread),
        }
    }

    /// Every notification sent so far, replaced ones included.
    pub fn all(&self) -> Vec<Shown> {
        self.state.lock().unwrap().shown.clone()
    }

    /// Those that a person would see now.
    pub fn open(&self) -> Vec<Shown> {
        let mut open = self.all();
        open.retain(|shown| !shown.closed);
        open
    }

    /// Waits for the next notification that is open.
    #[track_caller]
    pub fn wait_open(&self, within: Duration) -> Shown {
        wait_for("a notification is shown", within, || self.open().pop())
    }

    /// Presses a button (`default`: the body) of the notification with this id.
    pub fn press(&self, id: u32, action: &str) {
        self.order(|done| Order::Press(id, action.to_owned(), done));
    }

    /// Closes it, as a person does who does not care.
    pub fn dismiss(&self, id: u32) {
        self.order(|done| Order::Dismiss(id, done));
    }

    fn order(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (done, is_done) = oneshot::channel();
        self.orders.as_ref().unwrap().send(order(done)).ok();
        is_done.blocking_recv().expect("the daemon runs");
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    address: &str,
    able: &'static [&'static str],
    state: Arc<Mutex<State>>,
    mut inbox: mpsc::UnboundedReceiver<Order>,
    ready: std::sync::mpsc::Sender<()>,
) {
    let daemon = Daemon {
        able,
        state: Arc::clone(&state),
    };
    let connection = connection::Builder::address(address)
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .serve_at(PATH, daemon)
        .unwrap()
        .build()
        .await
        .unwrap();
    let emitter = SignalEmitter::new(&connection, PATH).unwrap();
    ready.send(()).ok();
    while let Some(order) = inbox.recv().await {
        let done = match order {
            Order::Press(id, action, done) => {
                Daemon::action_invoked(&emitter, id, &action).await.unwrap();
                // Every daemon closes what was clicked.
                close(&state, id);
                Daemon::notification_closed(&emitter, id, 2).await.unwrap();
                done
            }
            Order::Dismiss(id, done) => {
                close(&state, id);
                Daemon::notification_closed(&emitter, id, 2).await.unwrap();
                done
            }
        };
        done.send(()).ok();
    }
}

fn close(state: &Mutex<State>, id: u32) -> bool {
    let mut state = state.lock().unwrap();
    let mut was_open = false;
    for shown in state.shown.iter_mut().filter(|s| s.id == id && !s.closed) {
        shown.closed = true;
        was_open = true;
    }
    was_open
}

struct Daemon {
    able: &'static [&'static str],
    state: Arc<Mutex<State>>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
#[expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::too_many_arguments,
    reason = "the interface's own signatures"
)]
impl Daemon {
    fn get_capabilities(&self) -> Vec<&'static str> {
        self.able.to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let text = str::to_owned;
        (text("memory"), text("tests"), text("1"), text("1.2"))
    }

    fn notify(
        &self,
        program: String,
        replaces: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        timeout: i32,
    ) -> u32 {
        let mut state = self.state.lock().unwrap();
        let known = state.shown.iter().any(|s| s.id == replaces && !s.closed);
        let id = if replaces != 0 && known {
            for shown in state.shown.iter_mut().filter(|s| s.id == replaces) {
                shown.closed = true;
            }
            replaces
        } else {
            state.last_id += 1;
            state.last_id
        };
        state.shown.push(Shown {
            program,
            icon,
            timeout,
            id,
            replaces,
            title,
            body,
            actions: actions
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default()))
                .collect(),
            desktop_entry: hints.get("desktop-entry").and_then(|v| match &**v {
                Value::Str(text) => Some(text.to_string()),
                _ => None,
            }),
            urgency: hints.get("urgency").and_then(|v| match &**v {
                Value::U8(urgency) => Some(*urgency),
                _ => None,
            }),
            closed: false,
        });
        id
    }

    async fn close_notification(
        &self,
        id: u32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) {
        if close(&self.state, id) {
            Self::notification_closed(&emitter, id, 3).await.ok();
        }
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str)
    -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        reason: u32,
    ) -> zbus::Result<()>;
}
