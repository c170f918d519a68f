//! Removing an account: at once, undone for ten seconds, then for good.
//!
//! The removal stands in the journal before the settings lose the account: whatever ends this
//! process in between, the next start knows which of the two was meant.

use super::{Answer, Engine, Removed};
use crate::{
    api::{
        problem::{Code, Problem},
        types::{AccountRow, SaidCode},
    },
    coordinator::Message,
    domain::{account::AccountId, journal_entry::Removal, lifecycle::Input},
    io::settings::SettingsEdit,
};

impl Engine {
    /// Removes now; `restore` undoes it for ten seconds; then, with `revoke`, the provider is told.
    pub async fn remove_account(&self, name: &str, revoke: bool) -> Answer<()> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.remove(&name, Removal { revoke }).await })
            .await
    }

    pub async fn restore_account(&self, name: &str) -> Answer<AccountRow> {
        let (engine, name) = (self.clone(), name.to_owned());
        self.to_the_end(async move { engine.restore(&name).await })
            .await
    }

    async fn remove(&self, name: &str, removal: Removal) -> Answer<()> {
        let _editing = self.inner.editing.lock().await;
        let view = self.find(name)?;
        let account = (*view.account).clone();
        if let Some(attempt) = self.inner.attempts.of(&account.id) {
            let _ = self.cancel_sign_in(&attempt).await;
        }
        self.mark(&account.id, Some(removal)).await;
        self.inner
            .coordinator
            .tell_account(&account.id, Input::Remove);
        let gone = SettingsEdit::RemoveAccount {
            name: account.name.clone(),
        };
        if let Err(problem) = self.edit_file(&[gone]).await {
            // It is still there, so it must go on living.
            self.inner.coordinator.tell(Message::Keep(account.id));
            return Err(problem);
        }
        let (id, engine) = (account.id.clone(), self.clone());
        let number = {
            let mut changing = self.changing();
            changing.removals += 1;
            let number = changing.removals;
            let removed = Removed { account, number };
            changing.removed.insert(id.clone(), removed);
            number
        };
        tokio::spawn(async move {
            engine.inner.ports.clock.sleep(engine.inner.undo).await;
            engine.remove_for_good(id, number, removal).await;
        });
        Ok(())
    }

    /// The undo time of that removal is over, unless it was undone.
    async fn remove_for_good(&self, id: AccountId, number: u64, removal: Removal) {
        let _editing = self.inner.editing.lock().await;
        {
            let mut changing = self.changing();
            if changing.removed.get(&id).is_none_or(|r| r.number != number) {
                return;
            }
            changing.removed.remove(&id);
        }
        let account = id;
        let message = Message::Purge { account, removal };
        self.inner.coordinator.tell(message);
    }

    async fn restore(&self, name: &str) -> Answer<AccountRow> {
        let _editing = self.inner.editing.lock().await;
        let removed = {
            let changing = self.changing();
            let of_that_name = |r: &&Removed| r.account.name.eq_ignore_ascii_case(name);
            let named = changing.removed.values().filter(of_that_name);
            named.max_by_key(|r| r.number).map(|r| r.account.clone())
        };
        let Some(account) = removed else {
            return Err(Problem::new(
                Code::NotFound,
                format!("\"{name}\" was not removed within the last seconds"),
            )
            .with_said(SaidCode::NotRemoved, &[("name", &name)]));
        };
        let (id, name) = (account.id.clone(), account.name.clone());
        self.edit_file(&[SettingsEdit::PutAccount(Box::new(account))])
            .await?;
        self.changing().removed.remove(&id);
        self.inner.coordinator.tell(Message::Keep(id));
        self.inner.coordinator.caught_up().await;
        self.account(&name)
    }

    /// A journal that cannot be written (a full disk) keeps nobody from removing an account.
    async fn mark(&self, id: &AccountId, removal: Option<Removal>) {
        let marked = self.inner.ports.journal.mark_removed(id.clone(), removal);
        if let Err(error) = marked.await {
            tracing::warn!(account = %id, %error, "a crash would leave a removal unfinished");
        }
    }
}
