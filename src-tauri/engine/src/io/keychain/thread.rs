//! The thread that owns the keychain session, and its replacement when a call hangs.
//!
//! Knows jobs and items, no grants. The surprising thing: a call that is not answered in time is
//! neither done nor failed. Its waiter is freed with [`KeychainError::Unanswered`], the call goes
//! on, its late answer is delivered, and no other call for that item is made meanwhile.

use std::{
    collections::{HashSet, VecDeque},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{Keychain, KeychainError, OnChange, Platform, session::Home};
use crate::io::{Pending, vault::may_replace};

/// A caller waits so long for an answer (a keychain that is well answers within 100 ms).
pub const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// A person may look for a password.
const UNLOCK_LIMIT: Duration = Duration::from_mins(2);
/// Threads that hang at the same time; each is stuck on another item. Then jobs wait.
const MOST_STUCK: usize = 8;

type Answer<T> = Result<T, KeychainError>;
type Run = Box<dyn FnMut(&mut dyn Keychain) -> Answer<()> + Send>;
type Deliver = Box<dyn FnOnce(&Answer<()>) + Send>;

/// A handle to the thread. Dropping it ends the thread after its current call; nobody waits.
pub struct KeychainThread {
    shared: Arc<Shared>,
}

struct Shared {
    platform: Arc<dyn Platform>,
    home: Home,
    on_change: Box<dyn Fn() + Send + Sync>,
    queue: Mutex<Queue>,
    wake: Condvar,
    ids: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Items with a call under way, hung ones included.
    busy: HashSet<String>,
    /// The thread that takes jobs; another number means: you were replaced.
    worker: u64,
    current: Option<(u64, Instant)>,
    stuck: usize,
    unlocking: Vec<oneshot::Sender<Answer<()>>>,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    /// A write that waits is replaced by a newer one of the same item. The number is what it
    /// stores (a generation); a lower one does not replace a higher one.
    Write(Option<u64>),
}

impl Kind {
    /// Whether a job of this kind takes the place of one that waits for the same item.
    fn joins(self, waiting: Self) -> bool {
        matches!((self, waiting), (Self::Write(_), Self::Write(_)))
    }

    fn replaces(self, waiting: Self) -> bool {
        match (self, waiting) {
            (Self::Write(Some(new)), Self::Write(Some(old))) => may_replace(old, new).is_ok(),
            (Self::Write(_), Self::Write(_)) => true,
            _ => false,
        }
    }
}

struct Job {
    id: u64,
    item: String,
    kind: Kind,
    run: Run,
    deliver: Vec<Deliver>,
}

impl KeychainThread {
    /// Starts the thread and the watch. `on_change` is called when it is worth trying again.
    pub fn start(
        platform: Arc<dyn Platform>,
        home: Home,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            platform,
            home,
            on_change: Box::new(on_change),
            queue: Mutex::default(),
            wake: Condvar::new(),
            ids: AtomicU64::new(1),
        });
        let weak: Weak<Shared> = Arc::downgrade(&shared);
        let watch: OnChange =
            Box::new(move || weak.upgrade().map(|shared| (shared.on_change)()).is_some());
        shared.platform.watch(watch);
        spawn_worker(&shared, 0);
        Self { shared }
    }

    /// Runs `task` in a session that was recognised by its sentinel. It runs again in a new session
    /// if the first was lost, so it must not mind. `late` gets what came after its caller had been
    /// freed: a person who answered a prompt is not asked the same again.
    pub fn read<T: Send + 'static>(
        &self,
        item: &str,
        mut task: impl FnMut(&mut dyn Keychain) -> Answer<T> + Send + 'static,
        late: impl FnOnce(T) + Send + 'static,
    ) -> Pending<'static, Answer<T>> {
        let slot = Arc::new(Mutex::new(None));
        let filled = Arc::clone(&slot);
        let (sender, receiver) = oneshot::channel();
        let weak = Arc::downgrade(&self.shared);
        let run: Run = Box::new(move |keychain| {
            *lock(&filled) = Some(task(keychain)?);
            Ok(())
        });
        let deliver: Deliver = Box::new(move |result| {
            let answer = result.clone().and_then(|()| {
                lock(&slot)
                    .take()
                    .ok_or_else(|| KeychainError::Failed("no answer was kept".into()))
            });
            if let Err(unheard) = sender.send(answer)
                && let Some(shared) = weak.upgrade()
            {
                if let Ok(found) = unheard {
                    late(found);
                }
                (shared.on_change)();
            }
        });
        let id = self.submit(item, Kind::Read, run, deliver);
        Box::pin(wait(Arc::clone(&self.shared), id, receiver, ANSWER_LIMIT))
    }

    /// Like [`KeychainThread::read`] for a change. Of the changes that wait for one item only the
    /// newest is made, and all their callers get its answer. `late` gets the answer that came
    /// after its caller had been freed.
    pub fn write(
        &self,
        item: &str,
        generation: Option<u64>,
        task: impl FnMut(&mut dyn Keychain) -> Answer<()> + Send + 'static,
        late: impl FnOnce(Answer<()>) + Send + 'static,
    ) -> Pending<'static, Answer<()>> {
        let (sender, receiver) = oneshot::channel();
        let deliver: Deliver = Box::new(move |result| {
            if let Err(unheard) = sender.send(result.clone()) {
                late(unheard);
            }
        });
        let id = self.submit(item, Kind::Write(generation), Box::new(task), deliver);
        Box::pin(wait(Arc::clone(&self.shared), id, receiver, ANSWER_LIMIT))
    }

    /// Asks the system to unlock, with its prompt; several callers share one prompt.
    pub fn unlock(&self) -> Pending<'static, Answer<()>> {
        let (sender, receiver) = oneshot::channel();
        let mut queue = lock(&self.shared.queue);
        queue.unlocking.push(sender);
        if queue.unlocking.len() == 1 {
            let shared = Arc::clone(&self.shared);
            let started = std::thread::Builder::new()
                .name("keychain-unlock".into())
                .spawn(move || {
                    let answer = shared.platform.unlock(&shared.home.vault);
                    (shared.on_change)();
                    shared.answer_unlock(&answer);
                });
            drop(queue);
            if started.is_err() {
                let error = KeychainError::Failed("no thread could be started".into());
                self.shared.answer_unlock(&Err(error));
            }
        }
        Box::pin(wait(Arc::clone(&self.shared), 0, receiver, UNLOCK_LIMIT))
    }

    fn submit(&self, item: &str, kind: Kind, run: Run, deliver: Deliver) -> u64 {
        let mut queue = lock(&self.shared.queue);
        let waiting = queue
            .waiting
            .iter_mut()
            .find(|job| kind.joins(job.kind) && job.item == item);
        let id = if let Some(job) = waiting {
            if kind.replaces(job.kind) {
                job.run = run;
                job.kind = kind;
            }
            job.deliver.push(deliver);
            job.id
        } else {
            let id = self.shared.ids.fetch_add(1, Ordering::Relaxed);
            queue.waiting.push_back(Job {
                id,
                item: item.to_owned(),
                kind,
                run,
                deliver: vec![deliver],
            });
            id
        };
        drop(queue);
        self.shared.wake.notify_all();
        id
    }
}

impl Drop for KeychainThread {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.wake.notify_all();
    }
}

/// Waits for the answer, but not longer than the limit.
async fn wait<T>(
    shared: Arc<Shared>,
    id: u64,
    mut receiver: oneshot::Receiver<Answer<T>>,
    limit: Duration,
) -> Answer<T> {
    match tokio::time::timeout(limit, &mut receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(KeychainError::Failed("the keychain's thread ended".into())),
        Err(_) => {
            // Closed first: an answer that slips in just now is either taken here or found to be
            // late by its sender, never lost.
            receiver.close();
            receiver.try_recv().unwrap_or_else(|_| {
                shared.replace_if_stuck(id);
                Err(KeychainError::Unanswered)
            })
        }
    }
}

impl Shared {
    fn answer_unlock(&self, answer: &Answer<()>) {
        let waiting = std::mem::take(&mut lock(&self.queue).unlocking);
        for sender in waiting {
            // Whoever gave up hears of it through `on_change`.
            drop(sender.send(answer.clone()));
        }
    }

    /// Puts a new thread in the place of one whose call does not come back.
    fn replace_if_stuck(self: &Arc<Self>, id: u64) {
        let mut queue = lock(&self.queue);
        let Some((current, since)) = queue.current else {
            return;
        };
        let elapsed = since.elapsed();
        // A call that was asked for may have begun a little later than its caller's wait.
        let is_stuck = elapsed >= ANSWER_LIMIT || (current == id && elapsed >= ANSWER_LIMIT / 2);
        if !is_stuck || queue.stuck >= MOST_STUCK || queue.closed {
            return;
        }
        queue.stuck += 1;
        queue.worker += 1;
        queue.current = None;
        let worker = queue.worker;
        drop(queue);
        tracing::warn!("the keychain does not answer; going on with a new session");
        spawn_worker(self, worker);
    }

    /// The next job whose item has no call under way; `None`: this thread is over.
    fn next_job(&self, worker: u64) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed || queue.worker != worker {
                return None;
            }
            let next = queue
                .waiting
                .iter()
                .position(|job| !queue.busy.contains(&job.item));
            if let Some(job) = next.and_then(|index| queue.waiting.remove(index)) {
                queue.busy.insert(job.item.clone());
                queue.current = Some((job.id, Instant::now()));
                return Some(job);
            }
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, worker: u64, item: &str) {
        let mut queue = lock(&self.queue);
        queue.busy.remove(item);
        if queue.worker == worker {
            queue.current = None;
        } else {
            queue.stuck = queue.stuck.saturating_sub(1);
        }
        drop(queue);
        self.wake.notify_all();
    }

    fn work(&self, worker: u64) {
        let mut session: Option<Box<dyn Keychain>> = None;
        while let Some(mut job) = self.next_job(worker) {
            let answer =
                std::panic::catch_unwind(AssertUnwindSafe(|| self.run(&mut session, &mut job.run)))
                    .unwrap_or_else(|_| {
                        session = None;
                        Err(KeychainError::Failed("the keychain's adapter broke".into()))
                    });
            for deliver in job.deliver {
                deliver(&answer);
            }
            self.finish(worker, &job.item);
        }
    }

    /// Runs a job, once more in a new session if the first was lost.
    fn run(&self, session: &mut Option<Box<dyn Keychain>>, run: &mut Run) -> Answer<()> {
        let mut is_first = true;
        loop {
            let answer = self
                .session(session)
                .and_then(|keychain| run(keychain.as_mut()));
            let Err(KeychainError::Lost(_)) = answer else {
                return answer;
            };
            *session = None;
            if !std::mem::take(&mut is_first) {
                return answer;
            }
        }
    }

    fn session<'a>(
        &self,
        session: &'a mut Option<Box<dyn Keychain>>,
    ) -> Answer<&'a mut Box<dyn Keychain>> {
        match session {
            Some(keychain) => Ok(keychain),
            empty => {
                let mut keychain = self.platform.open()?;
                self.home.recognise(keychain.as_mut())?;
                Ok(empty.insert(keychain))
            }
        }
    }
}

fn spawn_worker(shared: &Arc<Shared>, worker: u64) {
    let shared = Arc::clone(shared);
    let started = std::thread::Builder::new()
        .name("keychain".into())
        .spawn(move || shared.work(worker));
    if let Err(error) = started {
        tracing::error!(kind = %error.kind(), "the keychain's thread cannot be started");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
