//! The front door: everything that window, socket and command line can ask.
//!
//! Good tokens are read from a snapshot that the owning task publishes, so that a hand-out neither
//! waits for that task nor touches the keychain.

use tokio::sync::broadcast;

use crate::{
    api::{
        problem::{Code, Problem},
        types::{
            AccountPatch, AccountRow, AccountSettings, DiscoverRequest, Discovered, Event,
            ExplainAnswer, ExplainRequest, Finding, HistoryAnswer, HistoryQuery, ImportRequest,
            PracticeSwitches, ProviderRow, RejectedToken, SettingsRow, SignInRequest, SignInRow,
            Stats, Status, Timeline, TimelineQuery, TokenAnswer, TokenQuery,
        },
    },
    io::vault::VaultKind,
};

/// Who asks: recorded with what was handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The program's name, such as `git`; `window` for the window.
    pub program: Option<String>,
    pub pid: Option<u32>,
    /// A person clicked or typed a command: passes back-off and breaker, may unlock the keychain.
    pub person: bool,
}

/// A numbered event, so that a listener can resume where it stopped.
pub type NumberedEvent = (u64, Event);

/// A handle to the running engine; cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {}

type Answer<T> = Result<T, Problem>;

fn unfinished<T>() -> Answer<T> {
    Err(Problem::new(Code::Internal, "not built yet"))
}

#[expect(clippy::unused_async, unused_variables, reason = "signatures first")]
impl Engine {
    pub fn status(&self) -> Status {
        unimplemented!()
    }
    pub fn account(&self, name: &str) -> Answer<AccountRow> {
        unfinished()
    }
    /// Sorted as `status`; settings without secrets.
    pub fn accounts(&self) -> Vec<AccountSettings> {
        Vec::new()
    }
    pub fn account_settings(&self, name: &str) -> Answer<AccountSettings> {
        unfinished()
    }
    pub async fn add_account(&self, settings: AccountSettings) -> Answer<AccountRow> {
        unfinished()
    }
    pub async fn edit_account(&self, name: &str, patch: AccountPatch) -> Answer<AccountRow> {
        unfinished()
    }
    /// Removes now; `restore` undoes it for ten seconds; then, with `revoke`, the provider is told.
    pub async fn remove_account(&self, name: &str, revoke: bool) -> Answer<()> {
        unfinished()
    }
    pub async fn restore_account(&self, name: &str) -> Answer<AccountRow> {
        unfinished()
    }
    pub async fn sign_out(&self, name: &str) -> Answer<AccountRow> {
        unfinished()
    }

    pub async fn token(
        &self,
        name: &str,
        query: TokenQuery,
        caller: Caller,
    ) -> Answer<TokenAnswer> {
        unfinished()
    }
    pub async fn token_rejected(
        &self,
        name: &str,
        token: RejectedToken,
        query: TokenQuery,
        caller: Caller,
    ) -> Answer<TokenAnswer> {
        unfinished()
    }
    /// By hand: a person's refresh. Answers when it ended.
    pub async fn refresh(&self, name: &str, caller: Caller) -> Answer<AccountRow> {
        unfinished()
    }
    pub async fn pause(&self, name: &str) -> Answer<AccountRow> {
        unfinished()
    }
    pub async fn resume(&self, name: &str) -> Answer<AccountRow> {
        unfinished()
    }
    pub async fn pause_all(&self) -> Answer<()> {
        unfinished()
    }
    pub async fn resume_all(&self) -> Answer<()> {
        unfinished()
    }
    pub async fn import(&self, name: &str, request: ImportRequest) -> Answer<AccountRow> {
        unfinished()
    }

    pub async fn start_sign_in(&self, name: &str, request: SignInRequest) -> Answer<SignInRow> {
        unfinished()
    }
    pub fn sign_in(&self, id: &str) -> Answer<SignInRow> {
        unfinished()
    }
    pub async fn cancel_sign_in(&self, id: &str) -> Answer<SignInRow> {
        unfinished()
    }
    pub async fn incident_later(&self, incident: &str) -> Answer<()> {
        unfinished()
    }
    /// A presenter says that it showed the notice with this id.
    pub async fn notice_shown(&self, notice: &str) -> Answer<()> {
        unfinished()
    }

    pub async fn history(&self, query: HistoryQuery) -> Answer<HistoryAnswer> {
        unfinished()
    }
    pub async fn timeline(&self, query: TimelineQuery) -> Answer<Timeline> {
        unfinished()
    }
    pub async fn stats(&self) -> Answer<Stats> {
        unfinished()
    }
    /// Live events from now on, and those after `after` that are still kept (else `Resync` first).
    pub fn events(
        &self,
        after: Option<u64>,
    ) -> (Vec<NumberedEvent>, broadcast::Receiver<NumberedEvent>) {
        unimplemented!()
    }

    pub fn providers(&self) -> Vec<ProviderRow> {
        Vec::new()
    }
    pub async fn discover(&self, request: DiscoverRequest) -> Answer<Discovered> {
        unfinished()
    }
    pub fn explain(&self, request: &ExplainRequest) -> Answer<ExplainAnswer> {
        unfinished()
    }
    pub async fn doctor(&self) -> Answer<Vec<Finding>> {
        unfinished()
    }
    pub fn settings(&self) -> SettingsRow {
        unimplemented!()
    }
    /// Members of [`SettingsRow`] that may be set, by name; null resets to the default.
    pub async fn edit_settings(
        &self,
        patch: serde_json::Map<String, serde_json::Value>,
    ) -> Answer<SettingsRow> {
        unfinished()
    }
    pub async fn vault_unlock(&self) -> Answer<()> {
        unfinished()
    }
    pub async fn vault_move(&self, to: VaultKind) -> Answer<()> {
        unfinished()
    }
    /// Asks whoever can show a window to do so.
    pub fn open_window(&self) {}
    /// The practice provider's switches; `NOT_FOUND` outside a demo.
    pub async fn practice(&self, switches: PracticeSwitches) -> Answer<PracticeSwitches> {
        unfinished()
    }
    /// Starts no refresh, awaits and saves replies in flight (at most 10 s).
    pub async fn shut_down(&self) {}
}
