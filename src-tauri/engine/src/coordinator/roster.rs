//! Which accounts there are: put, hidden, dropped, purged.

use tokio::sync::oneshot;

use super::{Change, Owned, Ports, Task};
use crate::domain::{
    account::{Account, AccountId},
    grant::Grant,
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
        };
        let id = account.id.clone();
        self.snapshot.put(account);
        if self.lives.contains_key(&id) {
            self.step(&id, Input::Restore);
            self.step(&id, Input::Setup(setup));
        } else {
            let seed = self.jitter.next_unit().to_bits();
            let mut life = Life::new(id.clone(), setup, seed);
            if let Some(fingerprints) = &self.fingerprints {
                life.give_fingerprints(fingerprints.clone());
            }
            self.lives.insert(
                id.clone(),
                Owned {
                    life,
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

    pub(super) fn purge(&mut self, id: &AccountId, reply: oneshot::Sender<Option<Grant>>) {
        let grant = self
            .lives
            .get(id)
            .and_then(|o| o.life.held().map(|h| h.grant.clone()));
        self.drop_account(id);
        let Ports {
            vault,
            journal,
            history,
            ..
        } = self.ports.clone();
        let id = id.clone();
        tokio::spawn(async move {
            for result in [
                vault.remove_grant(id.clone()).await,
                vault.store_client_secret(id.clone(), None).await,
            ] {
                if let Err(error) = result {
                    tracing::warn!(account = %id, %error, "a removed account's item stays in the vault");
                }
            }
            if let Err(error) = journal.remove(id.clone()).await {
                tracing::warn!(account = %id, %error, "a removed account's journal stays");
            }
            history.forget(id);
            let _ = reply.send(grant);
        });
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
