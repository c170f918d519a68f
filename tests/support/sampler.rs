//! Everything that the processes of a session were started with: arguments and environment, looked
//! at again and again while a story runs.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::session::Session;

/// Looks until it is stopped.
#[derive(Debug)]
pub struct Sampler {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<Vec<u8>>>,
}

impl Sampler {
    pub fn start(session: &Session) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        // By the folder that each one's HOME is in: a browser is started without the session's
        // own mark.
        let home = session.dir().display().to_string().into_bytes();
        let stop = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
                    let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
                    if environment.windows(home.len()).any(|part| part == home) {
                        seen.insert(environment);
                        seen.insert(fs::read(entry.path().join("cmdline")).unwrap_or_default());
                    }
                }
                thread::sleep(Duration::from_millis(20));
            }
            seen
        });
        Self { ended, thread }
    }

    /// Every list of arguments and every environment that was seen.
    pub fn stop(self) -> BTreeSet<Vec<u8>> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
