//! Removing an account: at once, undone for ten seconds, then for good.

use super::{Answer, Engine, Removed};
use crate::{
    api::{
        problem::{Code, Problem},
        types::AccountRow,
    },
    coordinator::Message,
    domain::{account::AccountId, lifecycle::Input},
    io::settings::SettingsEdit,
    sign_in,
};

impl Engine {
    /// Removes now; `restore` undoes it for ten seconds; then, with `revoke`, the provider is told.
    pub async fn remove_account(&self, name: &str, revoke: bool) -> Answer<()> {
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        let account = (*view.account).clone();
        if let Some(attempt) = self.inner.attempts.of(&account.id) {
            let _ = self.cancel_sign_in(&attempt).await;
        }
        self.inner
            .coordinator
            .tell_account(&account.id, Input::Remove);
        let gone = SettingsEdit::RemoveAccount {
            name: account.name.clone(),
        };
        if let Err(problem) = self.edit_file(&[gone]).await {
            // It is still there, so it must go on living.
            let restore = Input::Restore;
            self.inner.coordinator.tell_account(&account.id, restore);
            return Err(problem);
        }
        let engine = self.clone();
        let (id, key) = (account.id.clone(), account.name.to_lowercase());
        let undo = tokio::spawn(async move {
            engine.inner.ports.clock.sleep(engine.inner.undo).await;
            engine.changing().removed.remove(&key);
            engine.purge(id, revoke).await;
        });
        let removed = Removed {
            account,
            undo: undo.abort_handle(),
        };
        let key = removed.account.name.to_lowercase();
        self.changing().removed.insert(key, removed);
        Ok(())
    }

    pub async fn restore_account(&self, name: &str) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let Some(removed) = self.changing().removed.remove(&name.to_lowercase()) else {
            return Err(Problem::new(
                Code::NotFound,
                format!("\"{name}\" was not removed within the last seconds"),
            ));
        };
        removed.undo.abort();
        let name = removed.account.name.clone();
        let id = removed.account.id.clone();
        self.edit_file(&[SettingsEdit::PutAccount(Box::new(removed.account))])
            .await?;
        self.inner.coordinator.tell_account(&id, Input::Restore);
        self.account(&name)
    }

    async fn purge(&self, id: AccountId, revoke: bool) {
        let secret = self
            .inner
            .ports
            .vault
            .read_client_secret(id.clone())
            .await
            .ok()
            .flatten();
        let (reply, gone) = tokio::sync::oneshot::channel();
        self.inner
            .coordinator
            .tell(Message::Purge { account: id, reply });
        let Ok(Some(grant)) = gone.await else { return };
        // Some providers end every token of a client and a person at once.
        let shared = self
            .inner
            .coordinator
            .snapshot()
            .accounts()
            .iter()
            .any(|other| {
                other.held.as_ref().is_some_and(|h| {
                    h.grant.binding.client_id == grant.binding.client_id
                        && (h.grant.subject.is_none()
                            || grant.subject.is_none()
                            || h.grant.subject == grant.subject)
                })
            });
        if revoke
            && !shared
            && let Err(error) =
                sign_in::revoke(&*self.inner.ports.token_endpoint, &grant, secret).await
        {
            tracing::info!(%error, "the provider was not told of a removal");
        }
    }
}
