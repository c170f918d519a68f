//! Which accounts there are: put, hidden, dropped.

use super::{Change, Owned, Task};
use crate::domain::{
    account::{Account, AccountId},
    lifecycle::{Input, Life, Setup, host_of},
    provider,
};

impl Task {
    pub(super) fn put(&mut self, account: Account) {
        let setup = Setup {
            name: account.name.clone(),
            provider: provider_of(&account),
            refresh: account.refresh,
            paused: account.paused,
            scopes: account.scopes.clone(),
            client_id: account.client_id.clone(),
            token_url: account.token_url.clone(),
            margin: self.preferences.refresh_ahead,
        };
        let id = account.id.clone();
        self.snapshot.put(account);
        if self.forgetting.contains_key(&id) {
            // It came back by hand before everything of it was deleted.
            self.keep(&id);
        }
        if self.lives.contains_key(&id) {
            self.step(&id, Input::Restore);
            self.step(&id, Input::Setup(setup));
        } else {
            let seed = self.jitter.next_unit().to_bits();
            let mut life = Life::new(id.clone(), setup, seed);
            if let Some(fingerprints) = &self.fingerprints {
                life.give_fingerprints(fingerprints.clone());
                life.give_place(self.place.clone());
            }
            self.lives.insert(
                id.clone(),
                Owned {
                    life,
                    leaving: None,
                    late: Vec::new(),
                    lock: None,
                    deadline: None,
                },
            );
            // Before the key was asked for, the journal would only say that it is locked.
            if self.fingerprints.is_some() || self.vault_cause.is_some() {
                self.step(&id, Input::Load);
            } else {
                self.settle(&id, self.now());
            }
        }
        let _ = self.changes.send(Change::Account(id));
        self.publish_overall();
    }

    pub(super) fn drop_account(&mut self, id: &AccountId) {
        self.set_deadline(id, None);
        self.lives.remove(id);
        self.busy.remove(id);
        self.hosts.values_mut().for_each(|host| host.forget(id));
        // Whoever waits learns it by the channel's end.
        self.waiters.retain(|_, (of, _)| of != id);
        self.hide(id);
    }

    pub(super) fn hide(&mut self, id: &AccountId) {
        if let Some(owned) = self.lives.get(id)
            && !owned.life.is_removed()
        {
            // Taken out of the file by hand: it rests, and comes back with its id.
            self.step(id, Input::Remove);
        }
        self.notices.forget(id);
        if let Some(name) = self.snapshot.remove(id) {
            let _ = self.changes.send(Change::Removed(id.clone(), name));
        }
        self.publish_overall();
    }
}

/// The provider table's row of an account: its preset, or by the host of what is configured.
pub fn provider_of(account: &Account) -> Option<&'static provider::Provider> {
    if let Some(key) = &account.provider {
        return provider::by_key(key);
    }
    let url = account.token_url.as_ref().or(account.issuer.as_ref())?;
    let host = host_of(url);
    provider::by_host(
        host.rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name),
    )
}
