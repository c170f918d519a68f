//! Notifications on Linux: one task, one connection for life.
//!
//! Some servers send a notification's signals to the connection that asked for it and to no other,
//! some close what a connection leaves behind. So there is one, it subscribes before it sends, and
//! the signals queue until the answer with the id is there: a click cannot come too early.
//! Surprising: `Notify` may start the server, whose name then changes owner after it took the
//! notice. The sender of the answer tells that from a restart, after which it must be shown again.
//! What stands on the screen is noted in a file ([`left`]), so that the next process can replace or
//! withdraw what one that was killed left there.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};
use zbus::{Connection, Message, zvariant::Value};

use super::{
    super::{Pending, dbus},
    Notice, NoticeEvent, Notifier,
};

mod left;
use left::Left;

const SERVER: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Longer than the 25 s in which a bus may start a server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Without a session bus: first and longest pause between tries.
const BUS_PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(10));

const SIGN_IN: &str = "sign-in";
const LATER: &str = "later";
/// The specification's name for a click on the body.
const BODY: &str = "default";

/// A handle to the task that shows the notification.
pub struct LinuxNotifier {
    commands: mpsc::UnboundedSender<Command>,
}

enum Command {
    Show(Notice, oneshot::Sender<Result<(), String>>),
    Withdraw(oneshot::Sender<()>),
}

impl LinuxNotifier {
    /// Starts the task; what a person does comes through the channel. `note` is the file that says
    /// what is shown.
    pub fn start(note: PathBuf) -> (Arc<Self>, mpsc::UnboundedReceiver<NoticeEvent>) {
        let (commands, received) = mpsc::unbounded_channel();
        let (events, happened) = mpsc::unbounded_channel();
        let task = Task {
            commands: received,
            events,
            wanted: None,
            id: 0,
            open: false,
            server: None,
            token: None,
            note,
        };
        tokio::spawn(task.run());
        (Arc::new(Self { commands }), happened)
    }
}

impl Notifier for LinuxNotifier {
    fn show(&self, notice: Notice) -> Pending<'static, Result<(), String>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Show(notice, reply));
        Box::pin(async move {
            let ended = || "the notifier has ended".to_owned();
            sent.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?
        })
    }

    fn withdraw(&self) -> Pending<'static, ()> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Withdraw(reply));
        Box::pin(async move {
            if sent.is_ok() {
                let _ = answer.await;
            }
        })
    }

    /// What was left was taken up with the connection.
    fn withdraw_left(&self) -> Pending<'static, ()> {
        self.withdraw()
    }
}

/// What is wanted, and where that stands.
struct Wanted {
    notice: Notice,
    stands: Stands,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// No server took it yet.
    Nowhere,
    /// A server shows or lists it.
    Shown,
    /// The person answered or closed it: never again, whatever restarts.
    Answered,
}

struct Task {
    commands: mpsc::UnboundedReceiver<Command>,
    events: mpsc::UnboundedSender<NoticeEvent>,
    wanted: Option<Wanted>,
    /// The last notification's id, 0 for none: it is replaced, never doubled.
    id: u32,
    /// It is not closed yet. Clicks count after that too: some servers close first and tell then.
    open: bool,
    /// Unique name of the server that took the notice; a restart has another.
    server: Option<String>,
    /// Comes just before the click it belongs to.
    token: Option<String>,
    note: PathBuf,
}

impl Task {
    async fn run(mut self) {
        let mut pause = BUS_PAUSE.0;
        loop {
            let error = match self.serve(&mut pause).await {
                Ok(()) => return,
                Err(error) => error,
            };
            tracing::debug!(%error, "notifications_without_bus");
            self.forget_server();
            let again = sleep(pause);
            tokio::pin!(again);
            loop {
                tokio::select! {
                    () = &mut again => break,
                    command = self.commands.recv() => match command {
                        Some(Command::Show(notice, reply)) => {
                            self.wanted = Some(Wanted { notice, stands: Stands::Nowhere });
                            let _ = reply.send(Err(format!("no session bus: {error}")));
                        }
                        Some(Command::Withdraw(reply)) => {
                            self.wanted = None;
                            let _ = reply.send(());
                        }
                        None => return,
                    }
                }
            }
            pause = (pause * 2).min(BUS_PAUSE.1);
        }
    }

    /// One connection's life; `Ok` when nobody wants notifications any more.
    async fn serve(&mut self, pause: &mut Duration) -> zbus::Result<()> {
        let bus = dbus::session(PATIENCE).await?;
        let mut signals = dbus::signals(&bus, dbus::interface_rule(SERVER)?).await?;
        let mut owners = dbus::owner_changes(&bus, SERVER).await?;
        *pause = BUS_PAUSE.0;
        self.take_up(&bus).await;
        // Wanted from before this connection.
        self.show_again(&bus).await;
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Show(notice, reply)) => {
                        self.wanted = Some(Wanted { notice, stands: Stands::Nowhere });
                        let shown = self.show(&bus).await.map_err(|error| error.to_string());
                        let _ = reply.send(shown);
                    }
                    Some(Command::Withdraw(reply)) => {
                        self.withdraw(&bus).await;
                        let _ = reply.send(());
                    }
                    None => {
                        self.withdraw(&bus).await;
                        return Ok(());
                    }
                },
                message = signals.recv() => match message {
                    Some(message) => {
                        let open = self.open;
                        self.heard(&message);
                        if open != self.open {
                            self.note(&bus);
                        }
                    }
                    None => return Err(zbus::Error::Failure("the bus went away".into())),
                },
                message = owners.recv() => match message {
                    Some(message) => self.owner_changed(&bus, dbus::new_owner(&message)).await,
                    None => return Err(zbus::Error::Failure("the bus went away".into())),
                },
            }
        }
    }

    /// What a process before this one left on the screen is ours to replace and to withdraw, if the
    /// server that shows it is still there.
    async fn take_up(&mut self, bus: &Connection) {
        if self.open {
            return;
        }
        let Some(left) = Left::read(&self.note) else {
            return;
        };
        let owner = dbus::owner(bus, SERVER).await;
        if owner.as_deref() == Some(left.server.as_str()) && left.bus == bus.server_guid().as_str()
        {
            self.id = left.id;
            self.open = true;
            self.server = owner;
        }
    }

    /// Notes what is on the screen now.
    fn note(&self, bus: &Connection) {
        let left = self
            .server
            .as_ref()
            .filter(|_| self.open)
            .map(|server| Left {
                bus: bus.server_guid().to_string(),
                server: server.clone(),
                id: self.id,
            });
        Left::write(left.as_ref(), &self.note);
    }

    async fn show(&mut self, bus: &Connection) -> zbus::Result<()> {
        let Some(wanted) = &mut self.wanted else {
            return Ok(());
        };
        let able = capabilities(bus).await?;
        let can = |what: &str| able.iter().any(|capability| capability == what);
        let notice = &wanted.notice;
        let mut body = plain(&notice.body, can("body-markup"));
        let actions = if can("actions") {
            vec![
                BODY,
                notice.sign_in.as_str(),
                SIGN_IN,
                notice.sign_in.as_str(),
                LATER,
                notice.later.as_str(),
            ]
        } else {
            body.push('\n');
            body.push_str(&plain(&notice.elsewhere, can("body-markup")));
            Vec::new()
        };
        // Never critical: that is red on some desktops and breaks through "do not disturb". It
        // stays until it is resolved all the same: servers that ignore the time-out keep a list.
        let normal_urgency = 1_u8;
        let hints = HashMap::from([
            ("desktop-entry", Value::from("tokentray")),
            ("urgency", Value::from(normal_urgency)),
        ]);
        let never_expires = 0_i32;
        let reply = bus
            .call_method(
                Some(SERVER),
                PATH,
                Some(SERVER),
                "Notify",
                &(
                    "Tokentray",
                    if self.open { self.id } else { 0 },
                    "tokentray",
                    notice.title.as_str(),
                    body,
                    actions,
                    hints,
                    never_expires,
                ),
            )
            .await?;
        self.id = reply.body().deserialize()?;
        self.open = true;
        wanted.stands = Stands::Shown;
        self.server = reply.header().sender().map(ToString::to_string);
        self.note(bus);
        Ok(())
    }

    /// What no server took yet, or one took that is gone since.
    async fn show_again(&mut self, bus: &Connection) {
        let stands = self.wanted.as_ref().map(|wanted| wanted.stands);
        if stands == Some(Stands::Nowhere) && self.show(bus).await.is_ok() {
            let _ = self.events.send(NoticeEvent::Shown);
        }
    }

    async fn withdraw(&mut self, bus: &Connection) {
        self.wanted = None;
        self.token = None;
        let id = std::mem::take(&mut self.id);
        if !std::mem::take(&mut self.open) {
            return;
        }
        let _ = bus
            .call_method(
                Some(SERVER),
                PATH,
                Some(SERVER),
                "CloseNotification",
                &(id,),
            )
            .await;
        self.note(bus);
    }

    async fn owner_changed(&mut self, bus: &Connection, owner: Option<String>) {
        if owner.is_some() && owner == self.server {
            return;
        }
        self.forget_server();
        if owner.is_some() {
            self.show_again(bus).await;
        }
    }

    /// What it showed went with it.
    fn forget_server(&mut self) {
        self.server = None;
        self.id = 0;
        self.open = false;
        if let Some(wanted) = &mut self.wanted
            && wanted.stands == Stands::Shown
        {
            wanted.stands = Stands::Nowhere;
        }
    }

    fn heard(&mut self, message: &Message) {
        let header = message.header();
        let sender = header.sender().map(zbus::names::UniqueName::as_str);
        if sender.is_none() || sender != self.server.as_deref() || self.id == 0 {
            return;
        }
        let Some(signal) = Signal::read(message) else {
            return;
        };
        if signal.id() != self.id {
            return;
        }
        match signal {
            Signal::Token(_, token) => self.token = Some(token),
            Signal::Action(_, key) => {
                let activation_token = self.token.take();
                let event = match key.as_str() {
                    BODY | SIGN_IN => NoticeEvent::SignIn { activation_token },
                    LATER => NoticeEvent::Later,
                    _ => return,
                };
                self.answered(event);
            }
            Signal::Closed(_, DISMISSED) => {
                // An answer closes it too, and comes first.
                let open = self
                    .wanted
                    .as_ref()
                    .is_some_and(|w| w.stands == Stands::Shown);
                if open {
                    self.answered(NoticeEvent::Dismissed);
                }
                self.open = false;
            }
            // It may still stand in the server's list, where a click counts.
            Signal::Closed(_, EXPIRED) => {}
            Signal::Closed(..) => self.open = false,
        }
    }

    fn answered(&mut self, event: NoticeEvent) {
        if let Some(wanted) = &mut self.wanted {
            wanted.stands = Stands::Answered;
        }
        let _ = self.events.send(event);
    }
}

const EXPIRED: u32 = 1;
const DISMISSED: u32 = 2;

/// The server's three signals.
enum Signal {
    Action(u32, String),
    Token(u32, String),
    Closed(u32, u32),
}

impl Signal {
    fn read(message: &Message) -> Option<Self> {
        let header = message.header();
        let body = message.body();
        match header.member()?.as_str() {
            "ActionInvoked" => {
                let (id, key) = body.deserialize().ok()?;
                Some(Self::Action(id, key))
            }
            "ActivationToken" => {
                let (id, token) = body.deserialize().ok()?;
                Some(Self::Token(id, token))
            }
            "NotificationClosed" => {
                let (id, reason) = body.deserialize().ok()?;
                Some(Self::Closed(id, reason))
            }
            _ => None,
        }
    }

    const fn id(&self) -> u32 {
        match self {
            Self::Action(id, _) | Self::Token(id, _) | Self::Closed(id, _) => *id,
        }
    }
}

async fn capabilities(bus: &Connection) -> zbus::Result<Vec<String>> {
    let reply = bus
        .call_method(Some(SERVER), PATH, Some(SERVER), "GetCapabilities", &())
        .await?;
    reply.body().deserialize()
}

/// Provider text is never markup. Servers without markup filter what looks like it, entities or
/// not, so there the brackets become others.
fn plain(text: &str, markup: bool) -> String {
    if markup {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    } else {
        text.replace('<', "\u{2039}").replace('>', "\u{203a}")
    }
}
