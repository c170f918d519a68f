//! A hundred programs want a token at once while it is over and the provider has not answered yet:
//! one request, one outcome for all.

use std::{
    collections::BTreeSet,
    process::{Output, Stdio},
    thread,
    time::Duration,
};

use crate::support::{
    keyring::Keyring, provider::Provider, session::Session, tokentray::Tokentray, wait_until,
};

const CALLERS: usize = 100;

#[test]
fn a_hundred_callers_get_the_one_new_token() {
    story(|tokentray, provider| {
        let (answers, requests) = a_hundred_at_once(tokentray, provider);
        assert_eq!(requests, 1);
        let tokens: BTreeSet<String> = answers.iter().map(stdout).collect();
        let wanted = format!("{}\n", provider.state().last("access_token"));
        assert_eq!(tokens, BTreeSet::from([wanted]));
        assert!(answers.iter().all(|answer| answer.status.success()));
    });
}

#[test]
fn a_hundred_callers_get_the_one_refusal() {
    story(|tokentray, provider| {
        provider.refuse(400, "invalid_grant", "grant request is invalid");
        let (answers, requests) = a_hundred_at_once(tokentray, provider);
        assert_eq!(requests, 1);
        let said: BTreeSet<(Option<i32>, String, String)> = answers
            .iter()
            .map(|answer| {
                // Without the seconds to wait: a hundred answers take longer than one of them.
                let error = String::from_utf8_lossy(&answer.stderr).replace(char::is_numeric, "");
                (answer.status.code(), stdout(answer), error)
            })
            .collect();
        assert_eq!(said.len(), 1, "{said:#?}");
        let (code, out, _) = said.first().unwrap();
        // Retryable until it is certain, then signing in is what helps; never a token.
        assert!(matches!(code, Some(3 | 4)), "{said:#?}");
        assert_eq!(out, "");
    });
}

fn story(then: impl FnOnce(Tokentray<'_>, &Provider)) {
    let session = Session::start();
    let _keyring = Keyring::unlocked(&session);
    let provider = Provider::start(&session, 20);
    let tokentray = Tokentray::new(&session);
    let _daemon = tokentray.daemon();
    tokentray.set_browser("ada", "browser-callers");
    // Or the schedule would not let it end.
    tokentray.add_when_used("work", &provider);
    wait_until("the token is over", Duration::from_mins(1), || {
        tokentray.state("work") == "expired"
    });
    then(tokentray, &provider);
}

/// Lets a hundred processes ask while the answer is held; returns what each got, and how many requests
/// the provider saw.
fn a_hundred_at_once(tokentray: Tokentray<'_>, provider: &Provider) -> (Vec<Output>, usize) {
    let before = provider.state().requests.len();
    provider.hold();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let mut command = tokentray.command(&["token", "work", "--wait", "120"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    wait_until("all are connected", Duration::from_secs(80), || {
        tokentray.connections() >= CALLERS
    });
    wait_until("the provider was asked", Duration::from_secs(20), || {
        provider.state().held >= 1
    });
    provider.release();
    let answers = callers
        .into_iter()
        .map(|caller| thread::spawn(|| caller.wait_with_output().unwrap()))
        .collect::<Vec<_>>();
    let answers = answers.into_iter().map(|t| t.join().unwrap()).collect();
    (answers, provider.state().requests.len() - before)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
