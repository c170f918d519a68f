//! What the owning task publishes: read by everybody, written by it alone, never locked for long.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Notice;
use crate::domain::{
    account::{Account, AccountId},
    cause::Cause,
    grant::Grant,
    lifecycle::{AccountFacts, Held},
};

/// Everything outside the accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overall {
    pub paused: bool,
    pub online: bool,
    pub vault_cause: Option<Cause>,
    /// The local clock is plainly wrong: ahead of a provider's by so many seconds.
    pub clock_off_s: Option<i64>,
    pub notice: Option<Notice>,
}

/// One account: its settings, what can be shown, and the grant that is handed out.
#[derive(Clone, Debug)]
pub struct AccountView {
    pub account: Arc<Account>,
    /// None for the moment between its creation and its first step.
    pub facts: Option<Arc<AccountFacts>>,
    pub held: Option<Arc<Held>>,
}

#[derive(Debug, Default)]
struct Published {
    accounts: HashMap<AccountId, AccountView>,
    order: Vec<AccountId>,
    overall: Overall,
}

/// A handle to what was published last.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(Arc<RwLock<Published>>);

impl Snapshot {
    fn read<T>(&self, look: impl FnOnce(&Published) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Published) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// All accounts, in the order of the settings file.
    pub fn accounts(&self) -> Vec<AccountView> {
        self.read(|p| {
            p.order
                .iter()
                .filter_map(|id| p.accounts.get(id).cloned())
                .collect()
        })
    }

    /// The accounts in that order, by id.
    pub fn order(&self) -> Vec<AccountId> {
        self.read(|p| p.order.clone())
    }

    pub fn account(&self, id: &AccountId) -> Option<AccountView> {
        self.read(|p| p.accounts.get(id).cloned())
    }

    /// By name, without case.
    pub fn by_name(&self, name: &str) -> Option<AccountView> {
        self.read(|p| {
            p.accounts
                .values()
                .find(|v| v.account.name.eq_ignore_ascii_case(name))
                .cloned()
        })
    }

    /// Whether this account's grant is the only one that ends when it is revoked.
    pub fn ends_alone(&self, id: &AccountId, grant: &Grant) -> bool {
        let ends = |held: &Held| held.grant.may_end_with(grant);
        self.read(|p| {
            !p.accounts
                .iter()
                .any(|(other, view)| other != id && view.held.as_deref().is_some_and(ends))
        })
    }

    pub fn overall(&self) -> Overall {
        self.read(|p| p.overall.clone())
    }

    pub(super) fn put(&self, account: Account) {
        self.write(|p| {
            let id = account.id.clone();
            let account = Arc::new(account);
            if let Some(view) = p.accounts.get_mut(&id) {
                view.account = account;
            } else {
                p.order.push(id.clone());
                p.accounts.insert(
                    id,
                    AccountView {
                        account,
                        facts: None,
                        held: None,
                    },
                );
            }
        });
    }

    /// Whether anything that can be seen has changed.
    pub(super) fn update(&self, id: &AccountId, facts: AccountFacts, held: Option<Held>) -> bool {
        self.write(|p| {
            let Some(view) = p.accounts.get_mut(id) else {
                return false;
            };
            let changed = view.facts.as_deref() != Some(&facts);
            if view.held.as_deref() != held.as_ref() {
                view.held = held.map(Arc::new);
            }
            if changed {
                view.facts = Some(Arc::new(facts));
            }
            changed
        })
    }

    /// The name of the account that was removed.
    pub(super) fn remove(&self, id: &AccountId) -> Option<String> {
        self.write(|p| {
            p.order.retain(|other| other != id);
            p.accounts.remove(id).map(|view| view.account.name.clone())
        })
    }

    pub(super) fn set_overall(&self, overall: Overall) -> bool {
        self.write(|p| {
            let changed = p.overall != overall;
            p.overall = overall;
            changed
        })
    }
}
