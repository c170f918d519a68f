//! `tokentray vault move`: everything is copied and read back, then the `vault` file switches, and
//! what is left at the old place is deleted only after a good start at the new one.
//!
//! The owner calls this with all account locks held and nothing in flight. The surprising thing:
//! the vault's id and root key move along, so the journal needs no move.

use std::sync::Arc;

use crate::{
    domain::account::AccountId,
    io::keychain::session::{self, Home},
};

use super::{
    Vault, VaultError, VaultKind, file_shelf,
    identity::{Identity, Moving, Place},
    keychain_shelf,
    opening::{Built, DEFAULT_KEY_FILE, VaultOpenError, VaultOptions, build_with, prepare},
};

/// Why a vault was not moved. Unless it is said otherwise, the old place is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultMoveError {
    #[error("the vault is of kind `{0}` already")]
    SameKind(VaultKind),
    #[error("a vault in memory cannot be moved, and nothing can be moved there")]
    Memory,
    #[error("the last move has not been finished: start once more, then try again")]
    Unfinished,
    #[error("the old place cannot be read: {0}")]
    Source(VaultError),
    #[error("the new place cannot be used: {0}")]
    Target(VaultError),
    #[error("what was copied to the new place does not read back equal")]
    Unequal,
    #[error(transparent)]
    Open(#[from] VaultOpenError),
}

/// Copies all accounts' grants and client secrets and the key, reads back, switches the `vault`
/// file, and returns the vault at its new place. On an error the old one stays in force.
pub async fn move_to(
    options: &VaultOptions,
    current: &Arc<dyn Vault>,
    kind: VaultKind,
    accounts: &[AccountId],
) -> Result<Arc<dyn Vault>, VaultMoveError> {
    if kind == VaultKind::Memory || current.kind() == VaultKind::Memory {
        return Err(VaultMoveError::Memory);
    }
    let old = Identity::load(&options.state_dir)?.ok_or(VaultOpenError::Unreadable)?;
    if old.place.kind == kind {
        return Err(VaultMoveError::SameKind(kind));
    }
    if old.moving.is_some() {
        return Err(VaultMoveError::Unfinished);
    }
    let key = current.key().await.map_err(VaultMoveError::Source)?;
    let mut new = Identity {
        place: Place::new(kind),
        established: false,
        moving: Some(Moving {
            from: old.place.clone(),
            accounts: accounts.to_vec(),
            cleared: false,
        }),
        ..old
    };
    prepare(options, &mut new, Some(&key))?;
    // The key is stored at the first session; the note is the switch below.
    let home = Home::new(new.id.clone(), Some(key.clone()), || Ok(()));
    let target = build_with(options, &new, home)?.vault;
    if target.key().await.map_err(VaultMoveError::Target)? != key {
        return Err(VaultMoveError::Unequal);
    }
    for account in accounts {
        copy(current, &target, account).await?;
    }
    new.established = true;
    new.save(&options.state_dir)?;
    tracing::info!(from = %current.kind(), to = %kind, "the vault was moved");
    Ok(target)
}

async fn copy(
    source: &Arc<dyn Vault>,
    target: &Arc<dyn Vault>,
    account: &AccountId,
) -> Result<(), VaultMoveError> {
    match source.read_grant(account.clone()).await {
        Ok(Some(grant)) => {
            match target.store_grant(account.clone(), grant.clone()).await {
                // Left by a move that a crash cut short: the higher generation wins.
                Ok(()) | Err(VaultError::Older(_)) => {}
                Err(error) => return Err(VaultMoveError::Target(error)),
            }
            let kept = target.read_grant(account.clone()).await;
            let kept = kept.map_err(VaultMoveError::Target)?;
            if !kept.is_some_and(|kept| kept == grant || kept.generation > grant.generation) {
                return Err(VaultMoveError::Unequal);
            }
        }
        // Set aside where it was; there is nothing to copy.
        Ok(None) | Err(VaultError::Corrupt) => {}
        Err(error) => return Err(VaultMoveError::Source(error)),
    }
    match source.read_client_secret(account.clone()).await {
        Ok(Some(secret)) => {
            let stored = target.store_client_secret(account.clone(), Some(secret.clone()));
            stored.await.map_err(VaultMoveError::Target)?;
            let kept = target.read_client_secret(account.clone()).await;
            if kept.map_err(VaultMoveError::Target)? != Some(secret) {
                return Err(VaultMoveError::Unequal);
            }
        }
        Ok(None) | Err(VaultError::Corrupt) => {}
        Err(error) => return Err(VaultMoveError::Source(error)),
    }
    Ok(())
}

/// Deletes what a move left at the old place. Called after one good start with the new one (every
/// account was read); returns whether there was a move to finish. May be tried again on an error.
pub async fn finish_move(
    options: &VaultOptions,
    current: &Arc<dyn Vault>,
) -> Result<bool, VaultMoveError> {
    let Some(mut identity) = Identity::load(&options.state_dir)? else {
        return Ok(false);
    };
    let Some(mut moving) = identity.moving.take() else {
        return Ok(false);
    };
    if !moving.cleared && moving.from.has_files() != identity.place.has_files() {
        let old = former(options, &identity, &moving.from)?;
        for account in &moving.accounts {
            clear(&old.vault, current, account).await?;
        }
        // Noted before key and sentinel go: without them nobody could look there again.
        moving.cleared = true;
        identity.moving = Some(moving.clone());
        identity.save(&options.state_dir)?;
        identity.moving = None;
    }
    let (from, to) = (&moving.from, &identity.place);
    if from.has_key_in_keychain() && !to.has_key_in_keychain() {
        if let Some(thread) = former(options, &identity, from)?.thread {
            match keychain_shelf::leave(&identity.id, &thread).await {
                // The sentinel goes last: the last try ended after it.
                Err(VaultError::Unavailable(why)) if why == session::NO_SENTINEL => {}
                left => left.map_err(VaultMoveError::Source)?,
            }
        }
    } else if from.kind == VaultKind::File
        && from.key_file.as_ref() == Some(&options.state_dir.join(DEFAULT_KEY_FILE))
    {
        // A key file elsewhere is the person's own.
        crate::io::private_file::remove(&options.state_dir.join(DEFAULT_KEY_FILE))
            .map_err(|error| VaultOpenError::Failed(error.kind().to_string()))?;
    }
    if from.has_files() && !to.has_files() {
        // Fails if something was set aside there, which is as it should be.
        drop(std::fs::remove_dir(file_shelf::folder(&options.state_dir)));
    }
    identity.save(&options.state_dir)?;
    Ok(true)
}

/// The vault at its former place.
fn former(
    options: &VaultOptions,
    identity: &Identity,
    place: &Place,
) -> Result<Built, VaultMoveError> {
    let mut former = identity.clone();
    former.place = place.clone();
    let home = Home::known(identity.id.clone());
    Ok(build_with(options, &former, home)?)
}

async fn clear(
    old: &Arc<dyn Vault>,
    current: &Arc<dyn Vault>,
    account: &AccountId,
) -> Result<(), VaultMoveError> {
    let former = match old.read_grant(account.clone()).await {
        Ok(former) => former,
        Err(VaultError::Corrupt) => None,
        Err(error) => return Err(VaultMoveError::Source(error)),
    };
    let kept = current.read_grant(account.clone()).await;
    let kept = kept.map_err(VaultMoveError::Target)?;
    if let (Some(former), Some(kept)) = (former, kept)
        && former.generation > kept.generation
    {
        let stored = current.store_grant(account.clone(), former);
        stored.await.map_err(VaultMoveError::Target)?;
    }
    for removed in [
        old.remove_grant(account.clone()).await,
        old.store_client_secret(account.clone(), None).await,
    ] {
        removed.map_err(VaultMoveError::Source)?;
    }
    Ok(())
}
