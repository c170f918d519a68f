//! A request on its way, what the provider does with it, and what becomes of its answer.

use std::time::Duration;

use tokentray::{
    domain::reply::{HttpReply, Reply, Sent, TransportFailure, TransportKind},
    io::{
        Pending,
        token_endpoint::{FormRequest, TokenEndpoint},
    },
};

use super::{
    super::{
        judge,
        kinds::{Fault, Point},
        process::Seat,
        time,
        world::State,
    },
    CodeState, DeviceCode, TruthOfToken,
    corpus::corpus,
    parse_refresh,
};

/// The client's own limit (connect 10 s, whole 60 s).
const LIMIT: Duration = Duration::from_secs(60);

/// What the provider did with a refresh, and what becomes of its answer.
struct Served {
    reply: Reply,
    /// What was issued.
    order: Option<usize>,
    /// It refused the refresh token for good.
    refused: bool,
    delay: Duration,
    fate: AnswerFate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AnswerFate {
    Arrives,
    Lost,
    Reset,
    /// Half of the body arrives.
    Cut,
}

/// The network side of a process.
pub struct Endpoint(pub Seat);

impl TokenEndpoint for Endpoint {
    fn post(&self, request: FormRequest) -> Pending<'static, Reply> {
        let seat = self.0.clone();
        Box::pin(async move {
            if request.url.ends_with("/device") {
                return device(&seat, &request).await;
            }
            if request.url.ends_with("/revoke") {
                return revoke(&seat, &request).await;
            }
            match field(&request, "refresh_token") {
                Some(token) => refresh(&seat, &request, &token).await,
                None => poll_code(&seat, &request).await,
            }
        })
    }

    fn get(&self, _url: String) -> Pending<'static, Reply> {
        Box::pin(async { json(404, "{}") })
    }
}

fn field(request: &FormRequest, name: &str) -> Option<String> {
    request
        .form
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.expose().to_owned())
}

async fn refresh(seat: &Seat, request: &FormRequest, token: &str) -> Reply {
    seat.point(Point::RequestBegun).await;
    let Some((account, family, number)) = parse_refresh(token) else {
        seat.world
            .with(|s| s.violated(8, format!("an unknown refresh token was sent: {token}")));
        return fails(TransportKind::Connect, Sent::Never);
    };
    let proc = seat.proc.number;
    let (road, suspends) = seat.world.with(|s| {
        s.tally.requests += 1;
        s.tell(|| format!("  [{proc}] sends {token} to {}", request.url));
        judge::sent(s, proc, (account, family, number), request);
        (road(s, &request.url), s.judge.suspends)
    });
    let reply = match road {
        Err((reply, after)) => {
            seat.takes(after).await;
            reply
        }
        Ok(latency) => {
            seat.world.with(|s| judge::left(s, account));
            seat.takes(latency).await;
            serve(seat, account, family, number, suspends).await
        }
    };
    seat.world
        .with(|s| judge::answered(s, proc, account, family));
    seat.point(Point::AnswerReceived).await;
    reply
}

/// Whether a request comes through: its latency, or how it fails.
fn road(s: &mut State, url: &str) -> Result<Duration, (Reply, Duration)> {
    let now = s.now();
    let host = url.split('/').nth(2).unwrap_or_default();
    if s.net.offline {
        let kind = if s.chance.one_in(2) {
            TransportKind::Dns
        } else {
            TransportKind::Connect
        };
        return Err((fails(kind, Sent::Never), s.chance.millis(1, 3000)));
    }
    if s.net.dns_until > now {
        s.net.bad_at = now;
        return Err((
            fails(TransportKind::Dns, Sent::Never),
            s.chance.millis(5, 5000),
        ));
    }
    if s.net.portal_until > now {
        s.net.bad_at = now;
        let portal = if s.chance.one_in(2) {
            let mut reply = http(302, "text/html", "");
            reply
                .headers
                .push(("location".into(), "http://wifi.example/login".into()));
            Reply::Answered(reply)
        } else {
            Reply::Answered(http(
                200,
                "text/html",
                "<html><body>Welcome to our hotel</body></html>",
            ))
        };
        return Err((portal, s.chance.millis(20, 400)));
    }
    if !s.providers.iter().any(|p| p.host == host) {
        return Err((
            fails(TransportKind::Connect, Sent::Never),
            s.chance.millis(5, 200),
        ));
    }
    Ok(s.chance.millis(10, 150))
}

async fn serve(seat: &Seat, account: usize, family: usize, number: u32, suspends: u64) -> Reply {
    let served = seat.world.with(|s| {
        let one = s.accounts[account].next.take();
        if one == Some(Fault::LateCommit) {
            s.hit(Fault::LateCommit);
            return None;
        }
        Some(answer(s, account, family, number, one))
    });
    let Some(served) = served else {
        // The request hangs somewhere; the client gives up; then the provider gets it.
        let world = seat.world.clone();
        tokio::spawn(async move {
            time::sleep(LIMIT + Duration::from_secs(9)).await;
            world.with(|s| {
                let served = answer(s, account, family, number, None);
                s.tell(|| format!("the provider serves a late request: {:?}", served.order));
                let order = served.order;
                if order.is_some() {
                    let now = s.now();
                    s.accounts[account].judged.disturbed(now);
                }
            });
        });
        seat.takes(LIMIT).await;
        return fails(TransportKind::Timeout, Sent::Maybe);
    };
    seat.point(Point::RequestServed).await;
    seat.takes(served.delay.min(LIMIT)).await;
    if served.delay > LIMIT {
        return fails(TransportKind::Timeout, Sent::Maybe);
    }
    let broken = seat.world.with(|s| s.judge.suspends != suspends);
    let fate = if broken {
        AnswerFate::Lost
    } else {
        served.fate
    };
    let committed = served.order.is_some();
    match fate {
        AnswerFate::Lost => {
            if committed {
                seat.world
                    .with(|s| judge::never_arrives(s, account, (family, number)));
            }
            seat.takes(LIMIT.saturating_sub(served.delay)).await;
            fails(TransportKind::Timeout, Sent::Maybe)
        }
        AnswerFate::Reset => {
            if committed {
                seat.world
                    .with(|s| judge::never_arrives(s, account, (family, number)));
            }
            fails(TransportKind::Reset, Sent::Maybe)
        }
        AnswerFate::Cut => {
            let Reply::Answered(mut http) = served.reply else {
                return served.reply;
            };
            let keep = seat.world.with(|s| {
                if committed {
                    // What is left of it may be enough.
                    let now = s.now();
                    s.accounts[account].judged.disturbed(now);
                }
                s.chance.index(http.body.len().max(1))
            });
            http.body.truncate(keep);
            http.cut = true;
            Reply::Answered(http)
        }
        AnswerFate::Arrives => {
            seat.world.with(|s| {
                if let Some(order) = served.order {
                    judge::received(s, seat.proc.number, account, (family, number), order);
                } else if served.refused {
                    judge::refused(s, account, family, number);
                }
            });
            served.reply
        }
    }
}

/// What the provider does with a refresh token that reached it.
fn answer(s: &mut State, account: usize, family: usize, number: u32, one: Option<Fault>) -> Served {
    let now = s.now();
    let provider = s.accounts[account].provider;
    // Whatever is answered now, the send before it is not the last one any more.
    s.accounts[account].families[family].tokens[number as usize].unanswered = false;
    let simple = |reply| Served {
        reply,
        order: None,
        refused: false,
        delay: Duration::ZERO,
        fate: AnswerFate::Arrives,
    };
    if let Some((outage, until)) = s.providers[provider].outage
        && until > now
        && outage != Fault::SlowAnswers
    {
        s.providers[provider].bad_at = now;
        let fails = outage == Fault::ServerErrors;
        s.providers[provider].failures += u32::from(fails);
        let corpus = corpus();
        let reply = match outage {
            Fault::RateLimits => s.chance.pick(&corpus.rate_limited).reply(),
            Fault::ServerErrors => s.chance.pick(&corpus.server_errors).reply(),
            _ => s.chance.pick(&corpus.transient).reply(),
        };
        return simple(reply);
    }
    s.providers[provider].failures = 0;
    if s.accounts[account].errors_until > now {
        s.accounts[account].judged.disturbed(now);
        return simple(s.chance.pick(&corpus().server_errors).reply());
    }
    if s.accounts[account].setup_refused_until > now {
        s.accounts[account].judged.disturbed(now);
        let pool = &corpus().config;
        let reply = pool[account % pool.len()].reply();
        return simple(reply);
    }
    let doubtful = s
        .disk
        .visible(account)
        .and_then(|e| e.intent.as_ref())
        .is_some_and(|i| i.sends > 1);
    if one == Some(Fault::SpuriousRefusal)
        && !doubtful
        && s.accounts[account].would_answer(family, number, &s.providers[provider], now)
    {
        s.hit(Fault::SpuriousRefusal);
        s.accounts[account].judged.disturbed(now);
        return simple(json(
            400,
            r#"{"error":"invalid_grant","error_description":"The refresh token is invalid."}"#,
        ));
    }
    let alive = {
        let family = &s.accounts[account].families[family];
        family.dead.is_none() && family.ends.is_none_or(|end| end > now)
    };
    if alive
        && let Some(end) = s.accounts[account].families[family].ends
        && end <= now
    {
        s.kill_family(account, family);
    }
    if !alive {
        if s.accounts[account].families[family].dead.is_none() {
            s.hit(Fault::SessionEnded);
            s.kill_family(account, family);
        }
        return refusal(s, account, family);
    }
    if !s.accounts[account].would_answer(family, number, &s.providers[provider], now) {
        // A spent one.
        s.tally.reuses += 1;
        if s.providers[provider].revokes_reuse {
            s.tell(|| {
                format!(
                    "the provider sees reuse of rt-{account}-{family}-{number} and ends the family"
                )
            });
            s.kill_family(account, family);
            let dead = s.accounts[account].families[family].dead.as_mut();
            if let Some(dead) = dead {
                dead.unclear = false;
            }
        }
        return Served {
            refused: true,
            ..simple(json(
                400,
                r#"{"error":"invalid_grant","error_description":"The refresh token was already used."}"#,
            ))
        };
    }
    if one == Some(Fault::NoTokenInAnswer) {
        s.hit(Fault::NoTokenInAnswer);
        s.accounts[account].judged.disturbed(now);
        return simple(json(200, "{}"));
    }
    let rotates = s.providers[provider].rotates;
    let truth = &mut s.accounts[account];
    let entry = &mut truth.families[family];
    if rotates && number == entry.current {
        entry.current += 1;
        entry.rotated_at = now;
        entry.tokens.push(TruthOfToken::default());
    }
    let order = s.issue(account, family);
    let body = s.success_body(account, order, false);
    s.tally.refreshes += 1;
    let fate = match one {
        Some(Fault::AnswerLost) => AnswerFate::Lost,
        Some(Fault::AnswerReset) => AnswerFate::Reset,
        Some(Fault::AnswerCut) => AnswerFate::Cut,
        _ => AnswerFate::Arrives,
    };
    if let Some(one) = one.filter(|_| fate != AnswerFate::Arrives) {
        s.hit(one);
        s.accounts[account].judged.disturbed(now);
    }
    let slow = s.providers[provider]
        .outage
        .is_some_and(|(outage, until)| outage == Fault::SlowAnswers && until > now);
    let delay = if slow {
        s.providers[provider].bad_at = now;
        s.chance.millis(8_000, 75_000)
    } else {
        s.chance.millis(10, 300)
    };
    if delay > LIMIT {
        judge::never_arrives(s, account, (family, number));
    }
    Served {
        reply: json(200, &body),
        order: Some(order),
        refused: false,
        delay,
        fate,
    }
}

fn refusal(s: &mut State, account: usize, family: usize) -> Served {
    let dead = s.accounts[account].families[family].dead.expect("dead");
    let corpus = corpus();
    let record = if dead.unclear {
        &corpus.unclear[dead.reply % corpus.unclear.len()]
    } else {
        &corpus.definitive[dead.reply % corpus.definitive.len()]
    };
    Served {
        reply: record.reply(),
        order: None,
        refused: !dead.unclear,
        delay: s.chance.millis(10, 300),
        fate: AnswerFate::Arrives,
    }
}

/// Takes the time of the way there; what fails on it.
async fn travel(seat: &Seat, request: &FormRequest) -> Result<(), Reply> {
    match seat.world.with(|s| road(s, &request.url)) {
        Err((reply, after)) => {
            seat.takes(after).await;
            Err(reply)
        }
        Ok(latency) => {
            seat.takes(latency).await;
            Ok(())
        }
    }
}

async fn device(seat: &Seat, request: &FormRequest) -> Reply {
    if let Err(reply) = travel(seat, request).await {
        return reply;
    }
    seat.world.with(|s| {
                let Some(account) = s.accounts.iter().position(|a| a.client == request.client_id) else {
                    return json(401, r#"{"error":"invalid_client"}"#);
                };
                let code = format!("CODE-{}", s.judge.codes.len());
                s.judge.codes.push(DeviceCode {
                    account,
                    code: code.clone(),
                    state: CodeState::Pending,
                });
                json(
                    200,
                    &format!(
                        r#"{{"device_code":"{code}","user_code":"{code}","verification_uri":"https://id.example/device","expires_in":900,"interval":5}}"#
                    ),
                )
            })
}

async fn poll_code(seat: &Seat, request: &FormRequest) -> Reply {
    if let Err(reply) = travel(seat, request).await {
        return reply;
    }
    let code = field(request, "device_code").unwrap_or_default();
    let proc = seat.proc.number;
    let (reply, issued) = seat.world.with(|s| {
        let Some(place) = s.judge.codes.iter().position(|c| c.code == code) else {
            return (json(400, r#"{"error":"expired_token"}"#), None);
        };
        let (account, state) = (s.judge.codes[place].account, s.judge.codes[place].state);
        match state {
            CodeState::Pending => (json(400, r#"{"error":"authorization_pending"}"#), None),
            CodeState::Redeemed => {
                (json(400, r#"{"error":"access_denied"}"#), None)
            }
            CodeState::Approved | CodeState::ApprovedByAnother => {
                s.judge.codes[place].state = CodeState::Redeemed;
                let wrong = state == CodeState::ApprovedByAnother;
                let family = s.begin_family(account, wrong);
                let order = s.issue(account, family);
                s.tell(|| format!("the provider signs in account {account} (family {family}, wrong person: {wrong})"));
                (json(200, &s.success_body(account, order, true)), Some((account, order, wrong)))
            }
        }
    });
    seat.point(Point::RequestServed).await;
    let pause = seat.world.with(|s| s.chance.millis(10, 200));
    seat.takes(pause).await;
    if let Some((account, order, false)) = issued {
        seat.world
            .with(|s| judge::signed_in(s, proc, account, order));
    }
    reply
}

async fn revoke(seat: &Seat, request: &FormRequest) -> Reply {
    if let Err(reply) = travel(seat, request).await {
        return reply;
    }
    let token = field(request, "token").unwrap_or_default();
    seat.world.with(|s| {
        if let Some((account, family, _)) = parse_refresh(&token) {
            s.kill_family(account, family);
        }
    });
    json(200, "")
}

fn http(status: u16, kind: &str, body: &str) -> HttpReply {
    HttpReply {
        status,
        headers: vec![("content-type".into(), kind.into())],
        body: body.as_bytes().to_vec(),
        cut: false,
    }
}

fn json(status: u16, body: &str) -> Reply {
    Reply::Answered(http(status, "application/json", body))
}

fn fails(kind: TransportKind, sent: Sent) -> Reply {
    Reply::Failed(TransportFailure {
        kind,
        sent,
        detail: "simulated".into(),
    })
}
