//! What befalls a world: drawn from its seed before it begins, and brought about at its time.

use std::time::Duration;

use chrono::TimeDelta;
use tokentray::{
    domain::{
        account::{AccountId, ClientAuth, RefreshWhen},
        grant::{Binding, ExpiresSource, Grant, Subject},
        journal_entry::JournalEntry,
        secret::Secret,
    },
    io::wake::WakeSignal,
};

use super::{
    chance::Chance,
    judge,
    kinds::{Fault, Point},
    people,
    process::die,
    provider::{Provider, Style, TruthOfAccount, refresh_text},
    store::{Content, Item, JournalFile},
    time,
    world::{CALM, DAY, Death, HOUR, LENGTH, World, begin, configured},
};

/// Lives of access tokens as real providers give them: of one account in each world …
const SHORT_LIVES: [u64; 8] = [600, 1_200, 1_800, 3_600, 3_600, 3_599, 5_400, 7_200];
/// … and of all others. A world of short ones would be dear, and says little more.
const LIVES: [u64; 8] = [
    14_400, 18_000, 28_800, 28_800, 43_200, 86_400, 86_400, 86_399,
];

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Act {
    Fault(Fault, usize),
    /// The next process that passes this point dies there.
    Arm(Point, Death, Duration),
}

/// Providers and accounts, signed in and stored.
pub fn populate(world: &World, chance: &mut Chance) {
    let providers = 2 + chance.index(2);
    let accounts = 5 + chance.index(3);
    world.with(|s| {
        for number in 0..providers {
            let rotates = !chance.one_in(4);
            s.providers.push(Provider {
                host: format!("id{number}.example.com"),
                rotates,
                grace: chance.one_in(2).then(|| chance.secs(10, 120)),
                revokes_reuse: !chance.one_in(4),
                outage: None,
                failures: 0,
                sends: std::collections::VecDeque::new(),
                bad_at: Duration::ZERO,
            });
        }
        for number in 0..accounts {
            let lively = number == 0;
            let style = match chance.below(24) {
                0..=2 if !lively => Style::Seconds,
                0 => Style::Absent,
                1 => Style::Zero,
                2 => Style::Negative,
                3 | 4 => Style::Text,
                5 | 6 => Style::Jwt,
                _ => Style::Seconds,
            };
            let stated = matches!(style, Style::Seconds | Style::Text | Style::Jwt);
            let lifetime = Duration::from_secs(if !stated {
                3_600
            } else if lively {
                *chance.pick(&SHORT_LIVES)
            } else {
                *chance.pick(&LIVES)
            });
            let session = match chance.below(6) {
                0 => Some(DAY * (5 + u32::try_from(chance.below(10)).expect("small"))),
                1 => Some(DAY),
                _ => None,
            }
            .filter(|length| *length > lifetime * 2);
            s.accounts.push(TruthOfAccount {
                id: AccountId(format!("{number:032x}")),
                name: format!("account-{number}"),
                client: format!("client-{number}"),
                secret: chance.one_in(3).then(|| format!("secret-{number}")),
                provider: chance.index(providers),
                style,
                lifetime,
                session,
                states_session: chance.one_in(2),
                gives_refresh: !chance.one_in(16),
                when_used: chance.one_in(8),
                families: Vec::new(),
                issues: Vec::new(),
                next: None,
                setup_refused_until: Duration::ZERO,
                errors_until: Duration::ZERO,
                sends: std::collections::VecDeque::new(),
                removed: false,
                paused: false,
                judged: judge::OfAccount::default(),
            });
            let id = s.accounts[number].id.clone();
            s.by_id.insert(id, number);
            s.keychain.items.push(Item::default());
            let host = s.providers[s.accounts[number].provider].host.clone();
            let mut account = configured(&s.accounts[number], &host);
            if s.accounts[number].when_used {
                account.refresh = RefreshWhen::WhenUsed;
            }
            if s.accounts[number].secret.is_some() {
                account.client_auth = Some(ClientAuth::Post);
            }
            s.config.accounts.push(account);
            s.begin_family(number, false);
            let order = s.issue(number, 0);
            let grant = first_grant(s, number, order);
            s.keychain.items[number].content = Some(Content::Grant(Box::new(grant)));
            s.keychain.items[number].secret = s.accounts[number].secret.clone();
            let entry = JournalEntry {
                highest_generation: 1,
                ..JournalEntry::default()
            };
            s.disk.files.insert(
                number,
                JournalFile::with(entry),
            );
            judge::begins_with(s, number, order);
            let truth = &s.accounts[number];
            let line = format!(
                "account {number} at {host}: {:?} {} s, session {:?}, refresh token {}, rotates {}, grace {:?}, reuse ends the family {}",
                truth.style,
                truth.lifetime.as_secs(),
                truth.session,
                truth.gives_refresh,
                s.providers[truth.provider].rotates,
                s.providers[truth.provider].grace,
                s.providers[truth.provider].revokes_reuse,
            );
            s.tell(|| line);
        }
    });
}

fn first_grant(s: &super::world::State, account: usize, order: usize) -> Grant {
    let truth = &s.accounts[account];
    let host = &s.providers[truth.provider].host;
    let issue = &truth.issues[order];
    let stated = issue.stated || !truth.gives_refresh;
    Grant {
        generation: 1,
        access_token: Secret::new(s.access_text(account, order)),
        token_type: "Bearer".into(),
        refresh_token: truth
            .gives_refresh
            .then(|| Secret::new(refresh_text(account, issue.family, issue.number))),
        id_token: None,
        issued_at: begin(),
        expires_at: Some(
            begin()
                + if stated {
                    TimeDelta::from_std(truth.lifetime).expect("a length")
                } else {
                    TimeDelta::minutes(15)
                },
        ),
        expires_source: if stated {
            ExpiresSource::Server
        } else {
            ExpiresSource::Assumed
        },
        refresh_at: None,
        refresh_token_expires_at: None,
        id_token_expires_at: None,
        scopes: vec!["read".into()],
        binding: Binding {
            issuer: None,
            token_endpoint: format!("https://{host}/token"),
            revocation_endpoint: Some(format!("https://{host}/revoke")),
            client_id: truth.client.clone(),
            client_auth: if truth.secret.is_some() {
                ClientAuth::Post
            } else {
                ClientAuth::None
            },
        },
        subject: Some(Subject {
            iss: format!("https://{host}"),
            sub: format!("me-{account}"),
        }),
        client_secret: None,
    }
}

/// When what happens. Everything ends before the last calm day.
pub fn plan(world: &World, chance: &mut Chance) -> Vec<(Duration, Act)> {
    let accounts = world.with(|s| s.accounts.len());
    let last = LENGTH - CALM - 10 * HOUR;
    let most = u64::try_from(last.as_millis()).expect("a month");
    let mut plan = Vec::new();
    let faults = 26 + chance.below(16);
    for _ in 0..faults {
        let at = chance.millis(600_000, most);
        let fault = *chance.pick(Fault::ALL);
        plan.push((at, Act::Fault(fault, chance.index(accounts))));
    }
    for _ in 0..6 + chance.below(8) {
        let at = chance.millis(60_000, most);
        // People remove and edit seldom: who is to die of it must wait there more often.
        let point = if chance.one_in(4) {
            *chance.pick(&[
                Point::RemovalBegun,
                Point::RemovalDone,
                Point::EditBegun,
                Point::EditDone,
            ])
        } else {
            *chance.pick(Point::ALL)
        };
        let death = if chance.one_in(4) {
            Death::Power
        } else {
            Death::Kill
        };
        let restart = match chance.below(4) {
            0 => chance.millis(100, 2_000),
            1 => chance.millis(60_000, 2 * 3_600_000),
            _ => chance.millis(1_000, 60_000),
        };
        plan.push((at, Act::Arm(point, death, restart)));
    }
    plan.sort_by_key(|(at, _)| *at);
    plan
}

/// Brings the plan about.
pub async fn come(world: World, plan: Vec<(Duration, Act)>, mut chance: Chance) {
    for (at, act) in plan {
        world.until(at).await;
        match act {
            Act::Arm(point, death, restart) => {
                let owner = world.with(|s| {
                    s.restart_after = restart;
                    if point == Point::AnyMoment {
                        s.tally.points[point as usize] += 1;
                        return s.owners.first().map(|o| o.proc.clone());
                    }
                    s.armed = Some((point, death));
                    None
                });
                if let Some(proc) = owner {
                    die(&world, &proc, death, point);
                }
            }
            Act::Fault(fault, account) => happen(&world, fault, account, &mut chance).await,
        }
    }
    world.until(LENGTH - CALM).await;
    world.with(|s| {
        s.armed = None;
        s.restart_after = Duration::from_secs(2);
    });
}

/// Something begins, and ends by itself.
fn lasts(world: &World, length: Duration, end: impl FnOnce(&World) + Send + 'static) {
    let world = world.clone();
    let until = world.now() + length;
    tokio::spawn(async move {
        world.until(until).await;
        end(&world);
    });
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of fault")]
async fn happen(world: &World, fault: Fault, account: usize, chance: &mut Chance) {
    world.with(|s| s.tell(|| format!("FAULT {fault:?} (account {account})")));
    let hours = chance.millis(30_000, 5 * 3_600_000);
    let minutes = chance.millis(5_000, 25 * 60_000);
    let fork = chance.fork();
    let w = world.clone();
    match fault {
        Fault::ServerErrors | Fault::RateLimits | Fault::OddAnswers | Fault::SlowAnswers => {
            let length = if chance.one_in(2) { hours } else { minutes };
            world.with(|s| {
                s.hit(fault);
                let (provider, now) = (s.accounts[account].provider, s.now());
                s.providers[provider].outage = Some((fault, now + length));
                if fault == Fault::RateLimits {
                    for truth in s.accounts.iter_mut().filter(|a| a.provider == provider) {
                        truth.judged.rate_limited_at = Some(now + length);
                    }
                }
            });
        }
        Fault::ErrorsForOne => world.with(|s| {
            s.hit(fault);
            s.accounts[account].errors_until = s.now() + hours;
        }),
        Fault::AnswerLost
        | Fault::AnswerReset
        | Fault::AnswerCut
        | Fault::LateCommit
        | Fault::SpuriousRefusal
        | Fault::NoTokenInAnswer => world.with(|s| s.accounts[account].next = Some(fault)),
        Fault::SetupRefused => world.with(|s| {
            s.hit(fault);
            let until = s.now() + hours;
            s.accounts[account].setup_refused_until = until;
            s.accounts[account].judged.setup_refused_at = Some(until);
        }),
        Fault::Revoked => world.with(|s| {
            s.hit(fault);
            let family = s.accounts[account].families.len() - 1;
            s.kill_family(account, family);
        }),
        Fault::SessionEnded => world.with(|s| {
            s.hit(fault);
            let now = s.now();
            if let Some(family) = s.accounts[account].families.last_mut() {
                family.ends = Some(now);
            }
        }),
        Fault::AccessTokenVoided => {
            world.with(|s| {
                s.hit(fault);
                let now = s.now();
                s.accounts[account].judged.disturbed(now);
                for issue in &mut s.accounts[account].issues {
                    issue.voided = true;
                }
            });
            tokio::spawn(people::stale_reports(w, account, fork));
        }
        Fault::Offline | Fault::OfflineUntold => {
            if world.with(|s| std::mem::replace(&mut s.net.offline, true)) {
                return;
            }
            world.with(|s| s.hit(fault));
            let told = fault == Fault::Offline;
            if told {
                world.signal(WakeSignal::NetworkDown);
            }
            lasts(world, hours, move |world| {
                world.with(|s| {
                    s.net.offline = false;
                    s.net.bad_at = s.now();
                    s.fit_since = s.now();
                    let now = s.now();
                    s.judge.wakes.push(now);
                });
                if told {
                    world.signal(WakeSignal::NetworkUp);
                }
            });
        }
        Fault::DnsBroken => world.with(|s| {
            s.hit(fault);
            s.net.dns_until = s.now() + minutes;
        }),
        Fault::Portal => {
            world.with(|s| {
                s.hit(fault);
                s.net.portal_until = s.now() + minutes;
            });
            world.signal(WakeSignal::NetworkUp);
            world.with(|s| s.judge.wakes.push(s.now()));
        }
        Fault::Suspended | Fault::SuspendedUntold => {
            world.with(|s| s.hit(fault));
            suspend(world, fault == Fault::Suspended, chance).await;
        }
        Fault::ClockForward | Fault::ClockBack => {
            let by =
                i64::try_from(chance.millis(60_000, 30 * 3_600_000).as_millis()).expect("short");
            let already = world.with(|s| s.clock_wrong != 0);
            if already {
                return;
            }
            world.with(|s| {
                s.hit(fault);
                s.clock_wrong = if fault == Fault::ClockForward {
                    by
                } else {
                    -by
                };
            });
            lasts(world, minutes, |world| {
                world.with(|s| {
                    s.clock_wrong = 0;
                    s.fit_since = s.now();
                    s.judge.clock_right_since = s.now();
                });
            });
        }
        Fault::SessionAway => {
            world.with(|s| {
                s.hit(fault);
                s.present = false;
            });
            world.signal(WakeSignal::SessionAway);
            lasts(world, hours, |world| {
                world.with(|s| {
                    s.present = true;
                    s.fit_since = s.now();
                });
                world.signal(WakeSignal::SessionBack);
            });
        }
        Fault::PowerCut | Fault::Killed => {
            let death = if fault == Fault::PowerCut {
                Death::Power
            } else {
                Death::Kill
            };
            let owner = world.with(|s| s.owners.first().map(|o| o.proc.clone()));
            if let Some(proc) = owner {
                world.with(|s| s.tally.points[Point::AnyMoment as usize] += 1);
                die(world, &proc, death, Point::AnyMoment);
            }
        }
        Fault::Restarted => {
            let owner = world.with(|s| {
                s.hit(fault);
                s.owners.first().map(|o| o.proc.clone())
            });
            if let Some(proc) = owner {
                proc.stop.notify_one();
            }
        }
        Fault::VaultSlow
        | Fault::VaultLocked
        | Fault::VaultUnavailable
        | Fault::VaultForeign
        | Fault::VaultFull => keychain_fault(world, fault, hours),
        Fault::VaultHung => world.with(|s| {
            s.hit(fault);
            // A call that is under way does not end sooner.
            let until = s.now() + minutes;
            let item = &mut s.keychain.items[account];
            item.hung_until = item.hung_until.max(until);
        }),
        Fault::VaultWriteLost | Fault::VaultWriteUnanswered => {
            world.with(|s| s.keychain.items[account].next = Some(fault));
        }
        Fault::VaultRolledBack => world.with(|s| {
            let now = s.now();
            let item = &mut s.keychain.items[account];
            if item.before.is_some() {
                item.content = item.before.take();
                item.changed_at = now;
                s.hit(fault);
                judge::store_lied(s, account);
                judge::restored(s, account);
                s.accounts[account].judged.rolled_back = true;
            }
        }),
        Fault::VaultMoved => drop(tokio::spawn(people::move_vault(w, account, fork))),
        Fault::RenewedByAnother => world.with(|s| renewed_by_another(s, account)),
        Fault::GarbledByAnother | Fault::DeletedByAnother => world.with(|s| {
            if s.accounts[account].removed || s.keychain.items[account].content.is_none() {
                return;
            }
            s.hit(fault);
            s.keychain.items[account].content =
                (fault == Fault::GarbledByAnother).then_some(Content::Garbage);
            judge::store_lied(s, account);
        }),
        Fault::JournalFull | Fault::JournalFails | Fault::JournalSlow => {
            world.with(|s| {
                s.hit(fault);
                match fault {
                    Fault::JournalFull => s.disk.full = true,
                    Fault::JournalFails => s.disk.fails = true,
                    _ => s.disk.slow = true,
                }
                s.disk.bad_at = s.now() + minutes;
            });
            lasts(world, minutes, move |world| {
                world.with(|s| {
                    match fault {
                        Fault::JournalFull => s.disk.full = false,
                        Fault::JournalFails => s.disk.fails = false,
                        _ => s.disk.slow = false,
                    }
                    s.disk.bad_at = s.now();
                });
            });
        }
        Fault::StaleReports => drop(tokio::spawn(people::stale_reports(w, account, fork))),
        Fault::SignedInAnew | Fault::SignInCancelled | Fault::SignInByAnother => {
            drop(tokio::spawn(people::sign_in_anew(w, account, fault, fork)));
        }
        Fault::EndpointEdited => edit_endpoint(world, account, hours),
        Fault::Renamed => drop(tokio::spawn(people::rename(w, account, fork))),
        Fault::PausedAWhile => drop(tokio::spawn(people::pause(w, account, fork))),
        Fault::PausedAll => drop(tokio::spawn(people::pause_all(w, fork))),
        Fault::Removed => {
            // One that stays is needed for a world.
            let few = world.with(|s| s.accounts.iter().filter(|a| !a.removed).count() < 4);
            if !few {
                tokio::spawn(people::remove(w, account, false, fork));
            }
        }
        Fault::RemovalUndone => drop(tokio::spawn(people::remove(w, account, true, fork))),
        Fault::SignedOut => drop(tokio::spawn(people::sign_out(w, account, fork))),
        Fault::RefreshedByHand => drop(tokio::spawn(people::refresh_by_hand(w, account, fork))),
    }
}

/// The machine sleeps for hours; look-ups fail for a while after it wakes.
async fn suspend(world: &World, told: bool, chance: &mut Chance) {
    let length = chance.millis(60_000, 14 * 3_600_000);
    if told {
        world.signal(WakeSignal::Sleeping);
        time::sleep(chance.millis(100, 3_000)).await;
    }
    let dns = chance.one_in(2);
    let broken = chance.secs(2, 50);
    world.with(|s| {
        s.tell(|| format!("the machine sleeps for {length:?}"));
        s.sleep_through(length);
        s.judge.suspends += 1;
        let now = s.now();
        s.fit_since = now;
        s.net.bad_at = now;
        s.judge.wakes.push(now);
        if dns {
            s.net.dns_until = now + broken;
        }
    });
    if told {
        time::sleep(chance.millis(100, 4_000)).await;
        world.signal(WakeSignal::Resumed);
    }
}

fn keychain_fault(world: &World, fault: Fault, length: Duration) {
    world.with(|s| {
        s.hit(fault);
        match fault {
            Fault::VaultSlow => s.keychain.slow = true,
            Fault::VaultLocked => s.keychain.locked = true,
            Fault::VaultUnavailable => s.keychain.unavailable = true,
            Fault::VaultForeign => s.keychain.foreign = true,
            _ => s.keychain.full = true,
        }
        s.keychain.bad_at = s.now() + length;
        s.keychain.changed();
    });
    lasts(world, length, move |world| {
        world.with(|s| {
            match fault {
                Fault::VaultSlow => s.keychain.slow = false,
                Fault::VaultLocked => s.keychain.locked = false,
                Fault::VaultUnavailable => s.keychain.unavailable = false,
                Fault::VaultForeign => {
                    s.keychain.foreign = false;
                    s.keychain.elsewhere.clear();
                }
                _ => s.keychain.full = false,
            }
            s.keychain.bad_at = s.now();
            s.fit_since = s.now();
            s.keychain.changed();
        });
    });
}

/// Another program that shares the item renews the grant and stores what it got.
fn renewed_by_another(s: &mut super::world::State, account: usize) {
    let Some(grant) = s.keychain.items[account].grant().cloned() else {
        return;
    };
    let truth = &s.accounts[account];
    let newest = s
        .disk
        .visible(account)
        .and_then(|e| e.unconfirmed.as_ref())
        .is_none();
    let Some((_, family, number)) = grant
        .refresh_token
        .as_ref()
        .and_then(|t| super::provider::parse_refresh(t.expose()))
    else {
        return;
    };
    let now = s.now();
    let provider = &s.providers[truth.provider];
    let idle = truth.families[family].in_flight.is_empty();
    if !newest
        || !idle
        || !truth.would_answer(family, number, provider, now)
        || truth.families[family].current != number
    {
        return;
    }
    s.hit(Fault::RenewedByAnother);
    if s.providers[s.accounts[account].provider].rotates {
        let entry = &mut s.accounts[account].families[family];
        entry.current += 1;
        entry.rotated_at = now;
        entry.tokens.push(super::provider::TruthOfToken::default());
    }
    let order = s.issue(account, family);
    let number = s.accounts[account].issues[order].number;
    let wall = s.true_wall();
    let renewed = Grant {
        generation: grant.generation + 1,
        access_token: Secret::new(s.access_text(account, order)),
        refresh_token: Some(Secret::new(refresh_text(account, family, number))),
        issued_at: wall,
        expires_at: Some(
            wall + TimeDelta::from_std(s.accounts[account].lifetime).expect("a length"),
        ),
        expires_source: ExpiresSource::Server,
        ..grant
    };
    judge::renewed_by_another(s, account, renewed.generation, order);
    s.keychain.items[account].changed_at = now;
    s.keychain.items[account].content = Some(Content::Grant(Box::new(renewed)));
}

/// Somebody edits the settings file: the endpoint is another one for a while.
fn edit_endpoint(world: &World, account: usize, length: Duration) {
    fn set(world: &World, account: usize, evil: bool) {
        world.with(|s| {
            let id = s.accounts[account].id.clone();
            let host = s.providers[s.accounts[account].provider].host.clone();
            let edited = s.config.accounts.iter_mut().find(|a| a.id == id);
            if let Some(edited) = edited {
                edited.token_url = Some(if evil {
                    "https://elsewhere.example/token".into()
                } else {
                    format!("https://{host}/token")
                });
            }
            s.accounts[account].judged.edited = evil;
            for owner in &s.owners {
                let _ = owner.settings_changed.try_send(());
            }
        });
    }
    let free = world.with(|s| !s.accounts[account].removed && !s.accounts[account].judged.edited);
    if !free {
        return;
    }
    world.with(|s| s.hit(Fault::EndpointEdited));
    set(world, account, true);
    lasts(world, length, move |world| set(world, account, false));
}
