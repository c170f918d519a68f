use chrono::{FixedOffset, TimeDelta, TimeZone, Utc};

use super::*;

fn facts(state: AccountState, cause: Option<Cause>) -> AccountFacts<'static> {
    let now = Utc.with_ymd_and_hms(2026, 3, 1, 13, 0, 0).unwrap();
    AccountFacts {
        state,
        cause,
        failure: FailureFacts {
            http_status: Some(503),
            ..FailureFacts::default()
        },
        now,
        zone: FixedOffset::east_opt(3_600).unwrap(),
        expires_at: Some(now + TimeDelta::minutes(48)),
        expires_source: Some(ExpiresSource::Server),
        next_attempt_at: Some(now + TimeDelta::minutes(4)),
        asks_at: Some(now + TimeDelta::minutes(20)),
        refusals: 2,
    }
}

#[test]
fn an_account_is_told_in_a_sentence() {
    use AccountState::*;
    assert_eq!(account_message(&facts(Ok, None)), "Good until 14:48");
    assert_eq!(
        account_message(&facts(Waiting, Some(Cause::ServerError))),
        "Waiting: the provider answers 503. Next try at 14:04."
    );
    assert_eq!(
        account_message(&facts(SignInNeeded, Some(Cause::RefreshTokenRevoked))),
        "Sign in again: the refresh token was revoked."
    );
    let mut pending = facts(Waiting, Some(Cause::RefreshTokenRevoked));
    pending.refusals = 1;
    assert_eq!(
        account_message(&pending),
        "The provider refused: the refresh token was revoked; you will be asked at 14:20 if it persists"
    );
    let mut setup = facts(FixSetup, Some(Cause::ClientRejected));
    setup.failure.provider_text = Some("Invalid client secret provided");
    assert_eq!(
        account_message(&setup),
        "Setup: the client secret was refused."
    );
    let mut unclear = facts(Unclear, Some(Cause::Unrecognised));
    unclear.failure.provider_text = Some("computer says no.");
    assert_eq!(
        account_message(&unclear),
        "The provider refused for an unknown reason: “computer says no”; refused twice, you will be asked at 14:20 if it persists"
    );
}

#[test]
fn all_accounts_are_told_in_a_sentence() {
    use AccountState::*;
    let row = |name, state| HeadlineRow {
        name,
        state,
        wanted: false,
    };
    let (a, b) = (row("Okta", SignInNeeded), row("Slack", SignInNeeded));
    assert_eq!(
        headline(&[a, row("X", Ok)]),
        "Okta needs you. Everything else is well."
    );
    assert_eq!(tooltip(&[a, b, row("X", Ok)]), "2 need you: Okta, Slack");
    assert_eq!(
        headline(&[row("X", Ok)]),
        "Nothing to do. Everything is well."
    );
    assert_eq!(
        headline(&[row("X", Ok), row("Y", Waiting)]),
        "Nothing to do. Y is waiting for its provider. Everything else is well."
    );
}

#[test]
fn the_rest_is_well_only_where_it_is() {
    use AccountState::*;
    let told = |states: &[AccountState]| {
        let names = ["A", "B", "C"];
        let rows: Vec<HeadlineRow<'_>> = std::iter::zip(names, states)
            .map(|(name, state)| HeadlineRow {
                name,
                state: *state,
                wanted: false,
            })
            .collect();
        headline(&rows)
    };
    assert_eq!(told(&[SignInNeeded, FixSetup, Ok]), "A needs you.");
    assert_eq!(
        told(&[FixSetup, Waiting, Ok]),
        "The setup of A wants a look."
    );
    assert_eq!(
        told(&[FixSetup, FixSetup, Ok]),
        "The setup of 2 accounts wants a look: A, B. Everything else is well."
    );
    assert_eq!(told(&[SignInNeeded, SignInNeeded]), "2 need you: A, B.");
}

#[test]
fn every_cause_is_told_without_jargon_or_blame() {
    for cause in Cause::ALL {
        let told = failure(*cause, &FailureFacts::default());
        for part in [&told.what, &told.next, &told.you] {
            assert!(part.ends_with('.') && part.len() > 8, "{cause}: {part}");
            for word in [
                "re-auth",
                "reauth",
                "Oops",
                "rror 4",
                "you entered",
                "failed to",
            ] {
                assert!(!part.contains(word), "{cause}: {part}");
            }
        }
        assert!(
            !told.you.trim_end_matches('.').contains(". "),
            "{cause}: the advice is one sentence: {}",
            told.you
        );
        if cause.verdict() == Verdict::SignIn {
            assert!(
                told.all().to_lowercase().contains("sign in again"),
                "{cause}"
            );
        }
    }
}
