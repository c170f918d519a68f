//! When the provider says that it wants to be asked again.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::super::reply::HttpReply;

/// The longest wish that is honoured.
const MAX: Duration = Duration::from_hours(1);

/// The wish of `Retry-After` (RFC 9110 §10.2.3, seconds or a date) or of the body, at most an hour.
///
/// A date is compared with the reply's own `Date`, so that a wrong local clock does not matter.
pub fn read(http: &HttpReply, in_body: Option<Duration>, now: DateTime<Utc>) -> Option<Duration> {
    let wish = match http.header("retry-after").map(str::trim) {
        Some(value) => match value.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Some(Duration::from_secs_f64(
                seconds.min(MAX.as_secs_f64()).ceil(),
            )),
            Ok(_) => None,
            Err(_) => {
                http_date(value).and_then(|at| (at - date(http).unwrap_or(now)).to_std().ok())
            }
        },
        None => in_body,
    };
    wish.filter(|w| !w.is_zero()).map(|w| w.min(MAX))
}

/// The reply's own `Date`.
pub fn date(http: &HttpReply) -> Option<DateTime<Utc>> {
    http_date(http.header("date")?)
}

fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.trim())
        .ok()
        .map(|at| at.with_timezone(&Utc))
}
