//! A keychain that does as the test says: locks, denies, loses sessions, forgets, hangs.

use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokentray::{
    domain::secret::Secret,
    io::keychain::{Found, ItemName, Keychain, KeychainError, OnChange, Platform},
};

#[derive(Clone, Default)]
pub struct ScriptedKeychain(Arc<Script>);

#[derive(Default)]
struct Script {
    state: Mutex<State>,
    sets: AtomicUsize,
    opened: AtomicUsize,
    prompts: AtomicUsize,
}

#[derive(Default)]
struct State {
    items: HashMap<ItemName, String>,
    /// What every call answers; none: the keychain is well.
    refusal: Option<KeychainError>,
    forgets_sets: bool,
    dismisses_prompts: bool,
    failing_sets: Option<String>,
    /// Sessions opened before this one are lost.
    oldest_session: usize,
    gate: Option<(String, Gate)>,
    inside: HashMap<String, usize>,
    watchers: Vec<OnChange>,
}

/// Holds back the calls for one item until it is opened.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut is_open = self.0.0.lock().unwrap();
        while !*is_open {
            is_open = self.0.1.wait(is_open).unwrap();
        }
    }
}

impl ScriptedKeychain {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.state.lock().unwrap())
    }

    pub fn sets(&self) -> usize {
        self.0.sets.load(Ordering::SeqCst)
    }

    pub fn opened(&self) -> usize {
        self.0.opened.load(Ordering::SeqCst)
    }

    pub fn prompts(&self) -> usize {
        self.0.prompts.load(Ordering::SeqCst)
    }

    pub fn items(&self) -> usize {
        self.change(|state| state.items.len())
    }

    /// Locks or unlocks from outside, and tells whoever watches.
    pub fn lock(&self, is_locked: bool) {
        self.change(|state| {
            state.refusal = is_locked.then_some(KeychainError::Locked);
            state.watchers.retain(|watcher| watcher());
        });
    }

    pub fn deny(&self, is_denied: bool) {
        self.change(|state| state.refusal = is_denied.then_some(KeychainError::Denied));
    }

    pub fn fail(&self, is_failing: bool) {
        let refusal = is_failing.then(|| KeychainError::Failed("broken".into()));
        self.change(|state| state.refusal = refusal);
    }

    pub fn forget_sets(&self, forgets: bool) {
        self.change(|state| state.forgets_sets = forgets);
    }

    pub fn fail_sets_of(&self, username: &str, fails: bool) {
        self.change(|state| state.failing_sets = fails.then(|| username.to_owned()));
    }

    pub fn dismiss_prompts(&self) {
        self.change(|state| state.dismisses_prompts = true);
    }

    pub fn lose_sessions(&self) {
        let next = self.opened() + 1;
        self.change(|state| state.oldest_session = next);
    }

    pub fn replace_by_an_empty_one(&self) {
        self.change(|state| state.items.clear());
    }

    pub fn text_of(&self, username: &str) -> Option<String> {
        self.change(|state| {
            let mut items = state.items.iter();
            items
                .find(|(item, _)| item.username == username)
                .map(|(_, text)| text.clone())
        })
    }

    /// Puts a text into the item of the only vault, past the program.
    pub fn put(&self, username: &str, text: &str) {
        self.change(|state| {
            let vault = state.items.keys().next().unwrap().vault.clone();
            let username = username.to_owned();
            state
                .items
                .insert(ItemName { vault, username }, text.to_owned());
        });
    }

    pub fn holds_aside(&self, username: &str, text: &str) -> bool {
        let start = format!("{username}:aside-");
        self.change(|state| {
            let mut items = state.items.iter();
            items.any(|(item, kept)| item.username.starts_with(&start) && kept == text)
        })
    }

    /// From now on calls for this item wait at the gate.
    pub fn hang_at(&self, username: &str) -> Gate {
        let gate = Gate::default();
        self.change(|state| state.gate = Some((username.to_owned(), gate.clone())));
        gate
    }

    /// How many calls for this item are under way.
    pub fn calls_inside(&self, username: &str) -> usize {
        self.change(|state| state.inside.get(username).copied().unwrap_or(0))
    }

    /// Resolves when a call for this item is under way.
    pub async fn until_inside(&self, username: &str) {
        while self.calls_inside(username) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Platform for ScriptedKeychain {
    fn open(&self) -> Result<Box<dyn Keychain>, KeychainError> {
        let number = self.0.opened.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Box::new(Session {
            keychain: self.clone(),
            number,
        }))
    }

    fn unlock(&self, _vault: &str) -> Result<(), KeychainError> {
        self.0.prompts.fetch_add(1, Ordering::SeqCst);
        self.change(|state| {
            if state.dismisses_prompts {
                return Err(KeychainError::Denied);
            }
            state.refusal = None;
            Ok(())
        })
    }

    fn watch(&self, on_change: OnChange) {
        self.change(|state| state.watchers.push(on_change));
    }
}

struct Session {
    keychain: ScriptedKeychain,
    number: usize,
}

impl Session {
    fn call<T>(
        &self,
        item: &ItemName,
        act: impl FnOnce(&mut State) -> Result<T, KeychainError>,
    ) -> Result<T, KeychainError> {
        let gate = self.keychain.change(|state| {
            *state.inside.entry(item.username.clone()).or_default() += 1;
            state.gate.clone()
        });
        if let Some((_, gate)) = gate.filter(|(username, _)| *username == item.username) {
            gate.pass();
        }
        self.keychain.change(|state| {
            *state.inside.entry(item.username.clone()).or_default() -= 1;
            if self.number < state.oldest_session {
                return Err(KeychainError::Lost("NoSession".into()));
            }
            match &state.refusal {
                Some(refusal) => Err(refusal.clone()),
                None => act(state),
            }
        })
    }
}

impl Keychain for Session {
    fn get(&mut self, item: &ItemName) -> Result<Found, KeychainError> {
        self.call(item, |state| {
            Ok(state
                .items
                .get(item)
                .map_or(Found::Missing, |text| Found::Text(Secret::new(text))))
        })
    }

    fn set(&mut self, item: &ItemName, text: &Secret) -> Result<(), KeychainError> {
        self.keychain.0.sets.fetch_add(1, Ordering::SeqCst);
        self.call(item, |state| {
            if state.failing_sets.as_ref() == Some(&item.username) {
                return Err(KeychainError::Failed("no".into()));
            }
            if !state.forgets_sets {
                state.items.insert(item.clone(), text.expose().to_owned());
            }
            Ok(())
        })
    }

    fn delete(&mut self, item: &ItemName) -> Result<(), KeychainError> {
        self.call(item, |state| {
            state.items.remove(item);
            Ok(())
        })
    }

    fn rename(&mut self, item: &ItemName, username: &str) -> Result<(), KeychainError> {
        self.call(item, |state| {
            if let Some(text) = state.items.remove(item) {
                let (vault, username) = (item.vault.clone(), username.to_owned());
                state.items.insert(ItemName { vault, username }, text);
            }
            Ok(())
        })
    }
}
