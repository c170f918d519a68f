//! The state of an account, as status, window and sentences name it.

use super::cause::codes;

codes! {
    /// State of an account; where several hold, the first of this list (API.md gives the order).
    AccountState {
        SignInNeeded = "sign_in_needed",
        VaultLocked = "vault_locked",
        FixSetup = "fix_setup",
        Unclear = "unclear",
        Expired = "expired",
        Waiting = "waiting",
        Refreshing = "refreshing",
        Expiring = "expiring",
        Ok = "ok",
        Paused = "paused",
        SignedOut = "signed_out",
        Loading = "loading",
    }
}
