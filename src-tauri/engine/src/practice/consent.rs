//! The desk where people agree: authorization requests, codes (RFC 6749 §4.1, RFC 7636) and device
//! codes (RFC 8628). Knows no HTTP; the time is handed in.

use std::{collections::HashMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use url::Url;

use super::book::{Consent, Person, Refusal, later, random_text};

/// RFC 6749 §4.1.2 recommends ten minutes at most.
const CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Long enough to be typed on a clock that runs faster.
pub(super) const DEVICE_CODE_LIFETIME: Duration = Duration::from_mins(30);
/// RFC 8628 §6.1: consonants only, so that no word comes about.
const USER_CODE_LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A valid authorization request whose person has not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client_id: String,
    pub(super) redirect_uri: Url,
    pub(super) state: Option<String>,
    scopes: Vec<String>,
    nonce: Option<String>,
    code_challenge: String,
}

/// Why an authorization request is no good.
pub(super) enum BadRequest {
    /// The redirect cannot be trusted: a page says so, nobody is sent anywhere.
    Page(&'static str),
    /// The client is told by redirect.
    Redirect {
        to: Box<Url>,
        state: Option<String>,
        error: &'static str,
        description: &'static str,
    },
}

impl Request {
    /// Reads the query of `/authorize`. PKCE S256 is required, the redirect must be loopback.
    pub(super) fn read(query: &HashMap<String, String>) -> Result<Self, BadRequest> {
        let get = |key: &str| query.get(key).filter(|v| !v.is_empty()).cloned();
        let redirect_uri = get("redirect_uri")
            .and_then(|uri| Url::parse(&uri).ok())
            .filter(is_loopback)
            .ok_or(BadRequest::Page(
                "The redirect_uri must be an http address of this machine.",
            ))?;
        let client_id = get("client_id").ok_or(BadRequest::Page("There is no client_id."))?;
        let state = get("state");
        let refuse = |error, description| BadRequest::Redirect {
            to: Box::new(redirect_uri.clone()),
            state: state.clone(),
            error,
            description,
        };
        if get("response_type").as_deref() != Some("code") {
            return Err(refuse(
                "unsupported_response_type",
                "Only the code flow is practised here.",
            ));
        }
        let code_challenge = get("code_challenge")
            .filter(|_| get("code_challenge_method").as_deref() == Some("S256"))
            .ok_or_else(|| refuse("invalid_request", "PKCE with S256 is required."))?;
        Ok(Self {
            client_id,
            state,
            scopes: words(query.get("scope")),
            nonce: get("nonce"),
            code_challenge,
            redirect_uri,
        })
    }
}

#[derive(Default)]
pub(super) struct Desk {
    /// By ticket: the hidden field of the consent page.
    waiting: HashMap<String, (Request, DateTime<Utc>)>,
    codes: HashMap<String, Code>,
    devices: HashMap<String, Device>,
}

struct Code {
    request: Request,
    person: Person,
    ends_at: DateTime<Utc>,
}

struct Device {
    user_code: String,
    client_id: String,
    scopes: Vec<String>,
    ends_at: DateTime<Utc>,
    interval: Duration,
    polled_at: Option<DateTime<Utc>>,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Awaited,
    Agreed(Person),
    Declined,
}

impl Device {
    fn is_asked_for(&self, user_code: &str, now: DateTime<Utc>) -> bool {
        self.answer == Answer::Awaited
            && now < self.ends_at
            && same_code(&self.user_code, user_code)
    }
}

/// A device authorization response (RFC 8628 §3.2), but for the URLs.
pub(super) struct DeviceCodes {
    pub(super) device_code: String,
    pub(super) user_code: String,
}

impl Desk {
    /// Puts a request before the person; returns the ticket for the page.
    pub(super) fn ask(&mut self, request: Request, now: DateTime<Utc>) -> String {
        self.waiting.retain(|_, (_, ends_at)| now < *ends_at);
        let ticket = random_text();
        let ends_at = later(now, Duration::from_hours(24));
        self.waiting.insert(ticket.clone(), (request, ends_at));
        ticket
    }

    /// The person answered the page with this ticket; each counts once.
    pub(super) fn take(&mut self, ticket: &str) -> Option<Request> {
        self.waiting.remove(ticket).map(|(request, _)| request)
    }

    /// The person agreed: an authorization code.
    pub(super) fn agree(&mut self, request: Request, person: Person, now: DateTime<Utc>) -> String {
        self.codes.retain(|_, code| now < code.ends_at);
        let code = format!("code-{}", random_text());
        self.codes.insert(
            code.clone(),
            Code {
                request,
                person,
                ends_at: later(now, CODE_LIFETIME),
            },
        );
        code
    }

    /// Exchanges a code, once, against the PKCE verifier (RFC 7636 §4.6).
    pub(super) fn redeem(
        &mut self,
        form: &HashMap<String, String>,
        client_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Consent, Refusal> {
        let field = |key: &str| form.get(key).map_or("", String::as_str);
        let code = self
            .codes
            .remove(field("code"))
            .filter(|code| now < code.ends_at && code.request.client_id == client_id)
            .ok_or(Refusal::new("invalid_grant", "Unknown or used code."))?;
        if field("redirect_uri") != code.request.redirect_uri.as_str() {
            return Err(Refusal::new("invalid_grant", "Another redirect_uri."));
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
        if challenge != code.request.code_challenge {
            return Err(Refusal::new("invalid_grant", "The PKCE verifier is wrong."));
        }
        Ok(Consent {
            client_id: code.request.client_id,
            person: code.person,
            scopes: code.request.scopes,
            nonce: code.request.nonce,
        })
    }

    pub(super) fn start_device(
        &mut self,
        client_id: String,
        scope: Option<&String>,
        interval: Duration,
        now: DateTime<Utc>,
    ) -> DeviceCodes {
        self.devices.retain(|_, device| now < device.ends_at);
        let device_code = format!("device-{}", random_text());
        let user_code = user_code();
        self.devices.insert(
            device_code.clone(),
            Device {
                user_code: user_code.clone(),
                client_id,
                scopes: words(scope),
                ends_at: later(now, DEVICE_CODE_LIFETIME),
                interval,
                polled_at: None,
                answer: Answer::Awaited,
            },
        );
        DeviceCodes {
            device_code,
            user_code,
        }
    }

    /// The client that waits for this user code, if any.
    pub(super) fn device_client(&self, user_code: &str, now: DateTime<Utc>) -> Option<&str> {
        self.devices
            .values()
            .find(|d| d.is_asked_for(user_code, now))
            .map(|d| d.client_id.as_str())
    }

    /// The person answered on the device page; false if nobody waits for that code.
    pub(super) fn answer_device(
        &mut self,
        user_code: &str,
        person: Option<Person>,
        now: DateTime<Utc>,
    ) -> bool {
        let mut devices = self.devices.values_mut();
        let device = devices.find(|d| d.is_asked_for(user_code, now));
        let found = device.is_some();
        if let Some(device) = device {
            device.answer = person.map_or(Answer::Declined, Answer::Agreed);
        }
        found
    }

    /// One poll (RFC 8628 §3.5).
    pub(super) fn poll_device(
        &mut self,
        device_code: &str,
        client_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Consent, Refusal> {
        let device = self
            .devices
            .get_mut(device_code)
            .filter(|d| d.client_id == client_id)
            .ok_or(Refusal::new("invalid_grant", "Unknown device code."))?;
        if device.ends_at <= now {
            return Err(Refusal::new("expired_token", "The device code has ended."));
        }
        let hasty = device
            .polled_at
            .replace(now)
            .is_some_and(|last| now < later(last, device.interval));
        match device.answer {
            Answer::Awaited if hasty => {
                device.interval += Duration::from_secs(5);
                Err(Refusal::new("slow_down", "Wait five seconds longer."))
            }
            Answer::Awaited => Err(Refusal::new(
                "authorization_pending",
                "The person has not answered yet.",
            )),
            Answer::Declined => {
                self.devices.remove(device_code);
                Err(Refusal::new("access_denied", "The person declined."))
            }
            Answer::Agreed(person) => {
                let consent = Consent {
                    client_id: device.client_id.clone(),
                    person,
                    scopes: std::mem::take(&mut device.scopes),
                    nonce: None,
                };
                self.devices.remove(device_code);
                Ok(consent)
            }
        }
    }
}

fn words(scope: Option<&String>) -> Vec<String> {
    scope.map_or_else(Vec::new, |s| {
        s.split_whitespace().map(str::to_owned).collect()
    })
}

/// RFC 8252 §7.3.
fn is_loopback(uri: &Url) -> bool {
    uri.scheme() == "http" && matches!(uri.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

fn user_code() -> String {
    let letter = || {
        let at = rand::random_range(0..USER_CODE_LETTERS.len());
        char::from(USER_CODE_LETTERS[at])
    };
    let mut code: String = std::iter::repeat_with(letter).take(8).collect();
    code.insert(4, '-');
    code
}

/// RFC 8628 §6.1: without case, punctuation ignored.
fn same_code(one: &str, other: &str) -> bool {
    let plain = |code: &str| -> String {
        code.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect()
    };
    plain(one) == plain(other)
}
