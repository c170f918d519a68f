//! A whole world in virtual time: the real engine on a scripted provider, vault and journal.
//!
//! Tokio's paused clock drives it, so there are no real sockets here. Everything the provider was
//! sent is kept, and requests are judged by it, never by the engine's own words.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeZone, Utc};
use tokentray::{
    api::problem::Problem,
    api::types::{AccountRow, TokenAnswer, TokenQuery},
    coordinator::Ports,
    domain::{
        account::{Account, AccountId, ClientAuth},
        grant::{Binding, ExpiresSource, Grant},
        history::{HistoryEntry, HistoryKind},
        journal_entry::{JournalEntry, Place, Removal},
        reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
        secret::Secret,
        words,
    },
    engine::{Caller, Engine, EngineOptions},
    io::{
        Pending,
        browser::Browser,
        clock::VirtualClock,
        history::{History, HistoryCounts, HistoryError, HistoryFilter, HistoryPage},
        journal::{Journal, JournalError},
        locks::{AccountLocks, LockError, LockGuard},
        settings::{Config, SettingsEdit, SettingsError, SettingsFile},
        token_endpoint::{FormRequest, TokenEndpoint},
        vault::{SealKey, Vault, VaultError, VaultEvent, VaultKind},
        wake::WakeSignal,
    },
};
use tokio::sync::{broadcast, mpsc};

pub const ENDPOINT: &str = "https://id.example.com/token";
pub const ISSUER: &str = "https://id.example.com";

/// Friday, shortly before three in the afternoon.
pub fn begin() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 14, 50, 0)
        .single()
        .expect("a time")
}

/// What the provider does with the next request.
#[derive(Clone, Debug)]
pub enum Answer {
    Http {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    Fails(TransportKind, Sent),
    /// Takes so long, then answers like the inner one.
    After(Duration, Box<Answer>),
}

/// A success with these tokens.
pub fn tokens(access: &str, refresh: Option<&str>, expires_in: Option<u64>) -> Answer {
    let mut body = serde_json::json!({"access_token": access, "token_type": "Bearer"});
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    if let Some(seconds) = expires_in {
        body["expires_in"] = seconds.into();
    }
    Answer::Http {
        status: 200,
        headers: json_type(),
        body: body.to_string(),
    }
}

pub fn refusal(status: u16, code: &str, text: &str) -> Answer {
    let body = serde_json::json!({"error": code, "error_description": text}).to_string();
    Answer::Http {
        status,
        headers: json_type(),
        body,
    }
}

pub fn page(status: u16, body: &str) -> Answer {
    let headers = vec![("content-type", "text/html".to_owned())];
    Answer::Http {
        status,
        headers,
        body: body.to_owned(),
    }
}

fn json_type() -> Vec<(&'static str, String)> {
    vec![("content-type", "application/json".to_owned())]
}

/// One request as the provider saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub refresh_token: String,
    /// What was to be revoked (RFC 7009).
    pub token: Option<String>,
    pub client_secret: Option<String>,
    pub url: String,
}

/// A provider that answers from a script, then with its habit.
pub struct Provider {
    script: Mutex<VecDeque<Answer>>,
    habit: Mutex<Option<Answer>>,
    /// What it answers to this refresh token, always.
    toward: Mutex<Option<(String, Answer)>>,
    pub seen: Mutex<Vec<Seen>>,
    /// What the issuer's metadata say; nothing: there are none.
    metadata: Mutex<Option<serde_json::Value>>,
    /// Everything that was fetched.
    pub fetched: Mutex<Vec<String>>,
}

impl Provider {
    /// The next answers, in this order.
    pub fn will(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().expect("script").extend(answers);
    }

    /// What it answers when the script is over; by default fresh tokens of an hour.
    pub fn habit(&self, answer: Option<Answer>) {
        *self.habit.lock().expect("habit") = answer;
    }

    /// What it answers to this refresh token, whatever it answers to others.
    pub fn always(&self, refresh_token: &str, answer: Answer) {
        *self.toward.lock().expect("toward") = Some((refresh_token.to_owned(), answer));
    }

    /// The issuer says that its token endpoint is there.
    pub fn says_its_endpoint_is(&self, token_endpoint: &str) {
        *self.metadata.lock().expect("metadata") = Some(serde_json::json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": token_endpoint,
        }));
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.seen.lock().expect("seen").clone()
    }

    pub fn count(&self) -> usize {
        self.requests().len()
    }
}

impl TokenEndpoint for Provider {
    fn post(&self, request: FormRequest) -> Pending<'static, Reply> {
        let refresh_token = request
            .form
            .iter()
            .find(|(name, _)| name == "refresh_token")
            .map(|(_, value)| value.expose().to_owned())
            .unwrap_or_default();
        let token = request
            .form
            .iter()
            .find(|(name, _)| name == "token")
            .map(|(_, value)| value.expose().to_owned());
        let toward = self.toward.lock().expect("toward").clone();
        let toward = toward.filter(|(token, _)| *token == refresh_token);
        let number = {
            let mut seen = self.seen.lock().expect("seen");
            seen.push(Seen {
                refresh_token,
                token,
                client_secret: request.client_secret.map(|s| s.expose().to_owned()),
                url: request.url,
            });
            seen.len()
        };
        let scripted = self.script.lock().expect("script").pop_front();
        let answer = toward
            .map(|(_, answer)| answer)
            .or(scripted)
            .or_else(|| self.habit.lock().expect("habit").clone())
            .unwrap_or_else(|| {
                tokens(
                    &format!("access-{number}"),
                    Some(&format!("refresh-{number}")),
                    Some(3600),
                )
            });
        Box::pin(reply(answer))
    }

    fn get(&self, url: String) -> Pending<'static, Reply> {
        self.fetched.lock().expect("fetched").push(url);
        let metadata = self.metadata.lock().expect("metadata").clone();
        Box::pin(reply(match metadata {
            Some(metadata) => Answer::Http {
                status: 200,
                headers: json_type(),
                body: metadata.to_string(),
            },
            None => page(404, ""),
        }))
    }
}

async fn reply(mut answer: Answer) -> Reply {
    while let Answer::After(delay, inner) = answer {
        tokio::time::sleep(delay).await;
        answer = *inner;
    }
    match answer {
        Answer::Http {
            status,
            headers,
            body,
        } => Reply::Answered(HttpReply {
            status,
            headers: headers
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v))
                .collect(),
            body: body.into_bytes(),
            cut: false,
        }),
        Answer::Fails(kind, sent) => Reply::Failed(TransportFailure {
            kind,
            sent,
            detail: "scripted".into(),
        }),
        Answer::After(..) => unreachable!("unwrapped above"),
    }
}

/// A vault that can be told to fail.
pub struct TestVault {
    grants: Mutex<HashMap<AccountId, Grant>>,
    secrets: Mutex<HashMap<AccountId, Secret>>,
    pub store_fails: Mutex<Option<VaultError>>,
    pub read_fails: Mutex<Option<VaultError>>,
    pub remove_fails: Mutex<Option<VaultError>>,
    /// Where this vault says that it is.
    pub place: Mutex<Option<Place>>,
    pub reads: Mutex<usize>,
    /// So long it takes to read the key or a grant.
    pub takes: Mutex<Duration>,
    events: broadcast::Sender<VaultEvent>,
}

impl TestVault {
    pub fn put(&self, id: &AccountId, grant: Grant) {
        self.grants
            .lock()
            .expect("grants")
            .insert(id.clone(), grant);
    }

    pub fn grant(&self, id: &AccountId) -> Option<Grant> {
        self.grants.lock().expect("grants").get(id).cloned()
    }

    /// Works again (or not), and says so, as an unlocked keychain does.
    pub fn set(&self, read: Option<VaultError>, store: Option<VaultError>) {
        *self.read_fails.lock().expect("read") = read;
        *self.store_fails.lock().expect("store") = store;
        let _ = self.events.send(VaultEvent::Changed);
    }
}

impl Vault for TestVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Memory
    }
    fn read_grant(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Grant>, VaultError>> {
        *self.reads.lock().expect("reads") += 1;
        let failed = self.read_fails.lock().expect("read").clone();
        let grant = self.grant(&account);
        let takes = *self.takes.lock().expect("takes");
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            failed.map_or(Ok(grant), Err)
        })
    }
    fn store_grant(
        &self,
        account: AccountId,
        grant: Grant,
    ) -> Pending<'static, Result<(), VaultError>> {
        let failed = self.store_fails.lock().expect("store").clone();
        if failed.is_none() {
            self.put(&account, grant);
        }
        Box::pin(async move { failed.map_or(Ok(()), Err) })
    }
    fn remove_grant(&self, account: AccountId) -> Pending<'static, Result<(), VaultError>> {
        let failed = self.remove_fails.lock().expect("remove").clone();
        if failed.is_none() {
            self.grants.lock().expect("grants").remove(&account);
        }
        Box::pin(async move { failed.map_or(Ok(()), Err) })
    }
    fn read_client_secret(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<Secret>, VaultError>> {
        let secret = self.secrets.lock().expect("secrets").get(&account).cloned();
        Box::pin(async { Ok(secret) })
    }
    fn store_client_secret(
        &self,
        account: AccountId,
        secret: Option<Secret>,
    ) -> Pending<'static, Result<(), VaultError>> {
        let mut secrets = self.secrets.lock().expect("secrets");
        match secret {
            Some(secret) => drop(secrets.insert(account, secret)),
            None => drop(secrets.remove(&account)),
        }
        Box::pin(async { Ok(()) })
    }
    fn key(&self) -> Pending<'static, Result<SealKey, VaultError>> {
        let failed = self
            .read_fails
            .lock()
            .expect("read")
            .clone()
            .filter(|e| *e != VaultError::Corrupt);
        let takes = *self.takes.lock().expect("takes");
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            failed.map_or(Ok(SealKey([7; 32])), Err)
        })
    }
    fn place(&self) -> Pending<'static, Result<Option<Place>, VaultError>> {
        let place = self.place.lock().expect("place").clone();
        Box::pin(async { Ok(place) })
    }
    fn unlock(&self) -> Pending<'static, Result<(), VaultError>> {
        Box::pin(async { Ok(()) })
    }
    fn events(&self) -> broadcast::Receiver<VaultEvent> {
        self.events.subscribe()
    }
}

/// A journal in memory that can be told to fail.
#[derive(Default)]
pub struct TestJournal {
    pub entries: Mutex<HashMap<AccountId, JournalEntry>>,
    pub write_fails: Mutex<Option<JournalError>>,
    /// Nothing of the folder can be listed, written or deleted.
    pub disk_fails: AtomicBool,
    pub removed: Mutex<HashMap<AccountId, Removal>>,
    opened: AtomicBool,
}

impl TestJournal {
    fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T,
    ) -> Pending<'static, Result<T, JournalError>> {
        let failed = self.disk_fails.load(Ordering::SeqCst);
        let done = if failed {
            Err(JournalError::Failed("input/output error".into()))
        } else {
            Ok(work(self))
        };
        Box::pin(std::future::ready(done))
    }
}

impl Journal for TestJournal {
    fn open(&self, _key: SealKey) {
        self.opened.store(true, Ordering::SeqCst);
    }
    fn read(
        &self,
        account: AccountId,
    ) -> Pending<'static, Result<Option<JournalEntry>, JournalError>> {
        if !self.opened.load(Ordering::SeqCst) {
            return Box::pin(async { Err(JournalError::NoKey) });
        }
        let entry = self.entries.lock().expect("entries").get(&account).cloned();
        Box::pin(async { Ok(entry) })
    }
    fn write(
        &self,
        account: AccountId,
        entry: JournalEntry,
    ) -> Pending<'static, Result<(), JournalError>> {
        let failed = self.write_fails.lock().expect("write").clone();
        if failed.is_none() {
            self.entries.lock().expect("entries").insert(account, entry);
        }
        Box::pin(async move { failed.map_or(Ok(()), Err) })
    }
    fn remove(&self, account: AccountId) -> Pending<'static, Result<(), JournalError>> {
        self.on_disk(|disk| {
            disk.entries.lock().expect("entries").remove(&account);
            disk.removed.lock().expect("removed").remove(&account);
        })
    }
    fn mark_removed(
        &self,
        account: AccountId,
        removal: Option<Removal>,
    ) -> Pending<'static, Result<(), JournalError>> {
        self.on_disk(|disk| {
            let mut removed = disk.removed.lock().expect("removed");
            match removal {
                Some(removal) => removed.insert(account, removal),
                None => removed.remove(&account),
            };
        })
    }
    fn removed(&self) -> Pending<'static, Result<Vec<(AccountId, Removal)>, JournalError>> {
        self.on_disk(|disk| {
            let removed = disk.removed.lock().expect("removed");
            removed
                .iter()
                .map(|(id, note)| (id.clone(), *note))
                .collect()
        })
    }
}

#[derive(Default)]
pub struct TestHistory(pub Mutex<Vec<HistoryEntry>>);

impl History for TestHistory {
    fn append(&self, entry: HistoryEntry) {
        self.0.lock().expect("history").push(entry);
    }
    fn page(&self, _filter: HistoryFilter) -> Pending<'static, Result<HistoryPage, HistoryError>> {
        Box::pin(async { Ok(HistoryPage::default()) })
    }
    fn between(
        &self,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
        _: Duration,
    ) -> Pending<'static, Result<Vec<HistoryEntry>, HistoryError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn counts(
        &self,
        _: Option<AccountId>,
        _: DateTime<Utc>,
    ) -> Pending<'static, Result<HistoryCounts, HistoryError>> {
        Box::pin(async { Ok(HistoryCounts::default()) })
    }
    fn tidy(&self, _: DateTime<Utc>, _: u32) {}
    fn rename(&self, _: AccountId, _: String) {}
    fn forget(&self, _: AccountId) {}
    fn flush(&self) -> Pending<'static, ()> {
        Box::pin(async {})
    }
}

/// Locks that another process may hold.
#[derive(Default)]
pub struct TestLocks {
    pub held_elsewhere: AtomicBool,
    held: Arc<Mutex<HashSet<AccountId>>>,
}

/// As the kernel's: two of one process exclude each other as well.
struct HeldLock(AccountId, Arc<Mutex<HashSet<AccountId>>>);

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.1.lock().expect("locks").remove(&self.0);
    }
}

impl AccountLocks for TestLocks {
    fn lock(&self, account: AccountId) -> Pending<'static, Result<LockGuard, LockError>> {
        if self.held_elsewhere.load(Ordering::SeqCst) {
            return Box::pin(async { Err(LockError::Busy) });
        }
        let held = self.held.clone();
        Box::pin(async move {
            for _ in 0..20 {
                if held.lock().expect("locks").insert(account.clone()) {
                    return Ok(Box::new(HeldLock(account, held)) as LockGuard);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(LockError::Busy)
        })
    }
}

/// Settings in memory.
pub struct TestSettings(pub Mutex<Config>);

impl SettingsFile for TestSettings {
    fn load(&self) -> Result<Config, SettingsError> {
        Ok(self.0.lock().expect("config").clone())
    }
    fn edit(&self, edits: &[SettingsEdit]) -> Result<Config, SettingsError> {
        let mut config = self.0.lock().expect("config");
        for edit in edits {
            match edit {
                SettingsEdit::PutAccount(account) => {
                    config.accounts.retain(|a| a.id != account.id);
                    config.accounts.push((**account).clone());
                }
                SettingsEdit::RemoveAccount { name } => config.accounts.retain(|a| a.name != *name),
                SettingsEdit::Rename { from, to } => {
                    for account in config.accounts.iter_mut().filter(|a| a.name == *from) {
                        account.name.clone_from(to);
                    }
                }
                SettingsEdit::Set { key, value } => {
                    let mut settings = serde_json::to_value(&config.settings).expect("settings");
                    let settings_of = settings.as_object_mut().expect("an object");
                    settings_of.remove(key);
                    settings_of.extend(value.clone().map(|value| (key.clone(), value)));
                    config.settings = serde_json::from_value(settings).expect("settings");
                }
            }
        }
        Ok(config.clone())
    }
}

struct NoBrowser;

impl Browser for NoBrowser {
    fn open(
        &self,
        _url: String,
    ) -> Pending<'static, Result<(), tokentray::io::browser::BrowserError>> {
        Box::pin(async { Ok(()) })
    }
    fn is_likely(&self) -> bool {
        true
    }
}

/// The world. Dropping it ends everything.
pub struct World {
    pub clock: VirtualClock,
    pub provider: Arc<Provider>,
    pub vault: Arc<TestVault>,
    pub journal: Arc<TestJournal>,
    pub history: Arc<TestHistory>,
    pub locks: Arc<TestLocks>,
    settings: Arc<TestSettings>,
    engine: Option<Engine>,
    wake: Option<mpsc::Sender<WakeSignal>>,
}

/// Id of the account with that name in every world.
pub fn id_of(name: &str) -> AccountId {
    AccountId(format!("id-{name}"))
}

/// An account of the scripted provider.
pub fn account(name: &str) -> Account {
    let mut account = Account::new(id_of(name), name, "client");
    account.token_url = Some(ENDPOINT.into());
    account.auth_url = Some("https://id.example.com/authorize".into());
    account.scopes = vec!["read".into()];
    account
}

/// A grant of that age and lifetime: "access-0" and "refresh-0".
pub fn grant(age: Duration, lifetime: Duration) -> Grant {
    let issued_at = begin() - age;
    Grant {
        generation: 1,
        access_token: Secret::new("access-0"),
        token_type: "Bearer".into(),
        refresh_token: Some(Secret::new("refresh-0")),
        id_token: None,
        issued_at,
        expires_at: Some(issued_at + lifetime),
        expires_source: ExpiresSource::Server,
        refresh_at: None,
        refresh_token_expires_at: None,
        id_token_expires_at: None,
        scopes: vec!["read".into()],
        binding: Binding {
            issuer: None,
            token_endpoint: ENDPOINT.into(),
            revocation_endpoint: None,
            client_id: "client".into(),
            client_auth: ClientAuth::None,
        },
        subject: None,
        client_secret: None,
    }
}

pub const HOUR: Duration = Duration::from_hours(1);

impl World {
    /// A world with these accounts and stored grants; nothing runs yet.
    pub fn new(accounts: impl IntoIterator<Item = (Account, Option<Grant>)>) -> Self {
        let clock = VirtualClock::new(begin());
        let vault = Arc::new(TestVault {
            grants: Mutex::default(),
            secrets: Mutex::default(),
            store_fails: Mutex::default(),
            read_fails: Mutex::default(),
            remove_fails: Mutex::default(),
            place: Mutex::default(),
            reads: Mutex::default(),
            takes: Mutex::default(),
            events: broadcast::channel(16).0,
        });
        let mut config = Config::default();
        let journal = Arc::new(TestJournal::default());
        for (account, grant) in accounts {
            if let Some(grant) = grant {
                let entry = JournalEntry {
                    highest_generation: grant.generation,
                    ..JournalEntry::default()
                };
                journal
                    .entries
                    .lock()
                    .expect("entries")
                    .insert(account.id.clone(), entry);
                vault.put(&account.id, grant);
            }
            config.accounts.push(account);
        }
        Self {
            provider: Arc::new(Provider {
                script: Mutex::default(),
                habit: Mutex::default(),
                toward: Mutex::default(),
                seen: Mutex::default(),
                metadata: Mutex::default(),
                fetched: Mutex::default(),
            }),
            clock,
            vault,
            journal,
            history: Arc::default(),
            locks: Arc::default(),
            settings: Arc::new(TestSettings(Mutex::new(config))),
            engine: None,
            wake: None,
        }
    }

    /// One account "work" with a grant of that age and lifetime, and the engine started.
    pub async fn with_grant(age: Duration, lifetime: Duration) -> Self {
        let mut world = Self::new([(account("work"), Some(grant(age, lifetime)))]);
        world.start().await;
        world
    }

    /// Starts (or restarts) the engine and lets it read what is stored.
    pub async fn start(&mut self) {
        self.start_now();
        self.pass(Duration::from_millis(50)).await;
    }

    /// Starts it; it had no time yet to do anything.
    pub fn start_now(&mut self) {
        let (wake, signals) = mpsc::channel(4);
        self.wake = Some(wake);
        let options = EngineOptions {
            ports: Ports {
                clock: Arc::new(self.clock.clone()),
                token_endpoint: self.provider.clone(),
                vault: self.vault.clone(),
                journal: self.journal.clone(),
                history: self.history.clone(),
                locks: self.locks.clone(),
            },
            settings: self.settings.clone(),
            browser: Arc::new(NoBrowser),
            zone: |_| chrono::FixedOffset::east_opt(0).expect("UTC"),
            seed: 1,
            config_file: "config.toml".into(),
            state_folder: "state".into(),
            wake: Some(signals),
            settings_changed: None,
            vault_mover: Some(Arc::new(|_, _| {
                Box::pin(async {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    Ok(())
                })
            })),
            on_settings: None,
            practice: None,
            undo: Duration::from_secs(10),
        };
        self.engine = Some(Engine::start(options).expect("an engine"));
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("started")
    }

    /// The machine says something.
    pub async fn signal(&self, signal: WakeSignal) {
        let wake = self.wake.as_ref().expect("started");
        wake.send(signal).await.expect("heard");
    }

    /// Lets so much time pass.
    pub async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// What `tokentray token NAME --wait S` gets.
    pub async fn token(&self, name: &str, wait: u64) -> Result<TokenAnswer, Problem> {
        let query = TokenQuery {
            wait: Some(wait),
            ..TokenQuery::default()
        };
        self.engine().token(name, query, tool()).await
    }

    /// A tool reports that this token was answered with a 401.
    pub async fn rejected(&self, name: &str, token: &str) -> Result<TokenAnswer, Problem> {
        let report = tokentray::api::types::RejectedToken {
            fingerprint: None,
            token: Some(token.to_owned()),
        };
        let query = TokenQuery {
            wait: Some(60),
            ..TokenQuery::default()
        };
        self.engine()
            .token_rejected(name, report, query, tool())
            .await
    }

    pub fn row(&self, name: &str) -> AccountRow {
        self.engine().account(name).expect("an account")
    }

    pub fn stored(&self, name: &str) -> Option<Grant> {
        self.vault.grant(&id_of(name))
    }

    pub fn journaled(&self, name: &str) -> JournalEntry {
        self.journal
            .entries
            .lock()
            .expect("entries")
            .get(&id_of(name))
            .cloned()
            .unwrap_or_default()
    }

    /// The history as a person would read it, hand-outs left out: minutes and seconds since the
    /// world began, then the sentence.
    pub fn story(&self) -> String {
        let entries = self.history.0.lock().expect("history");
        let lines: Vec<String> = entries
            .iter()
            .filter(|e| e.kind != HistoryKind::HandedOut)
            .map(|e| {
                let at = (e.at - begin()).num_seconds();
                format!(
                    "{:02}:{:02} {} {}",
                    at / 60,
                    at % 60,
                    e.kind,
                    words::history(e)
                )
            })
            .collect();
        lines.join("\n")
    }

    pub fn kinds(&self) -> Vec<HistoryKind> {
        let entries = self.history.0.lock().expect("history");
        entries
            .iter()
            .map(|e| e.kind)
            .filter(|k| *k != HistoryKind::HandedOut)
            .collect()
    }
}

fn tool() -> Caller {
    Caller {
        program: Some("git".into()),
        pid: None,
        person: false,
    }
}
