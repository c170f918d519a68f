//! What is sent, and what comes back: invariants 1, 5, 6, 8 and 9.

use std::time::Duration;

use tokentray::io::token_endpoint::FormRequest;

use super::super::{
    provider::refresh_text,
    world::{HOUR, MINUTE, State},
};

/// A request leaves a process.
pub fn sent(s: &mut State, proc: u64, token: (usize, usize, u32), request: &FormRequest) {
    let (account, family, number) = token;
    let now = s.now();
    let alive: Vec<u64> = s.accounts[account].families[family]
        .in_flight
        .iter()
        .copied()
        .filter(|p| s.is_alive(*p))
        .collect();
    let known = &s.accounts[account].families[family];
    let mut broken: Vec<(u8, String)> = Vec::new();
    if request.url != known.token_url || request.client_id != known.client {
        broken.push((
            8,
            format!(
                "{} was sent to {} as {}",
                refresh_text(account, family, number),
                request.url,
                request.client_id
            ),
        ));
    }
    if let Some(secret) = &request.client_secret
        && Some(secret.expose()) != known.secret.as_deref()
    {
        broken.push((8, "another client's secret was sent".into()));
    }
    if !alive.is_empty() {
        broken.push((
            9,
            format!(
                "a second request for account {account} by {proc} while one of {alive:?} is out"
            ),
        ));
    }
    let truth = &known.tokens[number as usize];
    if let Some((receiver, order)) = truth.spent {
        let issue = &s.accounts[account].issues[order];
        if s.is_alive(receiver) || issue.safe && !issue.lost {
            broken.push((
                1,
                format!(
                    "{} was sent again by {proc} although {receiver} received its successor",
                    refresh_text(account, family, number)
                ),
            ));
        }
    }
    let entry = s.disk.visible(account);
    let sends = entry.and_then(|e| e.intent.as_ref()).map_or(0, |i| i.sends);
    if sends == 0 {
        broken.push((
            1,
            format!("account {account}: a request without an intent on the disk"),
        ));
    } else if sends == 1 && truth.unanswered {
        broken.push((
            1,
            format!("account {account}: an answer was lost, and nobody remembers the send"),
        ));
    }
    let in_vault = s.keychain.items[account]
        .grant()
        .and_then(|g| s.order(account, g));
    let of_token = s.accounts[account]
        .issues
        .iter()
        .rposition(|i| i.family == family && i.number == number);
    let settled = s.keychain.items[account].changed_at + Duration::from_secs(10) < now;
    if let (Some((_, stored)), Some(sent)) = (in_vault, of_token)
        && stored > sent
        && settled
        && s.keychain.is_well()
        && s.keychain.items[account].hung_until < now
    {
        broken.push((
            1,
            format!("account {account}: issue {sent} was sent although the vault holds {stored}"),
        ));
    }
    let now = s.now();
    s.accounts[account].judged.active_at = now;
    let entry = &mut s.accounts[account].families[family];
    entry.in_flight.push(proc);
    for (invariant, what) in broken {
        s.violated(invariant, what);
    }
}

/// A request is on its way: what never left the machine burdens nobody.
pub fn left(s: &mut State, account: usize) {
    let now = s.now();
    let truth = &mut s.accounts[account];
    truth.sends.push_back(now);
    while truth.sends.front().is_some_and(|at| *at + HOUR < now) {
        truth.sends.pop_front();
    }
    let within = |length: Duration| truth.sends.iter().filter(|at| **at + length >= now).count();
    let (minute, hour) = (within(MINUTE), within(HOUR));
    let recent = |times: &[Duration], length: Duration| {
        times
            .iter()
            .rev()
            .take_while(|at| **at + length >= now)
            .count()
    };
    // Each of these may begin anew what the back-off had slowed down: four tries and a confirming
    // one. By hand: one try each, with its quick tries.
    let anew = |length: Duration| {
        recent(&s.judge.deaths, length)
            + recent(&s.judge.wakes, length)
            + recent(&s.accounts[account].judged.by_hand, length)
            + recent(&s.accounts[account].judged.forced, length)
    };
    // In a minute: two attempts (the first pause is half a minute) of four sends. In an hour: the
    // back-off's nine, and as many as an access token's life asks for.
    let lively = HOUR.as_secs() / (s.accounts[account].lifetime.as_secs() / 2).max(10);
    let by_life = usize::try_from(lively).unwrap_or(usize::MAX).max(8);
    let (minute_budget, hour_budget) = (8 + 4 * anew(MINUTE), 48 + by_life + 4 * anew(HOUR));
    if minute > minute_budget || hour > hour_budget {
        s.violated(
            5,
            format!("account {account}: {minute} requests in a minute (budget {minute_budget}), {hour} in an hour (budget {hour_budget})"),
        );
    }
    left_for_host(s, account);
}

/// A host that fails at everybody gets one probe a minute (and its quick tries), whoever is due.
fn left_for_host(s: &mut State, account: usize) {
    let now = s.now();
    let number = s.accounts[account].provider;
    let provider = &mut s.providers[number];
    provider.sends.push_back(now);
    while provider.sends.front().is_some_and(|at| *at + MINUTE < now) {
        provider.sends.pop_front();
    }
    let (minute, failures) = (provider.sends.len(), provider.failures);
    let lately = |at: &&Duration| **at + 3 * MINUTE > now;
    // A start or a network change begins anew, for all accounts at once.
    let anew = s.judge.deaths.iter().rev().take_while(lately).count()
        + s.judge.wakes.iter().rev().take_while(lately).count();
    let by_hand: usize = s
        .accounts
        .iter()
        .filter(|a| a.provider == number)
        .map(|a| a.judged.by_hand.iter().rev().take_while(lately).count())
        .sum();
    // The breaker opens after 5; what was on its way then, and the quick tries of a probe of the
    // minute before, are in the same minute.
    let budget = 12 + 4 * by_hand + 4 * s.accounts.len() * anew;
    if failures >= 15 && minute > budget {
        s.violated(
            5,
            format!("provider {number}: {minute} requests in a minute (budget {budget}) after {failures} failures in a row"),
        );
    }
}

/// Slow probes that an incident may have made so long after the refusal that opened it.
fn probes(since: Duration) -> usize {
    let hours = (since + MINUTE).as_secs() / 3600;
    match hours {
        0 => 0,
        1..=5 => 1,
        6..=23 => 2,
        _ => 2 + usize::try_from(hours / 24).unwrap_or_default(),
    }
}

pub fn answered(s: &mut State, proc: u64, account: usize, family: usize) {
    let now = s.now();
    s.accounts[account].judged.active_at = now;
    let flights = &mut s.accounts[account].families[family].in_flight;
    if let Some(place) = flights.iter().position(|p| *p == proc) {
        flights.remove(place);
    }
}

/// A process received a complete success.
pub fn received(s: &mut State, proc: u64, account: usize, token: (usize, u32), order: usize) {
    let now = s.now();
    s.tell(|| format!("  [{proc}] receives issue {order} of account {account}"));
    let (family, number) = token;
    let truth = &mut s.accounts[account];
    truth.issues[order].received = Some((proc, now));
    truth.families[family].tokens[number as usize].unanswered = false;
    if truth.issues[order].number != number {
        truth.families[family].tokens[number as usize].spent = Some((proc, order));
    }
    truth.judged.resolve(now);
    truth.judged.knows(proc, order);
    if s.judge.screen.contains(&account) {
        s.judge.look.notify_one();
    }
}

/// A process heard that this refresh token is no good. What never reached the provider, or what
/// it answered in other words, is no try that counts.
pub fn refused(s: &mut State, account: usize, family: usize, number: u32) {
    let now = s.now();
    let token = &mut s.accounts[account].families[family].tokens[number as usize];
    let Some(since) = token.refused_at else {
        token.refused_at = Some(now);
        return;
    };
    token.refusals += 1;
    let refusals = token.refusals;
    let by_hand = s.accounts[account]
        .judged
        .by_hand
        .iter()
        .filter(|at| **at >= since)
        .count();
    let deaths = s.judge.deaths.iter().filter(|at| **at >= since).count();
    let allowed = 1 + probes(now - since) + by_hand + deaths;
    if usize::try_from(refusals).unwrap_or(usize::MAX) > allowed {
        s.violated(
            1,
            format!("account {account}: refused {refusals} times after a definitive refusal, {allowed} are allowed"),
        );
    }
}

/// A provider issued something that no process will ever receive.
pub fn never_arrives(s: &mut State, account: usize, (family, number): (usize, u32)) {
    let now = s.now();
    s.accounts[account].families[family].tokens[number as usize].unanswered = true;
    s.accounts[account].judged.disturbed(now);
}

/// A sign-in brought a grant; whether it is stored is seen when it is.
pub fn signed_in(s: &mut State, proc: u64, account: usize, order: usize) {
    s.tally.sign_ins += 1;
    s.tell(|| format!("  [{proc}] receives issue {order} of account {account} by a sign-in"));
}

/// A caller that waited in vain: was there still something to wait for?
pub fn waited_in_vain(s: &mut State, account: usize, asked_at: Duration) {
    let now = s.now();
    let truth = &s.accounts[account];
    let going_on = truth.families.iter().any(|f| !f.in_flight.is_empty());
    // The longest pause between two tries of one refresh is 8 s; keychain calls take up to 3.
    let lately = truth.judged.active_at + Duration::from_secs(15) > now;
    let well = [
        s.disk.bad_at,
        s.keychain.bad_at,
        s.keychain.items[account].hung_until,
    ]
    .into_iter()
    .all(|bad_at| bad_at + 2 * MINUTE < asked_at);
    let same_owner = s.judge.owned_since + MINUTE < asked_at && !s.owners.is_empty();
    if !going_on && !lately && well && same_owner && s.awake {
        s.violated(
            6,
            format!("a caller of account {account} waited although its refresh had ended"),
        );
    }
}
