//! Signals that it is worth looking again: resume, network, session.

/// What the machine tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeSignal {
    /// About to sleep: start nothing new.
    Sleeping,
    Resumed,
    NetworkUp,
    NetworkDown,
    /// The session is locked or inactive; no notification now.
    SessionAway,
    SessionBack,
}
