//! The vault itself: grants and client secrets as texts on a shelf, beside a key.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::{
    domain::{account::AccountId, grant::Grant, journal_entry::Place, secret::Secret},
    io::Pending,
};

use super::{
    SealKey, Vault, VaultError, VaultEvent, VaultKind,
    entry::{Late, Shelf, Slot, Wanted, read_client_secret, write_client_secret},
    key_home::KeyHome,
    place::PlaceFinder,
};

/// Events that a slow listener may be behind.
const EVENTS: usize = 256;

pub(super) struct StoredVault {
    kind: VaultKind,
    id: String,
    shelf: Arc<dyn Shelf>,
    key: Arc<dyn KeyHome>,
    events: broadcast::Sender<VaultEvent>,
    place: Option<PlaceFinder>,
}

pub(super) fn events() -> broadcast::Sender<VaultEvent> {
    broadcast::channel(EVENTS).0
}

impl StoredVault {
    pub(super) fn new(
        kind: VaultKind,
        id: String,
        shelf: Arc<dyn Shelf>,
        key: Arc<dyn KeyHome>,
    ) -> Self {
        Self::telling(kind, id, shelf, key, events())
    }

    /// For shelves that have something to tell by themselves.
    pub(super) fn telling(
        kind: VaultKind,
        id: String,
        shelf: Arc<dyn Shelf>,
        key: Arc<dyn KeyHome>,
        events: broadcast::Sender<VaultEvent>,
    ) -> Self {
        Self {
            kind,
            id,
            shelf,
            key,
            events,
            place: None,
        }
    }

    /// For vaults that outlive the process: they may be copied.
    pub(super) fn at(mut self, place: PlaceFinder) -> Self {
        self.place = Some(place);
        self
    }

    /// A late answer that only says: look again.
    fn changed(&self) -> Late {
        let events = self.events.clone();
        Box::new(move |_| drop(events.send(VaultEvent::Changed)))
    }

    fn unlock_by(&self, passphrase: Option<Secret>) -> Pending<'static, Result<(), VaultError>> {
        let events = self.events.clone();
        let unlocked = self.key.unlock(passphrase);
        Box::pin(async move {
            unlocked.await?;
            // Nobody listening is no failure.
            drop(events.send(VaultEvent::Changed));
            Ok(())
        })
    }
}

impl Vault for StoredVault {
    fn kind(&self) -> VaultKind {
        self.kind
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn read_grant(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Grant>, VaultError>> {
        let text = self.shelf.read(Slot::Grant(account));
        Box::pin(async move {
            let Some(text) = text.await? else {
                return Ok(None);
            };
            Grant::from_stored(&text)
                .map(Some)
                .map_err(|_| VaultError::Corrupt)
        })
    }

    fn store_grant(
        &self,
        account: AccountId,
        grant: Grant,
    ) -> Pending<'static, Result<(), VaultError>> {
        let generation = grant.generation;
        let wanted = Wanted {
            text: grant.to_stored(),
            generation,
        };
        let (events, stored) = (self.events.clone(), account.clone());
        let late: Late = Box::new(move |result| {
            drop(events.send(VaultEvent::Stored {
                account: stored,
                generation,
                result,
            }));
        });
        self.shelf.write(Slot::Grant(account), Some(wanted), late)
    }

    fn remove_grant(&self, account: AccountId) -> Pending<'static, Result<(), VaultError>> {
        self.shelf.write(Slot::Grant(account), None, self.changed())
    }

    fn read_client_secret(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        let text = self.shelf.read(Slot::ClientSecret(account));
        Box::pin(async move {
            let Some(text) = text.await? else {
                return Ok(None);
            };
            read_client_secret(&text)
                .map(Some)
                .map_err(|_| VaultError::Corrupt)
        })
    }

    fn store_client_secret(
        &self,
        account: AccountId,
        secret: Option<Secret>,
    ) -> Pending<'static, Result<(), VaultError>> {
        let wanted = secret.map(|secret| Wanted {
            text: write_client_secret(&secret),
            generation: 0,
        });
        self.shelf
            .write(Slot::ClientSecret(account), wanted, self.changed())
    }

    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        self.key.key()
    }

    fn place(&self) -> Pending<'static, Result<Option<Place>, VaultError>> {
        let (finder, key) = (self.place.clone(), self.key.key());
        Box::pin(async move {
            match finder {
                Some(finder) => finder.find(key.await?).await,
                None => Ok(None),
            }
        })
    }

    fn unlock(&self) -> Pending<'static, Result<(), VaultError>> {
        self.unlock_by(None)
    }

    fn unlock_with(&self, passphrase: Secret) -> Pending<'static, Result<(), VaultError>> {
        self.unlock_by(Some(passphrase))
    }

    fn events(&self) -> broadcast::Receiver<VaultEvent> {
        self.events.subscribe()
    }
}
