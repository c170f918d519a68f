//! Tools that ask, and the person who answers: never at a good moment.

use std::time::Duration;

use tokentray::{
    api::{
        problem::{Code, Problem},
        types::{AccountPatch, RejectedToken, SignInPhase, SignInRequest, TokenAnswer, TokenQuery},
    },
    engine::{Caller, Engine},
    io::vault::VaultKind,
};

use super::{
    chance::Chance,
    judge,
    kinds::Fault,
    provider::{CodeState, TruthOfAccount, parse_access},
    time,
    world::{CALM, HOUR, LENGTH, MINUTE, State, World},
};

fn by(program: &str, person: bool) -> Caller {
    Caller {
        program: Some(program.into()),
        pid: None,
        person,
    }
}

/// Asks the owner, unless it dies before it answers.
async fn ask<T>(world: &World, question: impl AsyncFnOnce(Engine) -> T) -> Option<T> {
    let (proc, engine) = world.engine()?;
    tokio::select! {
        biased;
        answer = question(engine) => Some(answer),
        () = proc.death() => None,
    }
}

/// A tool that uses one account a few times a day, sometimes many times at once.
pub async fn tool(world: World, account: usize, mut chance: Chance) {
    loop {
        let pause = chance.millis(20 * 60_000, 7 * 3_600_000);
        time::sleep(pause).await;
        let callers = if chance.one_in(12) { 8 } else { 1 };
        for _ in 0..callers {
            let wait = chance.below(70);
            tokio::spawn(hand_out(world.clone(), account, wait));
        }
    }
}

/// One `tokentray token NAME --wait S`.
async fn hand_out(world: World, account: usize, wait: u64) {
    let (name, suspends) = world.with(|s| (s.accounts[account].name.clone(), s.judge.suspends));
    let query = TokenQuery {
        wait: Some(wait),
        ..TokenQuery::default()
    };
    let asked = time::now();
    let answer = ask(&world, async |engine| {
        engine.token(&name, query, by("git", false)).await
    })
    .await;
    let Some(answer) = answer else { return };
    judge_answer(&world, account, &answer, asked, wait, suspends);
}

/// Invariants 6 and 11.
fn judge_answer(
    world: &World,
    account: usize,
    answer: &Result<TokenAnswer, Problem>,
    asked: Duration,
    wait: u64,
    suspends: u64,
) {
    let took = time::now() - asked;
    world.with(|s| {
        s.tally.answers += 1;
        if took > Duration::from_secs(wait) + Duration::from_secs(1) {
            s.violated(
                6,
                format!(
                    "a caller of account {account} that waits {wait} s was answered after {took:?}"
                ),
            );
        }
        let unheard = answer.as_ref().is_err_and(|p| p.code == Code::Busy);
        if unheard && took >= Duration::from_secs(wait.max(20)) && suspends == s.judge.suspends {
            let asked_at = s.now() - took;
            judge::waited_in_vain(s, account, asked_at);
        }
        let Ok(token) = answer else {
            s.tell(|| {
                format!(
                    "account {account}: a tool gets {:?}",
                    answer.as_ref().err().map(|p| p.code)
                )
            });
            return;
        };
        s.tally.hand_outs += 1;
        let Some((of, order)) = parse_access(&token.access_token) else {
            s.violated(
                12,
                format!("account {account}: an unknown token was handed out"),
            );
            return;
        };
        if of != account {
            s.violated(
                12,
                format!("account {account}: the token of account {of} was handed out"),
            );
            return;
        }
        let now = s.now();
        let judged = &s.accounts[account].judged;
        let left_over = token.short && judged.misread == Some(order);
        let misled = !s.knows_its_age(account, order)
            && (judged.misdated || left_over || s.clock_misleads());
        let issue = &s.accounts[account].issues[order];
        let (over, stated, voided) = (
            issue.ends + Duration::from_secs(2) < now,
            issue.stated,
            issue.voided,
        );
        let judged = &s.accounts[account].judged;
        // 2: journal (or vault) first, then, and only then, callers.
        let storable = now > s.disk.bad_at + 2 * MINUTE && now > s.keychain.bad_at + 2 * MINUTE;
        if !s.accounts[account].issues[order].safe && storable && !judged.cleared {
            s.violated(
                2,
                format!("account {account}: issue {order} was handed out before it was safe"),
            );
        }
        // 11: what is about to end is renewed first, where nothing hinders.
        let truth = &s.accounts[account];
        let floor = (truth.lifetime / 8).min(MINUTE);
        let left = truth.issues[order].ends.saturating_sub(now);
        if !token.short
            && truth.gives_refresh
            && !truth.issues[order].voided
            && left < floor
            && truth.issues[order].stated
            && !misled
            && suspends == s.judge.suspends
        {
            s.violated(
                11,
                format!(
                    "account {account}: issue {order} was handed out as good with {left:?} left"
                ),
            );
        }
        // What the reply said ends, and what a machine that slept meanwhile cannot know, are
        // apart from what the provider voided without a word.
        if over && stated && !voided && !misled && suspends == s.judge.suspends {
            s.violated(
                11,
                format!("account {account}: issue {order} was handed out although it is over"),
            );
        }
    });
}

/// A tool reports a token that it got long ago, or the newest one, again and again.
pub async fn stale_reports(world: World, account: usize, mut chance: Chance) {
    world.with(|s| s.hit(Fault::StaleReports));
    let times = 3 + chance.below(12);
    let newest = chance.one_in(2);
    for _ in 0..times {
        let Some((name, token)) = world.with(|s| {
            let truth = &s.accounts[account];
            let count = truth.issues.len();
            let order = if newest {
                count.checked_sub(1)?
            } else {
                chance.index(count)
            };
            let now = s.now();
            s.accounts[account].judged.forced.push(now);
            Some((
                s.accounts[account].name.clone(),
                s.access_text(account, order),
            ))
        }) else {
            return;
        };
        let report = RejectedToken {
            fingerprint: None,
            token: Some(token),
        };
        let (asked, suspends) = (time::now(), world.with(|s| s.judge.suspends));
        let query = TokenQuery {
            wait: Some(20),
            ..TokenQuery::default()
        };
        let answer = ask(&world, async |engine| {
            engine
                .token_rejected(&name, report, query, by("curl", false))
                .await
        })
        .await;
        if let Some(answer) = answer {
            judge_answer(&world, account, &answer, asked, 20, suspends);
        }
        time::sleep(chance.millis(10, 20_000)).await;
    }
}

/// Whom the person signs in as, and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Well,
    Cancelled,
    ByAnother,
}

/// The person signs in with a code, as fast or slow as people are. True: it worked.
pub async fn sign_in(world: &World, account: usize, manner: Manner, chance: &mut Chance) -> bool {
    let name = world.with(|s| s.accounts[account].name.clone());
    world.with(|s| s.tell(|| format!("the person signs in to account {account} ({manner:?})")));
    let request = SignInRequest {
        device: true,
        no_browser: true,
        activation_token: None,
    };
    let started = ask(world, async |engine| {
        engine.start_sign_in(&name, request).await
    })
    .await;
    let Some(Ok(row)) = started else { return false };
    let Some(code) = row.user_code.clone() else {
        return false;
    };
    time::sleep(chance.secs(3, 200)).await;
    match manner {
        Manner::Cancelled => {
            world.with(|s| s.hit(Fault::SignInCancelled));
            let _ = ask(world, async |engine| engine.cancel_sign_in(&row.id).await).await;
            return false;
        }
        Manner::Well | Manner::ByAnother => world.with(|s| {
            let state = if manner == Manner::Well {
                CodeState::Approved
            } else {
                s.hit(Fault::SignInByAnother);
                CodeState::ApprovedByAnother
            };
            if let Some(open) = s.judge.codes.iter_mut().find(|c| c.code == code)
                && open.state == CodeState::Pending
            {
                open.state = state;
            }
        }),
    }
    for _ in 0..60 {
        time::sleep(Duration::from_secs(5)).await;
        let phase = ask(world, async |engine| {
            engine.sign_in(&row.id).map(|row| row.phase)
        })
        .await;
        match phase {
            Some(Ok(SignInPhase::SignedIn)) => {
                world.with(|s| s.tell(|| format!("account {account} is signed in")));
                return true;
            }
            None | Some(Err(_) | Ok(SignInPhase::Failed | SignInPhase::Cancelled)) => {
                return false;
            }
            Some(Ok(_)) => {}
        }
    }
    false
}

/// The person, who sees a notification some time later and signs in.
pub async fn person(world: World, mut chance: Chance) {
    let mut screen = world.screen.subscribe();
    loop {
        let asked_for = world.with(|s| s.accounts.iter().position(|a| a.judged.told && !a.removed));
        let Some(account) = asked_for else {
            if screen.changed().await.is_err() {
                return;
            }
            continue;
        };
        time::sleep(chance.millis(5 * 60_000, 20 * 3_600_000)).await;
        if world.now() + CALM / 2 > LENGTH {
            return;
        }
        let edited = world.with(|s| s.accounts[account].judged.edited);
        if edited {
            continue;
        }
        let manner = match chance.below(8) {
            0 => Manner::Cancelled,
            _ => Manner::Well,
        };
        sign_in(&world, account, manner, &mut chance).await;
        time::sleep(MINUTE).await;
    }
}

/// Anew although nothing was wrong, cancelled, or by somebody else.
pub async fn sign_in_anew(world: World, account: usize, fault: Fault, mut chance: Chance) {
    let free = world.with(|s| {
        let truth = &s.accounts[account];
        let known = fault != Fault::SignInByAnother || s.in_memory(account).is_some();
        !truth.removed && !truth.judged.edited && !truth.judged.signed_out && known
    });
    if !free {
        return;
    }
    let manner = match fault {
        Fault::SignInCancelled => Manner::Cancelled,
        Fault::SignInByAnother => Manner::ByAnother,
        _ => {
            world.with(|s| s.hit(Fault::SignedInAnew));
            Manner::Well
        }
    };
    sign_in(&world, account, manner, &mut chance).await;
}

/// Everything that was issued by now is to go.
fn signs_out(s: &mut State, account: usize) {
    let truth = &mut s.accounts[account];
    truth.judged.clear(truth.issues.len());
    truth.judged.signed_out = true;
}

/// A removed account is never there again: whatever is issued for it is to go.
fn goes(truth: &mut TruthOfAccount) {
    truth.judged.clear(usize::MAX);
    truth.removed = true;
}

/// Signs out, and in again the next day.
pub async fn sign_out(world: World, account: usize, mut chance: Chance) {
    let name = world.with(|s| s.accounts[account].name.clone());
    if world.with(|s| s.accounts[account].removed || s.accounts[account].judged.edited) {
        return;
    }
    world.with(|s| {
        s.hit(Fault::SignedOut);
        s.tell(|| format!("the person signs out of account {account}"));
        signs_out(s, account);
    });
    let done = ask(&world, async |engine| engine.sign_out(&name).await).await;
    if !matches!(done, Some(Ok(_))) {
        // Nobody heard it, or half of it was done: the person says it again.
        time::sleep(MINUTE).await;
        world.with(|s| signs_out(s, account));
        let _ = ask(&world, async |engine| engine.sign_out(&name).await).await;
    }
    time::sleep(chance.millis(600_000, 8 * 3_600_000)).await;
    for _ in 0..20 {
        if sign_in(&world, account, Manner::Well, &mut chance).await {
            return;
        }
        time::sleep(HOUR / 2).await;
    }
}

/// Three clicks on "Refresh now".
pub async fn refresh_by_hand(world: World, account: usize, mut chance: Chance) {
    world.with(|s| s.hit(Fault::RefreshedByHand));
    for _ in 0..3 {
        let name = world.with(|s| {
            let now = s.now();
            s.accounts[account].judged.by_hand.push(now);
            s.accounts[account].name.clone()
        });
        let _ = ask(&world, async |engine| {
            engine.refresh(&name, by("window", true)).await
        })
        .await;
        time::sleep(chance.secs(1, 90)).await;
    }
}

pub async fn rename(world: World, account: usize, chance: Chance) {
    let name = world.with(|s| s.accounts[account].name.clone());
    if world.with(|s| s.accounts[account].removed) {
        return;
    }
    let mut chance = chance;
    let patch = AccountPatch {
        name: Some(format!("renamed-{account}-{}", chance.below(1000))),
        ..AccountPatch::default()
    };
    let to = patch.name.clone().expect("a name");
    world.with(|s| s.hit(Fault::Renamed));
    let _ = ask(&world, async |engine| {
        engine.edit_account(&name, patch).await
    })
    .await;
    // Whatever died meanwhile: the settings file says what holds.
    let _ = to;
    world.with(|s| {
        let id = s.accounts[account].id.clone();
        if let Some(found) = s.config.accounts.iter().find(|a| a.id == id) {
            s.accounts[account].name.clone_from(&found.name);
        }
    });
}

pub async fn pause(world: World, account: usize, mut chance: Chance) {
    let name = world.with(|s| s.accounts[account].name.clone());
    if world.with(|s| s.accounts[account].removed || s.accounts[account].paused) {
        return;
    }
    world.with(|s| {
        s.hit(Fault::PausedAWhile);
        s.accounts[account].paused = true;
    });
    let _ = ask(&world, async |engine| engine.pause(&name).await).await;
    time::sleep(chance.millis(60_000, 5 * 3_600_000)).await;
    // Until the file says so.
    loop {
        let name = world.with(|s| s.accounts[account].name.clone());
        let done = ask(&world, async |engine| engine.resume(&name).await).await;
        if matches!(done, Some(Ok(_))) || world.with(|s| s.accounts[account].removed) {
            break;
        }
        time::sleep(MINUTE).await;
    }
    world.with(|s| {
        let now = s.now();
        s.accounts[account].judged.disturbed(now);
        s.accounts[account].paused = false;
    });
}

pub async fn pause_all(world: World, mut chance: Chance) {
    world.with(|s| s.hit(Fault::PausedAll));
    let _ = ask(&world, async |engine| engine.pause_all().await).await;
    world.with(|s| s.net.paused = true);
    time::sleep(chance.millis(60_000, 3 * 3_600_000)).await;
    let _ = ask(&world, async |engine| engine.resume_all().await).await;
    world.with(|s| {
        s.net.bad_at = s.now();
        s.net.paused = false;
    });
}

/// Removes an account; perhaps takes it back within the ten seconds.
pub async fn remove(world: World, account: usize, undo: bool, mut chance: Chance) {
    let name = world.with(|s| s.accounts[account].name.clone());
    if world.with(|s| s.accounts[account].removed || s.accounts[account].judged.edited) {
        return;
    }
    let revoke = chance.one_in(2);
    world.with(|s| {
        s.hit(if undo {
            Fault::RemovalUndone
        } else {
            Fault::Removed
        });
        s.tell(|| format!("the person removes account {account} (undo: {undo})"));
    });
    if undo {
        world.with(|s| s.accounts[account].judged.undone = true);
        let removed = ask(&world, async |engine| {
            engine.remove_account(&name, revoke).await
        })
        .await;
        time::sleep(chance.millis(0, 8_000)).await;
        let restored = ask(&world, async |engine| engine.restore_account(&name).await).await;
        world.with(|s| {
            s.tell(|| {
                format!(
                    "removed {:?}, restored {:?}",
                    removed.is_some(),
                    restored.as_ref().map(Result::is_ok)
                )
            });
            let now = s.now();
            s.accounts[account].judged.disturbed(now);
            let id = s.accounts[account].id.clone();
            // The owner died in between, or could not: then it is gone.
            if !s.config.accounts.iter().any(|a| a.id == id) {
                goes(&mut s.accounts[account]);
            }
        });
        return;
    }
    world.with(|s| goes(&mut s.accounts[account]));
    for _ in 0..20 {
        // By the name that it has by now: whoever renames it at that moment does not keep it.
        let name = world.with(|s| s.accounts[account].name.clone());
        let done = ask(&world, async |engine| {
            engine.remove_account(&name, revoke).await
        })
        .await;
        let is_gone = |s: &mut State| {
            let id = &s.accounts[account].id;
            !s.config.accounts.iter().any(|a| a.id == *id)
        };
        match done {
            Some(Ok(())) => return,
            Some(Err(problem)) if problem.code == Code::NotFound && world.with(is_gone) => return,
            _ => time::sleep(chance.secs(5, 60)).await,
        }
    }
}

/// Moves everything to a vault of another kind; somebody may refresh by hand meanwhile.
pub async fn move_vault(world: World, account: usize, mut chance: Chance) {
    world.with(|s| s.hit(Fault::VaultMoved));
    if chance.one_in(2) {
        let (world, mut chance) = (world.clone(), chance.fork());
        tokio::spawn(async move {
            time::sleep(chance.millis(0, 2_500)).await;
            refresh_by_hand(world, account, chance).await;
        });
    }
    let to = world.with(|s| match s.keychain.kind {
        VaultKind::Os => VaultKind::Sealed,
        _ => VaultKind::Os,
    });
    let _ = ask(&world, async |engine| engine.vault_move(to).await).await;
    world.with(|s| s.keychain.bad_at = s.now());
}
