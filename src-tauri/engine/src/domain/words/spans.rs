//! Lengths and times of the day in words.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};

/// "20 s", "48 min", "1 h 12 min", "3 days": two units at most, never more exact than useful.
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 if minutes % 60 == 0 => format!("{hours} h"),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}

/// "at 14:20", "tomorrow at 14:20", "on 3 December at 14:20", in the person's zone.
pub fn clock_time(at: DateTime<Utc>, now: DateTime<Utc>, zone: FixedOffset) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let days = (at.date_naive() - now.date_naive()).num_days();
    match days {
        0 => format!("at {}", at.format("%H:%M")),
        1 => format!("tomorrow at {}", at.format("%H:%M")),
        _ => format!("on {}", at.format("%-d %B at %H:%M")),
    }
}
