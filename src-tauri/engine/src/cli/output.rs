//! What goes to a terminal: lines, tables, times as a person says them.

use std::io::{self, IsTerminal, Write};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    cli::failure::Failure,
    io::clock::{Clock, SystemClock},
};

/// The text without control and direction characters: provider text must not steer a terminal.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|char| {
            !char.is_control()
                && !matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect()
}

/// One line on standard output.
pub fn line(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(Failure::from)
}

/// One line on standard error: what a person reads beside the result.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A value as indented JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|_| Failure::internal("the answer cannot be written as JSON"))?;
    line(&text)
}

/// A value as JSON on one line.
pub fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value)
        .map_err(|_| Failure::internal("the answer cannot be written as JSON"))?;
    line(&text)
}

/// Whether a person can answer a question here.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a yes-or-no question; anything but yes is no.
pub fn confirmed(question: &str) -> Result<bool, Failure> {
    write!(io::stderr().lock(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// This moment, to tell times relative to it.
pub fn wall_time() -> DateTime<Utc> {
    SystemClock.now().wall
}

/// Rows in columns, two spaces apart; the last column is as long as it is.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text += line.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A time relative to now: "in 42 min", "3 h ago", "now".
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = at - now;
    if distance.abs() < TimeDelta::seconds(1) {
        return "now".to_owned();
    }
    let length = length(distance.abs());
    if distance > TimeDelta::zero() {
        format!("in {length}")
    } else {
        format!("{length} ago")
    }
}

/// A length of time in its largest fitting unit, rounded down: seconds below 2 min, minutes below
/// 2 h, hours below 2 days.
fn length(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_do() {
        let now: DateTime<Utc> = "2026-03-01T10:00:00Z".parse().unwrap();
        let told = |seconds| relative(now + TimeDelta::seconds(seconds), now);
        assert_eq!(told(0), "now");
        assert_eq!(told(59), "in 59 s");
        assert_eq!(told(-119), "119 s ago");
        assert_eq!(told(42 * 60 + 3), "in 42 min");
        assert_eq!(told(-3 * 3600), "3 h ago");
        assert_eq!(told(90 * 86_400), "in 90 days");
    }

    #[test]
    fn columns_line_up_and_lines_have_no_trailing_space() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let text = table(&[row(&["NAME", "STATE", ""]), row(&["zürich", "ok", "good"])]);
        assert_eq!(text, "NAME    STATE\nzürich  ok     good\n");
    }

    #[test]
    fn provider_text_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{202e}c\r\n"), "a[2Jbc");
    }
}
