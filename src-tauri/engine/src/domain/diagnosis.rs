//! What surrounds a failure: is it this computer, its network, or the provider?
//!
//! It refines cause and advice only. A cause is exchanged for another that waits as well, so nothing
//! here can make a prompt come sooner.

use chrono::{DateTime, Utc};

use super::{
    cause::{Cause, codes},
    classify::{Failure, Outcome},
    jwt,
    reply::Reply,
};

/// The way to the internet, as the system's network service sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connectivity {
    #[default]
    Unknown,
    /// A page of the network itself wants to be answered first.
    Portal,
    /// A network, but no internet.
    Limited,
    Full,
}

/// What is known around a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    pub offline: bool,
    pub connectivity: Connectivity,
    /// Another provider answered just now.
    pub others_answer: bool,
    /// Seconds by which the local clock is ahead of a provider's; negative where it is behind.
    pub clock_off_s: Option<i64>,
}

codes! {
    /// What the surroundings add to a cause.
    Finding {
        Offline = "offline",
        NoInternet = "no_internet",
        ProviderDown = "provider_down",
        TokenServiceDown = "token_service_down",
        ClockAhead = "clock_ahead",
        ClockBehind = "clock_behind",
    }
}

/// The same failure seen with its surroundings; a verdict never changes by it.
pub fn refine(cause: Cause, around: &Around) -> (Cause, Option<Finding>) {
    let unreached = matches!(
        cause,
        Cause::NetworkDns | Cause::NetworkConnect | Cause::NetworkTimeout
    );
    let strange = matches!(
        cause,
        Cause::NetworkTls | Cause::MalformedResponse | Cause::EdgeBlock
    );
    let clock = around.clock_off_s.map(|off| match off {
        ..0 => Finding::ClockBehind,
        0.. => Finding::ClockAhead,
    });
    if around.connectivity == Connectivity::Portal && (unreached || strange) {
        return (Cause::CaptivePortal, None);
    }
    if cause == Cause::NetworkTls && clock.is_some() {
        // A certificate is good for a time: with a wrong clock it is not.
        return (Cause::ClockWrong, clock);
    }
    let finding = match around.connectivity {
        _ if !unreached => clock,
        _ if around.offline => Some(Finding::Offline),
        Connectivity::Limited if !around.others_answer => Some(Finding::NoInternet),
        Connectivity::Full => Some(Finding::ProviderDown),
        _ if around.others_answer => Some(Finding::ProviderDown),
        _ => clock,
    };
    (cause, finding)
}

/// Whether it is worth asking the account's own issuer whether it is there: the token endpoint did
/// not answer as one, and something did.
pub const fn wants_a_look(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NetworkConnect
            | Cause::NetworkTimeout
            | Cause::ServerError
            | Cause::MalformedResponse
            | Cause::EdgeBlock
            | Cause::EndpointWrong
    )
}

/// By how many seconds the local clock is ahead of the provider's: by the reply's `Date`, else by
/// when its tokens were issued. Only what the provider itself said counts.
pub fn clock_off(reply: &Reply, outcome: &Outcome, now: DateTime<Utc>) -> Option<i64> {
    let Reply::Answered(http) = reply else {
        return None;
    };
    let issued = match outcome {
        Outcome::Tokens(tokens) => [Some(&tokens.access_token), tokens.id_token.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(jwt::claims)
            .find_map(|claims| jwt::time(&claims, "iat").or_else(|| jwt::time(&claims, "nbf"))),
        Outcome::Failure(Failure { refused: true, .. }) => None,
        Outcome::Failure(_) => return None,
    };
    let date = http
        .header("date")
        .and_then(|text| DateTime::parse_from_rfc2822(text).ok())
        .map(|at| at.with_timezone(&Utc));
    date.or(issued).map(|theirs| (now - theirs).num_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_refine_a_cause_and_never_its_verdict() {
        let connectivities = [
            Connectivity::Unknown,
            Connectivity::Portal,
            Connectivity::Limited,
            Connectivity::Full,
        ];
        for cause in Cause::ALL {
            for connectivity in connectivities {
                for bits in 0..8_i64 {
                    let around = Around {
                        offline: bits & 1 != 0,
                        others_answer: bits & 2 != 0,
                        clock_off_s: (bits & 4 != 0).then_some(-7_200),
                        connectivity,
                    };
                    let (refined, _) = refine(*cause, &around);
                    assert_eq!(refined.verdict(), cause.verdict(), "{cause} {around:?}");
                }
            }
        }
    }
}
