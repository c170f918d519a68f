//! What the domain found, by code and parameters, for a window in another language.

use crate::{
    api::types::{Said, SaidCode},
    domain::{
        provider::{RefreshEnd, Rotation, Telling},
        unusual::Odd,
    },
};

/// A fact of a provider's row; none: nothing was found.
pub(super) fn fact(told: Option<Telling>, words: &str) -> Said {
    let plain = Said::plain;
    match told {
        None => plain(SaidCode::FactUnknown),
        Some(Telling::Plain) => Said::new(SaidCode::FactPlain, &[("text", &words)]),
        Some(Telling::FoundThrough(issuer)) => {
            Said::new(SaidCode::FactFoundThrough, &[("issuer", &issuer)])
        }
        Some(Telling::OwnServer) => plain(SaidCode::FactOwnServer),
        Some(Telling::NoScopes) => plain(SaidCode::FactNoScopes),
        Some(Telling::Rotation(rotation)) => plain(match rotation {
            Rotation::Never => SaidCode::RotationNever,
            Rotation::Sometimes => SaidCode::RotationSometimes,
            Rotation::SingleUse { .. } => SaidCode::RotationSingleUse,
            Rotation::Unknown => SaidCode::FactUnknown,
        }),
        Some(Telling::Grace(grace)) if grace.is_zero() => plain(SaidCode::GraceNone),
        Some(Telling::Grace(grace)) => Said::new(SaidCode::Grace, &[("seconds", &grace.as_secs())]),
        Some(Telling::Idle(length)) => end(
            length,
            [
                SaidCode::IdleNever,
                SaidCode::IdleAfter,
                SaidCode::IdleConfigured,
            ],
        ),
        Some(Telling::Absolute(length)) => end(
            length,
            [
                SaidCode::AbsoluteNever,
                SaidCode::AbsoluteAfter,
                SaidCode::AbsoluteConfigured,
            ],
        ),
        Some(Telling::VoidsToken(true)) => plain(SaidCode::VoidsToken),
        Some(Telling::VoidsToken(false)) => plain(SaidCode::KeepsToken),
        Some(Telling::Device(true)) => plain(SaidCode::DeviceOffered),
        Some(Telling::Device(false)) => plain(SaidCode::DeviceNotOffered),
        Some(Telling::Confirmations(times)) => {
            Said::new(SaidCode::Confirmations, &[("times", &times)])
        }
    }
}

fn end(end: RefreshEnd, [never, after, configured]: [SaidCode; 3]) -> Said {
    match end {
        RefreshEnd::Unknown => Said::plain(SaidCode::FactUnknown),
        RefreshEnd::Never => Said::plain(never),
        RefreshEnd::After(length) => Said::new(after, &[("seconds", &length.as_secs())]),
        RefreshEnd::Configured { default: None } => Said::plain(SaidCode::EndConfigured),
        RefreshEnd::Configured {
            default: Some(length),
        } => Said::new(configured, &[("seconds", &length.as_secs())]),
    }
}

/// What is unusual about an account.
pub(super) fn odd(odd: Odd) -> Said {
    match odd {
        Odd::SignIns { times } => Said::new(SaidCode::OddSignIns, &[("times", &times)]),
        Odd::Failures { now, before } => {
            Said::new(SaidCode::OddFailures, &[("now", &now), ("before", &before)])
        }
        Odd::Refreshes { times, planned } => Said::new(
            SaidCode::OddRefreshes,
            &[("times", &times), ("planned", &planned)],
        ),
    }
}
