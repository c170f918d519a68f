//! Accounts that go for good: what the vault holds of them, what the provider is told.
//!
//! A removal stands in the journal until nothing is left, so a crash, a locked keychain or a disk
//! that fails only delays it. The surprising thing: a request that is still out is awaited first,
//! because its answer may be the only refresh token that is alive.

use std::time::Duration;

use super::{Message, Ports, Task};
use crate::{
    domain::{account::AccountId, grant::Grant, journal_entry::Removal, lifecycle::Life, policy},
    io::vault::VaultError,
    sign_in::{self, RevokeError},
};

/// A removal whose undo time is over, while an answer or a save is awaited.
pub(super) struct Leaving {
    removal: Removal,
    /// What was held when it should have gone.
    generation: u64,
}

/// Between the tries to tell the provider. Whoever removed an account need not wait for it.
const REVOKE_PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];
/// After a start the accounts are read first: which grants are shared is only known then.
const SETTLE: Duration = Duration::from_secs(30);

impl Task {
    /// The undo time is over.
    pub(super) fn purge(&mut self, id: &AccountId, removal: Removal) {
        let Some(owned) = self.lives.get_mut(id) else {
            return;
        };
        let generation = owned.life.held().map_or(0, |h| h.grant.generation);
        owned.leaving = Some(Leaving {
            removal,
            generation,
        });
        self.leave_if_idle(id);
    }

    /// Lets an account go that has nothing in flight any more.
    pub(super) fn leave_if_idle(&mut self, id: &AccountId) {
        let Some(owned) = self.lives.get_mut(id).filter(|o| !o.life.is_busy()) else {
            return;
        };
        let Some(leaving) = owned.leaving.take() else {
            return;
        };
        // What came after a removal nobody else has: it should not stay alive.
        let mut unwanted = std::mem::take(&mut owned.late);
        let held = owned.life.held().map(|h| h.grant.clone());
        unwanted.extend(
            held.filter(|grant| leaving.removal.revoke || grant.generation > leaving.generation),
        );
        unwanted.retain(|grant| self.may_revoke(id, grant));
        self.drop_account(id);
        self.forget(id, leaving.removal, unwanted);
    }

    /// A late success of an account that is being removed: kept until it is gone for good, because
    /// revoking it may end what an undone removal goes on with.
    pub(super) fn keep_late(&mut self, id: &AccountId, grant: Grant) {
        if let Some(owned) = self.lives.get_mut(id) {
            owned.late.push(grant);
        }
    }

    /// Removals that an earlier process began.
    pub(super) fn finish_removals(&mut self) {
        let Ports { journal, clock, .. } = self.ports.clone();
        let messages = self.messages.downgrade();
        tokio::spawn(async move {
            let mut failures = 0;
            let removed = loop {
                match journal.removed().await {
                    Ok(removed) => break removed,
                    Err(error) => {
                        failures += 1;
                        tracing::warn!(%error, "removals that were begun cannot be finished yet");
                        clock.sleep(policy::store_pause(failures)).await;
                    }
                }
            };
            if removed.is_empty() {
                return;
            }
            clock.sleep(SETTLE).await;
            if let Some(messages) = messages.upgrade() {
                let _ = messages.send(Message::Removed(removed));
            }
        });
    }

    pub(super) fn on_removed(&mut self, removed: Vec<(AccountId, Removal)>) {
        for (id, removal) in removed {
            if let Some(owned) = self.lives.get(&id) {
                if !owned.life.is_removed() {
                    // The settings say that it is there: the removal came to nothing.
                    self.keep(&id);
                }
                continue;
            }
            let (ports, messages) = (self.ports.clone(), self.messages.clone());
            tokio::spawn(async move {
                let mut unwanted = Vec::new();
                if removal.revoke {
                    unwanted.extend(ports.vault.read_grant(id.clone()).await.ok().flatten());
                    let entry = ports.journal.read(id.clone()).await.ok().flatten();
                    unwanted.extend(entry.and_then(|entry| entry.unconfirmed));
                }
                let _ = messages.send(Message::Forget(id, removal, unwanted));
            });
        }
    }

    /// Deletes everything of an account that has no life (any more), as long as it takes.
    pub(super) fn forget(&mut self, id: &AccountId, removal: Removal, unwanted: Vec<Grant>) {
        for grant in unwanted {
            tokio::spawn(tell_provider(self.ports.clone(), id.clone(), grant));
        }
        let task = tokio::spawn(delete(self.ports.clone(), id.clone(), removal));
        if let Some(earlier) = self.forgetting.insert(id.clone(), task.abort_handle()) {
            earlier.abort();
        }
    }

    /// An account is there (again): nothing of it is deleted any more.
    pub(super) fn keep(&mut self, id: &AccountId) {
        if let Some(deleting) = self.forgetting.remove(id) {
            deleting.abort();
        }
        if let Some(owned) = self.lives.get_mut(id) {
            owned.leaving = None;
            owned.late.clear();
        }
        let (journal, id) = (self.ports.journal.clone(), id.clone());
        tokio::spawn(async move {
            if let Err(error) = journal.mark_removed(id.clone(), None).await {
                tracing::warn!(account = %id, %error, "the journal still says that it was removed");
            }
        });
    }

    /// Whether revoking ends nothing but this grant.
    pub(super) fn may_revoke(&self, id: &AccountId, grant: &Grant) -> bool {
        let shares = |life: &Life| match life.held() {
            Some(held) => held.grant.may_end_with(grant),
            // What it holds is not known yet.
            None => !life.is_loaded() && life.setup().client_id == grant.binding.client_id,
        };
        !self
            .lives
            .iter()
            .any(|(other, owned)| other != id && shares(&owned.life))
    }
}

/// Deletes what vault, journal and history hold; what cannot let go is asked again.
async fn delete(ports: Ports, id: AccountId, removal: Removal) {
    let mut failures = 0;
    while !delete_once(&ports, &id).await {
        failures += 1;
        // The disk may not have taken the note when the removal began: without it a crash in this
        // pause would leave the rest for good.
        if let Err(error) = ports.journal.mark_removed(id.clone(), Some(removal)).await {
            tracing::warn!(account = %id, %error, "a crash would leave a removal unfinished");
        }
        ports.clock.sleep(policy::store_pause(failures)).await;
    }
    ports.history.forget(id);
}

/// Whether vault and journal hold nothing of the account any more. The journal's note goes last.
async fn delete_once(ports: &Ports, id: &AccountId) -> bool {
    // A vault that is being moved would take along what is deleted at its old place.
    let _lock = match ports.locks.lock(id.clone()).await {
        Ok(lock) => lock,
        Err(error) => {
            tracing::info!(account = %id, %error, "a removed account cannot be deleted yet");
            return false;
        }
    };
    let grant = ports.vault.remove_grant(id.clone()).await;
    let secret = ports.vault.store_client_secret(id.clone(), None).await;
    match grant.and(secret) {
        Ok(()) => {}
        Err(error @ VaultError::Newer(_)) => {
            tracing::warn!(account = %id, %error, "a removed account's item stays in the vault");
        }
        Err(error) => {
            tracing::warn!(account = %id, %error, "a removed account cannot be deleted yet");
            return false;
        }
    }
    let removed = ports.journal.remove(id.clone()).await;
    if let Err(error) = &removed {
        tracing::warn!(account = %id, %error, "a removed account's journal cannot be deleted yet");
    }
    removed.is_ok()
}

/// Says at the provider that a grant is no longer wanted (RFC 7009), a few times if need be.
async fn tell_provider(ports: Ports, id: AccountId, grant: Grant) {
    let mut pauses = REVOKE_PAUSES.into_iter();
    loop {
        let secret = grant.client_secret.clone();
        let told = sign_in::revoke(&*ports.token_endpoint, &grant, secret).await;
        let (Err(error), pause) = (told, pauses.next()) else {
            tracing::info!(account = %id, "a removed account's grant was revoked");
            return;
        };
        let again = matches!(
            error,
            RevokeError::Unreachable(_) | RevokeError::Refused(429 | 500..)
        );
        let Some(pause) = pause.filter(|_| again) else {
            tracing::warn!(account = %id, %error, "the provider was not told of a removal");
            return;
        };
        ports.clock.sleep(pause).await;
    }
}
