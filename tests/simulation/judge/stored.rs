//! What vault and journal hold: invariants 2, 3 and 12.

use chrono::TimeDelta;
use tokentray::domain::{grant::Grant, journal_entry::JournalEntry};

use super::super::world::{State, begin};

/// A world begins with this grant in the vault.
pub fn begins_with(s: &mut State, account: usize, order: usize) {
    s.accounts[account].judged.generations.insert(1, order);
    mark_safe(s, account, order);
}

/// Another program put a newer grant into the vault.
pub fn renewed_by_another(s: &mut State, account: usize, generation: u64, order: usize) {
    s.accounts[account]
        .judged
        .generations
        .insert(generation, order);
    mark_safe(s, account, order);
}

/// A grant is written to the vault.
pub fn stored(s: &mut State, proc: u64, account: usize, grant: &Grant) {
    s.tell(|| {
        format!(
            "  [{proc}] vault: account {account} generation {}",
            grant.generation
        )
    });
    let Some(order) = check(s, account, grant, "the vault") else {
        return;
    };
    let there = s.keychain.items[account]
        .grant()
        .and_then(|g| s.order(account, g));
    if let Some((_, there)) = there.filter(|(_, there)| *there > order) {
        s.violated(
            3,
            format!(
                "the vault of account {account}: issue {there} was replaced by the older {order}"
            ),
        );
    }
    s.accounts[account]
        .judged
        .generations
        .insert(grant.generation, order);
    if s.is_alive(proc) {
        s.accounts[account].judged.knows(proc, order);
    }
    dated(s, account, grant, order);
    mark_safe(s, account, order);
}

/// The vault holds again what it held before its last write. That may be the same grant, dated by a
/// clock that was wrong then: by its generation nothing is missing, and its age nobody can know.
pub fn restored(s: &mut State, account: usize) {
    let Some(grant) = s.keychain.items[account].grant().cloned() else {
        return;
    };
    if let Some((_, order)) = s.order(account, &grant) {
        dated(s, account, &grant, order);
    }
}

/// Whether a start that reads this grant now would know its age.
fn dated(s: &mut State, account: usize, grant: &Grant, order: usize) {
    let truth = &mut s.accounts[account];
    let issued = begin() + TimeDelta::from_std(truth.issues[order].at).unwrap_or_default();
    truth.judged.misdated = (grant.issued_at - issued).abs() > TimeDelta::minutes(2);
}

/// A journal entry becomes visible.
pub fn journaled(s: &mut State, proc: u64, account: usize, entry: &JournalEntry) {
    s.accounts[account].judged.active_at = s.now();
    let intent = entry.intent.is_some();
    s.tell(|| {
        format!(
            "  [{proc}] journal: account {account} highest {} unconfirmed {:?} intent {intent} incident {}",
            entry.highest_generation,
            entry.unconfirmed.as_ref().map(|g| g.generation),
            entry.incident.is_some()
        )
    });
    if let Some(grant) = &entry.unconfirmed
        && let Some(order) = check(s, account, grant, "the journal")
    {
        s.accounts[account]
            .judged
            .generations
            .insert(grant.generation, order);
        let in_vault = s.keychain.items[account].grant().map(|g| g.generation);
        if in_vault < Some(grant.generation) {
            dated(s, account, grant, order);
        }
    }
}

/// A journal entry would survive a cut of the power.
pub fn durable(s: &mut State, account: usize) {
    let order = s
        .disk
        .visible(account)
        .and_then(|e| e.unconfirmed.as_ref())
        .and_then(|g| s.order(account, g));
    if let Some((_, order)) = order {
        mark_safe(s, account, order);
    }
}

/// A process read what is stored.
pub fn read(s: &mut State, proc: u64, account: usize, grant: &Grant) {
    s.accounts[account].judged.active_at = s.now();
    if let Some((_, order)) = s.order(account, grant) {
        if s.clock_wrong != 0 {
            s.accounts[account].judged.misread = Some(order);
        }
        s.accounts[account].judged.knows(proc, order);
    }
}

fn check(s: &mut State, account: usize, grant: &Grant, place: &str) -> Option<usize> {
    let Some((of, order)) = s.order(account, grant) else {
        s.violated(
            12,
            format!("{place} of account {account} holds a grant that is not its own"),
        );
        return None;
    };
    let issue = &s.accounts[account].issues[order];
    if of != account || s.accounts[account].families[issue.family].wrong_person {
        s.violated(
            12,
            format!("{place} of account {account} holds another person's grant"),
        );
        return None;
    }
    let generations = &s.accounts[account].judged.generations;
    let generation = grant.generation;
    let below = generations.range(..generation).next_back();
    let above = generations.range(generation + 1..).next();
    let same = generations.get(&generation);
    let wrong = below.is_some_and(|(_, o)| *o > order)
        || above.is_some_and(|(_, o)| *o < order)
        || same.is_some_and(|o| *o > order);
    if wrong {
        s.violated(
            3,
            format!("{place} of account {account}: generation {generation} is issue {order}, against the provider's order ({below:?}, {same:?}, {above:?})", below = s.accounts[account].judged.generations.range(..generation).next_back(), same = s.accounts[account].judged.generations.get(&generation), above = s.accounts[account].judged.generations.range(generation + 1..).next()),
        );
    }
    Some(order)
}

fn mark_safe(s: &mut State, account: usize, order: usize) {
    let now = s.now();
    let truth = &mut s.accounts[account];
    let issue = &mut truth.issues[order];
    let first = !issue.safe;
    issue.safe = true;
    issue.lost = false;
    let judged = &mut truth.judged;
    if order < judged.cleared_before {
        return;
    }
    if first && order >= judged.newest_safe.unwrap_or_default() {
        if judged.cleared || issue.received.is_none() {
            // A new sign-in.
            judged.resolve(now);
        }
        judged.newest_safe = Some(order);
        judged.rolled_back = false;
        judged.cleared = false;
        judged.signed_out = false;
    }
}

/// The grant was removed from the vault by one of ours.
pub fn removed_from_vault(s: &mut State, account: usize) {
    if !s.accounts[account].judged.cleared && s.accounts[account].judged.newest_safe.is_some() {
        s.violated(
            3,
            format!("the grant of account {account} was removed though nobody asked for it"),
        );
    }
}

/// Whether the disk took note of a removal, of its end or of its undoing.
pub fn noted(s: &mut State, proc: u64, account: usize, taken: bool) {
    s.accounts[account].judged.unnoted_by = (!taken).then_some(proc);
}

/// The newest grant that was safe is still somewhere.
pub fn still_there(s: &mut State, account: usize, after: &str) {
    let Some(newest) = s.accounts[account].judged.newest_safe else {
        return;
    };
    if s.accounts[account].issues[newest].lost {
        return;
    }
    let places = [
        s.keychain.items[account].grant(),
        s.disk.visible(account).and_then(|e| e.unconfirmed.as_ref()),
    ];
    let there = places.into_iter().flatten().any(|g| {
        s.order(account, g)
            .is_some_and(|(_, order)| order >= newest)
    });
    if !there {
        s.violated(2, format!("issue {newest} of account {account} is neither in the vault nor in the journal after {after}"));
        s.accounts[account].issues[newest].lost = true;
    }
}

/// A store lost what it had confirmed, or somebody else changed it.
pub fn store_lied(s: &mut State, account: usize) {
    s.tally.lies += 1;
    let now = s.now();
    let truth = &mut s.accounts[account];
    truth.judged.disturbed(now);
    if let Some(newest) = truth.judged.newest_safe {
        truth.issues[newest].lost = true;
    }
}
