//! What can go wrong, and where a process can die. Each is counted; none may be rare.

macro_rules! kinds {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

kinds! {
    /// Kinds of fault. What a person or a tool does is among them: it comes at bad moments.
    Fault {
        // The provider, and what stands before it.
        ServerErrors,
        ErrorsForOne,
        RateLimits,
        OddAnswers,
        SlowAnswers,
        AnswerLost,
        AnswerReset,
        AnswerCut,
        LateCommit,
        SpuriousRefusal,
        NoTokenInAnswer,
        SetupRefused,
        // What becomes of a grant.
        Revoked,
        SessionEnded,
        AccessTokenVoided,
        // The network.
        Offline,
        OfflineUntold,
        DnsBroken,
        Portal,
        // The machine.
        Suspended,
        SuspendedUntold,
        ClockForward,
        ClockBack,
        SessionAway,
        PowerCut,
        // The vault.
        VaultSlow,
        VaultLocked,
        VaultUnavailable,
        VaultForeign,
        VaultFull,
        VaultHung,
        VaultWriteLost,
        VaultWriteUnanswered,
        VaultRolledBack,
        VaultMoved,
        RenewedByAnother,
        GarbledByAnother,
        DeletedByAnother,
        // The journal.
        JournalFull,
        JournalFails,
        JournalSlow,
        // Processes.
        Killed,
        Restarted,
        // People and tools.
        StaleReports,
        SignedInAnew,
        SignInCancelled,
        SignInByAnother,
        EndpointEdited,
        Renamed,
        PausedAWhile,
        PausedAll,
        Removed,
        RemovalUndone,
        SignedOut,
        RefreshedByHand,
    }
}

kinds! {
    /// Where a process can die: before an effect, and after it but before its answer.
    Point {
        LockAsked,
        LockTaken,
        KeyAsked,
        KeyRead,
        GrantAsked,
        GrantRead,
        JournalAsked,
        JournalRead,
        JournalBegun,
        JournalWritten,
        JournalFsynced,
        JournalRenamed,
        JournalDone,
        RequestBegun,
        RequestServed,
        AnswerReceived,
        StoreBegun,
        StoreDone,
        RemovalBegun,
        RemovalDone,
        NoticeShown,
        EditBegun,
        EditDone,
        /// Any moment at which nothing of the above happens.
        AnyMoment,
    }
}
