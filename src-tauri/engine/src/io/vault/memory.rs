//! The kind `memory`: a map that ends with the process, for demo and tests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    domain::secret::Secret,
    io::{Pending, keychain::Found},
};

use super::{
    SealKey, Vault, VaultError, VaultKind,
    entry::{Judgement, Late, Shelf, Slot, Wanted},
    key_home::HeldKey,
    stored::StoredVault,
};

pub(super) fn vault() -> Arc<dyn Vault> {
    let key = HeldKey::new(SealKey(rand::random()));
    Arc::new(StoredVault::new(
        VaultKind::Memory,
        String::new(),
        Arc::new(MemoryShelf::default()),
        Arc::new(key),
    ))
}

#[derive(Default)]
struct MemoryShelf {
    texts: Mutex<HashMap<String, Secret>>,
}

impl Shelf for MemoryShelf {
    fn read(&self, slot: Slot) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts.get(&place(&slot)).cloned();
        Box::pin(std::future::ready(Ok(text)))
    }

    fn write(
        &self,
        slot: Slot,
        wanted: Option<Wanted>,
        _late: Late,
    ) -> Pending<'static, Result<(), VaultError>> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(&slot);
        let found = texts
            .get(&place)
            .cloned()
            .map_or(Found::Missing, Found::Text);
        let answer = match slot.judge(&found, wanted.as_ref()) {
            Judgement::Keep => Ok(()),
            Judgement::Refuse(refusal) => Err(refusal.into()),
            Judgement::Replace | Judgement::SetAsideAndReplace => {
                match wanted {
                    Some(wanted) => texts.insert(place, wanted.text),
                    None => texts.remove(&place),
                };
                Ok(())
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

fn place(slot: &Slot) -> String {
    format!("{} {}", slot.account(), slot.purpose())
}
