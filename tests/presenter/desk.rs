//! A desk: tray, notifier and window that only remember, and the presenter that uses them.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
};

use tokentray::{
    api::client::Client,
    autostart::Autostart,
    io::{
        Pending,
        notifier::{Notice, NoticeEvent, Notifier},
        tray::{TrayAction, TrayEvent, TrayModel, TrayPort, TrayState},
    },
    paths::Paths,
    presenter::{
        self, Ended, PresenterOptions, Successor,
        window::{Opened, WindowOpener},
    },
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// What the presenter did to its surroundings, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    Show(String),
    Withdraw,
    Open,
    OpenAt(String),
}

struct Tray {
    model: watch::Sender<Option<TrayModel>>,
    state: watch::Sender<TrayState>,
}

impl TrayPort for Tray {
    fn show(&self, model: TrayModel) {
        self.model.send_replace(Some(model));
    }
    fn state(&self) -> watch::Receiver<TrayState> {
        self.state.subscribe()
    }
    fn shut_down(&self) -> Pending<'static, ()> {
        self.model.send_replace(None);
        Box::pin(std::future::ready(()))
    }
}

struct Fakes {
    did: mpsc::UnboundedSender<Did>,
    /// What the server was given last.
    notice: Mutex<Option<Notice>>,
    /// Whether a notification server is there.
    server: Mutex<bool>,
    /// How often what another process left was withdrawn.
    left: watch::Sender<usize>,
    window: Mutex<Opened>,
}

impl Notifier for Fakes {
    fn show(&self, notice: Notice) -> Pending<'static, Result<(), String>> {
        let there = *self.server.lock().unwrap();
        if there {
            *self.notice.lock().unwrap() = Some(notice.clone());
            let _ = self.did.send(Did::Show(notice.body));
        }
        let answer = there.then_some(()).ok_or("nobody shows it".to_owned());
        Box::pin(std::future::ready(answer))
    }
    fn withdraw(&self) -> Pending<'static, ()> {
        let _ = self.did.send(Did::Withdraw);
        Box::pin(std::future::ready(()))
    }
    fn withdraw_left(&self) -> Pending<'static, ()> {
        self.left.send_modify(|left| *left += 1);
        Box::pin(std::future::ready(()))
    }
}

impl WindowOpener for Fakes {
    fn open(&self, _activation_token: Option<String>, account: Option<&str>) -> Opened {
        let did = account.map_or(Did::Open, |account| Did::OpenAt(account.to_owned()));
        let _ = self.did.send(did);
        *self.window.lock().unwrap()
    }
}

/// Gives out clients that the test put there.
#[derive(Default)]
pub struct Heirs(pub Mutex<VecDeque<Client>>);

impl Successor for Heirs {
    fn next(&self) -> Pending<'static, Option<Client>> {
        let next = self.0.lock().unwrap().pop_front();
        Box::pin(std::future::ready(next))
    }
}

/// A presenter at work.
pub struct Desk {
    fakes: Arc<Fakes>,
    model: watch::Receiver<Option<TrayModel>>,
    did: mpsc::UnboundedReceiver<Did>,
    clicks: mpsc::UnboundedSender<TrayEvent>,
    answers: mpsc::UnboundedSender<NoticeEvent>,
    pub heirs: Arc<Heirs>,
    stop: Option<oneshot::Sender<()>>,
    presenter: JoinHandle<Ended>,
}

impl Desk {
    /// Presents for the owner whose socket lies in `folder`.
    pub fn start(folder: &Path) -> Self {
        Self::start_in(folder, &[])
    }

    /// The same in a session that asks for these languages.
    pub fn start_in(folder: &Path, languages: &[&str]) -> Self {
        let (did_sender, did) = mpsc::unbounded_channel();
        let fakes = Arc::new(Fakes {
            did: did_sender,
            notice: Mutex::default(),
            server: Mutex::new(true),
            left: watch::channel(0).0,
            window: Mutex::new(Opened::Now),
        });
        let (model_sender, model) = watch::channel(None);
        let tray = Arc::new(Tray {
            model: model_sender,
            state: watch::channel(TrayState::Shown).0,
        });
        let (clicks, clicked) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let heirs = Arc::new(Heirs::default());
        let options = PresenterOptions {
            client: Client::socket(Paths::below(folder).socket),
            tray,
            clicks: clicked,
            notifier: fakes.clone(),
            answers: answered,
            window: fakes.clone(),
            successor: heirs.clone(),
            autostart: Some(Autostart::new(folder, "/usr/bin/tokentray", &["tray"])),
            languages: languages.iter().map(|&tag| tag.to_owned()).collect(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let presenter = tokio::spawn(presenter::run(options, async {
            let _ = stopped.await;
        }));
        Self {
            fakes,
            model,
            did,
            clicks,
            answers,
            heirs,
            stop: Some(stop),
            presenter,
        }
    }

    pub fn server_is_there(&self, there: bool) {
        *self.fakes.server.lock().unwrap() = there;
    }

    /// What was shown last, with title and buttons.
    pub fn notice(&self) -> Notice {
        self.fakes.notice.lock().unwrap().clone().unwrap()
    }

    /// How often what a killed presenter left was taken away.
    pub fn left_withdrawn(&self) -> usize {
        *self.fakes.left.borrow()
    }

    /// Waits until what a killed presenter left is taken away.
    pub async fn withdraws_left(&self) {
        let mut left = self.fakes.left.subscribe();
        super::soon(left.wait_for(|left| *left > 0)).await.unwrap();
    }

    pub fn window_is_open(&self) {
        *self.fakes.window.lock().unwrap() = Opened::Before;
    }

    pub fn click(&self, action: TrayAction) {
        let event = TrayEvent {
            action,
            activation_token: Some("from the click".into()),
        };
        self.clicks.send(event).unwrap();
    }

    pub fn answer(&self, event: NoticeEvent) {
        self.answers.send(event).unwrap();
    }

    pub async fn did(&mut self) -> Did {
        super::soon(self.did.recv()).await.unwrap()
    }

    pub fn did_nothing_more(&mut self) -> bool {
        self.did.try_recv().is_err()
    }

    /// Waits until the tray shows this.
    pub async fn shows(&mut self, wanted: impl Fn(&TrayModel) -> bool) {
        let reached = self
            .model
            .wait_for(|model| model.as_ref().is_some_and(&wanted));
        super::soon(reached).await.unwrap();
    }

    pub async fn icon_is_gone(&mut self) {
        super::soon(self.model.wait_for(Option::is_none))
            .await
            .unwrap();
    }

    pub async fn ended(self) -> Ended {
        super::soon(self.presenter).await.unwrap()
    }

    pub async fn shut_down(mut self) -> Ended {
        self.stop.take().unwrap().send(()).unwrap();
        self.ended().await
    }
}
