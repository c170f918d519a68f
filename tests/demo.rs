//! The demo tells what the engine did, so an engine that does not do it must break the demo.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokentray::{
    demo::{DemoError, DemoOptions, run},
    domain::reply::Reply,
    io::{
        Pending,
        token_endpoint::{FormRequest, HttpOptions, HttpTokenEndpoint, TokenEndpoint},
    },
};

fn quick() -> DemoOptions {
    DemoOptions {
        factor: 120,
        lifetime: Duration::from_mins(6),
        ..DemoOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_tells_its_story_to_the_end() {
    let mut lines = Vec::new();
    run(quick(), |line| lines.push(line.to_owned()))
        .await
        .expect("a whole story");
    let story = lines.join("\n");
    for told in [
        "Signed in",
        "Refreshed ahead of time",
        "The provider answers 503",
        "welcome page",
        "the refresh token was revoked",
        "[notification] Sign in again: Practice",
        "Told you by a notification",
        "The notification was withdrawn",
        "1 notification, 2 sign-ins",
    ] {
        assert!(story.contains(told), "{told} is missing from\n{story}");
    }
}

/// Loses every refresh token on the way out: an engine that never refreshes.
struct Broken {
    real: HttpTokenEndpoint,
    refreshes: Arc<Mutex<u32>>,
}

impl TokenEndpoint for Broken {
    fn post(&self, mut request: FormRequest) -> Pending<'static, Reply> {
        let before = request.form.len();
        request.form.retain(|(name, _)| name != "refresh_token");
        if request.form.len() < before {
            *self.refreshes.lock().expect("count") += 1;
        }
        self.real.post(request)
    }

    fn get(&self, url: String) -> Pending<'static, Reply> {
        self.real.get(url)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_engine_breaks_the_demo() {
    let refreshes = Arc::<Mutex<u32>>::default();
    let real = HttpTokenEndpoint::new(HttpOptions::default());
    let broken = Broken {
        real,
        refreshes: refreshes.clone(),
    };
    let options = DemoOptions {
        endpoint: Some(Arc::new(broken)),
        factor: 600,
        ..quick()
    };
    let mut lines = Vec::new();
    let error = run(options, |line| lines.push(line.to_owned()))
        .await
        .expect_err("no story");
    assert!(
        matches!(error, DemoError::Broke { .. } | DemoError::Wrong(_)),
        "{error}"
    );
    assert!(*refreshes.lock().expect("count") > 0, "the engine tried");
    assert!(
        lines.iter().any(|line| line.contains("Signed in")),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.contains("The end")),
        "{lines:?}"
    );
}
