//! A row of the provider table in words, each fact with the page that it comes from.
//!
//! What was not found says so: a row is shown to people who decide by it.

use super::{super::words::span, Provider, RefreshEnd, Rotation};

/// What a row of the table tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactName {
    Endpoints,
    Scopes,
    Rotation,
    ReuseGrace,
    RefreshIdle,
    RefreshAbsolute,
    VoidsAccessToken,
    DeviceFlow,
    Loopback,
    Register,
    Confirmations,
}

impl FactName {
    /// In the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::Endpoints,
        Self::Scopes,
        Self::Rotation,
        Self::ReuseGrace,
        Self::RefreshIdle,
        Self::RefreshAbsolute,
        Self::VoidsAccessToken,
        Self::DeviceFlow,
        Self::Loopback,
        Self::Register,
        Self::Confirmations,
    ];

    /// Its code in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints",
            Self::Scopes => "scopes",
            Self::Rotation => "rotation",
            Self::ReuseGrace => "reuse_grace",
            Self::RefreshIdle => "refresh_idle",
            Self::RefreshAbsolute => "refresh_absolute",
            Self::VoidsAccessToken => "voids_access_token",
            Self::DeviceFlow => "device_flow",
            Self::Loopback => "loopback",
            Self::Register => "register",
            Self::Confirmations => "confirmations",
        }
    }
}

/// What a fact says, for a window in another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Its words are addresses or scopes, or the row's own text.
    Plain,
    FoundThrough(&'static str),
    OwnServer,
    NoScopes,
    Rotation(Rotation),
    /// For so long a used refresh token goes on working.
    Grace(std::time::Duration),
    Idle(RefreshEnd),
    Absolute(RefreshEnd),
    VoidsToken(bool),
    Device(bool),
    Confirmations(u32),
}

fn telling(row: &Provider, name: FactName) -> Telling {
    match name {
        FactName::Endpoints => match (row.issuer, row.token_url) {
            (Some(issuer), None) => Telling::FoundThrough(issuer),
            (None, None) => Telling::OwnServer,
            _ => Telling::Plain,
        },
        FactName::Scopes if row.scopes.is_empty() => Telling::NoScopes,
        FactName::Rotation => Telling::Rotation(row.rotation),
        FactName::ReuseGrace => match row.rotation {
            Rotation::SingleUse { grace } => Telling::Grace(grace.unwrap_or_default()),
            _ => Telling::Plain,
        },
        FactName::RefreshIdle => Telling::Idle(row.refresh_idle),
        FactName::RefreshAbsolute => Telling::Absolute(row.refresh_absolute),
        FactName::VoidsAccessToken => Telling::VoidsToken(row.voids_access_token == Some(true)),
        FactName::DeviceFlow => Telling::Device(row.device_flow == Some(true)),
        FactName::Confirmations => Telling::Confirmations(row.confirmations.unwrap_or_default()),
        FactName::Scopes | FactName::Loopback | FactName::Register => Telling::Plain,
    }
}

/// One fact of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: FactName,
    /// A sentence; "Unknown." where nothing was found.
    pub words: String,
    /// The same as a code and what belongs into it; none where nothing was found.
    pub told: Option<Telling>,
    /// Where it stands; none where nothing was found.
    pub source: Option<&'static str>,
}

/// What the row tells, without facts that do not apply to it.
pub fn facts(row: &Provider) -> Vec<Fact> {
    let source_of = |name: FactName| {
        let own = row.sources.iter().find(|(of, _)| *of == name);
        own.map_or(row.docs, |(_, link)| link)
    };
    FactName::ALL
        .into_iter()
        .filter(|name| applies(row, *name))
        .map(|name| match words(row, name) {
            Some(words) => Fact {
                name,
                words,
                told: Some(telling(row, name)),
                source: Some(source_of(name)),
            },
            None => Fact {
                name,
                words: "Unknown.".to_owned(),
                told: None,
                source: None,
            },
        })
        .collect()
}

fn applies(row: &Provider, name: FactName) -> bool {
    match name {
        FactName::ReuseGrace => matches!(row.rotation, Rotation::SingleUse { .. }),
        FactName::Confirmations => row.confirmations.is_some(),
        _ => true,
    }
}

/// None where nothing was found.
fn words(row: &Provider, name: FactName) -> Option<String> {
    let said = |text: &str| Some(text.to_owned());
    let stated = |text: &str| (!text.is_empty()).then(|| format!("{text}."));
    match name {
        FactName::Endpoints => match (row.issuer, row.token_url) {
            (_, Some(url)) => Some(format!("{url}.")),
            (Some(issuer), None) => Some(format!("Found through {issuer}.")),
            (None, None) => said("Your own server's or organisation's; give its issuer URL."),
        },
        FactName::Scopes if row.scopes.is_empty() => said("None are asked for by default."),
        FactName::Scopes => Some(format!("{}.", row.scopes.join(" "))),
        FactName::Rotation => match row.rotation {
            Rotation::Never => said("The refresh token stays the same."),
            Rotation::Sometimes => {
                said("A refresh may bring a new refresh token; then the old one may end.")
            }
            Rotation::SingleUse { .. } => {
                said("Every refresh token works once and brings a new one.")
            }
            Rotation::Unknown => None,
        },
        FactName::ReuseGrace => match row.rotation {
            Rotation::SingleUse { grace: Some(grace) } if grace.is_zero() => {
                said("None: a used refresh token never works again.")
            }
            Rotation::SingleUse { grace: Some(grace) } => Some(format!(
                "A used refresh token works for {} more.",
                span(grace)
            )),
            _ => None,
        },
        FactName::RefreshIdle => end(row.refresh_idle, "when unused for", "by being unused"),
        FactName::RefreshAbsolute => end(row.refresh_absolute, "used or not, after", "by age"),
        FactName::VoidsAccessToken => row.voids_access_token.and_then(|voids| {
            said(if voids {
                "A refresh ends the former access token."
            } else {
                "The former access token works until its own end."
            })
        }),
        FactName::DeviceFlow => row
            .device_flow
            .and_then(|offered| said(if offered { "Offered." } else { "Not offered." })),
        FactName::Loopback => stated(row.loopback),
        FactName::Register => stated(row.register),
        FactName::Confirmations => row
            .confirmations
            .map(|times| format!("Known to refuse falsely: believed after {times} refusals.")),
    }
}

fn end(end: RefreshEnd, when: &str, how: &str) -> Option<String> {
    match end {
        RefreshEnd::Unknown => None,
        RefreshEnd::Never => Some(format!("The refresh token never ends {how}.")),
        RefreshEnd::After(length) => {
            Some(format!("The refresh token ends {when} {}.", span(length)))
        }
        RefreshEnd::Configured { default: None } => {
            Some("The server's administrator sets it.".to_owned())
        }
        RefreshEnd::Configured {
            default: Some(length),
        } => Some(format!(
            "The server's administrator sets it; by default the refresh token ends {when} {}.",
            span(length)
        )),
    }
}
