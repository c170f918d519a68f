//! Attempts to sign in: window, tray, notification and command line follow the same one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{oneshot, watch};

use super::{Answer, Engine};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{Event, Said, SaidCode, SignInPhase, SignInRequest, SignInRow},
    },
    coordinator::{AccountView, Message, provider_of},
    domain::{
        account::AccountId,
        history::{HistoryEntry, HistoryKind},
        lifecycle::{Input, Settled},
    },
    sign_in::{self, SignInFailure, SignInJob, SignInPorts},
};

/// Ended attempts that can still be looked at.
const KEPT: usize = 50;

#[derive(Default)]
pub(super) struct Attempts(Mutex<BTreeMap<String, Attempt>>);

struct Attempt {
    account: AccountId,
    number: u64,
    device: bool,
    row: watch::Receiver<SignInRow>,
    cancel: Option<oneshot::Sender<Parting>>,
}

/// Why an attempt is ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    GivenUp,
    /// The same account goes on in another way: by a code on another device.
    AnotherWay,
}

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempt that is going on for this account.
    pub fn of(&self, account: &AccountId) -> Option<String> {
        self.lock()
            .iter()
            .find(|(_, a)| a.account == *account && a.is_going())
            .map(|(id, _)| id.clone())
    }
}

impl Attempt {
    fn is_going(&self) -> bool {
        !is_over(self.row.borrow().phase)
    }
}

const fn is_over(phase: SignInPhase) -> bool {
    matches!(
        phase,
        SignInPhase::SignedIn | SignInPhase::Failed | SignInPhase::Cancelled
    )
}

impl Engine {
    /// Starts an attempt and answers when there is something to show: the URL or the code, or the
    /// failure. Asked again for the same account it opens the browser once more; another account's
    /// attempt is cancelled, because there is one sign-in at a time.
    pub async fn start_sign_in(&self, name: &str, request: SignInRequest) -> Answer<SignInRow> {
        let view = self.find(name)?;
        if let Some(row) = self.open_again(&view, &request).await {
            return Ok(row);
        }
        // A grant that cannot be kept is not asked for.
        if let Err(error) = self.inner.ports.vault.key().await {
            let trouble = crate::domain::lifecycle::Trouble::of_vault(error.cause());
            return Err(self.problem(&view, Some(Settled::Failed(Box::new(trouble)))));
        }
        let secret = self
            .inner
            .ports
            .vault
            .read_client_secret(view.account.id.clone())
            .await;
        let client_secret = secret.map_err(|error| {
            let trouble = crate::domain::lifecycle::Trouble::of_vault(error.cause());
            self.problem(&view, Some(Settled::Failed(Box::new(trouble))))
        })?;
        let job = SignInJob {
            id: self.random_id(),
            account: (*view.account).clone(),
            provider: provider_of(&view.account),
            client_secret,
            expected: view.held.as_ref().and_then(|h| h.grant.subject.clone()),
            request,
        };
        // Not before it is known that another one can begin.
        self.make_way_for(&view.account.id).await;
        let mut row = self.begin(&view, job);
        // The first thing to show comes at once, or after discovery.
        let shown = row.wait_for(|row| row.phase != SignInPhase::Starting).await;
        let shown = shown.map(|row| row.clone());
        Ok(shown.unwrap_or_else(|_| row.borrow().clone()))
    }

    /// An attempt as it stands.
    pub fn sign_in(&self, id: &str) -> Answer<SignInRow> {
        let attempts = self.inner.attempts.lock();
        let attempt = attempts.get(id).ok_or_else(unknown)?;
        let row = attempt.row.borrow().clone();
        Ok(row)
    }

    /// Ends an attempt; the grant that is held stays as it is.
    pub async fn cancel_sign_in(&self, id: &str) -> Answer<SignInRow> {
        self.part(id, Parting::GivenUp).await
    }

    async fn part(&self, id: &str, parting: Parting) -> Answer<SignInRow> {
        let (cancel, mut row) = {
            let mut attempts = self.inner.attempts.lock();
            let attempt = attempts.get_mut(id).ok_or_else(unknown)?;
            (attempt.cancel.take(), attempt.row.clone())
        };
        if let Some(cancel) = cancel {
            let _ = cancel.send(parting);
        }
        let ended = row
            .wait_for(|row| is_over(row.phase))
            .await
            .map(|row| row.clone());
        Ok(ended.unwrap_or_else(|_| row.borrow().clone()))
    }

    /// "Later": no notification for this incident, at most one reminder.
    pub async fn incident_later(&self, incident: &str) -> Answer<()> {
        let view = self
            .inner
            .coordinator
            .snapshot()
            .accounts()
            .into_iter()
            .find(|view| {
                let open = view.facts.as_ref().and_then(|f| f.incident.as_ref());
                open.is_some_and(|open| open.id == incident)
            });
        let view = view.ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "that incident is over: nothing is left to do",
            )
            .with_said(SaidCode::IncidentOver, &[])
        })?;
        self.inner
            .coordinator
            .tell_account(&view.account.id, Input::Later);
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    /// A presenter says that it showed the notice with this id.
    pub async fn notice_shown(&self, notice: &str) -> Answer<()> {
        self.inner
            .coordinator
            .tell(Message::NoticeShown(notice.to_owned()));
        self.inner.coordinator.caught_up().await;
        Ok(())
    }

    async fn open_again(&self, view: &AccountView, request: &SignInRequest) -> Option<SignInRow> {
        let row = {
            let attempts = self.inner.attempts.lock();
            let going = attempts.values().find(|a| {
                a.account == view.account.id && a.is_going() && a.device == request.device
            })?;
            going.row.borrow().clone()
        };
        if let Some(url) = row.url.clone().filter(|_| !request.no_browser) {
            let own = view.account.browser.clone();
            let _ = self.inner.browser.open_by(own, url).await;
        }
        Some(row)
    }

    async fn make_way_for(&self, account: &AccountId) {
        let parting = |attempt: &Attempt| {
            if attempt.account == *account {
                Parting::AnotherWay
            } else {
                Parting::GivenUp
            }
        };
        let going: Vec<(String, Parting)> = {
            let attempts = self.inner.attempts.lock();
            let going = attempts.iter().filter(|(_, a)| a.is_going());
            going.map(|(id, a)| (id.clone(), parting(a))).collect()
        };
        for (id, parting) in going {
            let _ = self.part(&id, parting).await;
        }
    }

    fn begin(&self, view: &AccountView, job: SignInJob) -> watch::Receiver<SignInRow> {
        let id = job.id.clone();
        let (progress, row) = watch::channel(sign_in::first_row(&job, &*self.inner.ports.clock));
        let (cancel, cancelled) = oneshot::channel();
        let attempt = Attempt {
            account: view.account.id.clone(),
            number: self.now().wall.timestamp_millis().unsigned_abs(),
            device: job.request.device,
            row: row.clone(),
            cancel: Some(cancel),
        };
        {
            let mut attempts = self.inner.attempts.lock();
            if attempts.len() >= KEPT {
                let oldest = attempts
                    .iter()
                    .filter(|(_, a)| !a.is_going())
                    .min_by_key(|(_, a)| a.number);
                if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                    attempts.remove(&oldest);
                }
            }
            attempts.insert(id, attempt);
        }
        self.follow(view.clone(), row.clone());
        let engine = self.clone();
        let view = view.clone();
        tokio::spawn(async move {
            engine.own(view, job, progress, cancelled).await;
        });
        row
    }

    /// Every change of the attempt is an event, and its account's row names it.
    fn follow(&self, view: AccountView, mut row: watch::Receiver<SignInRow>) {
        let engine = self.clone();
        tokio::spawn(async move {
            loop {
                let now = row.borrow_and_update().clone();
                let over = is_over(now.phase);
                engine.inner.events.push(Event::SignIn { row: now });
                if let Some(view) = engine
                    .inner
                    .coordinator
                    .snapshot()
                    .account(&view.account.id)
                {
                    let row = engine.row(&view);
                    engine.inner.events.push(Event::Account { row });
                }
                if over || row.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    async fn own(
        &self,
        view: AccountView,
        job: SignInJob,
        progress: watch::Sender<SignInRow>,
        cancelled: oneshot::Receiver<Parting>,
    ) {
        self.note(&view, HistoryKind::SignInStarted, None);
        let ports = SignInPorts {
            endpoint: self.inner.ports.token_endpoint.clone(),
            browser: self.inner.browser.clone(),
            clock: self.inner.ports.clock.clone(),
        };
        let mut parting = None;
        let parted = async {
            match cancelled.await {
                Ok(why) => parting = Some(why),
                // A dropped sender is no cancel: only a person's word is.
                Err(_) => std::future::pending().await,
            }
        };
        match sign_in::run(job, ports, progress.clone(), parted).await {
            // Somebody was expected, and the provider does not say who came: the old grant stays.
            Ok(signed_in) if !signed_in.identity_checked => {
                let name = &view.account.name;
                let hint = format!("tokentray sign-out {}", super::typed(name));
                self.note(&view, HistoryKind::SignInFailed, None);
                progress.send_modify(|row| {
                    row.phase = SignInPhase::Failed;
                    row.message = Some(format!(
                        "the provider did not say who signed in, so {name} keeps what it has; if \
                         it was the right person, run `{hint}` and sign in again"
                    ));
                    row.said = Some(Said::new(SaidCode::WhoUnknown, &[("name", name)]));
                });
            }
            Ok(signed_in) => {
                let id = &view.account.id;
                let stored = self
                    .inner
                    .coordinator
                    .arrived(id, signed_in.grant, HistoryKind::SignedIn)
                    .await;
                progress.send_modify(|row| {
                    if stored == Some(Settled::Good) {
                        row.phase = SignInPhase::SignedIn;
                        if let Some((words, code)) = signed_in.warning {
                            row.warning = Some(words);
                            row.said = Some(Said::plain(code));
                        }
                    } else {
                        row.phase = SignInPhase::Failed;
                        row.message = Some("the account was removed meanwhile".to_owned());
                        row.said = Some(Said::plain(SaidCode::RemovedMeanwhile));
                    }
                });
            }
            // Whoever changes the way has not failed.
            Err(SignInFailure::Cancelled) if parting == Some(Parting::AnotherWay) => {}
            Err(failure) => self.note(&view, HistoryKind::SignInFailed, Some(&failure)),
        }
    }

    fn note(&self, view: &AccountView, kind: HistoryKind, failure: Option<&SignInFailure>) {
        let entry = HistoryEntry {
            account_id: Some(view.account.id.clone()),
            account: Some(view.account.name.clone()),
            cause: failure.and_then(SignInFailure::cause),
            provider_code: failure.map(|f| f.shown_code().to_owned()),
            provider_text: failure.and_then(|f| f.provider_text().map(str::to_owned)),
            ..HistoryEntry::new(self.now().wall, kind)
        };
        self.inner.ports.history.append(entry.clone());
        self.inner.events.push(Event::History {
            entry: super::records::row(entry, self.inner.coordinator.snapshot()),
        });
    }
}

fn unknown() -> Problem {
    Problem::new(
        Code::NotFound,
        "no sign-in has this id; it may have ended long ago",
    )
    .with_said(SaidCode::SignInOver, &[])
}
