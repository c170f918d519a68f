//! One person's session in which Tokentray dies again and again.

use std::{fs, thread, time::Duration};

use serde_json::{Value, json};
use tokentray::{
    domain::policy::Jitter,
    io::clock::{Clock, SystemClock},
};

use super::table::{Phase, Round};
use crate::support::{
    http,
    keyring::{self, Keyring},
    monitor::Monitor,
    notifications::Notifications,
    process::Process,
    provider::{Log, Moment, Provider},
    session::Session,
    tokentray::Tokentray,
    wait_for, wait_until,
};

/// Long enough that no round meets the schedule, short enough that a prompt is due at once.
const LIFETIME_S: u32 = 600;
const SOON: Duration = Duration::from_secs(30);

/// Owner and presenter in one process dies `rounds` times; what came of each.
pub fn run(rounds: usize, grace_ms: Option<u32>, dice: Jitter) -> Vec<Round> {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let options = json!({ "access_token_seconds": LIFETIME_S, "grace_ms": grace_ms.unwrap_or(0) });
    let provider = Provider::with(&session, &options);
    let notifications = Notifications::start(&session);
    let monitor = Monitor::start(&session);
    let tokentray = Tokentray::new(&session);
    let mut tray = tokentray.tray();
    tokentray.set_person("ada");
    tokentray.add("work", &provider);
    let id = tokentray.account("work")["id"].as_str().unwrap().to_owned();
    let mut world = World {
        session: &session,
        tokentray,
        provider: &provider,
        notifications: &notifications,
        monitor: &monitor,
        id,
        generation: 1,
        requests: provider.log(usize::MAX).total,
        has_grace: grace_ms.is_some(),
        dice,
    };
    let mut told: Vec<Round> = Vec::new();
    let between = |told: &[Round]| told.iter().filter(|round| round.is_between()).count();
    // A fast machine has saved before some die: that decides how many rounds it takes, not what
    // they prove.
    while told.len() < rounds || 3 * between(&told) < 2 * rounds && told.len() < 3 * rounds {
        let kind = KINDS[told.len() % KINDS.len()];
        told.push(world.round(&mut tray, kind));
    }
    assert!(tray.terminate(Duration::from_secs(15)).success());
    told
}

struct World<'w> {
    session: &'w Session,
    tokentray: Tokentray<'w>,
    provider: &'w Provider,
    notifications: &'w Notifications,
    monitor: &'w Monitor,
    id: String,
    /// The newest generation when it died last, and how often the provider had been asked by then.
    generation: u64,
    requests: usize,
    has_grace: bool,
    dice: Jitter,
}

/// What a death is counted from; how long after that it comes is drawn.
#[derive(Clone, Copy)]
enum Kind {
    Asked,
    /// At most as long as the provider takes.
    Received,
    /// While the answer is made safe.
    JustAnswered,
    Answered,
}

/// Most deaths fall where something can be lost, in short runs too.
const KINDS: [Kind; 10] = {
    use Kind::{Answered, Asked, JustAnswered, Received};
    [
        Received,
        JustAnswered,
        Received,
        Answered,
        Received,
        JustAnswered,
        Received,
        Asked,
        JustAnswered,
        Received,
    ]
};

/// When a process will die.
enum Plan {
    /// So long after somebody asked for a refresh.
    Asked(Duration),
    /// So long after the provider got so far.
    Provider(Moment, Duration),
}

/// The newest generations outside of the process, which is all that a death leaves.
struct Saved {
    journal: u64,
    vault: u64,
    /// What the keychain holds.
    refresh_token: String,
}

impl World<'_> {
    /// One death and what follows; leaves a process that is well in the dead one's place.
    fn round(&mut self, tray: &mut Process, kind: Kind) -> Round {
        let prompts = self.monitor.notifies().len();
        let (think, answer) = (self.milliseconds(40.0), self.milliseconds(40.0));
        self.provider.delay(think, answer);
        let plan = self.plan(kind, think + answer);
        let killed_at = self.kill_while_refreshing(tray, &plan);
        let log = self.finished_log();
        let saved = self.saved();
        let killed_at = killed_at.or(log.executed_at).expect("somebody killed it");
        let round = self.judge(&log, &saved, killed_at);
        self.requests = log.total;
        self.generation = saved.journal;

        self.provider.delay(Duration::ZERO, Duration::ZERO);
        *tray = self.tokentray.tray();
        if round.gap() && !self.has_grace {
            assert!(!self.provider.is_alive(&saved.refresh_token));
            self.is_told_and_signs_in_again();
            self.requests = self.provider.log(usize::MAX).total;
            self.generation = self.row()["generation"].as_u64().unwrap();
            return Round {
                lost: true,
                prompts: self.monitor.notifies().len() - prompts,
                honest_prompts: 1,
                ..round
            };
        }
        self.is_well(&round);
        Round {
            prompts: self.monitor.notifies().len() - prompts,
            ..round
        }
    }

    /// Where the death fell, and whether what the provider gave is in the journal.
    fn judge(&self, log: &Log, saved: &Saved, killed_at: f64) -> Round {
        let given = log.requests.iter().filter(|r| r.committed_at.is_some());
        let newest = self.generation + given.count() as u64;
        let before = |moment: Option<f64>| moment.is_none_or(|at| at > killed_at);
        let met = log.requests.iter().rfind(|r| r.received_at <= killed_at);
        let phase = match met {
            None => Phase::BeforeRequest,
            Some(seen) if before(seen.committed_at) => Phase::BeforeCommit,
            Some(_) if saved.vault >= newest => Phase::Saved,
            Some(_) if saved.journal >= newest => Phase::BeforeVault,
            Some(seen) if before(seen.answered_at) => Phase::BeforeAnswer,
            Some(_) => Phase::BeforeJournal,
        };
        Round {
            phase,
            kept: saved.journal >= newest,
            lost: false,
            prompts: 0,
            honest_prompts: 0,
        }
    }

    fn milliseconds(&mut self, most: f64) -> Duration {
        Duration::from_secs_f64(self.dice.next_unit() * most / 1000.0)
    }

    fn plan(&mut self, kind: Kind, answered_after: Duration) -> Plan {
        match kind {
            Kind::Asked => Plan::Asked(self.milliseconds(15.0)),
            Kind::Received => {
                let most = answered_after.as_secs_f64() * 1000.0;
                Plan::Provider(Moment::Received, self.milliseconds(most))
            }
            Kind::JustAnswered => Plan::Provider(Moment::Answered, self.milliseconds(8.0)),
            Kind::Answered => Plan::Provider(Moment::Answered, self.milliseconds(60.0)),
        }
    }

    /// Returns when it died (Unix milliseconds), unless the provider knows.
    fn kill_while_refreshing(&self, tray: &mut Process, plan: &Plan) -> Option<f64> {
        if let Plan::Provider(moment, after) = plan {
            self.provider.execute(tray.id(), *moment, *after);
        }
        let socket = self.tokentray.socket();
        let asking =
            thread::spawn(move || http::unix(&socket, "POST", "/v1/accounts/work/refresh", None));
        let killed_at = match plan {
            Plan::Asked(after) => {
                thread::sleep(*after);
                let now = SystemClock.now().wall;
                tray.kill();
                let seconds = u32::try_from(now.timestamp()).unwrap();
                let rest = f64::from(now.timestamp_subsec_micros()) / 1000.0;
                Some(f64::from(seconds) * 1000.0 + rest)
            }
            Plan::Provider(..) => {
                tray.wait(SOON);
                None
            }
        };
        // Its answer, if it lived to give one, is of no interest.
        let _ = asking.join().unwrap();
        killed_at
    }

    /// The provider's log of this round, when it has done with everything that was sent.
    fn finished_log(&self) -> Log {
        // What the dead one sent may still lie in a socket, unread.
        thread::sleep(Duration::from_millis(300));
        wait_for("the provider is done", SOON, || {
            let log = self.provider.log(self.requests);
            let done = log.requests.iter().all(|seen| seen.status.is_some());
            done.then_some(log)
        })
    }

    fn saved(&self) -> Saved {
        let journal = self.tokentray.state_dir().join("journal").join(&self.id);
        let journal = fs::read(journal).expect("the journal is there at every moment");
        let named = [("service", "tokentray"), ("username", self.id.as_str())];
        let grant =
            keyring::lookup(self.session, &named).expect("the item is there at every moment");
        let grant: Value = serde_json::from_str(&grant).expect("a whole grant");
        Saved {
            journal: newest_generation(&journal),
            vault: grant["generation"].as_u64().unwrap(),
            refresh_token: grant["refresh_token"].as_str().unwrap().to_owned(),
        }
    }

    fn row(&self) -> Value {
        let answer = http::unix(&self.tokentray.socket(), "GET", "/v1/status", None);
        let (_, status) = answer.expect("tokentray answers");
        status["accounts"][0].clone()
    }

    /// Nothing was lost: it is well without anybody, and the provider would take what is held.
    fn is_well(&self, round: &Round) {
        let what = format!("the newest grant is safe after {round:?}");
        wait_until(&what, SOON, || {
            let saved = self.saved();
            saved.vault >= self.generation
                && self.row()["state"] == "ok"
                && self.provider.is_alive(&saved.refresh_token)
        });
        assert_eq!(self.notifications.open(), []);
    }

    /// The new refresh token never came: a person is told so, once, and is well after one click.
    fn is_told_and_signs_in_again(&self) {
        let notice = self.notifications.wait_open(SOON);
        let why = "The answer to the last refresh was lost";
        assert!(notice.body.contains(why), "{notice:?}");
        assert_eq!(self.row()["state"], "sign_in_needed");
        let button = notice.actions.iter().find(|(key, _)| key != "default");
        let (button, _) = button.expect("a button");
        self.notifications.press(notice.id, button);
        wait_until("signed in again", SOON, || self.row()["state"] == "ok");
        wait_until("nothing is shown any more", SOON, || {
            self.notifications.open().is_empty()
        });
    }
}

/// What the newer of the two places in a journal's file says in clear. Lines in each: number and
/// length, then the seal's own line with the generation.
fn newest_generation(journal: &[u8]) -> u64 {
    let words = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let places = journal.chunks_exact(journal.len() / 2).filter_map(|place| {
        let mut lines = place.split(|byte| *byte == b'\n');
        let number: u64 = words(lines.next()?).split(' ').nth(2)?.parse().ok()?;
        let generation: u64 = words(lines.next()?).split(' ').nth(2)?.parse().ok()?;
        Some((number, generation))
    });
    places.max().expect("a written place").1
}
