//! A sentence by its code and parameters, for a window that speaks another language than the engine.
//!
//! The English sentence always stands beside it; whoever does not know a code shows that one.

use std::{collections::BTreeMap, fmt::Display};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::cause::codes;

codes! {
    /// Every sentence that a window can say in its own language.
    SaidCode {
        // Refusals.
        NameForm = "name_form",
        NameTaken = "name_taken",
        AccountUnknown = "account_unknown",
        ClientIdMissing = "client_id_missing",
        AddressForm = "address_form",
        NoPlace = "no_place",
        NotRemoved = "not_removed",
        RemovedMeanwhile = "removed_meanwhile",
        ImportText = "import_text",
        RateLimited = "rate_limited",
        Paused = "paused",
        NoRefreshToken = "no_refresh_token",
        SignedOut = "signed_out",
        Loading = "loading",
        Busy = "busy",
        ShuttingDown = "shutting_down",
        IncidentOver = "incident_over",
        SignInOver = "sign_in_over",
        SecretNotKept = "secret_not_kept",
        SettingWrong = "setting_wrong",
        SettingsNewer = "settings_newer",
        SettingsFailed = "settings_failed",
        VaultTrouble = "vault_trouble",
        VaultSame = "vault_same",
        VaultInMemory = "vault_in_memory",
        VaultBusy = "vault_busy",
        VaultNotMoved = "vault_not_moved",
        ClipboardEmpty = "clipboard_empty",
        NotCopied = "not_copied",
        // What doctor finds.
        VaultReadable = "vault_readable",
        SettingsInUse = "settings_in_use",
        ClockOff = "clock_off",
        Unsaved = "unsaved",
        Salvage = "salvage",
        Trouble = "trouble",
        OddSignIns = "odd_sign_ins",
        OddFailures = "odd_failures",
        OddRefreshes = "odd_refreshes",
        AccountsWell = "accounts_well",
        // How a sign-in ends.
        SignInCancelled = "sign_in_cancelled",
        SignInTimedOut = "sign_in_timed_out",
        CodeExpired = "code_expired",
        SetupRedirect = "setup_redirect",
        SetupAddress = "setup_address",
        SetupNoAddress = "setup_no_address",
        SetupNoDevice = "setup_no_device",
        PortTaken = "port_taken",
        PortRefused = "port_refused",
        IssuerForm = "issuer_form",
        IssuerUnreachable = "issuer_unreachable",
        IssuerStatus = "issuer_status",
        IssuerNotMetadata = "issuer_not_metadata",
        IssuerOther = "issuer_other",
        IssuerEndpoint = "issuer_endpoint",
        ProviderRefused = "provider_refused",
        WrongIssuer = "wrong_issuer",
        IssuerMissing = "issuer_missing",
        ExchangeRefused = "exchange_refused",
        IdTokenWrong = "id_token_wrong",
        WrongAccount = "wrong_account",
        WhoUnknown = "who_unknown",
        BrowserNotOpened = "browser_not_opened",
        NoRefreshTokenCame = "no_refresh_token_came",
        NotCompared = "not_compared",
        // What is known of a provider.
        FactUnknown = "fact_unknown",
        FactPlain = "fact_plain",
        FactFoundThrough = "fact_found_through",
        FactOwnServer = "fact_own_server",
        FactNoScopes = "fact_no_scopes",
        RotationNever = "rotation_never",
        RotationSometimes = "rotation_sometimes",
        RotationSingleUse = "rotation_single_use",
        GraceNone = "grace_none",
        Grace = "grace",
        IdleNever = "idle_never",
        IdleAfter = "idle_after",
        AbsoluteNever = "absolute_never",
        AbsoluteAfter = "absolute_after",
        EndConfigured = "end_configured",
        IdleConfigured = "idle_configured",
        AbsoluteConfigured = "absolute_configured",
        VoidsToken = "voids_token",
        KeepsToken = "keeps_token",
        DeviceOffered = "device_offered",
        DeviceNotOffered = "device_not_offered",
        Confirmations = "confirmations",
    }
}

/// A code with what belongs into its sentence. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    pub code: SaidCode,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

impl Said {
    pub fn new(code: SaidCode, params: &[(&str, &dyn Display)]) -> Self {
        Self {
            code,
            params: params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_string()))
                .collect(),
        }
    }

    pub fn plain(code: SaidCode) -> Self {
        Self::new(code, &[])
    }
}
