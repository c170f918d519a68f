//! A vault that can become another one: what `vault move` leaves the running engine with.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::{sync::broadcast, task::AbortHandle};

use super::{SealKey, Vault, VaultError, VaultEvent, VaultKind};
use crate::{
    domain::{account::AccountId, grant::Grant, journal_entry::Place, secret::Secret},
    io::Pending,
};

/// Passes everything on to the vault that is in force.
pub struct SwitchedVault {
    current: RwLock<(Arc<dyn Vault>, AbortHandle)>,
    events: broadcast::Sender<VaultEvent>,
}

impl SwitchedVault {
    /// Must be called within a runtime: the vault's events are passed on by a task.
    pub fn new(vault: Arc<dyn Vault>) -> Self {
        let events = broadcast::channel(64).0;
        let following = follow(&vault, events.clone());
        Self {
            current: RwLock::new((vault, following)),
            events,
        }
    }

    pub fn current(&self) -> Arc<dyn Vault> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone()
    }

    /// Says that it is worth reading again.
    pub fn tell_changed(&self) {
        let _ = self.events.send(VaultEvent::Changed);
    }

    /// From now on this vault is in force.
    pub fn switch(&self, vault: Arc<dyn Vault>) {
        let following = follow(&vault, self.events.clone());
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.1.abort();
        *current = (vault, following);
        drop(current);
        let _ = self.events.send(VaultEvent::Changed);
    }
}

fn follow(vault: &Arc<dyn Vault>, to: broadcast::Sender<VaultEvent>) -> AbortHandle {
    let mut from = vault.events();
    let task = tokio::spawn(async move {
        loop {
            let event = match from.recv().await {
                Ok(event) => event,
                Err(broadcast::error::RecvError::Lagged(_)) => VaultEvent::Changed,
                Err(broadcast::error::RecvError::Closed) => return,
            };
            let _ = to.send(event);
        }
    });
    task.abort_handle()
}

impl Vault for SwitchedVault {
    fn kind(&self) -> VaultKind {
        self.current().kind()
    }
    fn id(&self) -> String {
        self.current().id()
    }
    fn unlock_with(&self, passphrase: Secret) -> Pending<'static, Result<(), VaultError>> {
        self.current().unlock_with(passphrase)
    }
    fn read_grant(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Grant>, VaultError>> {
        self.current().read_grant(account)
    }
    fn store_grant(
        &self,
        account: AccountId,
        grant: Grant,
    ) -> Pending<'static, Result<(), VaultError>> {
        self.current().store_grant(account, grant)
    }
    fn remove_grant(&self, account: AccountId) -> Pending<'static, Result<(), VaultError>> {
        self.current().remove_grant(account)
    }
    fn read_client_secret(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        self.current().read_client_secret(account)
    }
    fn store_client_secret(
        &self,
        account: AccountId,
        secret: Option<Secret>,
    ) -> Pending<'static, Result<(), VaultError>> {
        self.current().store_client_secret(account, secret)
    }
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        self.current().key()
    }
    fn place(&self) -> Pending<'static, Result<Option<Place>, VaultError>> {
        self.current().place()
    }
    fn unlock(&self) -> Pending<'static, Result<(), VaultError>> {
        self.current().unlock()
    }
    fn events(&self) -> broadcast::Receiver<VaultEvent> {
        self.events.subscribe()
    }
}
